// SPDX-License-Identifier: GPL-2.0-or-later
/* Sums over edges. */
#include "sums.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/flow.h"
#include "lib/json.h"
#include "schema.h"

#define SLOT_US (SCHEMA_SLOT * 1000000LL)

#define TOTALS                                                                                     \
	" total(%1$s.count), total(%1$s.bytes_in), total(%1$s.bytes_out), total(%1$s.packets_in)," \
	" total(%1$s.packets_out), min(e.first), max(e.last)"

static bool is_whole(const struct days *days)
{
	int64_t begin = days->day * SCHEMA_DAY * 1000000;

	return days->range->since <= begin && days->range->until >= begin + SCHEMA_DAY * 1000000 - 1;
}

#define SUMMED "SELECT edge, count, bytes_in, bytes_out, packets_in, packets_out FROM "

/* The slots of a range, whole hours of it at once. */
static char *slots_of(const struct days *days, bool by_hours)
{
	long long from = days->range->since / SLOT_US, to = days->range->until / SLOT_US;
	long long hour = (from + SCHEMA_HOUR - 1) / SCHEMA_HOUR, end = (to + 1) / SCHEMA_HOUR;
	char *text = NULL;
	int len;

	if (by_hours && hour < end)
		len = asprintf(&text,
			       SUMMED "hour WHERE hour BETWEEN %lld AND %lld UNION ALL " SUMMED
				      "slot WHERE slot BETWEEN %lld AND %lld UNION ALL " SUMMED
				      "slot WHERE slot BETWEEN %lld AND %lld",
			       hour, end - 1, from, hour * SCHEMA_HOUR - 1, end * SCHEMA_HOUR, to);
	else
		len = asprintf(&text, SUMMED "slot WHERE slot BETWEEN %lld AND %lld", from, to);
	return len < 0 ? NULL : text;
}

/* Edges whose flows have all gone to others are not meant, as everywhere here. */
static char *text_of_day(const char *columns, const char *group)
{
	char *text = NULL;
	int len = asprintf(&text,
			   "SELECT %2$s," TOTALS
			   " FROM edge e JOIN attribution a ON a.id=e.attribution"
			   " WHERE e.rows>0 AND %%s GROUP BY %3$s",
			   "e", columns, group);

	return len < 0 ? NULL : text;
}

/* A slot's edges that are wholly outside are not meant. */
static char *text_of_part(const struct days *days, const char *columns, const char *group,
			  bool by_hours)
{
	char *text = NULL, *slots = slots_of(days, by_hours);
	int len = -1;

	if (slots)
		len = asprintf(&text,
			       "SELECT %2$s," TOTALS " FROM (SELECT edge, sum(count) AS count,"
			       " sum(bytes_in) AS bytes_in, sum(bytes_out) AS bytes_out,"
			       " sum(packets_in) AS packets_in, sum(packets_out) AS packets_out"
			       " FROM (%3$s) GROUP BY edge) s"
			       " CROSS JOIN edge e ON e.id=s.edge"
			       " JOIN attribution a ON a.id=e.attribution"
			       " WHERE e.rows>0 AND e.last>=%4$lld AND e.first<=%5$lld AND %%s"
			       " GROUP BY %6$s",
			       "s", columns, slots, (long long)days->range->since,
			       (long long)days->range->until, group);
	free(slots);
	return len < 0 ? NULL : text;
}

/* The query's condition comes last. */
static int text_of(struct days *days, const char *columns, const char *group, char **text)
{
	bool by_hours = false;
	int err = 0;

	if (is_whole(days)) {
		*text = text_of_day(columns, group);
	} else {
		err = days_have(days, "hours", &by_hours);
		*text = err ? NULL : text_of_part(days, columns, group, by_hours);
	}
	return err ? err : *text ? 0 : -ENOMEM;
}

static void take(sqlite3_stmt *row, struct sums *sums)
{
	int n = sqlite3_column_count(row) - 7;

	sums->count = sqlite3_column_int64(row, n);
	sums->bytes_in = sqlite3_column_int64(row, n + 1);
	sums->bytes_out = sqlite3_column_int64(row, n + 2);
	sums->packets_in = sqlite3_column_int64(row, n + 3);
	sums->packets_out = sqlite3_column_int64(row, n + 4);
	sums->first = sqlite3_column_int64(row, n + 5);
	sums->last = sqlite3_column_int64(row, n + 6);
}

int sums_read(struct days *days, const char *columns, const char *group,
	      int (*each)(sqlite3_stmt *row, const struct sums *sums, void *arg), void *arg)
{
	char *text = NULL;
	sqlite3_stmt *row = NULL;
	int result = SQLITE_DONE, err = text_of(days, columns, group, &text);
	struct sums sums;

	if (!err)
		err = days_prepare(days, &row, 1, text);
	while (!err && (result = sqlite3_step(row)) == SQLITE_ROW) {
		take(row, &sums);
		err = each(row, &sums, arg);
	}
	sqlite3_finalize(row);
	free(text);
	return err ? err : schema_error(result);
}

void sums_add(struct sums *sums, const struct sums *more)
{
	sums->count += more->count;
	sums->bytes_in += more->bytes_in;
	sums->bytes_out += more->bytes_out;
	sums->packets_in += more->packets_in;
	sums->packets_out += more->packets_out;
	if (!sums->first || more->first < sums->first)
		sums->first = more->first;
	if (more->last > sums->last)
		sums->last = more->last;
}

void sums_json(const struct sums *sums, struct json_object *object)
{
	char text[40];

	json_add_number(object, "flows", (uint64_t)sums->count);
	json_add_number(object, "bytesIn", (uint64_t)sums->bytes_in);
	json_add_number(object, "bytesOut", (uint64_t)sums->bytes_out);
	json_add_number(object, "packetsIn", (uint64_t)sums->packets_in);
	json_add_number(object, "packetsOut", (uint64_t)sums->packets_out);
	json_add_string(object, "firstSeen", flow_time((uint64_t)sums->first * 1000, text));
	json_add_string(object, "lastSeen", flow_time((uint64_t)sums->last * 1000, text));
}
