// SPDX-License-Identifier: GPL-2.0
/*
 * Judging: which connection a packet belongs to, and what a change of policy
 * does to it. The local sockets are whatever a test says.
 */
#include <net/sock.h>

#include "../socket.h"

static enum mseg_socket_state fake_state;
static bool fake_listener;
static bool fake_connected;

/* As much of a socket as judging looks at. */
static struct sock *fake_server(u8 protocol)
{
	static struct sock server;

	server.sk_state = fake_connected ? TCP_ESTABLISHED : TCP_LISTEN;
	return (protocol == IPPROTO_TCP ? fake_listener : fake_connected) ? &server : NULL;
}

#define mseg_socket_state(net, key, ifindex) ((void)(net), (void)(key), (void)(ifindex), fake_state)
#define mseg_socket_listens(net, key, ifindex) \
	((void)(net), (void)(key), (void)(ifindex), fake_listener)
#define mseg_socket_server(net, key, ifindex) \
	((void)(net), (void)(ifindex), fake_server((key)->protocol))
#include "../judge.c"
#include "../track.c"

#include "tests.h"

#define ALLOW MSEG_ACTION_ALLOW
#define REJECT MSEG_ACTION_REJECT

enum { SYN = 1, END = 2, RST = 4, SYNACK = 8 };

static struct mseg_packet packet_of(u32 peer, u8 protocol, bool out, u8 flags)
{
	struct mseg_packet packet = {
		.key = mseg_test_key(peer),
		.family = MSEG_FAMILY_IPV4,
		.protocol = protocol,
		.out = out,
		.tcp_syn = flags & SYN,
		.tcp_any_syn = flags & (SYN | SYNACK),
		.tcp_end = flags & (END | RST),
		.tcp_rst = flags & RST,
		.ifindex = 1,
		.len = 100,
		.segments = 1,
	};

	packet.key.protocol = protocol;
	packet.service = ntohs(out ? packet.key.rport : packet.key.lport);
	return packet;
}

static u8 judge_one(struct mseg_net *mnet, u32 peer, u8 protocol, bool out, u8 flags)
{
	struct mseg_packet packet = packet_of(peer, protocol, out, flags);
	u8 verdict;

	rcu_read_lock();
	verdict = mseg_judge_flow(mnet, &packet);
	rcu_read_unlock();
	return verdict;
}

static struct mseg_conn *conn_of(struct mseg_net *mnet, u32 peer, u8 protocol, u8 kind)
{
	struct mseg_conn_key key = mseg_test_key(peer);
	struct mseg_conn *conn;

	key.protocol = protocol;
	if (kind == MSEG_CONN_REJECTED_IN)
		mseg_packet_to_rejected(&key, MSEG_DIRECTION_IN);
	else if (kind == MSEG_CONN_REJECTED_OUT)
		mseg_packet_to_rejected(&key, MSEG_DIRECTION_OUT);
	rcu_read_lock();
	conn = mseg_conn_find(mnet->conns, &key);
	rcu_read_unlock();
	return conn;
}

static u64 judged(struct mseg_net *mnet)
{
	return mseg_stats_sum(mnet->stats, MSEG_STAT_judged);
}

static int reset_sockets(struct kunit *test)
{
	fake_state = MSEG_SOCKET_NONE;
	fake_listener = false;
	fake_connected = false;
	return 0;
}

/* Opened by this host: SYN, SYN and ACK, ACK. */
static void open_tcp(struct kunit *test, struct mseg_net *mnet, u32 peer)
{
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, peer, IPPROTO_TCP, true, SYN));
	fake_state = MSEG_SOCKET_HALF_OPEN;
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, peer, IPPROTO_TCP, false, SYNACK));
	fake_state = MSEG_SOCKET_ESTABLISHED;
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, peer, IPPROTO_TCP, true, 0));
}

static void reply_needs_no_rule(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);

	mseg_test_policy(test, mnet, REJECT, ALLOW);
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 1, IPPROTO_UDP, false, 0));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 2, IPPROTO_UDP, true, 0));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 2, IPPROTO_UDP, false, 0));
	KUNIT_EXPECT_EQ(test, 2, judged(mnet));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_REPLIED,
			conn_of(mnet, 2, IPPROTO_UDP, MSEG_CONN_PLAIN)->state);
}

