// SPDX-License-Identifier: GPL-2.0-or-later
/* Queries: tests/vectors/query.json, read, matched and asked of a database. */
#include "ctl_cmocka.h"

#include <errno.h>
#include <arpa/inet.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/protocols.h"
#include "records/query.h"
#include "records/schema.h"

#define VECTORS "tests/vectors/query.json"

static struct json_object *vectors;
static struct record *records;
static size_t n_records;
static sqlite3 *db;

static const char *text(struct json_object *object, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value) : "";
}

static int number(struct json_object *object, const char *key, int otherwise)
{
	struct json_object *value;

	return json_object_object_get_ex(object, key, &value) ? json_object_get_int(value) :
								otherwise;
}

static struct json_object *list(const char *key)
{
	struct json_object *value = NULL;

	assert_true(json_object_object_get_ex(vectors, key, &value));
	return value;
}

static void set_address(struct record *record, const char *peer, const char *host)
{
	struct mseg_flow_record *kernel = &record->kernel;
	bool in = kernel->direction == MSEG_DIRECTION_IN, is_ipv6 = strchr(peer, ':');

	kernel->family = is_ipv6 ? MSEG_FAMILY_IPV6 : MSEG_FAMILY_IPV4;
	assert_int_equal(inet_pton(is_ipv6 ? AF_INET6 : AF_INET, peer,
				   in ? kernel->source : kernel->destination),
			 1);
	assert_int_equal(inet_pton(is_ipv6 ? AF_INET6 : AF_INET, host,
				   in ? kernel->destination : kernel->source),
			 1);
}

static enum peer_type type_of(const char *name)
{
	enum peer_type type = PEER_SOMEWHERE;

	while (strcmp(record_type_name(type), name) != 0)
		type++;
	return type;
}

static void read_record(struct json_object *object, struct record *record)
{
	const char *texts[N_ATTRIBUTION_TEXTS] = {
		[ATTRIBUTION_PEER_NAME] = text(object, "network"),
		[ATTRIBUTION_POLICY_NAME] = text(object, "ruleset"),
		[ATTRIBUTION_RULE_NAME] = text(object, "rule"),
		[ATTRIBUTION_NAME] = text(object, "name"),
		[ATTRIBUTION_OBSERVED_NAME] = text(object, "observedName"),
	};
	struct mseg_flow_record *kernel = &record->kernel;
	const char *protocol = text(object, "protocol");

	record->attribution = attribution_new(texts, 0, type_of(text(object, "type")));
	kernel->direction = strcmp(text(object, "direction"), "in") ? MSEG_DIRECTION_OUT :
								      MSEG_DIRECTION_IN;
	kernel->verdict = strcmp(text(object, "action"), "Reject") ? MSEG_ACTION_ALLOW :
								     MSEG_ACTION_REJECT;
	kernel->reason = strcmp(text(object, "reason"), "rule") ? MSEG_REASON_DEFAULT :
								  MSEG_REASON_RULE;
	kernel->protocol = (uint8_t)protocol_number(protocol, strlen(protocol));
	kernel->destination_port = (uint16_t)number(object, "port", 0);
	kernel->icmp_type = (uint8_t)number(object, "icmpType", 0);
	kernel->icmp_code = (uint8_t)number(object, "icmpCode", 0);
	kernel->uid = (uint32_t)number(object, "uid", -1);
	kernel->flags = number(object, "existing", 0) ? MSEG_FLOW_FLAG_EXISTING : 0;
	memccpy(kernel->command, text(object, "command"), 0, sizeof(kernel->command));
	set_address(record, text(object, "peer"), text(object, "host"));
}

/* --- the database --------------------------------------------------------- */

static void bind_blob(sqlite3_stmt *statement, int at, const uint8_t *address, uint8_t family)
{
	sqlite3_bind_blob(statement, at, address, family == MSEG_FAMILY_IPV4 ? 4 : 16,
			  SQLITE_STATIC);
}

