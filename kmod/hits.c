// SPDX-License-Identifier: GPL-2.0
/* A rule that a new policy has as well goes on counting. */
#include "hits.h"

#include <linux/bsearch.h>
#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/string.h>

struct place {
	u64 cookie;
	u32 index;
};

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->cookie < y->cookie ? -1 : x->cookie > y->cookie;
}

/* By cookie; of several with one cookie it is left open which is found. */
static struct place *places_of(const struct mseg_policy *policy)
{
	struct place *places = kvmalloc_array(policy->n_rules + 1, sizeof(*places), GFP_KERNEL);
	u32 i;

	if (!places)
		return NULL;
	for (i = 0; i < policy->n_rules; i++)
		places[i] = (struct place){ policy->rules[i].cookie, i };
	sort(places, policy->n_rules, sizeof(*places), compare, NULL);
	return places;
}

static bool is_same(const struct mseg_rule *a, const struct mseg_rule *b)
{
	return a->direction == b->direction && a->action == b->action &&
	       a->observed == b->observed && !strcmp(a->name, b->name);
}

u32 *mseg_hits_match(const struct mseg_policy *former, const struct mseg_policy *next)
{
	u32 *match = kvmalloc_array(next->n_rules + 1, sizeof(*match), GFP_KERNEL);
	struct place *places = places_of(former), *found;
	u32 i;

	if (!match || !places) {
		kvfree(places);
		kvfree(match);
		return NULL;
	}
	for (i = 0; i < next->n_rules; i++) {
		const struct place wanted = { next->rules[i].cookie };

		found = bsearch(&wanted, places, former->n_rules, sizeof(*places), compare);
		match[i] = found && is_same(&former->rules[found->index], &next->rules[i]) ?
				   found->index :
				   MSEG_ID_NONE;
	}
	kvfree(places);
	return match;
}

void mseg_hits_carry(struct mseg_hits *to, u32 n, const struct mseg_hits *from, const u32 *match)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (match[i] == MSEG_ID_NONE)
			continue;
		atomic64_add(atomic64_read(&from[match[i]].count), &to[i].count);
		/* Whoever counted meanwhile knows better. */
		cmpxchg(&to[i].last, 0, from[match[i]].last);
	}
}
