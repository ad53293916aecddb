/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection cache of one network namespace: what was judged, when, by
 * which generation, and what it carried since.
 *
 * Readers hold RCU and take no lock. A bucket's lock guards its chain, an
 * entry's lock its verdict; neither is held over the other. An entry is freed a
 * grace period after it was unlinked.
 */
#ifndef MSEG_CONN_H
#define MSEG_CONN_H

#include <linux/atomic.h>
#include <linux/rculist.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <linux/mseg.h>

#include "front.h"
#include "packet.h"
#include "process.h"
#include "stats.h"

/*
 * How long a connection may be idle, in seconds, by protocol and state. Each is
 * a sysctl, net.mseg.timeout_NAME: see sysctl.c.
 */
#define MSEG_TIMEOUTS(X)                                                                    \
	X(tcp_new, 120, "TCP, SCTP or DCCP without a reply")                                \
	X(tcp_replied, 60, "TCP, SCTP or DCCP, not established yet")                        \
	X(tcp_established, 5 * 24 * 3600,                                                   \
	  "established TCP, SCTP or DCCP; TCP ends with its local socket, this is for "     \
	  "what has none")                                                                  \
	X(tcp_closing, 120, "TCP after a FIN or RST that the local socket did not confirm") \
	X(udp, 30, "UDP or UDP-Lite")                                                       \
	X(udp_stream, 180, "UDP or UDP-Lite, both ways for more than two seconds")          \
	X(icmp, 30, "ICMP or ICMPv6")                                                       \
	X(generic, 600, "all other protocols")                                              \
	X(rejected, 30, "a rejection, from the verdict on")                                 \
	X(closed, 10, "TCP after its end, for the last packets on their way")

enum mseg_timeout {
#define X(name, seconds, doc) MSEG_TIMEOUT_##name,
	MSEG_TIMEOUTS(X)
#undef X
		MSEG_TIMEOUT_MAX
};

/* Twenty days: in jiffies, 31 bits at any HZ. */
#define MSEG_TIMEOUT_LIMIT (20 * 24 * 3600)

/**
 * struct mseg_opinions - what would have been decided by what does not decide
 * @observed_cookie: of the rule under observation
 * @observed_rule: its index, or MSEG_ID_NONE
 * @candidate_generation: that was asked, or 0
 * @candidate_rule: that decides in it, or MSEG_ID_NONE
 * @observed: enum mseg_opinion
 * @candidate: enum mseg_opinion
 */
struct mseg_opinions {
	u64 observed_cookie;
	u32 observed_rule;
	u32 candidate_generation;
	u32 candidate_rule;
	u8 observed;
	u8 candidate;
};

#define MSEG_NO_OPINIONS                        \
	((struct mseg_opinions){                \
		.observed_rule = MSEG_ID_NONE,  \
		.candidate_rule = MSEG_ID_NONE, \
	})

/**
 * enum mseg_conn_named - what is known of who is behind a connection
 * @MSEG_CONN_NAMED_NOT: nothing
 * @MSEG_CONN_NAMED_SOCKET: the owner of the socket
 * @MSEG_CONN_NAMED_TASK: the task that sent, too: it stays
 * @MSEG_CONN_NAMED_UNHEARD: the same, and what it sends first is waited for
 */
enum mseg_conn_named {
	MSEG_CONN_NAMED_NOT,
	MSEG_CONN_NAMED_SOCKET,
	MSEG_CONN_NAMED_TASK,
	MSEG_CONN_NAMED_UNHEARD,
};

