/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP sockets of this network namespace, as /proc lists them for everybody. */
#ifndef LIB_SOCKETS_H
#define LIB_SOCKETS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

/**
 * struct socket_entry - one
 * @family: AF_INET or AF_INET6
 * @ipv4: its own address, where it is of AF_INET
 * @ipv6: likewise of AF_INET6
 * @port: its own, host order
 * @listens: whether it takes connections
 * @uid: who made it
 */
struct socket_entry {
	int family;
	struct in_addr ipv4;
	struct in6_addr ipv6;
	unsigned int port;
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
 * sockets_owner() - who made the socket that is bound to an address
 * @address: of AF_INET or AF_INET6, with its port
 * @uid: the result
 *
 * Return: whether one is found that does not listen.
 */
bool sockets_owner(const struct sockaddr *address, uid_t *uid);

#endif /* LIB_SOCKETS_H */
