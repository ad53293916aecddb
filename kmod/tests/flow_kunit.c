// SPDX-License-Identifier: GPL-2.0
/* Flow records: every one is sent or counted as lost, and leaves its number. */
#include "../flow.c"

#include <linux/netlink.h>
#include <net/sock.h>

#include "tests.h"

/* A socket that listens, as a program would have it. */
static struct socket *listen(struct kunit *test, int room)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int group = mseg_test_family.mcgrp_offset;
	struct socket *socket;

	KUNIT_ASSERT_EQ(test, 0,
			sock_create_kern(&init_net, AF_NETLINK, SOCK_RAW, NETLINK_GENERIC, &socket));
	KUNIT_EXPECT_EQ(test, 0, kernel_bind(socket, (struct sockaddr *)&address, sizeof(address)));
	KUNIT_EXPECT_EQ(test, 0,
			socket->ops->setsockopt(socket, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
						KERNEL_SOCKPTR(&group), sizeof(group)));
	socket->sk->sk_rcvbuf = room;
	return socket;
}

static struct mseg_conn *conn_new(struct kunit *test, struct mseg_net *mnet, u32 peer, u8 verdict)
{
	struct mseg_conn_key key = mseg_test_key(peer);
	struct mseg_conn *conn = mseg_conn_new(mnet->conns, &key, mseg_conn_hash(&key), false);

	KUNIT_ASSERT_NOT_NULL(test, conn);
	conn->verdict = verdict;
	conn->service = 53;
	conn->direction = MSEG_DIRECTION_OUT;
	KUNIT_ASSERT_PTR_EQ(test, conn, mseg_conn_add(mnet->conns, conn));
	return conn;
}

static void emit_quietly(struct mseg_net *mnet, struct mseg_conn *conn, int n)
{
	while (n--)
		mseg_flow_emit(mnet->flows, conn, MSEG_FLOW_EVENT_UPDATE);
}

/* While the worker cannot run, and then let it. */
static void emit(struct mseg_net *mnet, struct mseg_conn *conn, int n)
{
	preempt_disable();
	emit_quietly(mnet, conn, n);
	preempt_enable();
	flush_delayed_work(&mnet->flows->send);
}

static u64 stat(struct mseg_net *mnet, enum mseg_stat stat)
{
	return mseg_stats_sum(mnet->stats, stat);
}

struct received {
	u64 records;
	u64 last_seq;
	bool in_order;
};

static void receive(struct kunit *test, struct socket *socket, struct received *received)
{
	u8 *buffer = kunit_kmalloc(test, 32768, GFP_KERNEL);
	struct mseg_flow_record record;
	const struct nlattr *attr;
	struct nlmsghdr *header;
	int len, rest;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	received->in_order = true;
	for (;;) {
		struct kvec vec = { .iov_base = buffer, .iov_len = 32768 };
		struct msghdr message = {};

		len = kernel_recvmsg(socket, &message, &vec, 1, vec.iov_len, MSG_DONTWAIT);
		if (len == -ENOBUFS)
			continue;
		if (len <= 0)
			break;
		header = (struct nlmsghdr *)buffer;
		nlmsg_for_each_attr(attr, header, GENL_HDRLEN, rest) {
			KUNIT_EXPECT_EQ(test, sizeof(record), nla_len(attr));
			memcpy(&record, nla_data(attr), sizeof(record));
			received->in_order &= record.seq > received->last_seq;
			received->last_seq = record.seq;
			received->records++;
		}
	}
}

static void nobody_listens(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);

	emit(mnet, conn_new(test, mnet, 1, MSEG_ACTION_ALLOW), 10);
	KUNIT_EXPECT_EQ(test, 0, stat(mnet, MSEG_STAT_flows_made));
}

static void subscribe(struct kunit *test, struct mseg_net *mnet)
{
	mutex_lock(&mnet->lock);
	KUNIT_EXPECT_EQ(test, 0, mseg_subscriber_add(&mnet->subscribers, 1));
	mutex_unlock(&mnet->lock);
}

