// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections by time. Of all, each minute is known; of those that a query chooses, slots,
 * or where these are too coarse, the flows themselves are looked at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "days.h"
#include "lib/flow.h"
#include "lib/json.h"
#include "schema.h"

struct histogram {
	/* Microseconds. */
	int64_t from;
	int64_t step;
	unsigned int n;
	int64_t (*counts)[4];
	/* There is no query. */
	bool all;
};

/* None of the styles: the query does not choose the edge. */
#define UNCHOSEN 4

static const char by_slot[] =
	"SELECT slot * 300000000, edge, count FROM slot WHERE slot BETWEEN ?1 AND ?2";

static const char by_flow[] =
	"SELECT id / 64 * 1000, edge, count FROM flow WHERE id BETWEEN ?1 AND ?2";

static const char by_minute[] =
	"SELECT minute * 60000000, style, count FROM minute WHERE minute BETWEEN ?1 AND ?2";

static bool is_coarse(const struct histogram *histogram)
{
	return histogram->step % (SCHEMA_SLOT * 1000000LL) == 0;
}

/* The style of every edge, by its number: a look-up a row is too slow for millions. */
static int read_styles(struct days *days, uint8_t **styles, int64_t *n)
{
	sqlite3_stmt *row = NULL;
	int64_t id;
	int result = SQLITE_DONE,
	    err = schema_error(
		    sqlite3_prepare_v2(days->db, "SELECT max(id) + 1 FROM edge", -1, &row, NULL));

	if (!err)
		result = sqlite3_step(row);
	if (result == SQLITE_ROW)
		*n = sqlite3_column_int64(row, 0);
	else if (!err)
		err = schema_error(result);
	sqlite3_finalize(row);
	*styles = malloc((size_t)*n + 1);
	if (err || !*styles)
		return err ? err : -ENOMEM;
	memset(*styles, UNCHOSEN, (size_t)*n + 1);
	err = days_prepare(days, &row, 1,
			   "SELECT e.id, e.verdict * 2 + e.reason FROM edge e JOIN attribution a"
			   " ON a.id=e.attribution WHERE %s");
	while (!err && (result = sqlite3_step(row)) == SQLITE_ROW) {
		id = sqlite3_column_int64(row, 0);
		/* It may be newer than the greatest was. */
		if (id >= 0 && id < *n)
			(*styles)[id] = (uint8_t)(sqlite3_column_int(row, 1) & 3);
	}
	sqlite3_finalize(row);
	return err ? err : schema_error(result);
}

static int prepare(struct days *days, const struct histogram *histogram, sqlite3_stmt **row,
		   int64_t *base)
{
	int64_t begin = days->day * SCHEMA_DAY * 1000, slot = SCHEMA_SLOT * 1000000LL;
	int64_t end = histogram->from + histogram->step * histogram->n - 1;
	bool coarse = is_coarse(histogram);
	int err = schema_error(
		sqlite3_prepare_v2(days->db, coarse ? by_slot : by_flow, -1, row, NULL));

	*base = coarse ? 0 : begin * 1000;
	sqlite3_bind_int64(*row, 1,
			   coarse ? histogram->from / slot :
				    (histogram->from / 1000 - begin) * SCHEMA_ROWS);
	sqlite3_bind_int64(*row, 2,
			   coarse ? end / slot : (end / 1000 + 1 - begin) * SCHEMA_ROWS - 1);
	return err;
}

static void count(struct histogram *histogram, int64_t time, uint8_t style, int64_t n)
{
	int64_t at = (time - histogram->from) / histogram->step;

	if (style != UNCHOSEN && time >= histogram->from && at < (int64_t)histogram->n)
		histogram->counts[at][style] += n;
}

