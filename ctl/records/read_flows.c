// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages of flows. The query chooses edges; where few flows are theirs, the index of edges
 * finds them, else one meets them soon enough, going back in time.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "days.h"
#include "lib/json.h"
#include "schema.h"

/* Flows that the index finds in time. */
#define FEW 200000

#define CHOSEN "(SELECT e.id FROM edge e JOIN attribution a ON a.id=e.attribution WHERE %s)"

struct page {
	struct json_object *list;
	unsigned int limit;
	/* Where it begins: rows below @row of @day. */
	int64_t day;
	int64_t row;
	char *next;
};

/* --- rows ----------------------------------------------------------------- */

static const char row_sql[] =
	"SELECT f.id, f.connection, f.first, f.last, f.count, f.bytes_in, f.bytes_out,"
	" f.packets_in, f.packets_out, f.port, f.state, f.event, f.generation, %s,"
	" e.direction, e.protocol, e.port, e.verdict, e.reason, e.flags, e.uid, e.command,"
	" e.host, e.peer, a.* FROM flow f JOIN edge e ON e.id=f.edge"
	" JOIN attribution a ON a.id=e.attribution WHERE f.id=?";

enum column {
	C_ID,
	C_CONNECTION,
	C_FIRST,
	C_LAST,
	C_COUNT,
	C_BYTES_IN,
	C_BYTES_OUT,
	C_PACKETS_IN,
	C_PACKETS_OUT,
	C_SOURCE_PORT,
	C_STATE,
	C_EVENT,
	C_GENERATION,
	C_LOOKUP,
	C_DIRECTION,
	C_PROTOCOL,
	C_PORT,
	C_VERDICT,
	C_REASON,
	C_FLAGS,
	C_UID,
	C_COMMAND,
	C_HOST,
	C_PEER,
	C_ATTRIBUTION,
	C_HASH,
	C_TYPE,
	C_RULE_INDEX,
	C_TEXTS,
};

static void take_address(sqlite3_stmt *row, int column, uint8_t *address)
{
	const void *blob = sqlite3_column_blob(row, column);
	int len = sqlite3_column_bytes(row, column);

	if (blob && len <= 16)
		memcpy(address, blob, (size_t)len);
}

static void take_ends(sqlite3_stmt *row, struct mseg_flow_record *kernel)
{
	bool in = kernel->direction == MSEG_DIRECTION_IN;

	kernel->family = sqlite3_column_bytes(row, C_PEER) == 4 ? MSEG_FAMILY_IPV4 :
								  MSEG_FAMILY_IPV6;
	take_address(row, C_PEER, in ? kernel->source : kernel->destination);
	take_address(row, C_HOST, in ? kernel->destination : kernel->source);
	kernel->source_port = (uint16_t)sqlite3_column_int(row, C_SOURCE_PORT);
	kernel->destination_port = (uint16_t)sqlite3_column_int(row, C_PORT);
	if (mseg_protocol_is_icmp(kernel->protocol)) {
		kernel->icmp_type = (uint8_t)(kernel->destination_port >> 8);
		kernel->icmp_code = (uint8_t)kernel->destination_port;
	}
}

static void take_kernel(sqlite3_stmt *row, int64_t day, struct mseg_flow_record *kernel)
{
	int64_t first = sqlite3_column_int64(row, C_FIRST) + day * SCHEMA_DAY * 1000000;
	int64_t count = sqlite3_column_int64(row, C_COUNT);

	memset(kernel, 0, sizeof(*kernel));
	kernel->id = (uint64_t)sqlite3_column_int64(row, C_CONNECTION);
	kernel->first_seen = (uint64_t)first * 1000;
	kernel->last_seen = (uint64_t)(first + sqlite3_column_int64(row, C_LAST)) * 1000;
	/* A row that goes on with another's connection counts none, and is one. */
	kernel->count = count ? (uint32_t)count : 1;
	kernel->bytes_in = (uint64_t)sqlite3_column_int64(row, C_BYTES_IN);
	kernel->bytes_out = (uint64_t)sqlite3_column_int64(row, C_BYTES_OUT);
	kernel->packets_in = (uint64_t)sqlite3_column_int64(row, C_PACKETS_IN);
	kernel->packets_out = (uint64_t)sqlite3_column_int64(row, C_PACKETS_OUT);
	kernel->state = (uint8_t)sqlite3_column_int(row, C_STATE);
	kernel->event = (uint8_t)sqlite3_column_int(row, C_EVENT);
	kernel->generation = (uint32_t)sqlite3_column_int64(row, C_GENERATION);
	kernel->direction = (uint8_t)sqlite3_column_int(row, C_DIRECTION);
	kernel->protocol = (uint8_t)sqlite3_column_int(row, C_PROTOCOL);
	kernel->verdict = (uint8_t)sqlite3_column_int(row, C_VERDICT);
	kernel->reason = (uint8_t)sqlite3_column_int(row, C_REASON);
	kernel->flags = (uint8_t)sqlite3_column_int(row, C_FLAGS);
	kernel->uid = (uint32_t)sqlite3_column_int64(row, C_UID);
	kernel->rule = kernel->network = kernel->observed_rule = MSEG_ID_NONE;
	memccpy(kernel->command, days_text(row, C_COMMAND), 0, sizeof(kernel->command));
	take_ends(row, kernel);
}

static struct json_object *row_json(sqlite3_stmt *row, int64_t day)
{
	const char *texts[N_ATTRIBUTION_TEXTS];
	struct record record = { 0 };
	struct json_object *json;
	unsigned int i;

