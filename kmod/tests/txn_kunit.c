// SPDX-License-Identifier: GPL-2.0
/* Transactions, generations, statistics. */
#include "../txn.c"

#include "tests.h"

static struct mseg_refusal refusal;

static void lock_net(struct mseg_net *mnet)
{
	mutex_lock(&mnet->lock);
}

static void unlock_net(struct mseg_net *mnet)
{
	mutex_unlock(&mnet->lock);
}

static u8 default_in(struct mseg_net *mnet)
{
	return mseg_net_generation(mnet)->policy->defaults[MSEG_DIRECTION_IN];
}

static void belongs_to_a_port(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 16);
	struct mseg_txn *mine, *other;

	lock_net(mnet);
	mine = mseg_txn_begin(mnet, 1, NULL);
	other = mseg_txn_begin(mnet, 2, NULL);
	KUNIT_EXPECT_PTR_EQ(test, mine, mseg_txn_find(mnet, 1, mine->id));
	KUNIT_EXPECT_NULL(test, mseg_txn_find(mnet, 2, mine->id));
	KUNIT_EXPECT_NULL(test, mseg_txn_find(mnet, 1, other->id));
	KUNIT_EXPECT_NULL(test, mseg_txn_find(mnet, 1, 0));
	unlock_net(mnet);
}

/* Of a port that was closed nothing is left, whoever has it next. */
static void orphans(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 16);
	struct mseg_txn *mine, *other;
	int i;

	lock_net(mnet);
	mine = mseg_txn_begin(mnet, 1, NULL);
	other = mseg_txn_begin(mnet, 2, NULL);
	mseg_txn_orphan(mnet, 1);
	KUNIT_EXPECT_NULL(test, mseg_txn_find(mnet, 1, mine->id));
	KUNIT_EXPECT_PTR_EQ(test, other, mseg_txn_find(mnet, 2, other->id));
	unlock_net(mnet);
	flush_work(&mnet->orphans);
	KUNIT_EXPECT_EQ(test, 1, mnet->n_txns);
	/* They are in nobody's way, even before they are gone. */
	lock_net(mnet);
	for (i = 0; i < 3 * MAX_TXNS; i++) {
		KUNIT_EXPECT_FALSE(test, IS_ERR(mseg_txn_begin(mnet, 1, NULL)));
		mseg_txn_orphan(mnet, 1);
	}
	KUNIT_EXPECT_PTR_EQ(test, other, mseg_txn_find(mnet, 2, other->id));
	unlock_net(mnet);
}

static void limit(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 16);
	struct mseg_txn *txn = NULL;
	int i;

	lock_net(mnet);
	for (i = 0; i < MAX_TXNS; i++) {
		txn = mseg_txn_begin(mnet, i, NULL);
		KUNIT_EXPECT_FALSE(test, IS_ERR(txn));
	}
	KUNIT_EXPECT_EQ(test, -EMFILE, PTR_ERR(mseg_txn_begin(mnet, 99, NULL)));
	mseg_txn_abort(mnet, txn);
	txn = mseg_txn_begin(mnet, 99, NULL);
	KUNIT_EXPECT_FALSE(test, IS_ERR(txn));
	mseg_txn_abort_all(mnet);
	KUNIT_EXPECT_EQ(test, 0, mnet->n_txns);
	unlock_net(mnet);
}

static void commit(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 16);
	struct mseg_txn *txn, *clone;

	lock_net(mnet);
	txn = mseg_txn_begin(mnet, 1, NULL);
	txn->policy->defaults[MSEG_DIRECTION_IN] = MSEG_ACTION_REJECT;
	KUNIT_EXPECT_EQ(test, MSEG_ACTION_ALLOW, default_in(mnet));
	KUNIT_EXPECT_EQ(test, 0, mseg_txn_commit(mnet, txn, 0, 0, &refusal));
	KUNIT_EXPECT_EQ(test, MSEG_ACTION_REJECT, default_in(mnet));
	KUNIT_EXPECT_EQ(test, 2, mseg_net_generation(mnet)->number);
	KUNIT_EXPECT_EQ(test, 0, mnet->n_txns);
	clone = mseg_txn_begin(mnet, 1, mseg_net_generation(mnet)->policy);
	KUNIT_EXPECT_EQ(test, MSEG_ACTION_REJECT, clone->policy->defaults[MSEG_DIRECTION_IN]);
	unlock_net(mnet);
}

