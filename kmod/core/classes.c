// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Classes are made in one sweep over the places where any network's segments
 * begin, with the set of networks that hold the place. A set that was there
 * before is found by a hash that is kept up to date with it, so that a step
 * costs what it changes.
 */
#include "classes.h"
#include "refusal.h"
#include "rows.h"
#include "segments.h"

struct mseg_classes {
	u8 (*start)[MSEG_ADDR_LEN]; /* of runs of addresses, ascending */
	u32 *class;		    /* of each run */
	u32 n;
	u32 *first; /* by class, into @member; one more at the end */
	struct mseg_member *member;
};

/* From here on a network holds addresses by an entry of that length, or not. */
struct event {
	u8 addr[MSEG_ADDR_LEN];
	u32 network;
	int len;
};

/* A set of networks that grows and shrinks. */
struct set {
	int *len;   /* by network, MSEG_NOT_COVERED for those that are not in it */
	u32 *list;  /* those that are, and */
	u32 *place; /* where each stands there */
	u32 n;
	u64 hash;
};

struct builder {
	struct mseg_classes *out;
	struct event *events;
	u32 n_events;
	struct set set;
	u64 *hashes; /* by class */
	u32 *table;  /* of classes by hash, MSEG_ID_NONE for a free place */
	u32 mask;
	u32 n_classes;
	u32 n_members;
	u32 room; /* of members */
};

