// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS records on disk, what queries choose of them, and names of addresses. */
#include "ctl_cmocka.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msegd/dns_log.h"
#include "msegd/dns_match.h"
#include "msegd/dns_names.h"

#define DAY 86400000000ULL
/* 2026-11-22, noon */
#define NOON (20779 * DAY + DAY / 2)

struct fixture {
	char directory[32];
	sd_event *event;
	struct dns_log *log;
};

static struct fixture begin(void)
{
	struct fixture fixture = { .directory = "/tmp/mseg-dns-XXXXXX" };

	assert_non_null(mkdtemp(fixture.directory));
	assert_true(sd_event_new(&fixture.event) >= 0);
	assert_int_equal(dns_log_open(fixture.event, fixture.directory, &fixture.log), 0);
	return fixture;
}

static void end(struct fixture *fixture)
{
	char command[64];

	dns_log_close(fixture->log);
	sd_event_unref(fixture->event);
	snprintf(command, sizeof(command), "rm -r %s", fixture->directory);
	assert_int_equal(system(command), 0);
}

static struct dns_lookup lookup_of(uint64_t id, const char *name)
{
	return (struct dns_lookup){
		.id = id,
		.value = 1,
		.ttl = 60,
		.uid = 1000,
		.action = LOOKUP_RESOLVE,
		.protocol = 17,
		.reason = "",
		.name = name,
		.type = "A",
		.addresses = "192.0.2.7 192.0.2.8",
		.aliases = "edge.example.net",
		.client = "198.51.100.1",
		.server = "192.0.2.53",
		.command = "curl",
	};
}

static uint64_t put(struct fixture *fixture, uint64_t id, const char *name)
{
	struct dns_lookup lookup = lookup_of(id, name);

	dns_log_put(fixture->log, &lookup);
	return lookup.id;
}

struct found {
	char names[1024];
	unsigned int value;
	struct query *query;
};

static int found_one(const struct dns_lookup *lookup, void *arg)
{
	struct found *found = arg;

	strcat(strcat(found->names, lookup->name), " ");
	found->value += lookup->value;
	assert_string_equal(lookup->addresses, "192.0.2.7 192.0.2.8");
	assert_string_equal(lookup->command, "curl");
	return 0;
}

static uint64_t look(struct fixture *fixture, uint64_t since, uint64_t before, unsigned int limit,
		     struct found *found)
{
	const struct dns_log_search search = {
		.since = since, .before = before, .limit = limit, .each = found_one, .arg = found
	};
	uint64_t next = 0;

	memset(found, 0, sizeof(*found));
	assert_int_equal(dns_log_read(fixture->log, &search, &next), 0);
	return next;
}

static void test_days_and_pages(void **state)
{
	struct fixture fixture = begin();
	struct found found;
	uint64_t next;

	(void)state;
	put(&fixture, NOON - DAY, "yesterday.example");
	put(&fixture, NOON, "a.example");
	put(&fixture, NOON, "b.example");
	put(&fixture, NOON + 5, "c.example");
	assert_int_equal(look(&fixture, 0, NOON + DAY, 10, &found), 0);
	assert_string_equal(found.names, "c.example b.example a.example yesterday.example ");
	next = look(&fixture, 0, NOON + DAY, 2, &found);
	assert_string_equal(found.names, "c.example b.example ");
	assert_int_equal(look(&fixture, 0, next, 2, &found), 0);
	assert_string_equal(found.names, "a.example yesterday.example ");
	look(&fixture, NOON, NOON + 5, 10, &found);
	assert_string_equal(found.names, "b.example a.example ");
	end(&fixture);
}

static void test_repetitions(void **state)
{
	struct fixture fixture = begin();
	struct found found;
	uint64_t first;

	(void)state;
	first = put(&fixture, NOON, "a.example");
	assert_int_equal(put(&fixture, NOON + 1000000, "a.example"), first);
	assert_int_equal(put(&fixture, NOON + 59000000, "a.example"), first);
	assert_int_not_equal(put(&fixture, NOON + 61000000, "a.example"), first);
	look(&fixture, 0, NOON + DAY, 10, &found);
	assert_string_equal(found.names, "a.example a.example ");
	assert_int_equal(found.value, 4);
	end(&fixture);
}

