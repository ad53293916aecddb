// SPDX-License-Identifier: GPL-2.0
/*
 * The short way: it reads nothing that the parser would not read alike, and takes
 * nothing that would be judged.
 */
#include "../fastpath.c"

#include <linux/prandom.h>

#include "tests.h"

#define HEADERS 80
#define ROUNDS 4000

struct way {
	u8 pf;
	u8 protocol;
	bool out;
};

static const struct way ways[] = {
	{ NFPROTO_IPV4, IPPROTO_TCP, true },
	{ NFPROTO_IPV4, IPPROTO_UDP, false },
	{ NFPROTO_IPV6, IPPROTO_TCP, false },
	{ NFPROTO_IPV6, IPPROTO_UDP, true },
};

static size_t fill(u8 *bytes, const struct way *way)
{
	struct ipv6hdr *ipv6 = (struct ipv6hdr *)bytes;
	struct iphdr *ipv4 = (struct iphdr *)bytes;
	size_t len;

	memset(bytes, 0, HEADERS);
	if (way->pf == NFPROTO_IPV4) {
		ipv4->version = 4;
		ipv4->ihl = 5;
		ipv4->protocol = way->protocol;
		ipv4->saddr = htonl(0xc0000201);
		ipv4->daddr = htonl(0xc0000202);
		len = sizeof(*ipv4);
	} else {
		ipv6->version = 6;
		ipv6->nexthdr = way->protocol;
		ipv6->saddr.s6_addr32[0] = htonl(0x20010db8);
		ipv6->daddr.s6_addr32[0] = htonl(0x20010db9);
		len = sizeof(*ipv6);
	}
	bytes[len + 1] = 22;
	bytes[len + 3] = 99;
	if (way->protocol == IPPROTO_TCP)
		((struct tcphdr *)(bytes + len))->doff = 5;
	return len + (way->protocol == IPPROTO_TCP ? sizeof(struct tcphdr) : sizeof(struct udphdr));
}

/* Bits that change something, and lengths that cut something off. */
static size_t spoil(struct rnd_state *random, u8 *bytes, size_t len)
{
	u32 changes = prandom_u32_state(random) % 3;

	while (changes--)
		bytes[prandom_u32_state(random) % len] ^= 1 << (prandom_u32_state(random) % 8);
	return prandom_u32_state(random) % 8 ? len : prandom_u32_state(random) % (len + 1);
}

static struct sk_buff *make(struct kunit *test, const u8 *bytes, size_t len)
{
	struct sk_buff *skb = alloc_skb(HEADERS, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, bytes, len);
	skb_reset_network_header(skb);
	return skb;
}

static struct nf_hook_state state_of(const struct way *way)
{
	return (struct nf_hook_state){
		.hook = way->out ? NF_INET_LOCAL_OUT : NF_INET_LOCAL_IN,
		.pf = way->pf,
		.in = init_net.loopback_dev,
		.out = init_net.loopback_dev,
		.net = &init_net,
	};
}

static struct mseg_conn *in_front(const struct mseg_conns *conns, const struct sk_buff *skb,
				  const struct way *way)
{
	return way->pf == NFPROTO_IPV4 ? mseg_fastpath_ipv4(conns, skb, way->out) :
					 mseg_fastpath_ipv6(conns, skb, way->out);
}

/*
 * Return: whether the short way takes it, which the parser must not contradict. What
 * is remembered is found at the front as it is by its key.
 */
static bool compare(struct kunit *test, struct mseg_conns *conns, const struct sk_buff *skb,
		    const struct way *way)
{
	const struct nf_hook_state state = state_of(way);
	struct mseg_conn_key key;
	struct mseg_packet packet;
	enum mseg_packet_class class;
	bool read;

	memset(&key, 0xa5, sizeof(key));
	read = read_key(skb, way->pf, way->out, &key);
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, read ? mseg_conn_find(conns, &key) : NULL,
			    in_front(conns, skb, way));
	class = mseg_packet_parse(skb, &state, 0, &packet);
	rcu_read_unlock();
	if (!read)
		return false;
	KUNIT_EXPECT_EQ(test, MSEG_PACKET_FLOW, class);
	KUNIT_EXPECT_MEMEQ(test, &packet.key, &key, sizeof(key));
	KUNIT_EXPECT_FALSE(test, packet.tcp_any_syn || packet.tcp_end);
	KUNIT_EXPECT_NE(test, htons(MSEG_DNS_PORT), key.rport);
	return true;
}

