// SPDX-License-Identifier: GPL-2.0-or-later
/* Services as text: POLICY.md's "Services", good and bad, and back. */
#include "ctl_cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/protocols.h"
#include "lib/services.h"
#include "lib/text.h"

/* What is printed for an item, and what it must hold. */
static const struct {
	const char *text;
	const char *printed;
	unsigned int n;
	struct mseg_service first;
} good[] = {
	{ "any", "any", 1, { .protocol = MSEG_PROTOCOL_ANY, .bare = 1 } },
	{ "ANY", "any", 1, { .protocol = MSEG_PROTOCOL_ANY, .bare = 1 } },
	{ "tcp", "tcp", 1, { .protocol = 6, .bare = 1 } },
	{ "6", "tcp", 1, { .protocol = 6, .bare = 1 } },
	{ "TCP/22", "tcp/22", 1, { .protocol = 6, .low = 22, .high = 22 } },
	{ "tcp/0", "tcp/0", 1, { .protocol = 6 } },
	{ "tcp/65535", "tcp/65535", 1, { .protocol = 6, .low = 65535, .high = 65535 } },
	{ "udp/0:65535", "udp/0:65535", 1, { .protocol = 17, .low = 0, .high = 65535 } },
	{ "Sctp/1:2", "sctp/1:2", 1, { .protocol = 132, .low = 1, .high = 2 } },
	{ "udplite/7", "udplite/7", 1, { .protocol = 136, .low = 7, .high = 7 } },
	{ "dccp/7", "dccp/7", 1, { .protocol = 33, .low = 7, .high = 7 } },
	{ "icmp", "icmp", 1, { .protocol = 1, .bare = 1 } },
	{ "icmp/8", "icmp/8", 1, { .protocol = 1, .low = 2048, .high = 2303 } },
	{ "icmp/8/0:255", "icmp/8", 1, { .protocol = 1, .low = 2048, .high = 2303 } },
	{ "icmp/8/0", "icmp/8/0", 1, { .protocol = 1, .low = 2048, .high = 2048 } },
	{ "icmp/255/255", "icmp/255/255", 1, { .protocol = 1, .low = 65535, .high = 65535 } },
	{ "icmp/3/4,0,8:11", "icmp/3/0,4,8:11", 3, { .protocol = 1, .low = 768, .high = 768 } },
	{ "icmp/3/1,0,2", "icmp/3/0:2", 1, { .protocol = 1, .low = 768, .high = 770 } },
	{ "ICMP6/128/0", "icmp6/128/0", 1, { .protocol = 58, .low = 32768, .high = 32768 } },
	{ "ipv6-icmp/128", "icmp6/128", 1, { .protocol = 58, .low = 32768, .high = 33023 } },
	{ "58", "icmp6", 1, { .protocol = 58, .bare = 1 } },
	{ "GRE", "gre", 1, { .protocol = 47, .bare = 1 } },
	{ "A/N", "a/n", 1, { .protocol = 107, .bare = 1 } },
	{ "3pc", "3pc", 1, { .protocol = 34, .bare = 1 } },
	{ "0", "hopopt", 1, { .protocol = 0, .bare = 1 } },
	{ "253", "253", 1, { .protocol = 253, .bare = 1 } },
	{ "255", "255", 1, { .protocol = 255, .bare = 1 } },
};

static const struct {
	const char *text;
	const char *why;
} bad[] = {
	{ "", "cannot be empty" },
	{ "any/22", "'any' has no ports" },
	{ "tcp/", "'' is not a port" },
	{ "tcp/65536", "'65536' is not a port: write a number from 0 to 65535" },
	{ "tcp/99999999999999999999", "is not a port" },
	{ "tcp/-1", "'-1' is not a port" },
	{ "tcp/+1", "'+1' is not a port" },
	{ "tcp/022", "'022' is not a port" },
	{ "tcp/ 22", "' 22' is not a port" },
	{ "tcp/22 ", "'22 ' is not a port" },
	{ "tcp/0x16", "'0x16' is not a port" },
	{ "tcp/ssh", "'ssh' is not a port" },
	{ "tcp/22:22", "must go up" },
	{ "tcp/23:22", "must go up" },
	{ "tcp/22:", "'' is not a port" },
	{ "tcp/:22", "'' is not a port" },
	{ "tcp/1:2:3", "'2:3' is not a port" },
	{ "tcp/22-80", "'22-80' is not a port" },
	{ "tcp/22,80", "more than one port" },
	{ "tcp/22/80", "'22/80' is not a port" },
	{ " tcp/22", "unknown protocol ' tcp', did you mean 'tcp'?" },
	{ "icmp/256", "'256' is not an ICMP type: write a number from 0 to 255" },
	{ "icmp/", "'' is not an ICMP type" },
	{ "icmp/3:5", "'3:5' is not an ICMP type" },
	{ "icmp/3/", "'' is not an ICMP code" },
	{ "icmp/3/256", "'256' is not an ICMP code" },
	{ "icmp/3/1,", "'' is not an ICMP code" },
	{ "icmp/3/4,4", "code 4 is there twice" },
	{ "icmp/3/0:5,3", "code 3 is there twice" },
	{ "icmp/3/5:5", "must go up" },
	{ "icmp/3/4/5", "'4/5' is not an ICMP code" },
	{ "gre/1", "gre has no ports" },
	{ "47/1", "protocol 47 has no ports" },
	{ "6/22", "write 'tcp/...'" },
	{ "256", "'256' is not a protocol number" },
	{ "007", "'007' is not a protocol number" },
	{ "tpc/22", "did you mean 'tcp'?" },
	{ "frobnicate", "unknown protocol 'frobnicate': write an IANA name" },
	{ "/22", "unknown protocol ''" },
	{ "tcp\x1b[2J", "\\x1b[2J" },
};

