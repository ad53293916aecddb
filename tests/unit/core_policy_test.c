// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Building a policy: what is refused, on both sides of every limit, and what
 * the rules of "Which rule decides" say of policies small enough to read.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <mseg/core.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define V4(a, b, c, d, length)                                                      \
	{                                                                           \
		.addr = { a, b, c, d }, .family = MSEG_FAMILY_IPV4, .len = (length) \
	}
#define NOT_V4(a, b, c, d, length)                                                                \
	{                                                                                         \
		.addr = { a, b, c, d }, .family = MSEG_FAMILY_IPV4, .len = (length), .exclude = 1 \
	}
#define RANGE(number, from, to)                                   \
	{                                                         \
		.protocol = (number), .low = (from), .high = (to) \
	}
#define BARE(number)                            \
	{                                       \
		.protocol = (number), .bare = 1 \
	}

static const struct mseg_prefix everywhere[] = {
	{ .family = MSEG_FAMILY_IPV4 },
	{ .family = MSEG_FAMILY_IPV6 },
};

static const struct mseg_service any = BARE(MSEG_PROTOCOL_ANY);

static struct mseg_policy *a_policy(void)
{
	struct mseg_policy *policy = mseg_policy_new();

	assert_non_null(policy);
	return policy;
}

/* A refusal that was filled with nonsense before. */
static struct mseg_refusal stale(void)
{
	return (struct mseg_refusal){ .why = NULL, .network = 77, .entry = 77 };
}

static void assert_refusal(const struct mseg_refusal *refusal, __u32 network, __u32 entry)
{
	assert_non_null(refusal->why);
	assert_true(strlen(refusal->why) > 5);
	assert_int_equal(refusal->network, network);
	assert_int_equal(refusal->entry, entry);
}

static void add_network(struct mseg_policy *policy, const struct mseg_prefix *prefixes,
			unsigned int n)
{
	struct mseg_refusal refusal;

	assert_int_equal(mseg_policy_add_network(policy, "network", &refusal), 0);
	assert_int_equal(mseg_policy_add_prefixes(policy, prefixes, n, &refusal), 0);
}

/* A rule that would be taken in a policy with one network. */
static struct mseg_rule a_rule(void)
{
	static const __u32 first[] = { 0 };

	return (struct mseg_rule){
		.name = "rule",
		.networks = first,
		.services = &any,
		.n_networks = 1,
		.n_services = 1,
	};
}

static int try_rule(const struct mseg_rule *rule)
{
	struct mseg_policy *policy = a_policy();
	struct mseg_refusal refusal = stale();
	int err;

	add_network(policy, everywhere, 2);
	err = mseg_policy_add_rule(policy, rule, &refusal);
	assert_int_equal(policy->n_rules, err ? 0 : 1);
	if (err)
		assert_refusal(&refusal, MSEG_ID_NONE, MSEG_ID_NONE);
	mseg_policy_free(policy);
	return err;
}

static int try_services(const struct mseg_service *services, unsigned int n)
{
	struct mseg_rule rule = a_rule();

	rule.services = services;
	rule.n_services = n;
	return try_rule(&rule);
}

static int try_prefix(struct mseg_prefix prefix)
{
	const struct mseg_prefix prefixes[] = { V4(10, 0, 0, 0, 8), prefix };
	struct mseg_policy *policy = a_policy();
	struct mseg_refusal refusal = stale();
	int err;

	add_network(policy, everywhere, 2);
	assert_int_equal(mseg_policy_add_network(policy, "second", &refusal), 0);
	err = mseg_policy_add_prefixes(policy, prefixes, 2, &refusal);
	assert_int_equal(policy->networks[1].n_prefixes, err ? 0 : 2);
	assert_int_equal(policy->n_entries, err ? 2 : 4);
	if (err)
		assert_refusal(&refusal, 1, 1);
	mseg_policy_free(policy);
	return err;
}

/* What compiling says of one network; entry is the one at fault. */
static int try_network(const struct mseg_prefix *prefixes, unsigned int n, unsigned int entry)
{
	struct mseg_policy *policy = a_policy();
	struct mseg_refusal refusal = stale();
	int err;

	add_network(policy, everywhere, 2);
	add_network(policy, prefixes, n);
	err = mseg_policy_compile(policy, &refusal);
	if (err)
		assert_refusal(&refusal, 1, entry);
	mseg_policy_free(policy);
	return err;
}

