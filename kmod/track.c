// SPDX-License-Identifier: GPL-2.0
/*
 * States change under the entry's lock, and only from the state that the change
 * starts from, so that processors cannot undo each other's.
 *
 * A TCP connection is established when this host goes on with it: spoofed
 * packets, and what is answered to them, make none, so that a flood of them
 * cannot fill the cache with what is never evicted.
 */
#include "track.h"

#include <linux/mseg.h>

#include "socket.h"

/* A reply and more, for that long, make a stream of datagrams. */
#define STREAM_AGE (2 * NSEC_PER_SEC)

static bool change_state(struct mseg_conn *conn, u8 from, u8 to)
{
	bool changed = false;

	spin_lock_bh(&conn->lock);
	if (conn->state == from) {
		mseg_conn_enter(conn, to);
		changed = true;
	}
	spin_unlock_bh(&conn->lock);
	return changed;
}

/*
 * A TCP connection is established, as far as the sockets know it: where the
 * addresses were translated they do not, and the packets alone must tell.
 */
static void establish_tcp(struct mseg_net *mnet, struct mseg_conn *conn)
{
	enum mseg_socket_state socket = mseg_socket_state(mnet->net, &conn->key, conn->ifindex);

	if (socket == MSEG_SOCKET_HALF_OPEN)
		return;
	if (socket != MSEG_SOCKET_NONE)
		WRITE_ONCE(conn->has_socket, true);
	change_state(conn, MSEG_CONN_STATE_REPLIED, MSEG_CONN_STATE_ESTABLISHED);
}

/* Datagrams in both directions for some time are a stream. */
static bool is_stream(const struct mseg_conn *conn, bool reply)
{
	return !reply && !mseg_protocol_is_icmp(conn->key.protocol) &&
	       ktime_get_real_ns() - conn->first_seen > STREAM_AGE;
}

static void follow_replied(struct mseg_net *mnet, struct mseg_conn *conn,
			   const struct mseg_packet *packet, bool reply)
{
	if (packet->protocol == IPPROTO_TCP) {
		if (packet->out && !packet->tcp_any_syn && !packet->tcp_rst)
			establish_tcp(mnet, conn);
	} else if (is_stream(conn, reply)) {
		change_state(conn, MSEG_CONN_STATE_REPLIED, MSEG_CONN_STATE_ESTABLISHED);
	}
}

/*
 * FIN or RST proves nothing, since anyone may have sent it, but lets the sweep
 * ask the socket.
 */
static void follow_state(struct mseg_net *mnet, struct mseg_conn *conn,
			 const struct mseg_packet *packet)
{
	bool reply = mseg_conn_is_reply(conn, packet->out);

	switch (READ_ONCE(conn->state)) {
	case MSEG_CONN_STATE_NEW:
		if (reply)
			change_state(conn, MSEG_CONN_STATE_NEW, MSEG_CONN_STATE_REPLIED);
		break;
	case MSEG_CONN_STATE_REPLIED:
		follow_replied(mnet, conn, packet, reply);
		break;
	}
	if (packet->tcp_end)
		change_state(conn, MSEG_CONN_STATE_ESTABLISHED, MSEG_CONN_STATE_CLOSING);
}

static void set_last_seen(struct mseg_conn *conn)
{
	unsigned long now = jiffies;

	if (READ_ONCE(conn->last_seen) != now)
		WRITE_ONCE(conn->last_seen, now);
}

/*
 * Whoever sends first by the socket is behind the connection. Until a task does,
 * the socket's owner is: of one that is not accepted yet, the listener's.
 */
static void name_process(struct mseg_conn *conn, const struct mseg_packet *packet)
{
	u8 named = mseg_process_sends(packet) ? MSEG_CONN_NAMED_TASK : MSEG_CONN_NAMED_SOCKET;
	struct mseg_process process;

	if (READ_ONCE(conn->named) >= named || !mseg_process_of_packet(&process, packet))
		return;
	spin_lock_bh(&conn->lock);
	if (conn->named < named) {
		conn->process = process;
		WRITE_ONCE(conn->named, named);
	}
	spin_unlock_bh(&conn->lock);
}

/* Attempts of several have nobody in particular behind them. */
static void merge_process(struct mseg_conn *conn, const struct mseg_packet *packet)
{
	struct mseg_process process;

	mseg_process_of_packet(&process, packet);
	spin_lock_bh(&conn->lock);
	if (conn->named)
		mseg_process_merge(&conn->process, &process);
	else
		conn->process = process;
	conn->named = MSEG_CONN_NAMED_TASK;
	spin_unlock_bh(&conn->lock);
}

static void count_attempt(struct mseg_conn *conn, const struct mseg_packet *packet)
{
	atomic_inc(&conn->attempts);
	/* A rejected connection's time runs from the verdict: nobody keeps it alive. */
	if (!mseg_packet_is_rejected(&conn->key))
		return;
	set_last_seen(conn);
	if (packet->out)
		merge_process(conn, packet);
	if (READ_ONCE(conn->client) != mseg_packet_client(&packet->key, conn->direction))
		WRITE_ONCE(conn->client, 0);
}

/* The end of a connection is reported by whoever claims it. */
static bool claim_end_locked(struct mseg_conn *conn)
{
	bool claimed = !conn->ended;

	lockdep_assert_held(&conn->lock);
	conn->ended = true;
	return claimed;
}

