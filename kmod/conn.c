// SPDX-License-Identifier: GPL-2.0
/*
 * The connection cache: a fixed table of chains with a keyed hash, so that
 * nobody outside can choose collisions, and a fixed number of entries. When it
 * is full a rejected or closed entry near the new one makes room, or else one
 * that is not established yet, of peers first; an established one never does, so
 * that a few more may come where there are no others.
 *
 * What is established stands at the front, too. An entry comes there under its bucket's
 * lock while it is linked, and leaves under the same lock when it is unlinked, so that
 * nothing points to what waits to be freed.
 *
 * An entry is memory until its grace period is over. A flood makes them faster
 * than they are freed, so those that wait are counted and bounded, too, and so
 * are the entries of all namespaces together, of which the host keeps a share that
 * containers cannot use up: as many as one cache may have, but half at most.
 */
#include "conn.h"

#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>
#include <net/net_debug.h>

#include <linux/mseg.h>
#include <mseg/dns.h>

#include "tally.h"

/* Buckets in which room is looked for, and entries looked at in each. */
#define EVICT_BUCKETS 8
#define EVICT_CHAIN 16

/* A connection that is that long without packet goes before others. */
#define IDLE (3600 * HZ)

#define MAX_TOTAL BIT(28)

static unsigned int total_connections = 524288;
module_param(total_connections, uint, 0444);
MODULE_PARM_DESC(total_connections,
		 "Connections of all namespaces together, half or less for the host alone (524288)");

static const int default_timeouts[MSEG_TIMEOUT_MAX] = {
#define X(name, seconds, doc) seconds,
	MSEG_TIMEOUTS(X)
#undef X
};

/* See struct mseg_conn. */
static_assert(offsetof(struct mseg_conn, packets) == 64);
static_assert(offsetof(struct mseg_conn, lock) == 128);
/* With 32 bytes of tables at most, what max_connections says of an entry is true. */
static_assert(IS_ENABLED(CONFIG_DEBUG_SPINLOCK) || sizeof(struct mseg_conn) <= 256);

static struct kmem_cache *cache;
static struct kmem_cache *forwarded_cache;
static hsiphash_key_t hash_key __read_mostly;
static atomic64_t last_id;

/* What struct mseg_conns counts for one cache: of all, and of all but the host's. */
struct shared {
	atomic_t all;
	atomic_t others;
};

static struct shared shared_count;
static struct shared shared_allocated;

int mseg_conn_init(void)
{
	get_random_bytes(&hash_key, sizeof(hash_key));
	cache = kmem_cache_create("mseg_conn", sizeof(struct mseg_conn), MSEG_FRONT_ALIGN,
				  SLAB_HWCACHE_ALIGN, NULL);
	forwarded_cache = kmem_cache_create("mseg_conn_forwarded",
					    sizeof(struct mseg_conn_forwarded), MSEG_FRONT_ALIGN,
					    SLAB_HWCACHE_ALIGN, NULL);
	if (cache && forwarded_cache && !mseg_tally_init())
		return 0;
	kmem_cache_destroy(forwarded_cache);
	kmem_cache_destroy(cache);
	return -ENOMEM;
}

void mseg_conn_exit(void)
{
	rcu_barrier();
	mseg_tally_exit();
	kmem_cache_destroy(forwarded_cache);
	kmem_cache_destroy(cache);
}

static void free_tables(struct mseg_conns *conns)
{
	mseg_front_free(&conns->front);
	kvfree(conns->buckets);
	kfree(conns);
}

static u32 overflow_area(const struct mseg_conns *conns)
{
	return conns->places.own / 16;
}

/* Entries, and those that may wait to be freed where there are so many. */
static u32 with_waiting(u32 entries)
{
	return entries + max_t(u32, entries / 4, 1024);
}

/* Whatever the others remember, the host finds what it may remember itself. */
static void set_limits(struct mseg_conns *conns, u32 max)
{
	u32 all = min_t(u32, total_connections, MAX_TOTAL);

	conns->places = (struct mseg_conn_limits){
		.own = max,
		.all = all,
		.others = all - min(max, all / 2),
	};
	conns->memory = (struct mseg_conn_limits){
		.own = with_waiting(max + overflow_area(conns)),
		.all = with_waiting(all),
		.others = with_waiting(conns->places.others),
	};
}

struct mseg_conns *mseg_conns_new(u32 max, bool host, struct mseg_stats __percpu *stats)
{
	struct mseg_conns *conns = kzalloc(sizeof(*conns), GFP_KERNEL);
	u32 buckets = roundup_pow_of_two(max_t(u32, max / 2, 16));
	u32 i;

