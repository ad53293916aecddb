/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions of the console, which stands for its users: who may use the API gets a code
 * or a token for himself, and the console shows what it was given.
 *
 *	link      a code for one login, within minutes
 *	token     for programs, or for logging in; kept on disk
 *	session   what a login gives; it ends by itself when it is not used
 *
 * Only hashes are kept. A session is that of its user with the roles of the moment.
 */
#ifndef SESSIONS_H
#define SESSIONS_H

#include <json-c/json.h>

#include "service.h"
#include "request.h"

/**
 * sessions_open() - begin with the tokens of a state directory
 * @directory: it
 * @sessions: the result
 *
 * Return: 0 or an error.
 */
int sessions_open(const char *directory, struct sessions **sessions);

/**
 * sessions_close() - forget all but the tokens, which are on disk
 * @sessions: may be NULL
 */
void sessions_close(struct sessions *sessions);

/**
 * sessions_act() - make a request that of the user of a session
 * @service: the service
 * @request: answered with 401 or 403 where that cannot be
 * @authorization: the header
 * @acting: filled; @request points to it
 */
void sessions_act(struct service *service, struct request *request, const char *authorization,
		  struct caller *acting);

/**
 * sessions_look() - end what is over, with its events
 * @service: the service
 */
void sessions_look(struct service *service);

/**
 * sessions_log_in() - answer with a session, as the console redeems it
 * @service: the service
 * @request: the console's
 * @caller: whose it is
 * @name: what it is called
 */
void sessions_log_in(struct service *service, struct request *request, const struct caller *caller,
		     const char *name);

/** sessions_is_redeem() - whether a request is what the console may ask for itself */
bool sessions_is_redeem(const struct request *request);

/** sessions_handle() - /v1/sessions and below */
void sessions_handle(struct service *service, struct request *request);

#endif /* SESSIONS_H */