static void test_names(void **state)
{
	char name[MSEG_MAX_NAME_LEN + 2];
	struct mseg_rule rule = a_rule();
	struct mseg_policy *policy = a_policy();
	struct mseg_refusal refusal = stale();

	(void)state;
	memset(name, 'x', sizeof(name));
	name[MSEG_MAX_NAME_LEN + 1] = 0;
	assert_int_equal(mseg_policy_add_network(policy, name, &refusal), -EINVAL);
	assert_refusal(&refusal, MSEG_ID_NONE, MSEG_ID_NONE);
	rule.name = name;
	assert_int_equal(try_rule(&rule), -EINVAL);
	name[MSEG_MAX_NAME_LEN] = 0;
	assert_int_equal(mseg_policy_add_network(policy, name, &refusal), 0);
	assert_int_equal(try_rule(&rule), 0);
	assert_string_equal(policy->networks[0].name, name);
	assert_ptr_not_equal(policy->networks[0].name, name);
	assert_int_equal(mseg_policy_add_network(policy, "", &refusal), -EINVAL);
	assert_refusal(&refusal, MSEG_ID_NONE, MSEG_ID_NONE);
	rule.name = "";
	assert_int_equal(try_rule(&rule), 0);
	mseg_policy_free(policy);
}

static void test_prefixes(void **state)
{
	struct mseg_prefix prefix = V4(255, 255, 255, 255, 32);
	struct mseg_refusal refusal = stale();
	struct mseg_policy *policy = a_policy();
	unsigned int family, len, bits;

	(void)state;
	assert_int_equal(mseg_policy_add_prefixes(policy, &prefix, 1, &refusal), -EINVAL);
	assert_refusal(&refusal, MSEG_ID_NONE, MSEG_ID_NONE);
	mseg_policy_free(policy);

	for (family = 0; family < 256; family++) {
		prefix = (struct mseg_prefix){ .family = family };
		assert_int_equal(try_prefix(prefix),
				 family == MSEG_FAMILY_IPV4 || family == MSEG_FAMILY_IPV6 ? 0 :
											    -EINVAL);
	}
	for (len = 0; len < 256; len++) {
		prefix = (struct mseg_prefix){ .family = MSEG_FAMILY_IPV4, .len = len };
		assert_int_equal(try_prefix(prefix), len <= 32 ? 0 : -EINVAL);
		prefix.family = MSEG_FAMILY_IPV6;
		assert_int_equal(try_prefix(prefix), len <= 128 ? 0 : -EINVAL);
	}
	/* The last bit within the prefix may be set, the next one not. */
	for (bits = 32; bits <= 128; bits += 96) {
		for (len = 0; len <= bits; len++) {
			prefix = (struct mseg_prefix){
				.family = bits == 32 ? MSEG_FAMILY_IPV4 : MSEG_FAMILY_IPV6,
				.len = len,
			};
			if (len)
				prefix.addr[(len - 1) / 8] = 0x80 >> ((len - 1) % 8);
			assert_int_equal(try_prefix(prefix), 0);
			if (len == 128)
				continue;
			prefix.addr[len / 8] |= 0x80 >> (len % 8);
			assert_int_equal(try_prefix(prefix), -EINVAL);
		}
	}
}

static void test_rules(void **state)
{
	const __u32 networks[] = { 0, 0, 1 };
	struct mseg_rule rule = a_rule();

	(void)state;
	assert_int_equal(try_rule(&rule), 0);
	rule.direction = MSEG_DIRECTION_OUT;
	rule.action = MSEG_ACTION_REJECT;
	assert_int_equal(try_rule(&rule), 0);
	rule.direction++;
	assert_int_equal(try_rule(&rule), -EINVAL);
	rule = a_rule();
	rule.action = MSEG_ACTION_REJECT + 1;
	assert_int_equal(try_rule(&rule), -EINVAL);
	rule = a_rule();
	rule.n_networks = 0;
	assert_int_equal(try_rule(&rule), -EINVAL);
	rule = a_rule();
	rule.n_services = 0;
	assert_int_equal(try_rule(&rule), -EINVAL);
	rule = a_rule();
	rule.networks = networks;
	rule.n_networks = 2;
	assert_int_equal(try_rule(&rule), 0);
	rule.n_networks = 3;
	assert_int_equal(try_rule(&rule), -EINVAL);
}

