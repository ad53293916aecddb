// SPDX-License-Identifier: GPL-2.0
/*
 * Queries to groups: what answers one, for how long, and whose are forgotten. Who
 * asks is whoever a test says.
 */
#include "../process.h"

static unsigned int fake_uid;

#define mseg_process_of_packet(process, packet) ((void)(packet), (process)->uid = fake_uid)
#include "../query.c"

#include "tests.h"

static struct mseg_queries *queries_of(struct kunit *test)
{
	return mseg_test_net(test, 16)->queries;
}

/* Sent by this host to the group of mDNS, by lo: whatever it is, it has prefixes. */
static struct mseg_packet query_from(u16 port)
{
	struct mseg_packet packet = {
		.key = mseg_test_key(1),
		.family = MSEG_FAMILY_IPV4,
		.protocol = IPPROTO_UDP,
		.out = true,
		.to_group = true,
		.ifindex = init_net.loopback_dev->ifindex,
	};

	packet.key.remote.s6_addr32[0] = htonl(0xe00000fb);
	packet.key.lport = htons(port);
	packet.key.rport = htons(5353);
	return packet;
}

static struct mseg_packet answer_to(const struct mseg_packet *query)
{
	struct mseg_packet packet = *query;

	packet.out = false;
	packet.to_group = false;
	packet.key.remote.s6_addr32[0] = htonl(0x7f000009);
	return packet;
}

static bool answers(struct mseg_queries *queries, const struct mseg_packet *packet,
		    const struct mseg_packet *query)
{
	struct mseg_conn_key key;
	bool found;

	rcu_read_lock();
	found = mseg_query_may_answer(packet) && mseg_query_find(queries, &init_net, packet, &key);
	rcu_read_unlock();
	return found && !memcmp(&key, &query->key, sizeof(key));
}

static bool is_awaited(struct mseg_queries *queries, u16 port)
{
	struct mseg_packet query = query_from(port), answer = answer_to(&query);

	return answers(queries, &answer, &query);
}

static void ask(struct mseg_queries *queries, u32 uid, u16 port)
{
	struct mseg_packet query = query_from(port);

	fake_uid = uid;
	mseg_query_note(queries, &query);
}

static void let_time_pass(struct mseg_queries *queries, unsigned long time)
{
	struct slot *slot;
	struct set *set;

	for (set = queries->sets; set < queries->sets + SETS; set++) {
		set->until -= time;
		for (slot = set->slots; slot < set->slots + WAYS; slot++)
			slot->until -= time;
	}
}

static void answers_come(struct kunit *test)
{
	struct mseg_queries *queries = queries_of(test);

	KUNIT_EXPECT_FALSE(test, is_awaited(queries, 1000));
	ask(queries, 1, 1000);
	KUNIT_EXPECT_TRUE(test, is_awaited(queries, 1000));
	/* As many as like. */
	KUNIT_EXPECT_TRUE(test, is_awaited(queries, 1000));
	KUNIT_EXPECT_FALSE(test, is_awaited(queries, 1001));
}

static void what_is_no_answer(struct kunit *test)
{
	struct mseg_packet query = query_from(1000), answer = answer_to(&query), other;
	struct mseg_queries *queries = queries_of(test);

	ask(queries, 1, 1000);
	other = answer;
	other.key.rport = htons(5354);
	KUNIT_EXPECT_FALSE(test, answers(queries, &other, &query));
	other = answer;
	other.key.protocol = IPPROTO_UDPLITE;
	KUNIT_EXPECT_FALSE(test, answers(queries, &other, &query));
	other = answer;
	other.key.family = MSEG_FAMILY_IPV6;
	KUNIT_EXPECT_FALSE(test, answers(queries, &other, &query));
	other = answer;
	other.ifindex++;
	KUNIT_EXPECT_FALSE(test, answers(queries, &other, &query));
	other = answer;
	other.key.local.s6_addr32[0] ^= 1;
	KUNIT_EXPECT_FALSE(test, answers(queries, &other, &query));
	other = answer;
	other.to_group = true;
	KUNIT_EXPECT_FALSE(test, answers(queries, &other, &query));
	other = answer;
	other.out = true;
	KUNIT_EXPECT_FALSE(test, answers(queries, &other, &query));
	KUNIT_EXPECT_TRUE(test, answers(queries, &answer, &query));
}

/* As DHCP does before it has an address. */
static void asked_without_an_address(struct kunit *test)
{
	struct mseg_packet query = query_from(68), answer = answer_to(&query);
	struct mseg_queries *queries = queries_of(test);

	memset(&query.key.local, 0, sizeof(query.key.local));
	fake_uid = 0;
	mseg_query_note(queries, &query);
	KUNIT_EXPECT_TRUE(test, answers(queries, &answer, &query));
	answer.to_group = true;
	KUNIT_EXPECT_TRUE(test, answers(queries, &answer, &query));
}