/**
 * struct mseg_conn - a remembered connection
 * @generation: that judged it; written last of a verdict, with release
 * @verdict: enum mseg_action
 * @state: enum mseg_conn_state
 * @named: enum mseg_conn_named
 * @has_socket: TCP, and a local socket was found by @key
 * @last_seen: jiffies of what its time-out runs from
 * @key: never changes
 * @client: of rejected attempts, the one port that all came from, or 0
 * @reason: enum mseg_reason
 * @flags: enum mseg_flow_flag
 * @packets: by direction, in then out; see mseg_tally_sum() for those of the short way
 * @bytes: the same
 * @node: in its bucket, from which it is gone when unhashed
 * @hash: of @key
 * @attempts: connections or rejected packets since the last record
 * @ifindex: interface of the first packet
 * @service: of the first packet, host order
 * @direction: of the first packet
 * @either: the direction could not be told; allowed in either, it is allowed
 * @lock: guards the verdict, with @opinions, @cookie, @rule and @network; @state,
 *	@ended, @named, @tallied and @process
 * @ended: its end was reported
 * @tallied: bits of the processors that counted it, set under @lock for good
 * @observed: its verdict is told, and not enforced
 * @learned: @network holds the peer by a name
 * @rule: index of the deciding rule in @generation, or MSEG_ID_NONE
 * @network: the peer's, or MSEG_ID_NONE
 * @cookie: of the deciding rule
 * @opinions: of what does not decide
 * @process: who is behind it; of rejected attempts what all have in common
 * @id: unique since the module was loaded
 * @first_seen: nanoseconds since 1970
 * @reported: jiffies of the last record, 32 bits of them
 * @reported_packets: sum of packets then, the same
 * @conns: the cache that it counts against until it is freed
 * @rcu: frees it
 *
 * Whether a packet passes is told by the first cache line. The second is what the
 * long way counts, and by which the chains go; the rest is for judging and for records.
 */
struct mseg_conn {
	u32 generation;
	u8 verdict;
	u8 state;
	u8 named;
	bool has_socket;
	unsigned long last_seen;
	struct mseg_conn_key key;
	__be16 client;
	u8 reason;
	u8 flags;

	atomic64_t packets[2];
	atomic64_t bytes[2];
	struct hlist_node node;
	u32 hash;
	atomic_t attempts;
	u32 ifindex;
	u16 service;
	u8 direction;
	bool either;

	spinlock_t lock; /* the verdict and the state */
	bool ended;
	u8 tallied;
	bool observed;
	bool learned;
	u32 rule;
	u32 network;
	u64 cookie;
	struct mseg_opinions opinions;
	struct mseg_process process;
	u64 id;
	u64 first_seen;
	u32 reported;
	u32 reported_packets;
	struct mseg_conns *conns;
	struct rcu_head rcu;
};

/**
 * struct mseg_conn_forwarded - a remembered connection through this host
 * @conn: the connection; its path is MSEG_PATH_FORWARD
 * @destination: of its first packet, before it was translated
 * @published: translated it was
 * @window: of TCP, guarded by the lock of @conn
 */
struct mseg_conn_forwarded {
	struct mseg_conn conn;
	struct in6_addr destination;
	bool published;
	struct mseg_window window;
};

/** mseg_conn_is_forwarded() - whether a connection goes through this host. */
static inline bool mseg_conn_is_forwarded(const struct mseg_conn *conn)
{
	return conn->key.path == MSEG_PATH_FORWARD;
}

/** mseg_conn_is_hosts() - whether one of this host's sockets may be its end. */
static inline bool mseg_conn_is_hosts(const struct mseg_conn *conn)
{
	return conn->key.path == MSEG_PATH_HOST;
}

/**
 * mseg_conn_forwarded() - what is kept of forwarded connections alone
 * @entry: of which mseg_conn_is_forwarded()
 *
 * Return: the whole of it, as const as @entry.
 */
#define mseg_conn_forwarded(entry) container_of_const(entry, struct mseg_conn_forwarded, conn)

/**
 * mseg_conn_is_reply() - whether a packet answers who began a connection
 * @conn: valid
 * @out: of the packet
 *
 * Return: true when it does.
 */
static inline bool mseg_conn_is_reply(const struct mseg_conn *conn, bool out)
{
	return out != (mseg_conn_is_forwarded(conn) || conn->direction == MSEG_DIRECTION_OUT);
}

struct mseg_conn_bucket {
	struct hlist_head chain;
	spinlock_t lock; /* the chain */
};

