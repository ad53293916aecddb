/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a packet to what it is judged and remembered by.
 */
#ifndef MSEG_PACKET_H
#define MSEG_PACKET_H

#include <linux/in6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/types.h>

#include <linux/mseg.h>
#include <mseg/core.h>

#include "stats.h"
#include "window.h"

/**
 * enum mseg_conn_kind - which packets share a connection beyond addresses
 * @MSEG_CONN_PLAIN: both directions of one tuple
 * @MSEG_CONN_QUERY_OUT: an ICMP query of this host and its replies
 * @MSEG_CONN_QUERY_IN: an ICMP query of a peer and the replies to it
 * @MSEG_CONN_SINGLE_IN: incoming ICMP that is no part of an exchange
 * @MSEG_CONN_SINGLE_OUT: outgoing ICMP that is no part of an exchange
 * @MSEG_CONN_REJECTED_IN: a peer's rejected attempts at a service of this host,
 *	from whichever port; for incoming packets alone, so that a spoofed one
 *	cannot poison the host's own connection
 * @MSEG_CONN_REJECTED_OUT: this host's rejected attempts at a peer's service
 */
enum mseg_conn_kind {
	MSEG_CONN_PLAIN,
	MSEG_CONN_QUERY_OUT,
	MSEG_CONN_QUERY_IN,
	MSEG_CONN_SINGLE_IN,
	MSEG_CONN_SINGLE_OUT,
	MSEG_CONN_REJECTED_IN,
	MSEG_CONN_REJECTED_OUT,
};

/**
 * enum mseg_path - how packets go, which connections of different paths share
 *	nothing
 * @MSEG_PATH_HOST: from or to this host
 * @MSEG_PATH_FORWARD: through this host, by whose keys the local end is the one
 *	that began
 * @MSEG_PATH_RAW: sent by a packet socket and only observed, so that it opens
 *	nothing to what comes in
 */
enum mseg_path {
	MSEG_PATH_HOST,
	MSEG_PATH_FORWARD,
	MSEG_PATH_RAW,
};

/**
 * struct mseg_conn_key - a connection as seen from this host
 * @local: this host's address, or the group or broadcast address that a packet
 *	came to; an IPv4 address in the first four bytes
 * @remote: the peer's
 * @lport: this host's port, network order; an ICMP query's identifier; 0 of
 *	rejected attempts where it is the client's
 * @rport: the peer's port; ICMP type and code; 0 like @lport
 * @scope: interface of link-local addresses, VRF device, or 0
 * @family: enum mseg_family
 * @protocol: IANA number
 * @kind: enum mseg_conn_kind
 * @path: enum mseg_path
 *
 * Keys are compared as bytes.
 */
struct mseg_conn_key {
	struct in6_addr local;
	struct in6_addr remote;
	__be16 lport;
	__be16 rport;
	u32 scope;
	u8 family;
	u8 protocol;
	u8 kind;
	u8 path;
};

/**
 * enum mseg_packet_class - what to do with a parsed packet
 * @MSEG_PACKET_FLOW: judge it
 * @MSEG_PACKET_ERROR: an ICMP error; @quoted is the connection it is about
 * @MSEG_PACKET_LINK: the link needs it (ND, MLD, IGMP), it always passes
 * @MSEG_PACKET_FRAGMENT: not reassembled, drop it; the key holds what a
 *	fragment tells
 * @MSEG_PACKET_TRUNCATED: shorter than its headers say, drop it
 * @MSEG_PACKET_HEADERS: more IPv6 extension headers than are walked, drop it
 * @MSEG_PACKET_ROUTED: source-routed by this host, so that its header does not
 *	name its peer, drop it
 */
enum mseg_packet_class {
	MSEG_PACKET_FLOW,
	MSEG_PACKET_ERROR,
	MSEG_PACKET_LINK,
	MSEG_PACKET_FRAGMENT,
	MSEG_PACKET_TRUNCATED,
	MSEG_PACKET_HEADERS,
	MSEG_PACKET_ROUTED,
};

/**
 * struct mseg_forwarded - what is known of a forwarded packet alone
 * @destination: where its connection went before it was translated
 * @segment: of TCP
 * @published: that is not where it goes now
 * @reply: connection tracking knows it as a reply
 */
struct mseg_forwarded {
	struct in6_addr destination;
	struct mseg_segment segment;
	bool published;
	bool reply;
};

