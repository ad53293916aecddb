// SPDX-License-Identifier: GPL-2.0
/*
 * An entry stands in four places: the bucket of its address, which packets read,
 * and three lists by age, each with a limit: that of all, that of its name, and
 * those of the networks that it was learned for. What refreshes an entry makes it
 * the youngest of all of them.
 */
#include "learned.h"

#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

/* A sweep comes by every connection in four seconds. */
#define USE_TIME (10 * HZ)

/* Of the oldest, one that is not in use goes rather. */
#define OLDEST 8

struct mseg_learned_name {
	struct hlist_node node;
	struct list_head entries;
	u32 count;
	struct rcu_head rcu;
	char text[];
};

/* What a network has learned, told by the name of the network. */
struct mseg_learned_account {
	struct hlist_node node;
	struct list_head charges;
	u64 id;
	u32 count;
};

struct mseg_learned *mseg_learned_new(struct mseg_stats __percpu *stats)
{
	struct mseg_learned *learned = kvzalloc(sizeof(*learned), GFP_KERNEL);

	if (!learned)
		return NULL;
	spin_lock_init(&learned->lock);
	get_random_bytes(&learned->key, sizeof(learned->key));
	INIT_LIST_HEAD(&learned->age);
	learned->stats = stats;
	return learned;
}

static struct hlist_head *bucket_of(const struct mseg_learned *learned,
				    const struct mseg_address *address)
{
	u64 hash = siphash(address, sizeof(*address), &learned->key);

	return (struct hlist_head *)&learned->buckets[hash % MSEG_LEARNED_BUCKETS];
}

static struct mseg_address address_of(u8 family, const u8 *addr)
{
	struct mseg_address address = { .family = family };

	memcpy(address.addr, addr, sizeof(address.addr));
	return address;
}

static bool same_address(const struct mseg_address *a, const struct mseg_address *b)
{
	return !memcmp(a, b, sizeof(*a));
}

const char *mseg_learned_text(const struct mseg_learned_entry *entry)
{
	return entry->name->text;
}

bool mseg_learned_find(const struct mseg_learned *learned, u8 family, const u8 *addr,
		       struct mseg_names *names)
{
	struct mseg_address address = address_of(family, addr);
	const struct mseg_learned_entry *entry;

	names->n = 0;
	hlist_for_each_entry_rcu(entry, bucket_of(learned, &address), node) {
		if (!same_address(&entry->address, &address) || !mseg_learned_is_valid(entry))
			continue;
		/* While one is replaced, there may be one more. */
		if (names->n < ARRAY_SIZE(names->name))
			names->name[names->n++] = entry->name->text;
	}
	return names->n;
}

bool mseg_learned_has(const struct mseg_learned *learned, u8 family, const u8 *addr)
{
	struct mseg_address address = address_of(family, addr);
	const struct mseg_learned_entry *entry;

	hlist_for_each_entry_rcu(entry, bucket_of(learned, &address), node)
		if (same_address(&entry->address, &address) && mseg_learned_is_valid(entry))
			return true;
	return false;
}

static bool is_held(const struct mseg_policy *policy, u32 network, const char *name)
{
	struct mseg_name_search search;
	u32 found;

	mseg_name_search(&search, policy, name);
	do {
		found = mseg_name_next(&search);
	} while (found != network && found != MSEG_ID_NONE);
	return found == network;
}

void mseg_learned_use(struct mseg_learned *learned, u8 family, const u8 *addr,
		      const struct mseg_policy *policy, u32 network)
{
	struct mseg_address address = address_of(family, addr);
	unsigned long until = jiffies + USE_TIME;
	struct mseg_learned_entry *entry;

	hlist_for_each_entry_rcu(entry, bucket_of(learned, &address), node) {
		if (!same_address(&entry->address, &address) || !mseg_learned_is_valid(entry))
			continue;
		if (policy && !is_held(policy, network, entry->name->text))
			continue;
		if (READ_ONCE(entry->used_until) != until)
			WRITE_ONCE(entry->used_until, until);
	}
}

static void release_charge(struct mseg_learned_charge *charge)
{
	struct mseg_learned_account *account = charge->account;

	if (!account)
		return;
	charge->account = NULL;
	list_del(&charge->list);
	if (--account->count)
		return;
	hlist_del(&account->node);
	kfree(account);
}

static void release_charges(struct mseg_learned_entry *entry)
{
	int i;

	for (i = 0; i < MSEG_LEARNED_CHARGES; i++)
		release_charge(&entry->charges[i]);
}

