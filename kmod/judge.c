// SPDX-License-Identifier: GPL-2.0
/*
 * A connection carries the generation that judged it. One that is stale is
 * judged again, by its own direction and service, at its next packet.
 */
#include "judge.h"

#include <net/sock.h>

#include <linux/mseg.h>

#include "judgement.h"
#include "learned.h"
#include "opinion.h"
#include "query.h"
#include "socket.h"
#include "track.h"
#include "transit.h"

static u8 direction_of(const struct mseg_packet *packet)
{
	return packet->out ? MSEG_DIRECTION_OUT : MSEG_DIRECTION_IN;
}

static void ask_in(struct mseg_net *mnet, const struct mseg_generation *generation,
		   const struct mseg_conn_key *key, struct mseg_judgement *judgement)
{
	mseg_judgement_key(&judgement->key, key, MSEG_DIRECTION_IN, ntohs(key->lport));
	mseg_judgement_ask(mnet, generation, judgement);
}

static void ask_out(struct mseg_net *mnet, const struct mseg_generation *generation,
		    const struct mseg_conn_key *key, struct mseg_judgement *judgement)
{
	mseg_judgement_key(&judgement->key, key, MSEG_DIRECTION_OUT, ntohs(key->rport));
	mseg_judgement_ask(mnet, generation, judgement);
}

/* A connection of unknown direction: one Allow is enough. */
static void ask_either(struct mseg_net *mnet, const struct mseg_generation *generation,
		       const struct mseg_conn_key *key, struct mseg_judgement *judgement)
{
	judgement->either = true;
	ask_out(mnet, generation, key, judgement);
	if (judgement->verdict.action == MSEG_ACTION_REJECT)
		ask_in(mnet, generation, key, judgement);
}

static void ask_either_opinions(struct mseg_net *mnet, const struct mseg_generation *generation,
				const struct mseg_conn_key *key, struct mseg_judgement *judgement)
{
	struct mseg_key keys[MSEG_OPINION_KEYS];

	mseg_judgement_key(&keys[0], key, MSEG_DIRECTION_OUT, ntohs(key->rport));
	mseg_judgement_key(&keys[1], key, MSEG_DIRECTION_IN, ntohs(key->lport));
	mseg_opinion_ask(mnet, generation, keys, ARRAY_SIZE(keys), &judgement->opinions);
}

/* Those that do not decide are asked the same; there are some. */
static noinline void ask_opinions(struct mseg_net *mnet, const struct mseg_generation *generation,
				  const struct mseg_conn_key *key, struct mseg_judgement *judgement)
{
	if (judgement->both)
		mseg_transit_ask_opinions(mnet, generation, key, judgement);
	else if (judgement->either)
		ask_either_opinions(mnet, generation, key, judgement);
	else
		mseg_opinion_ask(mnet, generation, &judgement->key, 1, &judgement->opinions);
}

/*
 * Whether a packet that no entry knows is of a connection that a local socket
 * knows, so that nobody loses a connection by an eviction, nor by a spoofed SYN.
 * UDP sockets that are connected take packets from their peer alone.
 */
static bool is_known_to_socket(struct mseg_net *mnet, const struct mseg_packet *packet,
			       const struct sock *server)
{
	enum mseg_socket_state socket;

	if (packet->key.path != MSEG_PATH_HOST)
		return false;
	if (packet->protocol == IPPROTO_UDP)
		return server && READ_ONCE(server->sk_state) == TCP_ESTABLISHED;
	/* This host's own SYN always begins a connection. */
	if (packet->protocol != IPPROTO_TCP || (packet->tcp_syn && packet->out))
		return false;
	socket = mseg_socket_state(mnet->net, &packet->key, packet->ifindex);
	return packet->tcp_syn ? socket > MSEG_SOCKET_TIME_WAIT : socket != MSEG_SOCKET_NONE;
}

/* The local socket that waits for what a packet may begin. */
static struct sock *server_of(struct mseg_net *mnet, const struct mseg_packet *packet)
{
	if (packet->out || packet->key.path != MSEG_PATH_HOST)
		return NULL;
	return mseg_socket_server(mnet->net, &packet->key, packet->ifindex);
}

