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

static struct mseg_generation *generation_new(struct mseg_policy *policy, u32 number)
{
	struct mseg_generation *generation;

	generation = kzalloc(sizeof(*generation), GFP_KERNEL_ACCOUNT);
	if (!generation)
		return NULL;
	generation->hits = kvcalloc(policy->n_rules, sizeof(*generation->hits), GFP_KERNEL_ACCOUNT);
	if (policy->n_rules && !generation->hits) {
		kfree(generation);
		return NULL;
	}
	generation->policy = policy;
	generation->number = number;
	generation->kept_from = number;
	return generation;
}

static void generation_free(struct mseg_generation *generation)
{
	if (!generation)
		return;
	mseg_policy_free(generation->policy);
	kvfree(generation->hits);
	kfree(generation);
}

static bool rejects(const struct mseg_generation *generation)
{
	const u8 *defaults = generation->policy->defaults;

	return defaults[MSEG_DIRECTION_IN] == MSEG_ACTION_REJECT ||
	       defaults[MSEG_DIRECTION_OUT] == MSEG_ACTION_REJECT;
}

/* The module's reference to itself follows what is in force. */
static void hold_module(struct mseg_net *mnet, bool hold)
{
	if (hold && !mnet->holds_module)
		__module_get(THIS_MODULE);
	if (!hold && mnet->holds_module)
		module_put(THIS_MODULE);
	mnet->holds_module = hold;
}

static void publish(struct mseg_net *mnet, struct mseg_generation *generation)
{
	rcu_assign_pointer(mnet->generation, generation);
	synchronize_net();
	hold_module(mnet, rejects(generation));
	mseg_event_policy(mnet);
}

int mseg_generation_first(struct mseg_net *mnet)
{
	struct mseg_policy *policy = mseg_policy_new();
	struct mseg_generation *generation = NULL;
	struct mseg_refusal refusal;

	if (policy && !mseg_policy_compile(policy, &refusal))
		generation = generation_new(policy, 1);
	if (!generation) {
		mseg_policy_free(policy);
		return -ENOMEM;
	}
	rcu_assign_pointer(mnet->generation, generation);
	return 0;
}

void mseg_generation_drop(struct mseg_net *mnet)
{
	struct mseg_generation *generation = mseg_net_generation(mnet);

	RCU_INIT_POINTER(mnet->generation, NULL);
	generation_free(generation);
	generation_free(mnet->former);
	mnet->former = NULL;
	hold_module(mnet, false);
}

int mseg_generation_commit(struct mseg_net *mnet, struct mseg_policy *policy, u8 existing,
			   u32 confirm_within)
{
	struct mseg_generation *former = mseg_net_generation(mnet);
	struct mseg_generation *generation;

	if (mnet->former)
		return -EBUSY;
	generation = generation_new(policy, former->number + 1);
	if (!generation)
		return -ENOMEM;
	if (existing == MSEG_EXISTING_KEEP)
		generation->kept_from = former->kept_from;
	publish(mnet, generation);
	if (existing == MSEG_EXISTING_RESET)
		mseg_cut_start(mnet);
	if (!confirm_within) {
		generation_free(former);
		return 0;
	}
	mnet->former = former;
	mnet->trial_end = jiffies + confirm_within * HZ;
	mod_delayed_work(system_wq, &mnet->trial, confirm_within * HZ);
	return 0;
}

int mseg_generation_confirm(struct mseg_net *mnet, u32 number)
{
	if (!mnet->former)
		return -ENOENT;
	if (mseg_net_generation(mnet)->number != number)
		return -ESTALE;
	cancel_delayed_work(&mnet->trial);
	generation_free(mnet->former);
	mnet->former = NULL;
	return 0;
}

int mseg_generation_revert(struct mseg_net *mnet)
{
	struct mseg_generation *failed = mseg_net_generation(mnet);
	struct mseg_generation *former = mnet->former;

	if (!former)
		return -ENOENT;
	cancel_delayed_work(&mnet->trial);
	mnet->former = NULL;
	/* No packet reads it since the commit: it may take a new number. */
	former->number = failed->number + 1;
	former->kept_from = former->number;
	publish(mnet, former);
	generation_free(failed);
	return 0;
}

u32 mseg_generation_left(const struct mseg_net *mnet)
{
	long left = mnet->trial_end - jiffies;

	if (!mnet->former)
		return 0;
	return left > 0 ? DIV_ROUND_UP(left, HZ) : 1;
}

static void trial_over(struct work_struct *work)
{
	struct mseg_net *mnet = container_of(to_delayed_work(work), struct mseg_net, trial);
	u32 failed;

	mutex_lock(&mnet->lock);
	/* A confirmation, or a later trial, may have been faster. */
	if (mnet->former && time_after_eq(jiffies, mnet->trial_end)) {
		failed = mseg_net_generation(mnet)->number;
		mseg_generation_revert(mnet);
		mseg_audit("expire", failed, failed + 1, 0);
	}
	mutex_unlock(&mnet->lock);
}

void mseg_generation_setup(struct mseg_net *mnet)
{
	INIT_DELAYED_WORK(&mnet->trial, trial_over);
}

void mseg_generation_teardown(struct mseg_net *mnet)
{
	cancel_delayed_work_sync(&mnet->trial);
}