	if (!conns)
		return NULL;
	conns->buckets = kvcalloc(buckets, sizeof(*conns->buckets), GFP_KERNEL);
	if (!conns->buckets || mseg_front_init(&conns->front, 2 * buckets)) {
		free_tables(conns);
		return NULL;
	}
	for (i = 0; i < buckets; i++)
		spin_lock_init(&conns->buckets[i].lock);
	conns->mask = buckets - 1;
	set_limits(conns, max);
	conns->host = host;
	memcpy(conns->timeouts, default_timeouts, sizeof(conns->timeouts));
	conns->stats = stats;
	return conns;
}

static struct mseg_conn *alloc_entry(u8 path)
{
	struct mseg_conn_forwarded *forwarded;

	if (path != MSEG_PATH_FORWARD)
		return kmem_cache_zalloc(cache, GFP_ATOMIC | __GFP_NOWARN);
	forwarded = kmem_cache_zalloc(forwarded_cache, GFP_ATOMIC | __GFP_NOWARN);
	return forwarded ? &forwarded->conn : NULL;
}

static void give_back(struct shared *shared, const struct mseg_conns *conns)
{
	atomic_dec(&shared->all);
	if (!conns->host)
		atomic_dec(&shared->others);
}

static void free_conn(struct mseg_conn *conn)
{
	mseg_tally_forget(conn);
	atomic_dec(&conn->conns->allocated);
	give_back(&shared_allocated, conn->conns);
	if (mseg_conn_is_forwarded(conn))
		kmem_cache_free(forwarded_cache, mseg_conn_forwarded(conn));
	else
		kmem_cache_free(cache, conn);
}

static void free_conn_rcu(struct rcu_head *head)
{
	free_conn(container_of(head, struct mseg_conn, rcu));
}

static void give_place_back(struct mseg_conns *conns)
{
	atomic_dec(&conns->count);
	give_back(&shared_count, conns);
}

void mseg_conns_free(struct mseg_conns *conns)
{
	struct hlist_node *next;
	struct mseg_conn *conn;
	u32 i;

	if (!conns)
		return;
	/* Entries that wait to be freed count against it. */
	rcu_barrier();
	for (i = 0; i <= conns->mask; i++) {
		hlist_for_each_entry_safe(conn, next, &conns->buckets[i].chain, node) {
			give_place_back(conns);
			free_conn(conn);
		}
		cond_resched();
	}
	free_tables(conns);
}

static __be32 ipv4_of(const struct in6_addr *address)
{
	return address->s6_addr32[0];
}

/*
 * The scope is the host's own number and no sender's choice, so that mixing it in
 * openly gives nobody a collision; who wants one needs the key for the rest.
 */
u32 mseg_conn_hash(const struct mseg_conn_key *key)
{
	if (key->family != MSEG_FAMILY_IPV4)
		return hsiphash(key, sizeof(*key), &hash_key);
	return hsiphash_4u32((__force u32)ipv4_of(&key->local), (__force u32)ipv4_of(&key->remote),
			     mseg_conn_ports(key), mseg_conn_kind(key) ^ rol32(key->scope, 16),
			     &hash_key);
}

static bool same_key(const struct mseg_conn_key *a, const struct mseg_conn_key *b)
{
	u32 differs = (mseg_conn_kind(a) ^ mseg_conn_kind(b)) | (a->scope ^ b->scope) |
		      (mseg_conn_ports(a) ^ mseg_conn_ports(b));

	return !differs && ipv6_addr_equal(&a->local, &b->local) &&
	       ipv6_addr_equal(&a->remote, &b->remote);
}

static struct mseg_conn_bucket *bucket_of(const struct mseg_conns *conns, u32 hash)
{
	return &conns->buckets[hash & conns->mask];
}

bool mseg_conn_full(const struct mseg_conns *conns)
{
	const struct mseg_conn_limits *limits = &conns->places;

	return atomic_read(&conns->count) >= limits->own ||
	       atomic_read(&shared_count.all) >= limits->all ||
	       (!conns->host && atomic_read(&shared_count.others) >= limits->others);
}

struct mseg_conn *mseg_conn_find_hashed(struct mseg_conns *conns, const struct mseg_conn_key *key,
					u32 hash)
{
	struct mseg_conn *conn;

	hlist_for_each_entry_rcu(conn, &bucket_of(conns, hash)->chain, node) {
		if (conn->hash == hash && same_key(&conn->key, key))
			return conn;
	}
	return NULL;
}