/* Opened again it goes on, also when the clock was set back. */
static void test_again(void **state)
{
	struct fixture fixture = begin();
	struct found found;

	(void)state;
	put(&fixture, NOON, "a.example");
	dns_log_close(fixture.log);
	assert_int_equal(dns_log_open(fixture.event, fixture.directory, &fixture.log), 0);
	put(&fixture, NOON, "b.example");
	put(&fixture, NOON - DAY, "c.example");
	look(&fixture, NOON, NOON + DAY, 10, &found);
	assert_string_equal(found.names, "c.example b.example a.example ");
	end(&fixture);
}

static void test_old_days_go(void **state)
{
	struct fixture fixture = begin();
	struct found found;

	(void)state;
	put(&fixture, NOON - DNS_LOG_DAYS * DAY, "old.example");
	put(&fixture, NOON - (DNS_LOG_DAYS - 1) * DAY, "kept.example");
	put(&fixture, NOON, "new.example");
	look(&fixture, 0, NOON + DAY, 10, &found);
	assert_string_equal(found.names, "new.example kept.example ");
	end(&fixture);
}

static void test_damage(void **state)
{
	struct fixture fixture = begin();
	struct found found;
	char path[64];
	int fd;

	(void)state;
	put(&fixture, NOON - DAY, "yesterday.example");
	put(&fixture, NOON, "a.example");
	dns_log_close(fixture.log);
	snprintf(path, sizeof(path), "%s/2026-11-22.db", fixture.directory);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "this is no database, and never was one", 38), 38);
	close(fd);
	assert_int_equal(dns_log_open(fixture.event, fixture.directory, &fixture.log), 0);
	put(&fixture, NOON + 1, "b.example");
	look(&fixture, 0, NOON + DAY, 10, &found);
	assert_string_equal(found.names, "b.example yesterday.example ");
	assert_int_equal(dns_log_lost(fixture.log), 0);
	strcat(path, ".damaged");
	assert_int_equal(access(path, F_OK), 0);
	end(&fixture);
}

static void test_queries(void **state)
{
	static const struct {
		const char *query;
		bool matches;
	} cases[] = {
		{ "", true },
		{ "api", true },
		{ "API.Snap", true },
		{ "edge", true },
		{ "nothing", false },
		{ "name:*.snapcraft.io", true },
		{ "name:edge.example.net", true },
		{ "name:snapcraft.io", false },
		{ "-name:*.snapcraft.io", false },
		{ "type:a,aaaa", true },
		{ "type:AAAA", false },
		{ "action:resolve", true },
		{ "action:fail,reject", false },
		{ "server:192.0.2.53", true },
		{ "server:192.0.2.0/26", true },
		{ "server:198.51.100.1", false },
		{ "address:192.0.2.8", true },
		{ "address:2001:db8::1", false },
		{ "api type:A -action:fail", true },
	};
	struct dns_lookup lookup = lookup_of(NOON, "api.snapcraft.io");
	struct query_error error;
	struct query *query;
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(cases); i++) {
		print_message("%s\n", cases[i].query);
		assert_int_equal(query_parse(cases[i].query, QUERY_DNS, &query, &error), 0);
		assert_int_equal(dns_match(query, &lookup), cases[i].matches);
		query_free(query);
	}
}

static void test_names(void **state)
{
	struct dns_names *names = dns_names_new();
	uint8_t address[16] = { 192, 0, 2, 7 }, six[16];
	uint64_t lookup = 0;
	char text[16];
	unsigned int i;

	(void)state;
	assert_non_null(names);
	assert_null(dns_names_get(names, address, 4, NULL));
	dns_names_put(names, "192.0.2.7", "a.example", 1);
	dns_names_put(names, "2001:db8::7", "six.example", 2);
	dns_names_put(names, "192.0.2.7", "b.example", 3);
	assert_string_equal(dns_names_get(names, address, 4, &lookup), "b.example");
	assert_int_equal(lookup, 3);
	inet_pton(AF_INET6, "2001:db8::7", six);
	assert_string_equal(dns_names_get(names, six, 6, NULL), "six.example");
	/* More than there is room for. */
	for (i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		dns_names_put(names, text, "many.example", 10 + i);
	}
	memcpy(address, (const uint8_t[]){ 10, 1, 0x86, 0x9f }, 4);
	assert_string_equal(dns_names_get(names, address, 4, &lookup), "many.example");
	assert_int_equal(lookup, 10 + 99999);
	dns_names_free(names);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days_and_pages), cmocka_unit_test(test_repetitions),
		cmocka_unit_test(test_again),	       cmocka_unit_test(test_old_days_go),
		cmocka_unit_test(test_damage),	       cmocka_unit_test(test_queries),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