/* What does not compile leaves everything as it was. */
static void bad_policy(struct kunit *test)
{
	static const struct mseg_prefix outside = {
		.addr = { 10 },
		.family = MSEG_FAMILY_IPV4,
		.len = 8,
		.exclude = 1,
	};
	struct mseg_net *mnet = mseg_test_net(test, 16);
	struct mseg_txn *txn;

	lock_net(mnet);
	txn = mseg_txn_begin(mnet, 1, NULL);
	KUNIT_EXPECT_EQ(test, 0, mseg_policy_add_network(txn->policy, "n", &refusal));
	KUNIT_EXPECT_EQ(test, 0, mseg_policy_add_prefixes(txn->policy, &outside, 1, &refusal));
	refusal.why = NULL;
	KUNIT_EXPECT_EQ(test, -EINVAL, mseg_txn_commit(mnet, txn, 0, 0, &refusal));
	KUNIT_EXPECT_NOT_NULL(test, refusal.why);
	KUNIT_EXPECT_EQ(test, 1, mseg_net_generation(mnet)->number);
	KUNIT_EXPECT_EQ(test, 0, mnet->n_txns);
	unlock_net(mnet);
}

static void trial(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 16);
	struct mseg_txn *txn;

	lock_net(mnet);
	txn = mseg_txn_begin(mnet, 1, NULL);
	txn->policy->defaults[MSEG_DIRECTION_IN] = MSEG_ACTION_REJECT;
	KUNIT_EXPECT_EQ(test, 0, mseg_txn_commit(mnet, txn, 0, 2, &refusal));
	KUNIT_EXPECT_EQ(test, 2, mseg_generation_left(mnet));
	txn = mseg_txn_begin(mnet, 1, NULL);
	KUNIT_EXPECT_EQ(test, -EBUSY, mseg_txn_commit(mnet, txn, 0, 0, &refusal));
	KUNIT_EXPECT_EQ(test, -ESTALE, mseg_generation_confirm(mnet, 1));
	unlock_net(mnet);
	/* Nobody confirms it. */
	msleep(3000);
	lock_net(mnet);
	KUNIT_EXPECT_EQ(test, MSEG_ACTION_ALLOW, default_in(mnet));
	KUNIT_EXPECT_EQ(test, 3, mseg_net_generation(mnet)->number);
	KUNIT_EXPECT_EQ(test, 0, mseg_generation_left(mnet));
	txn = mseg_txn_begin(mnet, 1, NULL);
	txn->policy->defaults[MSEG_DIRECTION_IN] = MSEG_ACTION_REJECT;
	KUNIT_EXPECT_EQ(test, 0, mseg_txn_commit(mnet, txn, 0, 2, &refusal));
	KUNIT_EXPECT_EQ(test, 0, mseg_generation_confirm(mnet, 4));
	unlock_net(mnet);
	msleep(3000);
	lock_net(mnet);
	KUNIT_EXPECT_EQ(test, MSEG_ACTION_REJECT, default_in(mnet));
	KUNIT_EXPECT_EQ(test, 4, mseg_net_generation(mnet)->number);
	unlock_net(mnet);
}

static void candidates(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 16);
	struct mseg_generation *first;
	struct mseg_txn *txn;

	lock_net(mnet);
	KUNIT_EXPECT_EQ(test, -ESRCH, mseg_generation_withdraw(mnet));
	txn = mseg_txn_begin(mnet, 1, NULL);
	txn->policy->defaults[MSEG_DIRECTION_IN] = MSEG_ACTION_REJECT;
	KUNIT_EXPECT_EQ(test, 0, mseg_txn_propose(mnet, txn, &refusal));
	KUNIT_EXPECT_EQ(test, MSEG_ACTION_ALLOW, default_in(mnet));
	KUNIT_EXPECT_EQ(test, 1, mseg_net_generation(mnet)->number);
	KUNIT_EXPECT_EQ(test, 2, mseg_net_candidate(mnet)->number);
	/* Numbers are never given twice, whoever takes them. */
	txn = mseg_txn_begin(mnet, 1, NULL);
	KUNIT_EXPECT_EQ(test, 0, mseg_txn_commit(mnet, txn, 0, 60, &refusal));
	KUNIT_EXPECT_EQ(test, 3, mseg_net_generation(mnet)->number);
	first = mseg_net_candidate(mnet);
	txn = mseg_txn_begin(mnet, 1, first->policy);
	KUNIT_EXPECT_EQ(test, 0, mseg_txn_propose(mnet, txn, &refusal));
	KUNIT_EXPECT_EQ(test, 4, mseg_net_candidate(mnet)->number);
	KUNIT_EXPECT_EQ(test, 0, mseg_generation_revert(mnet));
	KUNIT_EXPECT_EQ(test, 5, mseg_net_generation(mnet)->number);
	KUNIT_EXPECT_EQ(test, 0, mseg_generation_withdraw(mnet));
	KUNIT_EXPECT_NULL(test, mseg_net_candidate(mnet));
	/* Candidates that reject hold nothing. */
	KUNIT_EXPECT_FALSE(test, mnet->holds_module);
	unlock_net(mnet);
}