/**
 * struct mseg_conn_limits - how many there may be
 * @own: of one cache
 * @all: of all caches
 * @others: of all but the host's
 */
struct mseg_conn_limits {
	u32 own;
	u32 all;
	u32 others;
};

/**
 * struct mseg_conns - a cache
 * @buckets: chains by hash
 * @front: established entries of TCP and UDP that are not asked of for names, and whose
 *	keys have no scope, kind MSEG_CONN_PLAIN and path MSEG_PATH_HOST
 * @mask: number of buckets less one
 * @places: entries at most, but for the overflow area
 * @memory: the same, with that area and those that were unlinked and wait to be freed
 * @host: of the initial network namespace
 * @count: entries now, reserved before they are linked
 * @allocated: the same, and those that were unlinked and wait to be freed
 * @rejected: entries that stand for rejected attempts, counted before they are linked
 * @timeouts: in seconds, 1 to MSEG_TIMEOUT_LIMIT; change at any time
 * @stats: of the network namespace
 */
struct mseg_conns {
	struct mseg_conn_bucket *buckets;
	struct mseg_front front;
	u32 mask;
	struct mseg_conn_limits places;
	struct mseg_conn_limits memory;
	bool host;
	atomic_t count;
	atomic_t allocated;
	atomic_t rejected;
	int timeouts[MSEG_TIMEOUT_MAX];
	struct mseg_stats __percpu *stats;
};

/**
 * mseg_conn_enter() - change a connection's state, and count the change
 * @conn: in a cache, its lock held
 * @state: enum mseg_conn_state
 */
static inline void mseg_conn_enter(struct mseg_conn *conn, u8 state)
{
	if (conn->state == state)
		return;
	WRITE_ONCE(conn->state, state);
	mseg_stat_state(conn->conns->stats, state);
}

/**
 * mseg_conn_carry() - count what packets brought in the entry itself
 * @conn: valid
 * @out: from this host
 * @bytes: of IP
 * @packets: that they are on the wire
 *
 * Any context.
 */
static __always_inline void mseg_conn_carry(struct mseg_conn *conn, bool out, u64 bytes, u64 packets)
{
	atomic64_add(packets, &conn->packets[out]);
	atomic64_add(bytes, &conn->bytes[out]);
}

/**
 * mseg_conn_ports() - the ports of a key as one number
 * @key: of a connection
 *
 * Return: as they lie in it, the local one first.
 */
static inline u32 mseg_conn_ports(const struct mseg_conn_key *key)
{
	return *(const u32 *)&key->lport;
}

/**
 * mseg_conn_kind() - what kind of connection a key is of as one number
 * @key: of a connection
 *
 * Return: family, protocol, kind and path, as they lie in it.
 */
static inline u32 mseg_conn_kind(const struct mseg_conn_key *key)
{
	return *(const u32 *)&key->family;
}

/**
 * mseg_conn_to_front() - let a connection be found there
 * @conns: the cache
 * @conn: found in it
 *
 * Under RCU, any context. Nothing is done where it is not of those that may be
 * there, or was unlinked meanwhile; else see mseg_front_enter().
 */
void mseg_conn_to_front(struct mseg_conns *conns, struct mseg_conn *conn);

/** mseg_conn_init() - once, at module load. Return: 0 or -ENOMEM. */
int mseg_conn_init(void);

/** mseg_conn_exit() - once, when no cache is left; waits for RCU callbacks. */
void mseg_conn_exit(void);

/**
 * mseg_conns_new() - an empty cache
 * @max: entries at most; a sixteenth more where all of those are established
 * @host: of the initial network namespace, for which others leave a share
 * @stats: outlives the cache
 *
 * May sleep.
 *
 * Return: the cache, or NULL without memory.
 */
struct mseg_conns *mseg_conns_new(u32 max, bool host, struct mseg_stats __percpu *stats);

/**
 * mseg_conns_free() - free a cache and its entries
 * @conns: nobody reads it any more; may be NULL
 *
 * May sleep; waits for entries that wait to be freed.
 */
void mseg_conns_free(struct mseg_conns *conns);

