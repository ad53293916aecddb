// SPDX-License-Identifier: GPL-2.0-or-later
/* Objects and revisions, in SQLite. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

/* "mseg" */
#define APPLICATION_ID 0x6d736567
#define SCHEMA_VERSION 1

/* Revisions that are forgotten in one transaction. */
#define FORGOTTEN_AT_ONCE 64

/* What SQLite keeps of the file in memory, in KiB; and how big a log may stay. */
#define SETTINGS                           \
	"PRAGMA locking_mode = EXCLUSIVE;" \
	"PRAGMA journal_mode = WAL;"       \
	"PRAGMA synchronous = FULL;"       \
	"PRAGMA cell_size_check = ON;"     \
	"PRAGMA temp_store = MEMORY;"      \
	"PRAGMA cache_size = -4096;"       \
	"PRAGMA journal_size_limit = 1048576;"

static const char schema[] =
	"CREATE TABLE object ("
	"	id TEXT PRIMARY KEY, kind TEXT NOT NULL, namespace TEXT NOT NULL,"
	"	name TEXT NOT NULL, label TEXT, revision INTEGER NOT NULL, body TEXT NOT NULL,"
	"	UNIQUE (kind, namespace, name)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE revision ("
	"	number INTEGER PRIMARY KEY, time INTEGER NOT NULL, uid INTEGER NOT NULL,"
	"	user TEXT NOT NULL, reason TEXT NOT NULL, action TEXT NOT NULL,"
	"	state INTEGER NOT NULL, generation INTEGER NOT NULL, changed INTEGER NOT NULL) STRICT;"
	"CREATE TABLE change ("
	"	revision INTEGER NOT NULL REFERENCES revision, id TEXT NOT NULL, kind TEXT NOT NULL,"
	"	namespace TEXT NOT NULL, name TEXT NOT NULL, before TEXT, after TEXT,"
	"	before_label TEXT, after_label TEXT,"
	"	PRIMARY KEY (id, revision)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX change_revision ON change (revision);";

static const char read_only[] = "the disk was read-only when msegd started";

struct store {
	sqlite3 *db;
	/* Where a copy is worked on, since the original cannot be written; or NULL. */
	char *copy;
	/* The newest committed, the oldest that is kept, and the one begun or 0. */
	uint64_t newest;
	uint64_t oldest;
	uint64_t begun;
	unsigned int changed;
	char error[256];
};

/* --- errors --------------------------------------------------------------- */

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	default:
		return -EIO;
	}
}

/*
 * Remember what is said of an error before anything else is asked of SQLite. Disks that
 * tell late that they are full, quotas and limits are input/output errors to it: the
 * system's reason is the one that helps.
 */
static int failed(struct store *store, int code)
{
	/* Flushing leaves no message of its own, and errno as it was. */
	int system = errno;
	bool is_said = (sqlite3_errcode(store->db) & 0xff) == (code & 0xff);
	const char *message = is_said ? sqlite3_errmsg(store->db) : sqlite3_errstr(code);

	if (is_said)
		system = sqlite3_system_errno(store->db);
	if ((code & 0xff) == SQLITE_IOERR && system)
		snprintf(store->error, sizeof(store->error), "%s: %s", message, strerror(system));
	else
		snprintf(store->error, sizeof(store->error), "%s", message);
	return errno_of(code);
}

const char *store_error(const struct store *store)
{
	return store->error;
}

/* --- statements ----------------------------------------------------------- */

static int execute(struct store *store, const char *sql)
{
	int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : failed(store, code);
}

static sqlite3_stmt *prepare(struct store *store, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

	if (code != SQLITE_OK)
		failed(store, code);
	return statement;
}

static void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	if (text)
		sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(statement, index);
}

static void bind_number(sqlite3_stmt *statement, int index, uint64_t number)
{
	sqlite3_bind_int64(statement, index, (sqlite3_int64)number);
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column);
}