static void lock(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 16);
	struct mseg_txn *txn;

	lock_net(mnet);
	txn = mseg_txn_begin(mnet, 1, NULL);
	KUNIT_EXPECT_EQ(test, 0, mseg_txn_commit(mnet, txn, 0, 60, &refusal));
	KUNIT_EXPECT_EQ(test, -EBUSY, mseg_generation_lock(mnet));
	KUNIT_EXPECT_EQ(test, 0, mseg_generation_confirm(mnet, 2));
	KUNIT_EXPECT_EQ(test, 0, mseg_generation_lock(mnet));
	KUNIT_EXPECT_EQ(test, -EALREADY, mseg_generation_lock(mnet));
	KUNIT_EXPECT_TRUE(test, mnet->holds_module);
	txn = mseg_txn_begin(mnet, 1, NULL);
	KUNIT_EXPECT_EQ(test, -EPERM, mseg_txn_commit(mnet, txn, 0, 0, &refusal));
	KUNIT_EXPECT_NOT_NULL(test, strstr(refusal.why, "locked"));
	txn = mseg_txn_begin(mnet, 1, NULL);
	KUNIT_EXPECT_EQ(test, -EPERM, mseg_txn_propose(mnet, txn, &refusal));
	KUNIT_EXPECT_EQ(test, -EPERM, mseg_generation_withdraw(mnet));
	KUNIT_EXPECT_EQ(test, 2, mseg_net_generation(mnet)->number);
	unlock_net(mnet);
}

static void statistics(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 16);
	int i;

	for (i = 0; i < MSEG_STAT_MAX; i++) {
		KUNIT_EXPECT_GT(test, strlen(mseg_stat_names[i]), 0);
		KUNIT_EXPECT_EQ(test, 0, mseg_stats_sum(mnet->stats, i));
	}
	mseg_stat(mnet->stats, judged);
	mseg_stat_add(mnet->stats, judged, 5);
	KUNIT_EXPECT_EQ(test, 6, mseg_stats_sum(mnet->stats, MSEG_STAT_judged));
	/* Those of a packet statistic stand in their order. */
	mseg_stat_packet(mnet->stats, MSEG_STAT_seen_in_ipv4, MSEG_STAT_IN, true);
	mseg_stat_packet(mnet->stats, MSEG_STAT_seen_in_ipv4, MSEG_STAT_OUT, false);
	mseg_stat_packet(mnet->stats, MSEG_STAT_seen_in_ipv4, MSEG_STAT_FORWARD, true);
	KUNIT_EXPECT_EQ(test, 0, mseg_stats_sum(mnet->stats, MSEG_STAT_seen_in_ipv4));
	KUNIT_EXPECT_EQ(test, 1, mseg_stats_sum(mnet->stats, MSEG_STAT_seen_in_ipv6));
	KUNIT_EXPECT_EQ(test, 1, mseg_stats_sum(mnet->stats, MSEG_STAT_seen_out_ipv4));
	KUNIT_EXPECT_EQ(test, 0, mseg_stats_sum(mnet->stats, MSEG_STAT_seen_out_ipv6));
	KUNIT_EXPECT_EQ(test, 1, mseg_stats_sum(mnet->stats, MSEG_STAT_seen_forward_ipv6));
}

static struct kunit_case cases[] = { KUNIT_CASE(belongs_to_a_port),
				     KUNIT_CASE(orphans),
				     KUNIT_CASE(limit),
				     KUNIT_CASE(commit),
				     KUNIT_CASE(bad_policy),
				     KUNIT_CASE_SLOW(trial),
				     KUNIT_CASE(candidates),
				     KUNIT_CASE(lock),
				     KUNIT_CASE(statistics),
				     {} };

static struct kunit_suite suite = {
	.name = "mseg_txn",
	.test_cases = cases,
};

kunit_test_suite(suite);