/*
 * What an entry is worth when one must go. Established ones do not, but for what
 * peers may keep up without a handshake; a connection of this host's own takes
 * the place of one that is closing, as far as anyone can tell, or idle.
 */
enum worth {
	WORTH_NOTHING,
	WORTH_LITTLE, /* begun by a peer */
	WORTH_SOME,   /* begun by this host, which waits for a reply */
	WORTH_MORE,   /* closing, or idle */
	WORTH_KEEPING,
};

static bool is_over_soon(const struct mseg_conn *conn)
{
	return READ_ONCE(conn->state) == MSEG_CONN_STATE_CLOSING ||
	       time_after(jiffies, READ_ONCE(conn->last_seen) + IDLE);
}

static enum worth worth(const struct mseg_conns *conns, const struct mseg_conn *conn)
{
	/* What is forwarded was begun by a peer, too. */
	bool in = conn->direction == MSEG_DIRECTION_IN || mseg_conn_is_forwarded(conn);

	switch (READ_ONCE(conn->state)) {
	case MSEG_CONN_STATE_REJECTED:
		/* Of a live connection: see mseg_track_over(). */
		if (conn->key.protocol == IPPROTO_TCP && conn->key.kind == MSEG_CONN_PLAIN &&
		    mseg_conn_is_hosts(conn))
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
	if (in && conn->key.protocol != IPPROTO_TCP)
		return WORTH_LITTLE;
	/* No socket of this host bounds what is forwarded. */
	return is_over_soon(conn) || mseg_conn_is_forwarded(conn) ? WORTH_MORE : WORTH_KEEPING;
}

/* The entry of a bucket that is worth less than *least, which it lowers. */
static struct mseg_conn *least_of(const struct mseg_conns *conns,
				  const struct mseg_conn_bucket *bucket, enum worth *least)
{
	struct mseg_conn *conn, *found = NULL;
	enum worth is_worth;
	int looked = 0;

	hlist_for_each_entry_rcu(conn, &bucket->chain, node) {
		is_worth = worth(conns, conn);
		if (is_worth < *least) {
			*least = is_worth;
			found = conn;
		}
		if (++looked == EVICT_CHAIN || *least == WORTH_NOTHING)
			break;
	}
	return found;
}

struct mseg_conn *mseg_conn_victim(struct mseg_conns *conns, u32 hash, bool reject, bool out)
{
	/* What it must be worth less than. */
	enum worth least = reject ? WORTH_LITTLE : out ? WORTH_KEEPING : WORTH_SOME;
	struct mseg_conn *found, *victim = NULL;
	int i;

	for (i = 0; i < EVICT_BUCKETS && least != WORTH_NOTHING; i++) {
		found = least_of(conns, bucket_of(conns, hash + i), &least);
		if (found)
			victim = found;
	}
	return victim;
}

/* Count first, so that no two processors can both take the last place. */
static bool take(atomic_t *count, u32 limit)
{
	int now = atomic_read(count);

	do {
		if (now >= limit)
			return false;
	} while (!atomic_try_cmpxchg(count, &now, now + 1));
	return true;
}

static bool take_shared(struct shared *shared, const struct mseg_conns *conns,
			const struct mseg_conn_limits *limits)
{
	if (!conns->host && !take(&shared->others, limits->others))
		return false;
	if (take(&shared->all, limits->all))
		return true;
	if (!conns->host)
		atomic_dec(&shared->others);
	return false;
}

static bool take_own_place(struct mseg_conns *conns, bool overflow)
{
	if (take(&conns->count, conns->places.own))
		return true;
	if (!overflow || !take(&conns->count, conns->places.own + overflow_area(conns)))
		return false;
	mseg_stat(conns->stats, conn_overflow);
	return true;
}

static bool take_place(struct mseg_conns *conns, bool overflow)
{
	if (!take_own_place(conns, overflow)) {
		mseg_stat(conns->stats, conn_full);
		return false;
	}
	if (!take_shared(&shared_count, conns, &conns->places)) {
		atomic_dec(&conns->count);
		mseg_stat(conns->stats, conn_total);
		return false;
	}
	return true;
}

static bool take_memory(struct mseg_conns *conns)
{
	if (!take(&conns->allocated, conns->memory.own))
		return false;
	if (take_shared(&shared_allocated, conns, &conns->memory))
		return true;
	atomic_dec(&conns->allocated);
	return false;
}

static struct mseg_conn *alloc_conn(struct mseg_conns *conns, u8 path)
{
	struct mseg_conn *conn;