/**
 * struct mseg_packet - what the module needs to know of a packet
 * @key: its connection
 * @quoted: with MSEG_PACKET_ERROR, the connection of the quoted packet; its
 *	family is 0 where the quotation names none, and then nothing else is defined
 * @quoted_forwarded: with @quoted, the quoted packet was not from or to this
 *	host
 * @hash: of @key, by mseg_conn_hash(), filled by judging
 * @service: destination port, or ICMP type * 256 + code; host order
 * @family: enum mseg_family
 * @protocol: IANA number
 * @forwarded: of a forwarded packet, else NULL
 * @transport: offset of its upper layer's header from skb->data
 * @direction: of its connection, enum mseg_direction, filled by judging
 * @out: sent by this host; if forwarded, by who began
 * @to_group: to a multicast group or a broadcast address
 * @raw: sent by a packet socket
 * @observed: passes whatever the policy says, which is told by its record
 * @icmp_reply: an ICMP reply, which begins no exchange
 * @tcp_syn: SYN without ACK
 * @tcp_any_syn: SYN, with ACK or without
 * @tcp_end: FIN or RST
 * @tcp_rst: RST
 * @icmp_error: an ICMP error, which is never answered
 * @known: its connection was remembered, filled by judging
 * @strange: a SYN in the place of a connection that may live, filled by judging
 * @by_kernel: outgoing, and no process's socket sends it
 * @sk: outgoing, the socket that sends it, or NULL
 * @ifindex: interface that it came by or leaves by
 * @len: bytes of the IP packet
 * @segments: packets that it is on the wire
 */
struct mseg_packet {
	struct mseg_conn_key key;
	struct mseg_conn_key quoted;
	u32 hash;
	const struct mseg_forwarded *forwarded;
	int transport;
	u16 service;
	u8 protocol;
	u8 direction;
	bool quoted_forwarded;
	bool to_group;
	bool raw;
	bool observed;
	bool icmp_reply;
	bool tcp_syn;
	bool tcp_any_syn;
	bool tcp_end;
	bool tcp_rst;
	bool icmp_error;
	bool known;
	bool strange;
	u8 family;
	bool out;
	bool by_kernel;
	struct sock *sk;
	u32 ifindex;
	u32 len;
	u32 segments;
};

/**
 * mseg_packet_parse() - read a packet
 * @skb: at LOCAL_IN, LOCAL_OUT or FORWARD, or about to leave as if it had been there
 * @state: of the hook
 * @offset: of the network header from skb->data
 * @packet: filled; every byte of its keys is defined
 *
 * Under RCU, softirq or process context. Nothing is pulled or changed.
 *
 * Return: enum mseg_packet_class.
 */
enum mseg_packet_class mseg_packet_parse(const struct sk_buff *skb,
					 const struct nf_hook_state *state, int offset,
					 struct mseg_packet *packet);

/**
 * mseg_packet_count_drop() - count why a packet was dropped
 * @stats: of its network namespace
 * @class: of those to be dropped
 *
 * Any context.
 */
void mseg_packet_count_drop(struct mseg_stats __percpu *stats, enum mseg_packet_class class);

/**
 * mseg_packet_to_single() - make an unasked ICMP reply a connection of its own
 * @packet: with icmp_reply
 */
void mseg_packet_to_single(struct mseg_packet *packet);

/** mseg_packet_client_is_local() - which end of a key is the client's. */
static inline bool mseg_packet_client_is_local(const struct mseg_conn_key *key, u8 direction)
{
	return direction == MSEG_DIRECTION_OUT || key->path == MSEG_PATH_FORWARD ||
	       mseg_protocol_is_icmp(key->protocol);
}

/**
 * mseg_packet_client() - what the client chose to tell its connections apart
 * @key: of a connection, not of rejected attempts
 * @direction: of the connection, enum mseg_direction
 *
 * Return: its port, or its ICMP query's identifier, in network order; 0 without.
 */
static inline __be16 mseg_packet_client(const struct mseg_conn_key *key, u8 direction)
{
	return mseg_packet_client_is_local(key, direction) ? key->lport : key->rport;
}

/**
 * mseg_packet_to_rejected() - the key that all rejected attempts of a peer at a
 *	service share
 * @key: of one of them; changed
 * @direction: of the attempt, enum mseg_direction
 */
void mseg_packet_to_rejected(struct mseg_conn_key *key, u8 direction);

/**
 * mseg_packet_turn() - see a forwarded connection from its other end
 * @key: of a forwarded connection; changed
 *
 * Return: false where there is no other end, as of single messages.
 */
bool mseg_packet_turn(struct mseg_conn_key *key);

/** mseg_packet_is_rejected() - whether a key is of rejected attempts. */
static inline bool mseg_packet_is_rejected(const struct mseg_conn_key *key)
{
	return key->kind == MSEG_CONN_REJECTED_IN || key->kind == MSEG_CONN_REJECTED_OUT;
}

#endif /* MSEG_PACKET_H */
