// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writing a day's file. Edges and attributions are found in memory; their sums are written
 * at a commit, so that a record costs one row.
 */
#include "day.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "hash.h"
#include "lib/text.h"
#include "schema.h"

/* Edges that are remembered; beyond three quarters all are forgotten. */
#define EDGES (1U << 17)
#define ATTRIBUTIONS (1U << 12)
/* kB of a file that the writer keeps in memory. */
#define CACHE_KB 16384

/* What makes an edge, without holes; it is hashed as it lies there. */
struct edge_key {
	uint64_t attribution;
	uint32_t uid;
	uint32_t port;
	/* Direction, family, protocol, verdict, reason, flags. */
	uint8_t facts[8];
	uint8_t command[16];
	uint8_t host[16];
	uint8_t peer[16];
};

/* Sums that are not written yet. */
struct sums {
	int64_t rows;
	int64_t count;
	int64_t of[4];
};

struct edge {
	uint64_t hash;
	uint32_t id;
	bool dirty;
	int64_t slot;
	int64_t first;
	int64_t last;
	struct sums sums;
};

struct known {
	struct attribution *attribution;
	int64_t id;
};

enum statement {
	FIND_ATTRIBUTION,
	ADD_ATTRIBUTION,
	FIND_EDGE,
	ADD_EDGE,
	SUM_EDGE,
	ADD_SLOT,
	ADD_HOUR,
	ADD_MINUTE,
	ADD_FLOW,
	CHANGE_FLOW,
	MOVE_FLOW,
	ADD_HOLE,
	SET,
	ADD,
	BEGIN,
	COMMIT,
	N_STATEMENTS,
};

#define ADD_SUMS                                                                        \
	" ON CONFLICT DO UPDATE SET count=count+excluded.count,"                        \
	" bytes_in=bytes_in+excluded.bytes_in, bytes_out=bytes_out+excluded.bytes_out," \
	" packets_in=packets_in+excluded.packets_in, packets_out=packets_out+excluded.packets_out"

static const char *const statements[N_STATEMENTS] = {
	[FIND_ATTRIBUTION] = "SELECT id FROM attribution WHERE hash=?",
	[ADD_ATTRIBUTION] =
		"INSERT INTO attribution VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[FIND_EDGE] = "SELECT id FROM edge WHERE hash=?",
	[ADD_EDGE] = "INSERT INTO edge VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,0,0,0,0,0)",
	[SUM_EDGE] =
		"UPDATE edge SET first=min(first,?2), last=max(last,?3), rows=rows+?4, count=count+?5,"
		" bytes_in=bytes_in+?6, bytes_out=bytes_out+?7, packets_in=packets_in+?8,"
		" packets_out=packets_out+?9 WHERE id=?1",
	[ADD_SLOT] = "INSERT INTO slot VALUES (?,?,?,?,?,?,?)" ADD_SUMS,
	[ADD_HOUR] = "INSERT INTO hour VALUES (?,?,?,?,?,?,?)" ADD_SUMS,
	[ADD_MINUTE] =
		"INSERT INTO minute VALUES (?,?,?) ON CONFLICT DO UPDATE SET count=count+excluded.count",
	[ADD_FLOW] = "INSERT INTO flow VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[CHANGE_FLOW] =
		("UPDATE flow SET last=max(last,?2-first), count=count+?3, bytes_in=?4, bytes_out=?5,"
		 " packets_in=?6, packets_out=?7, state=?8, event=?9, generation=?10 WHERE id=?1"),
	[MOVE_FLOW] = "UPDATE flow SET edge=?2 WHERE id=?1",
	[ADD_HOLE] = "INSERT INTO hole VALUES (?,?,?,?,?,?)",
	[SET] = "INSERT INTO counter VALUES (?,?) ON CONFLICT DO UPDATE SET value=excluded.value",
	[ADD] = "INSERT INTO counter VALUES (?,?) ON CONFLICT DO UPDATE SET value=value+excluded.value",
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
};

