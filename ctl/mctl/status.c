// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl status: the module in this network namespace. */
#include <mseg/core.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "lib/kernel.h"
#include "lib/learned.h"
#include "mctl.h"
#include "service.h"
#include "status.h"

struct losses {
	struct json_object *object;
	uint64_t total;
};

/* Statistics flows_lost_accept and flows_lost_reject, by verdict. */
static int add_loss(const char *name, uint64_t value, void *arg)
{
	static const char prefix[] = "flows_lost_";
	struct losses *losses = arg;

	if (strncmp(name, prefix, sizeof(prefix) - 1))
		return 0;
	json_add_number(losses->object, name + sizeof(prefix) - 1, value);
	losses->total += value;
	return 0;
}

static int add_losses(struct client *client, struct json_object *object, bool attached)
{
	struct losses losses = { json_object_new_object(), 0 };
	int err = attached ? kernel_stats(client, add_loss, &losses) : 0;

	json_add_number(losses.object, "total", losses.total);
	json_add(object, "losses", losses.object);
	return err;
}

const char *status_mode(const struct kernel_status *status)
{
	if (!status->attached)
		return "detached";
	if (status->defaults[0] != status->defaults[1])
		return "mixed";
	return status->defaults[0] == MSEG_ACTION_ALLOW ? "discovery" : "enforcing";
}

static void add_default(struct json_object *defaults, const char *key,
			const struct kernel_status *status, int direction)
{
	const char *word = status->defaults[direction] == MSEG_ACTION_ALLOW ? "allow" : "reject";

	json_add_string(defaults, key, status->attached ? word : NULL);
}

struct json_object *status_defaults(const struct kernel_status *status)
{
	struct json_object *defaults = json_object_new_object();

	add_default(defaults, "in", status, MSEG_DIRECTION_IN);
	add_default(defaults, "out", status, MSEG_DIRECTION_OUT);
	return defaults;
}

static struct json_object *silent_json(const struct kernel_status *status)
{
	struct json_object *silent = json_object_new_object();

	json_add_bool(silent, "in", status->silent[MSEG_DIRECTION_IN]);
	json_add_bool(silent, "out", status->silent[MSEG_DIRECTION_OUT]);
	return silent;
}

static struct json_object *candidate_json(const struct kernel_status *status)
{
	struct json_object *candidate;

	if (!status->candidate)
		return NULL;
	candidate = json_object_new_object();
	json_add_number(candidate, "generation", status->candidate);
	return candidate;
}

static const char *mode_word(const struct kernel_status *status, uint8_t mode_of_traffic)
{
	static const char *const words[] = { "off", "observe", "enforce" };

	if (!status->attached)
		return NULL;
	return mode_of_traffic < 3 ? words[mode_of_traffic] : "unknown";
}

static struct json_object *status_json(const struct kernel_status *status)
{
	struct json_object *object = json_object_new_object();
	struct json_object *module = json_object_new_object();

	json_add_string(module, "version", status->version);
	json_add_bool(module, "loaded", true);
	json_add(object, "module", module);
	json_add_bool(object, "attached", status->attached);
	json_add_string(object, "mode", status_mode(status));
	json_add(object, "defaults", status_defaults(status));
	json_add(object, "silent", silent_json(status));
	json_add_number(object, "generation", status->generation);
	json_add_number(object, "confirmLeft", status->confirm_left);
	json_add(object, "candidate", candidate_json(status));
	json_add_string(object, "forward", mode_word(status, status->forward));
	json_add_string(object, "raw", mode_word(status, status->raw));
	json_add_bool(object, "locked", status->locked);
	json_add_number(object, "networks", status->networks);
	json_add_number(object, "entries", status->entries);
	json_add_number(object, "rules", status->rules);
	json_add_number(object, "connections", status->connections);
	json_add_number(object, "connectionsMax", status->connections_max);
	return object;
}

/* What msegd says of itself in a line; what it does not say is seen elsewhere. */
static struct json_object *service_json(const struct context *context)
{
	static const char *const same[] = { "version", "revision", "enforced", "problems" };
	const struct api_request request = { .method = "GET", .path = "/v1/status" };
	struct api_answer answer = { 0 };
	struct json_object *object = NULL;
	struct api *api;
	size_t i;

	if (!service_owns(context) || api_open(&api, context->socket))
		return NULL;
	object = json_object_new_object();
	if (!api_call(api, &request, &answer) && answer.status == 200)
		for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
			json_add(object, same[i],
				 json_object_get(service_object(answer.body, same[i])));
	api_answer_free(&answer);
	api_close(api);
	return object;
}

/* Whose answers rules by name follow; NULL where the module knows no names. */
static struct json_object *resolvers_json(struct client *client)
{
	struct resolver list[MSEG_MAX_RESOLVERS];
	struct json_object *names;
	char text[64];
	size_t i, n;

	if (resolvers_get(client, list, &n))
		return NULL;
	names = json_object_new_array();
	for (i = 0; i < n; i++) {
		resolvers_format(&list[i], 1, text, sizeof(text));
		json_object_array_add(names, json_object_new_string(text));
	}
	return names;
}

static int print_status(struct context *context, struct client *client)
{
	struct kernel_status status;
	struct json_object *object;
	int err = kernel_status(client, &status);

	if (err)
		return module_error(client, "read the status", err);
	object = status_json(&status);
	err = add_losses(client, object, status.attached);
	if (err) {
		json_object_put(object);
		return module_error(client, "read the statistics", err);
	}
	json_add(object, "resolvers", status.attached ? resolvers_json(client) : NULL);
	json_add(object, "service", service_json(context));
	output_object(context->format, object);
	if (!status.attached)
		fputs("mctl: this network namespace is not policed: 'mctl attach' begins with it\n",
		      stderr);
	return MCTL_DONE;
}

static int run(struct context *context, int argc, char **argv)
{
	return module_run(context, argc, argv, print_status);
}

const struct command status_command = {
	.name = "status",
	.arguments = "",
	.summary = "Show the module, the defaults and what is in force",
	.help = "The mode is discovery when both defaults allow (rules that reject still do),\n"
		"enforcing when both reject, and mixed when they differ. A policy on trial is confirmed\n"
		"within the seconds that confirmLeft says, or it is taken back. Silent says where what\n"
		"is rejected gets no answer. The candidate is a policy that decides nothing, see 'mctl\n"
		"help candidate'. Forward and raw say what is done about packets that the host forwards,\n"
		"and about those that programs send past its IP layer. Locked means that nothing can be\n"
		"changed until the next start. Resolvers are those whose answers rules by name follow.\n"
		"Service is msegd,\n"
		"with its newest revision and the one that the module enforces; - where it does not run:\n"
		"then 'mctl load' changes the policy. Losses count flow records that nobody could be told of.\n",
	.run = run,
};
