// SPDX-License-Identifier: GPL-2.0-or-later
/* The map: peers, and a line for each direction in which the host has to do with one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "words.h"
#include "sums.h"
#include "table.h"

/* Services that a line names. */
#define SERVICES_SHOWN 10
/* Peers that a map shows, the busiest. */
#define PEERS_SHOWN 500

static const char columns[] =
	"e.direction, a.type, a.peer_id, a.peer_name, e.verdict, e.reason, e.protocol, e.port";

enum column {
	C_DIRECTION,
	C_TYPE,
	C_PEER_ID,
	C_PEER_NAME,
	C_VERDICT,
	C_REASON,
	C_PROTOCOL,
	C_PORT,
};

static const char *const counts[] = { "allowedRule", "allowedDefault", "rejectedRule",
				      "rejectedDefault" };

struct service_sum {
	char text[WORDS_MAX];
	const char *name;
	int64_t count;
};

struct peer {
	char *key;
	char *id;
	char *name;
	int type;
	int64_t count;
	bool shown;
};

struct line {
	struct peer *peer;
	int direction;
	struct sums sums;
	int64_t counts[4];
	bool seen[4];
	struct table *services;
};

struct map {
	struct table *peers;
	struct table *lines;
};

/* --- gathering ------------------------------------------------------------ */

static struct peer *find_peer(struct map *map, sqlite3_stmt *row)
{
	int type = sqlite3_column_int(row, C_TYPE);
	const char *name = words_peer(type, days_text(row, C_PEER_NAME));
	struct peer *peer = NULL;
	char *key = NULL;

	if (asprintf(&key, "%s/%s", record_type_name((enum peer_type)type), name) >= 0)
		peer = table_get(map->peers, key);
	if (peer && !peer->key) {
		peer->key = key;
		key = NULL;
		peer->id = strdup(days_text(row, C_PEER_ID));
		peer->name = strdup(name);
		peer->type = type;
	}
	free(key);
	return peer && peer->id && peer->name ? peer : NULL;
}

static struct line *find_line(struct map *map, struct peer *peer, int direction)
{
	struct line *line = NULL;
	char *key = NULL;

	if (asprintf(&key, "%d/%s", direction, peer->key) >= 0)
		line = table_get(map->lines, key);
	free(key);
	if (line && !line->services) {
		line->peer = peer;
		line->direction = direction;
		line->services = table_new(sizeof(struct service_sum));
	}
	return line && line->services ? line : NULL;
}

static int add_service(struct line *line, sqlite3_stmt *row, int64_t count)
{
	int protocol = sqlite3_column_int(row, C_PROTOCOL), port = sqlite3_column_int(row, C_PORT);
	struct service_sum *service;
	char text[WORDS_MAX];

	words_service(protocol, port, text);
	service = table_get(line->services, text);
	if (!service)
		return -ENOMEM;
	memcpy(service->text, text, sizeof(text));
	service->name = words_name(protocol, port);
	service->count += count;
	return 0;
}

static int add(sqlite3_stmt *row, const struct sums *sums, void *arg)
{
	unsigned int style =
		2 * !!sqlite3_column_int(row, C_VERDICT) + !!sqlite3_column_int(row, C_REASON);
	struct map *map = arg;
	struct peer *peer = find_peer(map, row);
	struct line *line = peer ? find_line(map, peer, sqlite3_column_int(row, C_DIRECTION)) :
				   NULL;

	if (!line)
		return -ENOMEM;
	sums_add(&line->sums, sums);
	peer->count += sums->count;
	line->counts[style] += sums->count;
	line->seen[style] = true;
	return add_service(line, row, sums->count);
}

static int read_day(struct days *days, void *arg)
{
	return sums_read(days, columns, add, arg);
}

/* --- telling -------------------------------------------------------------- */

static int compare_services(const void *a, const void *b)
{
	const struct service_sum *const *x = a, *const *y = b;

	return (*x)->count < (*y)->count ? 1 : -((*x)->count > (*y)->count);
}

