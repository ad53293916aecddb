/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a request must be like before anything is made of it: pure functions on what a
 * browser, or somebody who is none, has sent.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/** Bytes of a URI that is forwarded. */
#define GUARD_URI_MAX 4096

/**
 * guard_host() - whether a Host header names the console
 * @host: the header, or NULL
 * @names: by which it is known beside localhost and the loopback addresses
 * @n: how many
 * @listen: the address that was connected to
 *
 * Another name that leads here is that of somebody who rebinds it.
 */
bool guard_host(const char *host, char *const *names, unsigned int n, const struct sockaddr *listen);

/**
 * guard_origin() - whether a header Origin is of the page's own origin
 * @origin: the header, or NULL where there was none
 * @tls: whether that is https
 * @host: the header Host
 */
bool guard_origin(const char *origin, bool tls, const char *host);

/**
 * guard_fetch_site() - whether a header Sec-Fetch-Site is of a page of the console, or of
 *	a person
 * @site: the header, or NULL where there was none
 */
bool guard_fetch_site(const char *site);

/**
 * guard_uri() - whether a URI may be forwarded: no dots for segments, however they are
 *	escaped, no empty segments, nothing escaped in a path that needs no escape, nothing
 *	that is no URI
 * @uri: as it was sent
 */
bool guard_uri(const char *uri);

/**
 * guard_secret() - whether something may be a session's token: what goes into a header
 * @text: may be NULL
 */
bool guard_secret(const char *text);

/** guard_loopback() - whether an address stays on this host */
bool guard_loopback(const struct sockaddr *address);

/* --- logins --------------------------------------------------------------- */

/** No user of this host, or it cannot be told which. */
#define GUARD_NOBODY ((uid_t)-1)

/** Addresses and users that are told apart; who comes behind them replaces the one that is idle longest. */
#define GUARD_SOURCES_MAX 256

/**
 * struct guard_logins - logins that were tried, by where they came from
 * @sources: an address (a /64 of IPv6) or a user, the time when its count begins anew, and the count
 */
struct guard_logins {
	struct {
		uint8_t address[16];
		uint64_t until;
		unsigned int count;
	} sources[GUARD_SOURCES_MAX];
};

/**
 * guard_login() - count a login that is tried
 * @logins: zeros at first
 * @from: where from
 * @user: of this host who asks, each of whom is counted by himself, or GUARD_NOBODY
 * @now: seconds
 *
 * Return: 0, or the seconds after which it may be tried again.
 */
unsigned int guard_login(struct guard_logins *logins, const struct sockaddr *from, uid_t user,
			 uint64_t now);

#endif /* GUARD_H */