static bool is_midstream(struct mseg_net *mnet, const struct mseg_packet *packet)
{
	bool udp = packet->protocol == IPPROTO_UDP;

	return is_known_to_socket(mnet, packet, udp ? server_of(mnet, packet) : NULL);
}

/* The answer to a SYN that was not remembered, and has no socket: a cookie. */
static bool is_cookie(struct mseg_net *mnet, const struct mseg_packet *packet)
{
	return packet->key.path == MSEG_PATH_HOST && packet->protocol == IPPROTO_TCP &&
	       packet->out && packet->tcp_any_syn && !packet->tcp_syn &&
	       mseg_socket_listens(mnet->net, &packet->key, packet->ifindex);
}

static void note_midstream(struct mseg_net *mnet, const struct mseg_packet *packet,
			   struct mseg_judgement *judgement)
{
	mseg_stat(mnet->stats, midstream);
	judgement->existing = true;
	/* A SYN that a peer may have forged, forgotten since: no more than it was. */
	judgement->half_open = packet->protocol == IPPROTO_TCP &&
			       mseg_socket_state(mnet->net, &packet->key, packet->ifindex) ==
				       MSEG_SOCKET_HALF_OPEN;
}

/*
 * The direction of a connection in its middle is what the local sockets say: a
 * listener holds the port of an incoming one. Where none does it may have been
 * either, and one Allow is enough.
 */
static void judge_midstream(struct mseg_net *mnet, const struct mseg_generation *generation,
			    const struct mseg_packet *packet, struct mseg_judgement *judgement)
{
	const struct mseg_conn_key *key = &packet->key;

	note_midstream(mnet, packet, judgement);
	if (packet->protocol == IPPROTO_TCP && mseg_socket_listens(mnet->net, key, packet->ifindex))
		ask_in(mnet, generation, key, judgement);
	else
		ask_either(mnet, generation, key, judgement);
}

/*
 * A peer's SYN to a listener is judged as incoming even if it is of a connection in its
 * middle. Which it is matters, and is asked, only where it is rejected.
 */
static void judge_at_listener(struct mseg_net *mnet, const struct mseg_generation *generation,
			      const struct mseg_packet *packet, struct mseg_judgement *judgement)
{
	ask_in(mnet, generation, &packet->key, judgement);
	if (judgement->verdict.action == MSEG_ACTION_REJECT && is_midstream(mnet, packet))
		note_midstream(mnet, packet, judgement);
}

static void ask_of_new(struct mseg_net *mnet, const struct mseg_generation *generation,
		       const struct mseg_packet *packet, struct mseg_judgement *judgement)
{
	if (packet->forwarded) {
		judgement->existing = !packet->out;
		mseg_transit_ask(mnet, generation, &packet->key, packet->service,
				 packet->forwarded->published, judgement);
		return;
	}
	judgement->server = server_of(mnet, packet);
	if (packet->tcp_syn && judgement->server) {
		judge_at_listener(mnet, generation, packet, judgement);
		return;
	}
	if (is_known_to_socket(mnet, packet, judgement->server)) {
		judge_midstream(mnet, generation, packet, judgement);
		return;
	}
	if (is_cookie(mnet, packet)) {
		ask_in(mnet, generation, &packet->key, judgement);
		return;
	}
	mseg_judgement_key(&judgement->key, &packet->key, direction_of(packet), packet->service);
	mseg_judgement_ask(mnet, generation, judgement);
}

/* What is observed passes, and its record says what would have been done. */
static void only_observe(const struct mseg_generation *generation, struct mseg_judgement *judgement)
{
	struct mseg_verdict *verdict = &judgement->verdict;
	struct mseg_opinions *opinions = &judgement->opinions;

	if (verdict->action == MSEG_ACTION_ALLOW)
		return;
	opinions->observed = MSEG_OPINION_REJECT;
	opinions->observed_rule = verdict->rule;
	opinions->observed_cookie =
		verdict->rule == MSEG_ID_NONE ? 0 : generation->policy->rules[verdict->rule].cookie;
	*verdict = (struct mseg_verdict){
		.rule = MSEG_ID_NONE,
		.network = MSEG_ID_NONE,
		.action = MSEG_ACTION_ALLOW,
		.reason = MSEG_REASON_DEFAULT,
	};
}

