/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of a day's file, YYYY-MM-DD.db in UTC. Times are microseconds since 1970
 * where nothing else is said.
 *
 * All that flows have in common stands in their edge, so that a flow takes some 60 bytes
 * with its index, and a query is answered from the edges, which are few: it chooses
 * edges, and they lead to their flows.
 *
 * A flow's id is the millisecond of the day in which it was written, times 64, or the
 * next that is free: flows stand in the order of time without an index. What lives longer
 * than SCHEMA_FLOW_LIFE gets another row, so that a time leads to a range of rows. Each
 * has its connection's counters as they were last; slots have what was added within
 * their time, hours the sums of their slots, and minutes how many connections of each style
 * there were.
 */
#ifndef RECORDS_SCHEMA_H
#define RECORDS_SCHEMA_H

#include <sqlite3.h>
#include <stdint.h>

/** Of the tables; a file of another one is damaged. */
#define SCHEMA_VERSION 1

#define SCHEMA_DAY 86400LL
/** Rows of a millisecond. */
#define SCHEMA_ROWS 64
/** Seconds after which a connection gets another row. */
#define SCHEMA_FLOW_LIFE 3600
/** Seconds of a slot. */
#define SCHEMA_SLOT 300
/** Slots of an hour. */
#define SCHEMA_HOUR 12

/** Seconds of a minute. */
#define SCHEMA_MINUTE 60

/** The tables. */
extern const char schema_tables[];

/**
 * Those that older files have not, made where they are missing. Counters "minutes" and
 * "hours" are there where they hold the whole day.
 */
extern const char schema_later[];

/** The columns that older files have not, for writing; counter "names" is there where they are. */
extern const char schema_names[];

/**
 * The same for reading: a view in place of the attributions. Of a flow's lookup there is
 * none, since a query that names an index wants a table.
 */
extern const char schema_without_names[];

/** The attribution's texts as columns, by enum attribution_text. */
extern const char *const schema_texts[];

/**
 * schema_error() - what SQLite's result means
 * @result: SQLite's
 *
 * Return: 0, -ENOSPC, -EUCLEAN (damaged), -EROFS, -ENOMEM, -EBUSY, -EINTR or -EIO.
 */
int schema_error(int result);

/**
 * schema_file() - a day's file
 * @directory: of all
 * @day: days since 1970
 * @path: the result, PATH_MAX bytes
 */
void schema_file(const char *directory, int64_t day, char *path);

/**
 * schema_day() - the day of a file
 * @name: without its directory
 *
 * Return: days since 1970, or -1 for what is none.
 */
int64_t schema_day(const char *name);

#endif /* RECORDS_SCHEMA_H */
