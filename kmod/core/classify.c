// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The classifier: POLICY.md, "Which rule decides".
 *
 * Each network that holds the peer names its best rule for the service; the best
 * of those decides. Any Reject is better than every Allow; the rest of the order
 * only decides which rule of those with the same action the connection is
 * attributed to.
 */
#include "classes.h"
#include "rows.h"
#include "segments.h"

/* What a network says, and how closely that matches. */
struct match {
	const struct mseg_cell *cell;
	u32 network;
	u32 len;
	bool allow;
	bool learned;
};

/* A question on its way through the networks, and the best answer so far. */
struct search {
	const struct mseg_policy *policy;
	const struct mseg_key *key;
	u32 place;
	bool observed;
	struct match best;
};

/* Of a rule's networks that match by entries of one length, the first. */
static bool better(const struct match *a, const struct match *b)
{
	if (a->allow != b->allow)
		return b->allow;
	if (a->len != b->len)
		return a->len > b->len;
	if (a->cell->width != b->cell->width)
		return a->cell->width < b->cell->width;
	if (a->cell->rule != b->cell->rule)
		return a->cell->rule < b->cell->rule;
	return a->cell->position < b->cell->position;
}

/* What a network's rules say of a place, those under observation among them if asked. */
static const struct mseg_cell *ask(const struct mseg_network *network, u8 direction, bool observed,
				   u32 place)
{
	const struct mseg_row *row = network->rows[direction][0];

	if (observed && network->rows[direction][1])
		row = network->rows[direction][1];
	return mseg_row_find(row, place);
}

static inline void consider(struct search *search, u32 network, u32 len, bool learned)
{
	const struct mseg_policy *policy = search->policy;
	struct match match = {
		.cell = ask(&policy->networks[network], search->key->direction, search->observed,
			    search->place),
		.network = network,
		.len = len,
		.learned = learned,
	};

	if (!match.cell)
		return;
	match.allow = policy->rules[match.cell->rule].action == MSEG_ACTION_ALLOW;
	if (!search->best.cell || better(&match, &search->best))
		search->best = match;
}

int mseg_policy_holds(const struct mseg_policy *policy, __u32 network, __u8 family, const __u8 *addr)
{
	return !mseg_segments_exclude(policy->networks[network].segments[family == MSEG_FAMILY_IPV6],
				      addr);
}

/* By its names the peer is held as by an entry of its whole address. */
static void consider_names(struct search *search)
{
	const struct mseg_key *key = search->key;
	u32 i, network, len = key->family == MSEG_FAMILY_IPV6 ? 128 : 32;
	struct mseg_name_search names;

	for (i = 0; i < key->names->n; i++) {
		mseg_name_search(&names, search->policy, key->names->name[i]);
		while ((network = mseg_name_next(&names)) != MSEG_ID_NONE)
			if (mseg_policy_holds(search->policy, network, key->family, key->peer))
				consider(search, network, len, true);
	}
}

static struct mseg_verdict verdict_of_rules(const struct mseg_policy *policy,
					    const struct mseg_key *key, bool observed)
{
	struct mseg_class class =
		mseg_classes_find(policy->classes[key->family == MSEG_FAMILY_IPV6], key->peer);
	struct mseg_verdict verdict = { .rule = MSEG_ID_NONE, .reason = MSEG_REASON_RULE };
	struct search search = {
		.policy = policy,
		.key = key,
		.place = mseg_row_place(key),
		.observed = observed,
	};
	const struct match *best = &search.best;
	u32 i;

	for (i = 0; i < class.n; i++)
		consider(&search, class.member[i].network, class.member[i].len, false);
	if (key->names)
		consider_names(&search);
	if (!best->cell)
		return verdict;
	verdict.rule = best->cell->rule;
	verdict.network = best->network;
	verdict.action = best->allow ? MSEG_ACTION_ALLOW : MSEG_ACTION_REJECT;
	verdict.learned = best->learned;
	return verdict;
}

struct mseg_verdict mseg_classify(const struct mseg_policy *policy, const struct mseg_key *key)
{
	struct mseg_verdict verdict = verdict_of_rules(policy, key, false);

	if (verdict.rule == MSEG_ID_NONE) {
		verdict.network = MSEG_ID_NONE;
		verdict.action = policy->defaults[key->direction];
		verdict.reason = MSEG_REASON_DEFAULT;
	}
	return verdict;
}

struct mseg_verdict mseg_observe(const struct mseg_policy *policy, const struct mseg_key *key)
{
	struct mseg_verdict verdict = verdict_of_rules(policy, key, true);

	if (verdict.rule != MSEG_ID_NONE && !policy->rules[verdict.rule].observed)
		verdict.rule = MSEG_ID_NONE;
	return verdict;
}