static u64 mix(u32 network, int len)
{
	u64 z = ((u64)network << 8 | (u32)len) + 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void leave(struct set *set, u32 network)
{
	u32 last = set->list[--set->n];

	set->list[set->place[network]] = last;
	set->place[last] = set->place[network];
}

static void enter(struct set *set, u32 network)
{
	set->place[network] = set->n;
	set->list[set->n++] = network;
}

static void change(struct set *set, const struct event *event)
{
	int before = set->len[event->network];

	if (before != MSEG_NOT_COVERED)
		set->hash ^= mix(event->network, before);
	if (event->len != MSEG_NOT_COVERED)
		set->hash ^= mix(event->network, event->len);
	if (before == MSEG_NOT_COVERED && event->len != MSEG_NOT_COVERED)
		enter(set, event->network);
	if (before != MSEG_NOT_COVERED && event->len == MSEG_NOT_COVERED)
		leave(set, event->network);
	set->len[event->network] = event->len;
}

static bool is_class(const struct builder *builder, u32 class)
{
	const struct mseg_classes *out = builder->out;
	const struct set *set = &builder->set;
	u32 i;

	if (builder->hashes[class] != set->hash ||
	    out->first[class + 1] - out->first[class] != set->n)
		return false;
	for (i = out->first[class]; i < out->first[class + 1]; i++)
		if (set->len[out->member[i].network] != (int)out->member[i].len)
			return false;
	return true;
}

/* Where the set's class is in the table, or would be. */
static u32 *slot_of_set(const struct builder *builder)
{
	u32 i = builder->set.hash & builder->mask;

	while (builder->table[i] != MSEG_ID_NONE && !is_class(builder, builder->table[i]))
		i = (i + 1) & builder->mask;
	return &builder->table[i];
}

static int make_members_room(struct builder *builder, u32 more, struct mseg_refusal *refusal)
{
	struct mseg_member *bigger;
	u32 want = builder->room ? builder->room : 64;

	if (more > MSEG_MAX_OVERLAP)
		return mseg_refuse(refusal, -E2BIG, "too many networks hold one address");
	if (more > MSEG_MAX_MEMBERS - builder->n_members)
		return mseg_refuse(refusal, -E2BIG, "the networks overlap in too many ways");
	while (want < builder->n_members + more)
		want *= 2;
	if (want == builder->room)
		return 0;
	bigger = mseg_alloc(want, sizeof(*bigger));
	if (!bigger)
		return mseg_refuse_no_memory(refusal);
	if (builder->n_members)
		memcpy(bigger, builder->out->member, builder->n_members * sizeof(*bigger));
	mseg_free(builder->out->member);
	builder->out->member = bigger;
	builder->room = want;
	return 0;
}

static int add_class(struct builder *builder, struct mseg_refusal *refusal)
{
	const struct set *set = &builder->set;
	struct mseg_member *member;
	u32 i;
	int err;

	err = make_members_room(builder, set->n, refusal);
	if (err)
		return err;
	for (i = 0; i < set->n; i++) {
		member = &builder->out->member[builder->n_members++];
		member->network = set->list[i];
		member->len = set->len[set->list[i]];
	}
	builder->hashes[builder->n_classes++] = set->hash;
	builder->out->first[builder->n_classes] = builder->n_members;
	return 0;
}

/* The addresses from here on are of the set's class. */
static int begin_run(struct builder *builder, const u8 *addr, struct mseg_refusal *refusal)
{
	struct mseg_classes *out = builder->out;
	u32 *slot = slot_of_set(builder);
	int err;

	if (*slot == MSEG_ID_NONE) {
		err = add_class(builder, refusal);
		if (err)
			return err;
		*slot = builder->n_classes - 1;
	}
	if (out->n && out->class[out->n - 1] == *slot)
		return 0;
	memcpy(out->start[out->n], addr, MSEG_ADDR_LEN);
	out->class[out->n++] = *slot;
	return 0;
}

static int compare_events(const void *a, const void *b)
{
	/* Sorting millions takes seconds. */
	mseg_breathe();
	return memcmp(((const struct event *)a)->addr, ((const struct event *)b)->addr,
		      MSEG_ADDR_LEN);
}

static int sweep(struct builder *builder, struct mseg_refusal *refusal)
{
	const struct event *event = builder->events, *end = event + builder->n_events;
	const u8 *addr;
	int err;

	while (event < end) {
		addr = event->addr;
		for (; event < end && !memcmp(event->addr, addr, MSEG_ADDR_LEN); event++)
			change(&builder->set, event);
		err = begin_run(builder, addr, refusal);
		if (err)
			return err;
		mseg_breathe();
	}
	return 0;
}

static u32 count_events(const struct mseg_policy *policy, u32 family)
{
	u32 i, n = 0;

	for (i = 0; i < policy->n_networks; i++)
		if (mseg_rows_used(&policy->networks[i]))
			n += mseg_segments_count(policy->networks[i].segments[family]);
	return n;
}

static void collect_events(struct builder *builder, const struct mseg_policy *policy, u32 family)
{
	struct event *event = builder->events;
	u32 i, k;

	for (i = 0; i < policy->n_networks; i++) {
		const struct mseg_segments *segments = policy->networks[i].segments[family];

		if (!mseg_rows_used(&policy->networks[i]))
			continue;
		for (k = 0; k < mseg_segments_count(segments); k++, event++) {
			event->network = i;
			event->len = mseg_segments_get(segments, k, event->addr);
		}
		mseg_breathe();
	}
	mseg_sort(builder->events, builder->n_events, sizeof(*event), compare_events);
}

static void free_room(struct builder *builder)
{
	mseg_free(builder->events);
	mseg_free(builder->set.len);
	mseg_free(builder->set.list);
	mseg_free(builder->set.place);
	mseg_free(builder->hashes);
	mseg_free(builder->table);
}

/* Room for as many classes and runs as there are events. */
static bool make_room(struct builder *builder, u32 n_networks)
{
	u32 n = builder->n_events, i;

	for (builder->mask = 1; builder->mask < 2 * n; builder->mask = builder->mask * 2 + 1)
		;
	builder->events = mseg_alloc(n + 1, sizeof(*builder->events));
	builder->set.len = mseg_alloc(n_networks + 1, sizeof(int));
	builder->set.list = mseg_alloc(n_networks + 1, sizeof(u32));
	builder->set.place = mseg_alloc(n_networks + 1, sizeof(u32));
	builder->hashes = mseg_alloc(n + 1, sizeof(u64));
	builder->table = mseg_alloc(builder->mask + 1, sizeof(u32));
	builder->out->start = mseg_alloc(n + 1, MSEG_ADDR_LEN);
	builder->out->class = mseg_alloc(n + 1, sizeof(u32));
	builder->out->first = mseg_alloc(n + 2, sizeof(u32));
	if (!builder->events || !builder->set.len || !builder->set.list || !builder->set.place ||
	    !builder->hashes || !builder->table || !builder->out->start || !builder->out->class ||
	    !builder->out->first)
		return false;
	for (i = 0; i < n_networks; i++)
		builder->set.len[i] = MSEG_NOT_COVERED;
	for (i = 0; i <= builder->mask; i++)
		builder->table[i] = MSEG_ID_NONE;
	return true;
}

int mseg_classes_build(const struct mseg_policy *policy, u32 family, struct mseg_classes **result,
		       struct mseg_refusal *refusal)
{
	struct builder builder = { .n_events = count_events(policy, family) };
	int err = -ENOMEM;

	*result = NULL;
	builder.out = mseg_alloc(1, sizeof(*builder.out));
	if (!builder.out || !make_room(&builder, policy->n_networks)) {
		mseg_refuse_no_memory(refusal);
	} else {
		collect_events(&builder, policy, family);
		err = sweep(&builder, refusal);
	}
	free_room(&builder);
	if (err)
		mseg_classes_free(builder.out);
	else
		*result = builder.out;
	return err;
}

struct mseg_class mseg_classes_find(const struct mseg_classes *classes, const u8 *addr)
{
	u32 low = 0, high = classes->n, class;

	/* The last run that starts at or before the address. */
	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (memcmp(classes->start[middle], addr, MSEG_ADDR_LEN) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return (struct mseg_class){};
	class = classes->class[low - 1];
	return (struct mseg_class){
		.n = classes->first[class + 1] - classes->first[class],
		.member = classes->member + classes->first[class],
	};
}

void mseg_classes_free(struct mseg_classes *classes)
{
	if (!classes)
		return;
	mseg_free(classes->start);
	mseg_free(classes->class);
	mseg_free(classes->first);
	mseg_free(classes->member);
	mseg_free(classes);
}
