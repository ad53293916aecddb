// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a default that begins to reject would break. Connections that the module
 * remembers are asked of the newest revision one by one: where no rule decides, the
 * default does.
 */
#include "breakage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Kinds of connections that are asked of, and that are named. */
#define ASKED_MAX 256
#define NAMED_MAX 16

/* A kind of connection: what msegd's explain takes. */
struct asked {
	const char *direction;
	const char *address;
	char service[64];
};

struct breakage {
	struct api *api;
	const bool *rejects;
	struct asked asked[ASKED_MAX];
	unsigned int n_asked;
	unsigned int broken;
};

/* An answer with a status of 200, or NULL; to be freed whatever it is. */
static struct json_object *ask(struct api *api, const struct api_request *request,
			       struct api_answer *answer)
{
	if (api_call(api, request, answer) || answer->status != 200)
		return NULL;
	return answer->body;
}

static void put_service(struct json_object *flow, char *text, size_t size)
{
	const char *protocol = service_field(flow, "protocol");
	const char *port = service_field(flow, "destinationPort");
	const char *type = service_field(flow, "icmpType");

	if (type[0])
		snprintf(text, size, "%s/%s/%s", protocol, type, service_field(flow, "icmpCode"));
	else if (port[0])
		snprintf(text, size, "%s/%s", protocol, port);
	else
		snprintf(text, size, "%s", protocol);
}

/* Whether it was not asked of yet. */
static bool is_new(struct breakage *breakage, const struct asked *asked)
{
	unsigned int i;

	for (i = 0; i < breakage->n_asked; i++)
		if (!strcmp(breakage->asked[i].direction, asked->direction) &&
		    !strcmp(breakage->asked[i].address, asked->address) &&
		    !strcmp(breakage->asked[i].service, asked->service))
			return false;
	if (breakage->n_asked == ASKED_MAX)
		return false;
	breakage->asked[breakage->n_asked++] = *asked;
	return true;
}

static bool by_default(struct breakage *breakage, const struct asked *asked)
{
	struct api_path *path = api_path_new("explain");
	struct api_request request = { .method = "GET" };
	struct api_answer answer = { 0 };
	struct json_object *body;
	bool is;

	api_path_query(path, "direction", asked->direction);
	api_path_query(path, "service", asked->service);
	api_path_query(path, "address", asked->address);
	request.path = api_path_text(path);
	body = ask(breakage->api, &request, &answer);
	is = body && !strcmp(service_field(body, "reason"), "default") &&
	     !service_field(body, "note")[0];
	api_answer_free(&answer);
	api_path_free(path);
	return is;
}

static void look_at(struct breakage *breakage, struct json_object *flow)
{
	struct asked asked = { .direction = service_field(flow, "direction") };
	bool is_in = !strcmp(asked.direction, "in");

	if (!breakage->rejects[!is_in] || strcmp(service_field(flow, "action"), "Accept") != 0)
		return;
	asked.address = service_field(flow, is_in ? "sourceIP" : "destinationIP");
	put_service(flow, asked.service, sizeof(asked.service));
	if (!is_new(breakage, &asked) || !by_default(breakage, &asked))
		return;
	if (breakage->broken++ < NAMED_MAX)
		fprintf(stderr,
			"mctl: warning: %s %s %s is allowed by the default alone: it will be rejected%s\n",
			asked.service, is_in ? "from" : "to", asked.address,
			is_in && !strcmp(asked.service, "tcp/22") ?
				", and so will you, if that is you" :
				"");
}

unsigned int breakage_tell(struct api *api, const bool rejects[2])
{
	const struct api_request request = { .method = "GET", .path = "/v1/connections" };
	struct breakage breakage = { .api = api, .rejects = rejects };
	struct api_answer answer = { 0 };
	struct json_object *flows = ask(api, &request, &answer);
	size_t i;

	for (i = 0; flows && i < json_object_array_length(flows); i++)
		look_at(&breakage, json_object_array_get_idx(flows, i));
	if (breakage.broken > NAMED_MAX)
		fprintf(stderr, "mctl: warning: and so are %u further kinds of connections\n",
			breakage.broken - NAMED_MAX);
	api_answer_free(&answer);
	return breakage.broken;
}

static bool allows(struct json_object *effective, const char *direction)
{
	return !strcmp(service_field(effective, direction), "Allow");
}

void breakage_of_update(struct api *api, const struct api_request *update)
{
	static const char *const fields[2] = { "defaultPUIncomingTrafficAction",
					       "defaultPUOutgoingTrafficAction" };
	static const char *const directions[2] = { "incoming", "outgoing" };
	struct api_answer checked = { 0 }, before = { 0 };
	struct json_object *object, *effective = NULL;
	struct api_path *path = api_path_new("discovery");
	struct api_request call = *update;
	bool rejects[2] = { false, false };
	char *checking = NULL;
	int i;

	if (asprintf(&checking, "%s%scheck=true", update->path,
		     strchr(update->path, '?') ? "&" : "?") < 0)
		checking = NULL;
	call.path = checking ? checking : "";
	object = service_object(ask(api, &call, &checked), "object");
	api_path_query(path, "namespace", service_field(object, "name"));
	call = (struct api_request){ .method = "GET", .path = api_path_text(path) };
	if (object)
		effective = service_object(ask(api, &call, &before), "effective");
	for (i = 0; i < 2 && effective; i++)
		rejects[i] = !strcmp(service_field(object, fields[i]), "Reject") &&
			     allows(effective, directions[i]);
	if (rejects[0] || rejects[1])
		breakage_tell(api, rejects);
	api_answer_free(&checked);
	api_answer_free(&before);
	api_path_free(path);
	free(checking);
}
