// SPDX-License-Identifier: GPL-2.0
/* What is learned by name: its limits, its time, and what keeps it beyond that. */
#include <linux/mseg.h>

/* Small enough to reach. */
#undef MSEG_MAX_LEARNED
#define MSEG_MAX_LEARNED 64
#undef MSEG_MAX_LEARNED_PER_NAME
#define MSEG_MAX_LEARNED_PER_NAME 16
#undef MSEG_MAX_LEARNED_PER_NETWORK
#define MSEG_MAX_LEARNED_PER_NETWORK 24
#include "../learned.c"

#include "tests.h"

static struct mseg_learned *learned_of(struct kunit *test)
{
	return mseg_test_net(test, 16)->learned;
}

static struct mseg_address address(u32 n)
{
	struct mseg_address address = { .family = MSEG_FAMILY_IPV4 };

	put_unaligned_be32(0xc0000200 + n, address.addr);
	return address;
}

/* Under a name and for a network of a letter each. */
static void learn(struct mseg_learned *learned, const char *name, const char *network, u32 n,
		  u32 seconds)
{
	struct mseg_lesson lesson = {
		.name = name,
		.address = address(n),
		.seconds = seconds,
		.networks = { network },
		.n_networks = 1,
	};

	mseg_learned_add(learned, &lesson);
}

static u32 names_of(struct mseg_learned *learned, u32 n)
{
	struct mseg_address wanted = address(n);
	struct mseg_names names;

	rcu_read_lock();
	mseg_learned_find(learned, wanted.family, wanted.addr, &names);
	rcu_read_unlock();
	return names.n;
}

static void use(struct mseg_learned *learned, u32 n)
{
	struct mseg_address used = address(n);

	rcu_read_lock();
	mseg_learned_use(learned, used.family, used.addr, NULL, 0);
	rcu_read_unlock();
}

static void sweep(struct mseg_learned *learned)
{
	mseg_learned_sweep(learned, 1);
}

static u64 stat_of(const struct mseg_learned *learned, enum mseg_stat stat)
{
	return mseg_stats_sum(learned->stats, stat);
}

static void found_by_names(struct kunit *test)
{
	struct mseg_learned *learned = learned_of(test);
	struct mseg_address wanted = address(1);
	struct mseg_names names;

	KUNIT_EXPECT_FALSE(test, mseg_learned_any(learned));
	learn(learned, "a.test", "n", 1, 60);
	learn(learned, "b.test", "n", 1, 60);
	learn(learned, "b.test", "n", 1, 60);
	KUNIT_EXPECT_EQ(test, 2, learned->count);
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, mseg_learned_find(learned, wanted.family, wanted.addr, &names));
	KUNIT_EXPECT_EQ(test, 2, names.n);
	KUNIT_EXPECT_STREQ(test, "b.test", names.name[0]);
	KUNIT_EXPECT_STREQ(test, "a.test", names.name[1]);
	/* The same bytes of another family are another address. */
	KUNIT_EXPECT_FALSE(test, mseg_learned_has(learned, MSEG_FAMILY_IPV6, wanted.addr));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 0, names_of(learned, 2));
}

static void time_is_over(struct kunit *test)
{
	struct mseg_learned *learned = learned_of(test);

	learn(learned, "a.test", "n", 1, 0);
	learn(learned, "a.test", "n", 2, 60);
	KUNIT_EXPECT_EQ(test, 0, names_of(learned, 1));
	sweep(learned);
	KUNIT_EXPECT_EQ(test, 1, learned->count);
	KUNIT_EXPECT_EQ(test, 1, stat_of(learned, MSEG_STAT_dns_expired));
	/* A shorter time takes nothing back. */
	learn(learned, "a.test", "n", 2, 0);
	KUNIT_EXPECT_EQ(test, 1, names_of(learned, 2));
}

static void use_keeps(struct kunit *test)
{
	struct mseg_learned *learned = learned_of(test);
	struct mseg_learned_entry *entry;

	learn(learned, "a.test", "n", 1, 60);
	use(learned, 1);
	entry = list_first_entry(&learned->age, struct mseg_learned_entry, age);
	entry->until = jiffies;
	sweep(learned);
	KUNIT_EXPECT_EQ(test, 1, names_of(learned, 1));
	entry->used_until = jiffies;
	KUNIT_EXPECT_EQ(test, 0, names_of(learned, 1));
	/* What is over cannot be used again. */
	use(learned, 1);
	KUNIT_EXPECT_EQ(test, 0, names_of(learned, 1));
	sweep(learned);
	KUNIT_EXPECT_FALSE(test, mseg_learned_any(learned));
}

