/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The days' files of a range, opened for reading one after the other. */
#ifndef RECORDS_DAYS_H
#define RECORDS_DAYS_H

#include <sqlite3.h>
#include <stdbool.h>

#include "reader.h"

/**
 * struct days - a walk through days
 * @range: what is asked for
 * @condition: the query's
 * @deadline: CLOCK_MONOTONIC, milliseconds
 * @day: days since 1970
 * @db: its file
 */
struct days {
	const struct reader_range *range;
	struct query_sql condition;
	int64_t deadline;
	int64_t day;
	sqlite3 *db;
	/* The file keeps by which look-up a name was known; older ones have a view instead. */
	bool names;
};

/**
 * days_walk() - go through the days of a range, newest first
 * @range: the range
 * @each: called with each; what it returns but 0 ends the walk; 1 well
 * @arg: handed to @each
 *
 * Return: 0 or an error, as reader.h has it.
 */
int days_walk(const struct reader_range *range, int (*each)(struct days *days, void *arg),
	      void *arg);

/**
 * days_prepare() - a statement that holds the query's condition
 * @days: the walk
 * @statement: the result
 * @first: where the condition's parameters begin, which are bound
 * @format: printf's; %s in it is the condition
 *
 * Return: 0 or an error.
 */
int days_prepare(struct days *days, sqlite3_stmt **statement, int first, const char *format);

/**
 * days_have() - whether a day's file has what older ones have not
 * @days: the walk
 * @counter: that says so
 * @have: the result
 *
 * Return: 0 or an error.
 */
int days_have(struct days *days, const char *counter, bool *have);

/** days_text() - a column that is text, never NULL */
const char *days_text(sqlite3_stmt *row, int column);

#endif /* RECORDS_DAYS_H */
