// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The map: peers, and a line for each direction in which the host has to do with one.
 * Where they are too many for a picture, they are grouped.
 */
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
/* Of services, too, it shows the busiest peers alone. */
#define PEERS_SHOWN 200
#define LINES_SHOWN 600

/* From what shows most to what shows least. */
enum grouping {
	BY_PEER,
	BY_SUBNET,
	BY_PORT,
};

#define COLUMNS \
	"e.direction, a.type, a.peer_id, a.peer_name, e.verdict, e.reason, e.protocol, e.port"

static const struct {
	const char *name;
	const char *columns;
} groupings[] = {
	[BY_PEER] = { "none", COLUMNS },
	/* /16 and, of IPv6, /32. */
	[BY_SUBNET] = { "subnet", COLUMNS ", substr(e.peer, 1, CASE length(e.peer) WHEN 4 THEN 2"
					  " ELSE 4 END)" },
	[BY_PORT] = { "port", COLUMNS },
};

enum column {
	C_DIRECTION,
	C_TYPE,
	C_PEER_ID,
	C_PEER_NAME,
	C_VERDICT,
	C_REASON,
	C_PROTOCOL,
	C_PORT,
	C_SUBNET,
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
	const char *type;
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
	enum grouping grouping;
	struct table *peers;
	struct table *lines;
};

/* --- gathering ------------------------------------------------------------ */

/* What stands at a line's end. */
struct end {
	const char *type;
	const char *id;
	const char *name;
	char text[WORDS_MAX + 24];
};

static void end_by_subnet(sqlite3_stmt *row, struct end *end)
{
	size_t len = (size_t)sqlite3_column_bytes(row, C_SUBNET);
	const void *prefix = sqlite3_column_blob(row, C_SUBNET);
	uint8_t address[16] = { 0 };
	char text[WORDS_MAX];

	if (prefix && len <= sizeof(address))
		memcpy(address, prefix, len);
	words_address(address, len == 2 ? 4 : 16, text);
	snprintf(end->text, sizeof(end->text), "%s/%zu", text, len * 8);
	end->type = "Subnet";
	end->id = "";
	end->name = end->text;
}

static void end_by_port(sqlite3_stmt *row, struct end *end)
{
	words_service(sqlite3_column_int(row, C_PROTOCOL), sqlite3_column_int(row, C_PORT),
		      end->text);
	end->type = "Service";
	end->id = "";
	end->name = end->text;
}

/* Nobody's addresses stay with Somewhere in subnets, too. */
static void find_end(const struct map *map, sqlite3_stmt *row, struct end *end)
{
	int type = sqlite3_column_int(row, C_TYPE);

	if (map->grouping == BY_PORT) {
		end_by_port(row, end);
	} else if (map->grouping == BY_SUBNET && type != PEER_SOMEWHERE) {
		end_by_subnet(row, end);
	} else {
		end->type = record_type_name((enum peer_type)type);
		end->id = days_text(row, C_PEER_ID);
		end->name = words_peer(type, days_text(row, C_PEER_NAME));
	}
}

static struct peer *find_peer(struct map *map, sqlite3_stmt *row)
{
	struct peer *peer = NULL;
	char *key = NULL;
	struct end end;

	find_end(map, row, &end);
	if (asprintf(&key, "%s/%s", end.type, end.name) >= 0)
		peer = table_get(map->peers, key);
	if (peer && !peer->key) {
		peer->key = key;
		key = NULL;
		peer->id = strdup(end.id);
		peer->name = strdup(end.name);
		peer->type = end.type;
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
	const struct map *map = arg;

	return sums_read(days, groupings[map->grouping].columns, add, arg);
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
	json_add_string(object, "type", peer->type);
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
	json_add_string(object, "grouping", groupings[map->grouping].name);
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

static void clear(struct map *map)
{
	table_free(map->lines, clear_line);
	table_free(map->peers, clear_peer);
}

static int gather(const struct reader_range *range, enum grouping grouping, struct map *map)
{
	map->grouping = grouping;
	map->peers = table_new(sizeof(struct peer));
	map->lines = table_new(sizeof(struct line));
	return map->peers && map->lines ? days_walk(range, read_day, map) : -ENOMEM;
}

static void count_all(const struct map *map, size_t *n_peers, size_t *n_lines)
{
	table_list(map->peers, n_peers);
	table_list(map->lines, n_lines);
}

int reader_map(const struct reader_range *range, struct json_object **result)
{
	size_t all_peers = 0, all_lines = 0, n_peers, n_lines;
	enum grouping grouping = BY_PEER;
	struct map map;
	int err;

	*result = NULL;
	for (err = gather(range, grouping, &map); !err; err = gather(range, ++grouping, &map)) {
		count_all(&map, &n_peers, &n_lines);
		if (grouping == BY_PEER) {
			all_peers = n_peers;
			all_lines = n_lines;
		}
		if (grouping == BY_PORT || (n_peers <= PEERS_SHOWN && n_lines <= LINES_SHOWN))
			break;
		clear(&map);
	}
	if (!err) {
		*result = tell(&map);
		json_add_number(*result, "peersTotal", all_peers);
		json_add_number(*result, "linesTotal", all_lines);
	}
	clear(&map);
	return err;
}
