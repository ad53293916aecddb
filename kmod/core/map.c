// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Maps are made from the bottom: parts are put into nodes, these are parts of
 * others, until one is left.
 *
 * Nodes never change once they are in a map. A change copies those on its way from
 * the root to the addresses that it is about, and whoever found the former root goes
 * on in the former nodes. Taking a span out of runs adds two parts at most, one at
 * each end of it: the nodes that it begins and ends in may each become two, all
 * others stay one.
 */
#include "map.h"

/* Making a map, or changing it: what was done so far. */
struct work {
	int err;
	size_t bytes;
	struct mseg_nodes fresh;
	struct mseg_map_change *change;
	const struct mseg_class *(*move)(void *context, const struct mseg_class *class);
	void *context;
};

/* Of a node of runs: a slot, and the key that it begins at. */
struct part {
	u64 key;
	unsigned long slot;
};

/* Of those that a node has, and those that a span adds to it. */
#define PARTS_ROOM (MSEG_RUNS_ROOM + 2)

struct parts {
	u32 n;
	struct part part[PARTS_ROOM];
};

/* Keys of a tree that a change is about, and of the addresses behind them a part. */
struct span {
	u64 first;
	u64 last;
	u64 most; /* the highest key of the tree */
	const struct span *below;
};

static const struct span whole = { .last = ~0ULL, .most = ~0ULL };

static void *node_of(unsigned long slot)
{
	return (void *)(slot & ~MSEG_SLOT_BITS);
}

static bool note(struct mseg_nodes *nodes, void *node)
{
	u32 room = nodes->room ? 2 * nodes->room : 16;
	void **bigger;

	if (nodes->n == nodes->room) {
		bigger = mseg_alloc(room, sizeof(*bigger));
		if (!bigger)
			return false;
		if (nodes->n)
			memcpy(bigger, nodes->node, nodes->n * sizeof(*bigger));
		mseg_free(nodes->node);
		nodes->node = bigger;
		nodes->room = room;
	}
	nodes->node[nodes->n++] = node;
	return true;
}

void mseg_nodes_free(struct mseg_nodes *nodes)
{
	u32 i;

	for (i = 0; i < nodes->n; i++)
		mseg_free(nodes->node[i]);
	mseg_free(nodes->node);
	*nodes = (struct mseg_nodes){};
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
	if (!node || !note(&work->fresh, node)) {
		mseg_free(node);
		work->err = -ENOMEM;
		return NULL;
	}
	work->bytes += size;
	return node;
}

static bool retire(struct work *work, void *node, size_t size)
{
	if (!note(&work->change->retired, node)) {
		work->err = -ENOMEM;
		return false;
	}
	work->bytes -= size;
	return true;
}