	for (i = 0; i < N_ATTRIBUTION_TEXTS; i++)
		texts[i] = days_text(row, C_TEXTS + (int)i);
	take_kernel(row, day, &record.kernel);
	record.lookup = (uint64_t)sqlite3_column_int64(row, C_LOOKUP);
	record.attribution = attribution_new(texts, sqlite3_column_int(row, C_RULE_INDEX),
					     (enum peer_type)sqlite3_column_int(row, C_TYPE));
	json = record.attribution ? record_json(&record) : NULL;
	attribution_put(record.attribution);
	/* Those are not stored. */
	json_object_object_del(json, "cpu");
	json_object_object_del(json, "seq");
	return json;
}

/* --- pages ---------------------------------------------------------------- */

static bool is_within(sqlite3_stmt *row, const struct days *days)
{
	int64_t begin = days->day * SCHEMA_DAY * 1000000;
	int64_t last = sqlite3_column_int64(row, C_FIRST) + sqlite3_column_int64(row, C_LAST);

	return begin + last >= days->range->since;
}

static int add_row(struct days *days, struct page *page, sqlite3_stmt *rows, int64_t id)
{
	struct json_object *json;
	int result;

	sqlite3_bind_int64(rows, 1, id);
	result = sqlite3_step(rows);
	if (result == SQLITE_ROW && is_within(rows, days)) {
		json = row_json(rows, days->day);
		if (!json || json_object_array_add(page->list, json))
			result = SQLITE_NOMEM;
	}
	sqlite3_reset(rows);
	return schema_error(result);
}

/* How many flows the edges have that the query chooses. */
static int count_chosen(struct days *days, int64_t *n)
{
	sqlite3_stmt *statement = NULL;
	int result, err = days_prepare(days, &statement, 1,
				       "SELECT total(e.rows) FROM edge e JOIN attribution a"
				       " ON a.id=e.attribution WHERE %s");

	if (err)
		return err;
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		*n = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return schema_error(result);
}

static int prepare_ids(struct days *days, sqlite3_stmt **ids, int64_t *chosen)
{
	static const char all[] = "SELECT f.id FROM flow f WHERE f.id BETWEEN ?1 AND ?2 AND %s"
				  " ORDER BY f.id DESC";
	static const char few[] =
		"SELECT f.id FROM flow f INDEXED BY flow_edge WHERE f.id BETWEEN ?1 AND ?2"
		" AND f.edge IN " CHOSEN " ORDER BY f.id DESC";
	static const char many[] = "SELECT f.id FROM flow f WHERE f.id BETWEEN ?1 AND ?2"
				   " AND +f.edge IN " CHOSEN " ORDER BY f.id DESC";
	int err;

	*chosen = -1;
	if (!days->condition.n)
		return days_prepare(days, ids, 3, all);
	err = count_chosen(days, chosen);
	if (err || !*chosen)
		return err;
	return days_prepare(days, ids, 3, *chosen <= FEW ? few : many);
}

static int prepare_row(struct days *days, sqlite3_stmt **row)
{
	char sql[sizeof(row_sql) + 16];

	snprintf(sql, sizeof(sql), row_sql, days->names ? "f.lookup" : "0");
	return schema_error(sqlite3_prepare_v2(days->db, sql, -1, row, NULL));
}

static int64_t row_at(const struct days *days, int64_t time)
{
	return (time / 1000 - days->day * SCHEMA_DAY * 1000) * SCHEMA_ROWS;
}

/* Rows of a page that are of this day. */
static int read_ids(struct days *days, struct page *page, sqlite3_stmt *ids, sqlite3_stmt *rows)
{
	int result, err = 0;

	while (!err && (result = sqlite3_step(ids)) == SQLITE_ROW) {
		page->row = sqlite3_column_int64(ids, 0);
		page->day = days->day;
		err = add_row(days, page, rows, page->row);
		if (json_object_array_length(page->list) < page->limit)
			continue;
		snprintf(page->next, READER_CURSOR, "%" PRId64 ".%" PRId64, page->day, page->row);
		return 1;
	}
	return err ? err : schema_error(result);
}

static int read_day(struct days *days, void *arg)
{
	struct page *page = arg;
	sqlite3_stmt *ids = NULL, *rows = NULL;
	int64_t low = row_at(days, days->range->since - SCHEMA_FLOW_LIFE * 1000000LL), chosen;
	int64_t high = row_at(days, days->range->until) + SCHEMA_ROWS - 1;
	int err;

	if (days->day > page->day)
		return 0;
	if (days->day == page->day && page->row <= high)
		high = page->row - 1;
	err = prepare_ids(days, &ids, &chosen);
	if (err || !ids)
		return err;
	sqlite3_bind_int64(ids, 1, low);
	sqlite3_bind_int64(ids, 2, high);
	err = prepare_row(days, &rows);
	if (!err)
		err = read_ids(days, page, ids, rows);
	sqlite3_finalize(ids);
	sqlite3_finalize(rows);
	return err;
}

int reader_flows(const struct reader_range *range, unsigned int limit, const char *cursor,
		 struct json_object **list, char *next)
{
	struct page page = { .limit = limit, .day = INT64_MAX, .row = INT64_MAX, .next = next };
	int end = 0, err = 0;

	*next = '\0';
	*list = NULL;
	if (cursor &&
	    (sscanf(cursor, "%9" SCNd64 ".%14" SCNd64 "%n", &page.day, &page.row, &end) != 2 ||
	     cursor[end]))
		return -EINVAL;
	page.list = json_object_new_array();
	if (!page.list)
		return -ENOMEM;
	err = days_walk(range, read_day, &page);
	if (err)
		json_object_put(page.list);
	else
		*list = page.list;
	return err;
}
