/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who listens on a port of this host. */
#ifndef LISTENER_H
#define LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * enum listener - who is found behind a URL
 * @LISTENER_NONE: nobody, or it cannot be told
 * @LISTENER_WANTED: who should be there, or root
 * @LISTENER_OTHER: somebody else
 */
enum listener { LISTENER_NONE, LISTENER_WANTED, LISTENER_OTHER };

/**
 * listener_find() - whose socket takes connections to a URL of this host
 * @url: as http://127.0.0.1:8543 or http://[::1]:8543
 * @wanted: who should listen
 * @found: with LISTENER_OTHER, who does
 *
 * It looks into /proc/net of the caller's network namespace.
 */
enum listener listener_find(const char *url, uid_t wanted, uid_t *found);

#endif /* LISTENER_H */