static bool may_have_ranges(unsigned int protocol)
{
	switch (protocol) {
	case 1:	  /* ICMP */
	case 6:	  /* TCP */
	case 17:  /* UDP */
	case 33:  /* DCCP */
	case 58:  /* ICMPv6 */
	case 132: /* SCTP */
	case 136: /* UDP-Lite */
		return true;
	}
	return false;
}

static void test_services(void **state)
{
	struct mseg_service service = RANGE(6, 5, 4);
	unsigned int protocol;

	(void)state;
	assert_int_equal(try_services(&service, 1), -EINVAL);
	service.high = 5;
	assert_int_equal(try_services(&service, 1), 0);
	for (protocol = 0; protocol < 300; protocol++) {
		service = (struct mseg_service)BARE(protocol);
		assert_int_equal(try_services(&service, 1),
				 protocol <= MSEG_PROTOCOL_ANY ? 0 : -EINVAL);
		service = (struct mseg_service)RANGE(protocol, 0, 0xffff);
		assert_int_equal(try_services(&service, 1), may_have_ranges(protocol) ? 0 : -EINVAL);
	}
}

static void test_items(void **state)
{
	static const struct {
		struct mseg_service services[2];
		int err;
	} cases[] = {
		{ { RANGE(6, 1, 2), RANGE(6, 3, 4) }, 0 },
		{ { RANGE(6, 1, 2), RANGE(6, 2, 4) }, -EINVAL },
		{ { RANGE(6, 3, 4), RANGE(6, 1, 2) }, -EINVAL },
		{ { RANGE(6, 1, 2), RANGE(17, 3, 4) }, -EINVAL },
		{ { BARE(6), RANGE(6, 3, 4) }, -EINVAL },
		{ { RANGE(6, 3, 4), BARE(6) }, -EINVAL },
		{ { BARE(6), BARE(6) }, -EINVAL },
		{ { BARE(MSEG_PROTOCOL_ANY), BARE(6) }, -EINVAL },
	};
	struct mseg_service services[2];
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memcpy(services, cases[i].services, sizeof(services));
		assert_int_equal(try_services(services, 2), cases[i].err);
		/* As two items they are no business of each other's. */
		services[1].item = 1;
		assert_int_equal(try_services(services, 2), 0);
	}
}

static void test_exclusions(void **state)
{
	static const struct mseg_prefix outside[] = { V4(10, 0, 0, 0, 8), NOT_V4(11, 0, 0, 0, 16) };
	static const struct mseg_prefix wider[] = { V4(10, 0, 0, 0, 8), NOT_V4(10, 0, 0, 0, 7) };
	static const struct mseg_prefix both[] = { V4(10, 0, 0, 0, 8), NOT_V4(10, 0, 0, 0, 8) };
	static const struct mseg_prefix twice[] = { V4(10, 0, 0, 0, 8), V4(10, 0, 0, 0, 8) };
	static const struct mseg_prefix nested[] = {
		NOT_V4(10, 1, 2, 0, 24),
		NOT_V4(10, 1, 0, 0, 16),
		V4(10, 1, 2, 3, 32),
		V4(10, 0, 0, 0, 8),
	};
	static const struct mseg_prefix other_family[] = {
		{ .family = MSEG_FAMILY_IPV6 },
		NOT_V4(10, 0, 0, 0, 8),
	};

	(void)state;
	assert_int_equal(try_network(outside, 2, 1), -EINVAL);
	assert_int_equal(try_network(wider, 2, 1), -EINVAL);
	assert_int_equal(try_network(both, 2, 1), -EINVAL);
	assert_int_equal(try_network(twice, 2, 0), 0);
	assert_int_equal(try_network(nested, 4, 0), 0);
	assert_int_equal(try_network(nested, 3, 1), -EINVAL);
	assert_int_equal(try_network(other_family, 2, 1), -EINVAL);
	assert_int_equal(try_network(NULL, 0, 0), 0);
}

