// SPDX-License-Identifier: GPL-2.0
/*
 * Every step that can fail comes before the pointer is swapped. What a trial
 * goes back to is the former generation's own object, so that going back
 * allocates nothing and cannot fail.
 */
#include "generation.h"

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "audit.h"
#include "cut.h"
#include "event.h"
#include "net.h"

/* Former generations of small changes that wait to be freed, in all namespaces. */
static atomic_t leaving = ATOMIC_INIT(0);

#define MAX_LEAVING 64

/* Allocations of a former generation that are freed in one go, which no one waits for. */
#define MAX_REMAINS 256

static struct mseg_generation *generation_bare(struct mseg_policy *policy, u32 number)
{
	struct mseg_generation *generation = kzalloc(sizeof(*generation), GFP_KERNEL_ACCOUNT);

	if (!generation)
		return NULL;
	generation->policy = policy;
	generation->number = number;
	generation->kept_from = number;
	return generation;
}

static struct mseg_generation *generation_new(struct mseg_policy *policy, u32 number)
{
	struct mseg_generation *generation = generation_bare(policy, number);

	if (!generation)
		return NULL;
	generation->hits = kvcalloc(policy->n_rules, sizeof(*generation->hits), GFP_KERNEL_ACCOUNT);
	if (policy->n_rules && !generation->hits) {
		kfree(generation);
		return NULL;
	}
	return generation;
}

static void generation_free(struct mseg_generation *generation)
{
	if (!generation)
		return;
	/* Else another one has them. */
	if (!generation->policy || mseg_policy_is_whole(generation->policy))
		kvfree(generation->hits);
	mseg_policy_free(generation->policy);
	kfree(generation);
}

static void generation_left(struct rcu_head *rcu)
{
	generation_free(container_of(rcu, struct mseg_generation, rcu));
	atomic_dec(&leaving);
}

/* Packets may still be judged by it; its successor was settled. */
static void generation_leave(struct mseg_generation *generation)
{
	if (mseg_policy_remains(generation->policy) <= MAX_REMAINS &&
	    atomic_add_unless(&leaving, 1, MAX_LEAVING)) {
		call_rcu(&generation->rcu, generation_left);
		return;
	}
	synchronize_net();
	generation_free(generation);
}

static bool rejects(const struct mseg_generation *generation)
{
	const struct mseg_policy *policy = generation->policy;
	u32 i;

	if (policy->defaults[MSEG_DIRECTION_IN] == MSEG_ACTION_REJECT ||
	    policy->defaults[MSEG_DIRECTION_OUT] == MSEG_ACTION_REJECT)
		return true;
	for (i = 0; i < policy->n_rules; i++)
		if (policy->rules[i].action == MSEG_ACTION_REJECT && !policy->rules[i].observed)
			return true;
	return false;
}

/* Whether what is in force, or may come back by itself, rejects. */
static bool must_stay_loaded(const struct mseg_net *mnet)
{
	return mnet->locked || rejects(mseg_net_generation(mnet)) ||
	       (mnet->former && rejects(mnet->former));
}

static void release_module(struct mseg_net *mnet)
{
	if (!mnet->holds_module)
		return;
	mnet->holds_module = false;
	module_put(THIS_MODULE);
}

static bool hold_module(struct mseg_net *mnet)
{
	if (!mnet->holds_module)
		mnet->holds_module = try_module_get(THIS_MODULE);
	return mnet->holds_module;
}

static void publish(struct mseg_net *mnet, struct mseg_generation *generation)
{
	mnet->last_generation = generation->number;
	rcu_assign_pointer(mnet->generation, generation);
	synchronize_net();
}

/* After a change is complete. */
static void changed(struct mseg_net *mnet)
{
	if (!must_stay_loaded(mnet))
		release_module(mnet);
	mseg_event_policy(mnet);
}

int mseg_generation_first(struct mseg_net *mnet)
{
	struct mseg_policy *policy = mseg_policy_new();
	struct mseg_generation *generation = NULL;
	struct mseg_refusal refusal;

	if (policy && !mseg_policy_compile(policy, &refusal))
		generation = generation_new(policy, mnet->last_generation + 1);
	if (!generation) {
		mseg_policy_free(policy);
		return -ENOMEM;
	}
	mnet->last_generation = generation->number;
	rcu_assign_pointer(mnet->generation, generation);
	return 0;
}