struct day {
	int64_t number;
	sqlite3 *db;
	sqlite3_stmt *statements[N_STATEMENTS];
	struct open_flows *open;
	struct hash_key key;
	int64_t last_row;
	/* Of the last record, and what it has had that is not written yet, by style. */
	int64_t minute;
	int64_t counted[4];
	uint64_t found;
	bool begun;
	unsigned int n_edges;
	unsigned int n_dirty;
	struct edge **dirty;
	struct edge *edges;
	unsigned int n_known;
	struct known known[ATTRIBUTIONS];
};

const char *stage_name(enum stage stage)
{
	static const char *const names[N_STAGES] = {
		[STAGE_KERNEL] = "kernel ring",
		[STAGE_NETLINK] = "netlink",
		[STAGE_STOPPED] = "service stopped",
		[STAGE_QUEUE] = "queue",
		[STAGE_DISK] = "disk",
		[STAGE_DAMAGED] = "damaged file",
	};

	return (unsigned int)stage < N_STAGES ? names[stage] : "unknown";
}

/* --- statements ----------------------------------------------------------- */

/* As many numbers as there are, from the first parameter on. */
static void bind(sqlite3_stmt *statement, int first, const int64_t *values, int n)
{
	int i;

	for (i = 0; i < n; i++)
		sqlite3_bind_int64(statement, first + i, values[i]);
}

static int step(sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	sqlite3_reset(statement);
	return schema_error(result);
}

#define RUN(day, which, ...)                                             \
	({                                                               \
		const int64_t run_values[] = { __VA_ARGS__ };            \
		bind((day)->statements[which], 1, run_values,            \
		     (int)(sizeof(run_values) / sizeof(run_values[0]))); \
		step((day)->statements[which]);                          \
	})

/* The row of a hash: its id, 0 where there is none, or an error. */
static int64_t find(struct day *day, enum statement which, uint64_t hash)
{
	sqlite3_stmt *statement = day->statements[which];
	int64_t id = 0;
	int result;

	sqlite3_bind_int64(statement, 1, (int64_t)hash);
	result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		id = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return schema_error(result) ? schema_error(result) : id;
}

static int read_number(struct day *day, const char *sql, int64_t *value)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(day->db, sql, -1, &statement, NULL);

	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return schema_error(result);
}

/* --- attributions --------------------------------------------------------- */

static uint64_t attribution_hash(const struct day *day, const struct attribution *attribution)
{
	uint64_t hash[3] = { 0, (uint64_t)(uint32_t)attribution->rule_index, attribution->type };
	unsigned int i;

	for (i = 0; i < N_ATTRIBUTION_TEXTS; i++) {
		hash[2] += (uint64_t)i << 32;
		hash[1] ^= hash_bytes(&day->key, attribution->texts[i],
				      strlen(attribution->texts[i]) + 1);
		hash[0] = hash_bytes(&day->key, hash, sizeof(hash));
	}
	return hash[0];
}

static int64_t add_attribution(struct day *day, const struct attribution *attribution)
{
	sqlite3_stmt *statement = day->statements[ADD_ATTRIBUTION];
	uint64_t hash = attribution_hash(day, attribution);
	int64_t id = find(day, FIND_ATTRIBUTION, hash);
	const int64_t numbers[] = { (int64_t)hash, attribution->type, attribution->rule_index };
	int err, i;

	if (id)
		return id;
	bind(statement, 1, numbers, 3);
	for (i = 0; i < N_ATTRIBUTION_TEXTS; i++)
		sqlite3_bind_text(statement, 4 + i, attribution->texts[i], -1, SQLITE_STATIC);
	err = step(statement);
	return err ? err : sqlite3_last_insert_rowid(day->db);
}

static void forget_attributions(struct day *day)
{
	unsigned int i;

	for (i = 0; i < ATTRIBUTIONS; i++) {
		attribution_put(day->known[i].attribution);
		day->known[i].attribution = NULL;
	}
	day->n_known = 0;
}

