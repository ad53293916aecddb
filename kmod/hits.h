/* SPDX-License-Identifier: GPL-2.0 */
/* How often rules decided, over the policies that have them. */
#ifndef MSEG_HITS_H
#define MSEG_HITS_H

#include <linux/atomic.h>
#include <linux/types.h>

#include <mseg/core.h>

/**
 * struct mseg_hits - how often a rule decided, or would have
 * @count: connections, since a policy with the rule came into force
 * @last: nanoseconds since 1970, 0 for never
 */
struct mseg_hits {
	atomic64_t count;
	u64 last;
};

/**
 * mseg_hits_match() - find the rules that a policy has from the one before
 * @former: the policy before
 * @next: the policy
 *
 * A rule is the same where cookie, name, direction, action and observation are; its
 * networks and services may be others. May sleep.
 *
 * Return: for each rule of @next the index of the same in @former or MSEG_ID_NONE, to be
 * freed with kvfree(); or NULL without memory.
 */
u32 *mseg_hits_match(const struct mseg_policy *former, const struct mseg_policy *next);

/**
 * mseg_hits_carry() - let rules go on counting where they were
 * @to: of the policy in force, by rule; packets may count meanwhile
 * @n: how many
 * @from: of the policy before, which nobody counts in any more
 * @match: of mseg_hits_match()
 */
void mseg_hits_carry(struct mseg_hits *to, u32 n, const struct mseg_hits *from, const u32 *match);

#endif /* MSEG_HITS_H */
