// SPDX-License-Identifier: GPL-2.0-or-later
/* Entries of networks: as text, and what they must be to each other. */
#include "ctl_cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "lib/entries.h"
#include "lib/prefix.h"
#include "lib/text.h"

static const struct {
	const char *text;
	const char *printed;
	int cleared;
} good[] = {
	{ "10.0.0.0/8", "10.0.0.0/8", 0 },
	{ "10.1.2.3/8", "10.0.0.0/8", 1 },
	{ "10.1.2.3", "10.1.2.3", 0 },
	{ "10.1.2.3/32", "10.1.2.3", 0 },
	{ "0.0.0.0/0", "0.0.0.0/0", 0 },
	{ "255.255.255.255/0", "0.0.0.0/0", 1 },
	{ "192.168.255.255/23", "192.168.254.0/23", 1 },
	{ "!10.9.0.0/16", "!10.9.0.0/16", 0 },
	{ "::/0", "::/0", 0 },
	{ "2001:DB8::1/32", "2001:db8::/32", 1 },
	{ "2001:db8::1", "2001:db8::1", 0 },
	{ "2001:db8::1/128", "2001:db8::1", 0 },
	{ "!fe80::/10", "!fe80::/10", 0 },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/65", "ffff:ffff:ffff:ffff:8000::/65", 1 },
	{ "!ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.254/127",
	  "!ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127", 0 },
};

static const struct {
	const char *text;
	const char *why;
} bad[] = {
	{ "", "is not an IPv4 or IPv6 address" },
	{ "!", "is not an IPv4 or IPv6 address" },
	{ "!!10.0.0.0/8", "is not an IPv4 or IPv6 address" },
	{ "! 10.0.0.0/8", "is not an IPv4 or IPv6 address" },
	{ " 10.0.0.0/8", "is not an IPv4 or IPv6 address" },
	{ "10.0.0/8", "is not an IPv4 or IPv6 address" },
	{ "10.0.0.256", "is not an IPv4 or IPv6 address" },
	{ "010.0.0.1", "is not an IPv4 or IPv6 address" },
	{ "10.0.0.1:22", "is not an IPv4 or IPv6 address" },
	{ "10.0.0.0/33", "'33' is not a prefix length: IPv4 has 0 to 32" },
	{ "10.0.0.0/", "'' is not a prefix length" },
	{ "10.0.0.0/08", "'08' is not a prefix length" },
	{ "10.0.0.0/-1", "'-1' is not a prefix length" },
	{ "10.0.0.0/8/8", "'8/8' is not a prefix length" },
	{ "10.0.0.0/255.0.0.0", "'255.0.0.0' is not a prefix length" },
	{ "::/129", "'129' is not a prefix length: IPv6 has 0 to 128" },
	{ "::/1000", "'1000' is not a prefix length" },
	{ "fe80::1%eth0", "is not an IPv4 or IPv6 address" },
	{ "1::2::3", "is not an IPv4 or IPv6 address" },
	{ "example.com", "is a name, not an address" },
	{ "*.example.com", "is a name" },
	{ "!example.com", "'example.com' is a name" },
	{ "1111111111111111111111111111111111111111111111111111111111111111111111",
	  "is not an IPv4 or IPv6 address" },
};

static void test_good(void **state)
{
	char why[TEXT_WHY_LEN], printed[PREFIX_TEXT_LEN];
	struct mseg_prefix prefix, again;
	bool cleared;
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(good); i++) {
		if (prefix_parse(good[i].text, strlen(good[i].text), &prefix, &cleared, why))
			fail_msg("%s: %s", good[i].text, why);
		assert_int_equal(cleared, good[i].cleared);
		prefix_format(&prefix, printed);
		assert_string_equal(printed, good[i].printed);
		assert_int_equal(prefix_parse(printed, strlen(printed), &again, &cleared, why), 0);
		assert_false(cleared);
		assert_memory_equal(&prefix, &again, sizeof(prefix));
	}
}