static void collect(const char *text, void *arg)
{
	char *printed = arg;

	strcat(printed, printed[0] ? " " : "");
	strcat(printed, text);
}

static void test_good(void **state)
{
	char why[TEXT_WHY_LEN] = "", printed[SERVICE_TEXT_LEN];
	struct service_item item, again;
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(good); i++) {
		if (service_parse(good[i].text, strlen(good[i].text), &item, why))
			fail_msg("%s: %s", good[i].text, why);
		assert_int_equal(item.n, good[i].n);
		assert_memory_equal(&item.ranges[0], &good[i].first, sizeof(good[i].first));
		printed[0] = '\0';
		services_format(item.ranges, item.n, collect, printed);
		assert_string_equal(printed, good[i].printed);
		assert_int_equal(service_parse(printed, strlen(printed), &again, why), 0);
		assert_true(service_equal(&item, again.ranges, again.n));
	}
}

static void test_bad(void **state)
{
	char why[TEXT_WHY_LEN];
	struct service_item item;
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(bad); i++) {
		why[0] = '\0';
		if (!service_parse(bad[i].text, strlen(bad[i].text), &item, why))
			fail_msg("'%s' was accepted", bad[i].text);
		if (!strstr(why, bad[i].why))
			fail_msg("'%s' was refused with: %s", bad[i].text, why);
	}
}

/* Every ICMP item with random codes, and every port range, comes back. */
static void test_round_trip(void **state)
{
	unsigned int round, seed = 20250101;
	char why[TEXT_WHY_LEN];

	(void)state;
	for (round = 0; round < 3000; round++) {
		char text[SERVICE_TEXT_LEN] = "", printed[SERVICE_TEXT_LEN] = "";
		struct service_item item, again;
		int code, used = sprintf(text, "icmp/%d/", rand_r(&seed) % 256);
		int share = 1 + rand_r(&seed) % 100;

		for (code = 0; code < 256; code++)
			if (rand_r(&seed) % share == 0)
				used += sprintf(text + used, "%d,", code);
		if (text[used - 1] == '/')
			continue;
		text[used - 1] = '\0';
		assert_int_equal(service_parse(text, strlen(text), &item, why), 0);
		services_format(item.ranges, item.n, collect, printed);
		assert_null(strchr(printed, ' '));
		assert_int_equal(service_parse(printed, strlen(printed), &again, why), 0);
		assert_true(service_equal(&item, again.ranges, again.n));
	}
}

/* The longest item there is: every other code. */
static void test_longest(void **state)
{
	char text[SERVICE_TEXT_LEN], printed[SERVICE_TEXT_LEN] = "", why[TEXT_WHY_LEN];
	int code, used = sprintf(text, "icmp6/255/");
	struct service_item item;

	(void)state;
	for (code = 1; code < 256; code += 2)
		used += sprintf(text + used, "%s%d", code > 1 ? "," : "", code);
	assert_int_equal(service_parse(text, strlen(text), &item, why), 0);
	assert_int_equal(item.n, SERVICE_RANGES_MAX);
	services_format(item.ranges, item.n, collect, printed);
	assert_string_equal(printed, text);
}

/* The kernel takes ranges that no item can say: they become several. */
static void test_foreign_ranges(void **state)
{
	static const struct mseg_service services[] = {
		{ .protocol = 1, .low = 0x0103, .high = 0x0301, .item = 4 },
		{ .protocol = 6, .low = 80, .high = 80, .item = 5 },
		{ .protocol = 6, .low = 443, .high = 443, .item = 5 },
	};
	char printed[SERVICE_TEXT_LEN] = "";

	(void)state;
	services_format(services, N_OF(services), collect, printed);
	assert_string_equal(printed, "icmp/1/3:255 icmp/2 icmp/3/0:1 tcp/80 tcp/443");
}

/* Names and numbers agree in both directions, for all protocols. */
static void test_protocols(void **state)
{
	unsigned int number;

	(void)state;
	for (number = 0; number < 256; number++) {
		const char *name = protocol_name(number);

		if (name)
			assert_int_equal(protocol_number(name, strlen(name)), number);
	}
	assert_int_equal(protocol_number("IPv6-ICMP", 9), 58);
	assert_int_equal(protocol_number("ospf", 4), 89);
	assert_int_equal(protocol_number("tcpx", 4), -1);
	assert_int_equal(protocol_number("tcpx", 3), 6);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	       cmocka_unit_test(test_bad),
		cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_longest),
		cmocka_unit_test(test_foreign_ranges), cmocka_unit_test(test_protocols),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
