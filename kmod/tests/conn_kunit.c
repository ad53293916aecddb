// SPDX-License-Identifier: GPL-2.0
/* The connection cache: its limit, its victims, its times. */
#include "../conn.c"

#include <linux/kthread.h>
#include <linux/prandom.h>

#include "tests.h"

static struct mseg_conn *add_to(struct mseg_conns *conns, const struct mseg_conn_key *key, u8 state,
				bool overflow)
{
	struct mseg_conn *conn = mseg_conn_new(conns, key, mseg_conn_hash(key), overflow);

	if (!conn)
		return NULL;
	conn->state = state;
	return mseg_conn_add(conns, conn) == conn ? conn : NULL;
}

static struct mseg_conn *add(struct mseg_conns *conns, const struct mseg_conn_key *key, u8 state)
{
	return add_to(conns, key, state, false);
}

static struct mseg_conn *find(struct mseg_conns *conns, const struct mseg_conn_key *key)
{
	struct mseg_conn *conn;

	rcu_read_lock();
	conn = mseg_conn_find(conns, key);
	rcu_read_unlock();
	return conn;
}

static u64 stat(struct mseg_net *mnet, enum mseg_stat stat)
{
	return mseg_stats_sum(mnet->stats, stat);
}

static void add_find_remove(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 1000);
	struct mseg_conn_key key = mseg_test_key(2);
	struct mseg_conn *conn = add(mnet->conns, &key, MSEG_CONN_STATE_NEW);
	struct mseg_conn_key other;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, conn);
	KUNIT_EXPECT_PTR_EQ(test, conn, find(mnet->conns, &key));
	/* Every byte of a key counts. */
	for (i = 0; i < sizeof(key); i++) {
		other = key;
		((u8 *)&other)[i] ^= 1;
		KUNIT_EXPECT_NULL(test, find(mnet->conns, &other));
	}
	KUNIT_EXPECT_NULL(test, add(mnet->conns, &key, MSEG_CONN_STATE_NEW));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&mnet->conns->count));
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, mseg_conn_remove(mnet->conns, conn));
	KUNIT_EXPECT_FALSE(test, mseg_conn_remove(mnet->conns, conn));
	rcu_read_unlock();
	KUNIT_EXPECT_NULL(test, find(mnet->conns, &key));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&mnet->conns->count));
	KUNIT_EXPECT_EQ(test, 1, stat(mnet, MSEG_STAT_conn_added));
	KUNIT_EXPECT_EQ(test, 1, stat(mnet, MSEG_STAT_conn_removed));
}

/* What was rejected stands beside what the host itself began. */
static void kinds(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 1000);
	struct mseg_conn_key key = mseg_test_key(2);
	u8 kind;

	for (kind = MSEG_CONN_PLAIN; kind <= MSEG_CONN_REJECTED_OUT; kind++) {
		key.kind = kind;
		KUNIT_EXPECT_NOT_NULL(test, add(mnet->conns, &key, MSEG_CONN_STATE_NEW));
	}
	for (kind = MSEG_CONN_PLAIN; kind <= MSEG_CONN_REJECTED_OUT; kind++) {
		key.kind = kind;
		KUNIT_EXPECT_EQ(test, kind, find(mnet->conns, &key)->key.kind);
	}
}

/* Told of those that are in the cache, however they came and went. */
static void any_rejected(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 1000);
	struct mseg_conn_key key = mseg_test_key(2);
	struct mseg_conns *conns = mnet->conns;
	struct mseg_conn *in, *out;

	KUNIT_EXPECT_NOT_NULL(test, add(conns, &key, MSEG_CONN_STATE_REJECTED));
	KUNIT_EXPECT_FALSE(test, mseg_conn_any_rejected(conns));
	key.kind = MSEG_CONN_REJECTED_IN;
	in = add(conns, &key, MSEG_CONN_STATE_REJECTED);
	KUNIT_ASSERT_NOT_NULL(test, in);
	KUNIT_EXPECT_TRUE(test, mseg_conn_any_rejected(conns));
	/* Another processor was first. */
	KUNIT_EXPECT_NULL(test, add(conns, &key, MSEG_CONN_STATE_REJECTED));
	key.kind = MSEG_CONN_REJECTED_OUT;
	out = add(conns, &key, MSEG_CONN_STATE_REJECTED);
	KUNIT_ASSERT_NOT_NULL(test, out);
	rcu_read_lock();
	KUNIT_EXPECT_TRUE(test, mseg_conn_remove(conns, in));
	KUNIT_EXPECT_FALSE(test, mseg_conn_remove(conns, in));
	KUNIT_EXPECT_TRUE(test, mseg_conn_any_rejected(conns));
	KUNIT_EXPECT_TRUE(test, mseg_conn_remove(conns, out));
	rcu_read_unlock();
	KUNIT_EXPECT_FALSE(test, mseg_conn_any_rejected(conns));
}

