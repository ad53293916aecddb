/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Addresses that a namespace has learned by name. They stand beside the policy and
 * know nothing of it: the networks that hold a name are looked for when a
 * connection is judged, so that neither learning nor a change of policy touches
 * what the other has built.
 *
 * Readers hold RCU and take no lock; all changes are made under one.
 */
#ifndef MSEG_LEARNED_H
#define MSEG_LEARNED_H

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <linux/mseg.h>
#include <mseg/core.h>

#include "stats.h"

#define MSEG_LEARNED_BUCKETS 4096

/** Networks that one address by one name is charged to, for their limit. */
#define MSEG_LEARNED_CHARGES 4

/**
 * struct mseg_address - an address
 * @addr: network order, an IPv4 address in the first four bytes, the rest zero
 * @family: enum mseg_family, or 0 for none
 */
struct mseg_address {
	u8 addr[MSEG_ADDR_LEN];
	u8 family;
};

/**
 * struct mseg_lesson - what there is to learn
 * @name: canonical
 * @address: that it has
 * @resolver: who says so; its family is 0 where that is unknown
 * @since: nanoseconds since 1970
 * @seconds: to live
 * @networks: names of those that it is charged to
 * @n_networks: how many
 */
struct mseg_lesson {
	const char *name;
	struct mseg_address address;
	struct mseg_address resolver;
	u64 since;
	u32 seconds;
	const char *networks[MSEG_LEARNED_CHARGES];
	u32 n_networks;
};

struct mseg_learned_name;
struct mseg_learned_account;
struct mseg_learned_entry;

/**
 * struct mseg_learned_charge - that an entry counts against a network's limit
 * @list: of the account, oldest first
 * @account: of the network, or NULL
 * @entry: that counts
 */
struct mseg_learned_charge {
	struct list_head list;
	struct mseg_learned_account *account;
	struct mseg_learned_entry *entry;
};

/**
 * struct mseg_learned_entry - an address by a name
 * @node: in its bucket, those learned last first
 * @age: in the list of all, oldest first
 * @of_name: in that of its name
 * @name: its name
 * @address: never changes
 * @resolver: who said so last, guarded by the lock
 * @since: nanoseconds since 1970
 * @until: jiffies at which its time to live is over
 * @used_until: jiffies until which it is taken to be in use
 * @charges: guarded by the lock
 * @rcu: frees it
 */
struct mseg_learned_entry {
	struct hlist_node node;
	struct list_head age;
	struct list_head of_name;
	struct mseg_learned_name *name;
	struct mseg_address address;
	struct mseg_address resolver;
	u64 since;
	unsigned long until;
	unsigned long used_until;
	struct mseg_learned_charge charges[MSEG_LEARNED_CHARGES];
	struct rcu_head rcu;
};

/**
 * struct mseg_learned - what a namespace has learned
 * @count: entries; read by packets
 * @lock: all changes
 * @key: of the hashes
 * @age: entries, oldest first
 * @names: by hash
 * @accounts: by hash
 * @next_bucket: where the sweep goes on
 * @stats: of the namespace
 * @buckets: entries by the hash of their address
 */
struct mseg_learned {
	u32 count;
	spinlock_t lock; /* all changes */
	siphash_key_t key;
	struct list_head age;
	struct hlist_head names[1024];
	struct hlist_head accounts[64];
	u32 next_bucket;
	struct mseg_stats __percpu *stats;
	struct hlist_head buckets[MSEG_LEARNED_BUCKETS];
};

/**
 * mseg_learned_new() - nothing learned yet
 * @stats: of the namespace, outlives it
 *
 * May sleep.
 *
 * Return: it, or NULL without memory.
 */
struct mseg_learned *mseg_learned_new(struct mseg_stats __percpu *stats);

/**
 * mseg_learned_free() - forget everything
 * @learned: nobody reads it any more; may be NULL
 */
void mseg_learned_free(struct mseg_learned *learned);

/** mseg_learned_any() - whether anything is learned. Any context. */
static inline bool mseg_learned_any(const struct mseg_learned *learned)
{
	return READ_ONCE(learned->count);
}

/**
 * mseg_learned_find() - the names that an address has now
 * @learned: of a namespace
 * @family: enum mseg_family
 * @addr: MSEG_ADDR_LEN bytes
 * @names: filled; valid until rcu_read_unlock()
 *
 * Under RCU.
 *
 * Return: true when there are any.
 */
bool mseg_learned_find(const struct mseg_learned *learned, u8 family, const u8 *addr,
		       struct mseg_names *names);

/**
 * mseg_learned_has() - whether an address has a name now
 * @learned: of a namespace
 * @family: enum mseg_family
 * @addr: MSEG_ADDR_LEN bytes
 *
 * Under RCU.
 *
 * Return: true when it has.
 */
bool mseg_learned_has(const struct mseg_learned *learned, u8 family, const u8 *addr);

/**
 * mseg_learned_use() - a connection uses an address
 * @learned: of the namespace
 * @family: enum mseg_family
 * @addr: MSEG_ADDR_LEN bytes
 * @policy: that allowed the connection, or NULL where that is unknown
 * @network: of it, which holds the address by its name
 *
 * Under RCU. It stays for some seconds, by the names that the network names; by all
 * without a policy.
 */
void mseg_learned_use(struct mseg_learned *learned, u8 family, const u8 *addr,
		      const struct mseg_policy *policy, u32 network);

/**
 * mseg_learned_add() - learn an address by a name, or that it still is so
 * @learned: of the namespace
 * @lesson: what there is to learn
 *
 * Any context. Where a limit is reached, the oldest goes that counts against it, and of
 * the oldest few rather one that is not in use.
 *
 * Return: false without memory, counted.
 */
bool mseg_learned_add(struct mseg_learned *learned, const struct mseg_lesson *lesson);

/**
 * mseg_learned_sweep() - forget what is over
 * @learned: of the namespace
 * @parts: of that many parts of it one, the next
 *
 * May sleep. One caller at a time.
 */
void mseg_learned_sweep(struct mseg_learned *learned, unsigned int parts);

/** mseg_learned_is_valid() - whether an entry's time is not over, or it is in use. */
static inline bool mseg_learned_is_valid(const struct mseg_learned_entry *entry)
{
	return time_before(jiffies, READ_ONCE(entry->until)) ||
	       time_before(jiffies, READ_ONCE(entry->used_until));
}

/**
 * mseg_learned_text() - the name of an entry
 * @entry: valid
 *
 * Return: the name, canonical, valid as long as the entry.
 */
const char *mseg_learned_text(const struct mseg_learned_entry *entry);

#endif /* MSEG_LEARNED_H */