static int compare_peers(const void *a, const void *b)
{
	const struct peer *const *x = a, *const *y = b;

	return (*x)->count < (*y)->count ? 1 : -((*x)->count > (*y)->count);
}

static void add_services(struct json_object *object, struct line *line)
{
	struct json_object *list = json_object_new_array(), *entry;
	size_t n, i;
	struct service_sum **services = (struct service_sum **)table_list(line->services, &n);

	qsort(services, n, sizeof(*services), compare_services);
	for (i = 0; i < n && i < SERVICES_SHOWN; i++) {
		entry = json_object_new_object();
		json_add_string(entry, "service", services[i]->text);
		json_add_string(entry, "name", services[i]->name);
		json_add_number(entry, "flows", (uint64_t)services[i]->count);
		json_object_array_add(list, entry);
	}
	json_add(object, "services", list);
	json_add_number(object, "moreServices", n - i);
}

static const char *style_of(const struct line *line)
{
	unsigned int i, style = 0;

	if ((line->seen[0] || line->seen[1]) && (line->seen[2] || line->seen[3]))
		return "both";
	/* By a rule and by the default: what discovery mode's end would change shows. */
	for (i = 0; i < 4; i++)
		if (line->seen[i])
			style = i;
	return words_style(style / 2, style % 2);
}

static struct json_object *line_json(struct line *line)
{
	struct json_object *object = json_object_new_object(), *sums = json_object_new_object();
	unsigned int i;

	json_add_string(object, "peer", line->peer->key);
	json_add_string(object, "direction", words_direction(line->direction));
	json_add_string(object, "style", style_of(line));
	for (i = 0; i < 4; i++)
		json_add_number(sums, counts[i], (uint64_t)line->counts[i]);
	json_add(object, "counts", sums);
	sums_json(&line->sums, object);
	add_services(object, line);
	return object;
}

static struct json_object *peer_json(const struct peer *peer)
{
	struct json_object *object = json_object_new_object();

	json_add_string(object, "key", peer->key);
	json_add_string(object, "type", record_type_name((enum peer_type)peer->type));
	json_add_string(object, "ID", *peer->id ? peer->id : NULL);
	json_add_string(object, "name", peer->name);
	return object;
}

static struct json_object *tell(struct map *map)
{
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();
	size_t n_peers, n_lines, i;
	struct peer **peers = (struct peer **)table_list(map->peers, &n_peers);
	struct line **lines = (struct line **)table_list(map->lines, &n_lines);

	if (n_peers)
		qsort(peers, n_peers, sizeof(*peers), compare_peers);
	for (i = 0; i < n_peers && i < PEERS_SHOWN; i++) {
		json_object_array_add(list, peer_json(peers[i]));
		peers[i]->shown = true;
	}
	json_add(object, "peers", list);
	list = json_object_new_array();
	for (i = 0; i < n_lines; i++)
		if (lines[i]->peer->shown)
			json_object_array_add(list, line_json(lines[i]));
	json_add(object, "lines", list);
	json_add_string(object, "grouping", "none");
	json_add_number(object, "peersTotal", n_peers);
	json_add_number(object, "linesTotal", n_lines);
	return object;
}

static void clear_peer(void *thing)
{
	struct peer *peer = thing;

	free(peer->key);
	free(peer->id);
	free(peer->name);
}

static void clear_line(void *thing)
{
	struct line *line = thing;

	table_free(line->services, NULL);
}

int reader_map(const struct reader_range *range, struct json_object **result)
{
	struct map map = { table_new(sizeof(struct peer)), table_new(sizeof(struct line)) };
	int err = map.peers && map.lines ? days_walk(range, read_day, &map) : -ENOMEM;

	*result = err ? NULL : tell(&map);
	table_free(map.lines, clear_line);
	table_free(map.peers, clear_peer);
	return err;
}
