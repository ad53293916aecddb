// SPDX-License-Identifier: GPL-2.0-or-later
/* GET /v1/dns: what this host looked up; GET /v1/dns/cache: what the module learned. */
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "dns.h"
#include "dns_log.h"
#include "dns_match.h"
#include "lib/json.h"
#include "lib/learned_json.h"
#include "lib/times.h"
#include "parameters.h"
#include "plan.h"

#define LIMIT 200
#define LIMIT_MAX 1000

/* Seconds into the future that a clock may go wrong by. */
#define TOMORROW 86400000000LL

/* --- lookups -------------------------------------------------------------- */

struct listing {
	struct query *query;
	const struct model_object *enforcer;
	struct json_object *list;
};

static bool wants(const struct dns_lookup *lookup, void *arg)
{
	const struct listing *listing = arg;

	return dns_match(listing->query, lookup);
}

static int add(const struct dns_lookup *lookup, void *arg)
{
	struct listing *listing = arg;
	struct json_object *object = dns_lookup_json(lookup, listing->enforcer);

	return object && !json_object_array_add(listing->list, object) ? 0 : -ENOMEM;
}

/* A time as the log has it. */
static bool take_time(struct request *request, const char *name, uint64_t *time)
{
	int64_t value = (int64_t)*time;

	if (!parameter_time(request, name, &value))
		return false;
	*time = value < 0 ? 0 : (uint64_t)value;
	return true;
}

static bool take_cursor(struct request *request, uint64_t *before)
{
	const char *value = request_get(request, "cursor");
	unsigned long long cursor;
	char *end;

	if (!value)
		return true;
	errno = 0;
	cursor = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || cursor > INT64_MAX) {
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "this is no cursor");
		return false;
	}
	if (cursor < *before)
		*before = cursor;
	return true;
}

static bool take_query(struct request *request, struct query **query)
{
	const char *text = request_get(request, "q");
	struct query_error error;
	int err = query_parse(text ? text : "", QUERY_DNS, query, &error);

	if (err == -ENOMEM)
		api_no_memory(request);
	else if (err)
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "q, column %u: %s", error.column,
			      error.why);
	return !err;
}

static void answer(struct service *service, struct request *request,
		   const struct dns_log_search *wanted)
{
	const struct listing *listing = wanted->arg;
	struct json_object *object;
	char cursor[24];
	uint64_t next;
	int err = dns_log_read(dns_log_of(service->dns), wanted, &next);

	if (err) {
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
			      "the lookups cannot be read: %s", strerror(-err));
		return;
	}
	snprintf(cursor, sizeof(cursor), "%" PRIu64, next);
	object = json_object_new_object();
	json_add(object, "lookups", json_object_get(listing->list));
	json_add_string(object, "cursor", next ? cursor : NULL);
	reply_json(request, MHD_HTTP_OK, object);
}

static void get_lookups(struct service *service, struct request *request)
{
	struct listing listing = { .enforcer = plan_enforcer(service->now.model) };
	struct dns_log_search wanted = {
		.before = (uint64_t)(time_now() + TOMORROW),
		.limit = LIMIT,
		.wants = wants,
		.each = add,
		.arg = &listing,
	};

	if (!take_time(request, "since", &wanted.since) ||
	    !take_time(request, "until", &wanted.before) ||
	    !parameter_number(request, "limit", 1, LIMIT_MAX, &wanted.limit) ||
	    !take_cursor(request, &wanted.before) || !take_query(request, &listing.query))
		return;
	listing.list = json_object_new_array();
	answer(service, request, &wanted);
	json_object_put(listing.list);
	query_free(listing.query);
}

/* --- what is learned ------------------------------------------------------ */

static int read_cache(struct service *service, struct json_object *list)
{
	struct client *client = NULL;
	struct names *names;
	int err = client_open(&client);

	if (err)
		return err;
	names = names_new(client);
	if (!names) {
		client_close(client);
		return -ENOMEM;
	}
	err = learned_json(enforce_client(service->enforce), names, list);
	names_free(names);
	/* It changed meanwhile: so be it. */
	return err == -EAGAIN ? 0 : err;
}

static void get_cache(struct service *service, struct request *request)
{
	struct json_object *list = json_object_new_array();
	int err = enforce_client(service->enforce) ? read_cache(service, list) : -ENOENT;

	if (err)
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "%s",
			      enforce_why(service->enforce, err));
	else
		reply_json(request, MHD_HTTP_OK, json_object_get(list));
	json_object_put(list);
}

void dns_handle(struct service *service, struct request *request)
{
	bool cache = request->n_path == 3 && !strcmp(request->path[2], "cache");

	if (!cache && request->n_path != 2)
		reply_problem(request, MHD_HTTP_NOT_FOUND, NULL,
			      "there are /v1/dns and /v1/dns/cache");
	else if (strcmp(request->method, "GET") != 0)
		reply_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, NULL, "/v1/dns%s takes no %s",
			      cache ? "/cache" : "", request->method);
	else if (!api_may_read_host(service, request))
		return;
	else if (cache)
		get_cache(service, request);
	else
		get_lookups(service, request);
}
