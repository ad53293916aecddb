// SPDX-License-Identifier: GPL-2.0
/*
 * Both directions of a forwarded connection may come to be seen first, and either
 * end may begin one: its key is that of who began, and packets of the other end
 * are turned to it.
 */
#include "transit.h"

#include <net/ipv6.h>

#include <linux/mseg.h>

#include "opinion.h"
#include "track.h"

/* The peer of what comes in to be forwarded is who began it. */
static void forwarded_key(struct mseg_key *key, const struct mseg_conn_key *conn, u16 service)
{
	mseg_judgement_key(key, conn, MSEG_DIRECTION_IN, service);
	memcpy(key->peer, &conn->local, sizeof(key->peer));
}

void mseg_transit_ask(struct mseg_net *mnet, const struct mseg_generation *generation,
		      const struct mseg_conn_key *key, u16 service, bool published,
		      struct mseg_judgement *judgement)
{
	struct mseg_judgement in = {};

	if (!published) {
		judgement->both = true;
		mseg_judgement_key(&judgement->key, key, MSEG_DIRECTION_OUT, service);
		mseg_judgement_ask(mnet, generation, judgement);
		if (judgement->verdict.action == MSEG_ACTION_REJECT)
			return;
	}
	forwarded_key(&in.key, key, service);
	mseg_judgement_ask(mnet, generation, &in);
	if (!published && in.verdict.action == MSEG_ACTION_ALLOW) {
		judgement->verdict.learned |= in.verdict.learned;
		return;
	}
	judgement->key = in.key;
	judgement->verdict = in.verdict;
}

void mseg_transit_ask_opinions(struct mseg_net *mnet, const struct mseg_generation *generation,
			       const struct mseg_conn_key *key, struct mseg_judgement *judgement)
{
	struct mseg_opinions *opinions = &judgement->opinions, in;
	u16 service = judgement->key.service;
	struct mseg_key question;

	mseg_judgement_key(&question, key, MSEG_DIRECTION_OUT, service);
	mseg_opinion_ask(mnet, generation, &question, 1, opinions);
	forwarded_key(&question, key, service);
	mseg_opinion_ask(mnet, generation, &question, 1, &in);
	if (in.observed == MSEG_OPINION_REJECT || opinions->observed == MSEG_OPINION_NONE) {
		opinions->observed = in.observed;
		opinions->observed_rule = in.observed_rule;
		opinions->observed_cookie = in.observed_cookie;
	}
	if (in.candidate == MSEG_OPINION_REJECT) {
		opinions->candidate = in.candidate;
		opinions->candidate_rule = in.candidate_rule;
		opinions->candidate_generation = in.candidate_generation;
	}
}

void mseg_transit_to_rejected(struct mseg_conn_key *key, const struct mseg_packet *packet)
{
	mseg_packet_to_rejected(key, packet->forwarded->published ? MSEG_DIRECTION_IN :
								    MSEG_DIRECTION_OUT);
	key->lport = htons(packet->service);
}

void mseg_transit_begin(struct mseg_conn *conn, const struct mseg_forwarded *packet, bool existing)
{
	struct mseg_conn_forwarded *forwarded = mseg_conn_forwarded(conn);

	conn->flags |= MSEG_FLOW_FLAG_FORWARDED;
	forwarded->destination = packet->destination;
	forwarded->published = packet->published;
	mseg_window_begin(&forwarded->window, existing);
}

struct mseg_conn *mseg_transit_find_turned(struct mseg_net *mnet, const struct mseg_conn_key *key)
{
	struct mseg_conn_key turned = *key;

	if (key->path != MSEG_PATH_FORWARD || !mseg_packet_turn(&turned))
		return NULL;
	return mseg_track_find(mnet, &turned);
}

struct mseg_conn *mseg_transit_turn_to_known(struct mseg_net *mnet, struct mseg_packet *packet)
{
	struct mseg_conn *conn = mseg_transit_find_turned(mnet, &packet->key);

	if (conn) {
		packet->key = conn->key;
		packet->hash = conn->hash;
		packet->out = false;
	}
	return conn;
}

bool mseg_transit_is_others(const struct mseg_conn *conn, const struct mseg_packet *packet)
{
	const struct mseg_conn_forwarded *known = mseg_conn_forwarded(conn);
	const struct mseg_forwarded *sent = packet->forwarded;

	if (!packet->out)
		return false;
	return known->published != sent->published ||
	       !ipv6_addr_equal(&known->destination, &sent->destination) ||
	       (sent->published && conn->service != packet->service);
}

bool mseg_transit_try_turn(struct mseg_packet *packet)
{
	if (!packet->forwarded->reply || !packet->out || packet->tcp_syn ||
	    packet->key.kind != MSEG_CONN_PLAIN || !mseg_packet_turn(&packet->key))
		return false;
	packet->hash = mseg_conn_hash(&packet->key);
	packet->out = false;
	return true;
}

void mseg_transit_turn_back(struct mseg_packet *packet)
{
	if (!packet->forwarded || packet->out)
		return;
	packet->out = mseg_packet_turn(&packet->key);
	packet->hash = mseg_conn_hash(&packet->key);
}

/*
 * Through this host there is no socket to ask, but the window knows what is over.
 * A SYN of who began it goes to the other end, which knows what it is. One of the
 * other end would turn the connection, and is judged for itself.
 */
enum mseg_syn mseg_transit_syn(const struct mseg_conn *conn, const struct mseg_packet *packet)
{
	switch (READ_ONCE(conn->state)) {
	case MSEG_CONN_STATE_CLOSED:
		return MSEG_SYN_FOLLOWS;
	case MSEG_CONN_STATE_NEW:
		return MSEG_SYN_BELONGS;
	}
	return packet->out ? MSEG_SYN_BELONGS : MSEG_SYN_STRANGE;
}
