/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Queries of this host to multicast groups and broadcast addresses: who answers
 * one does so by unicast, from an address of his own.
 */
#ifndef MSEG_QUERY_H
#define MSEG_QUERY_H

#include <net/net_namespace.h>

#include "packet.h"

struct mseg_queries;

/** mseg_queries_new() - none yet. May sleep. Return: them, or NULL without memory. */
struct mseg_queries *mseg_queries_new(void);

/**
 * mseg_queries_free() - forget them
 * @queries: nobody uses them any more; may be NULL
 */
void mseg_queries_free(struct mseg_queries *queries);

/* Datagrams, and ICMP's queries. */
static inline bool mseg_query_has_answers(const struct mseg_packet *packet)
{
	switch (packet->key.protocol) {
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return true;
	}
	return packet->key.kind == MSEG_CONN_QUERY_OUT;
}

/**
 * mseg_query_note() - wait for answers to a packet
 * @queries: of its namespace
 * @packet: outgoing, to a group, and allowed
 *
 * Any context. For six seconds: the answers to a search by SSDP may take five.
 * Where too many are waited for, the oldest of who asked most is forgotten.
 *
 * Return: true when one was.
 */
bool mseg_query_note(struct mseg_queries *queries, const struct mseg_packet *packet);

/**
 * mseg_query_may_answer() - whether a packet is of those that answer a query to a group
 * @packet: parsed
 *
 * Datagrams, and ICMP's replies: with anything else nobody asks a group. What is
 * forwarded or only observed answers nobody here.
 *
 * Return: false when mseg_query_find() need not be asked.
 */
static inline bool mseg_query_may_answer(const struct mseg_packet *packet)
{
	return !packet->out && packet->key.path == MSEG_PATH_HOST && mseg_query_has_answers(packet);
}

/**
 * mseg_query_find() - the query that a packet may answer
 * @queries: of the namespace
 * @net: network namespace
 * @packet: of those that mseg_query_may_answer()
 * @query: filled with the query's connection
 *
 * Under RCU. An answer goes to the query's address and port, comes from the port
 * that the query went to, by the interface that it left by, and from an address
 * on that link as far as the host's own prefixes tell. What was asked without an
 * address, as DHCP does, may be answered at any of them, and by broadcast.
 *
 * Return: true when there is one.
 */
bool mseg_query_find(struct mseg_queries *queries, struct net *net,
		     const struct mseg_packet *packet, struct mseg_conn_key *query);

#endif /* MSEG_QUERY_H */
