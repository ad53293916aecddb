// SPDX-License-Identifier: GPL-2.0-or-later
/* What is missing of a range. */
#include <errno.h>

#include "day.h"
#include "days.h"
#include "lib/flow.h"
#include "lib/json.h"
#include "schema.h"

struct coverage {
	struct json_object *holes;
	int64_t stored;
	int64_t lost[N_STAGES];
};

static void add_hole(struct coverage *coverage, sqlite3_stmt *row)
{
	struct json_object *hole = json_object_new_object(), *verdicts = json_object_new_object();
	int stage = sqlite3_column_int(row, 2);
	bool known = sqlite3_column_type(row, 3) != SQLITE_NULL;
	int64_t lost = sqlite3_column_int64(row, 3);
	char text[40];

	json_add_string(hole, "from",
			flow_time((uint64_t)sqlite3_column_int64(row, 0) * 1000, text));
	json_add_string(hole, "until",
			flow_time((uint64_t)sqlite3_column_int64(row, 1) * 1000, text));
	json_add(hole, "lost", known ? json_object_new_int64(lost) : NULL);
	json_add_string(hole, "where", stage_name((enum stage)stage));
	json_add_number(verdicts, "Accept", (uint64_t)sqlite3_column_int64(row, 4));
	json_add_number(verdicts, "Reject", (uint64_t)sqlite3_column_int64(row, 5));
	json_add(hole, "verdicts", verdicts);
	json_object_array_add(coverage->holes, hole);
	if (stage >= 0 && stage < N_STAGES && known)
		coverage->lost[stage] += lost;
}

static int read_holes(struct days *days, struct coverage *coverage)
{
	static const char sql[] =
		"SELECT begin, end, stage, lost, accept, reject FROM hole WHERE end>=?1 AND begin<=?2"
		" AND %s ORDER BY begin DESC";
	sqlite3_stmt *row = NULL;
	int result = SQLITE_DONE, err = days_prepare(days, &row, 3, sql);

	sqlite3_bind_int64(row, 1, days->range->since);
	sqlite3_bind_int64(row, 2, days->range->until);
	while (!err && (result = sqlite3_step(row)) == SQLITE_ROW)
		add_hole(coverage, row);
	sqlite3_finalize(row);
	return err ? err : schema_error(result);
}

static int read_day(struct days *days, void *arg)
{
	static const char sql[] =
		"SELECT total(value) FROM counter WHERE name IN ('accept','reject') AND %s";
	struct coverage *coverage = arg;
	sqlite3_stmt *row = NULL;
	int result = SQLITE_DONE, err = days_prepare(days, &row, 1, sql);

	if (!err) {
		result = sqlite3_step(row);
		if (result == SQLITE_ROW)
			coverage->stored += sqlite3_column_int64(row, 0);
	}
	sqlite3_finalize(row);
	if (!err)
		err = schema_error(result);
	return err ? err : read_holes(days, coverage);
}

int reader_coverage(const struct reader_range *range, struct json_object **result)
{
	struct coverage coverage = { .holes = json_object_new_array() };
	struct json_object *object = json_object_new_object(), *lost = json_object_new_object();
	int64_t produced;
	unsigned int i;
	char text[40];
	int err = days_walk(range, read_day, &coverage);

	produced = coverage.stored;
	for (i = 0; i < N_STAGES; i++) {
		json_add_number(lost, stage_name((enum stage)i), (uint64_t)coverage.lost[i]);
		/* What came and went while nobody listened was never produced. */
		produced += i == STAGE_STOPPED ? 0 : coverage.lost[i];
	}
	json_add_bool(object, "complete", !json_object_array_length(coverage.holes));
	json_add_string(object, "since", flow_time((uint64_t)range->since * 1000, text));
	json_add_string(object, "until", flow_time((uint64_t)range->until * 1000, text));
	json_add(object, "holes", coverage.holes);
	json_add_number(object, "produced", (uint64_t)produced);
	json_add_number(object, "stored", (uint64_t)coverage.stored);
	json_add(object, "lost", lost);
	if (err)
		json_object_put(object);
	*result = err ? NULL : object;
	return err;
}