static void forget(struct mseg_learned *learned, struct mseg_learned_entry *entry)
{
	struct mseg_learned_name *name = entry->name;

	lockdep_assert_held(&learned->lock);
	hlist_del_rcu(&entry->node);
	list_del(&entry->age);
	list_del(&entry->of_name);
	release_charges(entry);
	WRITE_ONCE(learned->count, learned->count - 1);
	if (!--name->count) {
		hlist_del(&name->node);
		kfree_rcu(name, rcu);
	}
	kfree_rcu(entry, rcu);
}

/* Whether there is more. */
static bool forget_some(struct mseg_learned *learned)
{
	int i;

	spin_lock_bh(&learned->lock);
	for (i = 0; i < 256 && !list_empty(&learned->age); i++)
		forget(learned, list_first_entry(&learned->age, struct mseg_learned_entry, age));
	spin_unlock_bh(&learned->lock);
	return learned->count;
}

void mseg_learned_free(struct mseg_learned *learned)
{
	if (!learned)
		return;
	while (forget_some(learned))
		cond_resched();
	kvfree(learned);
}

static bool in_use(const struct mseg_learned_entry *entry)
{
	return time_before(jiffies, READ_ONCE(entry->used_until));
}

/* Of several that are looked at in turn, oldest first, the one that goes. */
struct choice {
	struct mseg_learned_entry *entry;
	int seen;
};

/* Whether to look no further. */
static bool consider(struct choice *choice, struct mseg_learned_entry *entry)
{
	if (!in_use(entry)) {
		choice->entry = entry;
		return true;
	}
	if (!choice->entry)
		choice->entry = entry;
	return ++choice->seen == OLDEST;
}

static void evict(struct mseg_learned *learned, const struct choice *choice)
{
	mseg_stat(learned->stats, dns_evicted);
	forget(learned, choice->entry);
}

static void make_room(struct mseg_learned *learned)
{
	struct mseg_learned_entry *entry;
	struct choice choice = {};

	if (learned->count < MSEG_MAX_LEARNED)
		return;
	list_for_each_entry(entry, &learned->age, age)
		if (consider(&choice, entry))
			break;
	evict(learned, &choice);
}

static void make_room_of_name(struct mseg_learned *learned, const struct mseg_learned_name *name)
{
	struct mseg_learned_entry *entry;
	struct choice choice = {};

	if (name->count < MSEG_MAX_LEARNED_PER_NAME)
		return;
	list_for_each_entry(entry, &name->entries, of_name)
		if (consider(&choice, entry))
			break;
	evict(learned, &choice);
}

static void make_room_of_account(struct mseg_learned *learned,
				 const struct mseg_learned_account *account)
{
	struct mseg_learned_charge *charge;
	struct choice choice = {};

	if (account->count < MSEG_MAX_LEARNED_PER_NETWORK)
		return;
	list_for_each_entry(charge, &account->charges, list)
		if (consider(&choice, charge->entry))
			break;
	evict(learned, &choice);
}

/* In a bucket the oldest stand last. */
static void make_room_of_address(struct mseg_learned *learned, const struct mseg_address *address)
{
	struct mseg_learned_entry *entry;
	struct choice choice = {};
	int n = 0;

	hlist_for_each_entry(entry, bucket_of(learned, address), node) {
		if (!same_address(&entry->address, address))
			continue;
		if (!choice.entry || !in_use(entry))
			choice.entry = entry;
		n++;
	}
	if (n >= MSEG_MAX_NAMES_PER_ADDRESS)
		evict(learned, &choice);
}

static struct mseg_learned_account *account_of(struct mseg_learned *learned, const char *network)
{
	u64 id = siphash(network, strlen(network), &learned->key);
	struct hlist_head *bucket = &learned->accounts[id % ARRAY_SIZE(learned->accounts)];
	struct mseg_learned_account *account;

	hlist_for_each_entry(account, bucket, node)
		if (account->id == id)
			return account;
	account = kzalloc(sizeof(*account), GFP_ATOMIC);
	if (!account)
		return NULL;
	account->id = id;
	INIT_LIST_HEAD(&account->charges);
	hlist_add_head(&account->node, bucket);
	return account;
}

/* What cannot be charged is bounded by the limit of all. */
static void charge(struct mseg_learned *learned, struct mseg_learned_entry *entry,
		   const struct mseg_lesson *lesson)
{
	struct mseg_learned_account *account;
	u32 i;

	release_charges(entry);
	for (i = 0; i < lesson->n_networks; i++) {
		account = account_of(learned, lesson->networks[i]);
		if (!account)
			return;
		/* The account stays, since one that is over its limit is not empty. */
		make_room_of_account(learned, account);
		entry->charges[i].account = account;
		list_add_tail(&entry->charges[i].list, &account->charges);
		account->count++;
	}
}

