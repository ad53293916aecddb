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

/* What a network says, and how closely that matches. */
struct match {
	const struct mseg_cell *cell;
	u32 network;
	u32 len;
	bool allow;
	bool learned;
};

/* A question, the same for all networks. */
struct question {
	const struct mseg_policy *policy;
	const struct mseg_key *key;
	u32 place;
	bool observed;
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
static inline const struct mseg_cell *ask(const struct mseg_network *network, u8 direction,
					  bool observed, u32 place)
{
	const struct mseg_row *row = network->rows[direction][0];

	if (observed && network->rows[direction][1])
		row = network->rows[direction][1];
	return mseg_row_find(row, place);
}

/* The best of what was found before and what one more network says. */
static __always_inline struct match consider(const struct question *question, struct match best,
					     u32 network, u32 len, bool learned)
{
	const struct mseg_policy *policy = question->policy;
	struct match match = {
		.cell = ask(&policy->networks[network], question->key->direction,
			    question->observed, question->place),
		.network = network,
		.len = len,
		.learned = learned,
	};

	if (!match.cell)
		return best;
	match.allow = policy->rules[match.cell->rule].action == MSEG_ACTION_ALLOW;
	return !best.cell || better(&match, &best) ? match : best;
}

static inline const struct mseg_class *class_of(const struct mseg_policy *policy, u8 family,
						const u8 *addr)
{
	u32 which = family == MSEG_FAMILY_IPV6;

	return mseg_map_find(&policy->classes[which]->map, which, addr);
}

int mseg_policy_holds(const struct mseg_policy *policy, __u32 network, __u8 family, const __u8 *addr)
{
	const struct mseg_class *class = class_of(policy, family, addr);
	u32 i;

	for (i = class->n; i < class->n_all; i++)
		if (class->member[i].network == network)
			return false;
	return true;
}

/*
 * By its names the peer is held as by an entry of its whole address. Few peers have
 * any, and those that have none shall not pay for the room that this takes.
 */
static noinline struct match consider_names(const struct question *question, struct match best)
{
	const struct mseg_key *key = question->key;
	u32 i, network, len = key->family == MSEG_FAMILY_IPV6 ? 128 : 32;
	struct mseg_name_search names;

	for (i = 0; i < key->names->n; i++) {
		mseg_name_search(&names, question->policy, key->names->name[i]);
		while ((network = mseg_name_next(&names)) != MSEG_ID_NONE)
			if (mseg_policy_holds(question->policy, network, key->family, key->peer))
				best = consider(question, best, network, len, true);
	}
	return best;
}

static __always_inline struct mseg_verdict
verdict_of_rules(const struct mseg_policy *policy, const struct mseg_key *key, bool observed)
{
	const struct mseg_class *class = class_of(policy, key->family, key->peer);
	const struct question question = {
		.policy = policy,
		.key = key,
		.place = mseg_row_place(key),
		.observed = observed,
	};
	struct match best = {};
	u32 i;

	for (i = 0; i < class->n; i++)
		best = consider(&question, best, class->member[i].network, class->member[i].state,
				false);
	if (key->names)
		best = consider_names(&question, best);
	if (!best.cell)
		return (struct mseg_verdict){ .rule = MSEG_ID_NONE };
	return (struct mseg_verdict){
		.rule = best.cell->rule,
		.network = best.network,
		.action = best.allow ? MSEG_ACTION_ALLOW : MSEG_ACTION_REJECT,
		.reason = MSEG_REASON_RULE,
		.learned = best.learned,
	};
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