static uint64_t number_of(sqlite3_stmt *statement, int column)
{
	return (uint64_t)sqlite3_column_int64(statement, column);
}

/* Run a statement that gives no rows; NULL is one that was not prepared. */
static int run(struct store *store, sqlite3_stmt *statement)
{
	int err, code;

	if (!statement)
		return -EIO;
	code = sqlite3_step(statement);
	err = code == SQLITE_DONE ? 0 : failed(store, code);
	sqlite3_finalize(statement);
	return err;
}

/* Run one that does, handing each row to @each. */
static int rows(struct store *store, sqlite3_stmt *statement,
		int (*each)(sqlite3_stmt *statement, void *arg), void *arg)
{
	int code, err = 0;

	if (!statement)
		return -EIO;
	while (!err && (code = sqlite3_step(statement)) != SQLITE_DONE)
		err = code == SQLITE_ROW ? each(statement, arg) : failed(store, code);
	sqlite3_finalize(statement);
	return err;
}

static int take_number(sqlite3_stmt *statement, void *arg)
{
	*(uint64_t *)arg = number_of(statement, 0);
	return 0;
}

static int number(struct store *store, const char *sql, uint64_t *result)
{
	return rows(store, prepare(store, sql), take_number, result);
}

/* --- opening -------------------------------------------------------------- */

static int make_schema(struct store *store)
{
	char stamp[96];
	int err = execute(store, "BEGIN IMMEDIATE");

	if (!err)
		err = execute(store, schema);
	snprintf(stamp, sizeof(stamp), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 APPLICATION_ID, SCHEMA_VERSION);
	if (!err)
		err = execute(store, stamp);
	return err ? err : execute(store, "COMMIT");
}

static int complain(struct store *store, int err, const char *what)
{
	snprintf(store->error, sizeof(store->error), "%s", what);
	return err;
}

/* An empty file is one whose first transaction never ended. Nothing is written yet. */
static int check_schema(struct store *store, bool *is_empty)
{
	uint64_t application = 0, version = 0, tables = 0;
	int err = number(store, "PRAGMA application_id", &application);

	if (!err)
		err = number(store, "PRAGMA user_version", &version);
	if (!err)
		err = number(store, "SELECT count(*) FROM sqlite_schema", &tables);
	if (err)
		return err;
	*is_empty = !application && !version && !tables;
	if (*is_empty)
		return 0;
	if (application != APPLICATION_ID)
		return complain(store, -EUCLEAN, "it is another program's database");
	if (version != SCHEMA_VERSION)
		return complain(store, -EPROTO, "it was made by another version of msegd");
	return 0;
}

static int take_check(sqlite3_stmt *statement, void *arg)
{
	struct store *store = arg;
	const char *text = text_of(statement, 0);

	if (text && !strcmp(text, "ok"))
		return 0;
	return complain(store, -EUCLEAN, text ? text : "it cannot be checked");
}

/* The revisions are numbered without a gap, and objects are of one of them. */
static int check_content(struct store *store)
{
	uint64_t wrong = 0;
	int err = rows(store, prepare(store, "PRAGMA quick_check(1)"), take_check, store);

	if (!err)
		err = number(store, "SELECT coalesce(max(number), 0) FROM revision", &store->newest);
	if (!err)
		err = number(store, "SELECT coalesce(min(number), 0) FROM revision", &store->oldest);
	if (!err)
		err = number(store,
			     "SELECT (SELECT count(*) FROM revision) <>"
			     " (SELECT coalesce(max(number) - min(number) + 1, 0) FROM revision)"
			     " OR EXISTS (SELECT 1 FROM object WHERE revision >"
			     " (SELECT coalesce(max(number), 0) FROM revision))",
			     &wrong);
	if (!err && wrong)
		err = complain(store, -EUCLEAN, "revisions are missing");
	return err;
}

