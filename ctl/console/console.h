/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console's routes:
 *
 *	/api/session	who is logged in; logging in by a code or a token; logging out
 *	/api/oidc	logging in by OpenID Connect
 *	/api/v1/...	msegd's API, in the session that the cookie, or a header, names
 *	everything else	the application's files
 *
 * It keeps no sessions: the cookie is msegd's token, and each request is msegd's to judge.
 */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "config.h"
#include "hub.h"
#include "http.h"
#include "oidc.h"
#include "upstream.h"

struct console;

/**
 * console_new() - make the routes
 * @config: the names of the console
 * @upstream: to msegd
 * @hubs: for events
 * @oidc: for logins by OpenID Connect
 *
 * Return: the console or NULL.
 */
struct console *console_new(const struct config *config, struct upstream *upstream,
			    struct hubs *hubs, struct oidc *oidc);

/** console_free() - the reverse; there are no requests any more */
void console_free(struct console *console);

/** console_calls() - what answers requests */
struct http_calls console_calls(struct console *console);

#endif /* CONSOLE_H */
