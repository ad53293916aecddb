/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A map from every address of a family to its class, which is read without a lock
 * and changed by copying what a change touches.
 *
 * IPv4 is an array by the first byte, arrays by the second, and runs of the other
 * two. IPv6 is runs of the first 64 bits, and below those that are not of one class
 * runs of the others. Runs are a tree of wide nodes, each sorted by where its parts
 * begin. Wherever all addresses are of one class, that stands in the place of a node.
 *
 * A slot is a pointer with what it points to in its last two bits.
 */
#ifndef MSEG_MAP_H
#define MSEG_MAP_H

#include <mseg/core.h>
#include "port.h"

struct mseg_class;

/** The slot points to a node of the same tree, or in an array to whatever is below. */
#define MSEG_SLOT_NODE 1UL

/** The slot points to the root of runs of an IPv6 address's other half. */
#define MSEG_SLOT_NESTED 2UL

#define MSEG_SLOT_BITS (MSEG_SLOT_NODE | MSEG_SLOT_NESTED)

/** Parts of a node of runs at most. */
#define MSEG_RUNS_ROOM 128U

/**
 * struct mseg_array - a node by one byte of the address
 * @slot: by that
 */
struct mseg_array {
	unsigned long slot[256];
};

/**
 * struct mseg_runs - a node of runs
 * @n: its parts
 * @room: a power of two; behind the last part it stands again and again, from the
 *	highest key on
 * @key: where each begins but for the first, which begins where the node does; behind
 *	the keys are @room slots
 */
struct mseg_runs {
	u32 n;
	u32 room;
	u64 key[];
};

/**
 * struct mseg_map - the map
 * @root: slot
 * @bytes: that its nodes have
 */
struct mseg_map {
	unsigned long root;
	size_t bytes;
};

/**
 * struct mseg_run - addresses from one on
 * @high: first half of the first address, host order, or all of it with IPv4
 * @low: the other half
 * @class: of them all
 */
struct mseg_run {
	u64 high;
	u64 low;
	const struct mseg_class *class;
};

/**
 * struct mseg_nodes - nodes that are to be freed together
 * @n: how many
 * @room: how many @node has room for
 * @node: they
 */
struct mseg_nodes {
	u32 n;
	u32 room;
	void **node;
};

/**
 * struct mseg_map_change - what changes of a map did so far
 * @fresh: nodes that they made
 * @retired: nodes that are not in the map any more; some of @fresh may be among them
 */
struct mseg_map_change {
	struct mseg_nodes fresh;
	struct mseg_nodes retired;
};

/**
 * mseg_map_build() - make a map
 * @map: filled
 * @family: 0 for IPv4, 1 for IPv6
 * @runs: ascending, the first from the first address of all
 * @n: at least 1
 *
 * May sleep.
 *
 * Return: 0, -E2BIG (MSEG_MAX_MAP_BYTES) or -ENOMEM; then there is no map.
 */
int mseg_map_build(struct mseg_map *map, u32 family, const struct mseg_run *runs, u32 n);

/**
 * mseg_map_move() - give all addresses of a prefix other classes
 * @map: gets another root; what is found from its former one stays as it was
 * @change: the nodes are added to
 * @prefix: checked
 * @move: which class takes the place of one, or NULL, which ends it
 * @context: for @move
 *
 * May sleep. Takes time by the runs in the prefix, not by those in the map.
 *
 * Return: 0, -E2BIG (MSEG_MAX_MAP_BYTES), -ENOMEM, or -ECANCELED after @move gave up;
 * then the map is as it was, and only what is fresh is to be freed.
 */
int mseg_map_move(struct mseg_map *map, struct mseg_map_change *change,
		  const struct mseg_prefix *prefix,
		  const struct mseg_class *(*move)(void *context, const struct mseg_class *class),
		  void *context);

/** mseg_nodes_free() - free nodes, which nobody reads any more. */
void mseg_nodes_free(struct mseg_nodes *nodes);

/**
 * mseg_map_free() - free all nodes of a map
 * @map: nobody reads it any more; may be empty, without a root
 * @family: as it was built
 */
void mseg_map_free(struct mseg_map *map, u32 family);

static inline const unsigned long *mseg_runs_slots(const struct mseg_runs *runs)
{
	return (const unsigned long *)(runs->key + runs->room - 1);
}

static inline unsigned long mseg_runs_find(unsigned long slot, u64 key)
{
	const struct mseg_runs *runs = (const struct mseg_runs *)(slot & ~MSEG_SLOT_BITS);
	unsigned long i = 0, step;

	/* The last part that begins at or before the key. */
	for (step = runs->room / 2; step; step /= 2)
		i = runs->key[i + step - 1] <= key ? i + step : i;
	return mseg_runs_slots(runs)[i];
}

static inline unsigned long mseg_array_find(unsigned long slot, u8 byte)
{
	return ((const struct mseg_array *)(slot & ~MSEG_SLOT_BITS))->slot[byte];
}

static inline const struct mseg_class *mseg_map_find_ipv4(const struct mseg_map *map, const u8 *addr)
{
	unsigned long slot = map->root;

	if (slot & MSEG_SLOT_NODE)
		slot = mseg_array_find(slot, addr[0]);
	if (slot & MSEG_SLOT_NODE)
		slot = mseg_array_find(slot, addr[1]);
	while (slot & MSEG_SLOT_NODE)
		slot = mseg_runs_find(slot, (u64)addr[2] << 8 | addr[3]);
	return (const struct mseg_class *)slot;
}

static inline const struct mseg_class *mseg_map_find_ipv6(const struct mseg_map *map, const u8 *addr)
{
	unsigned long slot = map->root;
	u64 key = mseg_load64(addr);

	while (slot & MSEG_SLOT_NODE)
		slot = mseg_runs_find(slot, key);
	if (slot & MSEG_SLOT_NESTED) {
		key = mseg_load64(addr + 8);
		slot ^= MSEG_SLOT_BITS;
		while (slot & MSEG_SLOT_NODE)
			slot = mseg_runs_find(slot, key);
	}
	return (const struct mseg_class *)slot;
}

/**
 * mseg_map_find() - the class of an address
 * @map: built
 * @family: 0 for IPv4, 1 for IPv6
 * @addr: MSEG_ADDR_LEN bytes, network order
 *
 * Any context; under RCU where the map may be changed.
 *
 * Return: the class.
 */
static inline const struct mseg_class *mseg_map_find(const struct mseg_map *map, u32 family,
						     const u8 *addr)
{
	return family ? mseg_map_find_ipv6(map, addr) : mseg_map_find_ipv4(map, addr);
}

#endif /* MSEG_MAP_H */