static int set_up(struct store *store, const char *path)
{
	int code = sqlite3_open_v2(path, &store->db,
				   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
				   NULL);
	int err = code == SQLITE_OK ? 0 : failed(store, code);
	bool is_empty = false;

	if (!err)
		err = execute(store, "PRAGMA locking_mode = EXCLUSIVE");
	if (!err)
		err = check_schema(store, &is_empty);
	/* Only a file without a page can still be told to give back room. */
	if (!err && is_empty)
		err = execute(store, "PRAGMA auto_vacuum = INCREMENTAL");
	if (!err)
		err = execute(store, SETTINGS);
	if (!err && is_empty)
		err = make_schema(store);
	return err ? err : check_content(store);
}

static int set_up_in(struct store *store, const char *directory)
{
	char *path = NULL;
	int err = asprintf(&path, "%s/store.db", directory) < 0 ? -ENOMEM : set_up(store, path);

	free(path);
	return err;
}

/* --- a disk that cannot be written ---------------------------------------- */

static bool is_read_only(const char *directory)
{
	struct statvfs disk;

	return !statvfs(directory, &disk) && disk.f_flag & ST_RDONLY;
}

static int copy_bytes(int from, int to)
{
	ssize_t n;

	do {
		n = sendfile(to, from, NULL, 1 << 20);
	} while (n > 0);
	return n < 0 ? -errno : 0;
}

