/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP sockets of this network namespace, as /proc lists them for everybody. */
#ifndef LIB_SOCKETS_H
#define LIB_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

/**
 * struct socket_name - one end of a socket
 * @ipv4: its address, where it is of AF_INET
 * @ipv6: likewise of AF_INET6
 * @port: its port, host order
 */
struct socket_name {
	struct in_addr ipv4;
	struct in6_addr ipv6;
	unsigned int port;
};

/**
 * struct socket_entry - one
 * @family: AF_INET or AF_INET6
 * @own: the address and port that it is bound to
 * @peer: those that it is connected to
 * @listens: whether it takes connections
 * @uid: who made it; root where it has no owner any more (TIME_WAIT)
 */
struct socket_entry {
	int family;
	struct socket_name own;
	struct socket_name peer;
	bool listens;
	uid_t uid;
};

/**
 * sockets_each() - go through them
 * @family: AF_INET or AF_INET6
 * @each: given each; false ends it
 * @arg: handed to @each
 *
 * Where /proc cannot be read there are none.
 */
void sockets_each(int family, bool (*each)(const struct socket_entry *entry, void *arg), void *arg);

/**
 * sockets_owner() - who made the socket of a connection
 * @own: its end, of AF_INET or AF_INET6, with its port
 * @peer: the other one, of the same family
 * @uid: the result
 *
 * Both ends: a port serves for connections to several peers at a time.
 *
 * Return: whether one is found.
 */
bool sockets_owner(const struct sockaddr *own, const struct sockaddr *peer, uid_t *uid);

#endif /* LIB_SOCKETS_H */
