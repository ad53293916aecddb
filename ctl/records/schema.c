// SPDX-License-Identifier: GPL-2.0-or-later
/* The tables of a day's file. */
#include "schema.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "record.h"

const char *const schema_texts[N_ATTRIBUTION_TEXTS] = {
	[ATTRIBUTION_PEER_ID] = "peer_id",
	[ATTRIBUTION_PEER_NAME] = "peer_name",
	[ATTRIBUTION_POLICY_ID] = "policy_id",
	[ATTRIBUTION_POLICY_NAMESPACE] = "policy_namespace",
	[ATTRIBUTION_POLICY_NAME] = "policy_name",
	[ATTRIBUTION_RULE_NAME] = "rule_name",
	[ATTRIBUTION_NAMESPACE] = "namespace",
	[ATTRIBUTION_ENFORCER_ID] = "enforcer_id",
	[ATTRIBUTION_HOST_NAME] = "host_name",
	[ATTRIBUTION_OBSERVED_ACTION] = "observed_action",
	[ATTRIBUTION_OBSERVED_POLICY_ID] = "observed_policy_id",
	[ATTRIBUTION_OBSERVED_RULE_NAME] = "observed_rule_name",
	[ATTRIBUTION_CANDIDATE_ACTION] = "candidate_action",
	[ATTRIBUTION_CANDIDATE_RULE_NAME] = "candidate_rule_name",
	[ATTRIBUTION_NAME] = "name",
	[ATTRIBUTION_OBSERVED_NAME] = "observed_name",
};

const char schema_tables[] =
	"CREATE TABLE attribution (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL UNIQUE,"
	" type INTEGER NOT NULL, rule_index INTEGER NOT NULL, peer_id TEXT NOT NULL,"
	" peer_name TEXT NOT NULL, policy_id TEXT NOT NULL, policy_namespace TEXT NOT NULL,"
	" policy_name TEXT NOT NULL, rule_name TEXT NOT NULL, namespace TEXT NOT NULL,"
	" enforcer_id TEXT NOT NULL, host_name TEXT NOT NULL, observed_action TEXT NOT NULL,"
	" observed_policy_id TEXT NOT NULL, observed_rule_name TEXT NOT NULL,"
	" candidate_action TEXT NOT NULL, candidate_rule_name TEXT NOT NULL, name TEXT NOT NULL,"
	" observed_name TEXT NOT NULL DEFAULT '');"
	/* What flows have in common, with their sums of the day. */
	"CREATE TABLE edge (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL UNIQUE,"
	" attribution INTEGER NOT NULL, direction INTEGER NOT NULL, protocol INTEGER NOT NULL,"
	" port INTEGER NOT NULL, verdict INTEGER NOT NULL, reason INTEGER NOT NULL,"
	" flags INTEGER NOT NULL, uid INTEGER NOT NULL, command TEXT NOT NULL,"
	" host BLOB NOT NULL, peer BLOB NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" rows INTEGER NOT NULL, count INTEGER NOT NULL, bytes_in INTEGER NOT NULL,"
	" bytes_out INTEGER NOT NULL, packets_in INTEGER NOT NULL, packets_out INTEGER NOT NULL);"
	/* first is since the day's beginning, last since first. */
	"CREATE TABLE flow (id INTEGER PRIMARY KEY, edge INTEGER NOT NULL,"
	" connection INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" count INTEGER NOT NULL, bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL,"
	" packets_in INTEGER NOT NULL, packets_out INTEGER NOT NULL, port INTEGER NOT NULL,"
	" state INTEGER NOT NULL, event INTEGER NOT NULL, generation INTEGER NOT NULL,"
	" lookup INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX flow_edge ON flow (edge);"
	/* slot counts from 1970. */
	"CREATE TABLE slot (slot INTEGER NOT NULL, edge INTEGER NOT NULL, count INTEGER NOT NULL,"
	" bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL, packets_in INTEGER NOT NULL,"
	" packets_out INTEGER NOT NULL, PRIMARY KEY (slot, edge)) WITHOUT ROWID;"
	/* lost is NULL where nobody knows; stage is enum stage. */
	"CREATE TABLE hole (begin INTEGER NOT NULL, end INTEGER NOT NULL, stage INTEGER NOT NULL,"
	" lost INTEGER, accept INTEGER NOT NULL, reject INTEGER NOT NULL);"
	"CREATE TABLE counter (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;";

#define TEXT(x) #x
#define NUMBER(x) TEXT(x)

/* minute and hour count from 1970; style is verdict * 2 + reason. */
const char schema_later[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE IF NOT EXISTS minute (minute INTEGER NOT NULL, style INTEGER NOT NULL,"
	" count INTEGER NOT NULL, PRIMARY KEY (minute, style)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS hour (hour INTEGER NOT NULL, edge INTEGER NOT NULL,"
	" count INTEGER NOT NULL, bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL,"
	" packets_in INTEGER NOT NULL, packets_out INTEGER NOT NULL, PRIMARY KEY (hour, edge))"
	" WITHOUT ROWID;"
	"INSERT INTO hour SELECT slot/" NUMBER(
		SCHEMA_HOUR) ", edge, sum(count), sum(bytes_in),"
			     " sum(bytes_out), sum(packets_in), sum(packets_out) FROM slot"
			     " WHERE NOT EXISTS (SELECT 1 FROM counter WHERE name='hours') GROUP BY 1, 2;"
			     "INSERT OR IGNORE INTO counter VALUES ('hours',1);"
			     "COMMIT";

const char schema_names[] =
	"BEGIN IMMEDIATE;"
	"ALTER TABLE attribution ADD COLUMN observed_name TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE flow ADD COLUMN lookup INTEGER NOT NULL DEFAULT 0;"
	"INSERT INTO counter VALUES ('names',1);"
	"COMMIT";

const char schema_without_names[] =
	"CREATE TEMP VIEW attribution AS SELECT *, '' AS observed_name FROM main.attribution";

int schema_error(int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_INTERRUPT:
		return -EINTR;
	default:
		return -EIO;
	}
}

void schema_file(const char *directory, int64_t day, char *path)
{
	time_t seconds = (time_t)(day * SCHEMA_DAY);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(path, PATH_MAX, "%s/%04d-%02d-%02d.db", directory, tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday);
}

int64_t schema_day(const char *name)
{
	struct tm tm = { 0 };
	const char *end = strptime(name, "%Y-%m-%d", &tm);

	if (!end || strcmp(end, ".db") || strlen(name) != 13)
		return -1;
	return timegm(&tm) / SCHEMA_DAY;
}
