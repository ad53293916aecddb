// SPDX-License-Identifier: GPL-2.0-or-later
/* GET /v1/status. */
#include <linux/mseg.h>
#include <mseg/version.h>
#include <microhttpd.h>

#include "api.h"
#include "dns.h"
#include "exports.h"
#include "lib/json.h"
#include "model/object.h"
#include "plan.h"
#include "records/writer.h"
#include "reconcile.h"

static const char *action_name(uint8_t action)
{
	return action == MSEG_ACTION_ALLOW ? "Allow" : "Reject";
}

static struct json_object *describe_module(const struct kernel_status *status, bool loaded)
{
	struct json_object *object = json_object_new_object(), *defaults;

	json_add_bool(object, "loaded", loaded);
	json_add_bool(object, "attached", status->attached);
	json_add_bool(object, "locked", status->locked);
	json_add_string(object, "version", loaded ? status->version : NULL);
	if (!loaded)
		return object;
	json_add_number(object, "networks", status->networks);
	json_add_number(object, "entries", status->entries);
	json_add_number(object, "rules", status->rules);
	json_add_number(object, "connections", status->connections);
	defaults = json_object_new_object();
	json_add_string(defaults, "incoming", action_name(status->defaults[MSEG_DIRECTION_IN]));
	json_add_string(defaults, "outgoing", action_name(status->defaults[MSEG_DIRECTION_OUT]));
	json_add(object, "defaults", defaults);
	return object;
}

static struct json_object *describe_trial(const struct service *service,
					  const struct kernel_status *status)
{
	struct json_object *object;

	if (!service->on_trial || service->overdue)
		return NULL;
	object = json_object_new_object();
	json_add_number(object, "revision", service->enforced);
	json_add_number(object, "generation", service->generation);
	json_add_number(object, "left", status->confirm_left);
	return object;
}

static struct json_object *describe_enforcer(const struct service *service)
{
	const struct model_object *enforcer = plan_enforcer(service->now.model);
	struct json_object *object = json_object_new_object();

	json_add_string(object, "ID", enforcer ? enforcer->id : NULL);
	json_add_string(object, "name", enforcer ? enforcer->name : NULL);
	json_add_string(object, "namespace", enforcer ? enforcer->space : NULL);
	return object;
}

static struct json_object *describe_caller(const struct caller *caller)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "uid", caller->uid);
	json_add_string(object, "user", caller->user);
	return object;
}

static void add_problem(const struct exporter_state *state, void *arg)
{
	if (state->problem[0])
		json_object_array_add(arg, json_object_new_string(state->problem));
}

static struct json_object *list_problems(const struct service *service)
{
	struct json_object *list = json_object_new_array();
	char text[256] = "";

	if (service->problem[0])
		json_object_array_add(list, json_object_new_string(service->problem));
	if (service->writer)
		writer_problem(service->writer, text, sizeof(text));
	if (text[0])
		json_object_array_add(list, json_object_new_string(text));
	exports_each(service->exports, add_problem, list);
	return list;
}

static struct json_object *by_verdict(const uint64_t counts[2])
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "Accept", counts[0]);
	json_add_number(object, "Reject", counts[1]);
	return object;
}

/* What became of flow records since the service began. */
static struct json_object *describe_records(const struct service *service)
{
	struct json_object *object = json_object_new_object(), *lost = json_object_new_object();
	struct writer_counts counts = { 0 };
	struct json_object *stage;
	unsigned int i;

	if (service->writer)
		writer_counts(service->writer, &counts);
	json_add(object, "taken", by_verdict(counts.taken));
	json_add(object, "stored", by_verdict(counts.stored));
	for (i = 0; i < N_STAGES; i++) {
		stage = by_verdict(counts.lost[i]);
		json_add_number(stage, "unknown", counts.unknown[i]);
		json_add(lost, stage_name(i), stage);
	}
	json_add(object, "lost", lost);
	return object;
}

static struct json_object *number_or_null(uint64_t number)
{
	return number ? json_object_new_uint64(number) : NULL;
}

void status_get(struct service *service, struct request *request)
{
	struct json_object *object = json_object_new_object();
	struct kernel_status status;
	bool loaded;

	reconcile_follow(service);
	loaded = !enforce_status(service->enforce, &status);
	json_add_string(object, "owner", "msegd");
	json_add_string(object, "version", MSEG_VERSION);
	json_add_number(object, "apiVersion", 1);
	json_add_number(object, "revision", store_newest(service->store));
	json_add(object, "enforced", number_or_null(service->enforced));
	json_add(object, "generation", number_or_null(loaded ? status.generation : 0));
	json_add(object, "module", describe_module(&status, loaded));
	json_add(object, "confirm", describe_trial(service, &status));
	json_add(object, "enforcer", describe_enforcer(service));
	json_add(object, "caller", describe_caller(request->caller));
	json_add(object, "roles", config_grants(service->config, request->caller));
	json_add(object, "dns", dns_status(service));
	json_add(object, "records", describe_records(service));
	json_add(object, "exports", exports_json(service->exports));
	json_add(object, "problems", list_problems(service));
	reply_json(request, MHD_HTTP_OK, object);
}