static void limit(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_conn_key key;
	u32 i;

	for (i = 0; i < 150; i++) {
		key = mseg_test_key(i);
		KUNIT_EXPECT_EQ(test, i >= 100, mseg_conn_full(mnet->conns));
		KUNIT_EXPECT_EQ(test, i < 100, !!add(mnet->conns, &key, MSEG_CONN_STATE_NEW));
	}
	KUNIT_EXPECT_EQ(test, 100, atomic_read(&mnet->conns->count));
	KUNIT_EXPECT_EQ(test, 50, stat(mnet, MSEG_STAT_conn_full));
}

/* A sixteenth more, for whom it is meant. */
static void overflow(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 64);
	struct mseg_conn_key key;
	u32 i;

	for (i = 0; i < 80; i++) {
		key = mseg_test_key(i);
		KUNIT_EXPECT_EQ(test, i < 68,
				!!add_to(mnet->conns, &key, MSEG_CONN_STATE_NEW, true));
		key = mseg_test_key(1000 + i);
		if (i >= 64)
			KUNIT_EXPECT_NULL(test, add(mnet->conns, &key, MSEG_CONN_STATE_NEW));
	}
	KUNIT_EXPECT_EQ(test, 68, atomic_read(&mnet->conns->count));
	KUNIT_EXPECT_EQ(test, 4, stat(mnet, MSEG_STAT_conn_overflow));
	KUNIT_EXPECT_EQ(test, 12 + 16, stat(mnet, MSEG_STAT_conn_full));
}

/* What was removed counts until it is freed, which readers put off. */
static void waiting(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 16);
	const u32 bound = with_waiting(16 + 1);
	struct mseg_conn_key key;
	struct mseg_conn *conn;
	u32 i, made = 0;

	rcu_read_lock();
	for (i = 0; i < 2000; i++) {
		key = mseg_test_key(i);
		conn = add(mnet->conns, &key, MSEG_CONN_STATE_NEW);
		if (conn)
			mseg_conn_remove(mnet->conns, conn);
		made += !!conn;
	}
	KUNIT_EXPECT_EQ(test, 17 + 1024, bound);
	KUNIT_EXPECT_EQ(test, bound, made);
	KUNIT_EXPECT_EQ(test, bound, atomic_read(&mnet->conns->allocated));
	KUNIT_EXPECT_EQ(test, 2000 - bound, stat(mnet, MSEG_STAT_conn_waiting));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&mnet->conns->count));
	rcu_read_unlock();
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&mnet->conns->allocated));
	KUNIT_EXPECT_NOT_NULL(test, add(mnet->conns, &key, MSEG_CONN_STATE_NEW));
}

/* Several namespaces have one limit together. */
static void all_namespaces(struct kunit *test)
{
	unsigned int limit = total_connections;
	struct mseg_net *one, *other;
	struct mseg_conn_key key;
	u32 i, made = 0;

	rcu_barrier();
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&shared_allocated.all));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&shared_count.all));
	total_connections = 50;
	one = mseg_test_net(test, 64);
	other = mseg_test_net(test, 64);
	total_connections = limit;
	for (i = 0; i < 40; i++) {
		key = mseg_test_key(i);
		made += !!add(one->conns, &key, MSEG_CONN_STATE_NEW);
		made += !!add(other->conns, &key, MSEG_CONN_STATE_NEW);
	}
	KUNIT_EXPECT_EQ(test, 50, made);
	KUNIT_EXPECT_EQ(test, 50, atomic_read(&shared_count.all));
	KUNIT_EXPECT_TRUE(test, mseg_conn_full(one->conns));
	KUNIT_EXPECT_EQ(test, 30,
			stat(one, MSEG_STAT_conn_total) + stat(other, MSEG_STAT_conn_total));
	KUNIT_EXPECT_EQ(test, 50,
			atomic_read(&one->conns->count) + atomic_read(&other->conns->count));
}