static int64_t find_attribution(struct day *day, struct attribution *attribution)
{
	size_t i = ((uintptr_t)attribution >> 5) % ATTRIBUTIONS;
	int64_t id;

	while (day->known[i].attribution && day->known[i].attribution != attribution)
		i = (i + 1) % ATTRIBUTIONS;
	if (day->known[i].attribution)
		return day->known[i].id;
	id = add_attribution(day, attribution);
	if (id <= 0)
		return id;
	if (day->n_known++ >= ATTRIBUTIONS / 2) {
		forget_attributions(day);
		return id;
	}
	day->known[i].attribution = attribution_get(attribution);
	day->known[i].id = id;
	return id;
}

/* --- edges ---------------------------------------------------------------- */

/* Text that anybody may choose, fit for a column. */
static int command_of(const struct mseg_flow_record *kernel, char *command)
{
	memcpy(command, kernel->command, sizeof(kernel->command));
	command[sizeof(kernel->command)] = '\0';
	text_clean(command);
	return (int)strlen(command);
}

static int64_t add_edge(struct day *day, uint64_t hash, const struct edge_key *key,
			const struct record *record)
{
	const struct mseg_flow_record *kernel = &record->kernel;
	sqlite3_stmt *statement = day->statements[ADD_EDGE];
	int size = kernel->family == MSEG_FAMILY_IPV4 ? 4 : 16, err;
	const int64_t numbers[] = { (int64_t)hash,     (int64_t)key->attribution,
				    kernel->direction, kernel->protocol,
				    key->port,	       kernel->verdict,
				    kernel->reason,    kernel->flags,
				    (int32_t)key->uid };
	char command[sizeof(kernel->command) * 4 + 1];

	bind(statement, 1, numbers, 9);
	sqlite3_bind_text(statement, 10, command, command_of(kernel, command), SQLITE_STATIC);
	sqlite3_bind_blob(statement, 11, record_host(kernel), size, SQLITE_STATIC);
	sqlite3_bind_blob(statement, 12, record_peer(kernel), size, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 13, (int64_t)(kernel->first_seen / 1000));
	sqlite3_bind_int64(statement, 14, (int64_t)(kernel->last_seen / 1000));
	err = step(statement);
	return err ? err : sqlite3_last_insert_rowid(day->db);
}

/* To an edge, its slot and its hour; they may be less than nothing. */
static int write_sums(struct day *day, const struct edge *edge, const struct sums *sums)
{
	const int64_t *of = sums->of;
	int err = RUN(day, SUM_EDGE, edge->id, edge->first, edge->last, sums->rows, sums->count,
		      of[0], of[1], of[2], of[3]);

	if (!err)
		err = RUN(day, ADD_SLOT, edge->slot, edge->id, sums->count, of[0], of[1], of[2],
			  of[3]);
	if (!err)
		err = RUN(day, ADD_HOUR, edge->slot / SCHEMA_HOUR, edge->id, sums->count, of[0],
			  of[1], of[2], of[3]);
	return err;
}

static int write_edge(struct day *day, struct edge *edge)
{
	int err = write_sums(day, edge, &edge->sums);

	memset(&edge->sums, 0, sizeof(edge->sums));
	return err;
}

static int write_edges(struct day *day)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < day->n_dirty && !err; i++)
		err = write_edge(day, day->dirty[i]);
	for (i = 0; i < day->n_dirty; i++)
		day->dirty[i]->dirty = false;
	day->n_dirty = 0;
	return err;
}

static void forget_edges(struct day *day)
{
	memset(day->edges, 0, EDGES * sizeof(*day->edges));
	day->n_edges = 0;
	day->n_dirty = 0;
}

static struct edge *place_of(struct day *day, uint64_t hash)
{
	size_t i = hash % EDGES;

	while (day->edges[i].id && day->edges[i].hash != hash)
		i = (i + 1) % EDGES;
	return &day->edges[i];
}

static int learn_edge(struct day *day, uint64_t hash, const struct edge_key *key,
		      const struct record *record, struct edge **edge)
{
	int64_t id = find(day, FIND_EDGE, hash);
	int err = 0;

	if (!id)
		id = add_edge(day, hash, key, record);
	if (id < 0)
		return (int)id;
	if (day->n_edges >= EDGES / 4 * 3) {
		err = write_edges(day);
		forget_edges(day);
		*edge = place_of(day, hash);
	}
	day->n_edges++;
	(*edge)->hash = hash;
	(*edge)->id = (uint32_t)id;
	return err;
}

