// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Within one network all rules match by the same entry, so that their order is
 * known in advance: Rejects before Allows, then the narrower service, then the
 * first. A row is painted in that order, each place once.
 */
#include "rows.h"
#include "refusal.h"

/* Wider than any list of ranges, which covers 0x10000 values at most. */
#define WIDTH_BARE 0x10001
#define WIDTH_ANY 0x10002

/* A service of a rule, with what decides between rules. */
struct interval {
	u32 first;
	u32 last;
	u32 rule;
	u32 width;
	u32 position;
	u32 allow;
};

/* The rules that name each network, and room to work for the largest row. */
struct builder {
	struct mseg_policy *policy;
	u32 *first; /* by network, into @rules; one more at the end */
	u32 *rules;
	u32 *positions; /* of the network in each of them */
	struct interval *intervals;
	u32 *edges;
	u32 *owner;
	u32 *next;
};

static struct interval interval_of(const struct mseg_service *service)
{
	struct interval interval = {
		.first = MSEG_PLACE(service->protocol, service->low),
		.last = MSEG_PLACE(service->protocol, service->high),
	};

	if (service->protocol == MSEG_PROTOCOL_ANY) {
		interval.first = 0;
		interval.last = MSEG_LAST_PLACE;
	} else if (service->bare) {
		interval.first = MSEG_PLACE(service->protocol, 0);
		interval.last = MSEG_PLACE(service->protocol, 0xffff);
	}
	return interval;
}

/* An item is a run of services, and as wide as they are together. */
static u32 item_width(const struct mseg_rule *rule, u32 first, u32 *end)
{
	const struct mseg_service *s = rule->services;
	u32 i, width = 0;

	for (i = first; i < rule->n_services && s[i].item == s[first].item; i++)
		width += s[i].bare ? WIDTH_BARE : s[i].high - s[i].low + 1U;
	*end = i;
	return s[first].protocol == MSEG_PROTOCOL_ANY ? WIDTH_ANY : width;
}

static u32 add_rule(struct builder *builder, u32 index, u32 position, u32 n)
{
	const struct mseg_rule *rule = &builder->policy->rules[index];
	u32 i, width = 0, end = 0;

	for (i = 0; i < rule->n_services; i++) {
		struct interval *interval = &builder->intervals[n++];

		if (i == end)
			width = item_width(rule, i, &end);
		*interval = interval_of(&rule->services[i]);
		interval->rule = index;
		interval->width = width;
		interval->position = position;
		interval->allow = rule->action == MSEG_ACTION_ALLOW;
	}
	return n;
}

static int order(u32 a, u32 b)
{
	return a < b ? -1 : a > b;
}

static int compare_intervals(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	/* Sorting many takes long. */
	mseg_breathe();
	return order(x->allow, y->allow)	 ?:
		       order(x->width, y->width) ?:
		       order(x->rule, y->rule)	 ?:
						   order(x->position, y->position);
}

static int compare_edges(const void *a, const void *b)
{
	mseg_breathe();
	return order(*(const u32 *)a, *(const u32 *)b);
}

/* Sorted places where intervals begin or have ended, each once: how many. */
static u32 find_edges(const struct builder *builder, u32 n)
{
	u32 *edges = builder->edges;
	u32 i, unique = 0;

	for (i = 0; i < n; i++) {
		edges[2 * i] = builder->intervals[i].first;
		edges[2 * i + 1] = builder->intervals[i].last + 1;
	}
	mseg_sort(edges, 2 * n, sizeof(*edges), compare_edges);
	for (i = 0; i < 2 * n; i++)
		if (!unique || edges[unique - 1] != edges[i])
			edges[unique++] = edges[i];
	return unique;
}

