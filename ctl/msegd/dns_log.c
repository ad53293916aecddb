// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS records on disk. */
#include "dns_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define DAY_MICROSECONDS 86400000000ULL

/* Microseconds until what came is on disk. */
#define COMMIT_AFTER 1000000ULL

/* Microseconds within which a repetition is counted, and records that are remembered. */
#define REPEAT_WITHIN 60000000ULL
#define RECENT 1024

/* Records that one search looks at: some 100 ms of work. */
#define LOOKS_MAX 100000

static const char tables[] =
	"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
	"CREATE TABLE IF NOT EXISTS lookup (id INTEGER PRIMARY KEY, value INTEGER NOT NULL,"
	" ttl INTEGER NOT NULL, uid INTEGER NOT NULL, learned INTEGER NOT NULL,"
	" action INTEGER NOT NULL, protocol INTEGER NOT NULL, reason TEXT NOT NULL,"
	" name TEXT NOT NULL, type TEXT NOT NULL, addresses TEXT NOT NULL,"
	" aliases TEXT NOT NULL, client TEXT NOT NULL, server TEXT NOT NULL,"
	" command TEXT NOT NULL) STRICT;";

/* A record that may be repeated. */
struct recent {
	/* All that makes it the same; NULL where the place is free. */
	char *key;
	uint64_t id;
};

struct dns_log {
	sd_event *event;
	sd_event_source *committer;
	char *directory;
	sqlite3 *db;
	sqlite3_stmt *insert;
	sqlite3_stmt *repeat;
	/* Days since 1970 of @db. */
	uint64_t day;
	uint64_t last;
	uint64_t lost;
	bool in_transaction;
	struct recent recent[RECENT];
};

/* --- files ---------------------------------------------------------------- */

static void file_of(const struct dns_log *log, uint64_t day, char *path)
{
	time_t time = (time_t)(day * 86400);
	struct tm parts;

	gmtime_r(&time, &parts);
	snprintf(path, PATH_MAX, "%s/%04d-%02d-%02d.db", log->directory, parts.tm_year + 1900,
		 parts.tm_mon + 1, parts.tm_mday);
}

/* The day of a file, 0 for what is none. */
static uint64_t day_of(const char *name)
{
	struct tm parts = { 0 };
	const char *end = strptime(name, "%Y-%m-%d", &parts);

	return end && !strcmp(end, ".db") ? (uint64_t)timegm(&parts) / 86400 : 0;
}

static void set_aside(const char *path)
{
	static const char *const parts[] = { "", "-wal", "-shm" };
	char from[PATH_MAX + 8], to[PATH_MAX + 24];
	size_t i;

	log_error("%s is damaged: it is set aside as %s.damaged", path, path);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", path, parts[i]);
		snprintf(to, sizeof(to), "%s.damaged%s", path, parts[i]);
		rename(from, to);
	}
}

static bool is_damage(int result)
{
	return result == SQLITE_CORRUPT || result == SQLITE_NOTADB;
}

static int open_file(const char *path, sqlite3 **db)
{
	int result = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_exec(*db, tables, NULL, NULL, NULL);
	if (result == SQLITE_OK)
		return result;
	sqlite3_close(*db);
	*db = NULL;
	return result;
}

/* --- retention ------------------------------------------------------------ */

struct files {
	uint64_t oldest;
	uint64_t bytes;
};

static struct files list_files(const struct dns_log *log)
{
	struct files files = { UINT64_MAX, 0 };
	DIR *directory = opendir(log->directory);
	const struct dirent *entry;
	struct stat status;

	while (directory && (entry = readdir(directory))) {
		uint64_t day = day_of(entry->d_name);

		if (!fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(status.st_mode))
			files.bytes += (uint64_t)status.st_size;
		if (day && day < files.oldest)
			files.oldest = day;
	}
	if (directory)
		closedir(directory);
	return files;
}