static struct mseg_learned_name *find_name(struct mseg_learned *learned, const char *text,
					   struct hlist_head **bucket)
{
	u64 hash = siphash(text, strlen(text), &learned->key);
	struct mseg_learned_name *name;

	*bucket = &learned->names[hash % ARRAY_SIZE(learned->names)];
	hlist_for_each_entry(name, *bucket, node)
		if (!strcmp(name->text, text))
			return name;
	return NULL;
}

static struct mseg_learned_name *new_name(const char *text)
{
	size_t size = strlen(text) + 1;
	struct mseg_learned_name *name = kzalloc(struct_size(name, text, size), GFP_ATOMIC);

	if (!name)
		return NULL;
	memcpy(name->text, text, size);
	INIT_LIST_HEAD(&name->entries);
	return name;
}

static struct mseg_learned_entry *find_entry(struct mseg_learned *learned,
					     const struct mseg_lesson *lesson)
{
	struct mseg_learned_entry *entry;

	hlist_for_each_entry(entry, bucket_of(learned, &lesson->address), node)
		if (same_address(&entry->address, &lesson->address) &&
		    !strcmp(entry->name->text, lesson->name))
			return entry;
	return NULL;
}

static struct mseg_learned_entry *new_entry(const struct mseg_lesson *lesson)
{
	struct mseg_learned_entry *entry = kzalloc(sizeof(*entry), GFP_ATOMIC);
	int i;

	if (!entry)
		return NULL;
	entry->address = lesson->address;
	entry->since = lesson->since;
	entry->until = jiffies;
	entry->used_until = jiffies;
	for (i = 0; i < MSEG_LEARNED_CHARGES; i++)
		entry->charges[i].entry = entry;
	return entry;
}

/* A new entry, under a name that may be new as well. */
static struct mseg_learned_entry *add_entry(struct mseg_learned *learned,
					    const struct mseg_lesson *lesson)
{
	struct mseg_learned_entry *entry = new_entry(lesson);
	struct mseg_learned_name *name;
	struct hlist_head *bucket;

	if (!entry)
		return NULL;
	make_room(learned);
	make_room_of_address(learned, &entry->address);
	name = find_name(learned, lesson->name, &bucket);
	if (name) {
		make_room_of_name(learned, name);
	} else {
		name = new_name(lesson->name);
		if (!name) {
			kfree(entry);
			return NULL;
		}
		hlist_add_head(&name->node, bucket);
	}
	entry->name = name;
	name->count++;
	list_add_tail(&entry->of_name, &name->entries);
	list_add_tail(&entry->age, &learned->age);
	WRITE_ONCE(learned->count, learned->count + 1);
	hlist_add_head_rcu(&entry->node, bucket_of(learned, &entry->address));
	return entry;
}

/* A shorter time to live takes nothing back that was said before. */
static void refresh(struct mseg_learned *learned, struct mseg_learned_entry *entry,
		    const struct mseg_lesson *lesson)
{
	unsigned long until = jiffies + lesson->seconds * HZ;

	if (time_after(until, entry->until))
		WRITE_ONCE(entry->until, until);
	entry->resolver = lesson->resolver;
	list_move_tail(&entry->age, &learned->age);
	list_move_tail(&entry->of_name, &entry->name->entries);
	charge(learned, entry, lesson);
}

bool mseg_learned_add(struct mseg_learned *learned, const struct mseg_lesson *lesson)
{
	struct mseg_learned_entry *entry;

	spin_lock_bh(&learned->lock);
	entry = find_entry(learned, lesson) ?: add_entry(learned, lesson);
	if (entry)
		refresh(learned, entry, lesson);
	spin_unlock_bh(&learned->lock);
	if (entry)
		mseg_stat(learned->stats, dns_learned);
	else
		mseg_stat(learned->stats, dns_no_memory);
	return entry;
}

static void sweep_bucket(struct mseg_learned *learned, struct hlist_head *bucket)
{
	struct mseg_learned_entry *entry;
	struct hlist_node *next;

	if (hlist_empty(bucket))
		return;
	spin_lock_bh(&learned->lock);
	hlist_for_each_entry_safe(entry, next, bucket, node) {
		if (mseg_learned_is_valid(entry))
			continue;
		mseg_stat(learned->stats, dns_expired);
		forget(learned, entry);
	}
	spin_unlock_bh(&learned->lock);
}

void mseg_learned_sweep(struct mseg_learned *learned, unsigned int parts)
{
	u32 n = MSEG_LEARNED_BUCKETS / parts;

	while (n-- && mseg_learned_any(learned)) {
		sweep_bucket(learned, &learned->buckets[learned->next_bucket]);
		learned->next_bucket = (learned->next_bucket + 1) % MSEG_LEARNED_BUCKETS;
		cond_resched();
	}
}
