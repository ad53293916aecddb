// SPDX-License-Identifier: GPL-2.0
/*
 * tcp_abort() tells the local process by ECONNABORTED and the peer by a reset.
 * It sleeps, and waits for whoever holds the socket, so a work item does it and
 * no lock of the module is held. Its reset comes to LOCAL_OUT in the context of
 * this very task, which is how it is told from other packets.
 */
#include "cut.h"

#include <linux/preempt.h>
#include <linux/sched.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>

#include <linux/mseg.h>

#include "judge.h"
#include "net.h"
#include "socket.h"

/* One namespace at a time aborts sockets. */
static DEFINE_MUTEX(abort_lock);
static struct task_struct *aborting;

bool mseg_cut_resetting(void)
{
	return READ_ONCE(aborting) == current && in_task();
}

static void abort_socket(struct sock *sk)
{
	mutex_lock(&abort_lock);
	WRITE_ONCE(aborting, current);
	tcp_abort(sk, ECONNABORTED);
	WRITE_ONCE(aborting, NULL);
	mutex_unlock(&abort_lock);
	sock_gen_put(sk);
}

/* The socket of a connection that must end, or NULL. */
static struct sock *socket_to_cut(struct mseg_net *mnet, struct mseg_conn *conn)
{
	if (READ_ONCE(conn->state) == MSEG_CONN_STATE_CLOSED)
		return NULL;
	if (mseg_judge_known(mnet, conn) == MSEG_ACTION_ALLOW ||
	    conn->key.protocol != IPPROTO_TCP || conn->key.kind != MSEG_CONN_PLAIN)
		return NULL;
	return mseg_socket_get(mnet->net, &conn->key, conn->ifindex);
}

/* The first of the chain's sockets to cut, from its *pos-th entry on. */
static struct sock *next_in(struct mseg_net *mnet, const struct mseg_conn_bucket *bucket, int *pos)
{
	struct mseg_conn *conn;
	struct sock *sk = NULL;
	int i = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(conn, &bucket->chain, node) {
		if (i++ < *pos)
			continue;
		++*pos;
		sk = socket_to_cut(mnet, conn);
		if (sk)
			break;
	}
	rcu_read_unlock();
	return sk;
}

static void cut(struct work_struct *work)
{
	struct mseg_net *mnet = container_of(work, struct mseg_net, cut);
	struct mseg_conns *conns = mnet->conns;
	struct sock *sk;
	u32 i;
	int pos;

	for (i = 0; i <= conns->mask && !READ_ONCE(mnet->cut_stop); i++) {
		pos = 0;
		while ((sk = next_in(mnet, &conns->buckets[i], &pos)))
			abort_socket(sk);
		cond_resched();
	}
}

void mseg_cut_setup(struct mseg_net *mnet)
{
	INIT_WORK(&mnet->cut, cut);
}

void mseg_cut_start(struct mseg_net *mnet)
{
	WRITE_ONCE(mnet->cut_stop, false);
	queue_work(system_unbound_wq, &mnet->cut);
}

void mseg_cut_stop(struct mseg_net *mnet)
{
	WRITE_ONCE(mnet->cut_stop, true);
	cancel_work_sync(&mnet->cut);
}
