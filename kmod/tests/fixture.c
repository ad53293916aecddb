// SPDX-License-Identifier: GPL-2.0
/* A namespace for suites: what attaching makes, but for hooks and files. */
#include "tests.h"

#include "dns.h"
#include "head.h"
#include "learned.h"
#include "query.h"

static void free_net(void *data)
{
	struct mseg_net *mnet = data;

	mutex_lock(&mnet->lock);
	mseg_txn_abort_all(mnet);
	mseg_flows_free(mnet->flows);
	mseg_dns_free(mnet->dns);
	mseg_outbox_free(mnet->heads);
	mseg_learned_free(mnet->learned);
	mseg_conns_free(mnet->conns);
	mseg_queries_free(mnet->queries);
	mseg_generation_drop(mnet);
	mutex_unlock(&mnet->lock);
	mseg_txn_teardown(mnet);
	mseg_generation_teardown(mnet);
	mseg_subscriber_teardown(&mnet->subscribers);
	mseg_subscriber_teardown(&mnet->dns_subscribers);
	mseg_subscriber_teardown(&mnet->head_subscribers);
	free_percpu(mnet->stats);
	kfree(mnet);
}

struct mseg_net *mseg_test_net(struct kunit *test, u32 max)
{
	struct mseg_net *mnet = kzalloc(sizeof(*mnet), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mnet);
	mnet->net = &init_net;
	mutex_init(&mnet->lock);
	mseg_txn_setup(mnet);
	mseg_subscriber_setup(&mnet->subscribers);
	mseg_subscriber_setup(&mnet->dns_subscribers);
	mseg_subscriber_setup(&mnet->head_subscribers);
	mseg_generation_setup(mnet);
	mutex_lock(&mnet->lock);
	KUNIT_EXPECT_EQ(test, 0, mseg_generation_first(mnet));
	mutex_unlock(&mnet->lock);
	mnet->stats = alloc_percpu(struct mseg_stats);
	mnet->conns = mseg_conns_new(max, true, mnet->stats);
	mnet->flows = mseg_flows_new(mnet->net, &mnet->subscribers, mnet->stats);
	mnet->queries = mseg_queries_new();
	mnet->learned = mseg_learned_new(mnet->stats);
	mnet->dns = mseg_dns_new(mnet);
	mnet->heads = mseg_heads_new(mnet);
	ratelimit_state_init(&mnet->answers, HZ, 500);
	mnet->attached = true;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_net, mnet));
	KUNIT_ASSERT_NOT_NULL(test, mnet->stats);
	KUNIT_ASSERT_NOT_NULL(test, mnet->conns);
	KUNIT_ASSERT_NOT_NULL(test, mnet->flows);
	KUNIT_ASSERT_NOT_NULL(test, mnet->queries);
	KUNIT_ASSERT_NOT_NULL(test, mnet->learned);
	KUNIT_ASSERT_NOT_NULL(test, mnet->dns);
	return mnet;
}

void mseg_test_policy(struct kunit *test, struct mseg_net *mnet, u8 in, u8 out)
{
	struct mseg_refusal refusal;
	struct mseg_txn *txn;

	mutex_lock(&mnet->lock);
	txn = mseg_txn_begin(mnet, 1, NULL);
	if (!IS_ERR(txn)) {
		txn->policy->defaults[MSEG_DIRECTION_IN] = in;
		txn->policy->defaults[MSEG_DIRECTION_OUT] = out;
		KUNIT_EXPECT_EQ(test, 0,
				mseg_txn_commit(mnet, txn, MSEG_EXISTING_REMATCH, 0, &refusal));
	}
	mutex_unlock(&mnet->lock);
	KUNIT_ASSERT_FALSE(test, IS_ERR(txn));
}

struct mseg_conn_key mseg_test_key(u32 peer)
{
	struct mseg_conn_key key = {
		.local.s6_addr32[0] = htonl(0x0a000001),
		.remote.s6_addr32[0] = htonl(0x0a000000 + peer),
		.lport = htons(1000),
		.rport = htons(53),
		.family = MSEG_FAMILY_IPV4,
		.protocol = IPPROTO_UDP,
		.kind = MSEG_CONN_PLAIN,
	};

	return key;
}