/* Entries of every length, one in the other, every second one an exclusion. */
static void test_deepest_nest(void **state)
{
	struct mseg_prefix prefixes[129] = { 0 };
	const __u32 first[] = { 0 };
	struct mseg_policy *policy = a_policy();
	struct mseg_refusal refusal;
	struct mseg_rule rule = a_rule();
	struct mseg_key key = { .family = MSEG_FAMILY_IPV6, .protocol = 6 };
	unsigned int len;

	(void)state;
	for (len = 0; len <= 128; len++) {
		prefixes[len].family = MSEG_FAMILY_IPV6;
		prefixes[len].len = len;
		prefixes[len].exclude = len % 2;
		memset(prefixes[len].addr, 0xff, len / 8);
		if (len % 8)
			prefixes[len].addr[len / 8] = 0xff << (8 - len % 8);
	}
	policy->defaults[MSEG_DIRECTION_IN] = MSEG_ACTION_REJECT;
	add_network(policy, prefixes, 129);
	rule.networks = first;
	assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), 0);
	assert_int_equal(mseg_policy_compile(policy, &refusal), 0);
	/* Exactly the first so many bits are set: that prefix is the longest. */
	for (len = 0; len <= 128; len++) {
		memcpy(key.peer, prefixes[len].addr, sizeof(key.peer));
		assert_int_equal(mseg_classify(policy, &key).action,
				 len % 2 ? MSEG_ACTION_REJECT : MSEG_ACTION_ALLOW);
	}
	mseg_policy_free(policy);
}

static void test_most_networks(void **state)
{
	struct mseg_policy *policy = a_policy();
	struct mseg_refusal refusal = stale();
	unsigned int i;

	(void)state;
	for (i = 0; i < MSEG_MAX_NETWORKS; i++)
		assert_int_equal(mseg_policy_add_network(policy, "n", &refusal), 0);
	assert_int_equal(mseg_policy_add_network(policy, "n", &refusal), -E2BIG);
	assert_refusal(&refusal, MSEG_ID_NONE, MSEG_ID_NONE);
	assert_int_equal(mseg_policy_compile(policy, &refusal), 0);
	mseg_policy_free(policy);
}

static void test_most_rules(void **state)
{
	struct mseg_policy *policy = a_policy();
	struct mseg_refusal refusal = stale();
	struct mseg_rule rule = a_rule();
	unsigned int i;

	(void)state;
	add_network(policy, everywhere, 2);
	for (i = 0; i < MSEG_MAX_RULES; i++)
		assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), 0);
	assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), -E2BIG);
	assert_refusal(&refusal, MSEG_ID_NONE, MSEG_ID_NONE);
	assert_int_equal(mseg_policy_compile(policy, &refusal), 0);
	mseg_policy_free(policy);
}

static void test_most_entries(void **state)
{
	const unsigned int half = MSEG_MAX_ENTRIES / 2;
	struct mseg_prefix *prefixes = calloc(half, sizeof(*prefixes));
	struct mseg_policy *policy = a_policy();
	struct mseg_refusal refusal = stale();
	unsigned int i;

	(void)state;
	for (i = 0; i < half; i++)
		prefixes[i] = (struct mseg_prefix)V4(i >> 16, i >> 8, i, 0, 24);
	add_network(policy, prefixes, half);
	add_network(policy, prefixes, half - 1);
	assert_int_equal(mseg_policy_add_prefixes(policy, prefixes, 2, &refusal), -E2BIG);
	assert_refusal(&refusal, MSEG_ID_NONE, MSEG_ID_NONE);
	assert_int_equal(mseg_policy_add_prefixes(policy, prefixes, 1, &refusal), 0);
	assert_int_equal(mseg_policy_add_prefixes(policy, prefixes, 1, &refusal), -E2BIG);
	assert_int_equal(mseg_policy_add_prefixes(policy, prefixes, 0, &refusal), 0);
	mseg_policy_free(policy);
	free(prefixes);
}

