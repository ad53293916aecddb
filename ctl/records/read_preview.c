// SPDX-License-Identifier: GPL-2.0-or-later
/* What recorded flows would be under another policy. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "reader.h"
#include "sums.h"
#include "table.h"
#include "words.h"

/* Edges that are told of, the busiest, and told apart. */
#define EDGES_SHOWN 1000
#define EDGES_MAX 200000

static const char columns[] = "e.direction, e.peer, e.protocol, e.port, e.verdict, e.reason,"
			      " a.type, a.peer_id, a.peer_name, a.name";

enum column {
	C_DIRECTION,
	C_PEER,
	C_PROTOCOL,
	C_PORT,
	C_VERDICT,
	C_REASON,
	C_TYPE,
	C_PEER_ID,
	C_PEER_NAME,
	C_NAME,
};

struct edge {
	struct sums sums;
	struct json_object *json;
	bool changes;
};

struct preview {
	struct table *edges;
	reader_judge *judge;
	void *arg;
};

static struct json_object *peer_json(enum peer_type type, const char *id, const char *name)
{
	struct json_object *peer = json_object_new_object();

	json_add_string(peer, "type", record_type_name(type));
	json_add_string(peer, "ID", id && *id ? id : NULL);
	json_add_string(peer, "name", words_peer(type, name ? name : ""));
	return peer;
}

static struct reader_opinion opinion_on(const struct preview *preview, sqlite3_stmt *row)
{
	const struct reader_subject subject = {
		.direction = sqlite3_column_int(row, C_DIRECTION),
		.address = sqlite3_column_blob(row, C_PEER),
		.address_len = sqlite3_column_bytes(row, C_PEER),
		.protocol = sqlite3_column_int(row, C_PROTOCOL),
		.port = sqlite3_column_int(row, C_PORT),
		.name = days_text(row, C_NAME),
	};
	struct reader_opinion opinion = { 0 };

	preview->judge(&subject, &opinion, preview->arg);
	return opinion;
}

static bool is_same_peer(sqlite3_stmt *row, const struct reader_opinion *opinion)
{
	return sqlite3_column_int(row, C_TYPE) == (int)opinion->type &&
	       !strcmp(words_peer(opinion->type, days_text(row, C_PEER_NAME)),
		       words_peer(opinion->type, opinion->peer_name ? opinion->peer_name : ""));
}

static struct json_object *edge_json(sqlite3_stmt *row, const struct reader_opinion *opinion)
{
	struct json_object *edge = json_object_new_object();
	enum peer_type type = (enum peer_type)sqlite3_column_int(row, C_TYPE);
	int protocol = sqlite3_column_int(row, C_PROTOCOL), port = sqlite3_column_int(row, C_PORT);
	bool reject = sqlite3_column_int(row, C_VERDICT);
	char text[WORDS_MAX];

	json_add_string(edge, "direction", words_direction(sqlite3_column_int(row, C_DIRECTION)));
	json_add(edge, "peer",
		 peer_json(type, days_text(row, C_PEER_ID), days_text(row, C_PEER_NAME)));
	words_address(sqlite3_column_blob(row, C_PEER), sqlite3_column_bytes(row, C_PEER), text);
	json_add_string(edge, "address", text);
	words_service(protocol, port, text);
	json_add_string(edge, "service", text);
	json_add_string(edge, "destinationFQDN", days_text(row, C_NAME));
	json_add_string(edge, "before", words_style(reject, sqlite3_column_int(row, C_REASON)));
	json_add_string(edge, "after", words_style(opinion->reject, opinion->by_default));
	json_add_string(edge, "action", opinion->reject ? "Reject" : "Accept");
	json_add_string(edge, "reason", opinion->by_default ? "default" : "rule");
	json_add(edge, "afterPeer", peer_json(opinion->type, opinion->peer_id, opinion->peer_name));
	json_add_string(edge, "rulesetName", opinion->ruleset);
	json_add_string(edge, "ruleName", opinion->rule);
	return edge;
}

static char *key_of(sqlite3_stmt *row)
{
	char *key = NULL, address[WORDS_MAX];

	words_address(sqlite3_column_blob(row, C_PEER), sqlite3_column_bytes(row, C_PEER), address);
	if (asprintf(&key, "%d %s %d %d %d %d %d %s\x1f%s", sqlite3_column_int(row, C_DIRECTION),
		     address, sqlite3_column_int(row, C_PROTOCOL), sqlite3_column_int(row, C_PORT),
		     sqlite3_column_int(row, C_VERDICT), sqlite3_column_int(row, C_REASON),
		     sqlite3_column_int(row, C_TYPE), days_text(row, C_PEER_NAME),
		     days_text(row, C_NAME)) < 0)
		return NULL;
	return key;
}

static int add(sqlite3_stmt *row, const struct sums *sums, void *arg)
{
	struct preview *preview = arg;
	struct reader_opinion opinion;
	char *key = key_of(row);
	struct edge *edge = key ? table_get(preview->edges, key) : NULL;
	size_t n;

	free(key);
	if (!edge)
		return -ENOMEM;
	table_list(preview->edges, &n);
	if (n > EDGES_MAX)
		return -E2BIG;
	sums_add(&edge->sums, sums);
	if (edge->json)
		return 0;
	opinion = opinion_on(preview, row);
	edge->changes = opinion.reject != !!sqlite3_column_int(row, C_VERDICT) ||
			opinion.by_default != !!sqlite3_column_int(row, C_REASON) ||
			!is_same_peer(row, &opinion);
	edge->json = edge_json(row, &opinion);
	return 0;
}

static int read_day(struct days *days, void *arg)
{
	return sums_read(days, columns, columns, add, arg);
}

/* Those that change, then the busiest. */
static int compare(const void *a, const void *b)
{
	const struct edge *const *x = a, *const *y = b;

	if ((*x)->changes != (*y)->changes)
		return (*x)->changes ? -1 : 1;
	return (*x)->sums.count < (*y)->sums.count ? 1 : -((*x)->sums.count > (*y)->sums.count);
}

static struct json_object *tell(struct table *table)
{
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();
	int64_t flows = 0, changed = 0;
	size_t n, i;
	struct edge **edges = (struct edge **)table_list(table, &n);

	if (n)
		qsort(edges, n, sizeof(*edges), compare);
	for (i = 0; i < n; i++) {
		flows += edges[i]->sums.count;
		changed += edges[i]->changes ? edges[i]->sums.count : 0;
		if (i >= EDGES_SHOWN)
			continue;
		sums_json(&edges[i]->sums, edges[i]->json);
		json_object_array_add(list, json_object_get(edges[i]->json));
	}
	json_add_number(object, "flows", (uint64_t)flows);
	json_add_number(object, "changed", (uint64_t)changed);
	json_add_number(object, "edgesTotal", n);
	json_add(object, "edges", list);
	return object;
}

static void clear(void *thing)
{
	const struct edge *edge = thing;

	json_object_put(edge->json);
}

int reader_preview(const struct reader_range *range, reader_judge *judge, void *arg,
		   struct json_object **result)
{
	struct preview preview = { table_new(sizeof(struct edge)), judge, arg };
	int err = preview.edges ? days_walk(range, read_day, &preview) : -ENOMEM;

	*result = err ? NULL : tell(preview.edges);
	table_free(preview.edges, clear);
	return err;
}
