// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Maps are made from the bottom: parts are put into nodes, these are parts of
 * others, until one is left.
 */
#include "map.h"

/* What making a map did so far. */
struct work {
	int err;
	size_t bytes;
	void **fresh; /* nodes that were made */
	u32 n_fresh;
	u32 room;
};

/* Of a node of runs: a slot, and the key that it begins at. */
struct part {
	u64 key;
	unsigned long slot;
};

static void *node_of(unsigned long slot)
{
	return (void *)(slot & ~MSEG_SLOT_BITS);
}

static bool note_fresh(struct work *work, void *node)
{
	u32 room = work->room ? 2 * work->room : 16;
	void **bigger;

	if (work->n_fresh == work->room) {
		bigger = mseg_alloc(room, sizeof(*bigger));
		if (!bigger)
			return false;
		if (work->n_fresh)
			memcpy(bigger, work->fresh, work->n_fresh * sizeof(*bigger));
		mseg_free(work->fresh);
		work->fresh = bigger;
		work->room = room;
	}
	work->fresh[work->n_fresh++] = node;
	return true;
}

static size_t size_of_runs(u32 room)
{
	return room * (sizeof(u64) + sizeof(unsigned long));
}

static void *new_node(struct work *work, size_t size)
{
	void *node;

	if (size > MSEG_MAX_MAP_BYTES - work->bytes) {
		work->err = -E2BIG;
		return NULL;
	}
	node = mseg_alloc(1, size);
	if (!node || !note_fresh(work, node)) {
		mseg_free(node);
		work->err = -ENOMEM;
		return NULL;
	}
	work->bytes += size;
	return node;
}

/* A node of parts; 0 where there is no room. */
static unsigned long new_runs(struct work *work, const struct part *part, u32 n)
{
	struct mseg_runs *runs;
	unsigned long *slot;
	u32 i, room = 2;

	while (room < n)
		room *= 2;
	runs = new_node(work, size_of_runs(room));
	if (!runs)
		return 0;
	runs->n = n;
	runs->room = room;
	slot = (unsigned long *)mseg_runs_slots(runs);
	for (i = 0; i < room; i++) {
		if (i)
			runs->key[i - 1] = i < n ? part[i].key : ~0ULL;
		slot[i] = part[i < n ? i : n - 1].slot;
	}
	return (unsigned long)runs | MSEG_SLOT_NODE;
}

/* Instead of the parts the nodes that hold them; how many, 0 where there is no room. */
static u32 group(struct work *work, struct part *part, u32 n)
{
	u32 i, size, first = 0, nodes = (n + MSEG_RUNS_ROOM - 1) / MSEG_RUNS_ROOM;

	for (i = 0; i < nodes; i++) {
		size = n / nodes + (i < n % nodes);
		part[i].slot = new_runs(work, part + first, size);
		part[i].key = part[first].key;
		if (!part[i].slot)
			return 0;
		first += size;
		mseg_breathe();
	}
	return nodes;
}

/* A tree of parts, or what is in the only one; 0 where there is no room. */
static unsigned long grow_tree(struct work *work, struct part *part, u32 n)
{
	while (n > 1)
		n = group(work, part, n);
	return n ? part[0].slot : 0;
}

static unsigned long nest(unsigned long slot)
{
	return slot & MSEG_SLOT_NODE ? slot ^ MSEG_SLOT_BITS : slot;
}

/*
 * The addresses of an array's slot, or of all: their runs, the first of which may
 * begin before them. Its key is not needed any more, since it is the last of those
 * before.
 */
static unsigned long build_ipv4(struct work *work, struct part *part, u32 n, u32 depth, u64 base)
{
	u32 i, end, first = 0, shift = 24 - 8 * depth;
	struct mseg_array *array;

	if (n == 1)
		return part->slot;
	if (depth == 2) {
		part->key = 0;
		for (i = 1; i < n; i++)
			part[i].key -= base;
		return grow_tree(work, part, n);
	}
	array = new_node(work, sizeof(*array));
	if (!array)
		return 0;
	for (i = 0; i < 256; i++, base += 1ULL << shift) {
		while (first + 1 < n && part[first + 1].key <= base)
			first++;
		end = first + 1;
		while (end < n && part[end].key < base + (1ULL << shift))
			end++;
		array->slot[i] = build_ipv4(work, part + first, end - first, depth + 1, base);
		if (!array->slot[i])
			return 0;
		first = end - 1;
	}
	return (unsigned long)array | MSEG_SLOT_NODE;
}

