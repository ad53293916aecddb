/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The routes of the API (openapi.yaml), and what their handlers share. */
#ifndef API_H
#define API_H

#include <stdbool.h>

#include "draft.h"
#include "plan.h"
#include "request.h"
#include "revise.h"
#include "service.h"

/**
 * api_handle() - answer a request
 * @request: the request
 * @arg: the service
 */
void api_handle(struct request *request, void *arg);

/**
 * dns_handle() - GET /v1/dns and /v1/dns/cache
 * @service: the service
 * @request: answered
 */
void dns_handle(struct service *service, struct request *request);

/**
 * api_may_ask() - whether a caller has any role
 * @caller: who
 * @arg: the service
 */
bool api_may_ask(const struct caller *caller, void *arg);

/**
 * api_is_console() - whether a caller is the console
 * @caller: who
 * @arg: the service
 */
bool api_is_console(const struct caller *caller, void *arg);

/**
 * api_act() - make a request that of the user of its session
 * @request: answered where that cannot be
 * @authorization: the header
 * @acting: filled
 * @arg: the service
 */
void api_act(struct request *request, const char *authorization, struct caller *acting, void *arg);

/**
 * api_may_read() - whether a caller may see what is in a namespace
 * @service: the service
 * @request: the caller's
 * @namespace: absolute
 */
bool api_may_read(const struct service *service, const struct request *request,
		  const char *namespace);

/**
 * api_may_read_host() - api_may_read() where the host is; answered with 403 if not
 * @service: the service
 * @request: the caller's
 */
bool api_may_read_host(const struct service *service, struct request *request);

/**
 * api_may_change_host() - whether a caller may decide about a change of what this
 *	host enforces; answered with 403 if not
 * @service: the service
 * @request: the caller's
 */
bool api_may_change_host(const struct service *service, struct request *request);

/**
 * api_change() - a change as the caller may see it
 * @service: the service
 * @request: the caller's
 * @change: the change
 *
 * What comes out of a namespace that the caller does not read is created, what goes
 * there is deleted.
 *
 * Return: with before and after, or NULL where it is nothing to the caller.
 */
struct json_object *api_change(const struct service *service, const struct request *request,
			       const struct store_change *change);

/**
 * api_matches() - whether an object still is what the caller has seen, as If-Match
 *	says; answered with 412 if not
 * @service: the service
 * @request: the caller's
 * @object: the object
 */
bool api_matches(const struct service *service, struct request *request,
		 const struct model_object *object);

/** api_no_memory() - answer that there is none */
void api_no_memory(struct request *request);

/* Handlers: each answers its request. */

/** GET /v1/status */
void status_get(struct service *service, struct request *request);

/** /v1/{kind} and below */
void objects_handle(struct service *service, struct request *request, const struct kind *kind);

/** POST /v1/apply */
void documents_apply(struct service *service, struct request *request);

/** POST /v1/preview */
void documents_preview(struct service *service, struct request *request);

/**
 * documents_plan() - what a request's document would come to
 * @service: the service
 * @request: answered after an error
 * @next: the result; draft_clear() it after @plan
 * @plan: the result; plan_clear() it
 *
 * Return: whether there are results.
 */
bool documents_plan(struct service *service, struct request *request, struct draft *next,
		    struct plan *plan);

/** POST /v1/import */
void documents_import(struct service *service, struct request *request);

/** GET /v1/export */
void documents_export(struct service *service, struct request *request);

/** POST /v1/diff */
void documents_diff(struct service *service, struct request *request);

/** GET /v1/diff */
void revisions_diff(struct service *service, struct request *request);

/** GET /v1/revisions and /v1/revisions/N */
void revisions_get(struct service *service, struct request *request);

/** POST /v1/rollback */
void revisions_rollback(struct service *service, struct request *request);

/** /v1/discovery */
void discovery_handle(struct service *service, struct request *request);

/** GET /v1/explain */
void explain_get(struct service *service, struct request *request);

/** GET /v1/connections */
void connections_get(struct service *service, struct request *request);

/** GET /v1/flows */
void flows_get(struct service *service, struct request *request);

/** GET /v1/edges */
void edges_get(struct service *service, struct request *request);

/** GET /v1/map */
void map_get(struct service *service, struct request *request);

/** GET /v1/histogram */
void histogram_get(struct service *service, struct request *request);

/** GET /v1/coverage */
void coverage_get(struct service *service, struct request *request);

#endif /* API_H */