static void nobody_asks_by_tcp(struct kunit *test)
{
	struct mseg_packet query = query_from(1000), answer;
	struct mseg_queries *queries = queries_of(test);

	query.key.protocol = IPPROTO_TCP;
	answer = answer_to(&query);
	mseg_query_note(queries, &query);
	KUNIT_EXPECT_FALSE(test, answers(queries, &answer, &query));
	/* But by ping. */
	query.key.protocol = IPPROTO_ICMP;
	query.key.kind = MSEG_CONN_QUERY_OUT;
	answer = answer_to(&query);
	mseg_query_note(queries, &query);
	KUNIT_EXPECT_TRUE(test, answers(queries, &answer, &query));
}

static void from_this_link(struct kunit *test)
{
	struct mseg_packet query = query_from(1000), answer;
	struct mseg_queries *queries = queries_of(test);

	query.family = MSEG_FAMILY_IPV6;
	query.key.family = MSEG_FAMILY_IPV6;
	answer = answer_to(&query);
	mseg_query_note(queries, &query);
	answer.key.remote = (struct in6_addr){ { { 0xfe, 0x80, [15] = 9 } } };
	KUNIT_EXPECT_TRUE(test, answers(queries, &answer, &query));
	answer.key.remote = (struct in6_addr){ { { 0x20, 0x01, [15] = 9 } } };
	KUNIT_EXPECT_FALSE(test, answers(queries, &answer, &query));
	/* By an interface that is gone. */
	query = query_from(1001);
	query.ifindex = INT_MAX;
	answer = answer_to(&query);
	mseg_query_note(queries, &query);
	KUNIT_EXPECT_FALSE(test, answers(queries, &answer, &query));
}

static void for_a_while(struct kunit *test)
{
	struct mseg_queries *queries = queries_of(test);

	ask(queries, 1, 1000);
	let_time_pass(queries, ANSWER_TIME - HZ);
	KUNIT_EXPECT_TRUE(test, is_awaited(queries, 1000));
	let_time_pass(queries, HZ);
	KUNIT_EXPECT_FALSE(test, is_awaited(queries, 1000));
	/* Asked again it is one query, in the slot that it had. */
	ask(queries, 1, 1000);
	ask(queries, 1, 1000);
	KUNIT_EXPECT_TRUE(test, is_awaited(queries, 1000));
}

static void the_oldest_is_forgotten(struct kunit *test)
{
	struct mseg_queries *queries = queries_of(test);
	int port, awaited = 0;

	for (port = 1; port <= 10 * SETS * WAYS; port++) {
		ask(queries, 1, port);
		KUNIT_EXPECT_TRUE(test, is_awaited(queries, port));
	}
	for (port = 1; port <= 10 * SETS * WAYS; port++)
		awaited += is_awaited(queries, port);
	KUNIT_EXPECT_LE(test, awaited, SETS * WAYS);
	KUNIT_EXPECT_FALSE(test, is_awaited(queries, 1));
}

/* Who asks from every port there is, before or after, pushes out his own. */
static void a_user_harms_himself_alone(struct kunit *test)
{
	struct mseg_queries *queries = queries_of(test);
	u32 port;

	for (port = 1; port < 30000; port++)
		ask(queries, 1000, port);
	ask(queries, 70, 40000);
	ask(queries, MSEG_ID_NONE, 40001);
	for (port = 1; port < 30000; port++)
		ask(queries, 1000, port);
	KUNIT_EXPECT_TRUE(test, is_awaited(queries, 40000));
	KUNIT_EXPECT_TRUE(test, is_awaited(queries, 40001));
	/* What is over goes first, whoever asked. */
	let_time_pass(queries, ANSWER_TIME);
	ask(queries, 1000, 40002);
	KUNIT_EXPECT_TRUE(test, is_awaited(queries, 40002));
	KUNIT_EXPECT_FALSE(test, is_awaited(queries, 40000));
}

static struct kunit_case cases[] = { KUNIT_CASE(answers_come),
				     KUNIT_CASE(what_is_no_answer),
				     KUNIT_CASE(asked_without_an_address),
				     KUNIT_CASE(nobody_asks_by_tcp),
				     KUNIT_CASE(from_this_link),
				     KUNIT_CASE(for_a_while),
				     KUNIT_CASE(the_oldest_is_forgotten),
				     KUNIT_CASE(a_user_harms_himself_alone),
				     {} };

static struct kunit_suite suite = {
	.name = "mseg_query",
	.test_cases = cases,
};

kunit_test_suite(suite);