static bool retire_runs(struct work *work, struct mseg_runs *runs)
{
	return retire(work, runs, size_of_runs(runs->room));
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

static unsigned long unnest(unsigned long slot)
{
	return slot & MSEG_SLOT_NESTED ? slot ^ MSEG_SLOT_BITS : slot;
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

	if (!part)
		return -ENOMEM;
	map->root = build_root(&work, family, runs, n, part);
	map->bytes = work.bytes;
	/* Those of a map are found from its root. */
	if (map->root)
		work.fresh.n = 0;
	mseg_nodes_free(&work.fresh);
	mseg_free(part);
	return work.err;
}

static bool add_part(struct parts *parts, u64 key, unsigned long slot)
{
	if (!slot)
		return false;
	if (!parts->n || parts->part[parts->n - 1].slot != slot)
		parts->part[parts->n++] = (struct part){ key, slot };
	return true;
}

static unsigned long move_class(struct work *work, unsigned long slot)
{
	const struct mseg_class *class;

	class = work->move(work->context, (const struct mseg_class *)slot);
	if (!class)
		work->err = -ECANCELED;
	return (unsigned long)class;
}

static unsigned long move_tree(struct work *work, unsigned long slot, const struct span *span);

/* What addresses of the span have in common, which is not a node of this tree. */
static unsigned long move_slot(struct work *work, unsigned long slot, const struct span *span)
{
	if (span->below)
		return nest(move_tree(work, unnest(slot), span->below));
	if (slot & MSEG_SLOT_NESTED)
		return nest(move_tree(work, unnest(slot), &whole));
	return move_class(work, slot);
}

static u64 higher(u64 a, u64 b)
{
	return a > b ? a : b;
}

static u64 lower(u64 a, u64 b)
{
	return a < b ? a : b;
}

/* From a key to another, which the span touches: up to three parts. */
static bool move_part(struct work *work, u64 key, u64 last, unsigned long slot,
		      const struct span *span, struct parts *parts)
{
	if (key < span->first && !add_part(parts, key, slot))
		return false;
	if (!add_part(parts, higher(key, span->first), move_slot(work, slot, span)))
		return false;
	return last <= span->last || add_part(parts, span->last + 1, slot);
}

static bool same_parts(const struct mseg_runs *runs, const struct parts *parts)
{
	u32 i;

	if (runs->n != parts->n)
		return false;
	for (i = 0; i < runs->n; i++)
		if (mseg_runs_slots(runs)[i] != parts->part[i].slot ||
		    (i && runs->key[i - 1] != parts->part[i].key))
			return false;
	return true;
}

static bool move_node(struct work *work, u64 key, u64 last, unsigned long slot,
		      const struct span *span, struct parts *parts);

static bool move_parts_of(struct work *work, const struct mseg_runs *runs, u64 key, u64 last,
			  const struct span *span, struct parts *own)
{
	unsigned long slot;
	bool going = true;
	u64 end;
	u32 i;

	for (i = 0; i < runs->n && going; i++, key = end + 1) {
		slot = mseg_runs_slots(runs)[i];
		end = i + 1 < runs->n ? runs->key[i] - 1 : last;
		if (end < span->first || key > span->last)
			going = add_part(own, key, slot);
		else if (slot & MSEG_SLOT_NODE)
			going = move_node(work, key, end, slot, span, own);
		else
			going = move_part(work, key, end, slot, span, own);
	}
	return going;
}

/* A node that the span touches; what takes its place is added to its parent's parts. */
static bool move_node(struct work *work, u64 key, u64 last, unsigned long slot,
		      const struct span *span, struct parts *parts)
{
	struct parts *own = mseg_alloc(1, sizeof(*own));
	struct mseg_runs *runs = node_of(slot);
	bool going = false;
	u32 i, n;

	if (!own) {
		work->err = -ENOMEM;
		return false;
	}
	if (!move_parts_of(work, runs, key, last, span, own))
		goto out;
	if (same_parts(runs, own)) {
		going = add_part(parts, key, slot);
		goto out;
	}
	n = retire_runs(work, runs) ? group(work, own->part, own->n) : 0;
	going = n;
	for (i = 0; i < n; i++)
		going = going && add_part(parts, own->part[i].key, own->part[i].slot);
out:
	mseg_free(own);
	return going;
}

/* Nodes at the root with nothing beside what they lead to. */
static unsigned long skip_single(struct work *work, unsigned long slot)
{
	struct mseg_runs *runs;

	while (slot & MSEG_SLOT_NODE) {
		runs = node_of(slot);
		if (runs->n > 1)
			break;
		if (!retire_runs(work, runs))
			return 0;
		slot = mseg_runs_slots(runs)[0];
	}
	return slot;
}

static unsigned long move_tree(struct work *work, unsigned long slot, const struct span *span)
{
	struct parts *top = mseg_alloc(1, sizeof(*top));
	bool going;

	if (!top) {
		work->err = -ENOMEM;
		return 0;
	}
	if (slot & MSEG_SLOT_NODE)
		going = move_node(work, 0, span->most, slot, span, top);
	else
		going = move_part(work, 0, span->most, slot, span, top);
	slot = going ? grow_tree(work, top->part, top->n) : 0;
	mseg_free(top);
	return skip_single(work, slot);
}

static bool is_one_class(const struct mseg_array *array)
{
	u32 i;

	for (i = 1; i < 256; i++)
		if (array->slot[i] != array->slot[0])
			return false;
	return !(array->slot[0] & MSEG_SLOT_NODE);
}

/* A new array takes the place of a slot, unless nothing or only one class is in it. */
static unsigned long replace(struct work *work, unsigned long slot, struct mseg_array *array)
{
	struct mseg_array *former = slot & MSEG_SLOT_NODE ? node_of(slot) : NULL;
	bool unchanged = former && !memcmp(former, array, sizeof(*array));
	bool one_class = is_one_class(array);

	if ((unchanged || one_class) && !retire(work, array, sizeof(*array)))
		return 0;
	if (unchanged)
		return slot;
	if (former && !retire(work, former, sizeof(*former)))
		return 0;
	return one_class ? array->slot[0] : (unsigned long)array | MSEG_SLOT_NODE;
}

/* Addresses of an array's slot, or of all, counted from the first of them. */
static unsigned long move_ipv4(struct work *work, unsigned long slot, u32 depth, u64 first, u64 last)
{
	const struct span span = { .first = first, .last = last, .most = 0xffff };
	u32 i, shift = 24 - 8 * depth;
	u64 base, size = 1ULL << shift;
	struct mseg_array *array;

	if (depth == 2)
		return move_tree(work, slot, &span);
	if (!(slot & MSEG_SLOT_NODE) && !first && last == 256 * size - 1)
		return move_class(work, slot);
	array = new_node(work, sizeof(*array));
	if (!array)
		return 0;
	for (i = 0; i < 256; i++)
		array->slot[i] = slot & MSEG_SLOT_NODE ? mseg_array_find(slot, i) : slot;
	for (i = first >> shift; i <= last >> shift; i++) {
		base = i * size;
		array->slot[i] = move_ipv4(work, array->slot[i], depth + 1,
					   higher(first, base) - base, lower(last - base, size - 1));
		if (!array->slot[i])
			return 0;
		mseg_breathe();
	}
	return replace(work, slot, array);
}

static u64 last_of(u64 first, u32 len)
{
	return len < 64 ? first | ~0ULL >> len : first;
}

static unsigned long move_ipv6(struct work *work, unsigned long slot,
			       const struct mseg_prefix *prefix)
{
	struct span span = whole, below = whole;

	span.first = mseg_load64(prefix->addr);
	span.last = last_of(span.first, prefix->len);
	if (prefix->len > 64) {
		below.first = mseg_load64(prefix->addr + 8);
		below.last = last_of(below.first, prefix->len - 64);
		span.below = &below;
	}
	return move_tree(work, slot, &span);
}

int mseg_map_move(struct mseg_map *map, struct mseg_map_change *change,
		  const struct mseg_prefix *prefix,
		  const struct mseg_class *(*move)(void *context, const struct mseg_class *class),
		  void *context)
{
	struct work work = {
		.bytes = map->bytes,
		.fresh = change->fresh,
		.change = change,
		.move = move,
		.context = context,
	};
	u64 first = mseg_load64(prefix->addr);
	unsigned long root;

	if (prefix->family == MSEG_FAMILY_IPV4)
		root = move_ipv4(&work, map->root, 0, first >> 32,
				 last_of(first, prefix->len) >> 32);
	else
		root = move_ipv6(&work, map->root, prefix);
	change->fresh = work.fresh;
	if (!root)
		return work.err;
	map->root = root;
	map->bytes = work.bytes;
	return 0;
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
