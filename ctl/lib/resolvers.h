/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DNS servers that this host asks, as far as its files tell.
 *
 * /etc/resolv.conf names them. Where it names this host itself, a resolver runs here,
 * and whom that asks counts: the servers in the files of systemd-resolved,
 * NetworkManager, resolvconf, unbound (forward-addr), dnsmasq (server=) and BIND
 * (forwarders). Servers that are asked at another port than 53 are left out: the kernel
 * does not read those answers. Files that others include by names of their own are not
 * found.
 */
#ifndef RESOLVERS_H
#define RESOLVERS_H

#include <linux/mseg.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What encrypts, so many at most. */
#define RESOLVERS_ENCRYPTED_MAX 4

/**
 * struct resolver - a DNS server
 * @addr: network order, an IPv4 address in the first four bytes
 * @family: enum mseg_family
 */
struct resolver {
	uint8_t addr[16];
	uint8_t family;
};

/**
 * struct resolvers - what is found
 * @list: without loopback
 * @n: how many
 * @more: there are others, beyond MSEG_MAX_RESOLVERS
 * @local: a resolver runs on this host
 * @encrypted: files that set a resolver of this host up for DNS over TLS or HTTPS
 * @n_encrypted: how many
 */
struct resolvers {
	struct resolver list[MSEG_MAX_RESOLVERS];
	size_t n;
	bool more;
	bool local;
	char encrypted[RESOLVERS_ENCRYPTED_MAX][96];
	size_t n_encrypted;
};

/**
 * resolvers_find() - look for them
 * @root: of the file system, "" for the host's
 * @resolvers: the result
 */
void resolvers_find(const char *root, struct resolvers *resolvers);

/**
 * resolvers_places() - where they are looked for
 *
 * Return: directories, NULL behind the last. A change in one of them is worth a look.
 */
const char *const *resolvers_places(void);

/**
 * resolver_parse() - read an address
 * @text: the address
 * @resolver: the result
 *
 * Return: false where it is none.
 */
bool resolver_parse(const char *text, struct resolver *resolver);

/** resolver_is_loopback() - whether it is this host itself */
bool resolver_is_loopback(const struct resolver *resolver);

/** resolver_is_same() - whether two are one */
bool resolver_is_same(const struct resolver *a, const struct resolver *b);

#endif /* RESOLVERS_H */