/* Whoever fills all places that there are leaves the host its own. */
static void the_hosts_share(struct kunit *test)
{
	unsigned int limit = total_connections;
	struct mseg_net *host, *other, *third;
	struct mseg_conn_key key;
	u32 i, theirs = 0, own = 0;

	total_connections = 50;
	host = mseg_test_net(test, 20);
	other = mseg_test_net(test, 20);
	third = mseg_test_net(test, 1000);
	total_connections = limit;
	other->conns->host = false;
	third->conns->host = false;
	for (i = 0; i < 100; i++) {
		key = mseg_test_key(i);
		theirs += !!add(other->conns, &key, MSEG_CONN_STATE_NEW);
	}
	KUNIT_EXPECT_EQ(test, 20, theirs);
	KUNIT_EXPECT_FALSE(test, mseg_conn_full(host->conns));
	/* Half at most is the host's alone, if its cache is larger. */
	for (i = 0; i < 100; i++) {
		key = mseg_test_key(i);
		theirs += !!add(third->conns, &key, MSEG_CONN_STATE_NEW);
	}
	KUNIT_EXPECT_EQ(test, 25, theirs);
	KUNIT_EXPECT_TRUE(test, mseg_conn_full(third->conns));
	KUNIT_EXPECT_EQ(test, 95, stat(third, MSEG_STAT_conn_total));
	for (i = 0; i < 100; i++) {
		key = mseg_test_key(i);
		KUNIT_EXPECT_EQ(test, i >= 20, mseg_conn_full(host->conns));
		own += !!add(host->conns, &key, MSEG_CONN_STATE_NEW);
	}
	KUNIT_EXPECT_EQ(test, 20, own);
	KUNIT_EXPECT_EQ(test, 0, stat(host, MSEG_STAT_conn_total));
	KUNIT_EXPECT_EQ(test, 25, atomic_read(&shared_count.others));
	KUNIT_EXPECT_EQ(test, 25, atomic_read(&shared_allocated.others));
}

static struct mseg_conn *victim(struct mseg_net *mnet, const struct mseg_conn_key *key, bool reject,
				bool out)
{
	struct mseg_conn *conn;

	rcu_read_lock();
	conn = mseg_conn_victim(mnet->conns, mseg_conn_hash(key), reject, out);
	rcu_read_unlock();
	return conn;
}

