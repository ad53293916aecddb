// SPDX-License-Identifier: GPL-2.0
/* Beginning, finding and ending transactions. */
#include "txn.h"

#include <linux/err.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "net.h"

/* At once in one namespace; each holds a policy in memory. */
#define MAX_TXNS 8

struct mseg_txn *mseg_txn_begin(struct mseg_net *mnet, u32 port, bool clone)
{
	struct mseg_txn *txn;

	lockdep_assert_held(&mnet->lock);
	if (mnet->n_txns == MAX_TXNS)
		return ERR_PTR(-EMFILE);
	txn = kzalloc(sizeof(*txn), GFP_KERNEL_ACCOUNT);
	if (!txn)
		return ERR_PTR(-ENOMEM);
	if (clone)
		txn->policy = mseg_policy_clone(mseg_net_generation(mnet)->policy);
	else
		txn->policy = mseg_policy_new();
	if (!txn->policy) {
		kfree(txn);
		return ERR_PTR(-ENOMEM);
	}
	txn->port = port;
	txn->id = ++mnet->last_txn;
	list_add_tail(&txn->list, &mnet->txns);
	mnet->n_txns++;
	return txn;
}

struct mseg_txn *mseg_txn_find(struct mseg_net *mnet, u32 port, u32 id)
{
	struct mseg_txn *txn;

	lockdep_assert_held(&mnet->lock);
	list_for_each_entry(txn, &mnet->txns, list)
		if (txn->port == port && txn->id == id)
			return txn;
	return NULL;
}

void mseg_txn_abort(struct mseg_net *mnet, struct mseg_txn *txn)
{
	lockdep_assert_held(&mnet->lock);
	list_del(&txn->list);
	mnet->n_txns--;
	mseg_policy_free(txn->policy);
	kfree(txn);
}

void mseg_txn_abort_all(struct mseg_net *mnet)
{
	struct mseg_txn *txn, *next;

	list_for_each_entry_safe(txn, next, &mnet->txns, list)
		mseg_txn_abort(mnet, txn);
}

int mseg_txn_commit(struct mseg_net *mnet, struct mseg_txn *txn, u8 existing, u32 confirm_within,
		    struct mseg_refusal *refusal)
{
	int err = mseg_policy_compile(txn->policy, refusal);

	if (!err) {
		err = mseg_generation_commit(mnet, txn->policy, existing, confirm_within);
		refusal->why = "out of memory";
	}
	/* In force, it belongs to the namespace. */
	if (!err)
		txn->policy = NULL;
	mseg_txn_abort(mnet, txn);
	return err;
}

static void abort_of_port(struct mseg_net *mnet, u32 port)
{
	struct mseg_txn *txn, *next;

	/* Most sockets that close have none, and must not wait for a commit. */
	if (list_empty_careful(&mnet->txns))
		return;
	mutex_lock(&mnet->lock);
	list_for_each_entry_safe(txn, next, &mnet->txns, list)
		if (txn->port == port)
			mseg_txn_abort(mnet, txn);
	mutex_unlock(&mnet->lock);
}

static int port_closed(struct notifier_block *block, unsigned long event, void *data)
{
	const struct netlink_notify *notify = data;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC)
		abort_of_port(mseg_net_of(notify->net), notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call = port_closed,
};

int mseg_txn_init(void)
{
	return netlink_register_notifier(&notifier);
}

void mseg_txn_exit(void)
{
	netlink_unregister_notifier(&notifier);
}
