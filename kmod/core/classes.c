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

struct mseg_class_table {
	struct mseg_class **bucket;
	u32 mask;
	u32 n_classes;
	u32 n_members;
};

/* From here on the state of a network is that, or MSEG_NOT_COVERED. */
struct event {
	u8 addr[MSEG_ADDR_LEN];
	u32 network;
	int state;
};

/* A set of networks that grows and shrinks. */
struct set {
	int *state; /* by network, MSEG_NOT_COVERED for those that are not in it */
	u32 *list;  /* those that are, and */
	u32 *place; /* where each stands there */
	u32 n;
	u32 n_excluding;
	u64 hash;
};

struct builder {
	struct mseg_class_table *table;
	struct event *events;
	u32 n_events;
	struct set set;
	struct mseg_run *runs;
	u32 n_runs;
};

static u64 mix(u32 network, u32 state)
{
	u64 z = ((u64)network << 16 | state) + 0x9e3779b97f4a7c15ULL;

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

static bool excludes(int state)
{
	return state != MSEG_NOT_COVERED && (state & MSEG_EXCLUDED);
}

static void change(struct set *set, const struct event *event)
{
	int before = set->state[event->network];

	if (before != MSEG_NOT_COVERED)
		set->hash ^= mix(event->network, before);
	if (event->state != MSEG_NOT_COVERED)
		set->hash ^= mix(event->network, event->state);
	if (before == MSEG_NOT_COVERED && event->state != MSEG_NOT_COVERED)
		enter(set, event->network);
	if (before != MSEG_NOT_COVERED && event->state == MSEG_NOT_COVERED)
		leave(set, event->network);
	set->n_excluding += excludes(event->state) - excludes(before);
	set->state[event->network] = event->state;
}

static bool is_class(const struct set *set, const struct mseg_class *class)
{
	u32 i;

	if (class->hash != set->hash || class->n_all != set->n)
		return false;
	for (i = 0; i < class->n_all; i++)
		if (set->state[class->member[i].network] != (int)class->member[i].state)
			return false;
	return true;
}

static struct mseg_class *find_class(const struct mseg_class_table *table, const struct set *set)
{
	struct mseg_class *class = table->bucket[set->hash & table->mask];

	while (class && !is_class(set, class))
		class = class->next;
	return class;
}

static int compare_members(const void *a, const void *b)
{
	const struct mseg_member *x = a, *y = b;
	int order = (int)(x->state & MSEG_EXCLUDED) - (int)(y->state & MSEG_EXCLUDED);

	if (order)
		return order;
	return x->network < y->network ? -1 : x->network > y->network;
}

/* Make room for one more class; false without memory. */
static bool widen(struct mseg_class_table *table)
{
	u32 i, mask = 2 * table->mask + 1;
	struct mseg_class **bucket, *class;

	if (table->n_classes <= table->mask)
		return true;
	bucket = mseg_alloc(mask + 1, sizeof(*bucket));
	if (!bucket)
		return false;
	for (i = 0; i <= table->mask; i++) {
		while ((class = table->bucket[i])) {
			table->bucket[i] = class->next;
			class->next = bucket[class->hash & mask];
			bucket[class->hash & mask] = class;
		}
		mseg_breathe();
	}
	mseg_free(table->bucket);
	table->bucket = bucket;
	table->mask = mask;
	return true;
}

static int new_class(struct mseg_class_table *table, u32 n, u32 n_excluding,
		     struct mseg_class **result, struct mseg_refusal *refusal)
{
	struct mseg_class *class;

	if (n - n_excluding > MSEG_MAX_OVERLAP)
		return mseg_refuse(refusal, -E2BIG, "too many networks hold one address");
	if (n > MSEG_MAX_MEMBERS - table->n_members)
		return mseg_refuse(refusal, -E2BIG, "the networks overlap in too many ways");
	class = widen(table) ? mseg_alloc(1, struct_size(class, member, n)) : NULL;
	if (!class)
		return mseg_refuse_no_memory(refusal);
	class->n = n - n_excluding;
	class->n_all = n;
	*result = class;
	return 0;
}

static void add_class(struct mseg_class_table *table, struct mseg_class *class)
{
	struct mseg_class **bucket = &table->bucket[class->hash & table->mask];

	table->n_members += class->n_all;
	table->n_classes++;
	class->next = *bucket;
	*bucket = class;
}

static int add_class_of(struct mseg_class_table *table, const struct set *set,
			struct mseg_class **result, struct mseg_refusal *refusal)
{
	struct mseg_class *class;
	u32 i;
	int err;

	err = new_class(table, set->n, set->n_excluding, &class, refusal);
	if (err)
		return err;
	for (i = 0; i < set->n; i++) {
		class->member[i].network = set->list[i];
		class->member[i].state = set->state[set->list[i]];
	}
	mseg_sort(class->member, set->n, sizeof(*class->member), compare_members);
	class->hash = set->hash;
	add_class(table, class);
	*result = class;
	return 0;
}

/* The addresses from here on are of the set's class. */
static int begin_run(struct builder *builder, u32 family, const u8 *addr,
		     struct mseg_refusal *refusal)
{
	struct mseg_class *class = find_class(builder->table, &builder->set);
	struct mseg_run *run = &builder->runs[builder->n_runs];
	int err;

	if (!class) {
		err = add_class_of(builder->table, &builder->set, &class, refusal);
		if (err)
			return err;
	}
	if (builder->n_runs && run[-1].class == class)
		return 0;
	run->high = mseg_load64(addr);
	run->low = mseg_load64(addr + 8);
	if (!family)
		run->high >>= 32;
	run->class = class;
	builder->n_runs++;
	return 0;
}

static int compare_events(const void *a, const void *b)
{
	/* Sorting millions takes seconds. */
	mseg_breathe();
	return memcmp(((const struct event *)a)->addr, ((const struct event *)b)->addr,
		      MSEG_ADDR_LEN);
}

static int sweep(struct builder *builder, u32 family, struct mseg_refusal *refusal)
{
	const struct event *event = builder->events, *end = event + builder->n_events;
	static const u8 first[MSEG_ADDR_LEN];
	const u8 *addr = first;
	int err;

	do {
		for (; event < end && !memcmp(event->addr, addr, MSEG_ADDR_LEN); event++)
			change(&builder->set, event);
		err = begin_run(builder, family, addr, refusal);
		if (err)
			return err;
		if (event < end)
			addr = event->addr;
		mseg_breathe();
	} while (event < end);
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
			event->state = mseg_segments_get(segments, k, event->addr);
		}
		mseg_breathe();
	}
	mseg_sort(builder->events, builder->n_events, sizeof(*event), compare_events);
}

