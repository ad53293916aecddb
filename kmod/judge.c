// SPDX-License-Identifier: GPL-2.0
/*
 * A connection carries the generation that judged it. One that is stale is
 * judged again, by its own direction and service, at its next packet.
 */
#include "judge.h"

#include <linux/timekeeping.h>

#include <linux/mseg.h>

#include "socket.h"

/* What is asked of the policy, and what it says. */
struct judgement {
	struct mseg_key key;
	struct mseg_verdict verdict;
	u8 flags;
};

static void ask(struct mseg_net *mnet, const struct mseg_generation *generation,
		struct judgement *judgement)
{
	struct mseg_hits *hits;

	mseg_stat(mnet->stats, judged);
	judgement->verdict = mseg_classify(generation->policy, &judgement->key);
	if (judgement->verdict.rule == MSEG_ID_NONE)
		return;
	hits = &generation->hits[judgement->verdict.rule];
	atomic64_inc(&hits->count);
	WRITE_ONCE(hits->last, ktime_get_real_ns());
}

static void set_key(struct mseg_key *key, const struct mseg_conn_key *conn, u8 direction,
		    u16 service)
{
	memset(key, 0, sizeof(*key));
	memcpy(key->peer, &conn->remote, sizeof(key->peer));
	key->family = conn->family;
	key->protocol = conn->protocol;
	key->direction = direction;
	key->service = service;
}

static void ask_midstream(struct mseg_net *mnet, const struct mseg_generation *generation,
			  const struct mseg_conn_key *key, u8 direction, struct judgement *judgement)
{
	__be16 port = direction == MSEG_DIRECTION_IN ? key->lport : key->rport;

	set_key(&judgement->key, key, direction, ntohs(port));
	ask(mnet, generation, judgement);
}

/*
 * Whether a packet that no entry knows is of a connection that a local socket
 * knows: anything but a SYN of a TCP connection, or what comes for a UDP socket
 * that is connected to its sender. So nobody loses a reply by an eviction.
 */
static bool is_midstream(struct mseg_net *mnet, const struct mseg_packet *packet)
{
	const struct mseg_conn_key *key = &packet->key;

	switch (packet->protocol) {
	case IPPROTO_TCP:
		return !packet->tcp_syn &&
		       mseg_socket_state(mnet->net, key, packet->ifindex) != MSEG_SOCKET_NONE;
	case IPPROTO_UDP:
		return !packet->out && mseg_socket_connected(mnet->net, key, packet->ifindex);
	}
	return false;
}

/*
 * The direction of a connection in its middle is what the local sockets say: a
 * listener holds the port of an incoming one. Where none does it may have been
 * either, and one Allow is enough.
 */
static void judge_midstream(struct mseg_net *mnet, const struct mseg_generation *generation,
			    const struct mseg_packet *packet, struct judgement *judgement)
{
	const struct mseg_conn_key *key = &packet->key;

	mseg_stat(mnet->stats, midstream);
	judgement->flags = MSEG_FLOW_FLAG_EXISTING;
	if (packet->protocol == IPPROTO_TCP &&
	    mseg_socket_listens(mnet->net, key, packet->ifindex)) {
		ask_midstream(mnet, generation, key, MSEG_DIRECTION_IN, judgement);
		return;
	}
	ask_midstream(mnet, generation, key, MSEG_DIRECTION_OUT, judgement);
	if (judgement->verdict.action == MSEG_ACTION_REJECT)
		ask_midstream(mnet, generation, key, MSEG_DIRECTION_IN, judgement);
}

static void judge_new(struct mseg_net *mnet, const struct mseg_generation *generation,
		      const struct mseg_packet *packet, struct judgement *judgement)
{
	if (is_midstream(mnet, packet)) {
		judge_midstream(mnet, generation, packet, judgement);
		return;
	}
	judgement->flags = 0;
	set_key(&judgement->key, &packet->key, packet->out ? MSEG_DIRECTION_OUT : MSEG_DIRECTION_IN,
		packet->service);
	ask(mnet, generation, judgement);
}