/* Whether a day's file has counted all its minutes. */
static int has_minutes(struct days *days, bool *has)
{
	sqlite3_stmt *row = NULL;
	int result = sqlite3_prepare_v2(days->db, "SELECT 1 FROM counter WHERE name='minutes'", -1,
					&row, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(row);
	*has = result == SQLITE_ROW;
	sqlite3_finalize(row);
	return schema_error(result);
}

static int read_minutes(struct days *days, struct histogram *histogram)
{
	int64_t minute = SCHEMA_MINUTE * 1000000LL;
	int64_t end = histogram->from + histogram->step * histogram->n - 1;
	sqlite3_stmt *row = NULL;
	int result = SQLITE_DONE,
	    err = schema_error(sqlite3_prepare_v2(days->db, by_minute, -1, &row, NULL));

	sqlite3_bind_int64(row, 1, histogram->from / minute);
	sqlite3_bind_int64(row, 2, end / minute);
	while (!err && (result = sqlite3_step(row)) == SQLITE_ROW)
		count(histogram, sqlite3_column_int64(row, 0),
		      (uint8_t)(sqlite3_column_int(row, 1) & 3), sqlite3_column_int64(row, 2));
	sqlite3_finalize(row);
	return err ? err : schema_error(result);
}

static int read_edges(struct days *days, struct histogram *histogram)
{
	sqlite3_stmt *row = NULL;
	uint8_t *styles = NULL;
	int64_t base = 0, n = 0, edge;
	int result = SQLITE_DONE, err = read_styles(days, &styles, &n);

	if (!err)
		err = prepare(days, histogram, &row, &base);
	while (!err && (result = sqlite3_step(row)) == SQLITE_ROW) {
		edge = sqlite3_column_int64(row, 1);
		if (edge >= 0 && edge < n)
			count(histogram, sqlite3_column_int64(row, 0) + base, styles[edge],
			      sqlite3_column_int64(row, 2));
	}
	sqlite3_finalize(row);
	free(styles);
	return err ? err : schema_error(result);
}

static int read_day(struct days *days, void *arg)
{
	struct histogram *histogram = arg;
	bool by_minutes = false;
	int err = 0;

	if (histogram->all && histogram->step % (SCHEMA_MINUTE * 1000000LL) == 0)
		err = has_minutes(days, &by_minutes);
	if (err)
		return err;
	return by_minutes ? read_minutes(days, histogram) : read_edges(days, histogram);
}

static struct json_object *tell(const struct histogram *histogram)
{
	static const char *const names[] = { "allowedRule", "allowedDefault", "rejectedRule",
					     "rejectedDefault" };
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();
	struct json_object *bucket;
	int64_t at = histogram->from;
	unsigned int i, k;
	char text[40];

	json_add_string(object, "from", flow_time((uint64_t)at * 1000, text));
	for (i = 0; i < histogram->n; i++, at += histogram->step) {
		bucket = json_object_new_object();
		json_add_string(bucket, "time", flow_time((uint64_t)at * 1000, text));
		for (k = 0; k < 4; k++)
			json_add_number(bucket, names[k], (uint64_t)histogram->counts[i][k]);
		json_object_array_add(list, bucket);
	}
	json_add_string(object, "to", flow_time((uint64_t)at * 1000, text));
	json_add_number(object, "step", (uint64_t)(histogram->step / 1000000));
	json_add(object, "buckets", list);
	return object;
}

/* Whole seconds, and whole minutes or slots once a step holds one. */
static void divide(const struct reader_range *range, unsigned int buckets,
		   struct histogram *histogram)
{
	int64_t slot = SCHEMA_SLOT * 1000000LL, minute = SCHEMA_MINUTE * 1000000LL, unit = 1000000;
	int64_t span = range->until - range->since + 1;

	histogram->step = (span + buckets - 1) / buckets;
	histogram->all = !range->query || !range->query->n;
	if (histogram->step > slot)
		unit = slot;
	else if (histogram->all && histogram->step > minute)
		unit = minute;
	histogram->step = (histogram->step + unit - 1) / unit * unit;
	histogram->from = range->since / unit * unit;
	histogram->n = (unsigned int)((range->until - histogram->from) / histogram->step + 1);
}

int reader_histogram(const struct reader_range *range, unsigned int buckets,
		     struct json_object **result)
{
	struct histogram histogram = { 0 };
	int err = -ENOMEM;

	divide(range, buckets, &histogram);
	histogram.counts = calloc(histogram.n, sizeof(*histogram.counts));
	if (histogram.counts)
		err = days_walk(range, read_day, &histogram);
	*result = err ? NULL : tell(&histogram);
	free(histogram.counts);
	return err;
}
