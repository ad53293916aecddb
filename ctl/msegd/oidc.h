/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logging in by OpenID Connect. The console sends the browser to the provider and fetches
 * the ID token; here it is checked, so that a console that is broken into logs in nobody
 * who does not log in himself. Nothing is fetched here: the provider's keys are in a file.
 */
#ifndef OIDC_H
#define OIDC_H

#include "request.h"
#include "service.h"

/** oidc_is_request() - whether a request is one of a login, which the console may ask for itself */
bool oidc_is_request(const struct request *request);

/**
 * oidc_handle() - /v1/oidc
 * @service: the service
 * @request: answered
 *
 * GET says which provider it is, with a nonce for one login; POST redeems its ID token.
 */
void oidc_handle(struct service *service, struct request *request);

#endif /* OIDC_H */
