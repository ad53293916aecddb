// SPDX-License-Identifier: GPL-2.0-or-later
/* Storing records: rows, sums, restarts, damaged files, and what is lost. */
#include "ctl_cmocka.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/times.h"
#include "records/reader.h"
#include "records/schema.h"
#include "records/writer.h"

static char directory[PATH_MAX / 4];
static struct attribution *attribution;
static const struct writer_limits no_limits;

static uint64_t now_ns(void)
{
	return (uint64_t)time_now() * 1000;
}

/* A connection whose record came @age seconds ago. */
static struct record record_of(uint64_t id, uint8_t event, unsigned int age)
{
	struct record record = { .attribution = attribution };
	struct mseg_flow_record *kernel = &record.kernel;

	record.arrived = now_ns() - age * 1000000000ULL;
	kernel->id = id;
	kernel->first_seen = 1700000000000000000ULL + id * 1000000000;
	kernel->last_seen = record.arrived;
	kernel->family = MSEG_FAMILY_IPV4;
	kernel->protocol = 6;
	kernel->destination_port = 22;
	kernel->source[0] = 10;
	kernel->source[3] = (uint8_t)id;
	kernel->event = event;
	kernel->count = event == MSEG_FLOW_EVENT_BEGIN;
	kernel->bytes_in = event == MSEG_FLOW_EVENT_BEGIN ? 60 : 1000;
	return record;
}

static struct writer *begin(void)
{
	struct writer *writer;

	assert_int_equal(writer_open(directory, &no_limits, &writer), 0);
	return writer;
}

static void put(struct writer *writer, struct record record)
{
	writer_put(writer, &record);
}

static void today(char *path)
{
	schema_file(directory, time_now() / 1000000 / SCHEMA_DAY, path);
}

