// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparing the core with the reference. */
#include "core_compare.h"
#include "core_reference.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Of one policy, one after the other. */
#define CHANGES 4

static bool same(const struct mseg_verdict *a, const struct mseg_verdict *b)
{
	return a->action == b->action && a->reason == b->reason && a->rule == b->rule &&
	       a->network == b->network;
}

static void print_verdict(const char *who, const struct mseg_verdict *verdict)
{
	fprintf(stderr, "%s: action %u reason %u rule %d network %d\n", who, verdict->action,
		verdict->reason, (int)verdict->rule, (int)verdict->network);
}

/* What the rules under observation would have made of it. */
static bool same_observed(const struct model *model, const struct mseg_policy *policy,
			  const struct mseg_key *key, struct compared *compared)
{
	__u32 expected = reference_observe(model, key);
	struct mseg_verdict got = mseg_observe(policy, key);

	if (got.rule != expected) {
		fprintf(stderr, "observed: expected %d, got %d\n", (int)expected, (int)got.rule);
		return false;
	}
	if (expected == MSEG_ID_NONE)
		return true;
	compared->observed++;
	return got.action == model->rules[expected].action;
}

static bool compare_key(const struct model *model, const struct mseg_policy *policy,
			const struct mseg_key *key, struct compared *compared)
{
	struct mseg_verdict expected = reference_classify(model, key);
	struct mseg_verdict got = mseg_classify(policy, key);

	if (expected.reason == MSEG_REASON_RULE)
		compared->by_rule++;
	else
		compared->by_default++;
	if (same(&expected, &got) && same_observed(model, policy, key, compared))
		return true;
	model_print(model);
	model_print_key(key);
	print_verdict("expected", &expected);
	print_verdict("got", &got);
	return false;
}

static bool names_the_fault(const struct model *model, const struct mseg_refusal *refusal)
{
	const struct model_network *network;
	unsigned int i;

	if (refusal->network == MSEG_ID_NONE) {
		for (i = 0; i < model->n_rules; i++)
			if (reference_rule_at_fault(&model->rules[i]))
				return refusal->entry == MSEG_ID_NONE;
		return false;
	}
	if (refusal->network >= model->n_networks)
		return false;
	network = &model->networks[refusal->network];
	return refusal->entry < network->n && reference_at_fault(network, refusal->entry);
}

static bool right_refusal(const struct model *model, int err, const struct mseg_refusal *refusal)
{
	if (err == -EINVAL && refusal->why && names_the_fault(model, refusal))
		return true;
	model_print(model);
	fprintf(stderr, "refused with %d, network %d entry %d: %s\n", err, (int)refusal->network,
		(int)refusal->entry, refusal->why ? refusal->why : "no reason");
	return false;
}

static bool same_entries(const struct model *model, const struct mseg_policy *policy)
{
	struct model_network found;
	unsigned int i, k;

	for (i = 0; i < model->n_networks; i++) {
		const struct model_network *network = &model->networks[i];

		if (policy->networks[i].n_prefixes != network->n)
			return false;
		found.n = network->n;
		if (network->n)
			memcpy(found.entries, policy->networks[i].prefixes,
			       network->n * sizeof(*found.entries));
		for (k = 0; k < network->n; k++) {
			const struct mseg_delta gone = { network->entries[k], 1 };
			struct model one = { .n_networks = 1 };

			one.networks[0] = found;
			if (!model_apply(&one, 0, &gone, 1))
				return false;
			found = one.networks[0];
		}
	}
	return true;
}

static bool compare_keys(const struct model *model, const struct mseg_policy *policy,
			 unsigned int keys, struct choices *choices, struct compared *compared)
{
	struct mseg_key key;

	while (keys--) {
		model_key(model, &key, choices);
		if (!compare_key(model, policy, &key, compared))
			return false;
	}
	return true;
}

static bool right_to_refuse(const struct model *model, struct model *changed, __u32 network,
			    const struct mseg_delta *deltas, unsigned int n)
{
	return model_repeats(&model->networks[network]) ||
	       !model_apply(changed, network, deltas, n) || reference_refuses(changed);
}

static bool has_room(const struct model *model)
{
	unsigned int i;

	for (i = 0; i < model->n_networks; i++)
		if (model->networks[i].n + MODEL_DELTAS > MODEL_ENTRIES)
			return false;
	return true;
}

/* One change, which is refused, or made and kept, or made and undone. */
static bool compare_change(struct model *model, struct mseg_policy **policy, unsigned int keys,
			   struct choices *choices, struct compared *compared)
{
	struct mseg_delta deltas[MODEL_DELTAS];
	struct mseg_refusal refusal = { 0 };
	struct mseg_policy *successor;
	struct model changed = *model;
	unsigned int n;
	__u32 network;
	bool refused;
	int err;

	n = model_change(model, &network, deltas, choices);
	refused = right_to_refuse(model, &changed, network, deltas, n);
	err = mseg_policy_change(*policy, network, deltas, n, &successor, &refusal);
	if (!err != !refused || (err && (!refusal.why || successor))) {
		model_print(model);
		fprintf(stderr, "a change of network %u: %d, %s\n", network, err,
			refused ? "should be refused" : refusal.why);
		mseg_policy_free(successor);
		return false;
	}
	if (err) {
		compared->unchanged++;
		return same_entries(model, *policy) &&
		       compare_keys(model, *policy, keys, choices, compared);
	}
	compared->changed++;
	if (!compare_keys(&changed, successor, keys, choices, compared) ||
	    !compare_keys(model, *policy, keys, choices, compared)) {
		mseg_policy_free(successor);
		return false;
	}
	if (choose(choices, 4) == 0) {
		mseg_policy_free(successor);
		return same_entries(model, *policy);
	}
	mseg_policy_settle(successor);
	if (!compare_keys(model, *policy, keys, choices, compared)) {
		mseg_policy_free(*policy);
		*policy = successor;
		return false;
	}
	mseg_policy_free(*policy);
	*policy = successor;
	*model = changed;
	return same_entries(model, *policy);
}

bool compare(struct choices *choices, unsigned int keys, struct compared *compared)
{
	struct mseg_refusal refusal = { 0 };
	struct mseg_policy *policy;
	struct model model;
	bool equal = true;
	unsigned int i;
	int err;

	model_fill(&model, choices);
	err = model_build(&model, &policy, &refusal);
	if (err) {
		compared->refused++;
		return right_refusal(&model, err, &refusal);
	}
	if (reference_refuses(&model)) {
		model_print(&model);
		fprintf(stderr, "should have been refused\n");
		equal = false;
	}
	equal = equal && compare_keys(&model, policy, keys, choices, compared);
	for (i = choose(choices, CHANGES + 1); equal && i && has_room(&model); i--)
		equal = compare_change(&model, &policy, keys / 4, choices, compared);
	mseg_policy_free(policy);
	return equal;
}
