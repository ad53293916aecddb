// SPDX-License-Identifier: GPL-2.0
/* Attaching and detaching network namespaces. */
#include "net.h"

#include <linux/module.h>
#include <linux/slab.h>
#include <net/netns/generic.h>

#include "dns.h"
#include "egress.h"
#include "event.h"
#include "forward.h"
#include "head.h"
#include "hook.h"
#include "learned.h"
#include "procfs.h"
#include "query.h"
#include "sweep.h"
#include "sysctl.h"
#include "txn.h"

#define ANSWERS_PER_SECOND 500
#define MAX_CONNECTIONS BIT(24)

static unsigned int max_connections = 131072;
module_param(max_connections, uint, 0444);
MODULE_PARM_DESC(max_connections,
		 "Connections a namespace remembers, 288 bytes each, 416 through the host (131072)");

static unsigned int net_id __read_mostly;
/* Set once, when the module leaves: nothing is attached any more. */
static bool leaving;

struct mseg_net *mseg_net_of(const struct net *net)
{
	return net_generic(net, net_id);
}

static void free_parts(struct mseg_net *mnet)
{
	/* Records first: sending them counts. */
	mseg_flows_free(mnet->flows);
	mseg_dns_free(mnet->dns);
	mseg_outbox_free(mnet->heads);
	mseg_learned_free(mnet->learned);
	mseg_conns_free(mnet->conns);
	mseg_queries_free(mnet->queries);
	free_percpu(mnet->stats);
	mseg_generation_drop(mnet);
	mnet->flows = NULL;
	mnet->dns = NULL;
	mnet->heads = NULL;
	mnet->learned = NULL;
	mnet->conns = NULL;
	mnet->queries = NULL;
	mnet->stats = NULL;
}

static int make_parts(struct mseg_net *mnet)
{
	int err = mseg_generation_first(mnet);

	if (err)
		return err;
	mnet->stats = alloc_percpu(struct mseg_stats);
	if (!mnet->stats)
		goto fail;
	mnet->conns = mseg_conns_new(min_t(u32, max_connections, MAX_CONNECTIONS),
				     net_eq(mnet->net, &init_net), mnet->stats);
	mnet->flows = mseg_flows_new(mnet->net, &mnet->subscribers, mnet->stats);
	mnet->queries = mseg_queries_new();
	mnet->learned = mseg_learned_new(mnet->stats);
	mnet->dns = mseg_dns_new(mnet);
	mnet->heads = mseg_heads_new(mnet);
	if (!mnet->conns || !mnet->flows || !mnet->queries || !mnet->learned || !mnet->dns ||
	    !mnet->heads)
		goto fail;
	ratelimit_state_init(&mnet->answers, HZ, ANSWERS_PER_SECOND);
	ratelimit_set_flags(&mnet->answers, RATELIMIT_MSG_ON_RELEASE);
	return 0;
fail:
	free_parts(mnet);
	return -ENOMEM;
}

int mseg_net_attach(struct mseg_net *mnet)
{
	int err;

	lockdep_assert_held(&mnet->lock);
	if (mnet->attached)
		return -EALREADY;
	if (READ_ONCE(leaving))
		return -ESHUTDOWN;
	err = make_parts(mnet);
	if (err)
		return err;
	err = mseg_procfs_add(mnet);
	if (err)
		goto free_parts;
	err = mseg_sysctl_add(mnet);
	if (err)
		goto remove_procfs;
	err = mseg_hook_register(mnet);
	if (err)
		goto remove_sysctl;
	err = mseg_forward_start(mnet);
	if (err)
		goto unregister_hook;
	err = mseg_egress_start(mnet);
	if (err)
		goto stop_forward;
	mseg_sweep_start(mnet);
	mnet->attached = true;
	mnet->times_attached++;
	mseg_event_policy(mnet);
	return 0;

stop_forward:
	mseg_forward_stop(mnet);
unregister_hook:
	mseg_hook_unregister(mnet);
remove_sysctl:
	mseg_sysctl_remove(mnet);
remove_procfs:
	mseg_procfs_remove(mnet);
free_parts:
	free_parts(mnet);
	return err;
}

void mseg_net_detach(struct mseg_net *mnet)
{
	lockdep_assert_held(&mnet->lock);
	if (!mnet->attached)
		return;
	mnet->attached = false;
	/* This waits for whoever uses them, and the host is policed meanwhile. */
	mseg_sysctl_remove(mnet);
	mseg_procfs_remove(mnet);
	mseg_egress_stop(mnet);
	mseg_forward_stop(mnet);
	mseg_hook_unregister(mnet);
	mseg_sweep_stop(mnet);
	mseg_txn_abort_all(mnet);
	free_parts(mnet);
	mseg_event_policy(mnet);
}

static int __net_init init_net_ns(struct net *net)
{
	struct mseg_net *mnet = mseg_net_of(net);

	mnet->net = net;
	mutex_init(&mnet->lock);
	mseg_txn_setup(mnet);
	mseg_generation_setup(mnet);
	mseg_subscriber_setup(&mnet->subscribers);
	mseg_subscriber_setup(&mnet->dns_subscribers);
	mseg_subscriber_setup(&mnet->head_subscribers);
	return 0;
}

static void __net_exit pre_exit_net_ns(struct net *net)
{
	struct mseg_net *mnet = mseg_net_of(net);

	mutex_lock(&mnet->lock);
	mseg_net_detach(mnet);
	mutex_unlock(&mnet->lock);
}

static void __net_exit exit_net_ns(struct net *net)
{
	struct mseg_net *mnet = mseg_net_of(net);

	mseg_txn_teardown(mnet);
	mseg_generation_teardown(mnet);
	mseg_subscriber_teardown(&mnet->subscribers);
	mseg_subscriber_teardown(&mnet->dns_subscribers);
	mseg_subscriber_teardown(&mnet->head_subscribers);
}

static struct pernet_operations net_ops = {
	.init = init_net_ns,
	.pre_exit = pre_exit_net_ns,
	.exit = exit_net_ns,
	.id = &net_id,
	.size = sizeof(struct mseg_net),
};

int mseg_net_init(void)
{
	return register_pernet_subsys(&net_ops);
}

void mseg_net_detach_all(void)
{
	struct net *net;

	WRITE_ONCE(leaving, true);
	rcu_read_lock();
	for_each_net_rcu(net) {
		/* One without references is detached by its own end. */
		if (!maybe_get_net(net))
			continue;
		rcu_read_unlock();
		pre_exit_net_ns(net);
		rcu_read_lock();
		/* Its memory stays until the next one is found. */
		put_net(net);
	}
	rcu_read_unlock();
}

void mseg_net_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}