static void test_longest_rule(void **state)
{
	static const __u32 networks[MSEG_MAX_RULE_NETWORKS + 1];
	struct mseg_service *services = calloc(MSEG_MAX_RULE_SERVICES + 1, sizeof(*services));
	struct mseg_rule rule = a_rule();
	unsigned int i;

	(void)state;
	for (i = 0; i <= MSEG_MAX_RULE_SERVICES; i++)
		services[i] = (struct mseg_service){ .protocol = 6, .bare = 1, .item = i };
	rule.networks = networks;
	rule.services = services;
	rule.n_networks = MSEG_MAX_RULE_NETWORKS;
	rule.n_services = MSEG_MAX_RULE_SERVICES;
	assert_int_equal(try_rule(&rule), 0);
	rule.n_networks++;
	assert_int_equal(try_rule(&rule), -E2BIG);
	rule.n_networks--;
	rule.n_services++;
	assert_int_equal(try_rule(&rule), -E2BIG);
	free(services);
}

static void test_clone(void **state)
{
	struct mseg_policy *policy = a_policy(), *clone;
	struct mseg_refusal refusal;
	struct mseg_rule rule = a_rule();
	struct mseg_key key = { .family = MSEG_FAMILY_IPV6, .protocol = 17 };

	(void)state;
	policy->defaults[MSEG_DIRECTION_OUT] = MSEG_ACTION_REJECT;
	add_network(policy, everywhere, 2);
	rule.action = MSEG_ACTION_REJECT;
	rule.cookie = 1234567890123;
	assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), 0);
	assert_int_equal(mseg_policy_compile(policy, &refusal), 0);
	clone = mseg_policy_clone(policy);
	mseg_policy_free(policy);
	assert_non_null(clone);
	/* It can still be added to. */
	rule.cookie++;
	assert_int_equal(mseg_policy_add_rule(clone, &rule, &refusal), 0);
	assert_int_equal(mseg_policy_compile(clone, &refusal), 0);
	assert_true(clone->rules[0].cookie == 1234567890123);
	assert_int_equal(clone->n_rules, 2);
	assert_int_equal(clone->n_entries, 2);
	assert_int_equal(mseg_classify(clone, &key).rule, 0);
	key.direction = MSEG_DIRECTION_OUT;
	assert_int_equal(mseg_classify(clone, &key).action, MSEG_ACTION_REJECT);
	assert_int_equal(mseg_classify(clone, &key).reason, MSEG_REASON_DEFAULT);
	mseg_policy_free(clone);
	mseg_policy_free(NULL);
}

/* --- policies to read --- */

enum { INTERNET, OFFICE, PRINTER, MANAGEMENT };

static const struct mseg_prefix office[] = { V4(10, 0, 0, 0, 8), NOT_V4(10, 9, 0, 0, 16) };
static const struct mseg_prefix printer[] = { V4(10, 1, 2, 3, 32) };
static const struct mseg_prefix management[] = { V4(10, 9, 1, 0, 24) };

static const struct {
	const char *name;
	__u32 network;
	struct mseg_service service;
	__u8 direction;
	__u8 action;
} story[] = {
	{ "office ssh", OFFICE, RANGE(6, 22, 22), MSEG_DIRECTION_IN, MSEG_ACTION_ALLOW },
	{ "low ports", OFFICE, RANGE(6, 1, 1023), MSEG_DIRECTION_IN, MSEG_ACTION_ALLOW },
	{ "no telnet", INTERNET, RANGE(6, 23, 23), MSEG_DIRECTION_IN, MSEG_ACTION_REJECT },
	{ "printer", PRINTER, BARE(MSEG_PROTOCOL_ANY), MSEG_DIRECTION_IN, MSEG_ACTION_ALLOW },
	{ "ping", INTERNET, RANGE(1, 8 << 8, 8 << 8 | 255), MSEG_DIRECTION_IN, MSEG_ACTION_ALLOW },
	{ "ping6", INTERNET, BARE(58), MSEG_DIRECTION_IN, MSEG_ACTION_ALLOW },
	{ "all tcp", OFFICE, BARE(6), MSEG_DIRECTION_IN, MSEG_ACTION_ALLOW },
	{ "out", INTERNET, BARE(6), MSEG_DIRECTION_OUT, MSEG_ACTION_ALLOW },
	{ "out again", INTERNET, BARE(6), MSEG_DIRECTION_OUT, MSEG_ACTION_ALLOW },
};

