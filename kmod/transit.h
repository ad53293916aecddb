/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Transit traffic: what is asked of the policy about connections that are
 * forwarded, and which of them a packet belongs to.
 */
#ifndef MSEG_TRANSIT_H
#define MSEG_TRANSIT_H

#include "judgement.h"
#include "net.h"
#include "packet.h"

/**
 * mseg_transit_ask() - ask the policy about a forwarded connection
 * @mnet: attached
 * @generation: that decides
 * @key: of the connection
 * @service: host order; of what is published, the one before translation
 * @published: whether it is
 * @judgement: zero, but for what the caller knows; filled
 *
 * Under RCU. What is forwarded comes in from its source and goes out to its
 * destination, and needs leave for both. What is published needs it for the first
 * alone, by the destination that it had before it was translated.
 */
void mseg_transit_ask(struct mseg_net *mnet, const struct mseg_generation *generation,
		      const struct mseg_conn_key *key, u16 service, bool published,
		      struct mseg_judgement *judgement);

/**
 * mseg_transit_ask_opinions() - ask those that do not decide the same
 * @mnet: attached
 * @generation: in force
 * @key: of the connection
 * @judgement: that needed leave for both directions; gets their opinions
 *
 * Under RCU. Of what has to be allowed twice, the stricter opinion counts.
 */
void mseg_transit_ask_opinions(struct mseg_net *mnet, const struct mseg_generation *generation,
			       const struct mseg_conn_key *key, struct mseg_judgement *judgement);

/**
 * mseg_transit_to_rejected() - the key that rejected attempts share
 * @key: of one of them; changed
 * @packet: forwarded
 *
 * Rejected attempts through this host share an entry where one question decides
 * them all: the service may have been translated, and not every way to it.
 */
void mseg_transit_to_rejected(struct mseg_conn_key *key, const struct mseg_packet *packet);

/**
 * mseg_transit_begin() - note what is kept of a forwarded connection alone
 * @conn: new
 * @packet: its first
 * @existing: first seen in its middle
 */
void mseg_transit_begin(struct mseg_conn *conn, const struct mseg_forwarded *packet, bool existing);

/**
 * mseg_transit_find_turned() - a forwarded connection that the other end began
 * @mnet: attached
 * @key: of a packet of any path
 *
 * Under RCU.
 *
 * Return: the connection, or NULL.
 */
struct mseg_conn *mseg_transit_find_turned(struct mseg_net *mnet, const struct mseg_conn_key *key);

/**
 * mseg_transit_turn_to_known() - the forwarded connection that a packet answers
 * @mnet: attached
 * @packet: forwarded; turned into one of that connection
 *
 * Under RCU.
 *
 * Return: the connection, or NULL.
 */
struct mseg_conn *mseg_transit_turn_to_known(struct mseg_net *mnet, struct mseg_packet *packet);

/**
 * mseg_transit_is_others() - whether a packet only looks like one of a connection
 * @conn: found for @packet
 * @packet: forwarded
 *
 * One client may reach one server by an address where it is published and by its
 * own, and from one port: translated, they look the same, and are not judged by
 * the same questions.
 *
 * Return: true when it was sent elsewhere by who began.
 */
bool mseg_transit_is_others(const struct mseg_conn *conn, const struct mseg_packet *packet);

/**
 * mseg_transit_try_turn() - turn a packet that answers what is not remembered
 * @packet: forwarded, of no known connection; of one that the other end began, if it
 *	is turned
 *
 * Return: true when it was turned.
 */
bool mseg_transit_try_turn(struct mseg_packet *packet);

/**
 * mseg_transit_turn_back() - judge a packet for itself after all
 * @packet: forwarded or not; one that was turned is as it came
 */
void mseg_transit_turn_back(struct mseg_packet *packet);

/**
 * enum mseg_syn - what a SYN is to the connection that is remembered for its
 *	addresses
 * @MSEG_SYN_BELONGS: a part of it
 * @MSEG_SYN_FOLLOWS: the first of a new one, the old one is over
 * @MSEG_SYN_STRANGE: nobody knows: judge it, and leave the old one alone
 */
enum mseg_syn {
	MSEG_SYN_BELONGS,
	MSEG_SYN_FOLLOWS,
	MSEG_SYN_STRANGE,
};

/**
 * mseg_transit_syn() - what a SYN is to a forwarded connection
 * @conn: found for @packet
 * @packet: forwarded, turned into one of @conn
 *
 * Return: enum mseg_syn.
 */
enum mseg_syn mseg_transit_syn(const struct mseg_conn *conn, const struct mseg_packet *packet);

#endif /* MSEG_TRANSIT_H */
