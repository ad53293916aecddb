// SPDX-License-Identifier: GPL-2.0
/*
 * tcp_abort() tells the local process by ECONNABORTED and the peer by a reset.
 * It waits for whoever holds the socket, and a process can hold its own for as
 * long as it likes. So the sockets are collected under the namespace's lock, and
 * ended by work items that hold nothing else: nobody waits for them but rmmod.
 *
 * Their resets come to LOCAL_OUT in the context of the worker, which is how they
 * are told from other packets.
 */
#include "cut.h"

#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>

#include <linux/mseg.h>

#include "judge.h"
#include "net.h"
#include "socket.h"

/* One work item's sockets: a page of them. */
#define BATCH_SOCKETS 500

struct batch {
	struct work_struct work;
	u32 n;
	struct sock *sockets[BATCH_SOCKETS];
};

static struct workqueue_struct *workqueue;

int mseg_cut_init(void)
{
	workqueue = alloc_workqueue("mseg_cut", WQ_UNBOUND, 0);
	return workqueue ? 0 : -ENOMEM;
}

void mseg_cut_exit(void)
{
	destroy_workqueue(workqueue);
}

static void abort_batch(struct work_struct *work)
{
	struct batch *batch = container_of(work, struct batch, work);
	u32 i;

	for (i = 0; i < batch->n; i++) {
		tcp_abort(batch->sockets[i], ECONNABORTED);
		sock_gen_put(batch->sockets[i]);
	}
	kfree(batch);
}

bool mseg_cut_resetting(void)
{
	const struct work_struct *work;

	if (!in_task() || !(current->flags & PF_WQ_WORKER))
		return false;
	work = current_work();
	return work && work->func == abort_batch;
}

/* The socket of a connection that must end, or NULL. */
static struct sock *socket_to_cut(struct mseg_net *mnet, struct mseg_conn *conn)
{
	if (READ_ONCE(conn->state) == MSEG_CONN_STATE_CLOSED || mseg_packet_is_rejected(&conn->key))
		return NULL;
	if (mseg_judge_known(mnet, conn) == MSEG_ACTION_ALLOW || conn->key.protocol != IPPROTO_TCP ||
	    conn->key.kind != MSEG_CONN_PLAIN || !mseg_conn_is_hosts(conn))
		return NULL;
	return mseg_socket_get(mnet->net, &conn->key, conn->ifindex);
}

/* A bucket's sockets from its *pos-th entry on; false when the batch is full. */
static bool collect(struct mseg_net *mnet, const struct mseg_conn_bucket *bucket, u32 *pos,
		    struct batch *batch)
{
	struct mseg_conn *conn;
	struct sock *sk;
	u32 i = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(conn, &bucket->chain, node) {
		if (i++ < *pos)
			continue;
		if (batch->n == BATCH_SOCKETS)
			break;
		++*pos;
		sk = socket_to_cut(mnet, conn);
		if (sk)
			batch->sockets[batch->n++] = sk;
	}
	rcu_read_unlock();
	return batch->n < BATCH_SOCKETS;
}

static struct batch *batch_new(void)
{
	struct batch *batch = kzalloc(sizeof(*batch), GFP_KERNEL);

	if (batch)
		INIT_WORK(&batch->work, abort_batch);
	return batch;
}

void mseg_cut_rejected(struct mseg_net *mnet)
{
	struct mseg_conns *conns = mnet->conns;
	struct batch *batch = batch_new();
	u32 bucket = 0, pos = 0;

	while (batch && bucket <= conns->mask) {
		if (collect(mnet, &conns->buckets[bucket], &pos, batch)) {
			bucket++;
			pos = 0;
			cond_resched();
			continue;
		}
		queue_work(workqueue, &batch->work);
		batch = batch_new();
	}
	if (batch)
		queue_work(workqueue, &batch->work);
}
