// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A successor is a copy of its policy's outermost structure, with maps whose nodes
 * were copied where the change is and are shared everywhere else. The lists of
 * entries, which no look-up reads, are changed in place; going back undoes that
 * from the last to the first, and allocates nothing.
 */
#include "change.h"
#include "classes.h"
#include "entries.h"
#include "refusal.h"
#include "rows.h"
#include "segments.h"

struct mseg_change {
	struct mseg_policy *from;
	u32 network;
	u32 n_done;
	bool settled;
	struct mseg_map_change maps[2];
	struct mseg_delta done[];
};

static bool holds(const struct mseg_prefix *outer, const struct mseg_prefix *inner)
{
	u32 whole = outer->len / 8, rest = outer->len % 8;

	if (outer->family != inner->family || outer->len >= inner->len ||
	    memcmp(outer->addr, inner->addr, whole))
		return false;
	return !rest || !((outer->addr[whole] ^ inner->addr[whole]) >> (8 - rest));
}

static int state_by(const struct mseg_prefix *entry)
{
	if (!entry)
		return MSEG_NOT_COVERED;
	return entry->len | (entry->exclude ? MSEG_EXCLUDED : 0);
}

static int follow(struct mseg_policy *policy, u32 network, const struct mseg_delta *delta,
		  const struct mseg_prefix *decides, struct mseg_refusal *refusal)
{
	u32 family = delta->prefix.family == MSEG_FAMILY_IPV6;
	const struct mseg_move move = {
		.network = network,
		.prefix = &delta->prefix,
		.removed = delta->remove,
		.state = state_by(decides),
	};

	if (!mseg_rows_used(&policy->networks[network]))
		return 0;
	return mseg_classes_move(policy->classes[family], &policy->change->maps[family], &move,
				 refusal);
}

/* The list has it; let the addresses follow. */
static int done(struct mseg_policy *policy, const struct mseg_delta *delta,
		const struct mseg_prefix *decides, struct mseg_refusal *refusal)
{
	struct mseg_change *change = policy->change;

	change->done[change->n_done++] = *delta;
	return follow(policy, change->network, delta, decides, refusal);
}

static int add(struct mseg_policy *policy, const struct mseg_delta *delta,
	       struct mseg_refusal *refusal)
{
	const struct mseg_prefix *prefix = &delta->prefix, *there;
	u32 network = policy->change->network;
	int err;

	there = mseg_entries_find(policy, network, prefix);
	if (there && there->exclude != prefix->exclude)
		return mseg_refuse(refusal, -EINVAL, "the prefix is both included and excluded");
	if (there)
		return mseg_refuse(refusal, -EEXIST, "the network has this entry");
	/* Exclusions lie in entries themselves. */
	if (prefix->exclude && !mseg_entries_around(policy, network, prefix))
		return mseg_refuse(refusal, -EINVAL,
				   "the exclusion lies inside no entry of its network");
	if (mseg_entries_full(policy))
		return mseg_refuse(refusal, -E2BIG, "too many additions: load the whole policy");
	err = mseg_network_add(policy, network, prefix, 1, refusal);
	if (err)
		return err;
	mseg_entries_added(policy, network);
	return done(policy, delta, prefix, refusal);
}

/* Whether an exclusion would be left that lies in no other entry. */
static bool leaves_exclusion(const struct mseg_policy *policy, u32 network,
			     const struct mseg_prefix *prefix)
{
	const struct mseg_network *of = &policy->networks[network];
	const struct mseg_prefix *around, *entry;
	u32 i;

	if (!of->n_exclusions || mseg_entries_around(policy, network, prefix))
		return false;
	for (i = 0; i < of->n_prefixes; i++) {
		entry = &of->prefixes[i];
		if (i % 1024 == 1023)
			mseg_breathe();
		if (!entry->exclude || !holds(prefix, entry))
			continue;
		around = mseg_entries_around(policy, network, entry);
		if (!around || around->len <= prefix->len)
			return true;
	}
	return false;
}

static int take_out(struct mseg_policy *policy, const struct mseg_delta *delta,
		    struct mseg_refusal *refusal)
{
	const struct mseg_prefix *prefix = &delta->prefix, *there;
	u32 network = policy->change->network;

	there = mseg_entries_find(policy, network, prefix);
	if (!there || there->exclude != prefix->exclude)
		return mseg_refuse(refusal, -ENOENT, "the network has no such entry");
	if (!prefix->exclude && leaves_exclusion(policy, network, prefix))
		return mseg_refuse(refusal, -EINVAL,
				   "an exclusion would lie inside no entry of its network");
	mseg_entries_remove(policy, network, prefix);
	return done(policy, delta, mseg_entries_around(policy, network, prefix), refusal);
}