/* All in one chain, so that the victim does not depend on the hash. */
static void victims(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 32);
	struct mseg_conn_key key = mseg_test_key(1);
	struct mseg_conn *conn[4];
	u32 mask = mnet->conns->mask;
	int i;

	mnet->conns->mask = 0;
	key.protocol = IPPROTO_TCP;
	for (i = 0; i < ARRAY_SIZE(conn); i++) {
		static const u8 states[] = { MSEG_CONN_STATE_ESTABLISHED, MSEG_CONN_STATE_NEW,
					     MSEG_CONN_STATE_NEW, MSEG_CONN_STATE_REJECTED };

		key.rport = htons(i);
		key.kind = states[i] == MSEG_CONN_STATE_REJECTED ? MSEG_CONN_REJECTED_IN :
								   MSEG_CONN_PLAIN;
		conn[i] = add(mnet->conns, &key, states[i]);
		KUNIT_ASSERT_NOT_NULL(test, conn[i]);
		conn[i]->direction = i == 1 ? MSEG_DIRECTION_OUT : MSEG_DIRECTION_IN;
	}
	/* The rejected one first, then what a peer began, then what this host did. */
	for (i = 3; i > 0; i--) {
		KUNIT_EXPECT_PTR_EQ(test, conn[i], victim(mnet, &key, false, true));
		KUNIT_EXPECT_PTR_EQ(test, i > 1 ? conn[i] : NULL, victim(mnet, &key, false, false));
		KUNIT_EXPECT_PTR_EQ(test, i > 2 ? conn[i] : NULL, victim(mnet, &key, true, false));
		rcu_read_lock();
		mseg_conn_remove(mnet->conns, conn[i]);
		rcu_read_unlock();
	}
	KUNIT_EXPECT_NULL(test, victim(mnet, &key, false, true));
	/* Closing or idle, for this host's own. */
	conn[0]->state = MSEG_CONN_STATE_CLOSING;
	KUNIT_EXPECT_PTR_EQ(test, conn[0], victim(mnet, &key, false, true));
	KUNIT_EXPECT_NULL(test, victim(mnet, &key, false, false));
	conn[0]->state = MSEG_CONN_STATE_ESTABLISHED;
	conn[0]->last_seen = jiffies - IDLE - 1;
	KUNIT_EXPECT_PTR_EQ(test, conn[0], victim(mnet, &key, false, true));
	KUNIT_EXPECT_NULL(test, victim(mnet, &key, false, false));
	/* Established, but its time is over. */
	conn[0]->last_seen = jiffies - mseg_conn_timeout(mnet->conns, conn[0]) - 1;
	KUNIT_EXPECT_PTR_EQ(test, conn[0], victim(mnet, &key, false, true));
	mnet->conns->mask = mask;
}

/* A flood of half-open connections never pushes out an established one. */
static void flood(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 256);
	struct mseg_conn *goes;
	struct mseg_conn_key key;
	u32 i, left = 0;

	for (i = 0; i < 128; i++) {
		key = mseg_test_key(i);
		key.protocol = IPPROTO_TCP;
		add(mnet->conns, &key, MSEG_CONN_STATE_ESTABLISHED);
	}
	for (i = 1000; i < 6000; i++) {
		key = mseg_test_key(i);
		key.protocol = IPPROTO_TCP;
		rcu_read_lock();
		if (mseg_conn_full(mnet->conns)) {
			goes = mseg_conn_victim(mnet->conns, mseg_conn_hash(&key), false, true);
			if (goes)
				mseg_conn_remove(mnet->conns, goes);
		}
		add(mnet->conns, &key, MSEG_CONN_STATE_NEW);
		rcu_read_unlock();
		if (i % 512 == 0)
			rcu_barrier();
	}
	for (i = 0; i < 128; i++) {
		key = mseg_test_key(i);
		key.protocol = IPPROTO_TCP;
		left += !!find(mnet->conns, &key);
	}
	KUNIT_EXPECT_EQ(test, 128, left);
	KUNIT_EXPECT_EQ(test, 256, atomic_read(&mnet->conns->count));
}

static void timeouts(struct kunit *test)
{
	static const struct {
		u8 protocol;
		u8 state;
		u32 seconds;
	} times[] = {
		{ IPPROTO_TCP, MSEG_CONN_STATE_NEW, 120 },
		{ IPPROTO_TCP, MSEG_CONN_STATE_ESTABLISHED, 5 * 24 * 3600 },
		{ IPPROTO_TCP, MSEG_CONN_STATE_CLOSED, 10 },
		{ IPPROTO_TCP, MSEG_CONN_STATE_REJECTED, 30 },
		{ IPPROTO_UDP, MSEG_CONN_STATE_NEW, 30 },
		{ IPPROTO_UDP, MSEG_CONN_STATE_ESTABLISHED, 180 },
		{ IPPROTO_ICMP, MSEG_CONN_STATE_NEW, 30 },
		{ IPPROTO_GRE, MSEG_CONN_STATE_NEW, 600 },
	};
	struct mseg_net *mnet = mseg_test_net(test, 100);
	struct mseg_conn_key key = mseg_test_key(1);
	struct mseg_conn *conn;
	unsigned long last;
	int i;

	for (i = 0; i < ARRAY_SIZE(times); i++) {
		key.protocol = times[i].protocol;
		key.rport = htons(i);
		conn = add(mnet->conns, &key, times[i].state);
		KUNIT_ASSERT_NOT_NULL(test, conn);
		KUNIT_EXPECT_EQ_MSG(test, times[i].seconds * HZ,
				    mseg_conn_timeout(mnet->conns, conn), "protocol %u state %u",
				    times[i].protocol, times[i].state);
		last = jiffies;
		conn->last_seen = last - times[i].seconds * HZ + 5 * HZ;
		KUNIT_EXPECT_FALSE(test, mseg_conn_expired(mnet->conns, conn));
		conn->last_seen = last - times[i].seconds * HZ - 1;
		KUNIT_EXPECT_TRUE(test, mseg_conn_expired(mnet->conns, conn));
	}
	/* Changed, it holds for entries that are there. */
	mnet->conns->timeouts[MSEG_TIMEOUT_generic] = MSEG_TIMEOUT_LIMIT;
	KUNIT_EXPECT_EQ(test, (u64)MSEG_TIMEOUT_LIMIT * HZ, mseg_conn_timeout(mnet->conns, conn));
	KUNIT_EXPECT_FALSE(test, mseg_conn_expired(mnet->conns, conn));
}