static bool claim_end(struct mseg_conn *conn)
{
	bool claimed;

	spin_lock_bh(&conn->lock);
	claimed = claim_end_locked(conn);
	spin_unlock_bh(&conn->lock);
	return claimed;
}

/*
 * A forwarded connection has no socket here, but its window: a segment out of it
 * changes nothing, and keeps nothing alive.
 */
static bool follow_window(struct mseg_net *mnet, struct mseg_conn *conn,
			  const struct mseg_packet *packet)
{
	struct mseg_window *window = &mseg_conn_forwarded(conn)->window;
	bool belongs, ended;

	spin_lock_bh(&conn->lock);
	belongs = mseg_window_follow(window, &packet->forwarded->segment, !packet->out);
	if (conn->state != MSEG_CONN_STATE_REJECTED)
		mseg_conn_enter(conn, window->state);
	ended = conn->state == MSEG_CONN_STATE_CLOSED && claim_end_locked(conn);
	spin_unlock_bh(&conn->lock);
	if (ended)
		mseg_flow_emit(mnet->flows, conn, MSEG_FLOW_EVENT_END);
	return belongs || ended;
}

void mseg_track_packet(struct mseg_net *mnet, struct mseg_conn *conn,
		       const struct mseg_packet *packet)
{
	mseg_conn_carry(conn, packet->out, packet->len, packet->segments);
	if (READ_ONCE(conn->verdict) == MSEG_ACTION_REJECT) {
		count_attempt(conn, packet);
		return;
	}
	if (packet->out && READ_ONCE(conn->named) < MSEG_CONN_NAMED_TASK)
		name_process(conn, packet);
	if (mseg_conn_is_forwarded(conn) && packet->protocol == IPPROTO_TCP) {
		if (!follow_window(mnet, conn, packet))
			return;
	} else {
		follow_state(mnet, conn, packet);
	}
	if (READ_ONCE(conn->state) != MSEG_CONN_STATE_CLOSED)
		set_last_seen(conn);
}

void mseg_track_end(struct mseg_net *mnet, struct mseg_conn *conn)
{
	if (mseg_conn_remove(mnet->conns, conn) && claim_end(conn))
		mseg_flow_emit(mnet->flows, conn, MSEG_FLOW_EVENT_END);
}

/* It is kept a little longer, closed, for the last packets on their way. */
static void close(struct mseg_net *mnet, struct mseg_conn *conn)
{
	u8 state = READ_ONCE(conn->state);

	if (state != MSEG_CONN_STATE_ESTABLISHED && state != MSEG_CONN_STATE_CLOSING)
		return;
	if (!change_state(conn, state, MSEG_CONN_STATE_CLOSED))
		return;
	if (claim_end(conn))
		mseg_flow_emit(mnet->flows, conn, MSEG_FLOW_EVENT_END);
	WRITE_ONCE(conn->last_seen, jiffies);
}

void mseg_track_socket(struct mseg_net *mnet, struct mseg_conn *conn)
{
	enum mseg_socket_state socket = mseg_socket_state(mnet->net, &conn->key, conn->ifindex);

	if (socket == MSEG_SOCKET_ESTABLISHED) {
		WRITE_ONCE(conn->has_socket, true);
		change_state(conn, MSEG_CONN_STATE_REPLIED, MSEG_CONN_STATE_ESTABLISHED);
		change_state(conn, MSEG_CONN_STATE_CLOSING, MSEG_CONN_STATE_ESTABLISHED);
	}
	if (!READ_ONCE(conn->has_socket) || socket > MSEG_SOCKET_TIME_WAIT)
		return;
	close(mnet, conn);
	/* Its last packets may come as long as it waits for them. */
	if (socket == MSEG_SOCKET_TIME_WAIT && READ_ONCE(conn->state) == MSEG_CONN_STATE_CLOSED)
		WRITE_ONCE(conn->last_seen, jiffies);
}

/*
 * A connection that the policy ended stays remembered as long as its socket
 * lives: forgotten, it would be judged anew, and perhaps in the other direction.
 */
static bool outlives_rejection(struct mseg_net *mnet, const struct mseg_conn *conn)
{
	return conn->key.protocol == IPPROTO_TCP && conn->key.kind == MSEG_CONN_PLAIN &&
	       mseg_conn_is_hosts(conn) && READ_ONCE(conn->state) == MSEG_CONN_STATE_REJECTED &&
	       mseg_socket_state(mnet->net, &conn->key, conn->ifindex) > MSEG_SOCKET_TIME_WAIT;
}

bool mseg_track_over(struct mseg_net *mnet, struct mseg_conn *conn)
{
	if (!mseg_conn_expired(mnet->conns, conn))
		return false;
	if (!outlives_rejection(mnet, conn))
		return true;
	WRITE_ONCE(conn->last_seen, jiffies);
	return false;
}

struct mseg_conn *mseg_track_find_hashed(struct mseg_net *mnet, const struct mseg_conn_key *key,
					 u32 hash)
{
	struct mseg_conn *conn = mseg_conn_find_hashed(mnet->conns, key, hash);

	if (conn && mseg_track_over(mnet, conn)) {
		mseg_track_end(mnet, conn);
		return NULL;
	}
	return conn;
}