/* A refused packet of the peer's must not poison the host's own query. */
static void rejected_answers_its_direction(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);

	mseg_test_policy(test, mnet, REJECT, ALLOW);
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 1, IPPROTO_UDP, false, 0));
	KUNIT_EXPECT_NOT_NULL(test, conn_of(mnet, 1, IPPROTO_UDP, MSEG_CONN_REJECTED_IN));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 1, IPPROTO_UDP, true, 0));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 1, IPPROTO_UDP, false, 0));
	mseg_test_policy(test, mnet, ALLOW, REJECT);
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 3, IPPROTO_UDP, true, 0));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 3, IPPROTO_UDP, false, 0));
}

static u8 judge_from(struct mseg_net *mnet, u16 lport, u16 rport, bool out, u8 flags)
{
	struct mseg_packet packet = packet_of(1, IPPROTO_TCP, out, flags);
	u8 verdict;

	packet.key.lport = htons(lport);
	packet.key.rport = htons(rport);
	packet.service = out ? rport : lport;
	rcu_read_lock();
	verdict = mseg_judge_flow(mnet, &packet);
	rcu_read_unlock();
	return verdict;
}

/* From however many ports a peer tries, it is one entry, which counts. */
static void attempts_share_an_entry(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_conn *in, *out;
	u32 i;

	mseg_test_policy(test, mnet, REJECT, REJECT);
	KUNIT_EXPECT_EQ(test, REJECT, judge_from(mnet, 1000, 40000, false, SYN));
	in = conn_of(mnet, 1, IPPROTO_TCP, MSEG_CONN_REJECTED_IN);
	KUNIT_ASSERT_NOT_NULL(test, in);
	KUNIT_EXPECT_EQ(test, 40000, ntohs(in->client));
	for (i = 0; i < 500; i++) {
		KUNIT_EXPECT_EQ(test, REJECT, judge_from(mnet, 1000, 40000 + i, false, SYN));
		KUNIT_EXPECT_EQ(test, REJECT, judge_from(mnet, 40000 + i, 53, true, SYN));
	}
	out = conn_of(mnet, 1, IPPROTO_TCP, MSEG_CONN_REJECTED_OUT);
	KUNIT_ASSERT_NOT_NULL(test, out);
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&mnet->conns->count));
	KUNIT_EXPECT_EQ(test, 501, atomic_read(&in->attempts));
	KUNIT_EXPECT_EQ(test, 500, atomic_read(&out->attempts));
	KUNIT_EXPECT_EQ(test, 0, in->client);
	KUNIT_EXPECT_EQ(test, 2, judged(mnet));
	/* Another service is another entry, and a newer policy begins anew. */
	KUNIT_EXPECT_EQ(test, REJECT, judge_from(mnet, 1001, 40000, false, SYN));
	KUNIT_EXPECT_EQ(test, 3, atomic_read(&mnet->conns->count));
	mseg_test_policy(test, mnet, ALLOW, REJECT);
	KUNIT_EXPECT_EQ(test, ALLOW, judge_from(mnet, 1000, 40000, false, SYN));
	KUNIT_EXPECT_NULL(test, conn_of(mnet, 1, IPPROTO_TCP, MSEG_CONN_REJECTED_IN));
}

/* They answer for nothing that a socket or a listener speaks for. */
static void attempts_harm_no_connection(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);

	mseg_test_policy(test, mnet, ALLOW, REJECT);
	KUNIT_EXPECT_EQ(test, REJECT, judge_from(mnet, 41000, 40000, true, SYN));
	/* To the same port of the same peer goes a reply to what it may ask ... */
	KUNIT_EXPECT_EQ(test, ALLOW, judge_from(mnet, 1000, 40000, false, SYN));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_from(mnet, 1000, 40000, true, SYNACK));
	/* ... also where nothing is remembered of it. */
	fake_listener = true;
	KUNIT_EXPECT_EQ(test, ALLOW, judge_from(mnet, 1001, 40000, true, SYNACK));
	fake_state = MSEG_SOCKET_ESTABLISHED;
	KUNIT_EXPECT_EQ(test, ALLOW, judge_from(mnet, 1002, 40000, true, 0));
}

