/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What would have been decided by what does not decide: the rules under
 * observation of the policy in force, and the candidate policy beside it.
 */
#ifndef MSEG_OPINION_H
#define MSEG_OPINION_H

#include "net.h"

/** Keys that are asked about at once. */
#define MSEG_OPINION_KEYS 2

/**
 * mseg_opinion_wanted() - whether there is anything to ask
 * @mnet: attached
 * @generation: in force
 *
 * Under RCU.
 *
 * Return: true where a rule is under observation, or a candidate is there.
 */
static inline bool mseg_opinion_wanted(const struct mseg_net *mnet,
				       const struct mseg_generation *generation)
{
	return rcu_access_pointer(mnet->candidate) || mseg_policy_observes(generation->policy);
}

/**
 * mseg_opinion_ask() - what they would have decided
 * @mnet: attached
 * @generation: in force
 * @keys: what is judged, of one peer; of several, one Allow is enough
 * @n: how many keys, 1 to MSEG_OPINION_KEYS
 * @opinions: filled
 *
 * Under RCU. Counts as a hit of the rules that would have decided.
 */
void mseg_opinion_ask(struct mseg_net *mnet, const struct mseg_generation *generation,
		      const struct mseg_key *keys, unsigned int n, struct mseg_opinions *opinions);

#endif /* MSEG_OPINION_H */