static void insert_attribution(const struct record *record, int id)
{
	sqlite3_stmt *statement;
	int i;

	sqlite3_prepare_v2(db,
			   "INSERT INTO attribution VALUES (?1,?1,?2,0,?3,?4,?5,?6,?7,?8,?9,?10,"
			   "?11,?12,?13,?14,?15,?16,?17,?18)",
			   -1, &statement, NULL);
	sqlite3_bind_int(statement, 1, id);
	sqlite3_bind_int(statement, 2, record->attribution->type);
	for (i = 0; i < N_ATTRIBUTION_TEXTS; i++)
		sqlite3_bind_text(statement, 3 + i, record->attribution->texts[i], -1,
				  SQLITE_STATIC);
	assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
	sqlite3_finalize(statement);
}

static void insert_edge(const struct record *record, int id)
{
	const struct mseg_flow_record *kernel = &record->kernel;
	const int values[] = { id,
			       id,
			       id,
			       kernel->direction,
			       kernel->protocol,
			       record_port(kernel),
			       kernel->verdict,
			       kernel->reason,
			       kernel->flags,
			       (int)kernel->uid };
	sqlite3_stmt *statement;
	int i;

	sqlite3_prepare_v2(db, "INSERT INTO edge VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,0,0,0,0,0,0,0,0)",
			   -1, &statement, NULL);
	for (i = 0; i < (int)N_OF(values); i++)
		sqlite3_bind_int(statement, 1 + i, values[i]);
	sqlite3_bind_text(statement, 11, (const char *)kernel->command, -1, SQLITE_STATIC);
	bind_blob(statement, 12, record_host(kernel), kernel->family);
	bind_blob(statement, 13, record_peer(kernel), kernel->family);
	assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
	sqlite3_finalize(statement);
}

static bool is_chosen_by_sql(const struct query_sql *sql, int id)
{
	sqlite3_stmt *statement;
	char *asked = NULL;
	unsigned int i;
	bool chosen;

	assert_true(asprintf(&asked,
			     "SELECT e.id FROM edge e JOIN attribution a ON a.id=e.attribution"
			     " WHERE %s AND e.id=%d",
			     sql->text, id) > 0);
	assert_int_equal(sqlite3_prepare_v2(db, asked, -1, &statement, NULL), SQLITE_OK);
	for (i = 0; i < sql->n; i++) {
		if (sql->values[i].len)
			sqlite3_bind_blob(statement, (int)i + 1, sql->values[i].blob,
					  (int)sql->values[i].len, SQLITE_STATIC);
		else if (sql->values[i].text)
			sqlite3_bind_text(statement, (int)i + 1, sql->values[i].text, -1,
					  SQLITE_STATIC);
		else
			sqlite3_bind_int64(statement, (int)i + 1, sql->values[i].number);
	}
	chosen = sqlite3_step(statement) == SQLITE_ROW;
	sqlite3_finalize(statement);
	free(asked);
	return chosen;
}

/* --- the tests ------------------------------------------------------------ */

static void check_terms(const char *asked, const struct query *query, struct json_object *wanted)
{
	struct json_object *terms, *term, *values;
	unsigned int i, k;
	const char *field;

	assert_true(json_object_object_get_ex(wanted, "terms", &terms));
	if (query->n != json_object_array_length(terms))
		fail_msg("%s: %u words", asked, query->n);
	for (i = 0; i < query->n; i++) {
		term = json_object_array_get_idx(terms, i);
		field = query_field_name(query->terms[i].field);
		assert_string_equal(field ? field : "",
				    text(term, "field") ? text(term, "field") : "");
		assert_int_equal(query->terms[i].not, number(term, "not", 0));
		json_object_object_get_ex(term, "values", &values);
		assert_int_equal(query->terms[i].n, json_object_array_length(values));
		for (k = 0; k < query->terms[i].n; k++)
			assert_string_equal(query->terms[i].values[k].text,
					    json_object_get_string(
						    json_object_array_get_idx(values, k)));
	}
}

static bool is_in(struct json_object *matches, const char *key)
{
	size_t i;

	for (i = 0; i < json_object_array_length(matches); i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(matches, i)), key))
			return true;
	return false;
}

