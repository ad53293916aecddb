/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logging in by OpenID Connect Core 1.0, the authorization code flow with PKCE (RFC 7636):
 *
 *	GET /api/oidc		what the button says, if there is one
 *	POST /api/oidc/begin	where the browser is to go
 *	POST /api/oidc/finish	what the provider has sent back with it: {"code", "state"}
 *
 * The provider sends the browser to a page of the application, which asks for the rest by
 * itself. So no cookie has to come with another site's redirect: all of them are Strict.
 *
 * A login that is begun is kept by nobody but its browser, in a cookie: a secret, of
 * which both state and code verifier are hashes, and msegd's nonce. Who it is says the
 * provider's token, and msegd judges that.
 */
#ifndef OIDC_H
#define OIDC_H

#include "config.h"
#include "http.h"
#include "upstream.h"

/** Below it are the routes. */
#define OIDC_PATH "/api/oidc"

struct oidc;
struct oidc_call;

/**
 * oidc_new() - make the routes
 * @config: the console's secret with the provider
 * @msegd: says which provider that is
 * @provider: asks it
 *
 * Return: they, or NULL.
 */
struct oidc *oidc_new(const struct config *config, struct upstream *msegd,
		      struct upstream *provider);

/** oidc_free() - the reverse; may be NULL */
void oidc_free(struct oidc *oidc);

/**
 * oidc_handle() - handle a request
 * @oidc: the routes
 * @request: of a path below OIDC_PATH; answered now or later
 * @done: answers it in the place of this: told msegd's session, or what it refuses
 * @arg: handed to @done
 *
 * Return: what goes on, oidc_cancel() it; NULL once the request is answered.
 */
struct oidc_call *oidc_handle(struct oidc *oidc, struct http_request *request, upstream_done *done,
			      void *arg);

/** oidc_cancel() - do not go on; may be NULL */
void oidc_cancel(struct oidc_call *call);

/**
 * oidc_forget() - the header that takes the cookie away again
 * @request: whose
 *
 * Return: the header, static.
 */
const char *oidc_forget(const struct http_request *request);

#endif /* OIDC_H */