	if (!take_memory(conns)) {
		mseg_stat(conns->stats, conn_waiting);
		return NULL;
	}
	conn = alloc_entry(path);
	if (!conn) {
		atomic_dec(&conns->allocated);
		give_back(&shared_allocated, conns);
		mseg_stat(conns->stats, conn_no_memory);
		return NULL;
	}
	conn->conns = conns;
	return conn;
}

struct mseg_conn *mseg_conn_new(struct mseg_conns *conns, const struct mseg_conn_key *key, u32 hash,
				bool overflow)
{
	struct mseg_conn *conn;

	/* Nobody would find it. */
	DEBUG_NET_WARN_ON_ONCE(hash != mseg_conn_hash(key));
	if (!take_place(conns, overflow))
		return NULL;
	conn = alloc_conn(conns, key->path);
	if (!conn) {
		give_place_back(conns);
		return NULL;
	}
	conn->key = *key;
	conn->hash = hash;
	conn->id = atomic64_inc_return(&last_id);
	mseg_process_unknown(&conn->process);
	spin_lock_init(&conn->lock);
	conn->first_seen = ktime_get_real_ns();
	conn->last_seen = jiffies;
	conn->reported = jiffies;
	return conn;
}

/* What is sent to a group is waited for, and what a server of names says is read. */
static bool may_be_in_front(const struct mseg_conn *conn)
{
	const struct mseg_conn_key *key = &conn->key;

	if (READ_ONCE(conn->state) != MSEG_CONN_STATE_ESTABLISHED || key->scope ||
	    key->kind != MSEG_CONN_PLAIN || key->path != MSEG_PATH_HOST ||
	    key->rport == htons(MSEG_DNS_PORT))
		return false;
	if (key->family == MSEG_FAMILY_IPV6 &&
	    (ipv6_addr_is_multicast(&key->local) || ipv6_addr_is_multicast(&key->remote)))
		return false;
	return key->protocol == IPPROTO_TCP || key->protocol == IPPROTO_UDP;
}

void mseg_conn_to_front(struct mseg_conns *conns, struct mseg_conn *conn)
{
	struct mseg_conn_bucket *bucket = bucket_of(conns, conn->hash);

	if (!may_be_in_front(conn) || mseg_front_has(&conns->front, conn))
		return;
	spin_lock_bh(&bucket->lock);
	if (!hlist_unhashed(&conn->node))
		mseg_front_enter(&conns->front, conn);
	spin_unlock_bh(&bucket->lock);
}

/* The place of an entry that is in no chain. */
static void leave(struct mseg_conns *conns, const struct mseg_conn *conn)
{
	if (mseg_packet_is_rejected(&conn->key))
		atomic_dec(&conns->rejected);
	give_place_back(conns);
}

/* The entry of a bucket that has the same key, or NULL; the bucket's lock is held. */
static struct mseg_conn *find_same(const struct mseg_conn_bucket *bucket,
				   const struct mseg_conn *conn)
{
	struct mseg_conn *other;

	hlist_for_each_entry(other, &bucket->chain, node)
		if (same_key(&other->key, &conn->key))
			return other;
	return NULL;
}

struct mseg_conn *mseg_conn_add(struct mseg_conns *conns, struct mseg_conn *conn)
{
	struct mseg_conn_bucket *bucket = bucket_of(conns, conn->hash);
	u8 state = conn->state;
	struct mseg_conn *other;

	if (mseg_packet_is_rejected(&conn->key))
		atomic_inc(&conns->rejected);
	spin_lock_bh(&bucket->lock);
	other = find_same(bucket, conn);
	if (!other)
		hlist_add_head_rcu(&conn->node, &bucket->chain);
	spin_unlock_bh(&bucket->lock);
	if (other) {
		leave(conns, conn);
		free_conn(conn);
		return other;
	}
	mseg_stat(conns->stats, conn_added);
	mseg_stat_state(conns->stats, state);
	return conn;
}

bool mseg_conn_remove(struct mseg_conns *conns, struct mseg_conn *conn)
{
	struct mseg_conn_bucket *bucket = bucket_of(conns, conn->hash);
	bool removed = false;

	spin_lock_bh(&bucket->lock);
	if (!hlist_unhashed(&conn->node)) {
		hlist_del_init_rcu(&conn->node);
		mseg_front_leave(&conns->front, conn);
		removed = true;
	}
	spin_unlock_bh(&bucket->lock);
	if (removed) {
		leave(conns, conn);
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
	unsigned long last_seen = READ_ONCE(conn->last_seen);

	/* No time-out is shorter than a second. */
	if (time_before(jiffies, last_seen + HZ))
		return false;
	return time_after(jiffies, last_seen + mseg_conn_timeout(conns, conn));
}