static void judge_new(struct mseg_net *mnet, const struct mseg_generation *generation,
		      const struct mseg_packet *packet, struct mseg_judgement *judgement)
{
	/* Asking fills the key and the verdict. */
	judgement->server = NULL;
	judgement->existing = false;
	judgement->half_open = false;
	judgement->either = false;
	judgement->both = false;
	ask_of_new(mnet, generation, packet, judgement);
	judgement->opinions = MSEG_NO_OPINIONS;
	if (mseg_opinion_wanted(mnet, generation))
		ask_opinions(mnet, generation, &packet->key, judgement);
	if (packet->observed)
		only_observe(generation, judgement);
}

/* Caller holds conn->lock, or is the only one who knows the entry. */
static void set_verdict(struct mseg_conn *conn, const struct mseg_generation *generation,
			const struct mseg_judgement *judgement)
{
	const struct mseg_verdict *verdict = &judgement->verdict;
	const struct mseg_rule *rules = generation->policy->rules;

	conn->opinions = judgement->opinions;
	conn->rule = verdict->rule;
	conn->network = verdict->network;
	WRITE_ONCE(conn->learned, verdict->learned);
	if (mseg_conn_is_forwarded(conn))
		WRITE_ONCE(conn->direction, judgement->key.direction);
	conn->cookie = verdict->rule == MSEG_ID_NONE ? 0 : rules[verdict->rule].cookie;
	conn->reason = verdict->reason;
	conn->flags &= ~MSEG_FLOW_FLAG_SILENT;
	if (verdict->action == MSEG_ACTION_REJECT && generation->policy->silent[conn->direction])
		conn->flags |= MSEG_FLOW_FLAG_SILENT;
	WRITE_ONCE(conn->verdict, verdict->action);
	/* Who sees the generation sees its verdict. */
	smp_store_release(&conn->generation, generation->number);
}

static void to_rejected(struct mseg_conn_key *key, const struct mseg_packet *packet, u8 direction)
{
	if (packet->forwarded)
		mseg_transit_to_rejected(key, packet);
	else
		mseg_packet_to_rejected(key, direction);
}

/* Whether another entry went. */
static bool make_room(struct mseg_net *mnet, u32 hash, bool reject, bool out)
{
	struct mseg_conn *victim = mseg_conn_victim(mnet->conns, hash, reject, out);

	if (!victim)
		return false;
	mseg_stat(mnet->stats, conn_evicted);
	mseg_track_end(mnet, victim);
	return true;
}

static void fill_conn(struct mseg_net *mnet, struct mseg_conn *conn,
		      const struct mseg_packet *packet, const struct mseg_judgement *judgement)
{
	bool reject = judgement->verdict.action == MSEG_ACTION_REJECT;

	conn->direction = judgement->key.direction;
	conn->client = mseg_packet_client(&packet->key, conn->direction);
	conn->service = judgement->key.service;
	conn->either = judgement->either;
	conn->observed = packet->observed;
	conn->flags = packet->raw ? MSEG_FLOW_FLAG_RAW : 0;
	conn->ifindex = packet->ifindex;
	conn->state = reject ? MSEG_CONN_STATE_REJECTED : MSEG_CONN_STATE_NEW;
	if (!reject) {
		atomic_set(&conn->attempts, 1);
		if (judgement->server && mseg_process_of_socket(&conn->process, judgement->server))
			conn->named = MSEG_CONN_NAMED_SOCKET;
	}
	if (packet->forwarded)
		mseg_transit_begin(conn, packet->forwarded, judgement->existing);
	if (!judgement->existing)
		return;
	conn->flags |= MSEG_FLOW_FLAG_EXISTING;
	conn->has_socket = packet->protocol == IPPROTO_TCP && mseg_conn_is_hosts(conn);
	if (!reject)
		conn->state = judgement->half_open ? MSEG_CONN_STATE_REPLIED :
						     MSEG_CONN_STATE_ESTABLISHED;
}

