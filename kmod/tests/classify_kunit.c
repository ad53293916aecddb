// SPDX-License-Identifier: GPL-2.0
/*
 * The classifier as the kernel builds it. Its own tests and its oracle run in
 * user space; this is whether it says the same here.
 */
#include "../core/segments.c"

#include "tests.h"

static struct mseg_refusal refusal;

static struct mseg_prefix prefix(u8 a, u8 b, u8 len, bool exclude)
{
	struct mseg_prefix prefix = {
		.addr = { a, b },
		.family = MSEG_FAMILY_IPV4,
		.len = len,
		.exclude = exclude,
	};

	return prefix;
}

static struct mseg_key key(u8 a, u8 b, u8 protocol, u16 service)
{
	struct mseg_key key = {
		.peer = { a, b },
		.family = MSEG_FAMILY_IPV4,
		.protocol = protocol,
		.service = service,
		.direction = MSEG_DIRECTION_IN,
	};

	return key;
}

static void free_policy(void *policy)
{
	mseg_policy_free(policy);
}

/* Of the last segment that starts at or before the address. */
static int length_at(const struct mseg_segments *segments, const u8 *addr)
{
	int len = MSEG_NOT_COVERED, next;
	u8 start[MSEG_ADDR_LEN];
	u32 i;

	for (i = 0; i < mseg_segments_count(segments); i++) {
		next = mseg_segments_get(segments, i, start);
		if (memcmp(start, addr, MSEG_ADDR_LEN) > 0)
			break;
		len = next;
	}
	return len;
}

static void segments(struct kunit *test)
{
	struct mseg_prefix prefixes[] = {
		prefix(10, 0, 8, false),
		prefix(10, 9, 16, true),
		prefix(10, 9, 24, false),
		prefix(0, 0, 0, false),
	};
	struct mseg_network network = {
		.name = "n",
		.prefixes = prefixes,
		.n_prefixes = ARRAY_SIZE(prefixes),
	};
	struct mseg_segments *segments;
	u8 addr[MSEG_ADDR_LEN] = { 10 };

	KUNIT_ASSERT_EQ(test, 0,
			mseg_segments_build(&network, MSEG_FAMILY_IPV4, &segments, &refusal));
	KUNIT_EXPECT_EQ(test, 8, length_at(segments, addr));
	addr[1] = 9;
	KUNIT_EXPECT_EQ(test, 24, length_at(segments, addr));
	addr[2] = 1;
	KUNIT_EXPECT_EQ(test, 16 | MSEG_EXCLUDED, length_at(segments, addr));
	addr[1] = 10;
	KUNIT_EXPECT_EQ(test, 8, length_at(segments, addr));
	addr[0] = 11;
	KUNIT_EXPECT_EQ(test, 0, length_at(segments, addr));
	mseg_segments_free(segments);
	KUNIT_ASSERT_EQ(test, 0,
			mseg_segments_build(&network, MSEG_FAMILY_IPV6, &segments, &refusal));
	KUNIT_EXPECT_NULL(test, segments);
}

static void add_rule(struct kunit *test, struct mseg_policy *policy, u32 network, u8 action,
		     u16 protocol, u16 low, u16 high)
{
	struct mseg_service service = { .protocol = protocol, .low = low, .high = high };
	struct mseg_rule rule = {
		.name = "r",
		.networks = &network,
		.services = &service,
		.n_networks = 1,
		.n_services = 1,
		.direction = MSEG_DIRECTION_IN,
		.action = action,
	};

	service.bare = protocol == MSEG_PROTOCOL_ANY;
	KUNIT_ASSERT_EQ(test, 0, mseg_policy_add_rule(policy, &rule, &refusal));
}

static void verdicts(struct kunit *test)
{
	struct mseg_prefix wide = prefix(10, 0, 8, false), narrow = prefix(10, 1, 16, false);
	struct mseg_policy *policy = mseg_policy_new();
	struct mseg_verdict verdict;
	struct mseg_key k;

	KUNIT_ASSERT_NOT_NULL(test, policy);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_policy, policy));
	policy->defaults[MSEG_DIRECTION_IN] = MSEG_ACTION_REJECT;
	mseg_policy_add_network(policy, "wide", &refusal);
	mseg_policy_add_prefixes(policy, &wide, 1, &refusal);
	mseg_policy_add_network(policy, "narrow", &refusal);
	mseg_policy_add_prefixes(policy, &narrow, 1, &refusal);
	add_rule(test, policy, 1, MSEG_ACTION_ALLOW, IPPROTO_TCP, 22, 22);
	add_rule(test, policy, 0, MSEG_ACTION_ALLOW, MSEG_PROTOCOL_ANY, 0, 0);
	add_rule(test, policy, 0, MSEG_ACTION_REJECT, IPPROTO_TCP, 23, 25);
	KUNIT_ASSERT_EQ(test, 0, mseg_policy_compile(policy, &refusal));

	k = key(10, 1, IPPROTO_TCP, 22);
	verdict = mseg_classify(policy, &k);
	KUNIT_EXPECT_EQ(test, MSEG_ACTION_ALLOW, verdict.action);
	KUNIT_EXPECT_EQ(test, 0, verdict.rule);
	KUNIT_EXPECT_EQ(test, 1, verdict.network);
	/* A wide Reject beats a narrow Allow. */
	k = key(10, 1, IPPROTO_TCP, 24);
	verdict = mseg_classify(policy, &k);
	KUNIT_EXPECT_EQ(test, MSEG_ACTION_REJECT, verdict.action);
	KUNIT_EXPECT_EQ(test, 2, verdict.rule);
	k = key(11, 0, IPPROTO_TCP, 22);
	verdict = mseg_classify(policy, &k);
	KUNIT_EXPECT_EQ(test, MSEG_ACTION_REJECT, verdict.action);
	KUNIT_EXPECT_EQ(test, MSEG_REASON_DEFAULT, verdict.reason);
	KUNIT_EXPECT_EQ(test, MSEG_ID_NONE, verdict.rule);
}

static struct kunit_case cases[] = { KUNIT_CASE(segments), KUNIT_CASE(verdicts), {} };

static struct kunit_suite suite = {
	.name = "mseg_classify",
	.test_cases = cases,
};

kunit_test_suite(suite);