void mseg_generation_drop(struct mseg_net *mnet)
{
	struct mseg_generation *generation = mseg_net_generation(mnet);
	struct mseg_generation *candidate = mseg_net_candidate(mnet);

	RCU_INIT_POINTER(mnet->generation, NULL);
	RCU_INIT_POINTER(mnet->candidate, NULL);
	/* Those that left before; most often there are none, and namespaces go by thousands. */
	if (atomic_read(&leaving))
		rcu_barrier();
	/* Before the one that it may have been made of. */
	generation_free(generation);
	generation_free(candidate);
	generation_free(mnet->former);
	mnet->former = NULL;
	release_module(mnet);
}

static void begin_trial(struct mseg_net *mnet, struct mseg_generation *former, u32 seconds)
{
	mnet->former = former;
	mnet->trial_end = jiffies + seconds * HZ;
	mod_delayed_work(system_wq, &mnet->trial, seconds * HZ);
}

static int may_change(const struct mseg_net *mnet)
{
	if (mnet->locked)
		return -EPERM;
	return mnet->former ? -EBUSY : 0;
}

static void keep(struct mseg_generation *generation, const struct mseg_generation *former)
{
	generation->kept_from = former->kept_from;
	generation->failed = former->failed;
}

int mseg_generation_commit(struct mseg_net *mnet, struct mseg_policy *policy, u8 existing,
			   u32 confirm_within)
{
	struct mseg_generation *former = mseg_net_generation(mnet);
	struct mseg_generation *generation;
	u32 *match;
	int err = may_change(mnet);

	if (err)
		return err;
	match = mseg_hits_match(former->policy, policy);
	if (!match)
		return -ENOMEM;
	generation = generation_new(policy, mnet->last_generation + 1);
	if (!generation) {
		err = -ENOMEM;
		goto out;
	}
	if (rejects(generation) && !hold_module(mnet)) {
		generation->policy = NULL;
		generation_free(generation);
		err = -ESHUTDOWN;
		goto out;
	}
	if (existing == MSEG_EXISTING_KEEP)
		keep(generation, former);
	publish(mnet, generation);
	mseg_hits_carry(generation->hits, policy->n_rules, former->hits, match);
	if (confirm_within)
		begin_trial(mnet, former, confirm_within);
	else
		generation_free(former);
	if (existing == MSEG_EXISTING_RESET)
		mseg_cut_rejected(mnet);
	changed(mnet);
out:
	kvfree(match);
	return err;
}

/* If the generation in force was made by a change, it is on its own from now on. */
static void settle(struct mseg_net *mnet)
{
	struct mseg_policy *policy = mseg_net_generation(mnet)->policy;

	if (!mseg_policy_is_whole(policy))
		mseg_policy_settle(policy);
}

/* Packets are judged by the one or the other until those under way are through. */
static void put_in_place(struct mseg_net *mnet, struct mseg_generation *former,
			 struct mseg_generation *generation)
{
	mnet->last_generation = generation->number;
	rcu_assign_pointer(mnet->generation, generation);
	settle(mnet);
	generation_leave(former);
}

int mseg_generation_change(struct mseg_net *mnet, u32 network, const struct mseg_delta *deltas,
			   u32 n, u8 existing, u32 confirm_within, struct mseg_refusal *refusal)
{
	struct mseg_generation *former = mseg_net_generation(mnet), *generation;
	struct mseg_policy *policy;
	int err = may_change(mnet);

	*refusal = (struct mseg_refusal){ mseg_generation_refusal(err), MSEG_ID_NONE, MSEG_ID_NONE };
	if (!err)
		err = mseg_policy_change(former->policy, network, deltas, n, &policy, refusal);
	if (err == -E2BIG)
		mseg_stat(mnet->stats, changes_too_large);
	if (err)
		return err;
	generation = generation_bare(policy, mnet->last_generation + 1);
	if (!generation) {
		mseg_policy_free(policy);
		refusal->why = "out of memory";
		return -ENOMEM;
	}
	generation->hits = former->hits;
	if (existing == MSEG_EXISTING_KEEP)
		keep(generation, former);
	if (confirm_within) {
		publish(mnet, generation);
		begin_trial(mnet, former, confirm_within);
	} else {
		put_in_place(mnet, former, generation);
	}
	if (existing == MSEG_EXISTING_RESET) {
		synchronize_net();
		mseg_cut_rejected(mnet);
	}
	mseg_stat(mnet->stats, changes);
	/* It rejects if the former one did, which holds the module. */
	mseg_event_policy(mnet);
	return 0;
}