static void everything_arrives(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct socket *socket = listen(test, 8 << 20);
	struct received received = {};

	subscribe(test, mnet);
	emit(mnet, conn_new(test, mnet, 1, MSEG_ACTION_ALLOW), 1000);
	receive(test, socket, &received);
	KUNIT_EXPECT_EQ(test, 1000, received.records);
	KUNIT_EXPECT_EQ(test, 1000, received.last_seq);
	KUNIT_EXPECT_TRUE(test, received.in_order);
	KUNIT_EXPECT_EQ(test, 1000, stat(mnet, MSEG_STAT_flows_sent));
	sock_release(socket);
}

static void overflow(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct socket *socket = listen(test, 8 << 20);
	struct received received = {};
	struct mseg_conn *allowed, *rejected;

	subscribe(test, mnet);
	allowed = conn_new(test, mnet, 1, MSEG_ACTION_ALLOW);
	rejected = conn_new(test, mnet, 2, MSEG_ACTION_REJECT);
	preempt_disable();
	/* Three quarters for allowances, the rest for rejections. */
	emit_quietly(mnet, allowed, 3000);
	emit_quietly(mnet, rejected, 1000);
	preempt_enable();
	flush_delayed_work(&mnet->flows->send);
	KUNIT_EXPECT_EQ(test, 4000, stat(mnet, MSEG_STAT_flows_made));
	KUNIT_EXPECT_EQ(test, 3000 - ALLOWED_RECORDS, stat(mnet, MSEG_STAT_flows_lost_accept));
	KUNIT_EXPECT_EQ(test, 1000 - (QUEUE_RECORDS - ALLOWED_RECORDS),
			stat(mnet, MSEG_STAT_flows_lost_reject));
	KUNIT_EXPECT_EQ(test, QUEUE_RECORDS, stat(mnet, MSEG_STAT_flows_sent));
	/* The next record's number tells of the hole. */
	emit(mnet, rejected, 1);
	receive(test, socket, &received);
	KUNIT_EXPECT_EQ(test, QUEUE_RECORDS + 1, received.records);
	KUNIT_EXPECT_EQ(test, 4001, received.last_seq);
	KUNIT_EXPECT_TRUE(test, received.in_order);
	sock_release(socket);
}

/* The only listener is full: what it did not get is lost, not sent. */
static void deaf_listener(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct socket *socket = listen(test, 32768);
	struct received received = {};
	u64 made, sent, lost;

	subscribe(test, mnet);
	emit(mnet, conn_new(test, mnet, 1, MSEG_ACTION_ALLOW), 1500);
	receive(test, socket, &received);
	made = stat(mnet, MSEG_STAT_flows_made);
	sent = stat(mnet, MSEG_STAT_flows_sent);
	lost = stat(mnet, MSEG_STAT_flows_lost_accept);
	KUNIT_EXPECT_EQ(test, 1500, made);
	KUNIT_EXPECT_EQ(test, made, sent + lost);
	KUNIT_EXPECT_EQ(test, sent, received.records);
	KUNIT_EXPECT_GT(test, lost, 0);
	sock_release(socket);
}