static struct mseg_conn *make_conn(struct mseg_net *mnet, const struct mseg_generation *generation,
				   const struct mseg_packet *packet,
				   const struct mseg_judgement *judgement)
{
	bool reject = judgement->verdict.action == MSEG_ACTION_REJECT;
	const struct mseg_conn_key *key = &packet->key;
	struct mseg_conn_key rejected __uninitialized;
	struct mseg_conn *conn;
	bool overflow = false;
	u32 hash = packet->hash;

	/* What a socket proves to exist is no forgery. */
	if (reject && !judgement->existing) {
		rejected = packet->key;
		to_rejected(&rejected, packet, judgement->key.direction);
		key = &rejected;
		hash = mseg_conn_hash(key);
	}
	if (mseg_conn_full(mnet->conns))
		overflow = make_room(mnet, hash, reject, packet->out && !packet->forwarded) ||
			   !reject;
	conn = mseg_conn_new(mnet->conns, key, hash, overflow);
	if (!conn)
		return NULL;
	fill_conn(mnet, conn, packet, judgement);
	set_verdict(conn, generation, judgement);
	mseg_track_packet(mnet, conn, packet);
	return conn;
}

static void add_or_count(struct mseg_net *mnet, struct mseg_conn *conn,
			 const struct mseg_packet *packet)
{
	struct mseg_conn *added = mseg_conn_add(mnet->conns, conn);

	/* Where another processor was first, its entry serves as well. */
	if (added == conn)
		mseg_flow_emit(mnet->flows, conn, MSEG_FLOW_EVENT_BEGIN);
	else
		mseg_track_packet(mnet, added, packet);
}

static u8 remember(struct mseg_net *mnet, const struct mseg_generation *generation,
		   struct mseg_packet *packet)
{
	struct mseg_judgement judgement __uninitialized;
	struct mseg_conn *conn;

	judge_new(mnet, generation, packet, &judgement);
	packet->direction = judgement.key.direction;
	/* An entry would take the replies of a connection that may well live. */
	if (packet->strange && judgement.verdict.action == MSEG_ACTION_ALLOW)
		return MSEG_ACTION_ALLOW;
	conn = make_conn(mnet, generation, packet, &judgement);
	if (conn)
		add_or_count(mnet, conn, packet);
	return judgement.verdict.action;
}

/* Whether a former policy gave its verdict. */
static bool is_older(const struct mseg_conn *conn, const struct mseg_generation *generation)
{
	return (s32)(generation->number - READ_ONCE(conn->generation)) > 0;
}

static bool is_observed(const struct mseg_net *mnet, const struct mseg_conn *conn)
{
	if (!mseg_conn_is_forwarded(conn))
		return READ_ONCE(conn->observed);
	return READ_ONCE(mnet->forward) != MSEG_MODE_ENFORCE;
}

/* Of what is forwarded the mode may have changed since. */
static bool mode_changed(const struct mseg_net *mnet, const struct mseg_conn *conn)
{
	return mseg_conn_is_forwarded(conn) && is_observed(mnet, conn) != READ_ONCE(conn->observed);
}

/* A processor that still reads the former policy changes nothing. */
static bool is_news(const struct mseg_conn *conn, const struct mseg_generation *generation,
		    bool observed)
{
	return is_older(conn, generation) ||
	       (conn->observed != observed && conn->generation == generation->number);
}

static void judge_again(struct mseg_net *mnet, const struct mseg_generation *generation,
			struct mseg_conn *conn)
{
	bool observed = is_observed(mnet, conn);
	struct mseg_judgement judgement = {};
	bool changed = false;
	u8 before;

