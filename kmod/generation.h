/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generations: putting a policy in force, and going back to the former one when
 * nobody confirms it in time.
 *
 * A commit on trial keeps the former policy. Unless the new generation is
 * confirmed by its number before the time is over, the kernel itself puts the
 * former policy in force again, whatever happened to user space.
 *
 * A candidate stands beside the generation in force: connections are judged by
 * both, and it decides nothing.
 *
 * While anything rejects, the module holds itself loaded, so that no rmmod
 * opens the host; detaching is the explicit way out. A locked namespace has none.
 */
#ifndef MSEG_GENERATION_H
#define MSEG_GENERATION_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/rcupdate.h>

#include <mseg/core.h>

#include "hits.h"

struct mseg_net;

/**
 * struct mseg_generation - a policy in force
 * @number: counts up by one with every change, also over detaching
 * @kept_from: connections allowed by this generation or a later one keep that
 *	verdict; @number itself unless existing connections are kept
 * @failed: a trial that this generation came back from; its verdicts do not
 *	stand; 0 for none
 * @policy: compiled, never changes
 * @hits: by rule; a generation and what a change made of it have them in common
 * @rcu: to be freed
 */
struct mseg_generation {
	u32 number;
	u32 kept_from;
	u32 failed;
	struct mseg_policy *policy;
	struct mseg_hits *hits;
	struct rcu_head rcu;
};

/**
 * mseg_generation_hit() - count that a rule decided
 * @generation: its generation
 * @rule: index, or MSEG_ID_NONE, which counts nothing
 *
 * Any context.
 */
static inline void mseg_generation_hit(const struct mseg_generation *generation, u32 rule)
{
	if (rule == MSEG_ID_NONE)
		return;
	atomic64_inc(&generation->hits[rule].count);
	WRITE_ONCE(generation->hits[rule].last, ktime_get_coarse_real_ns());
}

/**
 * mseg_generation_refusal() - why a change was refused
 * @err: -EPERM, -EBUSY, -ESHUTDOWN or -ENOMEM
 *
 * Return: a sentence, in memory that never goes.
 */
const char *mseg_generation_refusal(int err);

/** mseg_generation_setup() - once for a namespace, before all else. */
void mseg_generation_setup(struct mseg_net *mnet);

/** mseg_generation_teardown() - once, detached and without the lock; sleeps. */
void mseg_generation_teardown(struct mseg_net *mnet);

/**
 * mseg_generation_first() - put discovery mode in force
 * @mnet: its lock is held, no packet is judged yet
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int mseg_generation_first(struct mseg_net *mnet);

/**
 * mseg_generation_drop() - free what is in force and what it may go back to
 * @mnet: its lock is held, no packet is judged any more
 */
void mseg_generation_drop(struct mseg_net *mnet);

/**
 * mseg_generation_commit() - put a policy in force
 * @mnet: attached, its lock held
 * @policy: compiled; belongs to the namespace afterwards, unless this fails
 * @existing: enum mseg_existing, what happens to connections
 * @confirm_within: seconds until the former policy comes back unless the new
 *	generation is confirmed; 0 for a commit that needs none
 *
 * May sleep. After it returns no packet is judged by the former policy.
 *
 * Return: 0, -EPERM (locked), -EBUSY (another awaits confirmation), -ESHUTDOWN (the module is
 * leaving, and the policy would hold it) or -ENOMEM; then nothing has changed.
 */
int mseg_generation_commit(struct mseg_net *mnet, struct mseg_policy *policy, u8 existing,
			   u32 confirm_within);

/**
 * mseg_generation_change() - put other entries of a network in force
 * @mnet: attached, its lock held
 * @network: index
 * @deltas: as mseg_policy_change() takes them
 * @n: how many
 * @existing: as for mseg_generation_commit()
 * @confirm_within: as for mseg_generation_commit()
 * @refusal: filled on error
 *
 * May sleep. Without @confirm_within and unless connections are reset, it does not wait
 * for packets that are being judged: what the former generation allows one of those is
 * stale, and judged again with the next.
 *
 * Return: 0, -EPERM or -EBUSY as mseg_generation_commit(), or as mseg_policy_change();
 * then nothing has changed.
 */
int mseg_generation_change(struct mseg_net *mnet, u32 network, const struct mseg_delta *deltas,
			   u32 n, u8 existing, u32 confirm_within, struct mseg_refusal *refusal);

/**
 * mseg_generation_confirm() - keep the generation that is on trial
 * @mnet: attached, its lock held
 * @number: of the generation that is meant
 *
 * Return: 0, -ESRCH (none awaits confirmation) or -ESTALE (another does).
 */
int mseg_generation_confirm(struct mseg_net *mnet, u32 number);

/**
 * mseg_generation_revert() - go back to the former policy at once
 * @mnet: attached, its lock held
 *
 * May sleep. The former policy comes into force as a generation of its own.
 *
 * Return: 0 or -ESRCH (none is on trial).
 */
int mseg_generation_revert(struct mseg_net *mnet);

/**
 * mseg_generation_left() - time left for confirmation
 * @mnet: attached, its lock held
 *
 * Return: seconds, rounded up, or 0 where nothing awaits confirmation.
 */
u32 mseg_generation_left(const struct mseg_net *mnet);

/**
 * mseg_generation_propose() - put a policy beside the one in force
 * @mnet: attached, its lock held
 * @policy: compiled; belongs to the namespace afterwards, unless this fails
 *
 * May sleep. Takes the place of a former candidate.
 *
 * Return: 0, -EPERM (locked) or -ENOMEM; then nothing has changed.
 */
int mseg_generation_propose(struct mseg_net *mnet, struct mseg_policy *policy);

/**
 * mseg_generation_withdraw() - forget the candidate
 * @mnet: attached, its lock held
 *
 * May sleep.
 *
 * Return: 0, -EPERM (locked) or -ESRCH (there is none).
 */
int mseg_generation_withdraw(struct mseg_net *mnet);

/**
 * mseg_generation_lock() - take no change any more, as long as the namespace lives
 * @mnet: attached, its lock held
 *
 * Return: 0, -EALREADY, -EBUSY (a policy awaits confirmation) or -ESHUTDOWN (the
 * module is leaving).
 */
int mseg_generation_lock(struct mseg_net *mnet);

#endif /* MSEG_GENERATION_H */
