/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module keeps for a network namespace. Until the host's root attaches
 * a namespace it costs this structure alone: no hook, no cache.
 */
#ifndef MSEG_NET_H
#define MSEG_NET_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/notifier.h>
#include <linux/ratelimit.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "conn.h"
#include "flow.h"
#include "generation.h"
#include "stats.h"
#include "subscriber.h"

struct mseg_dns;
struct mseg_outbox;
struct mseg_learned;

/* LOCAL_IN and LOCAL_OUT of both families. */
#define MSEG_NET_HOOKS 4

/**
 * struct mseg_net - a network namespace
 * @net: itself
 * @generation: in force
 * @conns: connection cache
 * @stats: counters
 * @lock: serialises attaching, detaching, commands and changes of policy
 * @attached: policed; @generation, @conns, @stats and the members from @candidate on
 *	are there
 * @times_attached: how often it was
 * @txns: transactions, with @n_txns
 * @txns_lock: guards the links of @txns, for who cannot wait for @lock
 * @orphans: throws away transactions whose port was closed
 * @n_txns: how many
 * @last_txn: identifier of the last one
 * @subscribers: who wants flow records
 * @dns_subscribers: who wants DNS records
 * @head_subscribers: who wants what connections send first
 * @last_generation: number of the last one, kept over detaching
 * @candidate: judges beside @generation and decides nothing, or NULL
 * @former: what an unconfirmed generation goes back to, or NULL
 * @trial: goes back
 * @trial_end: when, in jiffies
 * @holds_module: something rejects, or it is locked, so the module stays loaded
 * @locked: nothing may be changed any more
 * @queries: to groups, whose answers are waited for
 * @flows: flow records on their way
 * @learned: addresses by name
 * @dns: what is seen of DNS
 * @heads: what connections send first, on its way
 * @hooks: of its own, whose argument is the namespace
 * @answers: rate limit of resets and ICMP errors
 * @forward: enum mseg_mode, what is done about what is forwarded
 * @raw: enum mseg_mode, what is done about what packet sockets send
 * @raw_notifier: keeps a hook on every device
 * @raw_devices: that have one, under the RTNL
 * @sweep: looks after idle connections
 * @sweep_bucket: where it goes on
 * @proc: /proc/net/mseg
 * @sysctl: net.mseg
 */
struct mseg_net {
	struct net *net;
	struct mseg_generation __rcu *generation;
	struct mseg_conns *conns;
	struct mseg_stats __percpu *stats;
	struct mutex lock; /* control; packets never take it */
	bool attached;
	u32 times_attached;
	struct list_head txns;
	spinlock_t txns_lock; /* the links of txns */
	struct work_struct orphans;
	unsigned int n_txns;
	u32 last_txn;
	struct mseg_subscribers subscribers;
	struct mseg_subscribers dns_subscribers;
	struct mseg_subscribers head_subscribers;
	u32 last_generation;
	struct mseg_generation __rcu *candidate;
	struct mseg_generation *former;
	struct delayed_work trial;
	unsigned long trial_end;
	bool holds_module;
	bool locked;
	struct mseg_queries *queries;
	struct mseg_flows *flows;
	struct mseg_learned *learned;
	struct mseg_dns *dns;
	struct mseg_outbox *heads;
	struct nf_hook_ops hooks[MSEG_NET_HOOKS];
	struct ratelimit_state answers;
	u8 forward;
	u8 raw;
	struct notifier_block raw_notifier;
	struct list_head raw_devices;
	struct delayed_work sweep;
	u32 sweep_bucket;
	struct proc_dir_entry *proc;
	struct ctl_table_header *sysctl;
};

/** mseg_net_of() - of a network namespace. Any context; never NULL. */
struct mseg_net *mseg_net_of(const struct net *net);

/**
 * mseg_net_generation() - the generation in force, for who holds the lock
 * @mnet: attached, its lock held
 *
 * Return: the generation.
 */
static inline struct mseg_generation *mseg_net_generation(const struct mseg_net *mnet)
{
	return rcu_dereference_protected(mnet->generation, lockdep_is_held(&mnet->lock));
}

/**
 * mseg_net_candidate() - the candidate, for who holds the lock
 * @mnet: attached, its lock held
 *
 * Return: the candidate, or NULL.
 */
static inline struct mseg_generation *mseg_net_candidate(const struct mseg_net *mnet)
{
	return rcu_dereference_protected(mnet->candidate, lockdep_is_held(&mnet->lock));
}

/**
 * mseg_net_attach() - begin to police a namespace, in discovery mode
 * @mnet: its lock is held
 *
 * May sleep.
 *
 * Return: 0, -EALREADY, -ESHUTDOWN (the module leaves), or what allocating or
 * registering returned; then nothing has changed.
 */
int mseg_net_attach(struct mseg_net *mnet);

/**
 * mseg_net_detach() - stop policing a namespace and forget its policy
 * @mnet: its lock is held
 *
 * May sleep; waits for packets that are being judged.
 */
void mseg_net_detach(struct mseg_net *mnet);

/** mseg_net_init() - once, at module load. Return: 0 or an error. */
int mseg_net_init(void);

/**
 * mseg_net_detach_all() - detach every namespace, for good
 *
 * Once, while commands are still served. May sleep.
 */
void mseg_net_detach_all(void);

/** mseg_net_exit() - once, when all is detached and no command is served. */
void mseg_net_exit(void);

#endif /* MSEG_NET_H */