static void known_is_not_judged_again(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_conn *conn;
	int i;

	for (i = 0; i < 100; i++)
		judge_one(mnet, 1, IPPROTO_UDP, i & 1, 0);
	KUNIT_EXPECT_EQ(test, 1, judged(mnet));
	conn = conn_of(mnet, 1, IPPROTO_UDP, MSEG_CONN_PLAIN);
	KUNIT_EXPECT_EQ(test, 50, atomic64_read(&conn->packets[0]));
	KUNIT_EXPECT_EQ(test, 50, atomic64_read(&conn->packets[1]));
	KUNIT_EXPECT_EQ(test, 5000, atomic64_read(&conn->bytes[1]));
}

/* Forged RST, FIN and SYN change nothing while the socket lives. */
static void forgeries(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_conn *conn;

	mseg_test_policy(test, mnet, REJECT, ALLOW);
	open_tcp(test, mnet, 1);
	conn = conn_of(mnet, 1, IPPROTO_TCP, MSEG_CONN_PLAIN);
	KUNIT_ASSERT_NOT_NULL(test, conn);
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, conn->state);
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 1, IPPROTO_TCP, false, RST));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 1, IPPROTO_TCP, false, END));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 1, IPPROTO_TCP, false, SYN));
	KUNIT_EXPECT_PTR_EQ(test, conn, conn_of(mnet, 1, IPPROTO_TCP, MSEG_CONN_PLAIN));
	/* The sweep asks the socket, and finds it alive. */
	rcu_read_lock();
	mseg_track_socket(mnet, conn);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, conn->state);
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 1, IPPROTO_TCP, false, 0));
	KUNIT_EXPECT_EQ(test, 1, judged(mnet));
}

/* Over, it is judged anew: a peer's SYN needs a rule of its own. */
static void reused_ports(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);

	mseg_test_policy(test, mnet, REJECT, ALLOW);
	open_tcp(test, mnet, 1);
	fake_state = MSEG_SOCKET_TIME_WAIT;
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 1, IPPROTO_TCP, false, SYN));
	fake_state = MSEG_SOCKET_NONE;
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 1, IPPROTO_TCP, true, SYN));
}

static void rematch(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_conn *conn;

	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 1, IPPROTO_UDP, false, 0));
	conn = conn_of(mnet, 1, IPPROTO_UDP, MSEG_CONN_PLAIN);
	/* Judged by its first packet's direction, whichever packet comes next. */
	mseg_test_policy(test, mnet, ALLOW, REJECT);
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 1, IPPROTO_UDP, true, 0));
	mseg_test_policy(test, mnet, REJECT, ALLOW);
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 1, IPPROTO_UDP, true, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_REJECTED, conn->state);
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 1, IPPROTO_UDP, false, 0));
	mseg_test_policy(test, mnet, ALLOW, ALLOW);
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 1, IPPROTO_UDP, false, 0));
	KUNIT_EXPECT_PTR_EQ(test, conn, conn_of(mnet, 1, IPPROTO_UDP, MSEG_CONN_PLAIN));
	KUNIT_EXPECT_EQ(test, 4, conn->generation);
}

/* A full cache forgets, and judges every packet: it never allows by default. */
static void full(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 16);
	u32 peer, established = 0;

	mseg_test_policy(test, mnet, REJECT, ALLOW);
	for (peer = 1; peer <= 16; peer++) {
		fake_state = MSEG_SOCKET_NONE;
		open_tcp(test, mnet, peer);
	}
	fake_state = MSEG_SOCKET_NONE;
	for (peer = 100; peer < 400; peer++) {
		KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, peer, IPPROTO_UDP, false, 0));
		KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, peer, IPPROTO_TCP, true, SYN));
	}
	for (peer = 1; peer <= 16; peer++)
		established += !!conn_of(mnet, peer, IPPROTO_TCP, MSEG_CONN_PLAIN);
	KUNIT_EXPECT_EQ(test, 16, established);
	/* One more, for what this host begins: a sixteenth. */
	KUNIT_EXPECT_EQ(test, 17, atomic_read(&mnet->conns->count));
}

/*
 * A peer's SYN to a listener, which may be forged, on a connection that is not remembered:
 * rejected, that connection is; allowed, it is as good as new.
 */