	if (mseg_conn_is_forwarded(conn)) {
		mseg_transit_ask(mnet, generation, &conn->key, conn->service,
				 mseg_conn_forwarded(conn)->published, &judgement);
	} else if (conn->either) {
		ask_either(mnet, generation, &conn->key, &judgement);
	} else {
		mseg_judgement_key(&judgement.key, &conn->key, conn->direction, conn->service);
		mseg_judgement_ask(mnet, generation, &judgement);
	}
	judgement.opinions = MSEG_NO_OPINIONS;
	if (mseg_opinion_wanted(mnet, generation))
		ask_opinions(mnet, generation, &conn->key, &judgement);
	if (observed)
		only_observe(generation, &judgement);
	spin_lock_bh(&conn->lock);
	if (is_news(conn, generation, observed)) {
		WRITE_ONCE(conn->observed, observed);
		before = conn->verdict;
		changed = before != judgement.verdict.action;
		set_verdict(conn, generation, &judgement);
	}
	if (changed) {
		/* Before the state, under which an older time may be over. */
		WRITE_ONCE(conn->last_seen, jiffies);
		mseg_conn_enter(conn, before == MSEG_ACTION_ALLOW ? MSEG_CONN_STATE_REJECTED :
								    MSEG_CONN_STATE_ESTABLISHED);
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

	if (judged_by == generation->number)
		return true;
	return READ_ONCE(conn->verdict) == MSEG_ACTION_ALLOW && judged_by != generation->failed &&
	       (s32)(judged_by - generation->kept_from) >= 0;
}

/* The verdict on a known connection under this generation. */
static u8 current_verdict(struct mseg_net *mnet, const struct mseg_generation *generation,
			  struct mseg_conn *conn)
{
	if (!stands(conn, generation) || mode_changed(mnet, conn))
		judge_again(mnet, generation, conn);
	return READ_ONCE(conn->verdict);
}

u8 mseg_judge_known(struct mseg_net *mnet, struct mseg_conn *conn)
{
	return current_verdict(mnet, rcu_dereference(mnet->generation), conn);
}

/* Whether a packet answers a query to a group which the policy allows. */
static bool answers_query(struct mseg_net *mnet, const struct mseg_generation *generation,
			  const struct mseg_packet *packet)
{
	struct mseg_judgement judgement;
	struct mseg_conn_key query;
	struct mseg_conn *conn;

	if (!mseg_query_find(mnet->queries, mnet->net, packet, &query))
		return false;
	memset(&judgement, 0, sizeof(judgement));
	conn = mseg_track_find(mnet, &query);
	if (conn) {
		judgement.verdict.action = current_verdict(mnet, generation, conn);
	} else {
		/* Nothing is remembered of it, but it was sent. */
		mseg_judgement_key(&judgement.key, &query, MSEG_DIRECTION_OUT, ntohs(query.rport));
		mseg_judgement_ask(mnet, generation, &judgement);
	}
	if (judgement.verdict.action == MSEG_ACTION_REJECT)
		return false;
	mseg_stat(mnet->stats, pass_answer);
	if (conn)
		mseg_track_packet(mnet, conn, packet);
	return true;
}

/* What was learned since may allow what was rejected. */
static bool has_name(const struct mseg_net *mnet, const struct mseg_conn_key *key)
{
	return mseg_learned_any(mnet->learned) &&
	       mseg_learned_has(mnet->learned, key->family, key->remote.s6_addr);
}

/*
 * The rejected attempts that a packet is one more of. Under a newer policy it is
 * judged, and they are over.
 */
static struct mseg_conn *find_rejected(struct mseg_net *mnet,
				       const struct mseg_generation *generation,
				       const struct mseg_packet *packet)
{
	struct mseg_conn_key key;
	struct mseg_conn *conn;

	if (!mseg_conn_any_rejected(mnet->conns))
		return NULL;
	key = packet->key;
	to_rejected(&key, packet, direction_of(packet));
	conn = mseg_track_find(mnet, &key);
	/* What a socket waits for is no attempt, whatever was forged before. */
	if (!conn || is_observed(mnet, conn) || is_midstream(mnet, packet) ||
	    is_cookie(mnet, packet) || has_name(mnet, &packet->key))
		return NULL;
	if (!is_older(conn, generation))
		return conn;
	mseg_track_end(mnet, conn);
	return NULL;
}

static enum mseg_syn ask_socket(struct mseg_net *mnet, const struct mseg_conn *conn)
{
	if (mseg_socket_state(mnet->net, &conn->key, conn->ifindex) > MSEG_SOCKET_TIME_WAIT)
		return MSEG_SYN_BELONGS;
	/* That there is none says something only where there was one. */
	return READ_ONCE(conn->has_socket) ? MSEG_SYN_FOLLOWS : MSEG_SYN_STRANGE;
}

/*
 * This host's own SYN begins a new connection, but for one that repeats the
 * first. A peer's does when the old one is over, which the socket tells; on a
 * live one it changes nothing and goes to the stack (RFC 5961). A crossing SYN
 * belongs to the connection that this host is opening (RFC 9293, 3.5).
 */
static enum mseg_syn meaning_of_syn(struct mseg_net *mnet, const struct mseg_conn *conn,
				    const struct mseg_packet *packet)
{
	bool conn_out = conn->direction == MSEG_DIRECTION_OUT;

	switch (READ_ONCE(conn->state)) {
	case MSEG_CONN_STATE_REJECTED:
		return packet->out && !conn_out ? MSEG_SYN_FOLLOWS : MSEG_SYN_BELONGS;
	case MSEG_CONN_STATE_CLOSED:
		return MSEG_SYN_FOLLOWS;
	case MSEG_CONN_STATE_NEW:
	case MSEG_CONN_STATE_REPLIED:
		if (packet->out == conn_out)
			return MSEG_SYN_BELONGS;
		break;
	}
	return packet->out ? MSEG_SYN_FOLLOWS : ask_socket(mnet, conn);
}

/* The connection that a SYN belongs to, NULL where it is to be judged. */
static struct mseg_conn *after_syn(struct mseg_net *mnet, struct mseg_conn *conn,
				   struct mseg_packet *packet)
{
	enum mseg_syn syn = packet->forwarded ? mseg_transit_syn(conn, packet) :
						meaning_of_syn(mnet, conn, packet);

