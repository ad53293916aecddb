// SPDX-License-Identifier: GPL-2.0
/* The sweep: a round sees every entry, ends what is over, reports what moves. */
#include "../sweep.c"

#include "tests.h"

static struct mseg_net *sweep_net(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 256);

	INIT_DELAYED_WORK(&mnet->sweep, sweep);
	KUNIT_EXPECT_EQ(test, 0, mseg_subscriber_add(&mnet->subscribers, 1));
	return mnet;
}

/* As the work item does, and no more than that. */
static void tick(struct mseg_net *mnet)
{
	sweep(&mnet->sweep.work);
	cancel_delayed_work_sync(&mnet->sweep);
}

static void go_round(struct mseg_net *mnet)
{
	int i;

	for (i = 0; i < TICKS_PER_ROUND; i++)
		tick(mnet);
}

static struct mseg_conn *add(struct kunit *test, struct mseg_net *mnet, u32 peer, u8 protocol,
			     u8 state)
{
	struct mseg_conn_key key = mseg_test_key(peer);
	struct mseg_conn *conn;

	key.protocol = protocol;
	conn = mseg_conn_new(mnet->conns, &key, mseg_conn_hash(&key), false);
	KUNIT_ASSERT_NOT_NULL(test, conn);
	conn->state = state;
	KUNIT_ASSERT_PTR_EQ(test, conn, mseg_conn_add(mnet->conns, conn));
	return conn;
}

static void let_expire(struct mseg_net *mnet, struct mseg_conn *conn)
{
	conn->last_seen = jiffies - mseg_conn_timeout(mnet->conns, conn) - 1;
}

static int count(struct mseg_net *mnet)
{
	return atomic_read(&mnet->conns->count);
}

static u64 made(struct mseg_net *mnet)
{
	return mseg_stats_sum(mnet->stats, MSEG_STAT_flows_made);
}

static void a_round_sees_all(struct kunit *test)
{
	struct mseg_net *mnet = sweep_net(test);
	u32 peer;

	for (peer = 0; peer < 200; peer++) {
		struct mseg_conn *conn = add(test, mnet, peer, IPPROTO_UDP, MSEG_CONN_STATE_NEW);

		if (peer < 150)
			let_expire(mnet, conn);
	}
	tick(mnet);
	KUNIT_EXPECT_LT(test, count(mnet), 200);
	KUNIT_EXPECT_GT(test, count(mnet), 100);
	go_round(mnet);
	KUNIT_EXPECT_EQ(test, 50, count(mnet));
	/* The end of each, and nothing about the others. */
	KUNIT_EXPECT_EQ(test, 150, made(mnet));
}

static void reports(struct kunit *test)
{
	struct mseg_net *mnet = sweep_net(test);
	struct mseg_conn *moves = add(test, mnet, 1, IPPROTO_UDP, MSEG_CONN_STATE_NEW);
	struct mseg_conn *rests = add(test, mnet, 2, IPPROTO_UDP, MSEG_CONN_STATE_NEW);

	atomic64_set(&moves->packets[1], 5);
	go_round(mnet);
	KUNIT_EXPECT_EQ(test, 0, made(mnet));
	moves->reported = jiffies - REPORT_INTERVAL - 1;
	rests->reported = jiffies - REPORT_INTERVAL - 1;
	go_round(mnet);
	KUNIT_EXPECT_EQ(test, 1, made(mnet));
	moves->reported = jiffies - REPORT_INTERVAL - 1;
	go_round(mnet);
	KUNIT_EXPECT_EQ(test, 1, made(mnet));
	/* What did not move is asked again after another interval. */
	atomic64_inc(&moves->packets[0]);
	go_round(mnet);
	KUNIT_EXPECT_EQ(test, 1, made(mnet));
	moves->reported = jiffies - REPORT_INTERVAL - 1;
	go_round(mnet);
	KUNIT_EXPECT_EQ(test, 2, made(mnet));
}

/* Its socket has gone: it ends once, and stays a little. */
static void sockets(struct kunit *test)
{
	struct mseg_net *mnet = sweep_net(test);
	struct mseg_conn *conn = add(test, mnet, 1, IPPROTO_TCP, MSEG_CONN_STATE_CLOSING);
	struct mseg_conn *quiet = add(test, mnet, 2, IPPROTO_TCP, MSEG_CONN_STATE_ESTABLISHED);

	conn->has_socket = true;
	quiet->has_socket = true;
	go_round(mnet);
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSED, conn->state);
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, quiet->state);
	KUNIT_EXPECT_EQ(test, 1, made(mnet));
	/* Nobody asks for the socket of one that had a packet just now. */
	quiet->last_seen = jiffies - SOCKET_CHECK_IDLE - 1;
	go_round(mnet);
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSED, quiet->state);
	KUNIT_EXPECT_EQ(test, 2, made(mnet));
	let_expire(mnet, conn);
	let_expire(mnet, quiet);
	go_round(mnet);
	KUNIT_EXPECT_EQ(test, 0, count(mnet));
	KUNIT_EXPECT_EQ(test, 2, made(mnet));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_round_sees_all), KUNIT_CASE(reports), KUNIT_CASE(sockets), {}
};

static struct kunit_suite suite = {
	.name = "mseg_sweep",
	.test_cases = cases,
};

kunit_test_suite(suite);
