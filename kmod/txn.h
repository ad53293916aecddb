/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transactions: policies that are being built. One belongs to the netlink port
 * that began it, and ends with it.
 */
#ifndef MSEG_TXN_H
#define MSEG_TXN_H

#include <linux/list.h>
#include <linux/types.h>

#include <mseg/core.h>

struct mseg_net;

/**
 * struct mseg_txn - a transaction
 * @list: in its namespace
 * @id: given to user space
 * @port: netlink port that owns it
 * @orphaned: that port was closed
 * @refused: a part was refused, so the whole cannot be committed
 * @policy: as far as it is built
 */
struct mseg_txn {
	struct list_head list;
	u32 id;
	u32 port;
	bool orphaned;
	bool refused;
	struct mseg_policy *policy;
};

/**
 * mseg_txn_begin() - begin a transaction
 * @mnet: attached, its lock held
 * @port: netlink port of the caller
 * @from: policy to start with a copy of; NULL for an empty one
 *
 * May sleep.
 *
 * Return: the transaction, or ERR_PTR: -EMFILE (too many), -ENOMEM.
 */
struct mseg_txn *mseg_txn_begin(struct mseg_net *mnet, u32 port, const struct mseg_policy *from);

/**
 * mseg_txn_find() - find a transaction of a port
 * @mnet: its lock is held
 * @port: of the caller
 * @id: from mseg_txn_begin()
 *
 * Return: the transaction, or NULL.
 */
struct mseg_txn *mseg_txn_find(struct mseg_net *mnet, u32 port, u32 id);

/**
 * mseg_txn_commit() - put a transaction's policy in force
 * @mnet: attached, its lock held
 * @txn: ends, whatever is returned
 * @existing: as for mseg_generation_commit()
 * @confirm_within: as for mseg_generation_commit()
 * @refusal: filled on error
 *
 * May sleep.
 *
 * Return: 0, or an error; then the former policy is in force.
 */
int mseg_txn_commit(struct mseg_net *mnet, struct mseg_txn *txn, u8 existing, u32 confirm_within,
		    struct mseg_refusal *refusal);

/**
 * mseg_txn_propose() - make a transaction's policy the candidate
 * @mnet: attached, its lock held
 * @txn: ends, whatever is returned
 * @refusal: filled on error
 *
 * May sleep.
 *
 * Return: 0, or an error; then the former candidate is there.
 */
int mseg_txn_propose(struct mseg_net *mnet, struct mseg_txn *txn, struct mseg_refusal *refusal);

/**
 * mseg_txn_abort() - throw a transaction away
 * @mnet: its lock is held
 * @txn: ends
 */
void mseg_txn_abort(struct mseg_net *mnet, struct mseg_txn *txn);

/**
 * mseg_txn_orphan() - those of a port that was closed are to be thrown away
 * @mnet: the namespace, its lock held or not
 * @port: netlink port, which may belong to another socket soon
 *
 * Waits for no commit. They are found no more, and a work item frees them.
 */
void mseg_txn_orphan(struct mseg_net *mnet, u32 port);

/**
 * mseg_txn_abort_all() - throw away all of a namespace
 * @mnet: its lock is held
 */
void mseg_txn_abort_all(struct mseg_net *mnet);

/** mseg_txn_setup() - once for a namespace, before all else. */
void mseg_txn_setup(struct mseg_net *mnet);

/** mseg_txn_teardown() - once, when no port can be closed any more. May sleep. */
void mseg_txn_teardown(struct mseg_net *mnet);

#endif /* MSEG_TXN_H */