/* Of an edge between whom, and how; not what the names are. */
static struct edge_key key_without_names(const struct mseg_flow_record *kernel)
{
	struct edge_key key = { .port = record_port(kernel) };
	const uint8_t facts[] = { kernel->direction, kernel->family, kernel->protocol,
				  kernel->verdict,   kernel->reason, kernel->flags };

	memcpy(key.facts, facts, sizeof(facts));
	memcpy(key.host, record_host(kernel), sizeof(key.host));
	memcpy(key.peer, record_peer(kernel), sizeof(key.peer));
	return key;
}

static int find_edge(struct day *day, const struct record *record, struct edge **edge)
{
	const struct mseg_flow_record *kernel = &record->kernel;
	int64_t attribution = find_attribution(day, record->attribution);
	struct edge_key key = key_without_names(kernel);
	uint64_t hash;

	if (attribution < 0)
		return (int)attribution;
	key.attribution = (uint64_t)attribution;
	key.uid = kernel->uid;
	memcpy(key.command, kernel->command, sizeof(key.command));
	hash = hash_bytes(&day->key, &key, sizeof(key));
	*edge = place_of(day, hash);
	return (*edge)->id ? 0 : learn_edge(day, hash, &key, record, edge);
}

/* --- minutes -------------------------------------------------------------- */

static int write_minute(struct day *day)
{
	int err = 0, style;

	for (style = 0; style < 4 && !err; style++)
		if (day->counted[style])
			err = RUN(day, ADD_MINUTE, day->minute, style, day->counted[style]);
	memset(day->counted, 0, sizeof(day->counted));
	return err;
}

static int count_minute(struct day *day, const struct mseg_flow_record *kernel, uint64_t arrived)
{
	int64_t minute = (int64_t)(arrived / 1000000000 / SCHEMA_MINUTE);
	int err = minute == day->minute ? 0 : write_minute(day);

	day->minute = minute;
	day->counted[2 * !!kernel->verdict + !!kernel->reason] += kernel->count;
	return err;
}

/* --- flows ---------------------------------------------------------------- */

static int64_t next_row(struct day *day, uint64_t arrived)
{
	int64_t start = day->number * SCHEMA_DAY * 1000;
	int64_t row = ((int64_t)(arrived / 1000000) - start) * SCHEMA_ROWS;

	day->last_row = row > day->last_row ? row : day->last_row + 1;
	return day->last_row;
}

static bool may_change(const struct day *day, const struct open_flow *flow, const struct edge *edge,
		       uint64_t arrived)
{
	int64_t now = (int64_t)(arrived / 1000000) - day->number * SCHEMA_DAY * 1000;

	return flow->row && flow->day == day->number && flow->edge == edge->id &&
	       now < flow->row / SCHEMA_ROWS + SCHEMA_FLOW_LIFE * 1000LL;
}

/* The same as long as the same rule decides. */
static uint64_t same_of(const struct day *day, const struct mseg_flow_record *kernel)
{
	struct edge_key key = key_without_names(kernel);

	key.attribution = (uint64_t)kernel->generation << 32 | kernel->rule;
	return hash_bytes(&day->key, &key, sizeof(key));
}

/* What an edge has had at the time of a row, or what is taken from it where @sign is -1. */
static int move_sums(struct day *day, uint32_t id, const struct open_flow *flow, int sign)
{
	const int64_t second = day->number * SCHEMA_DAY + flow->row / SCHEMA_ROWS / 1000;
	const struct edge edge = {
		.id = id, .slot = second / SCHEMA_SLOT, .first = INT64_MAX, .last = INT64_MIN
	};
	struct sums sums = { .rows = sign, .count = sign * flow->flows };
	unsigned int i;

	for (i = 0; i < 4; i++)
		sums.of[i] = sign * (int64_t)flow->count[i];
	return write_sums(day, &edge, &sums);
}