static void remove_day(const struct dns_log *log, uint64_t day)
{
	char path[PATH_MAX], part[PATH_MAX + 8];

	file_of(log, day, path);
	unlink(path);
	snprintf(part, sizeof(part), "%s-wal", path);
	unlink(part);
	snprintf(part, sizeof(part), "%s-shm", path);
	unlink(part);
}

/* The day that is written stays, whatever its size. */
static void retain(const struct dns_log *log, uint64_t today)
{
	struct files files = list_files(log);

	while (files.oldest < today &&
	       (files.oldest + DNS_LOG_DAYS <= today || files.bytes > DNS_LOG_BYTES)) {
		remove_day(log, files.oldest);
		files = list_files(log);
	}
}

/* --- the day -------------------------------------------------------------- */

static void forget_recent(struct dns_log *log)
{
	size_t i;

	for (i = 0; i < RECENT; i++) {
		free(log->recent[i].key);
		log->recent[i].key = NULL;
	}
}

static void commit(struct dns_log *log)
{
	if (log->in_transaction && sqlite3_exec(log->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
		log_warning("DNS records are lost: %s", sqlite3_errmsg(log->db));
		sqlite3_exec(log->db, "ROLLBACK", NULL, NULL, NULL);
		log->lost++;
	}
	log->in_transaction = false;
}

static void close_day(struct dns_log *log)
{
	commit(log);
	forget_recent(log);
	sqlite3_finalize(log->insert);
	sqlite3_finalize(log->repeat);
	sqlite3_close(log->db);
	log->insert = log->repeat = NULL;
	log->db = NULL;
}

static int prepare(struct dns_log *log)
{
	int result =
		sqlite3_prepare_v2(log->db,
				   "INSERT INTO lookup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
				   -1, &log->insert, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(log->db,
					    "UPDATE lookup SET value = value + ?2 WHERE id = ?1",
					    -1, &log->repeat, NULL);
	return result;
}

static bool read_last(struct dns_log *log)
{
	sqlite3_stmt *statement = NULL;
	bool read = sqlite3_prepare_v2(log->db, "SELECT max(id) FROM lookup", -1, &statement,
				       NULL) == SQLITE_OK &&
		    sqlite3_step(statement) == SQLITE_ROW;

	if (read)
		log->last = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return read;
}

static bool open_day(struct dns_log *log, uint64_t day)
{
	char path[PATH_MAX];
	int result;

	close_day(log);
	retain(log, day);
	file_of(log, day, path);
	result = open_file(path, &log->db);
	if (is_damage(result)) {
		set_aside(path);
		result = open_file(path, &log->db);
	}
	if (result != SQLITE_OK || prepare(log) != SQLITE_OK || !read_last(log)) {
		log_warning("%s: %s", path, sqlite3_errstr(result));
		close_day(log);
		return false;
	}
	log->day = day;
	return true;
}

/* --- opening -------------------------------------------------------------- */

static int on_commit(sd_event_source *source, uint64_t time, void *arg)
{
	(void)source;
	(void)time;
	commit(arg);
	return 0;
}

int dns_log_open(sd_event *event, const char *directory, struct dns_log **result)
{
	struct dns_log *log = calloc(1, sizeof(*log));
	int err = 0;

	*result = NULL;
	if (!log)
		return -ENOMEM;
	log->directory = strdup(directory);
	if (!log->directory)
		err = -ENOMEM;
	else if (mkdir(directory, 0700) && errno != EEXIST)
		err = -errno;
	if (!err)
		err = sd_event_add_time_relative(event, &log->committer, CLOCK_MONOTONIC,
						 COMMIT_AFTER, 0, on_commit, log);
	if (err >= 0)
		err = sd_event_source_set_enabled(log->committer, SD_EVENT_OFF);
	log->event = sd_event_ref(event);
	if (err < 0)
		dns_log_close(log);
	else
		*result = log;
	return err < 0 ? err : 0;
}

void dns_log_close(struct dns_log *log)
{
	if (!log)
		return;
	close_day(log);
	sd_event_source_disable_unref(log->committer);
	sd_event_unref(log->event);
	free(log->directory);
	free(log);
}

/* --- writing -------------------------------------------------------------- */

static bool begin(struct dns_log *log)
{
	if (log->in_transaction)
		return true;
	if (sqlite3_exec(log->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		return false;
	log->in_transaction = true;
	sd_event_source_set_time_relative(log->committer, COMMIT_AFTER);
	sd_event_source_set_enabled(log->committer, SD_EVENT_ONESHOT);
	return true;
}

static char *key_of(const struct dns_lookup *lookup)
{
	char *key = NULL;

	if (asprintf(&key, "%u %u %s %s %s %s %s %s %s %s", lookup->action, lookup->uid,
		     lookup->reason, lookup->name, lookup->type, lookup->client, lookup->server,
		     lookup->command, lookup->addresses, lookup->aliases) < 0)
		return NULL;
	return key;
}

static struct recent *place_of(struct dns_log *log, const char *key)
{
	uint64_t hash = 14695981039346656037ULL;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 1099511628211ULL;
	return &log->recent[hash % RECENT];
}

static bool run(sqlite3_stmt *statement)
{
	bool done = sqlite3_step(statement) == SQLITE_DONE;

	sqlite3_reset(statement);
	return done;
}

static bool insert(struct dns_log *log, const struct dns_lookup *lookup)
{
	const char *const texts[] = { lookup->reason,	 lookup->name,	  lookup->type,
				      lookup->addresses, lookup->aliases, lookup->client,
				      lookup->server,	 lookup->command };
	const uint64_t numbers[] = { lookup->id,      lookup->value,  lookup->ttl,     lookup->uid,
				     lookup->learned, lookup->action, lookup->protocol };
	int i, at = 1;

	for (i = 0; i < (int)(sizeof(numbers) / sizeof(numbers[0])); i++)
		sqlite3_bind_int64(log->insert, at++, (sqlite3_int64)numbers[i]);
	for (i = 0; i < (int)(sizeof(texts) / sizeof(texts[0])); i++)
		sqlite3_bind_text(log->insert, at++, texts[i], -1, SQLITE_STATIC);
	return run(log->insert);
}

static bool count(struct dns_log *log, const struct dns_lookup *lookup)
{
	sqlite3_bind_int64(log->repeat, 1, (sqlite3_int64)lookup->id);
	sqlite3_bind_int64(log->repeat, 2, lookup->value);
	return run(log->repeat);
}

/* Write it as a record of its own, or count it where it is one already. */
static bool write_one(struct dns_log *log, struct dns_lookup *lookup)
{
	char *key = key_of(lookup);
	struct recent *recent = key ? place_of(log, key) : NULL;

	if (recent && recent->key && !strcmp(recent->key, key) &&
	    lookup->id < recent->id + REPEAT_WITHIN) {
		free(key);
		lookup->id = recent->id;
		return count(log, lookup);
	}
	if (lookup->id <= log->last)
		lookup->id = log->last + 1;
	log->last = lookup->id;
	if (recent) {
		free(recent->key);
		*recent = (struct recent){ key, lookup->id };
	}
	return insert(log, lookup);
}

void dns_log_put(struct dns_log *log, struct dns_lookup *lookup)
{
	uint64_t day = lookup->id / DAY_MICROSECONDS;

	/* What comes late, or after the clock was set back, stands where writing goes on. */
	if (log->db && day < log->day)
		lookup->id = log->last;
	else if ((!log->db || day > log->day) && !open_day(log, day)) {
		log->lost++;
		return;
	}
	if (!begin(log) || !write_one(log, lookup)) {
		if (!log->lost++)
			log_warning("DNS records are lost: %s", sqlite3_errmsg(log->db));
		if (is_damage(sqlite3_errcode(log->db)))
			close_day(log);
	}
}

uint64_t dns_log_lost(const struct dns_log *log)
{
	return log->lost;
}

/* --- reading -------------------------------------------------------------- */

struct reading {
	const struct dns_log_search *search;
	uint64_t before;
	unsigned long long found;
	unsigned int looks;
	bool more;
};

static const char *text_of(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return text ? text : "";
}

static struct dns_lookup lookup_of(sqlite3_stmt *row)
{
	uint8_t action = (uint8_t)sqlite3_column_int(row, 5);

	return (struct dns_lookup){
		.id = (uint64_t)sqlite3_column_int64(row, 0),
		.value = (uint32_t)sqlite3_column_int64(row, 1),
		.ttl = (uint32_t)sqlite3_column_int64(row, 2),
		.uid = (uint32_t)sqlite3_column_int64(row, 3),
		.learned = (uint32_t)sqlite3_column_int64(row, 4),
		.action = action <= LOOKUP_REJECT ? action : LOOKUP_FAIL,
		.protocol = (uint8_t)sqlite3_column_int(row, 6),
		.reason = text_of(row, 7),
		.name = text_of(row, 8),
		.type = text_of(row, 9),
		.addresses = text_of(row, 10),
		.aliases = text_of(row, 11),
		.client = text_of(row, 12),
		.server = text_of(row, 13),
		.command = text_of(row, 14),
	};
}

static int read_row(struct reading *reading, sqlite3_stmt *row)
{
	const struct dns_log_search *search = reading->search;
	struct dns_lookup lookup = lookup_of(row);

	if (reading->found == search->limit || reading->looks == LOOKS_MAX) {
		reading->more = true;
		return 0;
	}
	reading->looks++;
	reading->before = lookup.id;
	if (search->wants && !search->wants(&lookup, search->arg))
		return 0;
	reading->found++;
	return search->each(&lookup, search->arg);
}

static int read_rows(struct reading *reading, sqlite3 *db)
{
	sqlite3_stmt *statement = NULL;
	int err = 0, result;

	result = sqlite3_prepare_v2(db,
				    "SELECT * FROM lookup WHERE id >= ? AND id < ? ORDER BY id DESC",
				    -1, &statement, NULL);
	if (result == SQLITE_OK) {
		sqlite3_bind_int64(statement, 1, (sqlite3_int64)reading->search->since);
		sqlite3_bind_int64(statement, 2, (sqlite3_int64)reading->before);
		while (!err && !reading->more && (result = sqlite3_step(statement)) == SQLITE_ROW)
			err = read_row(reading, statement);
	}
	sqlite3_finalize(statement);
	return err ? err : is_damage(result) ? -EUCLEAN : 0;
}

static int read_day(struct dns_log *log, uint64_t day, struct reading *reading)
{
	char path[PATH_MAX];
	sqlite3 *db = NULL;
	int err = 0;

	if (log->db && day == log->day)
		return read_rows(reading, log->db);
	file_of(log, day, path);
	if (access(path, F_OK))
		return 0;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
		err = read_rows(reading, db);
	sqlite3_close(db);
	if (err != -EUCLEAN)
		return err;
	set_aside(path);
	return 0;
}

int dns_log_read(struct dns_log *log, const struct dns_log_search *search, uint64_t *next)
{
	struct reading reading = { .search = search, .before = search->before };
	uint64_t oldest = list_files(log).oldest, first = search->since / DAY_MICROSECONDS, day;
	uint64_t newest = (uint64_t)time(NULL) / 86400 + 1;
	int err = 0;

	*next = 0;
	if (oldest > first)
		first = oldest;
	day = search->before / DAY_MICROSECONDS;
	if (day > newest)
		day = newest > log->day ? newest : log->day;
	for (; !err && !reading.more && day >= first && day; day--)
		err = read_day(log, day, &reading);
	if (reading.more)
		*next = reading.before;
	return err;
}
