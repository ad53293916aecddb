// SPDX-License-Identifier: GPL-2.0-or-later
/* GET /v1/connections: those that the module remembers. */
#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "api.h"
#include "lib/flow.h"
#include "lib/json.h"
#include "lib/names.h"
#include "parameters.h"
#include "plan.h"

#define LIMIT 1000
#define LIMIT_MAX 100000

struct listing {
	struct service *service;
	struct names *names;
	struct plan plan;
	struct json_object *list;
	unsigned long long limit;
};

/* What the objects know of the rule that decided, where it is of the newest revision. */
static void add_policy(struct listing *listing, struct json_object *flow,
		       const struct mseg_flow_record *record)
{
	const struct resolved_rule *rule = NULL;
	struct json_object *described;

	if (listing->plan.compiled && record->cookie &&
	    record->generation == listing->service->generation)
		rule = compiled_find(listing->plan.compiled, record->cookie);
	if (!rule)
		return;
	described = compiled_describe_rule(rule);
	json_object_object_foreach(described, key, value) if (!strncmp(key, "policy", 6) ||
							      !strcmp(key, "ruleName"))
		json_add(flow, key, json_object_get(value));
	json_object_put(described);
}

static int add_flow(const struct mseg_flow_record *record, uint32_t timeout, void *arg)
{
	struct listing *listing = arg;
	struct json_object *flow;

	(void)timeout;
	if (json_object_array_length(listing->list) >= listing->limit)
		return 0;
	names_want(listing->names, record->generation);
	flow = flow_json(record, listing->names);
	if (!flow)
		return -ENOMEM;
	add_policy(listing, flow, record);
	return json_object_array_add(listing->list, flow) ? -ENOMEM : 0;
}

static int list_flows(struct listing *listing)
{
	struct client *client = NULL;
	int err = client_open(&client);

	if (err)
		return err;
	listing->names = names_new(client);
	if (!listing->names) {
		client_close(client);
		return -ENOMEM;
	}
	names_refresh(listing->names);
	err = kernel_connections(enforce_client(listing->service->enforce), add_flow, listing);
	names_free(listing->names);
	/* The table changed meanwhile: so be it. */
	return err == -EAGAIN ? 0 : err;
}

void connections_get(struct service *service, struct request *request)
{
	struct listing listing = { .service = service, .limit = LIMIT };
	int err = -ENOENT;

	if (!api_may_read_host(service, request) ||
	    !parameter_number(request, "limit", 1, LIMIT_MAX, &listing.limit))
		return;
	listing.list = json_object_new_array();
	if (service->enforced)
		plan_make(service->now.model, NULL, &listing.plan);
	if (enforce_client(service->enforce))
		err = list_flows(&listing);
	if (err)
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "%s",
			      enforce_why(service->enforce, err));
	else
		reply_json(request, MHD_HTTP_OK, json_object_get(listing.list));
	json_object_put(listing.list);
	plan_clear(&listing.plan);
}
