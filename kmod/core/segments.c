// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segments are made in one sweep over the prefixes in address order. Prefixes
 * nest or are disjoint, so those that cover the sweep's place form a stack with
 * the longest on top; whenever the top changes, a segment starts.
 */
#include "segments.h"

/* A prefix of every length from 0 to 128 may cover one address. */
#define MAX_DEPTH 129

struct segment {
	u8 start[MSEG_ADDR_LEN];
	s16 len;
};

struct mseg_segments {
	u32 n;
	struct segment segment[];
};

/* A prefix and its place in the network, which errors name. */
struct item {
	struct mseg_prefix prefix;
	u32 entry;
};

struct sweep {
	struct mseg_segments *out;
	const struct item *stack[MAX_DEPTH];
	u32 depth;
};

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = memcmp(x->prefix.addr, y->prefix.addr, MSEG_ADDR_LEN);

	/* Sorting millions takes seconds. */
	mseg_breathe();
	if (!order)
		order = (int)x->prefix.len - y->prefix.len;
	if (!order)
		order = x->entry < y->entry ? -1 : x->entry > y->entry;
	return order;
}

static bool same_prefix(const struct mseg_prefix *a, const struct mseg_prefix *b)
{
	return a->len == b->len && !memcmp(a->addr, b->addr, MSEG_ADDR_LEN);
}

static bool covers(const struct mseg_prefix *prefix, const u8 *addr)
{
	u32 whole = prefix->len / 8, rest = prefix->len % 8;

	if (memcmp(prefix->addr, addr, whole))
		return false;
	return !rest || !((prefix->addr[whole] ^ addr[whole]) >> (8 - rest));
}

/* The address behind the prefix; false where the address space ends. */
static bool next_address(const struct mseg_prefix *prefix, u8 *addr)
{
	u32 i = prefix->len / 8;
	u32 step;

	memcpy(addr, prefix->addr, MSEG_ADDR_LEN);
	if (!prefix->len)
		return false;
	step = prefix->len % 8 ? 1U << (8 - prefix->len % 8) : 1;
	if (!(prefix->len % 8))
		i--;
	for (;; i--) {
		step += addr[i];
		addr[i] = step;
		step >>= 8;
		if (!step)
			return true;
		if (!i)
			return false;
	}
}

/* Start a segment for whatever is on top of the stack now. */
static void start_segment(struct sweep *sweep, const u8 *addr)
{
	struct mseg_segments *out = sweep->out;
	const struct item *top;
	s16 len = MSEG_NOT_COVERED;

	if (sweep->depth) {
		top = sweep->stack[sweep->depth - 1];
		len = top->prefix.len | (top->prefix.exclude ? MSEG_EXCLUDED : 0);
	}
	/* A prefix may start where its parent starts, or another ends. */
	if (out->n && !memcmp(out->segment[out->n - 1].start, addr, MSEG_ADDR_LEN))
		out->n--;
	memcpy(out->segment[out->n].start, addr, MSEG_ADDR_LEN);
	out->segment[out->n++].len = len;
}

static void close_top(struct sweep *sweep)
{
	const struct item *top = sweep->stack[--sweep->depth];
	u8 addr[MSEG_ADDR_LEN];

	if (next_address(&top->prefix, addr))
		start_segment(sweep, addr);
}

static bool inside_an_entry(const struct sweep *sweep)
{
	u32 i;

	for (i = 0; i < sweep->depth; i++)
		if (!sweep->stack[i]->prefix.exclude)
			return true;
	return false;
}

static int open_item(struct sweep *sweep, const struct item *item, struct mseg_refusal *refusal)
{
	const struct item *top;

	while (sweep->depth) {
		top = sweep->stack[sweep->depth - 1];
		if (covers(&top->prefix, item->prefix.addr) && top->prefix.len <= item->prefix.len)
			break;
		close_top(sweep);
	}
	refusal->entry = item->entry;
	if (sweep->depth) {
		top = sweep->stack[sweep->depth - 1];
		if (same_prefix(&top->prefix, &item->prefix)) {
			if (top->prefix.exclude == item->prefix.exclude)
				return 0;
			refusal->why = "the prefix is both included and excluded";
			return -EINVAL;
		}
	}
	if (item->prefix.exclude && !inside_an_entry(sweep)) {
		refusal->why = "the exclusion lies inside no entry of its network";
		return -EINVAL;
	}
	sweep->stack[sweep->depth++] = item;
	start_segment(sweep, item->prefix.addr);
	return 0;
}

static int sweep_items(struct sweep *sweep, const struct item *items, u32 n,
		       struct mseg_refusal *refusal)
{
	u32 i;
	int err;

	for (i = 0; i < n; i++) {
		err = open_item(sweep, &items[i], refusal);
		if (err)
			return err;
		if (i % 1024 == 1023)
			mseg_breathe();
	}
	while (sweep->depth)
		close_top(sweep);
	return 0;
}

static u32 collect(const struct mseg_network *network, u8 family, struct item *items)
{
	u32 i, n = 0;

	for (i = 0; i < network->n_prefixes; i++) {
		if (network->prefixes[i].family != family)
			continue;
		if (items) {
			items[n].prefix = network->prefixes[i];
			items[n].entry = i;
		}
		n++;
	}
	return n;
}

int mseg_segments_build(const struct mseg_network *network, u8 family,
			struct mseg_segments **result, struct mseg_refusal *refusal)
{
	u32 n = collect(network, family, NULL);
	struct sweep sweep = {};
	struct item *items;
	int err = -ENOMEM;

	*result = NULL;
	if (!n)
		return 0;
	items = mseg_alloc(n, sizeof(*items));
	/* A prefix starts one segment and ends in another. */
	sweep.out = mseg_alloc(1, sizeof(*sweep.out) + 2 * (size_t)n * sizeof(struct segment));
	if (!items || !sweep.out)
		goto out;
	collect(network, family, items);
	mseg_sort(items, n, sizeof(*items), compare_items);
	err = sweep_items(&sweep, items, n, refusal);
	if (!err) {
		*result = sweep.out;
		sweep.out = NULL;
	}
out:
	mseg_free(sweep.out);
	mseg_free(items);
	return err;
}

u32 mseg_segments_count(const struct mseg_segments *segments)
{
	return segments ? segments->n : 0;
}

int mseg_segments_get(const struct mseg_segments *segments, u32 i, u8 *addr)
{
	memcpy(addr, segments->segment[i].start, MSEG_ADDR_LEN);
	return segments->segment[i].len;
}

void mseg_segments_free(struct mseg_segments *segments)
{
	mseg_free(segments);
}