static void syn_to_a_listener(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_conn *conn;

	fake_listener = true;
	mseg_test_policy(test, mnet, REJECT, ALLOW);
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 1, IPPROTO_TCP, false, SYN));
	KUNIT_EXPECT_NOT_NULL(test, conn_of(mnet, 1, IPPROTO_TCP, MSEG_CONN_REJECTED_IN));
	KUNIT_EXPECT_NULL(test, conn_of(mnet, 1, IPPROTO_TCP, MSEG_CONN_PLAIN));
	fake_state = MSEG_SOCKET_ESTABLISHED;
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 2, IPPROTO_TCP, false, SYN));
	conn = conn_of(mnet, 2, IPPROTO_TCP, MSEG_CONN_PLAIN);
	KUNIT_ASSERT_NOT_NULL(test, conn);
	KUNIT_EXPECT_TRUE(test, conn->flags & MSEG_FLOW_FLAG_EXISTING);
	KUNIT_EXPECT_EQ(test, MSEG_DIRECTION_IN, conn->direction);
	mseg_test_policy(test, mnet, ALLOW, REJECT);
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 3, IPPROTO_TCP, false, SYN));
	conn = conn_of(mnet, 3, IPPROTO_TCP, MSEG_CONN_PLAIN);
	KUNIT_ASSERT_NOT_NULL(test, conn);
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_NEW, conn->state);
	KUNIT_EXPECT_EQ(test, MSEG_CONN_NAMED_SOCKET, conn->named);
	/* It goes on. */
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 3, IPPROTO_TCP, true, 0));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 3, IPPROTO_TCP, true, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, conn->state);
}

/* Without an entry the local sockets tell whose connection it is. */
static void midstream(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);

	mseg_test_policy(test, mnet, ALLOW, REJECT);
	fake_state = MSEG_SOCKET_ESTABLISHED;
	fake_listener = true;
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 1, IPPROTO_TCP, true, 0));
	KUNIT_EXPECT_EQ(test, MSEG_DIRECTION_IN,
			conn_of(mnet, 1, IPPROTO_TCP, MSEG_CONN_PLAIN)->direction);
	KUNIT_EXPECT_TRUE(test, conn_of(mnet, 1, IPPROTO_TCP, MSEG_CONN_PLAIN)->flags &
					MSEG_FLOW_FLAG_EXISTING);
	mseg_test_policy(test, mnet, REJECT, ALLOW);
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 2, IPPROTO_TCP, true, 0));
	/* No listener: one Allow is enough. */
	fake_listener = false;
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 3, IPPROTO_TCP, false, 0));
	mseg_test_policy(test, mnet, ALLOW, REJECT);
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 4, IPPROTO_TCP, false, 0));
	mseg_test_policy(test, mnet, REJECT, REJECT);
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 5, IPPROTO_TCP, false, 0));
	/* A SYN that was forgotten makes nothing established by being answered again. */
	fake_listener = true;
	fake_state = MSEG_SOCKET_HALF_OPEN;
	mseg_test_policy(test, mnet, ALLOW, REJECT);
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 9, IPPROTO_TCP, true, SYNACK));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_REPLIED,
			conn_of(mnet, 9, IPPROTO_TCP, MSEG_CONN_PLAIN)->state);
	fake_listener = false;
	/* No socket: it is as good as new. */
	fake_state = MSEG_SOCKET_NONE;
	mseg_test_policy(test, mnet, REJECT, ALLOW);
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 6, IPPROTO_TCP, false, 0));
	/* A UDP socket that is connected to the sender waits for it. */
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 7, IPPROTO_UDP, false, 0));
	fake_connected = true;
	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 8, IPPROTO_UDP, false, 0));
}

static void errors(struct kunit *test)
{
	struct mseg_packet packet = packet_of(9, IPPROTO_ICMP, false, 0);
	struct mseg_net *mnet = mseg_test_net(test, 100);
	int i;

	mseg_test_policy(test, mnet, REJECT, ALLOW);
	judge_one(mnet, 1, IPPROTO_UDP, true, 0);
	packet.key.kind = MSEG_CONN_SINGLE_IN;
	packet.icmp_error = true;
	packet.quoted = mseg_test_key(1);
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, ALLOW, mseg_judge_error(mnet, &packet));
	/* About nothing that is known: judged as any other packet. */
	for (i = 0; i < sizeof(packet.quoted); i++) {
		((u8 *)&packet.quoted)[i] ^= 0x80;
		KUNIT_EXPECT_EQ(test, REJECT, mseg_judge_error(mnet, &packet));
		((u8 *)&packet.quoted)[i] ^= 0x80;
	}
	memset(&packet.quoted, 0, sizeof(packet.quoted));
	KUNIT_EXPECT_EQ(test, REJECT, mseg_judge_error(mnet, &packet));
	packet.quoted_forwarded = true;
	KUNIT_EXPECT_EQ(test, ALLOW, mseg_judge_error(mnet, &packet));
	rcu_read_unlock();
}