/* From the last to the first. The lists have room for what was in them before. */
static void undo(struct mseg_policy *policy)
{
	struct mseg_change *change = policy->change;
	struct mseg_network *network = &policy->networks[change->network];
	const struct mseg_delta *delta;

	while (change->n_done) {
		delta = &change->done[--change->n_done];
		if (delta->remove) {
			network->prefixes[network->n_prefixes++] = delta->prefix;
			network->n_exclusions += delta->prefix.exclude;
			mseg_entries_added(policy, change->network);
		} else {
			mseg_entries_remove(policy, change->network, &delta->prefix);
		}
	}
}

/* In this order no step is refused unless the whole must be. */
static int do_all(struct mseg_policy *policy, const struct mseg_delta *deltas, u32 n,
		  struct mseg_refusal *refusal)
{
	static const struct {
		bool remove;
		bool exclude;
	} passes[] = { { true, true }, { false, false }, { true, false }, { false, true } };
	struct mseg_delta delta;
	u32 i, pass;
	int err;

	for (pass = 0; pass < 4; pass++) {
		for (i = 0; i < n; i++) {
			delta = deltas[i];
			delta.prefix.exclude = !!delta.prefix.exclude;
			if (!delta.remove != !passes[pass].remove ||
			    delta.prefix.exclude != passes[pass].exclude)
				continue;
			err = delta.remove ? take_out(policy, &delta, refusal) :
					     add(policy, &delta, refusal);
			if (err) {
				refusal->network = policy->change->network;
				refusal->entry = i;
				return err;
			}
		}
	}
	return 0;
}

/* A copy of the outermost structures; NULL without memory. */
static struct mseg_policy *copy_of(const struct mseg_policy *policy)
{
	struct mseg_policy *copy = mseg_alloc(1, sizeof(*copy));
	u32 i;

	if (!copy)
		return NULL;
	*copy = *policy;
	for (i = 0; i < 2; i++)
		copy->classes[i] = mseg_alloc(1, sizeof(*copy->classes[i]));
	if (!copy->classes[0] || !copy->classes[1]) {
		mseg_free(copy->classes[0]);
		mseg_free(copy->classes[1]);
		mseg_free(copy);
		return NULL;
	}
	for (i = 0; i < 2; i++)
		*copy->classes[i] = *policy->classes[i];
	return copy;
}

static int check(const struct mseg_policy *policy, u32 network, const struct mseg_delta *deltas,
		 u32 n, struct mseg_refusal *refusal)
{
	u32 i;
	int err;

	if (network >= policy->n_networks)
		return mseg_refuse(refusal, -ENOENT, "there is no such network");
	for (i = 0; i < n; i++) {
		err = mseg_prefix_check(&deltas[i].prefix, refusal);
		if (err) {
			refusal->network = network;
			refusal->entry = i;
			return err;
		}
	}
	if (!policy->networks[network].repeats)
		return 0;
	mseg_refuse(refusal, -EINVAL, "the network lists an entry twice: load the whole policy");
	refusal->network = network;
	return -EINVAL;
}

int mseg_policy_change(struct mseg_policy *policy, __u32 network, const struct mseg_delta *deltas,
		       __u32 n, struct mseg_policy **successor, struct mseg_refusal *refusal)
{
	struct mseg_change *change;
	struct mseg_policy *next;
	int err = check(policy, network, deltas, n, refusal);

	*successor = NULL;
	if (err)
		return err;
	next = copy_of(policy);
	if (!next)
		return mseg_refuse_no_memory(refusal);
	change = mseg_alloc(1, struct_size(change, done, n));
	if (!change) {
		mseg_free(next->classes[0]);
		mseg_free(next->classes[1]);
		mseg_free(next);
		return mseg_refuse_no_memory(refusal);
	}
	change->from = policy;
	change->network = network;
	next->change = change;
	err = do_all(next, deltas, n, refusal);
	if (err)
		mseg_policy_free(next);
	else
		*successor = next;
	return err;
}

void mseg_policy_settle(struct mseg_policy *successor)
{
	struct mseg_change *change = successor->change;

	successor->change = NULL;
	change->settled = true;
	change->from->change = change;
}

__u32 mseg_policy_remains(const struct mseg_policy *policy)
{
	return policy->change->maps[0].retired.n + policy->change->maps[1].retired.n;
}

void mseg_change_free(struct mseg_policy *policy)
{
	struct mseg_change *change = policy->change;
	u32 i;

	if (!change->settled)
		undo(policy);
	for (i = 0; i < 2; i++) {
		/* The other policy has the rest. */
		if (change->settled)
			change->maps[i].fresh.n = 0;
		else
			change->maps[i].retired.n = 0;
		mseg_nodes_free(&change->maps[i].fresh);
		mseg_nodes_free(&change->maps[i].retired);
		mseg_free(policy->classes[i]);
	}
	mseg_free(change);
	mseg_free(policy);
}