static const struct {
	const char *what;
	struct mseg_key key;
	const char *rule; /* NULL: the default */
	__u8 action;
} questions[] = {
	{ "the narrower service, where entries are equally long",
	  { .peer = { 10, 1, 1, 1 }, .family = 4, .protocol = 6, .service = 22 },
	  "office ssh",
	  MSEG_ACTION_ALLOW },
	{ "a bare protocol is wider than any range",
	  { .peer = { 10, 1, 1, 1 }, .family = 4, .protocol = 6, .service = 80 },
	  "low ports",
	  MSEG_ACTION_ALLOW },
	{ "... and holds what no range does",
	  { .peer = { 10, 1, 1, 1 }, .family = 4, .protocol = 6, .service = 1024 },
	  "all tcp",
	  MSEG_ACTION_ALLOW },
	{ "a longer entry comes before a narrower service",
	  { .peer = { 10, 1, 2, 3 }, .family = 4, .protocol = 6, .service = 22 },
	  "printer",
	  MSEG_ACTION_ALLOW },
	{ "any Reject beats every Allow, however long its entry",
	  { .peer = { 10, 1, 2, 3 }, .family = 4, .protocol = 6, .service = 23 },
	  "no telnet",
	  MSEG_ACTION_REJECT },
	{ "an exclusion takes out of its own network",
	  { .peer = { 10, 9, 0, 1 }, .family = 4, .protocol = 6, .service = 22 },
	  NULL,
	  MSEG_ACTION_REJECT },
	{ "a network that no rule names holds for nothing",
	  { .peer = { 10, 9, 1, 1 }, .family = 4, .protocol = 6, .service = 22 },
	  NULL,
	  MSEG_ACTION_REJECT },
	{ "no rule: the default",
	  { .peer = { 192, 0, 2, 1 }, .family = 4, .protocol = 17, .service = 53 },
	  NULL,
	  MSEG_ACTION_REJECT },
	{ "0.0.0.0/0 does not cover IPv6",
	  { .peer = { 0x0a, 1, 1, 1 }, .family = 6, .protocol = 6, .service = 22 },
	  NULL,
	  MSEG_ACTION_REJECT },
	{ "ICMP by type",
	  { .peer = { 192, 0, 2, 1 }, .family = 4, .protocol = 1, .service = 8 << 8 },
	  "ping",
	  MSEG_ACTION_ALLOW },
	{ "... and another type",
	  { .peer = { 192, 0, 2, 1 }, .family = 4, .protocol = 1, .service = 9 << 8 },
	  NULL,
	  MSEG_ACTION_REJECT },
	{ "icmp matches IPv4 only",
	  { .peer = { 0x20, 1 }, .family = 6, .protocol = 1, .service = 8 << 8 },
	  NULL,
	  MSEG_ACTION_REJECT },
	{ "icmp6 matches IPv6",
	  { .peer = { 0x20, 1 }, .family = 6, .protocol = 58, .service = 128 << 8 },
	  "ping6",
	  MSEG_ACTION_ALLOW },
	{ "icmp6 matches IPv6 only",
	  { .peer = { 192, 0, 2, 1 }, .family = 4, .protocol = 58, .service = 128 << 8 },
	  NULL,
	  MSEG_ACTION_REJECT },
	{ "any holds every protocol",
	  { .peer = { 10, 1, 2, 3 }, .family = 4, .protocol = 58, .service = 128 << 8 },
	  "printer",
	  MSEG_ACTION_ALLOW },
	{ "directions are apart, and the first of equal rules is named",
	  { .peer = { 10, 1, 1, 1 },
	    .family = 4,
	    .protocol = 6,
	    .service = 23,
	    .direction = MSEG_DIRECTION_OUT },
	  "out",
	  MSEG_ACTION_ALLOW },
	{ "each direction has its default",
	  { .peer = { 10, 1, 1, 1 },
	    .family = 4,
	    .protocol = 17,
	    .service = 23,
	    .direction = MSEG_DIRECTION_OUT },
	  NULL,
	  MSEG_ACTION_ALLOW },
};