static void record_of_a_connection(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_conn *conn = conn_new(test, mnet, 2, MSEG_ACTION_REJECT);
	static const u8 here[16] = { 10, 0, 0, 1 }, there[16] = { 10, 0, 0, 2 };
	struct mseg_flow_record record;

	memset(&record, 0xa5, sizeof(record));
	mseg_flow_fill(&record, conn, MSEG_FLOW_EVENT_END);
	KUNIT_EXPECT_MEMEQ(test, record.source, here, 16);
	KUNIT_EXPECT_MEMEQ(test, record.destination, there, 16);
	KUNIT_EXPECT_EQ(test, 1000, record.source_port);
	KUNIT_EXPECT_EQ(test, 53, record.destination_port);
	KUNIT_EXPECT_EQ(test, MSEG_ACTION_REJECT, record.verdict);
	KUNIT_EXPECT_EQ(test, MSEG_FLOW_EVENT_END, record.event);
	KUNIT_EXPECT_EQ(test, 0, record.seq);
	KUNIT_EXPECT_EQ(test, 0, record.observed | record.candidate | record.command[15]);
	KUNIT_EXPECT_GE(test, record.last_seen, record.first_seen);
	conn->direction = MSEG_DIRECTION_IN;
	mseg_flow_fill(&record, conn, MSEG_FLOW_EVENT_END);
	KUNIT_EXPECT_MEMEQ(test, record.source, there, 16);
	KUNIT_EXPECT_EQ(test, 53, record.source_port);
}

/* Nothing of what was in its place before is told to anyone. */
static void every_byte_of_a_record(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_conn *conn = conn_new(test, mnet, 2, MSEG_ACTION_REJECT);
	struct mseg_flow_record record, other;

	memset(&record, 0xa5, sizeof(record));
	memset(&other, 0x5a, sizeof(other));
	mseg_flow_fill(&record, conn, MSEG_FLOW_EVENT_BEGIN);
	mseg_flow_fill(&other, conn, MSEG_FLOW_EVENT_BEGIN);
	KUNIT_EXPECT_MEMEQ(test, &record, &other, sizeof(record));
}

/* What a lost record counted, the next one does. */
static void a_lost_records_count(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_conn *filler, *conn;
	u64 lost;

	subscribe(test, mnet);
	filler = conn_new(test, mnet, 1, MSEG_ACTION_ALLOW);
	conn = conn_new(test, mnet, 2, MSEG_ACTION_ALLOW);
	atomic_set(&conn->attempts, 7);
	preempt_disable();
	emit_quietly(mnet, filler, ALLOWED_RECORDS);
	emit_quietly(mnet, conn, 1);
	/* Before the worker finds that nobody listens. */
	lost = stat(mnet, MSEG_STAT_flows_lost_accept);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, 1, lost);
	KUNIT_EXPECT_EQ(test, 7, atomic_read(&conn->attempts));
	flush_delayed_work(&mnet->flows->send);
	emit(mnet, conn, 1);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&conn->attempts));
}

/* Nothing is counted as reported, but it is not asked for again at once. */
static void a_report_to_nobody(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_conn *conn = conn_new(test, mnet, 1, MSEG_ACTION_REJECT);

	atomic_set(&conn->attempts, 7);
	conn->reported = jiffies - 100 * HZ;
	emit(mnet, conn, 3);
	KUNIT_EXPECT_EQ(test, 0, stat(mnet, MSEG_STAT_flows_made));
	KUNIT_EXPECT_EQ(test, 7, atomic_read(&conn->attempts));
	KUNIT_EXPECT_TRUE(test, time_before32((u32)jiffies, conn->reported + 10 * HZ));
	/* Who subscribes later hears of all. */
	subscribe(test, mnet);
	emit(mnet, conn, 1);
	KUNIT_EXPECT_EQ(test, 1, stat(mnet, MSEG_STAT_flows_made));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&conn->attempts));
}

static struct kunit_case cases[] = { KUNIT_CASE(nobody_listens),
				     KUNIT_CASE(everything_arrives),
				     KUNIT_CASE(overflow),
				     KUNIT_CASE(deaf_listener),
				     KUNIT_CASE(record_of_a_connection),
				     KUNIT_CASE(every_byte_of_a_record),
				     KUNIT_CASE(a_lost_records_count),
				     KUNIT_CASE(a_report_to_nobody),
				     {} };

static struct kunit_suite suite = {
	.name = "mseg_flow",
	.test_cases = cases,
};

kunit_test_suite(suite);
