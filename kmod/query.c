// SPDX-License-Identifier: GPL-2.0
/*
 * A small table of sets with a keyed hash: an answer's address is not known when
 * the query is sent, so that the connection cache cannot be asked for it.
 */
#include "query.h"

#include <linux/inetdevice.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/addrconf.h>

#include <linux/mseg.h>
#include <mseg/core.h>

#include "process.h"

#define SETS 128
#define WAYS 4
#define ANSWER_TIME (6 * HZ)

/* What a query and its answers have in common. */
struct exchange {
	__be16 lport;
	__be16 rport;
	u8 family;
	u8 protocol;
	u8 kind;
	u8 pad;
	u32 ifindex;
};

struct slot {
	struct exchange exchange;
	struct mseg_conn_key key;
	unsigned long until;
	u32 uid; /* who asks, or MSEG_ID_NONE */
	bool used;
};

struct set {
	spinlock_t lock;     /* its slots */
	unsigned long until; /* of the last; read without the lock */
	bool used;
	struct slot slots[WAYS];
};

struct mseg_queries {
	hsiphash_key_t hash_key;
	struct set sets[SETS];
};

struct mseg_queries *mseg_queries_new(void)
{
	struct mseg_queries *queries = kvzalloc(sizeof(*queries), GFP_KERNEL);
	int i;

	if (!queries)
		return NULL;
	get_random_bytes(&queries->hash_key, sizeof(queries->hash_key));
	for (i = 0; i < SETS; i++)
		spin_lock_init(&queries->sets[i].lock);
	return queries;
}

void mseg_queries_free(struct mseg_queries *queries)
{
	kvfree(queries);
}

static void exchange_of(struct exchange *exchange, const struct mseg_packet *packet)
{
	*exchange = (struct exchange){
		.lport = packet->key.lport,
		.rport = packet->key.rport,
		.family = packet->key.family,
		.protocol = packet->key.protocol,
		.kind = packet->key.kind,
		.ifindex = packet->ifindex,
	};
}

static bool same_exchange(const struct exchange *a, const struct exchange *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static struct set *set_of(struct mseg_queries *queries, const struct exchange *exchange)
{
	return &queries->sets[hsiphash(exchange, sizeof(*exchange), &queries->hash_key) % SETS];
}

static bool is_waiting(const struct slot *slot)
{
	return slot->used && time_before(jiffies, slot->until);
}

/* So that what comes unasked, and may be a flood, takes no lock. */
static bool may_be_awaited(const struct set *set)
{
	return READ_ONCE(set->used) && time_before(jiffies, READ_ONCE(set->until));
}

static struct slot *slot_of(struct set *set, const struct mseg_conn_key *key,
			    const struct exchange *exchange)
{
	struct slot *slot;

	for (slot = set->slots; slot < set->slots + WAYS; slot++)
		if (slot->used && same_exchange(&slot->exchange, exchange) &&
		    !memcmp(&slot->key, key, sizeof(*key)))
			return slot;
	return NULL;
}

/* How many slots of a set the queries of one slot's user have. */
static int share_of(const struct set *set, const struct slot *of)
{
	const struct slot *slot;
	int n = 0;

	if (!is_waiting(of))
		return WAYS + 1;
	for (slot = set->slots; slot < set->slots + WAYS; slot++)
		n += is_waiting(slot) && slot->uid == of->uid;
	return n;
}

/*
 * A slot for a new query: a free one, or the oldest of the user who has the most,
 * so that nobody who asks much pushes out what others wait for.
 */
static struct slot *slot_to_take(struct set *set)
{
	struct slot *slot, *best = set->slots;
	int share, most = share_of(set, best);

	for (slot = set->slots + 1; slot < set->slots + WAYS; slot++) {
		share = share_of(set, slot);
		if (share < most || (share == most && !time_before(slot->until, best->until)))
			continue;
		most = share;
		best = slot;
	}
	return best;
}

static u32 who_asks(const struct mseg_packet *packet)
{
	struct mseg_process process;

	mseg_process_of_packet(&process, packet);
	return process.uid;
}

bool mseg_query_note(struct mseg_queries *queries, const struct mseg_packet *packet)
{
	struct exchange exchange;
	struct slot *slot;
	struct set *set;
	bool forgotten = false;
	u32 uid;

	if (!mseg_query_has_answers(packet))
		return false;
	uid = who_asks(packet);
	exchange_of(&exchange, packet);
	set = set_of(queries, &exchange);
	spin_lock_bh(&set->lock);
	slot = slot_of(set, &packet->key, &exchange);
	if (!slot) {
		slot = slot_to_take(set);
		forgotten = is_waiting(slot);
	}
	slot->exchange = exchange;
	slot->key = packet->key;
	slot->uid = uid;
	slot->until = jiffies + ANSWER_TIME;
	slot->used = true;
	WRITE_ONCE(set->until, slot->until);
	WRITE_ONCE(set->used, true);
	spin_unlock_bh(&set->lock);
	return forgotten;
}

/* Where the device has no address yet, it cannot be told. */
static bool on_link_ipv4(const struct net_device *dev, __be32 addr)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev || !rcu_access_pointer(in_dev->ifa_list))
		return true;
	in_dev_for_each_ifa_rcu(ifa, in_dev)
		if (inet_ifa_match(addr, ifa))
			return true;
	return false;
}

static bool on_link(struct net *net, const struct mseg_packet *packet)
{
	struct net_device *dev = dev_get_by_index_rcu(net, packet->ifindex);
	const struct in6_addr *addr = &packet->key.remote;

	if (!dev)
		return false;
	if (packet->family == MSEG_FAMILY_IPV4)
		return on_link_ipv4(dev, addr->s6_addr32[0]);
	return ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL || ipv6_chk_prefix(addr, dev);
}

static bool is_answer_to(const struct slot *slot, const struct mseg_packet *packet)
{
	if (ipv6_addr_any(&slot->key.local))
		return true;
	return !packet->to_group && ipv6_addr_equal(&slot->key.local, &packet->key.local);
}

bool mseg_query_find(struct mseg_queries *queries, struct net *net,
		     const struct mseg_packet *packet, struct mseg_conn_key *query)
{
	struct exchange exchange;
	const struct slot *slot;
	bool found = false;
	struct set *set;

	exchange_of(&exchange, packet);
	set = set_of(queries, &exchange);
	if (!may_be_awaited(set))
		return false;
	spin_lock_bh(&set->lock);
	for (slot = set->slots; !found && slot < set->slots + WAYS; slot++) {
		if (!is_waiting(slot) || !same_exchange(&slot->exchange, &exchange) ||
		    !is_answer_to(slot, packet))
			continue;
		*query = slot->key;
		found = true;
	}
	spin_unlock_bh(&set->lock);
	return found && on_link(net, packet);
}
