// SPDX-License-Identifier: GPL-2.0
/* Beginning, finding and ending transactions. */
#include "txn.h"

#include <linux/err.h>
#include <linux/slab.h>

#include "net.h"

/* At once in one namespace; each holds a policy in memory. */
#define MAX_TXNS 8

void mseg_txn_abort(struct mseg_net *mnet, struct mseg_txn *txn)
{
	lockdep_assert_held(&mnet->lock);
	spin_lock(&mnet->txns_lock);
	list_del(&txn->list);
	spin_unlock(&mnet->txns_lock);
	mnet->n_txns--;
	mseg_policy_free(txn->policy);
	kfree(txn);
}

static void abort_orphans(struct mseg_net *mnet)
{
	struct mseg_txn *txn, *next;

	lockdep_assert_held(&mnet->lock);
	list_for_each_entry_safe(txn, next, &mnet->txns, list)
		if (READ_ONCE(txn->orphaned))
			mseg_txn_abort(mnet, txn);
}

struct mseg_txn *mseg_txn_begin(struct mseg_net *mnet, u32 port, const struct mseg_policy *from)
{
	struct mseg_txn *txn;

	lockdep_assert_held(&mnet->lock);
	/* The work may not have come to them yet. */
	abort_orphans(mnet);
	if (mnet->n_txns == MAX_TXNS) {
		mseg_stat(mnet->stats, txn_refused);
		return ERR_PTR(-EMFILE);
	}
	txn = kzalloc(sizeof(*txn), GFP_KERNEL_ACCOUNT);
	if (!txn)
		return ERR_PTR(-ENOMEM);
	txn->policy = from ? mseg_policy_clone(from) : mseg_policy_new();
	if (!txn->policy) {
		kfree(txn);
		return ERR_PTR(-ENOMEM);
	}
	txn->port = port;
	txn->id = ++mnet->last_txn;
	spin_lock(&mnet->txns_lock);
	list_add_tail(&txn->list, &mnet->txns);
	spin_unlock(&mnet->txns_lock);
	mnet->n_txns++;
	return txn;
}

struct mseg_txn *mseg_txn_find(struct mseg_net *mnet, u32 port, u32 id)
{
	struct mseg_txn *txn;

	lockdep_assert_held(&mnet->lock);
	list_for_each_entry(txn, &mnet->txns, list)
		if (txn->port == port && txn->id == id && !READ_ONCE(txn->orphaned))
			return txn;
	return NULL;
}

void mseg_txn_abort_all(struct mseg_net *mnet)
{
	struct mseg_txn *txn, *next;

	list_for_each_entry_safe(txn, next, &mnet->txns, list)
		mseg_txn_abort(mnet, txn);
}

/* A policy that was taken belongs to the namespace. */
static int end_txn(struct mseg_net *mnet, struct mseg_txn *txn, int err,
		   struct mseg_refusal *refusal)
{
	if (err)
		refusal->why = mseg_generation_refusal(err);
	else
		txn->policy = NULL;
	mseg_txn_abort(mnet, txn);
	return err;
}

static int compile(struct mseg_net *mnet, struct mseg_txn *txn, struct mseg_refusal *refusal)
{
	int err = mseg_policy_compile(txn->policy, refusal);

	if (err == -E2BIG)
		mseg_stat(mnet->stats, policy_too_large);
	if (err)
		mseg_txn_abort(mnet, txn);
	return err;
}

int mseg_txn_commit(struct mseg_net *mnet, struct mseg_txn *txn, u8 existing, u32 confirm_within,
		    struct mseg_refusal *refusal)
{
	int err = compile(mnet, txn, refusal);

	if (err)
		return err;
	err = mseg_generation_commit(mnet, txn->policy, existing, confirm_within);
	return end_txn(mnet, txn, err, refusal);
}

int mseg_txn_propose(struct mseg_net *mnet, struct mseg_txn *txn, struct mseg_refusal *refusal)
{
	int err = compile(mnet, txn, refusal);

	if (err)
		return err;
	return end_txn(mnet, txn, mseg_generation_propose(mnet, txn->policy), refusal);
}

void mseg_txn_orphan(struct mseg_net *mnet, u32 port)
{
	struct mseg_txn *txn;
	bool any = false;

	spin_lock(&mnet->txns_lock);
	list_for_each_entry(txn, &mnet->txns, list) {
		if (txn->port == port) {
			WRITE_ONCE(txn->orphaned, true);
			any = true;
		}
	}
	spin_unlock(&mnet->txns_lock);
	if (any)
		schedule_work(&mnet->orphans);
}

static void orphans_left(struct work_struct *work)
{
	struct mseg_net *mnet = container_of(work, struct mseg_net, orphans);

	mutex_lock(&mnet->lock);
	abort_orphans(mnet);
	mutex_unlock(&mnet->lock);
}

void mseg_txn_setup(struct mseg_net *mnet)
{
	spin_lock_init(&mnet->txns_lock);
	INIT_LIST_HEAD(&mnet->txns);
	INIT_WORK(&mnet->orphans, orphans_left);
}

void mseg_txn_teardown(struct mseg_net *mnet)
{
	cancel_work_sync(&mnet->orphans);
}