#define CLIENT 9
#define SERVER 80

/* Through this host, from the client to the server or back. */
static u8 judge_through(struct mseg_net *mnet, bool back, u8 protocol, bool published,
			const struct mseg_segment *segment)
{
	struct mseg_packet packet = packet_of(back ? CLIENT : SERVER, protocol, true, 0);
	struct mseg_forwarded forwarded = { .published = published };
	u8 verdict;

	packet.key.path = MSEG_PATH_FORWARD;
	packet.key.local.s6_addr32[0] = htonl(0x0a000000 + (back ? SERVER : CLIENT));
	packet.key.lport = htons(back ? 80 : 5000);
	packet.key.rport = htons(back ? 5000 : 80);
	packet.service = published ? 8080 : ntohs(packet.key.rport);
	forwarded.destination = packet.key.remote;
	if (published)
		forwarded.destination.s6_addr32[0] = htonl(0x0a000001);
	if (segment) {
		forwarded.segment = *segment;
		packet.tcp_syn = segment->syn && !segment->has_ack;
		packet.tcp_any_syn = segment->syn;
	}
	packet.forwarded = &forwarded;
	rcu_read_lock();
	verdict = mseg_judge_flow(mnet, &packet);
	rcu_read_unlock();
	return verdict;
}

/* What looks the same behind the translation was not sent to the same address. */
static void published_and_direct(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);

	mnet->forward = MSEG_MODE_ENFORCE;
	/* Published needs the first alone, all else both. */
	mseg_test_policy(test, mnet, ALLOW, REJECT);
	KUNIT_EXPECT_EQ(test, ALLOW, judge_through(mnet, false, IPPROTO_UDP, true, NULL));
	KUNIT_EXPECT_EQ(test, REJECT, judge_through(mnet, false, IPPROTO_UDP, false, NULL));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_through(mnet, false, IPPROTO_UDP, true, NULL));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_through(mnet, true, IPPROTO_UDP, true, NULL));
	KUNIT_EXPECT_EQ(test, REJECT, judge_through(mnet, false, IPPROTO_UDP, false, NULL));
	/* One live entry, and one of rejected attempts. */
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&mnet->conns->count));
}

/* One that the server's end begins may be forged: it takes nothing over. */
static void strange_syn(struct kunit *test)
{
	static const struct mseg_segment syn = {
		.seq = 100,
		.end = 101,
		.window = 1000,
		.scale = MSEG_SCALE_NONE,
		.syn = true,
	};
	static const struct mseg_segment syn_ack = {
		.seq = 500,
		.end = 501,
		.ack = 101,
		.window = 1000,
		.scale = MSEG_SCALE_NONE,
		.syn = true,
		.has_ack = true,
	};
	static const struct mseg_segment ack = {
		.seq = 101,
		.end = 101,
		.ack = 501,
		.window = 1000,
		.has_ack = true,
	};
	static const struct mseg_segment reply = {
		.seq = 501,
		.end = 511,
		.ack = 101,
		.window = 1000,
		.has_ack = true,
	};
	struct mseg_net *mnet = mseg_test_net(test, 100);
	u64 judgements;

	mnet->forward = MSEG_MODE_ENFORCE;
	KUNIT_EXPECT_EQ(test, ALLOW, judge_through(mnet, false, IPPROTO_TCP, false, &syn));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_through(mnet, true, IPPROTO_TCP, false, &syn_ack));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_through(mnet, false, IPPROTO_TCP, false, &ack));
	judgements = judged(mnet);
	KUNIT_EXPECT_EQ(test, ALLOW, judge_through(mnet, true, IPPROTO_TCP, false, &syn));
	/* It was judged for itself, in both directions. */
	KUNIT_EXPECT_EQ(test, judgements + 2, judged(mnet));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&mnet->conns->count));
	KUNIT_EXPECT_EQ(test, ALLOW, judge_through(mnet, true, IPPROTO_TCP, false, &reply));
	KUNIT_EXPECT_EQ(test, judgements + 2, judged(mnet));
	mseg_test_policy(test, mnet, ALLOW, REJECT);
	KUNIT_EXPECT_EQ(test, REJECT, judge_through(mnet, true, IPPROTO_TCP, false, &syn));
}

