// SPDX-License-Identifier: GPL-2.0
/*
 * The connection cache: a fixed table of chains with a keyed hash, so that
 * nobody outside can choose collisions, and a fixed number of entries. When it
 * is full a rejected or closed entry near the new one makes room, or else one
 * that is not established yet, of peers first; an established one never does.
 */
#include "conn.h"

#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include <linux/mseg.h>

/* Buckets in which room is looked for, and entries looked at in each. */
#define EVICT_BUCKETS 8
#define EVICT_CHAIN 16

static const int default_timeouts[MSEG_TIMEOUT_MAX] = {
#define X(name, seconds, doc) seconds,
	MSEG_TIMEOUTS(X)
#undef X
};

/* What a look-up reads is in one cache line, what a hit reads in the next. */
static_assert(offsetof(struct mseg_conn, generation) == 64);
static_assert(offsetof(struct mseg_conn, lock) == 128);
/* What max_connections says of an entry is true. */
static_assert(IS_ENABLED(CONFIG_DEBUG_SPINLOCK) || sizeof(struct mseg_conn) <= 256);

static struct kmem_cache *cache;
static hsiphash_key_t hash_key __read_mostly;
static atomic64_t last_id;

int mseg_conn_init(void)
{
	get_random_bytes(&hash_key, sizeof(hash_key));
	cache = kmem_cache_create("mseg_conn", sizeof(struct mseg_conn), 0, SLAB_HWCACHE_ALIGN,
				  NULL);
	return cache ? 0 : -ENOMEM;
}

void mseg_conn_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(cache);
}

struct mseg_conns *mseg_conns_new(u32 max, struct mseg_stats __percpu *stats)
{
	struct mseg_conns *conns = kzalloc(sizeof(*conns), GFP_KERNEL);
	u32 buckets = roundup_pow_of_two(max_t(u32, max / 2, 16));
	u32 i;

	if (!conns)
		return NULL;
	conns->buckets = kvcalloc(buckets, sizeof(*conns->buckets), GFP_KERNEL);
	if (!conns->buckets) {
		kfree(conns);
		return NULL;
	}
	for (i = 0; i < buckets; i++)
		spin_lock_init(&conns->buckets[i].lock);
	conns->mask = buckets - 1;
	conns->max = max;
	memcpy(conns->timeouts, default_timeouts, sizeof(conns->timeouts));
	conns->stats = stats;
	return conns;
}

static void free_conn_rcu(struct rcu_head *head)
{
	kmem_cache_free(cache, container_of(head, struct mseg_conn, rcu));
}

void mseg_conns_free(struct mseg_conns *conns)
{
	struct hlist_node *next;
	struct mseg_conn *conn;
	u32 i;

	if (!conns)
		return;
	for (i = 0; i <= conns->mask; i++) {
		hlist_for_each_entry_safe(conn, next, &conns->buckets[i].chain, node)
			kmem_cache_free(cache, conn);
		cond_resched();
	}
	kvfree(conns->buckets);
	kfree(conns);
}

static u32 hash(const struct mseg_conn_key *key)
{
	return hsiphash(key, sizeof(*key), &hash_key);
}

