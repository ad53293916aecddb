// SPDX-License-Identifier: GPL-2.0
/* Counting by processor: nothing is lost, and nothing that others use is written. */
#include "../tally.c"

#include <linux/bitmap.h>

#include "tests.h"

/* One of those who differ in this host's address alone, and so have the same place. */
static struct mseg_conn *twin(struct kunit *test, struct mseg_net *mnet, u32 address)
{
	struct mseg_conn_key key = mseg_test_key(1);
	struct mseg_conn *conn;

	key.local.s6_addr32[0] = htonl(address);
	conn = mseg_conn_new(mnet->conns, &key, mseg_conn_hash(&key), false);
	KUNIT_ASSERT_NOT_NULL(test, conn);
	rcu_read_lock();
	KUNIT_ASSERT_PTR_EQ(test, conn, mseg_conn_add(mnet->conns, conn));
	rcu_read_unlock();
	return conn;
}

static void count(struct mseg_conn *conn, bool out, u32 times)
{
	rcu_read_lock();
	while (times--)
		mseg_tally_count(conn, out, 100, 2);
	rcu_read_unlock();
}

static void expect(struct kunit *test, const struct mseg_conn *conn, u64 in, u64 out)
{
	struct mseg_carried carried;

	mseg_tally_sum(conn, &carried);
	KUNIT_EXPECT_EQ(test, 2 * in, carried.packets[0]);
	KUNIT_EXPECT_EQ(test, 2 * out, carried.packets[1]);
	KUNIT_EXPECT_EQ(test, 100 * in, carried.bytes[0]);
	KUNIT_EXPECT_EQ(test, 100 * out, carried.bytes[1]);
}

/* Packets that the entry itself knows of. */
static u64 known(const struct mseg_conn *conn)
{
	return (atomic64_read(&conn->packets[0]) + atomic64_read(&conn->packets[1])) / 2;
}

static bool is_counted(const struct mseg_conn *conn)
{
	struct mseg_tallies *tallies;
	bool is = false;
	int cpu, i;

	for_each_possible_cpu(cpu) {
		tallies = per_cpu_ptr(mseg_tallies, cpu);
		for (i = 0; i < MSEG_TALLY_PLACES; i++)
			is |= tallies[PROCESS].places[i].conn == conn ||
			      tallies[SOFTIRQ].places[i].conn == conn;
	}
	return is;
}

static void writes_nothing_that_others_use(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 10);
	struct mseg_conn *conn = twin(test, mnet, 1);
	struct mseg_conn before;

	migrate_disable();
	count(conn, false, MSEG_TALLY_PATIENCE);
	KUNIT_EXPECT_EQ(test, MSEG_TALLY_PATIENCE, known(conn));
	before = *conn;
	count(conn, false, 1000);
	count(conn, true, 500);
	KUNIT_EXPECT_MEMEQ(test, &before, conn, sizeof(before));
	expect(test, conn, 1000 + MSEG_TALLY_PATIENCE, 500);
	migrate_enable();
}

static void counts_in_softirqs_beside(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 10);
	struct mseg_conn *conn = twin(test, mnet, 1);

	migrate_disable();
	count(conn, false, 10);
	local_bh_disable();
	count(conn, true, 20);
	KUNIT_EXPECT_PTR_EQ(test, conn, mseg_tally_place(mseg_tallies_here(), conn)->conn);
	local_bh_enable();
	KUNIT_EXPECT_PTR_EQ(test, conn, mseg_tally_place(mseg_tallies_here(), conn)->conn);
	KUNIT_EXPECT_EQ(test, 2 * MSEG_TALLY_PATIENCE, known(conn));
	expect(test, conn, 10, 20);
	migrate_enable();
}

static void gives_a_place_to_who_comes_often(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 10);
	struct mseg_conn *one = twin(test, mnet, 1), *other = twin(test, mnet, 2);
	u32 n = MSEG_TALLY_PATIENCE;
	int i;

	migrate_disable();
	count(one, false, 10);
	KUNIT_EXPECT_EQ(test, n, known(one));
	/* In turns with who has it, nobody gets it. */
	for (i = 0; i < 10; i++) {
		count(other, true, n - 1);
		count(one, false, 1);
	}
	KUNIT_EXPECT_EQ(test, n, known(one));
	KUNIT_EXPECT_EQ(test, 10 * (n - 1), known(other));
	count(other, true, n);
	KUNIT_EXPECT_EQ(test, 20, known(one));
	count(other, true, 5);
	KUNIT_EXPECT_EQ(test, 10 * (n - 1) + n, known(other));
	expect(test, one, 20, 0);
	expect(test, other, 0, 10 * (n - 1) + n + 5);
	migrate_enable();
}

static void equal_ports_have_places_of_their_own(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_tallies *tallies = kunit_kzalloc(test, sizeof(*tallies), GFP_KERNEL);
	DECLARE_BITMAP(places, MSEG_TALLY_PLACES) = {};
	struct mseg_conn_key key;
	struct mseg_conn *conn;
	u32 peer;

	KUNIT_ASSERT_NOT_NULL(test, tallies);
	for (peer = 0; peer < MSEG_TALLY_PLACES; peer++) {
		key = mseg_test_key(peer);
		conn = mseg_conn_new(mnet->conns, &key, mseg_conn_hash(&key), false);
		KUNIT_ASSERT_NOT_NULL(test, conn);
		rcu_read_lock();
		KUNIT_ASSERT_PTR_EQ(test, conn, mseg_conn_add(mnet->conns, conn));
		rcu_read_unlock();
		__set_bit(mseg_tally_place(tallies, conn) - tallies->places, places);
	}
	KUNIT_EXPECT_GT(test, bitmap_weight(places, MSEG_TALLY_PLACES), MSEG_TALLY_PLACES / 2);
}

static void counts_nobody_who_is_free(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 10);
	struct mseg_conn *conn = twin(test, mnet, 1), *stays = twin(test, mnet, 2);

	count(conn, false, 10);
	KUNIT_EXPECT_TRUE(test, is_counted(conn));
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, mseg_conn_remove(mnet->conns, conn));
	/* Who found it before goes on. */
	count(conn, false, 10);
	expect(test, conn, 20, 0);
	rcu_read_unlock();
	rcu_barrier();
	KUNIT_EXPECT_FALSE(test, is_counted(conn));
	/* The place is free, and its former connection is not followed. */
	count(stays, true, 10);
	KUNIT_EXPECT_TRUE(test, is_counted(stays));
	expect(test, stays, 0, 10);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(writes_nothing_that_others_use),
	KUNIT_CASE(counts_in_softirqs_beside),
	KUNIT_CASE(gives_a_place_to_who_comes_often),
	KUNIT_CASE(equal_ports_have_places_of_their_own),
	KUNIT_CASE(counts_nobody_who_is_free),
	{},
};

static struct kunit_suite suite = {
	.name = "mseg_tally",
	.test_cases = cases,
};

kunit_test_suite(suite);