/* A processor that still reads the former policy takes back nothing. */
static void stale_processor(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_refusal refusal;
	struct mseg_conn *conn;
	struct mseg_txn *txn;

	KUNIT_EXPECT_EQ(test, ALLOW, judge_one(mnet, 1, IPPROTO_UDP, false, 0));
	conn = conn_of(mnet, 1, IPPROTO_UDP, MSEG_CONN_PLAIN);
	mutex_lock(&mnet->lock);
	txn = mseg_txn_begin(mnet, 1, NULL);
	txn->policy->defaults[MSEG_DIRECTION_IN] = REJECT;
	/* On trial, so that the former one is kept. */
	KUNIT_EXPECT_EQ(test, 0, mseg_txn_commit(mnet, txn, 0, 60, &refusal));
	mutex_unlock(&mnet->lock);
	KUNIT_EXPECT_EQ(test, REJECT, judge_one(mnet, 1, IPPROTO_UDP, false, 0));
	KUNIT_EXPECT_EQ(test, 2, conn->generation);
	rcu_read_lock();
	judge_again(mnet, mnet->former, conn);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, REJECT, conn->verdict);
	KUNIT_EXPECT_EQ(test, 2, conn->generation);
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_REJECTED, conn->state);
}

static u64 stat(struct mseg_net *mnet, enum mseg_stat stat)
{
	return mseg_stats_sum(mnet->stats, stat);
}

/* By verdict and reason, and by the states that connections came into. */
static void statistics(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);

	mseg_test_policy(test, mnet, REJECT, ALLOW);
	open_tcp(test, mnet, 1);
	judge_one(mnet, 1, IPPROTO_TCP, false, END);
	fake_state = MSEG_SOCKET_NONE;
	judge_one(mnet, 2, IPPROTO_UDP, false, 0);
	judge_one(mnet, 2, IPPROTO_UDP, false, 0);
	KUNIT_EXPECT_EQ(test, 1, stat(mnet, MSEG_STAT_judged_allow_default));
	KUNIT_EXPECT_EQ(test, 1, stat(mnet, MSEG_STAT_judged_reject_default));
	KUNIT_EXPECT_EQ(test, 0, stat(mnet, MSEG_STAT_judged_allow_rule));
	KUNIT_EXPECT_EQ(test, 0, stat(mnet, MSEG_STAT_judged_reject_rule));
	KUNIT_EXPECT_EQ(test, 1, stat(mnet, MSEG_STAT_state_new));
	KUNIT_EXPECT_EQ(test, 1, stat(mnet, MSEG_STAT_state_replied));
	KUNIT_EXPECT_EQ(test, 1, stat(mnet, MSEG_STAT_state_established));
	KUNIT_EXPECT_EQ(test, 1, stat(mnet, MSEG_STAT_state_closing));
	KUNIT_EXPECT_EQ(test, 1, stat(mnet, MSEG_STAT_state_rejected));
	rcu_read_lock();
	mseg_track_socket(mnet, conn_of(mnet, 1, IPPROTO_TCP, MSEG_CONN_PLAIN));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 1, stat(mnet, MSEG_STAT_state_closed));
}

static struct kunit_case cases[] = { KUNIT_CASE(reply_needs_no_rule),
				     KUNIT_CASE(rejected_answers_its_direction),
				     KUNIT_CASE(attempts_share_an_entry),
				     KUNIT_CASE(attempts_harm_no_connection),
				     KUNIT_CASE(known_is_not_judged_again),
				     KUNIT_CASE(forgeries),
				     KUNIT_CASE(reused_ports),
				     KUNIT_CASE(rematch),
				     KUNIT_CASE(full),
				     KUNIT_CASE(syn_to_a_listener),
				     KUNIT_CASE(midstream),
				     KUNIT_CASE(errors),
				     KUNIT_CASE(published_and_direct),
				     KUNIT_CASE(strange_syn),
				     KUNIT_CASE(stale_processor),
				     KUNIT_CASE(statistics),
				     {} };

static struct kunit_suite suite = {
	.name = "mseg_judge",
	.init = reset_sockets,
	.test_cases = cases,
};

kunit_test_suite(suite);