int mseg_generation_confirm(struct mseg_net *mnet, u32 number)
{
	if (!mnet->former)
		return -ESRCH;
	if (mseg_net_generation(mnet)->number != number)
		return -ESTALE;
	cancel_delayed_work(&mnet->trial);
	settle(mnet);
	generation_free(mnet->former);
	mnet->former = NULL;
	changed(mnet);
	return 0;
}

int mseg_generation_revert(struct mseg_net *mnet)
{
	struct mseg_generation *failed = mseg_net_generation(mnet);
	struct mseg_generation *former = mnet->former;

	if (!former)
		return -ESRCH;
	cancel_delayed_work(&mnet->trial);
	mnet->former = NULL;
	/* No packet reads it since the commit: it may take a new number. */
	former->number = mnet->last_generation + 1;
	/* What it judged or kept before stands; of two failed trials one is named. */
	if (former->failed)
		former->kept_from = former->number;
	former->failed = failed->number;
	publish(mnet, former);
	generation_free(failed);
	changed(mnet);
	return 0;
}

/* Judges beside the generation in force from now on, instead of the one before. */
static void stand_beside(struct mseg_net *mnet, struct mseg_generation *candidate)
{
	struct mseg_generation *before = mseg_net_candidate(mnet);

	rcu_assign_pointer(mnet->candidate, candidate);
	if (before)
		synchronize_net();
	generation_free(before);
	mseg_event_policy(mnet);
}

int mseg_generation_propose(struct mseg_net *mnet, struct mseg_policy *policy)
{
	struct mseg_generation *candidate;

	if (mnet->locked)
		return -EPERM;
	candidate = generation_new(policy, mnet->last_generation + 1);
	if (!candidate)
		return -ENOMEM;
	mnet->last_generation = candidate->number;
	stand_beside(mnet, candidate);
	return 0;
}

int mseg_generation_withdraw(struct mseg_net *mnet)
{
	if (mnet->locked)
		return -EPERM;
	if (!mseg_net_candidate(mnet))
		return -ESRCH;
	stand_beside(mnet, NULL);
	return 0;
}

int mseg_generation_lock(struct mseg_net *mnet)
{
	if (mnet->locked)
		return -EALREADY;
	if (mnet->former)
		return -EBUSY;
	if (!hold_module(mnet))
		return -ESHUTDOWN;
	WRITE_ONCE(mnet->locked, true);
	return 0;
}

u32 mseg_generation_left(const struct mseg_net *mnet)
{
	long left = mnet->trial_end - jiffies;

	if (!mnet->former)
		return 0;
	return left > 0 ? DIV_ROUND_UP(left, HZ) : 1;
}

const char *mseg_generation_refusal(int err)
{
	switch (err) {
	case -EPERM:
		return "locked until the machine starts anew";
	case -EBUSY:
		return "the policy in force awaits confirmation: confirm it or go back first";
	case -ESHUTDOWN:
		return "the module is being unloaded";
	}
	return "out of memory";
}

static void trial_over(struct work_struct *work)
{
	struct mseg_net *mnet = container_of(to_delayed_work(work), struct mseg_net, trial);
	u32 failed = 0, after = 0;

	mutex_lock(&mnet->lock);
	/* A confirmation, or a later trial, may have been faster. */
	if (mnet->former && time_after_eq(jiffies, mnet->trial_end)) {
		failed = mseg_net_generation(mnet)->number;
		mseg_generation_revert(mnet);
		after = mnet->last_generation;
	}
	mutex_unlock(&mnet->lock);
	if (failed)
		mseg_audit("expire", mnet->net, failed, after, 0);
}

void mseg_generation_setup(struct mseg_net *mnet)
{
	INIT_DELAYED_WORK(&mnet->trial, trial_over);
}

void mseg_generation_teardown(struct mseg_net *mnet)
{
	cancel_delayed_work_sync(&mnet->trial);
}