static int64_t ask(const char *sql)
{
	sqlite3_stmt *statement;
	char path[PATH_MAX];
	sqlite3 *db;
	int64_t number;

	today(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return number;
}

/* A test that runs into midnight proves nothing. */
static void skip_at_midnight(void)
{
	if (time_now() / 1000000 % SCHEMA_DAY < 2 * SCHEMA_FLOW_LIFE)
		skip();
}

static void test_rows(void **state)
{
	struct writer *writer = begin();

	(void)state;
	put(writer, record_of(1, MSEG_FLOW_EVENT_BEGIN, 0));
	put(writer, record_of(1, MSEG_FLOW_EVENT_END, 0));
	put(writer, record_of(2, MSEG_FLOW_EVENT_BEGIN, 0));
	writer_flush(writer);
	assert_int_equal(ask("SELECT count(*) FROM flow"), 2);
	assert_int_equal(ask("SELECT bytes_in FROM flow WHERE connection=1"), 1000);
	assert_int_equal(ask("SELECT sum(count) FROM edge"), 2);
	assert_int_equal(ask("SELECT sum(bytes_in) FROM slot"), 1060);
	writer_close(writer);
}

/* A record may come short where processors count; the next one makes up for it. */
static void test_counters_never_go_back(void **state)
{
	static const uint64_t bytes[] = { 1000, 400, 1000, 1500 };
	struct writer *writer = begin();
	struct record record;
	size_t i;

	(void)state;
	put(writer, record_of(1, MSEG_FLOW_EVENT_BEGIN, 0));
	for (i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		record = record_of(1, MSEG_FLOW_EVENT_UPDATE, 0);
		record.kernel.bytes_in = bytes[i];
		put(writer, record);
	}
	writer_close(writer);
	assert_int_equal(ask("SELECT sum(bytes_in) FROM edge"), 1500);
	assert_int_equal(ask("SELECT sum(bytes_in) FROM slot"), 1500);
}

static void test_verdict_changes(void **state)
{
	struct record record = record_of(1, MSEG_FLOW_EVENT_UPDATE, 0);
	struct writer *writer = begin();

	(void)state;
	put(writer, record_of(1, MSEG_FLOW_EVENT_BEGIN, 0));
	record.kernel.verdict = MSEG_ACTION_REJECT;
	put(writer, record);
	writer_close(writer);
	/* What was allowed stays so. */
	assert_int_equal(ask("SELECT count(*) FROM flow"), 2);
	assert_int_equal(ask("SELECT count(DISTINCT e.verdict) FROM flow f JOIN edge e ON e.id=f.edge"),
			 2);
	assert_int_equal(ask("SELECT sum(count) FROM flow"), 1);
	assert_int_equal(ask("SELECT sum(bytes_in) FROM edge"), 1000);
}

/* The process is known when it answers: after 5 minutes, or in the same breath. */
static void test_names_come_later(void **state)
{
	static const unsigned int ages[] = { 301, 0 };
	struct record record = record_of(1, MSEG_FLOW_EVENT_UPDATE, 0);
	struct writer *writer = begin();
	unsigned int i;

	(void)state;
	skip_at_midnight();
	for (i = 0; i < 2; i++) {
		record.kernel.id = i + 1;
		put(writer, record_of(i + 1, MSEG_FLOW_EVENT_BEGIN, ages[i]));
		if (!i)
			writer_flush(writer);
		record.kernel.first_seen = record_of(i + 1, 0, 0).kernel.first_seen;
		memcpy(record.kernel.source, record_of(i + 1, 0, 0).kernel.source, 4);
		memcpy(record.kernel.command, "sshd", 5);
		record.kernel.event = MSEG_FLOW_EVENT_UPDATE;
		record.kernel.bytes_in = 500;
		put(writer, record);
		record.kernel.event = MSEG_FLOW_EVENT_END;
		record.kernel.bytes_in = 1000;
		put(writer, record);
	}
	writer_close(writer);
	assert_int_equal(ask("SELECT count(*) FROM flow"), 2);
	assert_int_equal(ask("SELECT sum(count) FROM flow"), 2);
	assert_int_equal(ask("SELECT count(*) FROM edge WHERE rows>0"), 2);
	assert_int_equal(ask("SELECT count(*) FROM edge WHERE command='sshd' AND rows=1 AND count=1"
			     " AND bytes_in=1000"),
			 2);
	assert_int_equal(ask("SELECT sum(abs(rows)+abs(count)+abs(bytes_in)) FROM edge"
			     " WHERE command=''"),
			 0);
	assert_int_equal(ask("SELECT sum(abs(s.count)+abs(s.bytes_in)) FROM slot s JOIN edge e"
			     " ON e.id=s.edge WHERE command=''"),
			 0);
	assert_int_equal(ask("SELECT sum(bytes_in) FROM slot"), 2000);
	assert_int_equal(ask("SELECT count(*) FROM (SELECT slot/12, edge, sum(count), sum(bytes_in)"
			     " FROM slot GROUP BY 1, 2 EXCEPT SELECT hour, edge, count, bytes_in"
			     " FROM hour)"),
			 0);
	/* Of the first, where its beginning was. */
	assert_int_equal(ask("SELECT count(*) FROM slot WHERE bytes_in=60 AND count=1"), 1);
}

static struct attribution *with_name(const char *name)
{
	const char *texts[N_ATTRIBUTION_TEXTS] = {
		[ATTRIBUTION_PEER_NAME] = "lan", [ATTRIBUTION_OBSERVED_NAME] = name
	};

	return attribution_new(texts, 0, PEER_NETWORK);
}

/* A record that is told again changes the names of its row, and counts for nothing. */
static void test_told_again(void **state)
{
	struct attribution *named = with_name("shop.example");
	struct record record = record_of(1, MSEG_FLOW_EVENT_BEGIN, 0);
	struct writer *writer = begin();
	struct writer_counts counts;

	(void)state;
	put(writer, record);
	record.attribution = named;
	record.again = true;
	put(writer, record);
	/* It is known by its name alone. */
	record.kernel.id = 2;
	put(writer, record);
	record = record_of(1, MSEG_FLOW_EVENT_END, 0);
	record.attribution = named;
	record.lookup = 1700000000000001;
	put(writer, record);
	writer_flush(writer);
	writer_counts(writer, &counts);
	writer_close(writer);
	attribution_put(named);
	assert_int_equal(counts.taken[0], 2);
	assert_int_equal(counts.stored[0], 2);
	assert_int_equal(ask("SELECT count(*) FROM flow"), 1);
	assert_int_equal(ask("SELECT count(*) FROM flow f JOIN edge e ON e.id=f.edge JOIN attribution a"
			     " ON a.id=e.attribution WHERE a.observed_name='shop.example'"
			     " AND f.count=1 AND f.bytes_in=1000 AND f.event=2"),
			 1);
	assert_int_equal(ask("SELECT sum(rows) FROM edge"), 1);
	assert_int_equal(ask("SELECT sum(count) FROM edge"), 1);
	assert_int_equal(ask("SELECT sum(count) FROM minute"), 1);
}

static void run(const char *sql)
{
	char path[PATH_MAX];
	sqlite3 *db;

	today(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static size_t n_flows(const char *text)
{
	struct query_error error;
	struct query *query = NULL;
	struct reader_range range = { .directory = directory, .until = INT64_MAX };
	char next[READER_CURSOR];
	struct json_object *list = NULL;
	size_t n;

	assert_int_equal(query_parse(text, QUERY_FLOWS, &query, &error), 0);
	range.query = query;
	assert_int_equal(reader_flows(&range, 10, NULL, &list, next), 0);
	n = json_object_array_length(list);
	json_object_put(list);
	query_free(query);
	return n;
}

/* A file from before there were such names is read, and written on. */
static void test_older_file(void **state)
{
	struct attribution *named = with_name("shop.example");
	struct record record = record_of(2, MSEG_FLOW_EVENT_BEGIN, 0);
	struct writer *writer = begin();

	(void)state;
	put(writer, record_of(1, MSEG_FLOW_EVENT_BEGIN, 0));
	writer_close(writer);
	run("ALTER TABLE attribution DROP COLUMN observed_name;"
	    "ALTER TABLE flow DROP COLUMN lookup; DELETE FROM counter WHERE name='names'");
	assert_int_equal(n_flows(""), 1);
	assert_int_equal(n_flows("port:22"), 1);
	assert_int_equal(n_flows("name:shop.example"), 0);
	writer = begin();
	record.attribution = named;
	put(writer, record);
	writer_close(writer);
	attribution_put(named);
	assert_int_equal(n_flows(""), 2);
	assert_int_equal(n_flows("name:shop.example"), 1);
}

static void test_long_life(void **state)
{
	struct writer *writer;

	(void)state;
	skip_at_midnight();
	writer = begin();
	put(writer, record_of(1, MSEG_FLOW_EVENT_BEGIN, SCHEMA_FLOW_LIFE + 10));
	put(writer, record_of(1, MSEG_FLOW_EVENT_UPDATE, 20));
	put(writer, record_of(1, MSEG_FLOW_EVENT_UPDATE, 0));
	writer_close(writer);
	assert_int_equal(ask("SELECT count(*) FROM flow"), 2);
	assert_int_equal(ask("SELECT sum(count) FROM flow"), 1);
	assert_int_equal(ask("SELECT sum(bytes_in) FROM slot"), 1000);
}

static void test_restart(void **state)
{
	struct record held = record_of(1, MSEG_FLOW_EVENT_UPDATE, 0);
	struct writer *writer = begin();

	(void)state;
	put(writer, record_of(1, MSEG_FLOW_EVENT_BEGIN, 1));
	writer_mark(writer, 1);
	put(writer, record_of(9, MSEG_FLOW_EVENT_BEGIN, 1));
	writer_close(writer);
	/* Ten came, of which one is still there; another one was known. */
	writer = begin();
	held.held = true;
	held.kernel.count = 1;
	put(writer, held);
	held = record_of(2, MSEG_FLOW_EVENT_UPDATE, 0);
	held.held = true;
	held.kernel.count = 1;
	put(writer, held);
	writer_began(writer, 12);
	put(writer, record_of(3, MSEG_FLOW_EVENT_BEGIN, 0));
	writer_close(writer);
	assert_int_equal(ask("SELECT count(*) FROM flow WHERE connection=1"), 1);
	assert_int_equal(ask("SELECT count FROM flow WHERE connection=1"), 1);
	assert_int_equal(ask("SELECT sum(count) FROM flow"), 4);
	assert_int_equal(ask("SELECT lost FROM hole WHERE stage=2"), 10);
	assert_int_equal(ask("SELECT sum(value) FROM counter WHERE name='accept'"), 3);
}

static void test_nothing_missed(void **state)
{
	struct writer *writer = begin();

	(void)state;
	put(writer, record_of(1, MSEG_FLOW_EVENT_BEGIN, 0));
	writer_mark(writer, 7);
	put(writer, record_of(2, MSEG_FLOW_EVENT_BEGIN, 0));
	writer_close(writer);
	writer = begin();
	writer_began(writer, 7);
	put(writer, record_of(3, MSEG_FLOW_EVENT_BEGIN, 0));
	writer_close(writer);
	assert_int_equal(ask("SELECT count(*) FROM hole"), 0);
}

static void test_damaged(void **state)
{
	struct writer *writer = begin();
	char path[PATH_MAX], problem[256], command[PATH_MAX + 64];

	(void)state;
	put(writer, record_of(1, MSEG_FLOW_EVENT_BEGIN, 0));
	writer_close(writer);
	today(path);
	assert_int_equal(truncate(path, 5000), 0);
	writer = begin();
	put(writer, record_of(2, MSEG_FLOW_EVENT_BEGIN, 0));
	put(writer, record_of(3, MSEG_FLOW_EVENT_BEGIN, 0));
	writer_flush(writer);
	writer_problem(writer, problem, sizeof(problem));
	writer_close(writer);
	assert_non_null(strstr(problem, "set aside"));
	assert_int_equal(ask("SELECT count(*) FROM flow"), 2);
	assert_int_equal(ask("SELECT count(*) FROM hole WHERE stage=5 AND lost IS NULL"), 1);
	snprintf(command, sizeof(command), "ls %s.damaged-* > /dev/null", path);
	assert_int_equal(system(command), 0);
}

static void test_hole(void **state)
{
	const struct hole first = {
		now_ns() - 2000000000, now_ns() - 1000000000, STAGE_KERNEL, 5, 2, 3
	};
	const struct hole second = { now_ns() - 1000000000, now_ns(), STAGE_KERNEL, 7, 0, 0 };
	struct writer *writer = begin();
	struct writer_counts counts;

	(void)state;
	put(writer, record_of(1, MSEG_FLOW_EVENT_BEGIN, 0));
	writer_hole(writer, &first);
	writer_hole(writer, &second);
	writer_flush(writer);
	writer_counts(writer, &counts);
	writer_close(writer);
	assert_int_equal(counts.stored[0], 1);
	assert_int_equal(counts.lost[STAGE_KERNEL][0], 2);
	assert_int_equal(counts.lost[STAGE_KERNEL][1], 3);
	assert_int_equal(counts.unknown[STAGE_KERNEL], 7);
	assert_int_equal(ask("SELECT sum(lost) FROM hole"), 12);
}

/* More than the queue takes at once: all is stored, or counted. */
static void test_balance(void **state)
{
	const uint64_t n = 100000;
	struct writer *writer = begin();
	struct writer_counts counts;
	struct record record;
	uint64_t i;

	(void)state;
	for (i = 1; i <= n; i++) {
		record = record_of(i, MSEG_FLOW_EVENT_BEGIN, 0);
		record.kernel.verdict = i % 2 ? MSEG_ACTION_ALLOW : MSEG_ACTION_REJECT;
		put(writer, record);
	}
	writer_flush(writer);
	writer_counts(writer, &counts);
	writer_close(writer);
	for (i = 0; i < 2; i++) {
		assert_int_equal(counts.taken[i], n / 2);
		assert_int_equal(counts.stored[i] + counts.lost[STAGE_QUEUE][i], n / 2);
	}
	assert_true(counts.lost[STAGE_QUEUE][1] <= counts.lost[STAGE_QUEUE][0]);
	assert_int_equal(ask("SELECT count(*) FROM flow"), counts.stored[0] + counts.stored[1]);
	assert_int_equal(ask("SELECT total(lost) FROM hole"),
			 counts.lost[STAGE_QUEUE][0] + counts.lost[STAGE_QUEUE][1]);
}

/* What is lost with a limit of so many bytes, and what is said of it. */
static uint64_t lost_within(struct writer *writer, uint64_t bytes, uint64_t id, char *problem)
{
	const struct writer_limits limits = { .bytes = bytes };
	struct writer_counts counts;

	writer_limit(writer, &limits);
	put(writer, record_of(id, MSEG_FLOW_EVENT_BEGIN, 0));
	writer_flush(writer);
	writer_counts(writer, &counts);
	writer_problem(writer, problem, 256);
	return counts.lost[STAGE_DISK][0];
}

/* Today's file stays, and grows no further than it may. */
static void test_too_much_for_a_day(void **state)
{
	struct writer *writer = begin();
	char problem[256];

	(void)state;
	skip_at_midnight();
	assert_int_equal(lost_within(writer, 0, 1, problem), 0);
	assert_int_equal(lost_within(writer, 4096, 2, problem), 1);
	assert_non_null(strstr(problem, "records.size"));
	assert_int_equal(lost_within(writer, 4096, 3, problem), 2);
	assert_int_equal(lost_within(writer, 1 << 30, 4, problem), 2);
	assert_string_equal(problem, "");
	writer_close(writer);
	assert_int_equal(ask("SELECT count(*) FROM flow"), 2);
	assert_int_equal(ask("SELECT total(lost) FROM hole"), 2);
}

static int setup(void **state)
{
	const char *texts[N_ATTRIBUTION_TEXTS] = { [ATTRIBUTION_PEER_NAME] = "lan" };
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(directory, sizeof(directory), "%s/records-XXXXXX", tmp ? tmp : "/tmp");
	attribution = attribution_new(texts, 0, PEER_NETWORK);
	return mkdtemp(directory) && attribution ? 0 : -1;
}

static int teardown(void **state)
{
	char command[PATH_MAX];

	(void)state;
	attribution_put(attribution);
	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows),
		TEST(test_counters_never_go_back),
		TEST(test_verdict_changes),
		TEST(test_names_come_later),
		TEST(test_told_again),
		TEST(test_older_file),
		TEST(test_long_life),
		TEST(test_restart),
		TEST(test_nothing_missed),
		TEST(test_damaged),
		TEST(test_hole),
		TEST(test_balance),
		TEST(test_too_much_for_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