/* The connections of unspoilt packets, at the front. */
static struct mseg_conns *remember(struct kunit *test)
{
	struct mseg_conns *conns = mseg_test_net(test, 1000)->conns;
	struct mseg_conn_key key;
	struct mseg_conn *conn;
	struct sk_buff *skb;
	u8 bytes[HEADERS];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		skb = make(test, bytes, fill(bytes, &ways[i]));
		KUNIT_ASSERT_TRUE(test, read_key(skb, ways[i].pf, ways[i].out, &key));
		conn = mseg_conn_new(conns, &key, mseg_conn_hash(&key), false);
		KUNIT_ASSERT_NOT_NULL(test, conn);
		conn->state = MSEG_CONN_STATE_ESTABLISHED;
		rcu_read_lock();
		KUNIT_ASSERT_PTR_EQ(test, conn, mseg_conn_add(conns, conn));
		KUNIT_EXPECT_NULL(test, in_front(conns, skb, &ways[i]));
		mseg_conn_to_front(conns, conn);
		KUNIT_EXPECT_PTR_EQ(test, conn, in_front(conns, skb, &ways[i]));
		rcu_read_unlock();
		kfree_skb(skb);
	}
	return conns;
}

static void reads_as_the_parser_does(struct kunit *test)
{
	unsigned int i, taken[ARRAY_SIZE(ways)] = {}, tried = ROUNDS / ARRAY_SIZE(ways);
	struct mseg_conns *conns = remember(test);
	struct rnd_state random;
	u8 bytes[HEADERS];

	prandom_seed_state(&random, 1);
	for (i = 0; i < ROUNDS; i++) {
		const struct way *way = &ways[i % ARRAY_SIZE(ways)];
		size_t len = spoil(&random, bytes, fill(bytes, way));
		struct sk_buff *skb = make(test, bytes, len);

		taken[i % ARRAY_SIZE(ways)] += compare(test, conns, skb, way);
		kfree_skb(skb);
		if (test->status != KUNIT_SUCCESS)
			return;
	}
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		KUNIT_EXPECT_GT(test, taken[i], tried / 4);
		KUNIT_EXPECT_LT(test, taken[i], tried);
	}
}

static void leaves_to_the_parser_what_is_odd(struct kunit *test)
{
	static const struct {
		const char *what;
		unsigned int way, place;
		u8 bits;
	} odd[] = {
		{ "options", 0, 0, 0x03 },
		{ "a fragment", 0, 6, 0x20 },
		{ "a later fragment", 0, 7, 0x01 },
		{ "SYN", 0, 33, 0x02 },
		{ "FIN", 0, 33, 0x01 },
		{ "RST", 0, 33, 0x04 },
		{ "a TCP header that is too short", 0, 32, 0x10 },
		{ "a link-local sender", 2, 8, 0x20 ^ 0xfe },
		{ "a group", 3, 24, 0x20 ^ 0xff },
	};
	struct mseg_conns *conns = remember(test);
	struct sk_buff *skb;
	u8 bytes[HEADERS];
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		const struct way *way = &ways[odd[i].way];

		len = fill(bytes, way);
		skb = make(test, bytes, len);
		KUNIT_EXPECT_TRUE(test, compare(test, conns, skb, way));
		kfree_skb(skb);
		bytes[odd[i].place] ^= odd[i].bits;
		/* fe80::, not fe01:: */
		if (odd[i].way == 2)
			bytes[9] = 0x80;
		skb = make(test, bytes, len);
		KUNIT_EXPECT_FALSE_MSG(test, compare(test, conns, skb, way), "%s", odd[i].what);
		kfree_skb(skb);
	}
}

static struct mseg_conn *settled(struct kunit *test, struct mseg_net *mnet)
{
	struct mseg_conn_key key = mseg_test_key(1);
	struct mseg_conn *conn;

