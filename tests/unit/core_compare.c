// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparing the core with the reference. */
#include "core_compare.h"
#include "core_reference.h"

#include <errno.h>
#include <stdio.h>

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

bool compare(struct choices *choices, unsigned int keys, struct compared *compared)
{
	struct mseg_refusal refusal = { 0 };
	struct mseg_policy *policy;
	struct mseg_key key;
	struct model model;
	bool equal = true;
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
	while (equal && keys--) {
		model_key(&model, &key, choices);
		equal = compare_key(&model, policy, &key, compared);
	}
	mseg_policy_free(policy);
	return equal;
}
