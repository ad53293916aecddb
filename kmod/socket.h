/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the local sockets know of a connection. No TCP window is kept here: the
 * socket is the truth about whether a connection lives.
 */
#ifndef MSEG_SOCKET_H
#define MSEG_SOCKET_H

#include <net/net_namespace.h>

#include "packet.h"
#include "process.h"

/* In the order of being alive: what comes after TIME_WAIT is. */
enum mseg_socket_state {
	MSEG_SOCKET_NONE,
	MSEG_SOCKET_TIME_WAIT,
	MSEG_SOCKET_HALF_OPEN,
	MSEG_SOCKET_CLOSING,
	MSEG_SOCKET_ESTABLISHED,
};

/**
 * mseg_socket_get() - the local socket of a TCP connection, to act on
 * @net: network namespace
 * @key: of a TCP connection
 * @ifindex: interface of its packets, for sockets that are bound to one
 *
 * Any context.
 *
 * Return: the socket, of which the caller gives the reference back
 * with sock_gen_put(), or NULL. It may be a request or in TIME_WAIT.
 */
struct sock *mseg_socket_get(struct net *net, const struct mseg_conn_key *key, u32 ifindex);

/**
 * mseg_socket_state() - the local socket of a TCP connection
 * @net: network namespace
 * @key: of a TCP connection
 * @ifindex: interface of its packets, for sockets that are bound to one
 *
 * Any context. A half-open connection's request is one.
 *
 * Return: its state.
 */
enum mseg_socket_state mseg_socket_state(struct net *net, const struct mseg_conn_key *key,
					 u32 ifindex);

/**
 * mseg_socket_takes() - whether a TCP segment with data is of its stream
 * @net: network namespace
 * @key: of a TCP connection
 * @ifindex: interface of its packets, for sockets that are bound to one
 * @seq: of the data's first byte
 * @end: behind its last
 * @ack: what it acknowledges
 *
 * Any context. What is queued for a socket that is in use counts as not there yet, so
 * that the window looked at may be an older one.
 *
 * Return: false when the local socket would throw it away, or there is none.
 */
bool mseg_socket_takes(struct net *net, const struct mseg_conn_key *key, u32 ifindex, u32 seq,
		       u32 end, u32 ack);

/**
 * mseg_socket_listens() - whether a local socket waits for such connections
 * @net: network namespace
 * @key: of a TCP connection
 * @ifindex: interface of its packets, for sockets that are bound to one
 *
 * Under RCU.
 *
 * Return: true when one does.
 */
bool mseg_socket_listens(struct net *net, const struct mseg_conn_key *key, u32 ifindex);

/**
 * mseg_socket_server() - the local socket that waits for such connections
 * @net: network namespace
 * @key: of any connection
 * @ifindex: interface of its packets, for sockets that are bound to one
 *
 * Under RCU.
 *
 * Return: a listener of TCP, or a socket of UDP, which is in the state TCP_ESTABLISHED
 * where it is connected to this peer; valid until rcu_read_unlock(). NULL where there is
 * none, and of other protocols.
 */
struct sock *mseg_socket_server(struct net *net, const struct mseg_conn_key *key, u32 ifindex);

#endif /* MSEG_SOCKET_H */