static u32 edge_at(const struct builder *builder, u32 n, u32 place)
{
	u32 low = 0, high = n;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (builder->edges[middle] < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first gap from here on that is not painted; paths are halved on the way. */
static u32 unpainted(u32 *next, u32 i)
{
	while (next[i] != i) {
		next[i] = next[next[i]];
		i = next[i];
	}
	return i;
}

static void paint(const struct builder *builder, u32 n_intervals, u32 n_edges)
{
	u32 i, k, end;

	for (i = 0; i < n_edges; i++) {
		builder->owner[i] = MSEG_ID_NONE;
		builder->next[i] = i;
	}
	for (k = 0; k < n_intervals; k++) {
		i = edge_at(builder, n_edges, builder->intervals[k].first);
		end = edge_at(builder, n_edges, builder->intervals[k].last + 1);
		for (i = unpainted(builder->next, i); i < end; i = unpainted(builder->next, i)) {
			builder->owner[i] = k;
			builder->next[i] = i + 1;
		}
		mseg_breathe();
	}
}

static struct mseg_cell cell_of(const struct builder *builder, u32 gap)
{
	struct mseg_cell cell = { .start = builder->edges[gap], .rule = MSEG_ID_NONE };
	const struct interval *owner;

	if (builder->owner[gap] == MSEG_ID_NONE)
		return cell;
	owner = &builder->intervals[builder->owner[gap]];
	cell.rule = owner->rule;
	cell.width = owner->width;
	cell.position = owner->position;
	return cell;
}

/* Neighbours that say the same are one cell. */
static bool begins_cell(const struct builder *builder, u32 gap)
{
	struct mseg_cell cell, before;

	if (!gap)
		return true;
	cell = cell_of(builder, gap);
	before = cell_of(builder, gap - 1);
	return cell.rule != before.rule || cell.width != before.width;
}

static u32 count_cells(const struct builder *builder, u32 n_edges)
{
	u32 i, n = 0;

	for (i = 0; i < n_edges; i++)
		n += begins_cell(builder, i);
	return n;
}

static void fill_row(const struct builder *builder, u32 n_edges, struct mseg_row *row)
{
	u32 i;

	for (i = 0; i < n_edges; i++)
		if (begins_cell(builder, i))
			row->cell[row->n++] = cell_of(builder, i);
}

static int build_row(const struct builder *builder, u32 n, struct mseg_row **result)
{
	struct mseg_row *row;
	u32 n_edges;

	if (!n)
		return 0;
	mseg_sort(builder->intervals, n, sizeof(*builder->intervals), compare_intervals);
	n_edges = find_edges(builder, n);
	paint(builder, n, n_edges);
	row = mseg_alloc(1, struct_size(row, cell, count_cells(builder, n_edges)));
	if (!row)
		return -ENOMEM;
	fill_row(builder, n_edges, row);
	*result = row;
	return 0;
}

/*
 * Of a network's rules of one direction, those that decide, or with them those
 * under observation. The latter is made only where there are such.
 */
static int build_rows_of(struct builder *builder, u32 network, u8 direction, bool observed)
{
	bool any_observed = false;
	u32 i, n = 0;

	for (i = builder->first[network]; i < builder->first[network + 1]; i++) {
		const struct mseg_rule *rule = &builder->policy->rules[builder->rules[i]];

		if (rule->direction != direction || (rule->observed && !observed))
			continue;
		any_observed |= rule->observed;
		n = add_rule(builder, builder->rules[i], builder->positions[i], n);
	}
	if (observed && !any_observed)
		return 0;
	return build_row(builder, n, &builder->policy->networks[network].rows[direction][observed]);
}

/* Which rules name each network. */
static void index_rules(struct builder *builder)
{
	const struct mseg_policy *policy = builder->policy;
	u32 i, k, place;

	for (i = 0; i < policy->n_rules; i++)
		for (k = 0; k < policy->rules[i].n_networks; k++)
			builder->first[policy->rules[i].networks[k]]++;
	for (i = 1; i <= policy->n_networks; i++)
		builder->first[i] += builder->first[i - 1];
	/* Filled from the end, so that the ends become the starts. */
	for (i = policy->n_rules; i--;) {
		for (k = 0; k < policy->rules[i].n_networks; k++) {
			place = --builder->first[policy->rules[i].networks[k]];
			builder->rules[place] = i;
			builder->positions[place] = k;
		}
		mseg_breathe();
	}
}

static u32 count_services(const struct builder *builder, u32 network)
{
	u32 i, n = 0;

	for (i = builder->first[network]; i < builder->first[network + 1]; i++)
		n += builder->policy->rules[builder->rules[i]].n_services;
	return n;
}

static void free_room(struct builder *builder)
{
	mseg_free(builder->intervals);
	mseg_free(builder->edges);
	mseg_free(builder->owner);
	mseg_free(builder->next);
}

static bool make_room(struct builder *builder)
{
	u32 i, n, most = 1;

	for (i = 0; i < builder->policy->n_networks; i++) {
		n = count_services(builder, i);
		if (n > most)
			most = n;
	}
	builder->intervals = mseg_alloc(most, sizeof(*builder->intervals));
	builder->edges = mseg_alloc(most, 2 * sizeof(u32));
	builder->owner = mseg_alloc(most, 2 * sizeof(u32));
	builder->next = mseg_alloc(most, 2 * sizeof(u32));
	return builder->intervals && builder->edges && builder->owner && builder->next;
}

static int build_all(struct builder *builder)
{
	u32 i, which;
	int err;

	for (i = 0; i < builder->policy->n_networks; i++) {
		for (which = 0; which < 4; which++) {
			err = build_rows_of(builder, i, which / 2, which % 2);
			if (err)
				return err;
		}
		mseg_breathe();
	}
	return 0;
}

int mseg_rows_build(struct mseg_policy *policy, struct mseg_refusal *refusal)
{
	struct builder builder = { .policy = policy };
	int err = -ENOMEM;

	builder.first = mseg_alloc(policy->n_networks + 1, sizeof(u32));
	builder.rules = mseg_alloc(policy->n_pairs + 1, sizeof(u32));
	builder.positions = mseg_alloc(policy->n_pairs + 1, sizeof(u32));
	if (builder.first && builder.rules && builder.positions) {
		index_rules(&builder);
		if (make_room(&builder))
			err = build_all(&builder);
		free_room(&builder);
	}
	mseg_free(builder.positions);
	mseg_free(builder.rules);
	mseg_free(builder.first);
	if (err)
		mseg_refuse_no_memory(refusal);
	return err;
}

void mseg_rows_free(struct mseg_network *network)
{
	u32 which;

	for (which = 0; which < 4; which++)
		mseg_free(network->rows[which / 2][which % 2]);
}
