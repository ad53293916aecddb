/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolvers of this host, followed as their files change. */
#ifndef DNS_RESOLVERS_H
#define DNS_RESOLVERS_H

#include <systemd/sd-event.h>

#include "lib/resolvers.h"

struct dns_resolvers;

/**
 * dns_resolvers_open() - find them, and watch where they are written down
 * @event: the loop
 * @changed: called when they are others
 * @arg: handed to @changed
 * @resolvers: the result
 *
 * Directories that come later are not watched: dns_resolvers_look() now and then.
 *
 * Return: 0 or -ENOMEM.
 */
int dns_resolvers_open(sd_event *event, void (*changed)(void *arg), void *arg,
		       struct dns_resolvers **resolvers);

/**
 * dns_resolvers_close() - watch no more
 * @resolvers: may be NULL
 */
void dns_resolvers_close(struct dns_resolvers *resolvers);

/** dns_resolvers_look() - find them anew */
void dns_resolvers_look(struct dns_resolvers *resolvers);

/** dns_resolvers_now() - what was found last */
const struct resolvers *dns_resolvers_now(const struct dns_resolvers *resolvers);

#endif /* DNS_RESOLVERS_H */