static bool same_key(const struct mseg_conn_key *a, const struct mseg_conn_key *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static struct mseg_conn_bucket *bucket_of(const struct mseg_conns *conns, u32 hash)
{
	return &conns->buckets[hash & conns->mask];
}

struct mseg_conn *mseg_conn_find(struct mseg_conns *conns, const struct mseg_conn_key *key)
{
	u32 h = hash(key);
	struct mseg_conn *conn;

	hlist_for_each_entry_rcu(conn, &bucket_of(conns, h)->chain, node) {
		if (conn->hash == h && same_key(&conn->key, key))
			return conn;
	}
	return NULL;
}

/*
 * What an entry is worth when one must go. Established ones never do, but for
 * what peers may keep up without a handshake.
 */
enum worth {
	WORTH_NOTHING,
	WORTH_LITTLE, /* begun by a peer */
	WORTH_SOME,   /* begun by this host, which waits for a reply */
	WORTH_KEEPING,
};

static enum worth worth(const struct mseg_conns *conns, const struct mseg_conn *conn)
{
	bool in = conn->direction == MSEG_DIRECTION_IN;

	switch (READ_ONCE(conn->state)) {
	case MSEG_CONN_STATE_REJECTED:
		/* Of a live connection: see mseg_track_over(). */
		if (conn->key.protocol == IPPROTO_TCP && conn->key.kind == MSEG_CONN_PLAIN)
			return WORTH_KEEPING;
		return WORTH_NOTHING;
	case MSEG_CONN_STATE_CLOSED:
		return WORTH_NOTHING;
	case MSEG_CONN_STATE_NEW:
	case MSEG_CONN_STATE_REPLIED:
		return in ? WORTH_LITTLE : WORTH_SOME;
	}
	if (mseg_conn_expired(conns, conn))
		return WORTH_NOTHING;
	return in && conn->key.protocol != IPPROTO_TCP ? WORTH_LITTLE : WORTH_KEEPING;
}

/* The entry of a bucket that is worth less than *least, which it lowers. */
static struct mseg_conn *least_of(const struct mseg_conns *conns,
				  const struct mseg_conn_bucket *bucket, enum worth *least)
{
	struct mseg_conn *conn, *found = NULL;
	int looked = 0;

	hlist_for_each_entry_rcu(conn, &bucket->chain, node) {
		if (worth(conns, conn) < *least) {
			*least = worth(conns, conn);
			found = conn;
		}
		if (++looked == EVICT_CHAIN || *least == WORTH_NOTHING)
			break;
	}
	return found;
}

struct mseg_conn *mseg_conn_victim(struct mseg_conns *conns, const struct mseg_conn_key *key,
				   bool reject, bool out)
{
	/* What it must be worth less than. */
	enum worth least = reject ? WORTH_LITTLE : out ? WORTH_KEEPING : WORTH_SOME;
	struct mseg_conn *found, *victim = NULL;
	u32 h = hash(key);
	int i;

	for (i = 0; i < EVICT_BUCKETS && least != WORTH_NOTHING; i++) {
		found = least_of(conns, bucket_of(conns, h + i), &least);
		if (found)
			victim = found;
	}
	return victim;
}

/* Count first, so that no two processors can both take the last place. */
static bool reserve(struct mseg_conns *conns)
{
	if (atomic_inc_return(&conns->count) <= conns->max)
		return true;
	atomic_dec(&conns->count);
	mseg_stat(conns->stats, conn_full);
	return false;
}

struct mseg_conn *mseg_conn_new(struct mseg_conns *conns, const struct mseg_conn_key *key)
{
	struct mseg_conn *conn;

	if (!reserve(conns))
		return NULL;
	conn = kmem_cache_zalloc(cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!conn) {
		atomic_dec(&conns->count);
		mseg_stat(conns->stats, conn_no_memory);
		return NULL;
	}
	conn->key = *key;
	conn->hash = hash(key);
	conn->id = atomic64_inc_return(&last_id);
	mseg_process_unknown(&conn->process);
	spin_lock_init(&conn->lock);
	conn->first_seen = ktime_get_real_ns();
	conn->last_seen = jiffies;
	conn->reported = jiffies;
	return conn;
}

bool mseg_conn_add(struct mseg_conns *conns, struct mseg_conn *conn)
{
	struct mseg_conn_bucket *bucket = bucket_of(conns, conn->hash);
	struct mseg_conn *other;
	bool first = true;

	spin_lock_bh(&bucket->lock);
	hlist_for_each_entry(other, &bucket->chain, node) {
		if (same_key(&other->key, &conn->key)) {
			first = false;
			break;
		}
	}
	if (first)
		hlist_add_head_rcu(&conn->node, &bucket->chain);
	spin_unlock_bh(&bucket->lock);
	if (first) {
		mseg_stat(conns->stats, conn_added);
	} else {
		atomic_dec(&conns->count);
		kmem_cache_free(cache, conn);
	}
	return first;
}

bool mseg_conn_remove(struct mseg_conns *conns, struct mseg_conn *conn)
{
	struct mseg_conn_bucket *bucket = bucket_of(conns, conn->hash);
	bool removed = false;

	spin_lock_bh(&bucket->lock);
	if (!conn->dead) {
		hlist_del_rcu(&conn->node);
		conn->dead = true;
		removed = true;
	}
	spin_unlock_bh(&bucket->lock);
	if (removed) {
		atomic_dec(&conns->count);
		mseg_stat(conns->stats, conn_removed);
		call_rcu(&conn->rcu, free_conn_rcu);
	}
	return removed;
}

/*
 * An established TCP connection ends with its local socket, see
 * mseg_track_socket(): its own time is a last resort.
 */
static enum mseg_timeout tcp_timeout(u8 state)
{
	switch (state) {
	case MSEG_CONN_STATE_NEW:
		return MSEG_TIMEOUT_tcp_new;
	case MSEG_CONN_STATE_REPLIED:
		return MSEG_TIMEOUT_tcp_replied;
	case MSEG_CONN_STATE_CLOSING:
		return MSEG_TIMEOUT_tcp_closing;
	}
	return MSEG_TIMEOUT_tcp_established;
}

static enum mseg_timeout timeout_of(u8 protocol, u8 state)
{
	switch (state) {
	case MSEG_CONN_STATE_REJECTED:
		return MSEG_TIMEOUT_rejected;
	case MSEG_CONN_STATE_CLOSED:
		return MSEG_TIMEOUT_closed;
	}
	switch (protocol) {
	case IPPROTO_TCP:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return tcp_timeout(state);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return state == MSEG_CONN_STATE_ESTABLISHED ? MSEG_TIMEOUT_udp_stream :
							      MSEG_TIMEOUT_udp;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return MSEG_TIMEOUT_icmp;
	}
	return MSEG_TIMEOUT_generic;
}

unsigned long mseg_conn_timeout(const struct mseg_conns *conns, const struct mseg_conn *conn)
{
	enum mseg_timeout timeout = timeout_of(conn->key.protocol, READ_ONCE(conn->state));

	return (unsigned long)READ_ONCE(conns->timeouts[timeout]) * HZ;
}

bool mseg_conn_expired(const struct mseg_conns *conns, const struct mseg_conn *conn)
{
	return time_after(jiffies, READ_ONCE(conn->last_seen) + mseg_conn_timeout(conns, conn));
}