static u64 mix_of(const struct mseg_conn_key *key)
{
	u32 ports = mseg_conn_ports(key);

	return key->family == MSEG_FAMILY_IPV4 ?
		       mseg_front_mix_ipv4(ipv4_of(&key->local), ipv4_of(&key->remote), ports,
					   key->protocol) :
		       mseg_front_mix_ipv6(&key->local, &key->remote, ports, key->protocol);
}

/* Who stands at the front where this one may, as one with the same tag. */
static struct mseg_conn *in_front(const struct mseg_conns *conns, const struct mseg_conn_key *key)
{
	struct mseg_conn *conn;
	unsigned int way;

	for (way = 0; way < MSEG_FRONT_WAYS; way++) {
		conn = mseg_front_look(&conns->front, mix_of(key), way);
		if (conn)
			return conn;
	}
	return NULL;
}

/* Whether it stands at the front once it is asked to. */
static bool comes_to_front(struct kunit *test, struct mseg_conns *conns,
			   const struct mseg_conn_key *key, u8 state)
{
	struct mseg_conn *conn;
	bool comes;

	rcu_read_lock();
	conn = add(conns, key, state);
	KUNIT_EXPECT_NOT_NULL(test, conn);
	if (conn)
		mseg_conn_to_front(conns, conn);
	comes = conn && in_front(conns, key) == conn;
	if (conn)
		mseg_conn_remove(conns, conn);
	KUNIT_EXPECT_NULL(test, in_front(conns, key));
	/* Found by another processor just before. */
	if (conn)
		mseg_conn_to_front(conns, conn);
	KUNIT_EXPECT_NULL(test, in_front(conns, key));
	rcu_read_unlock();
	return comes;
}

