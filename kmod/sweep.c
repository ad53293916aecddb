// SPDX-License-Identifier: GPL-2.0
/*
 * A work item walks a part of the cache twice a second and so the whole in
 * four: it ends what has expired or lost its socket, and reports what carries
 * traffic. What is learned by name is walked likewise.
 */
#include "sweep.h"

#include <linux/jiffies.h>
#include <linux/workqueue.h>

#include <linux/mseg.h>

#include "dns.h"
#include "learned.h"
#include "tally.h"
#include "track.h"

#define TICK (HZ / 2)
#define TICKS_PER_ROUND 8
#define REPORT_INTERVAL (30 * HZ)
/* A connection is asked for its socket when it is that long without packet. */
#define SOCKET_CHECK_IDLE (30 * HZ)

/* Whether its socket must be looked at now. */
static bool needs_socket_check(const struct mseg_conn *conn)
{
	if (conn->key.protocol != IPPROTO_TCP || !mseg_conn_is_hosts(conn))
		return false;
	switch (READ_ONCE(conn->state)) {
	case MSEG_CONN_STATE_CLOSING:
	case MSEG_CONN_STATE_CLOSED:
		return true;
	case MSEG_CONN_STATE_REPLIED:
	case MSEG_CONN_STATE_ESTABLISHED:
		return time_after(jiffies, READ_ONCE(conn->last_seen) + SOCKET_CHECK_IDLE);
	}
	return false;
}

/*
 * Whether it carried anything since its last record. Of what did not it is asked again
 * after another interval, for the answer may be with many processors.
 */
static bool has_moved(struct mseg_conn *conn)
{
	struct mseg_carried carried;

	mseg_tally_sum(conn, &carried);
	if ((u32)(carried.packets[0] + carried.packets[1]) != READ_ONCE(conn->reported_packets))
		return true;
	WRITE_ONCE(conn->reported, jiffies);
	return false;
}

static bool worth_reporting(struct mseg_conn *conn)
{
	return !READ_ONCE(conn->ended) &&
	       time_after32((u32)jiffies, READ_ONCE(conn->reported) + REPORT_INTERVAL) &&
	       has_moved(conn);
}

/* What it uses is not forgotten, so that a new policy judges it as the last one did. */
static void keep_learned(struct mseg_net *mnet, const struct mseg_conn *conn)
{
	const struct mseg_generation *generation = rcu_dereference(mnet->generation);
	const struct mseg_conn_key *key = &conn->key;
	const struct mseg_policy *policy = NULL;
	bool current_one;

	if (READ_ONCE(conn->ended) || READ_ONCE(conn->verdict) != MSEG_ACTION_ALLOW)
		return;
	current_one = READ_ONCE(conn->generation) == generation->number;
	if (current_one && mseg_conn_is_hosts(conn))
		policy = generation->policy;
	mseg_learned_use(mnet->learned, key->family, key->remote.s6_addr, policy,
			 READ_ONCE(conn->network));
	if (mseg_conn_is_forwarded(conn))
		mseg_learned_use(mnet->learned, key->family, key->local.s6_addr, NULL, 0);
}

static void look_after(struct mseg_net *mnet, struct mseg_conn *conn)
{
	if (needs_socket_check(conn))
		mseg_track_socket(mnet, conn);
	if (mseg_track_over(mnet, conn))
		mseg_track_end(mnet, conn);
	else if (worth_reporting(conn))
		mseg_flow_emit(mnet->flows, conn, MSEG_FLOW_EVENT_UPDATE);
	if (READ_ONCE(conn->learned))
		keep_learned(mnet, conn);
}

static void sweep(struct work_struct *work)
{
	struct mseg_net *mnet = container_of(to_delayed_work(work), struct mseg_net, sweep);
	struct mseg_conns *conns = mnet->conns;
	u32 n = (conns->mask + 1) / TICKS_PER_ROUND;
	struct mseg_conn *conn;

	while (n--) {
		rcu_read_lock();
		hlist_for_each_entry_rcu(conn,
					 &conns->buckets[mnet->sweep_bucket & conns->mask].chain,
					 node)
			look_after(mnet, conn);
		rcu_read_unlock();
		mnet->sweep_bucket++;
		if (!(n % 256))
			cond_resched();
	}
	mseg_learned_sweep(mnet->learned, TICKS_PER_ROUND);
	mseg_dns_sweep(mnet);
	schedule_delayed_work(&mnet->sweep, TICK);
}

void mseg_sweep_start(struct mseg_net *mnet)
{
	INIT_DELAYED_WORK(&mnet->sweep, sweep);
	schedule_delayed_work(&mnet->sweep, TICK);
}

void mseg_sweep_stop(struct mseg_net *mnet)
{
	cancel_delayed_work_sync(&mnet->sweep);
}
