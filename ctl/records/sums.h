/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums over edges of a range, by whatever columns are asked for. */
#ifndef RECORDS_SUMS_H
#define RECORDS_SUMS_H

#include "days.h"

/**
 * struct sums - what connections of a group come to
 * @count: connections, or attempts
 * @bytes_in: and so on
 * @first: microseconds since 1970
 * @last: likewise
 */
struct sums {
	int64_t count;
	int64_t bytes_in;
	int64_t bytes_out;
	int64_t packets_in;
	int64_t packets_out;
	int64_t first;
	int64_t last;
};

/**
 * sums_read() - sums of a day's edges
 * @days: the walk
 * @columns: of edge (e) and attribution (a)
 * @group: of them, by which to sum; each edge by itself is quicker where few are alike
 * @each: given each group: its columns from 0 on, and its sums
 * @arg: handed to @each
 *
 * Days that are not wholly within the range are summed by hours, and by slots of five
 * minutes at their ends.
 *
 * Return: 0 or an error.
 */
int sums_read(struct days *days, const char *columns, const char *group,
	      int (*each)(sqlite3_stmt *row, const struct sums *sums, void *arg), void *arg);

/** sums_add() - one more */
void sums_add(struct sums *sums, const struct sums *more);

/** sums_json() - put sums into an object, with the names of the API */
void sums_json(const struct sums *sums, struct json_object *object);

#endif /* RECORDS_SUMS_H */