static void free_room(struct builder *builder)
{
	mseg_free(builder->events);
	mseg_free(builder->runs);
	mseg_free(builder->set.state);
	mseg_free(builder->set.list);
	mseg_free(builder->set.place);
}

/* A run begins at the first address, and others where there are events. */
static bool make_room(struct builder *builder, u32 n_networks)
{
	u32 n = builder->n_events, i;

	builder->events = mseg_alloc(n + 1, sizeof(*builder->events));
	builder->runs = mseg_alloc(n + 1, sizeof(*builder->runs));
	builder->set.state = mseg_alloc(n_networks + 1, sizeof(int));
	builder->set.list = mseg_alloc(n_networks + 1, sizeof(u32));
	builder->set.place = mseg_alloc(n_networks + 1, sizeof(u32));
	if (!builder->events || !builder->runs || !builder->set.state || !builder->set.list ||
	    !builder->set.place)
		return false;
	for (i = 0; i < n_networks; i++)
		builder->set.state[i] = MSEG_NOT_COVERED;
	return true;
}

static struct mseg_class_table *new_table(void)
{
	struct mseg_class_table *table = mseg_alloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->mask = 15;
	table->bucket = mseg_alloc(table->mask + 1, sizeof(*table->bucket));
	if (table->bucket)
		return table;
	mseg_free(table);
	return NULL;
}

static void free_table(struct mseg_class_table *table)
{
	struct mseg_class *class;
	u32 i;

	if (!table)
		return;
	for (i = 0; i <= table->mask; i++) {
		while ((class = table->bucket[i])) {
			table->bucket[i] = class->next;
			mseg_free(class);
		}
		mseg_breathe();
	}
	mseg_free(table->bucket);
	mseg_free(table);
}

static int refuse_map(struct mseg_refusal *refusal, int err)
{
	if (err == -E2BIG)
		return mseg_refuse(refusal, err, "the networks' addresses need too much memory");
	return err ? mseg_refuse_no_memory(refusal) : 0;
}

static int build_map(struct mseg_map *map, u32 family, const struct builder *builder,
		     struct mseg_refusal *refusal)
{
	return refuse_map(refusal, mseg_map_build(map, family, builder->runs, builder->n_runs));
}