/* What the front's look-up does not ask for must not stand there. */
static void who_comes_to_front(struct kunit *test)
{
	struct mseg_conns *conns = mseg_test_net(test, 1000)->conns;
	struct mseg_conn_key plain = mseg_test_key(1), key;
	u8 state;

	plain.rport = htons(99);
	for (state = 0; state <= MSEG_CONN_STATE_CLOSED; state++)
		KUNIT_EXPECT_EQ(test, state == MSEG_CONN_STATE_ESTABLISHED,
				comes_to_front(test, conns, &plain, state));
#define EXPECT(comes, field, value)                                                                 \
	do {                                                                                        \
		key = plain;                                                                        \
		key.field = value;                                                                  \
		KUNIT_EXPECT_EQ_MSG(test, comes,                                                    \
				    comes_to_front(test, conns, &key, MSEG_CONN_STATE_ESTABLISHED), \
				    #field " = " #value);                                           \
	} while (0)
	EXPECT(true, protocol, IPPROTO_TCP);
	EXPECT(false, protocol, IPPROTO_UDPLITE);
	EXPECT(false, protocol, IPPROTO_ICMP);
	EXPECT(false, rport, htons(53));
	EXPECT(true, lport, htons(53));
	EXPECT(false, scope, 1);
	EXPECT(false, kind, MSEG_CONN_REJECTED_IN);
	EXPECT(false, kind, MSEG_CONN_QUERY_OUT);
	EXPECT(false, path, MSEG_PATH_FORWARD);
	EXPECT(false, path, MSEG_PATH_RAW);
	plain.family = MSEG_FAMILY_IPV6;
	EXPECT(true, protocol, IPPROTO_TCP);
	EXPECT(false, remote.s6_addr[0], 0xff);
	EXPECT(false, local.s6_addr[0], 0xff);
#undef EXPECT
}

/* A set takes four, with other tags or the same; the next takes the place of the idlest. */
static void places_of_a_set(struct kunit *test)
{
	struct mseg_conns *conns = mseg_test_net(test, 1000)->conns;
	u32 shift = conns->front.shift, i = 0, n;
	struct mseg_conn *conn[MSEG_FRONT_WAYS + 2];
	struct mseg_conn_key key;
	u64 set = 0;

	rcu_read_lock();
	for (n = 0; n < ARRAY_SIZE(conn); n++) {
		do {
			key = mseg_test_key(++i);
			key.rport = htons(99);
			if (!n)
				set = mix_of(&key) >> shift >> MSEG_FRONT_TAG_BITS;
		} while (mix_of(&key) >> shift >> MSEG_FRONT_TAG_BITS != set);
		conn[n] = add(conns, &key, MSEG_CONN_STATE_ESTABLISHED);
		if (!conn[n])
			break;
		conn[n]->last_seen = jiffies - HZ * (n == 2 ? 9 : 1);
	}
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(conn), n);
	if (n < ARRAY_SIZE(conn))
		goto unlock;
	for (n = 0; n < MSEG_FRONT_WAYS; n++)
		mseg_conn_to_front(conns, conn[n]);
	for (n = 0; n < ARRAY_SIZE(conn); n++)
		KUNIT_EXPECT_EQ(test, n < MSEG_FRONT_WAYS, mseg_front_has(&conns->front, conn[n]));
	mseg_conn_to_front(conns, conn[MSEG_FRONT_WAYS]);
	for (n = 0; n < ARRAY_SIZE(conn); n++)
		KUNIT_EXPECT_EQ(test, n != 2 && n <= MSEG_FRONT_WAYS,
				mseg_front_has(&conns->front, conn[n]));
	/* Who leaves gives back his own place, and there is no second one. */
	mseg_conn_to_front(conns, conn[1]);
	mseg_conn_remove(conns, conn[1]);
	mseg_conn_remove(conns, conn[2]);
	mseg_conn_to_front(conns, conn[MSEG_FRONT_WAYS + 1]);
	for (n = 0; n < ARRAY_SIZE(conn); n++)
		KUNIT_EXPECT_EQ(test, n != 1 && n != 2, mseg_front_has(&conns->front, conn[n]));
unlock:
	rcu_read_unlock();
}

/* Whatever its tag, also none at all: who enters is found, and leaves nothing behind. */
static void tags(struct kunit *test)
{
	struct mseg_conns *conns = mseg_test_net(test, 1000)->conns;
	struct mseg_conn_key key;
	struct mseg_conn *conn;
	u32 i;

	rcu_read_lock();
	for (i = 0; i < 200; i++) {
		key = mseg_test_key(i);
		key.rport = htons(99);
		conn = add(conns, &key, MSEG_CONN_STATE_ESTABLISHED);
		if (!conn)
			break;
		mseg_conn_to_front(conns, conn);
		KUNIT_EXPECT_PTR_EQ(test, conn, in_front(conns, &key));
		KUNIT_EXPECT_TRUE(test, mseg_front_has(&conns->front, conn));
		mseg_conn_remove(conns, conn);
		KUNIT_EXPECT_NULL(test, in_front(conns, &key));
	}
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 200, i);
}

struct racer {
	struct mseg_conns *conns;
	u64 seed;
	u32 most;
	u32 seen_in_front;
	u32 unsound;
	struct completion done;
};

/* What stands at the front may be read, whoever removes it meanwhile. */
static void read_front(struct racer *racer, const struct mseg_conn_key *key)
{
	const struct mseg_conn *conn = in_front(racer->conns, key);

	if (!conn)
		return;
	racer->seen_in_front++;
	racer->unsound += conn->conns != racer->conns;
}

