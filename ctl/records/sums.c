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

/* The query's condition comes last. A slot's edges that are wholly outside are not meant. */
static char *text_of(const struct days *days, const char *columns)
{
	static const char whole[] = "SELECT %2$s," TOTALS
				    " FROM edge e JOIN attribution a ON a.id=e.attribution"
				    " WHERE %%s GROUP BY %2$s";
	static const char part[] =
		"SELECT %2$s," TOTALS " FROM (SELECT edge, sum(count) AS count,"
		" sum(bytes_in) AS bytes_in, sum(bytes_out) AS bytes_out,"
		" sum(packets_in) AS packets_in, sum(packets_out) AS packets_out FROM slot"
		" WHERE slot BETWEEN %3$lld AND %4$lld GROUP BY edge) s"
		" CROSS JOIN edge e ON e.id=s.edge JOIN attribution a ON a.id=e.attribution"
		" WHERE e.last>=%5$lld AND e.first<=%6$lld AND %%s GROUP BY %2$s";
	char *text = NULL;
	int len;

	if (is_whole(days))
		len = asprintf(&text, whole, "e", columns);
	else
		len = asprintf(&text, part, "s", columns, (long long)(days->range->since / SLOT_US),
			       (long long)(days->range->until / SLOT_US),
			       (long long)days->range->since, (long long)days->range->until);
	return len < 0 ? NULL : text;
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

int sums_read(struct days *days, const char *columns,
	      int (*each)(sqlite3_stmt *row, const struct sums *sums, void *arg), void *arg)
{
	char *text = text_of(days, columns);
	sqlite3_stmt *row = NULL;
	int result = SQLITE_DONE, err = text ? days_prepare(days, &row, 1, text) : -ENOMEM;
	struct sums sums;

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