static struct mseg_policy *the_story(void)
{
	struct mseg_policy *policy = a_policy();
	struct mseg_refusal refusal;
	unsigned int i;

	policy->defaults[MSEG_DIRECTION_IN] = MSEG_ACTION_REJECT;
	add_network(policy, everywhere, 2);
	add_network(policy, office, COUNT(office));
	add_network(policy, printer, COUNT(printer));
	add_network(policy, management, COUNT(management));
	for (i = 0; i < COUNT(story); i++) {
		struct mseg_rule rule = {
			.name = story[i].name,
			.networks = &story[i].network,
			.services = &story[i].service,
			.n_networks = 1,
			.n_services = 1,
			.direction = story[i].direction,
			.action = story[i].action,
		};

		assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), 0);
	}
	assert_int_equal(mseg_policy_compile(policy, &refusal), 0);
	return policy;
}

static void test_story(void **state)
{
	struct mseg_policy *policy = the_story();
	struct mseg_verdict verdict;
	unsigned int i;

	(void)state;
	for (i = 0; i < COUNT(questions); i++) {
		verdict = mseg_classify(policy, &questions[i].key);
		if (verdict.action != questions[i].action ||
		    (verdict.rule == MSEG_ID_NONE) != !questions[i].rule ||
		    (questions[i].rule &&
		     strcmp(policy->rules[verdict.rule].name, questions[i].rule)))
			fail_msg("%s: action %u, rule %d", questions[i].what, verdict.action,
				 (int)verdict.rule);
		assert_int_equal(verdict.reason,
				 questions[i].rule ? MSEG_REASON_RULE : MSEG_REASON_DEFAULT);
	}
	mseg_policy_free(policy);
}

/* Networks that hold 10/8, and rules that name them, as many at once as can be. */
static void add_overlapping(struct mseg_policy *policy, unsigned int n)
{
	static const struct mseg_prefix prefix = V4(10, 0, 0, 0, 8);
	__u32 networks[MSEG_MAX_RULE_NETWORKS];
	struct mseg_rule rule = a_rule();
	struct mseg_refusal refusal;
	unsigned int i;

	rule.networks = networks;
	rule.n_networks = 0;
	for (i = 0; i < n; i++) {
		networks[rule.n_networks++] = policy->n_networks;
		add_network(policy, &prefix, 1);
		if (rule.n_networks < MSEG_MAX_RULE_NETWORKS && i + 1 < n)
			continue;
		assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), 0);
		rule.n_networks = 0;
	}
}

static int compile_overlapping(unsigned int named, unsigned int unnamed,
			       struct mseg_refusal *refusal)
{
	static const struct mseg_prefix prefix = V4(10, 0, 0, 0, 8);
	struct mseg_policy *policy = a_policy();
	unsigned int i;
	int err;

	add_overlapping(policy, named);
	for (i = 0; i < unnamed; i++)
		add_network(policy, &prefix, 1);
	*refusal = stale();
	err = mseg_policy_compile(policy, refusal);
	mseg_policy_free(policy);
	return err;
}

/* What is looked at for a connection is bounded: what no rule names does not count. */
static void test_most_overlap(void **state)
{
	struct mseg_refusal refusal;

	(void)state;
	assert_int_equal(compile_overlapping(MSEG_MAX_OVERLAP, 10, &refusal), 0);
	assert_int_equal(compile_overlapping(MSEG_MAX_OVERLAP + 1, 0, &refusal), -E2BIG);
	assert_refusal(&refusal, MSEG_ID_NONE, MSEG_ID_NONE);
}

/* Everyone of @n addresses within 10/8 in a network of its own. */
static int compile_classes(unsigned int n, struct mseg_refusal *refusal)
{
	struct mseg_policy *policy = a_policy();
	struct mseg_rule rule = a_rule();
	unsigned int i;
	__u32 network;
	int err;

	add_overlapping(policy, MSEG_MAX_OVERLAP - 1);
	rule.networks = &network;
	for (i = 0; i < n; i++) {
		struct mseg_prefix prefix = V4(10, i >> 15, i >> 7, i << 1, 32);

		network = policy->n_networks;
		add_network(policy, &prefix, 1);
		assert_int_equal(mseg_policy_add_rule(policy, &rule, refusal), 0);
	}
	*refusal = stale();
	err = mseg_policy_compile(policy, refusal);
	mseg_policy_free(policy);
	return err;
}