int mseg_classes_build(const struct mseg_policy *policy, u32 family, struct mseg_classes **result,
		       struct mseg_refusal *refusal)
{
	struct mseg_classes *classes = mseg_alloc(1, sizeof(*classes));
	struct builder builder = { .n_events = count_events(policy, family) };
	int err;

	*result = NULL;
	builder.table = new_table();
	if (classes)
		classes->table = builder.table;
	else
		free_table(builder.table);
	if (!classes || !builder.table || !make_room(&builder, policy->n_networks)) {
		err = mseg_refuse_no_memory(refusal);
	} else {
		collect_events(&builder, policy, family);
		err = sweep(&builder, family, refusal) ?:
			      build_map(&classes->map, family, &builder, refusal);
	}
	free_room(&builder);
	if (err)
		mseg_classes_free(classes, family);
	else
		*result = classes;
	return err;
}

/* A move, and what was last asked for: neighbours are often of one class. */
struct mover {
	const struct mseg_move *move;
	struct mseg_class_table *table;
	struct mseg_refusal *refusal;
	int err;
	const struct mseg_class *from;
	const struct mseg_class *to;
};

static int state_in(const struct mseg_class *class, u32 network)
{
	u32 i;

	for (i = 0; i < class->n_all; i++)
		if (class->member[i].network == network)
			return class->member[i].state;
	return MSEG_NOT_COVERED;
}

/* Whether the entry decides for addresses of that state, or did. */
static bool decides(const struct mseg_move *move, int state)
{
	int len = state == MSEG_NOT_COVERED ? -1 : state & ~MSEG_EXCLUDED;

	return move->removed ? len == move->prefix->len : len < move->prefix->len;
}

/* The members of a class but for a network, which has another state in it. */
static void fill_class(struct mseg_class *class, const struct mseg_class *from,
		       const struct mseg_move *move, int before)
{
	struct mseg_member added = { move->network, move->state };
	bool pending = move->state != MSEG_NOT_COVERED;
	u32 i, n = 0;

	for (i = 0; i < from->n_all; i++) {
		if (from->member[i].network == move->network)
			continue;
		if (pending && compare_members(&added, &from->member[i]) < 0) {
			class->member[n++] = added;
			pending = false;
		}
		class->member[n++] = from->member[i];
	}
	if (pending)
		class->member[n] = added;
	class->hash = from->hash;
	if (before != MSEG_NOT_COVERED)
		class->hash ^= mix(move->network, before);
	if (move->state != MSEG_NOT_COVERED)
		class->hash ^= mix(move->network, move->state);
}

static struct mseg_class *find_same(const struct mseg_class_table *table,
				    const struct mseg_class *like)
{
	struct mseg_class *class = table->bucket[like->hash & table->mask];

	while (class && (class->hash != like->hash || class->n_all != like->n_all ||
			 memcmp(class->member, like->member, like->n_all * sizeof(*like->member))))
		class = class->next;
	return class;
}

static const struct mseg_class *class_with(struct mover *mover, const struct mseg_class *from,
					   int before)
{
	const struct mseg_move *move = mover->move;
	u32 n = from->n_all + (move->state != MSEG_NOT_COVERED) - (before != MSEG_NOT_COVERED);
	u32 n_excluding = from->n_all - from->n + excludes(move->state) - excludes(before);
	struct mseg_class *class, *same;

	mover->err = new_class(mover->table, n, n_excluding, &class, mover->refusal);
	if (mover->err)
		return NULL;
	fill_class(class, from, move, before);
	same = find_same(mover->table, class);
	if (same)
		mseg_free(class);
	else
		add_class(mover->table, class);
	return same ?: class;
}

static const struct mseg_class *moved(void *context, const struct mseg_class *class)
{
	struct mover *mover = context;
	int before;

	if (class == mover->from)
		return mover->to;
	before = state_in(class, mover->move->network);
	mover->from = class;
	mover->to = decides(mover->move, before) ? class_with(mover, class, before) : class;
	return mover->to;
}

int mseg_classes_move(struct mseg_classes *classes, struct mseg_map_change *change,
		      const struct mseg_move *move, struct mseg_refusal *refusal)
{
	struct mover mover = { .move = move, .table = classes->table, .refusal = refusal };
	int err;

	err = mseg_map_move(&classes->map, change, move->prefix, moved, &mover);
	if (err == -ECANCELED)
		return mover.err;
	return refuse_map(refusal, err);
}

void mseg_classes_free(struct mseg_classes *classes, u32 family)
{
	if (!classes)
		return;
	mseg_map_free(&classes->map, family);
	free_table(classes->table);
	mseg_free(classes);
}