/*
 * The process of an incoming connection is known when it answers, its name when it was
 * looked up or told: what its first record said of it then goes to the edge that knows.
 */
static int follow_names(struct day *day, const struct mseg_flow_record *kernel,
			struct open_flow *flow, const struct edge *edge)
{
	int err;

	if (!flow->row || !flow->same || flow->day != day->number || flow->edge == edge->id ||
	    flow->same != same_of(day, kernel))
		return 0;
	err = RUN(day, MOVE_FLOW, flow->row, edge->id);
	/* A row that was undone is made anew. */
	if (err || !sqlite3_changes(day->db))
		return err;
	err = move_sums(day, flow->edge, flow, -1);
	flow->edge = edge->id;
	return err ? err : move_sums(day, edge->id, flow, 1);
}

static int write_flow(struct day *day, const struct record *record, struct open_flow *flow,
		      const struct edge *edge)
{
	const struct mseg_flow_record *kernel = &record->kernel;
	int64_t start = day->number * SCHEMA_DAY * 1000000;
	int64_t first = (int64_t)(kernel->first_seen / 1000) - start;
	int64_t last = (int64_t)(kernel->last_seen / 1000) - start;
	int err;

	if (may_change(day, flow, edge, record->arrived)) {
		flow->same = 0;
		err = RUN(day, CHANGE_FLOW, flow->row, last, kernel->count,
			  (int64_t)kernel->bytes_in, (int64_t)kernel->bytes_out,
			  (int64_t)kernel->packets_in, (int64_t)kernel->packets_out, kernel->state,
			  kernel->event, kernel->generation);
		/* A row that was undone is made anew. */
		if (err || sqlite3_changes(day->db))
			return err;
	}
	/* Of another row, the counters hold what went to other edges. */
	flow->same = flow->row ? 0 : same_of(day, kernel);
	flow->row = next_row(day, record->arrived);
	flow->day = (int32_t)day->number;
	flow->edge = edge->id;
	flow->flows = kernel->count;
	return RUN(day, ADD_FLOW, flow->row, edge->id, (int64_t)kernel->id, first, last - first,
		   kernel->count, (int64_t)kernel->bytes_in, (int64_t)kernel->bytes_out,
		   (int64_t)kernel->packets_in, (int64_t)kernel->packets_out, kernel->source_port,
		   kernel->state, kernel->event, kernel->generation, (int64_t)record->lookup);
}

static void add_sums(struct edge *edge, struct open_flow *flow,
		     const struct mseg_flow_record *kernel, bool is_new)
{
	const uint64_t now[] = { kernel->bytes_in, kernel->bytes_out, kernel->packets_in,
				 kernel->packets_out };
	unsigned int i;

	edge->sums.rows += is_new;
	edge->sums.count += kernel->count;
	for (i = 0; i < 4; i++) {
		/* A counter never goes back, though a record may come short. */
		if (now[i] <= flow->count[i])
			continue;
		edge->sums.of[i] += (int64_t)(now[i] - flow->count[i]);
		flow->count[i] = now[i];
	}
}

static int touch(struct day *day, struct edge *edge, const struct record *record)
{
	int64_t slot = (int64_t)(record->arrived / 1000000000 / SCHEMA_SLOT);
	int64_t first = (int64_t)(record->kernel.first_seen / 1000);
	int64_t last = (int64_t)(record->kernel.last_seen / 1000);
	int err = 0;

	if (edge->dirty && edge->slot != slot)
		err = write_edge(day, edge);
	if (!edge->dirty) {
		edge->dirty = true;
		edge->first = first;
		edge->last = last;
		day->dirty[day->n_dirty++] = edge;
	}
	edge->slot = slot;
	edge->first = first < edge->first ? first : edge->first;
	edge->last = last > edge->last ? last : edge->last;
	return err;
}

static int begin(struct day *day)
{
	int err = day->begun ? 0 : step(day->statements[BEGIN]);

	day->begun = !err;
	return err;
}