/* Sets of networks: the widest of MSEG_MAX_OVERLAP - 1, and one larger for each address. */
static void test_most_members(void **state)
{
	unsigned int most = (MSEG_MAX_MEMBERS - (MSEG_MAX_OVERLAP - 1)) / MSEG_MAX_OVERLAP;
	struct mseg_refusal refusal;

	(void)state;
	assert_int_equal(compile_classes(most, &refusal), 0);
	assert_int_equal(compile_classes(most + 1, &refusal), -E2BIG);
	assert_refusal(&refusal, MSEG_ID_NONE, MSEG_ID_NONE);
}

static void test_most_ranges(void **state)
{
	struct mseg_service services[MSEG_MAX_RULE_SERVICES];
	__u32 networks[MSEG_MAX_RULE_NETWORKS] = { 0 };
	struct mseg_policy *policy = a_policy();
	struct mseg_rule rule = a_rule();
	struct mseg_refusal refusal;
	unsigned int i;

	(void)state;
	add_network(policy, everywhere, 2);
	for (i = 0; i < COUNT(services); i++)
		services[i] = (struct mseg_service){ .protocol = 6, .low = i, .high = i, .item = i };
	rule.services = services;
	rule.n_services = COUNT(services);
	rule.networks = networks;
	rule.n_networks = COUNT(networks);
	for (i = 0; i < MSEG_MAX_RANGES / (COUNT(services) * COUNT(networks)); i++)
		assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), 0);
	rule.n_services = 1;
	rule.n_networks = 1;
	refusal = stale();
	assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), -E2BIG);
	assert_refusal(&refusal, MSEG_ID_NONE, MSEG_ID_NONE);
	mseg_policy_free(policy);
}

/* What one rule under observation would have made of TCP from anywhere. */
static void test_observed(void **state)
{
	static const struct mseg_service ssh = RANGE(6, 22, 22);
	struct mseg_key key = { .family = MSEG_FAMILY_IPV4, .protocol = 6, .service = 22 };
	struct mseg_policy *policy = a_policy(), *clone;
	struct mseg_rule rule = a_rule();
	struct mseg_refusal refusal;

	(void)state;
	add_network(policy, everywhere, 2);
	rule.action = MSEG_ACTION_ALLOW;
	assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), 0);
	rule.observed = 2;
	refusal = stale();
	assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), -EINVAL);
	assert_refusal(&refusal, MSEG_ID_NONE, MSEG_ID_NONE);
	rule.observed = 1;
	rule.services = &ssh;
	rule.action = MSEG_ACTION_REJECT;
	assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), 0);
	clone = mseg_policy_clone(policy);
	mseg_policy_free(policy);
	assert_non_null(clone);
	assert_int_equal(mseg_policy_compile(clone, &refusal), 0);
	assert_true(mseg_policy_observes(clone));
	assert_int_equal(mseg_classify(clone, &key).rule, 0);
	assert_int_equal(mseg_classify(clone, &key).action, MSEG_ACTION_ALLOW);
	assert_int_equal(mseg_observe(clone, &key).rule, 1);
	assert_int_equal(mseg_observe(clone, &key).action, MSEG_ACTION_REJECT);
	key.service = 23;
	assert_int_equal(mseg_observe(clone, &key).rule, MSEG_ID_NONE);
	mseg_policy_free(clone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	     cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_rules),	     cmocka_unit_test(test_services),
		cmocka_unit_test(test_items),	     cmocka_unit_test(test_exclusions),
		cmocka_unit_test(test_deepest_nest), cmocka_unit_test(test_most_networks),
		cmocka_unit_test(test_most_rules),   cmocka_unit_test(test_most_entries),
		cmocka_unit_test(test_longest_rule), cmocka_unit_test(test_clone),
		cmocka_unit_test(test_story),	     cmocka_unit_test(test_observed),
		cmocka_unit_test(test_most_overlap), cmocka_unit_test(test_most_members),
		cmocka_unit_test(test_most_ranges),
	};

	return cmocka_run_group_tests_name("core: policy", tests, NULL, NULL);
}
