// SPDX-License-Identifier: GPL-2.0-or-later
/* Edges: what flows have in common. */
#include <errno.h>
#include <printbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "words.h"
#include "sums.h"
#include "table.h"

/* More are not told apart: a question as narrow as that has another answer. */
#define EDGES_MAX 200000

static const char columns[] =
	"e.direction, a.type, a.peer_id, a.peer_name, e.peer, e.protocol, e.port, e.verdict,"
	" e.reason, a.policy_id, a.policy_namespace, a.policy_name, a.rule_name, a.name,"
	" a.observed_name, e.command";

enum column {
	C_DIRECTION,
	C_TYPE,
	C_PEER_ID,
	C_PEER_NAME,
	C_PEER,
	C_PROTOCOL,
	C_PORT,
	C_VERDICT,
	C_REASON,
	C_POLICY_ID,
	C_POLICY_NAMESPACE,
	C_POLICY_NAME,
	C_RULE_NAME,
	C_NAME,
	C_OBSERVED_NAME,
	C_COMMAND,
	N_COLUMNS,
};

struct edge {
	struct sums sums;
	struct json_object *json;
};

static struct json_object *peer_json(sqlite3_stmt *row)
{
	struct json_object *peer = json_object_new_object();
	const char *id = days_text(row, C_PEER_ID);

	json_add_string(peer, "type",
			record_type_name((enum peer_type)sqlite3_column_int(row, C_TYPE)));
	json_add_string(peer, "ID", *id ? id : NULL);
	json_add_string(peer, "name",
			words_peer(sqlite3_column_int(row, C_TYPE), days_text(row, C_PEER_NAME)));
	return peer;
}

static struct json_object *edge_json(sqlite3_stmt *row)
{
	static const struct {
		const char *key;
		enum column column;
	} texts[] = {
		{ "policyID", C_POLICY_ID },	  { "policyNamespace", C_POLICY_NAMESPACE },
		{ "rulesetName", C_POLICY_NAME }, { "ruleName", C_RULE_NAME },
		{ "destinationFQDN", C_NAME },	  { "observedName", C_OBSERVED_NAME },
		{ "command", C_COMMAND },
	};
	struct json_object *edge = json_object_new_object();
	char text[WORDS_MAX];
	size_t i;

	json_add_string(edge, "direction", words_direction(sqlite3_column_int(row, C_DIRECTION)));
	json_add(edge, "peer", peer_json(row));
	words_address(sqlite3_column_blob(row, C_PEER), sqlite3_column_bytes(row, C_PEER), text);
	json_add_string(edge, "address", text);
	words_service(sqlite3_column_int(row, C_PROTOCOL), sqlite3_column_int(row, C_PORT), text);
	json_add_string(edge, "service", text);
	json_add_string(edge, "action", sqlite3_column_int(row, C_VERDICT) ? "Reject" : "Accept");
	json_add_string(edge, "reason", sqlite3_column_int(row, C_REASON) ? "default" : "rule");
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		json_add_string(edge, texts[i].key, days_text(row, texts[i].column));
	return edge;
}

struct edges {
	struct table *table;
	struct printbuf *key;
};

/* All columns in one text, good until the next; addresses are made readable for it. */
static const char *key_of(sqlite3_stmt *row, struct printbuf *key)
{
	char address[WORDS_MAX];
	const char *text;
	int i;

	words_address(sqlite3_column_blob(row, C_PEER), sqlite3_column_bytes(row, C_PEER), address);
	printbuf_reset(key);
	for (i = 0; i < N_COLUMNS; i++) {
		text = i == C_PEER ? address : days_text(row, i);
		if (printbuf_memappend(key, text, (int)strlen(text)) < 0 ||
		    printbuf_memappend(key, "\x1f", 1) < 0)
			return NULL;
	}
	return key->buf;
}

static int add(sqlite3_stmt *row, const struct sums *sums, void *arg)
{
	struct edges *edges = arg;
	const char *key = key_of(row, edges->key);
	struct edge *edge = key ? table_get(edges->table, key) : NULL;
	size_t n;

	if (!edge)
		return -ENOMEM;
	table_list(edges->table, &n);
	if (n > EDGES_MAX)
		return -E2BIG;
	sums_add(&edge->sums, sums);
	if (!edge->json)
		edge->json = edge_json(row);
	return 0;
}

static int read_day(struct days *days, void *arg)
{
	return sums_read(days, columns, "e.id", add, arg);
}

/* The busiest first; what is left equal in the order of the time. */
static int compare(const void *a, const void *b)
{
	const struct edge *const *x = a, *const *y = b;

	if ((*x)->sums.count != (*y)->sums.count)
		return (*x)->sums.count < (*y)->sums.count ? 1 : -1;
	return (*x)->sums.last < (*y)->sums.last ? 1 : -((*x)->sums.last > (*y)->sums.last);
}

static struct json_object *page_of(struct table *table, size_t from, unsigned int limit, char *next)
{
	struct json_object *list = json_object_new_array();
	size_t n, i;
	struct edge **edges = (struct edge **)table_list(table, &n);

	if (n)
		qsort(edges, n, sizeof(*edges), compare);
	for (i = from; list && i < n && i < from + limit; i++) {
		sums_json(&edges[i]->sums, edges[i]->json);
		json_object_array_add(list, json_object_get(edges[i]->json));
	}
	if (from + limit < n)
		snprintf(next, READER_CURSOR, "%zu", from + limit);
	return list;
}

static void clear(void *thing)
{
	struct edge *edge = thing;

	json_object_put(edge->json);
}

int reader_edges(const struct reader_range *range, unsigned int limit, const char *cursor,
		 struct json_object **list, char *next)
{
	struct edges edges = { 0 };
	size_t from = 0;
	int end = 0, err = -ENOMEM;

	*next = '\0';
	*list = NULL;
	if (cursor && (sscanf(cursor, "%9zu%n", &from, &end) != 1 || cursor[end]))
		return -EINVAL;
	edges.table = table_new(sizeof(struct edge));
	edges.key = printbuf_new();
	if (edges.table && edges.key)
		err = days_walk(range, read_day, &edges);
	if (!err) {
		*list = page_of(edges.table, from, limit, next);
		err = *list ? 0 : -ENOMEM;
	}
	printbuf_free(edges.key);
	table_free(edges.table, clear);
	return err;
}
