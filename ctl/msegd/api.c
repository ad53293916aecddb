// SPDX-License-Identifier: GPL-2.0-or-later
/* The routes of the API. */
#include "api.h"

#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "metrics.h"
#include "model/kinds.h"
#include "model/object.h"
#include "oidc.h"
#include "parameters.h"
#include "plan.h"
#include "reconcile.h"
#include "sessions.h"
#include "staged.h"

static void confirm(struct service *service, struct request *request);
static void join_events(struct service *service, struct request *request);

/* A route that takes no more than its method and its query. */
struct route {
	const char *name;
	const char *method;
	void (*handle)(struct service *service, struct request *request);
};

static const struct route routes[] = {
	{ "status", "GET", status_get },
	{ "apply", "POST", documents_apply },
	{ "preview", "POST", documents_preview },
	{ "import", "POST", documents_import },
	{ "export", "GET", documents_export },
	{ "diff", "GET", revisions_diff },
	{ "diff", "POST", documents_diff },
	{ "revisions", "GET", revisions_get },
	{ "rollback", "POST", revisions_rollback },
	{ "confirm", "POST", confirm },
	{ "discovery", "GET", discovery_handle },
	{ "discovery", "PUT", discovery_handle },
	{ "explain", "GET", explain_get },
	{ "connections", "GET", connections_get },
	{ "flows", "GET", flows_get },
	{ "edges", "GET", edges_get },
	{ "map", "GET", map_get },
	{ "histogram", "GET", histogram_get },
	{ "coverage", "GET", coverage_get },
	{ "events", "GET", join_events },
};

#define N_ROUTES (sizeof(routes) / sizeof(routes[0]))

/* --- who asks ------------------------------------------------------------- */

bool api_is_console(const struct caller *caller, void *arg)
{
	const struct service *service = arg;

	return config_is_console(service->config, caller->uid);
}

void api_act(struct request *request, const char *authorization, struct caller *acting, void *arg)
{
	sessions_act(arg, request, authorization, acting);
}

/* --- what handlers share -------------------------------------------------- */

bool api_may_ask(const struct caller *caller, void *arg)
{
	const struct service *service = arg;

	return config_roles(service->config, caller, NULL);
}

bool api_may_read(const struct service *service, const struct request *request,
		  const char *namespace)
{
	return config_roles(service->config, request->caller, namespace) & ROLE_READ;
}

bool api_may_read_host(const struct service *service, struct request *request)
{
	const struct model_object *enforcer = plan_enforcer(service->now.model);
	const char *namespace = enforcer ? enforcer->space : "/";

	if (api_may_read(service, request, namespace))
		return true;
	reply_problem(request, MHD_HTTP_FORBIDDEN, NULL, "%s may not read %s",
		      request->caller->user, namespace);
	return false;
}

bool api_may_change_host(const struct service *service, struct request *request)
{
	const struct model_object *enforcer = plan_enforcer(service->now.model);
	unsigned int roles =
		config_roles(service->config, request->caller, enforcer ? enforcer->space : "/");

	if (roles & (ROLE_EDIT | ROLE_ADMIN))
		return true;
	reply_problem(request, MHD_HTTP_FORBIDDEN, NULL,
		      "%s may not change what this host enforces", request->caller->user);
	return false;
}

void api_no_memory(struct request *request)
{
	reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "no memory");
}

bool api_matches(const struct service *service, struct request *request,
		 const struct model_object *object)
{
	uint64_t revision = revise_of(service, object);
	const char *wanted = request->if_match;
	char etag[32];

	snprintf(etag, sizeof(etag), "\"%" PRIu64 "\"", revision);
	if (!wanted || !strcmp(wanted, "*") || !strcmp(wanted, etag))
		return true;
	reply_problem(request, MHD_HTTP_PRECONDITION_FAILED, NULL,
		      "the %s %s is of revision %" PRIu64 " by now: read it again",
		      object->kind->singular, object->name, revision);
	return false;
}

/* --- changes -------------------------------------------------------------- */

/* Where somebody must be able to read to see an object. */
static const char *home_of(const struct store_change *change, struct json_object *object)
{
	bool is_space = !strcmp(change->kind, kind_get(KIND_NAMESPACE)->singular);

	return object_text(object, is_space ? "name" : "namespace");
}

/* Whether a body is there, and in a namespace that the caller reads; where and what it is. */
static bool is_shown(const struct service *service, const struct request *request,
		     struct store_change *change, struct json_object *object)
{
	const char *home = object ? home_of(change, object) : NULL;

	if (!home || !api_may_read(service, request, home))
		return false;
	change->namespace = object_text(object, "namespace");
	change->name = object_text(object, "name");
	return true;
}

struct json_object *api_change(const struct service *service, const struct request *request,
			       const struct store_change *change)
{
	struct json_object *before = change->before ? json_tokener_parse(change->before) : NULL;
	struct json_object *after = change->after ? json_tokener_parse(change->after) : NULL;
	struct store_change seen = *change;
	struct json_object *result = NULL;

	if (!is_shown(service, request, &seen, before))
		seen.before = NULL;
	if (!is_shown(service, request, &seen, after))
		seen.after = NULL;
	if (seen.before || seen.after)
		result = changes_json(&seen, true);
	json_object_put(before);
	json_object_put(after);
	return result;
}