/* Addresses that have the first half in common: the other one, and what was before. */
static unsigned long build_nested(struct work *work, const struct mseg_run *run, u32 n,
				  const struct mseg_class *before)
{
	struct part *part = mseg_alloc(n + 1, sizeof(*part));
	unsigned long slot;
	u32 i, n_parts = 0;

	if (!part) {
		work->err = -ENOMEM;
		return 0;
	}
	if (run->low)
		part[n_parts++] = (struct part){ .slot = (unsigned long)before };
	for (i = 0; i < n; i++)
		part[n_parts++] = (struct part){ run[i].low, (unsigned long)run[i].class };
	slot = grow_tree(work, part, n_parts);
	mseg_free(part);
	return nest(slot);
}

/* By the first half: how many parts, 0 where there is no room. */
static u32 halve(struct work *work, const struct mseg_run *run, u32 n, struct part *part)
{
	const struct mseg_class *before = run->class;
	u32 i, end, n_parts = 0;

	for (i = 0; i < n; i = end) {
		for (end = i + 1; end < n && run[end].high == run[i].high; end++)
			;
		part[n_parts].key = run[i].high;
		part[n_parts].slot = (unsigned long)run[i].class;
		if (end > i + 1 || run[i].low)
			part[n_parts].slot = build_nested(work, run + i, end - i, before);
		before = run[end - 1].class;
		if (!part[n_parts].slot)
			return 0;
		/* What the last of them begins goes on behind the half. */
		if ((part[n_parts++].slot & MSEG_SLOT_NESTED) && run[i].high != ~0ULL &&
		    (end == n || run[end].high != run[i].high + 1)) {
			part[n_parts].key = run[i].high + 1;
			part[n_parts].slot = (unsigned long)before;
			n_parts++;
		}
		mseg_breathe();
	}
	return n_parts;
}

/* Room for as many parts as there may be. */
static struct part *new_parts(const struct mseg_run *run, u32 n)
{
	u32 i, n_parts = n;

	for (i = 0; i < n; i++)
		n_parts += !!run[i].low;
	return mseg_alloc(n_parts, sizeof(struct part));
}

static unsigned long build_root(struct work *work, u32 family, const struct mseg_run *run, u32 n,
				struct part *part)
{
	u32 i;

	if (family)
		return grow_tree(work, part, halve(work, run, n, part));
	for (i = 0; i < n; i++)
		part[i] = (struct part){ run[i].high, (unsigned long)run[i].class };
	return build_ipv4(work, part, n, 0, 0);
}

int mseg_map_build(struct mseg_map *map, u32 family, const struct mseg_run *runs, u32 n)
{
	struct work work = {};
	struct part *part = new_parts(runs, n);
	u32 i;

	if (!part)
		return -ENOMEM;
	map->root = build_root(&work, family, runs, n, part);
	map->bytes = work.bytes;
	if (!map->root)
		for (i = 0; i < work.n_fresh; i++)
			mseg_free(work.fresh[i]);
	mseg_free(work.fresh);
	mseg_free(part);
	return work.err;
}

static void free_runs(unsigned long slot)
{
	const struct mseg_runs *runs = node_of(slot);
	u32 i;

	if (!(slot & MSEG_SLOT_BITS))
		return;
	for (i = 0; i < runs->n; i++)
		free_runs(mseg_runs_slots(runs)[i]);
	mseg_free(runs);
	mseg_breathe();
}

static void free_ipv4(unsigned long slot, u32 depth)
{
	const struct mseg_array *array = node_of(slot);
	u32 i;

	if (depth == 2) {
		free_runs(slot);
	} else if (slot & MSEG_SLOT_NODE) {
		for (i = 0; i < 256; i++)
			free_ipv4(array->slot[i], depth + 1);
		mseg_free(array);
	}
}

void mseg_map_free(struct mseg_map *map, u32 family)
{
	if (family)
		free_runs(map->root);
	else
		free_ipv4(map->root, 0);
}