static void limit_of_a_name(struct kunit *test)
{
	struct mseg_learned *learned = learned_of(test);
	u32 n;

	for (n = 0; n < MSEG_MAX_LEARNED_PER_NAME; n++)
		learn(learned, "a.test", "n", n, 60);
	/* The oldest is in use, the next was refreshed. */
	use(learned, 0);
	learn(learned, "a.test", "n", 1, 60);
	KUNIT_EXPECT_EQ(test, 0, stat_of(learned, MSEG_STAT_dns_evicted));
	learn(learned, "a.test", "n", n, 60);
	KUNIT_EXPECT_EQ(test, 1, stat_of(learned, MSEG_STAT_dns_evicted));
	KUNIT_EXPECT_EQ(test, MSEG_MAX_LEARNED_PER_NAME, learned->count);
	KUNIT_EXPECT_EQ(test, 1, names_of(learned, 0));
	KUNIT_EXPECT_EQ(test, 1, names_of(learned, 1));
	KUNIT_EXPECT_EQ(test, 0, names_of(learned, 2));
}

static void limit_of_a_network(struct kunit *test)
{
	struct mseg_learned *learned = learned_of(test);
	char name[] = "a.test";
	u32 n;

	learn(learned, "x.test", "other", 200, 60);
	for (n = 0; n <= MSEG_MAX_LEARNED_PER_NETWORK; n++) {
		name[0] = 'a' + n / 8;
		learn(learned, name, "n", n, 60);
	}
	KUNIT_EXPECT_EQ(test, 1, stat_of(learned, MSEG_STAT_dns_evicted));
	KUNIT_EXPECT_EQ(test, 0, names_of(learned, 0));
	KUNIT_EXPECT_EQ(test, 1, names_of(learned, 200));
	/* Learned for another network, it counts there. */
	learn(learned, "a.test", "third", 1, 60);
	learn(learned, "z.test", "n", 300, 60);
	KUNIT_EXPECT_EQ(test, 1, stat_of(learned, MSEG_STAT_dns_evicted));
}

static void limit_of_all(struct kunit *test)
{
	struct mseg_learned *learned = learned_of(test);
	char name[] = "a.test", network[] = "a";
	u32 n;

	for (n = 0; n <= MSEG_MAX_LEARNED; n++) {
		name[0] = 'a' + n / 8;
		network[0] = name[0];
		learn(learned, name, network, n, 60);
	}
	KUNIT_EXPECT_EQ(test, MSEG_MAX_LEARNED, learned->count);
	KUNIT_EXPECT_EQ(test, 0, names_of(learned, 0));
	KUNIT_EXPECT_EQ(test, 1, names_of(learned, n - 1));
}

static void limit_of_an_address(struct kunit *test)
{
	struct mseg_learned *learned = learned_of(test);
	char name[] = "aa.test";
	u32 n;

	for (n = 0; n <= MSEG_MAX_NAMES_PER_ADDRESS; n++) {
		name[0] = 'a' + n / 8;
		name[1] = 'a' + n % 8;
		learn(learned, name, n % 2 ? "n" : "m", 1, 60);
	}
	KUNIT_EXPECT_EQ(test, MSEG_MAX_NAMES_PER_ADDRESS, names_of(learned, 1));
	KUNIT_EXPECT_EQ(test, 1, stat_of(learned, MSEG_STAT_dns_evicted));
}

static void nothing_is_left(struct kunit *test)
{
	struct mseg_learned *learned = learned_of(test);
	u32 n;
	int i;

	for (n = 0; n < 40; n++)
		learn(learned, n % 3 ? "a.test" : "b.test", n % 2 ? "n" : "m", n, 0);
	sweep(learned);
	KUNIT_EXPECT_EQ(test, 0, learned->count);
	KUNIT_EXPECT_TRUE(test, list_empty(&learned->age));
	for (i = 0; i < ARRAY_SIZE(learned->names); i++)
		KUNIT_EXPECT_TRUE(test, hlist_empty(&learned->names[i]));
	for (i = 0; i < ARRAY_SIZE(learned->accounts); i++)
		KUNIT_EXPECT_TRUE(test, hlist_empty(&learned->accounts[i]));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(found_by_names),	 KUNIT_CASE(time_is_over),	 KUNIT_CASE(use_keeps),
	KUNIT_CASE(limit_of_a_name),	 KUNIT_CASE(limit_of_a_network), KUNIT_CASE(limit_of_all),
	KUNIT_CASE(limit_of_an_address), KUNIT_CASE(nothing_is_left),	 {},
};

static struct kunit_suite suite = {
	.name = "mseg_learned",
	.test_cases = cases,
};

kunit_test_suite(suite);