/* Adds, looks up and removes among few keys, at the limit. */
static int race(void *data)
{
	struct racer *racer = data;
	struct mseg_conn_key key;
	struct mseg_conn *conn;
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, racer->seed);
	racer->most = 0;
	racer->seen_in_front = 0;
	racer->unsound = 0;
	for (i = 0; i < 20000; i++) {
		key = mseg_test_key(prandom_u32_state(&rnd) % 64);
		key.rport = htons(99);
		rcu_read_lock();
		conn = mseg_conn_find(racer->conns, &key);
		if (!conn)
			add(racer->conns, &key, MSEG_CONN_STATE_ESTABLISHED);
		else if (prandom_u32_state(&rnd) & 1)
			mseg_conn_remove(racer->conns, conn);
		else
			mseg_conn_to_front(racer->conns, conn);
		read_front(racer, &key);
		rcu_read_unlock();
		racer->most = max_t(u32, racer->most, atomic_read(&racer->conns->count));
		/* What waits to be freed leaves no room for anyone. */
		if (i % 512 == 0)
			rcu_barrier();
		else if (i % 64 == 0)
			cond_resched();
	}
	complete(&racer->done);
	return 0;
}

static void races(struct kunit *test)
{
	struct mseg_net *mnet = mseg_test_net(test, 32);
	struct racer racers[4];
	struct task_struct *task;
	struct mseg_conn *conn;
	const unsigned long *way;
	u32 i, linked = 0;

	for (i = 0; i < ARRAY_SIZE(racers); i++) {
		racers[i].conns = mnet->conns;
		racers[i].seed = get_random_u64();
		init_completion(&racers[i].done);
		kunit_info(test, "seed %llu", racers[i].seed);
		task = kthread_run(race, &racers[i], "mseg_race/%u", i);
		if (IS_ERR(task))
			complete(&racers[i].done);
		KUNIT_EXPECT_FALSE(test, IS_ERR(task));
	}
	for (i = 0; i < ARRAY_SIZE(racers); i++) {
		wait_for_completion(&racers[i].done);
		KUNIT_EXPECT_LE(test, racers[i].most, 32);
		KUNIT_EXPECT_GT(test, racers[i].seen_in_front, 0);
		KUNIT_EXPECT_EQ(test, 0, racers[i].unsound);
	}
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, atomic_read(&mnet->conns->count),
			atomic_read(&mnet->conns->allocated));
	for (i = 0; i <= mnet->conns->mask; i++)
		hlist_for_each_entry(conn, &mnet->conns->buckets[i].chain, node)
			linked++;
	for (i = 0; i < 2 * (mnet->conns->mask + 1); i++) {
		way = &mnet->conns->front.sets[i / MSEG_FRONT_WAYS].ways[i % MSEG_FRONT_WAYS];
		conn = (struct mseg_conn *)(*way & ~MSEG_FRONT_TAG);
		KUNIT_EXPECT_FALSE(test, conn && hlist_unhashed(&conn->node));
	}
	KUNIT_EXPECT_EQ(test, linked, atomic_read(&mnet->conns->count));
	KUNIT_EXPECT_LE(test, linked, 32);
	KUNIT_EXPECT_EQ(test, linked,
			stat(mnet, MSEG_STAT_conn_added) - stat(mnet, MSEG_STAT_conn_removed));
}

static struct kunit_case cases[] = { KUNIT_CASE(add_find_remove), KUNIT_CASE(kinds),
				     KUNIT_CASE(any_rejected),	  KUNIT_CASE(limit),
				     KUNIT_CASE(overflow),	  KUNIT_CASE(waiting),
				     KUNIT_CASE(all_namespaces),  KUNIT_CASE(the_hosts_share),
				     KUNIT_CASE(victims),	  KUNIT_CASE(flood),
				     KUNIT_CASE(timeouts),	  KUNIT_CASE(who_comes_to_front),
				     KUNIT_CASE(places_of_a_set), KUNIT_CASE(tags),
				     KUNIT_CASE_SLOW(races),	  {} };

static struct kunit_suite suite = {
	.name = "mseg_conn",
	.test_cases = cases,
};

kunit_test_suite(suite);