/* A file that is not there needs no copy: the log of a store that was closed. */
static int copy_file(const char *from_directory, const char *to_directory, const char *name)
{
	int from_fd = open(from_directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int to_fd = open(to_directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int from = openat(from_fd, name, O_RDONLY | O_CLOEXEC);
	int err = from < 0 ? -errno : 0, to = -1;

	if (!err) {
		to = openat(to_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		err = to < 0 ? -errno : copy_bytes(from, to);
	}
	close(from_fd);
	close(to_fd);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return err == -ENOENT ? 0 : err;
}

static void remove_copy(struct store *store)
{
	static const char *const names[] = { "store.db", "store.db-wal" };
	char path[PATH_MAX];
	size_t i;

	if (!store->copy)
		return;
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", store->copy, names[i]);
		unlink(path);
	}
	rmdir(store->copy);
	free(store->copy);
	store->copy = NULL;
}

/*
 * The log must be played back to read the store, which takes a disk that can be
 * written. What is enforced matters more: a copy serves for reading.
 */
static int set_up_copy(struct store *store, const char *directory)
{
	char path[] = "/tmp/msegd-XXXXXX";
	int err;

	sqlite3_close(store->db);
	store->db = NULL;
	if (!mkdtemp(path))
		return -errno;
	store->copy = strdup(path);
	err = copy_file(directory, path, "store.db");
	if (!err)
		err = copy_file(directory, path, "store.db-wal");
	return err ? err : set_up_in(store, path);
}

int store_open(const char *directory, struct store **result, char **why)
{
	struct store *store = calloc(1, sizeof(*store));
	int err = -ENOMEM;

	*result = NULL;
	*why = NULL;
	if (store && is_read_only(directory))
		err = set_up_copy(store, directory);
	else if (store)
		err = set_up_in(store, directory);
	if (!err) {
		*result = store;
		return 0;
	}
	if (store && asprintf(why, "%s/store.db: %s", directory, store->error) < 0)
		*why = NULL;
	store_close(store);
	return err;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	sqlite3_close(store->db);
	remove_copy(store);
	free(store);
}

uint64_t store_newest(const struct store *store)
{
	return store->newest;
}

uint64_t store_oldest(const struct store *store)
{
	return store->oldest;
}

/* --- a revision ----------------------------------------------------------- */

int store_begin(struct store *store, struct store_revision *revision)
{
	sqlite3_stmt *statement;
	int err = store->copy ? complain(store, -EROFS, read_only) :
				execute(store, "BEGIN IMMEDIATE");

	if (err)
		return err;
	store->begun = revision->number = store->newest + 1;
	store->changed = revision->changed = 0;
	statement = prepare(store, "INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)");
	bind_number(statement, 1, revision->number);
	sqlite3_bind_int64(statement, 2, revision->time);
	bind_number(statement, 3, revision->uid);
	bind_text(statement, 4, revision->user);
	bind_text(statement, 5, revision->reason);
	bind_text(statement, 6, revision->action);
	bind_number(statement, 7, revision->state);
	err = run(store, statement);
	if (err)
		store_abort(store);
	return err;
}

int store_release(struct store *store, const char *id)
{
	sqlite3_stmt *statement = prepare(store, "DELETE FROM object WHERE id = ?");

	bind_text(statement, 1, id);
	return run(store, statement);
}

static int insert_object(struct store *store, const struct store_change *change)
{
	sqlite3_stmt *statement = prepare(store,
					  "INSERT INTO object (id, kind, namespace, name, label,"
					  " revision, body) VALUES (?, ?, ?, ?, ?, ?, ?)");

	bind_text(statement, 1, change->id);
	bind_text(statement, 2, change->kind);
	bind_text(statement, 3, change->namespace);
	bind_text(statement, 4, change->name);
	bind_text(statement, 5, change->after_label);
	bind_number(statement, 6, store->begun);
	bind_text(statement, 7, change->after);
	return run(store, statement);
}

static int insert_change(struct store *store, const struct store_change *change)
{
	sqlite3_stmt *statement =
		prepare(store, "INSERT INTO change (revision, id, kind, namespace, name, before,"
			       " after, before_label, after_label)"
			       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");

	bind_number(statement, 1, store->begun);
	bind_text(statement, 2, change->id);
	bind_text(statement, 3, change->kind);
	bind_text(statement, 4, change->namespace);
	bind_text(statement, 5, change->name);
	bind_text(statement, 6, change->before);
	bind_text(statement, 7, change->after);
	bind_text(statement, 8, change->before_label);
	bind_text(statement, 9, change->after_label);
	return run(store, statement);
}

int store_change(struct store *store, const struct store_change *change)
{
	int err = store_release(store, change->id);

	if (!err && change->after)
		err = insert_object(store, change);
	if (!err)
		err = insert_change(store, change);
	store->changed++;
	return err;
}

static int count_changes(struct store *store)
{
	sqlite3_stmt *statement = prepare(store, "UPDATE revision SET changed = ? WHERE number = ?");

	bind_number(statement, 1, store->changed);
	bind_number(statement, 2, store->begun);
	return run(store, statement);
}

int store_flush(struct store *store)
{
	int code, err = count_changes(store);

	if (err)
		return err;
	code = sqlite3_db_cacheflush(store->db);
	return code == SQLITE_OK ? 0 : failed(store, code);
}

int store_commit(struct store *store, uint32_t generation)
{
	sqlite3_stmt *statement =
		prepare(store, "UPDATE revision SET generation = ? WHERE number = ?");
	int err;

	bind_number(statement, 1, generation);
	bind_number(statement, 2, store->begun);
	err = run(store, statement);
	if (!err)
		err = execute(store, "COMMIT");
	if (err) {
		store_abort(store);
		return err;
	}
	store->newest = store->begun;
	store->begun = 0;
	if (!store->oldest)
		store->oldest = store->newest;
	return 0;
}

void store_abort(struct store *store)
{
	/* Some errors have ended the transaction already; the first one counts. */
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	store->begun = 0;
}

int store_set_state(struct store *store, uint64_t revision, enum store_state state)
{
	sqlite3_stmt *statement;

	if (store->copy)
		return complain(store, -EROFS, read_only);
	statement = prepare(store, "UPDATE revision SET state = ? WHERE number = ?");
	bind_number(statement, 1, state);
	bind_number(statement, 2, revision);
	return run(store, statement);
}

/* --- forgetting ----------------------------------------------------------- */

static int used_bytes(struct store *store, uint64_t *bytes)
{
	return number(store,
		      "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count,"
		      " pragma_freelist_count, pragma_page_size",
		      bytes);
}

static int time_of(struct store *store, uint64_t revision, uint64_t *time)
{
	sqlite3_stmt *statement = prepare(store, "SELECT time FROM revision WHERE number = ?");

	bind_number(statement, 1, revision);
	return rows(store, statement, take_number, time);
}

/* The newest revision, and the one to go back to from it, always stay. */
static int is_too_much(struct store *store, const struct store_limits *limits, int64_t now,
		       uint64_t oldest, bool *result)
{
	uint64_t time = 0, bytes = 0, n = store->newest - oldest + 1;
	int err;

	*result = false;
	if (n <= 2)
		return 0;
	err = time_of(store, oldest, &time);
	if (!err)
		err = used_bytes(store, &bytes);
	*result = !err && (n > limits->revisions || bytes > limits->bytes ||
			   (int64_t)time < now - (int64_t)limits->seconds);
	return err;
}

static int forget(struct store *store, uint64_t revision)
{
	static const char *const statements[] = { "DELETE FROM change WHERE revision = ?",
						  "DELETE FROM revision WHERE number = ?" };
	sqlite3_stmt *statement;
	int i, err = 0;

	for (i = 0; i < 2 && !err; i++) {
		statement = prepare(store, statements[i]);
		bind_number(statement, 1, revision);
		err = run(store, statement);
	}
	return err;
}

int store_prune(struct store *store, const struct store_limits *limits, int64_t now)
{
	uint64_t oldest = store->oldest;
	bool more;
	int err;

	if (store->copy || !oldest)
		return 0;
	err = is_too_much(store, limits, now, oldest, &more);
	if (err || !more)
		return err;
	err = execute(store, "BEGIN IMMEDIATE");
	while (!err && more && oldest - store->oldest < FORGOTTEN_AT_ONCE) {
		err = forget(store, oldest++);
		if (!err)
			err = is_too_much(store, limits, now, oldest, &more);
	}
	if (!err)
		err = execute(store, "PRAGMA incremental_vacuum");
	if (!err)
		err = execute(store, "COMMIT");
	if (err) {
		store_abort(store);
		return err;
	}
	store->oldest = oldest;
	return 0;
}

/* --- reading -------------------------------------------------------------- */

struct object_walk {
	store_each_object *each;
	void *arg;
	bool found;
};

#define OBJECT_COLUMNS "id, kind, namespace, name, label, body, revision"

static int take_object(sqlite3_stmt *statement, void *arg)
{
	struct object_walk *walk = arg;
	struct store_object object = {
		.id = text_of(statement, 0),
		.kind = text_of(statement, 1),
		.namespace = text_of(statement, 2),
		.name = text_of(statement, 3),
		.label = text_of(statement, 4),
		.body = text_of(statement, 5),
		.revision = number_of(statement, 6),
	};

	walk->found = true;
	return walk->each(&object, walk->arg);
}

int store_objects(struct store *store, const char *kind, store_each_object *each, void *arg)
{
	struct object_walk how = { each, arg, false };
	sqlite3_stmt *statement = prepare(store, "SELECT " OBJECT_COLUMNS " FROM object"
						 " WHERE ?1 IS NULL OR kind = ?1"
						 " ORDER BY kind, namespace, name");

	bind_text(statement, 1, kind);
	return rows(store, statement, take_object, &how);
}

int store_find(struct store *store, const char *kind, const char *namespace, const char *text,
	       store_each_object *each, void *arg)
{
	struct object_walk how = { each, arg, false };
	sqlite3_stmt *statement =
		prepare(store, "SELECT " OBJECT_COLUMNS " FROM object"
			       " WHERE kind = ?1 AND (id = ?2 OR namespace = ?3 AND name = ?2)"
			       " ORDER BY id <> ?2 LIMIT 1");
	int err;

	bind_text(statement, 1, kind);
	bind_text(statement, 2, text);
	bind_text(statement, 3, namespace);
	err = rows(store, statement, take_object, &how);
	return err || how.found ? err : -ENOENT;
}

/*
 * What leads from one revision to a later one: of each object that was changed
 * since, what it was before the first change and after the last. SQLite takes
 * the other columns from the row that min() or max() found.
 */
static const char difference[] =
	"SELECT l.id, l.kind, l.namespace, l.name, f.before, l.after, f.before_label, l.after_label"
	" FROM (SELECT id, before, before_label, min(revision) FROM change"
	"  WHERE revision > ?1 AND revision <= ?2 GROUP BY id) AS f"
	" JOIN (SELECT id, kind, namespace, name, after, after_label, max(revision) FROM change"
	"  WHERE revision > ?1 AND revision <= ?2 GROUP BY id) AS l ON f.id = l.id"
	" WHERE f.before IS NOT l.after OR f.before_label IS NOT l.after_label"
	" ORDER BY l.kind, l.namespace, l.name";

struct change_walk {
	store_each_change *each;
	void *arg;
	bool backwards;
};

static int take_change(sqlite3_stmt *statement, void *arg)
{
	const struct change_walk *walk = arg;
	int later = walk->backwards ? 4 : 5, earlier = walk->backwards ? 5 : 4;
	struct store_change change = {
		.id = text_of(statement, 0),
		.kind = text_of(statement, 1),
		.namespace = text_of(statement, 2),
		.name = text_of(statement, 3),
		.before = text_of(statement, earlier),
		.after = text_of(statement, later),
		.before_label = text_of(statement, earlier + 2),
		.after_label = text_of(statement, later + 2),
	};

	return walk->each(&change, walk->arg);
}

int store_diff(struct store *store, uint64_t from, uint64_t to, store_each_change *each, void *arg)
{
	struct change_walk how = { each, arg, from > to };
	sqlite3_stmt *statement = prepare(store, difference);

	bind_number(statement, 1, from < to ? from : to);
	bind_number(statement, 2, from < to ? to : from);
	return rows(store, statement, take_change, &how);
}

struct revision_walk {
	store_each_revision *each;
	void *arg;
};

static int take_revision(sqlite3_stmt *statement, void *arg)
{
	const struct revision_walk *walk = arg;
	struct store_revision revision = {
		.number = number_of(statement, 0),
		.time = sqlite3_column_int64(statement, 1),
		.uid = (uid_t)number_of(statement, 2),
		.user = text_of(statement, 3),
		.reason = text_of(statement, 4),
		.action = text_of(statement, 5),
		.state = (enum store_state)number_of(statement, 6),
		.generation = (uint32_t)number_of(statement, 7),
		.changed = (unsigned int)number_of(statement, 8),
	};

	return walk->each(&revision, walk->arg);
}

int store_revisions(struct store *store, uint64_t before, unsigned int limit,
		    store_each_revision *each, void *arg)
{
	struct revision_walk how = { each, arg };
	sqlite3_stmt *statement =
		prepare(store,
			"SELECT number, time, uid, user, reason, action, state, generation,"
			" changed FROM revision WHERE number < ? ORDER BY number DESC LIMIT ?");

	bind_number(statement, 1, before);
	bind_number(statement, 2, limit);
	return rows(store, statement, take_revision, &how);
}

void store_new_id(char id[STORE_ID_SIZE])
{
	uint8_t chance[8];

	while (getrandom(chance, sizeof(chance), 0) != sizeof(chance))
		;
	snprintf(id, STORE_ID_SIZE, "%08" PRIx32, (uint32_t)time(NULL));
	for (unsigned int i = 0; i < sizeof(chance); i++)
		snprintf(id + 8 + 2 * i, STORE_ID_SIZE - 8 - 2 * i, "%02x", chance[i]);
}