/* What was begun is lost; what is remembered of it must be forgotten. */
static int undo(struct day *day, int err)
{
	if (!err)
		return 0;
	sqlite3_exec(day->db, "ROLLBACK", NULL, NULL, NULL);
	day->begun = false;
	forget_edges(day);
	forget_attributions(day);
	memset(day->counted, 0, sizeof(day->counted));
	return err;
}

static int put(struct day *day, struct record *record)
{
	const struct mseg_flow_record *kernel = &record->kernel;
	struct open_flow *flow = open_get(day->open, kernel->id, kernel->first_seen / 1000);
	int64_t row = flow->row;
	struct edge *edge = NULL;
	int err;

	/* What was lost is not known by its name alone. */
	if (record->again && !row)
		return 0;
	err = find_edge(day, record, &edge);
	if (!err)
		err = touch(day, edge, record);
	if (err)
		return err;
	/* What the kernel still held, or is told again, may be known, and was counted then. */
	if ((record->held || record->again) && row)
		record->kernel.count = 0;
	day->found += record->held && !row;
	err = follow_names(day, kernel, flow, edge);
	if (!err)
		err = write_flow(day, record, flow, edge);
	add_sums(edge, flow, kernel, flow->row != row);
	return err ? err : count_minute(day, kernel, record->arrived);
}

int day_put(struct day *day, const struct record *record)
{
	struct record copy = *record;
	int err = begin(day);

	if (!err)
		err = put(day, &copy);
	return undo(day, err);
}

int day_put_hole(struct day *day, const struct hole *hole)
{
	sqlite3_stmt *statement = day->statements[ADD_HOLE];
	const int64_t values[] = {
		(int64_t)(hole->begin / 1000), (int64_t)(hole->end / 1000), hole->stage, hole->lost,
		(int64_t)hole->accept,	       (int64_t)hole->reject
	};
	int err = begin(day);

	bind(statement, 1, values, 6);
	if (hole->lost < 0)
		sqlite3_bind_null(statement, 4);
	if (!err)
		err = step(statement);
	return undo(day, err);
}

static int write_number(struct day *day, enum statement which, const char *name, int64_t value)
{
	sqlite3_stmt *statement = day->statements[which];
	int err = begin(day);

	sqlite3_bind_text(statement, 1, name, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 2, value);
	if (!err)
		err = step(statement);
	return undo(day, err);
}

int day_set(struct day *day, const char *name, int64_t value)
{
	return write_number(day, SET, name, value);
}

int day_add(struct day *day, const char *name, int64_t value)
{
	return value ? write_number(day, ADD, name, value) : 0;
}

int day_get(struct day *day, const char *name, int64_t *value)
{
	char sql[96];

	snprintf(sql, sizeof(sql), "SELECT value FROM counter WHERE name='%s'", name);
	return read_number(day, sql, value);
}

uint64_t day_found(struct day *day)
{
	uint64_t found = day->found;

	day->found = 0;
	return found;
}

int day_commit(struct day *day)
{
	int err = 0;

	if (!day->begun)
		return 0;
	err = write_edges(day);
	if (!err)
		err = write_minute(day);
	if (!err)
		err = step(day->statements[COMMIT]);
	if (!err)
		day->begun = false;
	return undo(day, err);
}

/* --- opening -------------------------------------------------------------- */

static int exec(struct day *day, const char *sql)
{
	return schema_error(sqlite3_exec(day->db, sql, NULL, NULL, NULL));
}

static int make(struct day *day)
{
	uint64_t key[2];
	char sql[256];
	int err;

	if (getrandom(key, sizeof(key), 0) != sizeof(key))
		return -EIO;
	snprintf(sql, sizeof(sql),
		 "INSERT INTO counter VALUES ('key0',%lld),('key1',%lld),('minutes',1),('names',1); PRAGMA user_version=%d; COMMIT",
		 (long long)key[0], (long long)key[1], SCHEMA_VERSION);
	err = exec(day, "BEGIN EXCLUSIVE");
	if (!err)
		err = exec(day, schema_tables);
	return err ? err : exec(day, sql);
}