static void test_bad(void **state)
{
	char why[TEXT_WHY_LEN];
	struct mseg_prefix prefix;
	bool cleared;
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(bad); i++) {
		why[0] = '\0';
		if (!prefix_parse(bad[i].text, strlen(bad[i].text), &prefix, &cleared, why))
			fail_msg("'%s' was accepted", bad[i].text);
		if (!strstr(why, bad[i].why))
			fail_msg("'%s' was refused with: %s", bad[i].text, why);
	}
}

static struct mseg_prefix make(const char *text)
{
	char why[TEXT_WHY_LEN];
	struct mseg_prefix prefix;
	bool cleared;

	assert_int_equal(prefix_parse(text, strlen(text), &prefix, &cleared, why), 0);
	return prefix;
}

static void test_entries(void **state)
{
	static const struct {
		const char *text;
		enum entry_fault fault;
	} table[] = {
		{ "10.0.0.0/8", ENTRY_FINE },
		{ "!10.9.0.0/16", ENTRY_FINE },
		{ "!10.9.1.0/24", ENTRY_FINE }, /* inside an exclusion too */
		{ "10.9.1.1", ENTRY_FINE },
		{ "!11.0.0.0/8", ENTRY_OUTSIDE },
		{ "!11.1.0.0/16", ENTRY_OUTSIDE }, /* an exclusion holds nobody */
		{ "10.0.0.0/8", ENTRY_REPEATED },
		{ "!10.9.0.0/16", ENTRY_REPEATED },
		{ "10.9.0.0/16", ENTRY_CONTRADICTED },
		{ "!10.0.0.0/8", ENTRY_CONTRADICTED },
		{ "!::/0", ENTRY_OUTSIDE }, /* another family */
		{ "2001:db8::/32", ENTRY_FINE },
		{ "!2001:db8::/33", ENTRY_FINE },
		{ "!2001:db8:8000::1", ENTRY_FINE },
		{ "!0a00::", ENTRY_OUTSIDE }, /* the bytes of 10.0.0.0 */
	};
	struct mseg_prefix entries[N_OF(table)];
	enum entry_fault faults[N_OF(table)];
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(table); i++)
		entries[i] = make(table[i].text);
	assert_int_equal(entries_check(entries, N_OF(table), faults), 0);
	for (i = 0; i < N_OF(table); i++)
		if (faults[i] != table[i].fault)
			fail_msg("%s: fault %d", table[i].text, faults[i]);
	assert_int_equal(entries_check(entries, 0, faults), 0);
}

/* What no fault was found with, the core takes; and the other way round. */
static void test_entries_against_core(void **state)
{
	unsigned int round, seed = 4711, refused = 0;

	(void)state;
	for (round = 0; round < 20000; round++) {
		struct mseg_policy *policy = mseg_policy_new();
		struct mseg_prefix entries[6] = { 0 };
		enum entry_fault faults[6];
		struct mseg_refusal refusal;
		unsigned int i, n = 1 + (unsigned int)rand_r(&seed) % 6;
		bool fine = true;

		for (i = 0; i < n; i++) {
			entries[i].family = MSEG_FAMILY_IPV4;
			entries[i].len = (uint8_t)(rand_r(&seed) % 4);
			entries[i].addr[0] = (uint8_t)(rand_r(&seed) & (0xff00 >> entries[i].len));
			entries[i].exclude = rand_r(&seed) % 2;
		}
		assert_int_equal(entries_check(entries, n, faults), 0);
		for (i = 0; i < n; i++)
			fine &= faults[i] == ENTRY_FINE || faults[i] == ENTRY_REPEATED;
		assert_int_equal(mseg_policy_add_network(policy, "n", &refusal), 0);
		assert_int_equal(mseg_policy_add_prefixes(policy, entries, n, &refusal), 0);
		assert_int_equal(!mseg_policy_compile(policy, &refusal), fine);
		refused += !fine;
		mseg_policy_free(policy);
	}
	assert_in_range(refused, 1000, 19000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_entries_against_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