/* Caller holds conn->lock, or is the only one who knows the entry. */
static void set_verdict(struct mseg_conn *conn, const struct mseg_generation *generation,
			const struct mseg_verdict *verdict)
{
	const struct mseg_rule *rules = generation->policy->rules;

	conn->rule = verdict->rule;
	conn->network = verdict->network;
	conn->cookie = verdict->rule == MSEG_ID_NONE ? 0 : rules[verdict->rule].cookie;
	conn->reason = verdict->reason;
	conn->flags &= ~MSEG_FLOW_FLAG_SILENT;
	if (verdict->action == MSEG_ACTION_REJECT && generation->policy->silent[conn->direction])
		conn->flags |= MSEG_FLOW_FLAG_SILENT;
	WRITE_ONCE(conn->verdict, verdict->action);
	/* Who sees the generation sees its verdict. */
	smp_store_release(&conn->generation, generation->number);
}

static u8 rejected_kind(const struct mseg_packet *packet)
{
	return packet->out ? MSEG_CONN_REJECTED_OUT : MSEG_CONN_REJECTED_IN;
}

static bool is_rejected_kind(const struct mseg_conn *conn)
{
	return conn->key.kind == MSEG_CONN_REJECTED_IN || conn->key.kind == MSEG_CONN_REJECTED_OUT;
}

static void forget(struct mseg_net *mnet, struct mseg_conn *conn)
{
	if (mseg_conn_remove(mnet->conns, conn) && READ_ONCE(conn->state) != MSEG_CONN_STATE_CLOSED)
		mseg_flow_emit(mnet->flows, conn, MSEG_FLOW_EVENT_END);
}

static void make_room(struct mseg_net *mnet, const struct mseg_conn_key *key)
{
	struct mseg_conn *victim = mseg_conn_victim(mnet->conns, key);

	if (!victim)
		return;
	mseg_stat(mnet->stats, conn_evicted);
	forget(mnet, victim);
}

static struct mseg_conn *make_conn(struct mseg_net *mnet, const struct mseg_generation *generation,
				   const struct mseg_packet *packet,
				   const struct judgement *judgement)
{
	bool reject = judgement->verdict.action == MSEG_ACTION_REJECT;
	struct mseg_conn_key key = packet->key;
	struct mseg_conn *conn;

	if (reject && key.kind == MSEG_CONN_PLAIN)
		key.kind = rejected_kind(packet);
	if (mseg_conn_full(mnet->conns))
		make_room(mnet, &key);
	conn = mseg_conn_new(mnet->conns, &key);
	if (!conn)
		return NULL;
	conn->direction = judgement->key.direction;
	conn->service = judgement->key.service;
	conn->flags = judgement->flags;
	conn->ifindex = packet->ifindex;
	conn->state = MSEG_CONN_STATE_NEW;
	if (judgement->flags & MSEG_FLOW_FLAG_EXISTING)
		conn->state = MSEG_CONN_STATE_ESTABLISHED;
	if (reject)
		conn->state = MSEG_CONN_STATE_REJECTED;
	else
		atomic_set(&conn->attempts, 1);
	set_verdict(conn, generation, &judgement->verdict);
	mseg_conn_touch(conn, packet);
	return conn;
}

static u8 remember(struct mseg_net *mnet, const struct mseg_generation *generation,
		   const struct mseg_packet *packet)
{
	struct judgement judgement;
	struct mseg_conn *conn;

	judge_new(mnet, generation, packet, &judgement);
	conn = make_conn(mnet, generation, packet, &judgement);
	/* Another processor's entry for the same packets serves as well. */
	if (conn && mseg_conn_add(mnet->conns, conn))
		mseg_flow_emit(mnet->flows, conn, MSEG_FLOW_EVENT_BEGIN);
	return judgement.verdict.action;
}

static void judge_again(struct mseg_net *mnet, const struct mseg_generation *generation,
			struct mseg_conn *conn)
{
	struct judgement judgement;
	bool changed = false;
	u8 before;

	set_key(&judgement.key, &conn->key, conn->direction, conn->service);
	ask(mnet, generation, &judgement);
	spin_lock_bh(&conn->lock);
	/* A processor that still reads the former policy changes nothing. */
	if ((s32)(generation->number - conn->generation) > 0) {
		before = conn->verdict;
		changed = before != judgement.verdict.action;
		set_verdict(conn, generation, &judgement.verdict);
	}
	if (changed) {
		WRITE_ONCE(conn->state, before == MSEG_ACTION_ALLOW ? MSEG_CONN_STATE_REJECTED :
								      MSEG_CONN_STATE_ESTABLISHED);
		WRITE_ONCE(conn->last_seen, jiffies);
	}
	spin_unlock_bh(&conn->lock);
	if (changed)
		mseg_flow_emit(mnet->flows, conn, MSEG_FLOW_EVENT_UPDATE);
}