/**
 * mseg_conn_hash() - where a connection is in any cache
 * @key: every byte defined
 *
 * Any context.
 *
 * Return: a keyed hash, unknown to who chooses the connection.
 */
u32 mseg_conn_hash(const struct mseg_conn_key *key);

/**
 * mseg_conn_find_hashed() - look a connection up by the hash, too
 * @conns: the cache
 * @key: every byte defined
 * @hash: of it, by mseg_conn_hash()
 *
 * Under RCU.
 *
 * Return: the entry, valid until rcu_read_unlock(), or NULL. Its time may be
 * over: see mseg_conn_expired().
 */
struct mseg_conn *mseg_conn_find_hashed(struct mseg_conns *conns, const struct mseg_conn_key *key,
					u32 hash);

/** mseg_conn_find() - look a connection up; see mseg_conn_find_hashed(). */
static inline struct mseg_conn *mseg_conn_find(struct mseg_conns *conns,
					       const struct mseg_conn_key *key)
{
	return mseg_conn_find_hashed(conns, key, mseg_conn_hash(key));
}

/**
 * mseg_conn_any_rejected() - whether attempts may be remembered as rejected
 * @conns: the cache
 *
 * Any context.
 *
 * Return: false when no mseg_conn_find() by the key of such would find any.
 */
static inline bool mseg_conn_any_rejected(const struct mseg_conns *conns)
{
	return atomic_read(&conns->rejected);
}

/**
 * mseg_conn_new() - an entry that is not in the cache yet
 * @conns: the cache
 * @key: copied
 * @hash: of it, by mseg_conn_hash()
 * @overflow: it may go into the overflow area
 *
 * Any context.
 *
 * Return: the entry, which the caller fills and then adds, or NULL where a
 * limit is reached or memory is short, counted.
 */
struct mseg_conn *mseg_conn_new(struct mseg_conns *conns, const struct mseg_conn_key *key, u32 hash,
				bool overflow);

/**
 * mseg_conn_full() - whether an entry must go before another can come
 * @conns: the cache
 *
 * Return: true when one must.
 */
bool mseg_conn_full(const struct mseg_conns *conns);

/**
 * mseg_conn_victim() - the entry that should make room
 * @conns: the cache
 * @hash: of the new connection's key, near which is looked
 * @reject: the new one is rejected, and worth no connection that is not
 * @out: the new one was begun by this host, and may take a peer's place
 *
 * Under RCU, bounded.
 *
 * Return: an entry that is rejected, closed or over, then one that is half-open,
 * then, for a connection that this host began, closing or idle; NULL where there
 * is none. Any other established one is never given.
 */
struct mseg_conn *mseg_conn_victim(struct mseg_conns *conns, u32 hash, bool reject, bool out);

/**
 * mseg_conn_add() - put an entry into the cache
 * @conns: the cache
 * @conn: from mseg_conn_new(), complete
 *
 * Under RCU, any context.
 *
 * Return: @conn, or where another processor was first its entry, and @conn was freed.
 */
struct mseg_conn *mseg_conn_add(struct mseg_conns *conns, struct mseg_conn *conn);

/**
 * mseg_conn_remove() - take an entry out of the cache
 * @conns: the cache
 * @conn: found in it
 *
 * Under RCU, any context.
 *
 * Return: true when this call took it out, false when another did.
 */
bool mseg_conn_remove(struct mseg_conns *conns, struct mseg_conn *conn);

/**
 * mseg_conn_expired() - whether a connection's time is over
 * @conns: the cache
 * @conn: valid
 *
 * Any context.
 *
 * Return: true when it is.
 */
bool mseg_conn_expired(const struct mseg_conns *conns, const struct mseg_conn *conn);

/**
 * mseg_conn_timeout() - how long a connection may be idle
 * @conns: the cache
 * @conn: valid
 *
 * Any context.
 *
 * Return: jiffies, by protocol and state.
 */
unsigned long mseg_conn_timeout(const struct mseg_conns *conns, const struct mseg_conn *conn);

#endif /* MSEG_CONN_H */