	if (syn == MSEG_SYN_FOLLOWS)
		mseg_track_end(mnet, conn);
	if (syn == MSEG_SYN_BELONGS)
		return conn;
	packet->strange = packet->forwarded && syn == MSEG_SYN_STRANGE;
	mseg_transit_turn_back(packet);
	return NULL;
}

/* Records say of a connection that packet sockets send for it, too. */
static void note_raw(struct mseg_conn *conn)
{
	if (READ_ONCE(conn->flags) & MSEG_FLOW_FLAG_RAW)
		return;
	spin_lock_bh(&conn->lock);
	conn->flags |= MSEG_FLOW_FLAG_RAW;
	spin_unlock_bh(&conn->lock);
}

/* A packet that is of no connection yet. */
static u8 judge_attempt(struct mseg_net *mnet, const struct mseg_generation *generation,
			struct mseg_packet *packet)
{
	struct mseg_conn *conn = find_rejected(mnet, generation, packet);

	if (!conn)
		return remember(mnet, generation, packet);
	if (packet->raw)
		note_raw(conn);
	packet->direction = conn->direction;
	mseg_track_packet(mnet, conn, packet);
	return MSEG_ACTION_REJECT;
}

/*
 * What the kernel answers to a packet that never came here, since a rule of
 * another firewall refused it before: judged as that packet would have been. If
 * this policy refuses it, too, it would have answered the same, unless in silence.
 */
static u8 judge_refusal(struct mseg_net *mnet, const struct mseg_generation *generation,
			const struct mseg_conn_key *refused)
{
	bool icmp = mseg_protocol_is_icmp(refused->protocol);
	struct mseg_judgement judgement = {};

	mseg_judgement_key(&judgement.key, refused, MSEG_DIRECTION_IN,
			   ntohs(icmp ? refused->rport : refused->lport));
	mseg_judgement_ask(mnet, generation, &judgement);
	if (judgement.verdict.action == MSEG_ACTION_REJECT &&
	    generation->policy->silent[MSEG_DIRECTION_IN])
		return MSEG_ACTION_REJECT;
	mseg_stat(mnet->stats, pass_refusal);
	return MSEG_ACTION_ALLOW;
}

/* Whoever remembers the packet needs the hash again. */
static struct mseg_conn *find_by_key(struct mseg_net *mnet, struct mseg_packet *packet)
{
	packet->hash = mseg_conn_hash(&packet->key);
	return mseg_track_find_hashed(mnet, &packet->key, packet->hash);
}

/* The connection that a packet is of, or NULL. */
static struct mseg_conn *find_conn(struct mseg_net *mnet, struct mseg_packet *packet)
{
	struct mseg_conn *conn = find_by_key(mnet, packet);

