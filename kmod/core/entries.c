// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hash table with open addressing, one word an entry: where it stands and some
 * bits of its hash, so that few prefixes are compared that are not the one. The hash has
 * a seed, since lists of prefixes are often somebody else's.
 */
#include "entries.h"
#include "refusal.h"

/* Of a place: 22 bits of the position, 16 of the network, 25 of the hash. */
#define POSITION_BITS 22
#define NETWORK_BITS 16
#define TAG_SHIFT (POSITION_BITS + NETWORK_BITS)
#define TAG_BITS 25
#define EMPTY (~0ULL)

/* Lengths of each family that any entry may have. */
#define LENGTH_WORDS 3

struct mseg_entries {
	u32 n;
	u32 mask;
	u64 seed;
	u64 lengths[2][LENGTH_WORDS];
	u64 *place;
};

static u64 stir(u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static u64 hash_of(const struct mseg_entries *entries, u32 network, const struct mseg_prefix *prefix)
{
	u64 hash = (u64)network << 16 | prefix->family << 8 | prefix->len;

	hash = stir((hash ^ entries->seed) + mseg_load64(prefix->addr) * 0x9e3779b97f4a7c15ULL);
	return stir(hash + mseg_load64(prefix->addr + 8) * 0x9e3779b97f4a7c15ULL);
}

static u64 place_of(u64 hash, u32 network, u32 position)
{
	u64 tag = hash >> TAG_SHIFT & ((1ULL << TAG_BITS) - 1);

	return tag << TAG_SHIFT | (u64)network << POSITION_BITS | position;
}

static u32 network_of(u64 place)
{
	return place >> POSITION_BITS & ((1U << NETWORK_BITS) - 1);
}

static struct mseg_prefix *entry_at(const struct mseg_policy *policy, u64 place)
{
	u32 position = place & ((1U << POSITION_BITS) - 1);

	return &policy->networks[network_of(place)].prefixes[position];
}

static bool same(const struct mseg_prefix *a, const struct mseg_prefix *b)
{
	return a->family == b->family && a->len == b->len &&
	       !memcmp(a->addr, b->addr, MSEG_ADDR_LEN);
}

/* Where an entry's place is in the table, or the empty one where it would be. */
static u32 look_up(const struct mseg_policy *policy, u32 network, const struct mseg_prefix *prefix,
		   u64 hash)
{
	const struct mseg_entries *entries = policy->entries;
	u64 like = place_of(hash, network, 0);
	u32 i = hash & entries->mask;

	for (; entries->place[i] != EMPTY; i = (i + 1) & entries->mask)
		if ((entries->place[i] ^ like) >> POSITION_BITS == 0 &&
		    same(entry_at(policy, entries->place[i]), prefix))
			break;
	return i;
}

const struct mseg_prefix *mseg_entries_find(const struct mseg_policy *policy, u32 network,
					    const struct mseg_prefix *prefix)
{
	const struct mseg_entries *entries = policy->entries;
	u64 hash = hash_of(entries, network, prefix);
	u64 place = entries->place[look_up(policy, network, prefix, hash)];

	return place == EMPTY ? NULL : entry_at(policy, place);
}

static void shorten(struct mseg_prefix *prefix)
{
	prefix->len--;
	prefix->addr[prefix->len / 8] &= ~(0x80 >> prefix->len % 8);
}

const struct mseg_prefix *mseg_entries_around(const struct mseg_policy *policy, u32 network,
					      const struct mseg_prefix *prefix)
{
	const u64 *lengths = policy->entries->lengths[prefix->family == MSEG_FAMILY_IPV6];
	struct mseg_prefix wider = *prefix;
	const struct mseg_prefix *found;

	while (wider.len) {
		shorten(&wider);
		if (!(lengths[wider.len / 64] >> wider.len % 64 & 1))
			continue;
		found = mseg_entries_find(policy, network, &wider);
		if (found)
			return found;
	}
	return NULL;
}

bool mseg_entries_full(const struct mseg_policy *policy)
{
	return policy->entries->n >= policy->entries->mask / 8 * 7;
}

/* False where a place for the same prefix is there already. */
static bool add(struct mseg_policy *policy, u32 network, u32 position)
{
	const struct mseg_prefix *prefix = &policy->networks[network].prefixes[position];
	struct mseg_entries *entries = policy->entries;
	u64 hash = hash_of(entries, network, prefix);
	u32 i = look_up(policy, network, prefix, hash);

	if (entries->place[i] != EMPTY)
		return false;
	entries->place[i] = place_of(hash, network, position);
	entries->lengths[prefix->family == MSEG_FAMILY_IPV6][prefix->len / 64] |=
		1ULL << prefix->len % 64;
	entries->n++;
	return true;
}

void mseg_entries_added(struct mseg_policy *policy, u32 network)
{
	add(policy, network, policy->networks[network].n_prefixes - 1);
}

/* Empty a place, and move those up that were put behind it for want of their own. */
static void empty(const struct mseg_policy *policy, u32 hole)
{
	struct mseg_entries *entries = policy->entries;
	u32 i = hole, home;

	for (;;) {
		i = (i + 1) & entries->mask;
		if (entries->place[i] == EMPTY)
			break;
		home = hash_of(entries, network_of(entries->place[i]),
			       entry_at(policy, entries->place[i])) &
		       entries->mask;
		if (((i - home) & entries->mask) < ((i - hole) & entries->mask))
			continue;
		entries->place[hole] = entries->place[i];
		hole = i;
	}
	entries->place[hole] = EMPTY;
	entries->n--;
}

void mseg_entries_remove(struct mseg_policy *policy, u32 network, const struct mseg_prefix *prefix)
{
	struct mseg_entries *entries = policy->entries;
	u32 place = look_up(policy, network, prefix, hash_of(entries, network, prefix));
	struct mseg_network *from = &policy->networks[network];
	struct mseg_prefix *entry = entry_at(policy, entries->place[place]);
	struct mseg_prefix *last = &from->prefixes[from->n_prefixes - 1], removed = *entry;
	u32 place_of_last;

	if (entry != last) {
		place_of_last = look_up(policy, network, last, hash_of(entries, network, last));
		entries->place[place_of_last] -= last - entry;
		entries->place[place] += last - entry;
		*entry = *last;
		*last = removed;
	}
	empty(policy, place);
	from->n_prefixes--;
	from->n_exclusions -= removed.exclude;
	policy->n_entries--;
}

static struct mseg_entries *new_entries(u32 n)
{
	struct mseg_entries *entries = mseg_alloc(1, sizeof(*entries));
	u32 i, room = 4096; /* a small policy may grow */

	if (!entries)
		return NULL;
	while (room < n + n / 2)
		room *= 2;
	entries->mask = room - 1;
	entries->seed = mseg_seed();
	entries->place = mseg_alloc(room, sizeof(*entries->place));
	if (!entries->place) {
		mseg_free(entries);
		return NULL;
	}
	for (i = 0; i < room; i++)
		entries->place[i] = EMPTY;
	return entries;
}

int mseg_entries_build(struct mseg_policy *policy, struct mseg_refusal *refusal)
{
	struct mseg_network *network;
	u32 i, k;

	policy->entries = new_entries(policy->n_entries);
	if (!policy->entries)
		return mseg_refuse_no_memory(refusal);
	for (i = 0; i < policy->n_networks; i++) {
		network = &policy->networks[i];
		for (k = 0; k < network->n_prefixes; k++) {
			if (!add(policy, i, k))
				network->repeats = 1;
			if (k % 1024 == 1023)
				mseg_breathe();
		}
		mseg_breathe();
	}
	return 0;
}

void mseg_entries_free(struct mseg_entries *entries)
{
	if (!entries)
		return;
	mseg_free(entries->place);
	mseg_free(entries);
}