/* Whether a generation gave a verdict that stands under this one. */
static bool stands(const struct mseg_conn *conn, const struct mseg_generation *generation)
{
	/* Pairs with the release in set_verdict(). */
	u32 judged_by = smp_load_acquire(&conn->generation);

	return judged_by == generation->number || (READ_ONCE(conn->verdict) == MSEG_ACTION_ALLOW &&
						   (s32)(judged_by - generation->kept_from) >= 0);
}

/* The verdict on a known connection under this generation. */
static u8 current_verdict(struct mseg_net *mnet, const struct mseg_generation *generation,
			  struct mseg_conn *conn)
{
	if (!stands(conn, generation))
		judge_again(mnet, generation, conn);
	return READ_ONCE(conn->verdict);
}

u8 mseg_judge_known(struct mseg_net *mnet, struct mseg_conn *conn)
{
	return current_verdict(mnet, rcu_dereference(mnet->generation), conn);
}

static struct mseg_conn *find_key(struct mseg_net *mnet, const struct mseg_conn_key *key)
{
	struct mseg_conn *conn = mseg_conn_find(mnet->conns, key);

	if (conn && mseg_conn_expired(conn)) {
		forget(mnet, conn);
		return NULL;
	}
	return conn;
}

static struct mseg_conn *find(struct mseg_net *mnet, struct mseg_packet *packet)
{
	struct mseg_conn *conn = find_key(mnet, &packet->key);
	struct mseg_conn_key key;

	if (!conn && packet->icmp_reply) {
		mseg_packet_to_single(packet);
		conn = find_key(mnet, &packet->key);
	}
	if (conn || packet->key.kind != MSEG_CONN_PLAIN)
		return conn;
	key = packet->key;
	key.kind = rejected_kind(packet);
	return find_key(mnet, &key);
}

/*
 * Whether a SYN begins a new connection where one is remembered. It does when
 * the old one is over, which its socket tells; on a live one it changes nothing
 * and goes to the stack (RFC 5961). A crossing SYN belongs to the connection
 * that this host is opening (RFC 9293, 3.5).
 */
static bool begins_anew(struct mseg_net *mnet, const struct mseg_conn *conn,
			const struct mseg_packet *packet)
{
	bool conn_out = conn->direction == MSEG_DIRECTION_OUT;

	switch (READ_ONCE(conn->state)) {
	case MSEG_CONN_STATE_REJECTED:
		return false;
	case MSEG_CONN_STATE_CLOSED:
		return true;
	case MSEG_CONN_STATE_NEW:
		if (packet->out == conn_out)
			return false;
		if (packet->out)
			return true;
		break;
	}
	return mseg_socket_state(mnet->net, &conn->key, conn->ifindex) != MSEG_SOCKET_LIVE;
}

u8 mseg_judge_flow(struct mseg_net *mnet, struct mseg_packet *packet)
{
	const struct mseg_generation *generation = rcu_dereference(mnet->generation);
	struct mseg_conn *conn = find(mnet, packet);
	u8 verdict;

	if (conn && packet->tcp_syn && begins_anew(mnet, conn, packet)) {
		forget(mnet, conn);
		conn = NULL;
	}
	if (!conn)
		return remember(mnet, generation, packet);
	verdict = current_verdict(mnet, generation, conn);
	if (verdict == MSEG_ACTION_ALLOW && is_rejected_kind(conn)) {
		/* It was made for refusals alone; begin a real one. */
		forget(mnet, conn);
		return remember(mnet, generation, packet);
	}
	mseg_conn_touch(conn, packet);
	return verdict;
}

u8 mseg_judge_error(struct mseg_net *mnet, struct mseg_packet *packet)
{
	const struct mseg_generation *generation = rcu_dereference(mnet->generation);
	struct mseg_conn *conn = NULL;

	if (packet->quoted.family)
		conn = find_key(mnet, &packet->quoted);
	if (conn) {
		mseg_stat(mnet->stats, pass_related);
		return current_verdict(mnet, generation, conn);
	}
	if (packet->quoted_forwarded) {
		mseg_stat(mnet->stats, pass_forwarded);
		return MSEG_ACTION_ALLOW;
	}
	return mseg_judge_flow(mnet, packet);
}