static int read_file(struct day *day)
{
	int64_t version = 0, names = 0, key[2] = { 0 };
	int err = read_number(day, "PRAGMA user_version", &version);

	if (!err && !version)
		err = make(day);
	else if (!err && version != SCHEMA_VERSION)
		err = -EUCLEAN;
	if (!err)
		err = exec(day, schema_later);
	if (!err)
		err = day_get(day, "names", &names);
	if (!err && !names)
		err = exec(day, schema_names);
	if (!err)
		err = read_number(day, "SELECT value FROM counter WHERE name='key0'", &key[0]);
	if (!err)
		err = read_number(day, "SELECT value FROM counter WHERE name='key1'", &key[1]);
	if (!err)
		err = read_number(day, "SELECT max(id) FROM flow", &day->last_row);
	day->key = (struct hash_key){ { (uint64_t)key[0], (uint64_t)key[1] } };
	return err;
}

/* Connections that have not ended, so that their next record finds its row. */
static int read_open(struct day *day)
{
	static const char sql[] =
		"SELECT connection, first, id, edge, bytes_in, bytes_out, packets_in, packets_out"
		" FROM flow WHERE event != 2 ORDER BY id";
	int64_t start = day->number * SCHEMA_DAY * 1000000;
	sqlite3_stmt *rows = NULL;
	struct open_flow *flow;
	int result = sqlite3_prepare_v2(day->db, sql, -1, &rows, NULL);
	int i;

	while (result == SQLITE_OK && sqlite3_step(rows) == SQLITE_ROW) {
		flow = open_get(day->open, (uint64_t)sqlite3_column_int64(rows, 0),
				(uint64_t)(sqlite3_column_int64(rows, 1) + start));
		flow->row = sqlite3_column_int64(rows, 2);
		flow->day = (int32_t)day->number;
		flow->edge = (uint32_t)sqlite3_column_int64(rows, 3);
		for (i = 0; i < 4; i++)
			flow->count[i] = (uint64_t)sqlite3_column_int64(rows, 4 + i);
	}
	return schema_error(sqlite3_finalize(rows));
}

static int prepare(struct day *day)
{
	unsigned int i;
	int result = SQLITE_OK;

	for (i = 0; i < N_STATEMENTS && result == SQLITE_OK; i++)
		result = sqlite3_prepare_v3(day->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
					    &day->statements[i], NULL);
	return schema_error(result);
}

static int open_file(struct day *day, const char *directory)
{
	char path[PATH_MAX], pragmas[160];
	int err;

	schema_file(directory, day->number, path);
	err = schema_error(
		sqlite3_open_v2(path, &day->db,
				SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
				NULL));
	if (err)
		return err;
	snprintf(pragmas, sizeof(pragmas),
		 "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-%d;"
		 "PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=33554432",
		 CACHE_KB);
	sqlite3_busy_timeout(day->db, 1000);
	err = exec(day, pragmas);
	if (!err)
		err = read_file(day);
	if (!err)
		err = prepare(day);
	return err ? err : read_open(day);
}

int day_open(const char *directory, int64_t number, struct open_flows *open, struct day **result)
{
	struct day *day = calloc(1, sizeof(*day));
	int err = -ENOMEM;

	*result = NULL;
	if (!day)
		return -ENOMEM;
	day->number = number;
	day->open = open;
	day->edges = calloc(EDGES, sizeof(*day->edges));
	day->dirty = calloc(EDGES, sizeof(struct edge *));
	if (day->edges && day->dirty)
		err = open_file(day, directory);
	if (err)
		day_close(day);
	else
		*result = day;
	return err;
}

void day_close(struct day *day)
{
	unsigned int i;

	if (!day)
		return;
	for (i = 0; i < N_STATEMENTS; i++)
		sqlite3_finalize(day->statements[i]);
	sqlite3_close(day->db);
	forget_attributions(day);
	free(day->edges);
	free(day->dirty);
	free(day);
}

int64_t day_number(const struct day *day)
{
	return day->number;
}