	key.rport = htons(99);
	conn = mseg_conn_new(mnet->conns, &key, mseg_conn_hash(&key), false);
	KUNIT_ASSERT_NOT_NULL(test, conn);
	conn->generation = 1;
	conn->verdict = MSEG_ACTION_ALLOW;
	conn->state = MSEG_CONN_STATE_ESTABLISHED;
	conn->named = MSEG_CONN_NAMED_TASK;
	conn->last_seen = jiffies;
	rcu_read_lock();
	KUNIT_ASSERT_PTR_EQ(test, conn, mseg_conn_add(mnet->conns, conn));
	rcu_read_unlock();
	return conn;
}

static bool passes(const struct mseg_net *mnet, struct mseg_conn *conn, bool out)
{
	bool passes;

	rcu_read_lock();
	passes = mseg_fastpath_settled(mnet, conn, out) && keep_alive(mnet, conn);
	rcu_read_unlock();
	return passes;
}

static void takes_only_what_needs_no_judging(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 10);
	struct mseg_conn *conn = settled(test, mnet);
	u8 state;

	KUNIT_EXPECT_TRUE(test, passes(mnet, conn, true));
	KUNIT_EXPECT_TRUE(test, passes(mnet, conn, false));
	for (state = 0; state <= MSEG_CONN_STATE_CLOSED; state++) {
		conn->state = state;
		KUNIT_EXPECT_EQ(test, state == MSEG_CONN_STATE_ESTABLISHED,
				passes(mnet, conn, false));
	}
	conn->state = MSEG_CONN_STATE_ESTABLISHED;
	conn->verdict = MSEG_ACTION_REJECT;
	KUNIT_EXPECT_FALSE(test, passes(mnet, conn, false));
	conn->verdict = MSEG_ACTION_ALLOW;
	conn->named = MSEG_CONN_NAMED_SOCKET;
	KUNIT_EXPECT_FALSE(test, passes(mnet, conn, true));
	KUNIT_EXPECT_TRUE(test, passes(mnet, conn, false));
	conn->named = MSEG_CONN_NAMED_UNHEARD;
	KUNIT_EXPECT_FALSE(test, passes(mnet, conn, true));
	conn->named = MSEG_CONN_NAMED_TASK;
	conn->last_seen = jiffies;
	KUNIT_EXPECT_TRUE(test, passes(mnet, conn, false));
	mseg_test_policy(test, mnet, MSEG_ACTION_ALLOW, MSEG_ACTION_ALLOW);
	KUNIT_EXPECT_FALSE(test, passes(mnet, conn, false));
}

static void keeps_alive_what_is_not_over(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 10);
	struct mseg_conn *conn = settled(test, mnet);
	unsigned long recent = jiffies - HZ / 2;

	/* Once a second at most. */
	conn->last_seen = recent;
	KUNIT_EXPECT_TRUE(test, passes(mnet, conn, false));
	KUNIT_EXPECT_EQ(test, recent, conn->last_seen);
	KUNIT_EXPECT_FALSE(test, mseg_front_has(&mnet->conns->front, conn));
	conn->last_seen = jiffies - 2 * HZ;
	KUNIT_EXPECT_TRUE(test, passes(mnet, conn, false));
	KUNIT_EXPECT_LT(test, jiffies - conn->last_seen, HZ);
	KUNIT_EXPECT_TRUE(test, mseg_front_has(&mnet->conns->front, conn));
	/* Of another processor's clock, which is ahead. */
	conn->last_seen = jiffies + HZ;
	KUNIT_EXPECT_TRUE(test, passes(mnet, conn, false));
	/* What does not pass for another reason is not kept alive. */
	conn->last_seen = jiffies - 2 * HZ;
	conn->named = MSEG_CONN_NAMED_SOCKET;
	KUNIT_EXPECT_FALSE(test, passes(mnet, conn, true));
	KUNIT_EXPECT_GT(test, jiffies - conn->last_seen, HZ);
	conn->last_seen = jiffies - mseg_conn_timeout(mnet->conns, conn) - HZ;
	KUNIT_EXPECT_FALSE(test, passes(mnet, conn, false));
	KUNIT_EXPECT_GT(test, jiffies - conn->last_seen, HZ);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(reads_as_the_parser_does),
	KUNIT_CASE(leaves_to_the_parser_what_is_odd),
	KUNIT_CASE(takes_only_what_needs_no_judging),
	KUNIT_CASE(keeps_alive_what_is_not_over),
	{},
};

static struct kunit_suite suite = {
	.name = "mseg_fastpath",
	.test_cases = cases,
};

kunit_test_suite(suite);