static void check_matches(const char *asked, const struct query *query, struct json_object *wanted)
{
	struct json_object *matches = NULL, *keys = list("records");
	struct query_sql sql;
	const char *key;
	size_t i;

	json_object_object_get_ex(wanted, "matches", &matches);
	assert_int_equal(query_sql(query, &sql), 0);
	for (i = 0; i < n_records; i++) {
		key = text(json_object_array_get_idx(keys, i), "key");
		if (query_matches(query, &records[i]) != is_in(matches, key))
			fail_msg("%s: matches %s wrongly", asked, key);
		if (is_chosen_by_sql(&sql, (int)i + 1) != is_in(matches, key))
			fail_msg("%s: SQL chooses %s wrongly: %s", asked, key, sql.text);
	}
	query_sql_clear(&sql);
}

static void check(struct json_object *wanted, enum query_kind kind)
{
	const char *asked = text(wanted, "query");
	int column = number(wanted, "column", 0);
	struct query_error error = { 0 };
	struct query *query;
	int err = query_parse(asked, kind, &query, &error);

	if (!!err != !!column)
		fail_msg("%s: error %d: %s", asked, err, error.why);
	if (column && (int)error.column != column)
		fail_msg("%s: column %u: %s", asked, error.column, error.why);
	if (column)
		return;
	check_terms(asked, query, wanted);
	if (kind == QUERY_FLOWS)
		check_matches(asked, query, wanted);
	query_free(query);
}

static void test_flows(void **state)
{
	struct json_object *queries = list("queries");
	size_t i;

	(void)state;
	for (i = 0; i < json_object_array_length(queries); i++) {
		struct json_object *wanted = json_object_array_get_idx(queries, i);

		/* The host of the test has no such user. */
		if (!strstr(text(wanted, "query"), "alice"))
			check(wanted, QUERY_FLOWS);
	}
}

static void test_dns(void **state)
{
	struct json_object *queries = list("dns");
	size_t i;

	(void)state;
	for (i = 0; i < json_object_array_length(queries); i++)
		check(json_object_array_get_idx(queries, i), QUERY_DNS);
}

static void test_limits(void **state)
{
	char long_text[QUERY_MAX_LEN + 2], many[4 * QUERY_MAX_VALUES];
	struct query_error error;
	struct query *query;
	size_t i;

	(void)state;
	memset(long_text, 'a', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_equal(query_parse(long_text, QUERY_FLOWS, &query, &error), -EINVAL);
	for (i = 0; i < sizeof(many) - 2; i += 2)
		memcpy(many + i, "a ", 3);
	assert_int_equal(query_parse(many, QUERY_FLOWS, &query, &error), -EINVAL);
	assert_int_equal(error.column, 2 * QUERY_MAX_VALUES + 1);
}

static void test_glob(void **state)
{
	(void)state;
	assert_true(query_glob("*a*b*", "xxaxxbxx"));
	assert_false(query_glob("*a*b", "xxaxxbxx"));
	assert_true(query_glob("", ""));
	assert_true(query_glob("**", ""));
	assert_false(query_glob("a*a", "a"));
}

static int setup(void **state)
{
	size_t i;

	(void)state;
	vectors = json_object_from_file(VECTORS);
	if (!vectors)
		return -1;
	n_records = json_object_array_length(list("records"));
	records = calloc(n_records, sizeof(*records));
	sqlite3_open(":memory:", &db);
	if (sqlite3_exec(db, schema_tables, NULL, NULL, NULL) != SQLITE_OK)
		return -1;
	for (i = 0; i < n_records; i++) {
		read_record(json_object_array_get_idx(list("records"), i), &records[i]);
		insert_attribution(&records[i], (int)i + 1);
		insert_edge(&records[i], (int)i + 1);
	}
	return 0;
}

static int teardown(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < n_records; i++)
		attribution_put(records[i].attribution);
	free(records);
	sqlite3_close(db);
	json_object_put(vectors);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_dns),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_glob),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