	if (!conn && packet->forwarded)
		conn = mseg_transit_turn_to_known(mnet, packet);
	if (conn && packet->forwarded && mseg_transit_is_others(conn, packet))
		return NULL;
	if (conn && packet->tcp_syn)
		conn = after_syn(mnet, conn, packet);
	return conn;
}

static u8 judge_known(struct mseg_net *mnet, const struct mseg_generation *generation,
		      struct mseg_conn *conn, struct mseg_packet *packet)
{
	u8 verdict = current_verdict(mnet, generation, conn);

	packet->known = true;
	packet->direction = conn->direction;
	if (packet->raw)
		note_raw(conn);
	mseg_track_packet(mnet, conn, packet);
	mseg_conn_to_front(mnet->conns, conn);
	return verdict;
}

/* An ICMP reply that answers nothing may be one more of those that came before. */
static struct mseg_conn *find_single(struct mseg_net *mnet, struct mseg_packet *packet)
{
	if (!packet->icmp_reply)
		return NULL;
	mseg_packet_to_single(packet);
	return find_by_key(mnet, packet);
}

static u8 judge_unknown(struct mseg_net *mnet, const struct mseg_generation *generation,
			struct mseg_packet *packet)
{
	struct mseg_conn *conn;

	if (mseg_query_may_answer(packet) && answers_query(mnet, generation, packet))
		return MSEG_ACTION_ALLOW;
	conn = find_single(mnet, packet);
	if (conn)
		return judge_known(mnet, generation, conn, packet);
	if (packet->forwarded && mseg_transit_try_turn(packet))
		return remember(mnet, generation, packet);
	if (packet->tcp_rst && packet->by_kernel && !is_midstream(mnet, packet))
		return judge_refusal(mnet, generation, &packet->key);
	return judge_attempt(mnet, generation, packet);
}

static u8 judge_flow(struct mseg_net *mnet, const struct mseg_generation *generation,
		     struct mseg_packet *packet)
{
	struct mseg_conn *conn = find_conn(mnet, packet);

	return conn ? judge_known(mnet, generation, conn, packet) :
		      judge_unknown(mnet, generation, packet);
}

u8 mseg_judge_flow(struct mseg_net *mnet, struct mseg_packet *packet)
{
	u8 verdict = judge_flow(mnet, rcu_dereference(mnet->generation), packet);

	/* What is only observed asks nothing, and what is forwarded is others'. */
	if (packet->to_group && packet->out && verdict == MSEG_ACTION_ALLOW &&
	    packet->key.path == MSEG_PATH_HOST && mseg_query_note(mnet->queries, packet))
		mseg_stat(mnet->stats, query_forgotten);
	return verdict;
}

u8 mseg_judge_error(struct mseg_net *mnet, struct mseg_packet *packet)
{
	const struct mseg_generation *generation = rcu_dereference(mnet->generation);
	struct mseg_conn *conn = NULL;
	u8 verdict;

	if (packet->quoted.family)
		conn = mseg_track_find(mnet, &packet->quoted) ?:
			       mseg_transit_find_turned(mnet, &packet->quoted);
	if (conn) {
		verdict = current_verdict(mnet, generation, conn);
		if (verdict == MSEG_ACTION_ALLOW)
			mseg_stat(mnet->stats, pass_related);
		return verdict;
	}
	if (packet->quoted_forwarded) {
		mseg_stat(mnet->stats, pass_forwarded);
		return MSEG_ACTION_ALLOW;
	}
	if (packet->quoted.family && packet->by_kernel)
		return judge_refusal(mnet, generation, &packet->quoted);
	return mseg_judge_flow(mnet, packet);
}