/* --- small ones ----------------------------------------------------------- */

/* To keep a trial is to make its changes. */
static void confirm(struct service *service, struct request *request)
{
	uint64_t newest;

	if (!api_may_change_host(service, request))
		return;
	reconcile_follow(service);
	newest = store_newest(service->store);
	if (!service->on_trial || revise_may_go(service, request, newest - 1, newest))
		reconcile_confirm(service, request);
}

static void join_events(struct service *service, struct request *request)
{
	bool flows = false, dns = false;
	struct query *query = NULL;

	if (!api_may_read_host(service, request) || !parameter_bool(request, "flows", &flows) ||
	    !parameter_bool(request, "dns", &dns) || !parameter_query(request, &query))
		return;
	events_join(service->events, request, flows ? query : NULL, dns,
		    api_may_read(service, request, "/"));
	if (!flows)
		query_free(query);
}

/* --- routing -------------------------------------------------------------- */

/* Of all routes: a parameter that none knows is a mistake, and perhaps was "check". */
static const char *const parameters[] = {
	"namespace", "recursive", "filter", "existing",	 "confirmWithin", "reason",
	"check",     "file",	  "label",  "delete",	 "set",		  "from",
	"to",	     "limit",	  "before", "direction", "service",	  "address",
	"flows",     "q",	  "since",  "until",	 "cursor",	  "buckets",
	"dns",	     NULL,
};

static const char *parameter_at(size_t index, const void *arg)
{
	(void)arg;
	return parameters[index];
}

static bool is_known(const char *name)
{
	size_t i;

	for (i = 0; parameters[i]; i++)
		if (!strcmp(parameters[i], name))
			return true;
	return false;
}

static bool knows_parameters(struct request *request)
{
	unsigned int i;

	for (i = 0; i < request->n_query; i++) {
		const char *name = request->query[i].name, *nearest;

		if (is_known(name))
			continue;
		nearest = text_nearest(name, strlen(name), parameter_at, NULL);
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "there is no parameter %s%s%s",
			      text_show(name, strlen(name)).s, nearest ? ": did you mean " : "",
			      nearest ? nearest : "");
		return false;
	}
	return true;
}

static bool handle_route(struct service *service, struct request *request, const char *name)
{
	bool known = false;
	size_t i;

	for (i = 0; i < N_ROUTES; i++) {
		if (strcmp(routes[i].name, name))
			continue;
		known = true;
		if (!strcmp(routes[i].method, request->method)) {
			routes[i].handle(service, request);
			return true;
		}
	}
	if (known)
		reply_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, NULL, "/v1/%s takes no %s",
			      name, request->method);
	return known;
}

static void not_found(struct request *request, const char *name)
{
	const char *nearest = kind_nearest(name, strlen(name));

	reply_problem(request, MHD_HTTP_NOT_FOUND, NULL, "there is no %s here%s%s",
		      text_show(name, strlen(name)).s, nearest ? ": did you mean " : "",
		      nearest ? nearest : "");
}

void api_handle(struct request *request, void *arg)
{
	struct service *service = arg;
	const struct kind *kind;
	const char *name;

	if (request->n_path == 1 && !strcmp(request->path[0], "metrics") &&
	    !strcmp(request->method, "GET") && api_may_ask(request->caller, service)) {
		metrics_get(service, request);
		return;
	}
	if (request->n_path < 2 || strcmp(request->path[0], "v1")) {
		reply_problem(request, MHD_HTTP_NOT_FOUND, NULL, "everything is below /v1");
		return;
	}
	if (!knows_parameters(request))
		return;
	if (!api_may_ask(request->caller, service) && !sessions_is_redeem(request) &&
	    !oidc_is_request(request)) {
		reply_problem(request, MHD_HTTP_FORBIDDEN, NULL,
			      "the console asks for others, with their sessions");
		return;
	}
	if (request->if_match && !strcmp(request->method, "POST") &&
	    strcmp(request->path[1], "staged") != 0) {
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL,
			      "POST takes no If-Match: no one object is changed");
		return;
	}
	name = request->path[1];
	if (!strcmp(name, "sessions")) {
		sessions_handle(service, request);
		return;
	}
	if (oidc_is_request(request)) {
		oidc_handle(service, request);
		return;
	}
	if (!strcmp(name, "dns")) {
		dns_handle(service, request);
		return;
	}
	if (!strcmp(name, "staged")) {
		staged_handle(service, request);
		return;
	}
	if ((request->n_path == 2 || !strcmp(name, "revisions")) &&
	    handle_route(service, request, name))
		return;
	kind = kind_find(name, strlen(name));
	if (kind)
		objects_handle(service, request, kind);
	else
		not_found(request, name);
}
