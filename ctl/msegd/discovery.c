// SPDX-License-Identifier: GPL-2.0-or-later
/* A namespace's defaults: /v1/discovery. */
#include <errno.h>
#include <linux/mseg.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api.h"
#include "lib/doc.h"
#include "lib/fields.h"
#include "lib/json.h"
#include "model/findings.h"
#include "model/object.h"
#include "model/resolve.h"
#include "parameters.h"

static const char *const default_fields[2] = {
	[MSEG_DIRECTION_IN] = "defaultPUIncomingTrafficAction",
	[MSEG_DIRECTION_OUT] = "defaultPUOutgoingTrafficAction",
};

static const char *const direction_names[2] = {
	[MSEG_DIRECTION_IN] = "incoming",
	[MSEG_DIRECTION_OUT] = "outgoing",
};

static const struct model_object *find(struct service *service, struct request *request)
{
	const struct model_object *object = NULL;
	const char *space;

	if (!parameter_namespace(request, &space))
		return NULL;
	object = model_find(service->now.model, kind_get(KIND_NAMESPACE), NULL, space);
	if (object && api_may_read(service, request, object->name))
		return object;
	reply_problem(request, MHD_HTTP_NOT_FOUND, NULL, "there is no namespace %s", space);
	return NULL;
}

static struct json_object *state_of(const struct model *model, const struct model_object *space)
{
	struct json_object *object = json_object_new_object(),
			   *effective = json_object_new_object();
	bool discovery = true;
	unsigned int i;

	json_add_string(object, "namespace", space->name);
	for (i = 0; i < 2; i++) {
		struct resolved_default resolved = resolve_default(model, space->name, i);
		bool allows = resolved.action == MSEG_ACTION_ALLOW;

		json_add_string(object, direction_names[i],
				object_text(space->json, default_fields[i]));
		json_add_string(effective, direction_names[i], allows ? "Allow" : "Reject");
		discovery &= allows;
	}
	json_add(object, "effective", effective);
	json_add_bool(object, "discovery", discovery);
	return object;
}

/* What stands in a request for one direction, in its own form; NULL where it makes no sense. */
static const char *take_default(const struct doc_value *value, struct diag *diag)
{
	static const char *const words[] = { "Allow", "Reject", "Inherit" };
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (!strcasecmp(value->text, words[i]))
			return words[i];
	diag_error(diag, value->place, "a default is Allow, Reject or Inherit, not '%s'",
		   value->text);
	return NULL;
}

static void take_confirm(const struct doc_value *value, struct revise_how *how, struct diag *diag)
{
	unsigned long long seconds = strlen(value->text) < 8 ? strtoull(value->text, NULL, 10) : 0;

	if (!seconds || seconds > MSEG_MAX_CONFIRM_WITHIN)
		diag_error(diag, value->place, "it is 1 to %u seconds", MSEG_MAX_CONFIRM_WITHIN);
	how->confirm_within = (uint32_t)seconds;
}

static void take(const struct doc_value *root, struct json_object *json, struct revise_how *how,
		 struct diag *diag)
{
	static const struct field fields[] = {
		[MSEG_DIRECTION_IN] = { "incoming", DOC_STRING, false },
		[MSEG_DIRECTION_OUT] = { "outgoing", DOC_STRING, false },
		{ "confirmWithin", DOC_INTEGER, false },
	};
	const struct doc_value *values[3];
	unsigned int i;

	if (!fields_get(root, "the body", fields, 3, values, diag))
		return;
	for (i = 0; i < 2; i++) {
		const char *word = values[i] ? take_default(values[i], diag) : NULL;

		if (word)
			json_add_string(json, default_fields[i], word);
	}
	if (values[2])
		take_confirm(values[2], how, diag);
}

/* The namespace as it is to be, or NULL where the request was refused. */
static struct json_object *changed(struct request *request, const struct model_object *space,
				   struct revise_how *how)
{
	struct json_object *json = NULL;
	struct findings findings;
	struct diag diag = findings_begin(&findings, "request");
	struct doc *doc = doc_read(request->body, request->len, &diag);

	if (doc && !json_object_deep_copy(space->json, &json, NULL))
		take(doc_root(doc), json, how, &diag);
	doc_free(doc);
	if (diag.errors || !json) {
		reply_problem(request, MHD_HTTP_BAD_REQUEST, json_object_get(findings.errors),
			      "the body cannot be taken as it is");
		json_object_put(json);
		json = NULL;
	}
	findings_end(&findings);
	return json;
}

static void put(struct service *service, struct request *request, const struct model_object *space)
{
	struct revise_answer answer = { MHD_HTTP_OK, "object", NULL };
	struct draft next = { NULL, NULL };
	struct revise_how how;

	if (!api_matches(service, request, space) || !revise_read_how(request, &how))
		return;
	answer.value = changed(request, space, &how);
	if (!answer.value)
		return;
	if (draft_copy(&service->now, &next) || draft_put(&next, space->kind, answer.value)) {
		draft_clear(&next);
		json_object_put(answer.value);
		api_no_memory(request);
		return;
	}
	snprintf(how.action, sizeof(how.action), "defaults of namespace %s", space->name);
	revise(service, request, &next, &how, &answer);
}

void discovery_handle(struct service *service, struct request *request)
{
	const struct model_object *space = find(service, request);

	if (!space)
		return;
	if (strcmp(request->method, "GET") != 0) {
		put(service, request, space);
		return;
	}
	request->reply.revision = revise_of(service, space);
	reply_json(request, MHD_HTTP_OK, state_of(service->now.model, space));
}
