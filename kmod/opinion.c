// SPDX-License-Identifier: GPL-2.0
/* Asking rules under observation, and the candidate policy. */
#include "opinion.h"

#include <linux/mseg.h>

#include "learned.h"

static u8 opinion_of(const struct mseg_verdict *verdict)
{
	return verdict->action == MSEG_ACTION_ALLOW ? MSEG_OPINION_ALLOW : MSEG_OPINION_REJECT;
}

static void ask_observed(const struct mseg_generation *generation, const struct mseg_key *keys,
			 unsigned int n, struct mseg_opinions *opinions)
{
	const struct mseg_policy *policy = generation->policy;
	struct mseg_verdict verdict;
	unsigned int i;

	if (!mseg_policy_observes(policy))
		return;
	for (i = 0; i < n && opinions->observed != MSEG_OPINION_ALLOW; i++) {
		verdict = mseg_observe(policy, &keys[i]);
		if (verdict.rule == MSEG_ID_NONE)
			continue;
		opinions->observed = opinion_of(&verdict);
		opinions->observed_rule = verdict.rule;
		opinions->observed_cookie = policy->rules[verdict.rule].cookie;
	}
	if (opinions->observed != MSEG_OPINION_NONE)
		mseg_generation_hit(generation, opinions->observed_rule);
}

static void ask_candidate(const struct mseg_generation *candidate, const struct mseg_key *keys,
			  unsigned int n, struct mseg_opinions *opinions)
{
	struct mseg_verdict verdict;
	unsigned int i;

	if (!candidate)
		return;
	for (i = 0; i < n && opinions->candidate != MSEG_OPINION_ALLOW; i++) {
		verdict = mseg_classify(candidate->policy, &keys[i]);
		opinions->candidate = opinion_of(&verdict);
		opinions->candidate_rule = verdict.rule;
	}
	opinions->candidate_generation = candidate->number;
	mseg_generation_hit(candidate, opinions->candidate_rule);
}

static void ask(struct mseg_net *mnet, const struct mseg_generation *generation,
		const struct mseg_key *keys, unsigned int n, struct mseg_opinions *opinions)
{
	*opinions = MSEG_NO_OPINIONS;
	ask_observed(generation, keys, n, opinions);
	ask_candidate(rcu_dereference(mnet->candidate), keys, n, opinions);
}

/* A function of its own, for the names are many. */
static noinline void ask_by_name(struct mseg_net *mnet, const struct mseg_generation *generation,
				 const struct mseg_key *keys, unsigned int n,
				 struct mseg_opinions *opinions)
{
	struct mseg_key named[MSEG_OPINION_KEYS];
	struct mseg_names names;
	unsigned int i;

	mseg_learned_find(mnet->learned, keys->family, keys->peer, &names);
	for (i = 0; i < n; i++) {
		named[i] = keys[i];
		named[i].names = &names;
	}
	ask(mnet, generation, named, n, opinions);
}

void mseg_opinion_ask(struct mseg_net *mnet, const struct mseg_generation *generation,
		      const struct mseg_key *keys, unsigned int n, struct mseg_opinions *opinions)
{
	if (mseg_learned_any(mnet->learned))
		ask_by_name(mnet, generation, keys, n, opinions);
	else
		ask(mnet, generation, keys, n, opinions);
}
