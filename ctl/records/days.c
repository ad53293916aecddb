// SPDX-License-Identifier: GPL-2.0-or-later
/* Going through the days' files. */
#include "days.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "schema.h"

/* kB of a file that a reader keeps in memory. */
#define CACHE_KB 8192
/* Steps of SQLite's machine between looks at the clock. */
#define STEPS 20000

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int is_over(void *arg)
{
	const struct days *days = arg;
	const atomic_bool *abandoned = days->range->abandoned;

	return (abandoned && atomic_load(abandoned)) || now_ms() > days->deadline;
}

static int newest_first(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? 1 : -(*x > *y);
}

static int64_t *list(const struct reader_range *range, size_t *n)
{
	DIR *dir = opendir(range->directory);
	int64_t *found = NULL, *more, day;
	struct dirent *entry;

	*n = 0;
	while (dir && (entry = readdir(dir))) {
		day = schema_day(entry->d_name);
		if (day < 0 || day * SCHEMA_DAY * 1000000 > range->until ||
		    (day + 1) * SCHEMA_DAY * 1000000 <= range->since)
			continue;
		more = reallocarray(found, *n + 1, sizeof(*found));
		if (!more)
			break;
		found = more;
		found[(*n)++] = day;
	}
	if (dir)
		closedir(dir);
	if (*n)
		qsort(found, *n, sizeof(*found), newest_first);
	return found;
}

/* Those of today's tables that an older file has not. */
static int add_columns(struct days *days)
{
	int err = days_have(days, "names", &days->names);

	if (err || days->names)
		return err;
	return schema_error(sqlite3_exec(days->db, schema_without_names, NULL, NULL, NULL));
}

static int open_day(struct days *days)
{
	char path[PATH_MAX], pragmas[96];
	int err;

	schema_file(days->range->directory, days->day, path);
	err = schema_error(
		sqlite3_open_v2(path, &days->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL));
	if (err)
		return err;
	snprintf(pragmas, sizeof(pragmas),
		 "PRAGMA cache_size=-%d; PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY",
		 CACHE_KB);
	sqlite3_busy_timeout(days->db, 1000);
	sqlite3_progress_handler(days->db, STEPS, is_over, days);
	err = schema_error(sqlite3_exec(days->db, pragmas, NULL, NULL, NULL));
	return err ? err : add_columns(days);
}

static int visit(struct days *days, int (*each)(struct days *days, void *arg), void *arg)
{
	int err = open_day(days);

	if (!err)
		err = each(days, arg);
	sqlite3_close(days->db);
	days->db = NULL;
	/* The writer may just have made it, or is about to set it aside. */
	return err == -EUCLEAN || err == -EIO ? 0 : err;
}

int days_walk(const struct reader_range *range, int (*each)(struct days *days, void *arg), void *arg)
{
	struct days days = { .range = range, .deadline = now_ms() + READER_PATIENCE };
	size_t n = 0, i;
	int64_t *found = NULL;
	int err = query_sql(range->query, &days.condition);

	if (!err)
		found = list(range, &n);
	for (i = 0; i < n && !err; i++) {
		days.day = found[i];
		err = visit(&days, each, arg);
	}
	free(found);
	query_sql_clear(&days.condition);
	return err > 0 ? 0 : err;
}

int days_prepare(struct days *days, sqlite3_stmt **statement, int first, const char *format)
{
	const struct query_sql *sql = &days->condition;
	char *text = NULL;
	unsigned int i;
	int err;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (asprintf(&text, format, sql->text) < 0)
		return -ENOMEM;
#pragma GCC diagnostic pop
	err = schema_error(sqlite3_prepare_v2(days->db, text, -1, statement, NULL));
	free(text);
	for (i = 0; i < sql->n && !err; i++) {
		const struct query_sql_value *value = &sql->values[i];
		int at = first + (int)i;

		if (value->len)
			sqlite3_bind_blob(*statement, at, value->blob, (int)value->len,
					  SQLITE_STATIC);
		else if (value->text)
			sqlite3_bind_text(*statement, at, value->text, -1, SQLITE_STATIC);
		else
			sqlite3_bind_int64(*statement, at, value->number);
	}
	return err;
}

int days_have(struct days *days, const char *counter, bool *have)
{
	sqlite3_stmt *row = NULL;
	int result =
		sqlite3_prepare_v2(days->db, "SELECT 1 FROM counter WHERE name=?", -1, &row, NULL);

	sqlite3_bind_text(row, 1, counter, -1, SQLITE_STATIC);
	if (result == SQLITE_OK)
		result = sqlite3_step(row);
	*have = result == SQLITE_ROW;
	sqlite3_finalize(row);
	return schema_error(result);
}

const char *days_text(sqlite3_stmt *row, int column)
{
	const unsigned char *text = sqlite3_column_text(row, column);

	return text ? (const char *)text : "";
}
