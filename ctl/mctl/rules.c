// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl rules, mctl networks: the policy in force. */
#include <errno.h>
#include <mseg/core.h>
#include <stdio.h>

#include "lib/flow.h"
#include "lib/json.h"
#include "lib/kernel.h"
#include "lib/prefix.h"
#include "lib/services.h"
#include "mctl.h"

/* A rule under observation does not act. */
static void action_cell(struct json_object *row, char *text, size_t size)
{
	struct json_object *action = NULL, *observed = NULL;

	json_object_object_get_ex(row, "action", &action);
	json_object_object_get_ex(row, "observationEnabled", &observed);
	snprintf(text, size, "%s%s", json_object_get_string(action),
		 json_object_get_boolean(observed) ? " (observed)" : "");
}

/* To the second. */
static void last_hit_cell(struct json_object *row, char *text, size_t size)
{
	struct json_object *value = NULL;

	if (json_object_object_get_ex(row, "lastHit", &value) && value)
		snprintf(text, size, "%.19sZ", json_object_get_string(value));
	else
		snprintf(text, size, "never");
}

static const struct output_column rule_columns[] = {
	{ .title = "INDEX", .key = "index", .right = true },
	{ .title = "DIRECTION", .key = "direction" },
	{ .title = "ACTION", .cell = action_cell },
	{ .title = "NETWORKS", .key = "networks" },
	{ .title = "SERVICES", .key = "services" },
	{ .title = "HITS", .key = "hits", .right = true },
	{ .title = "LAST HIT", .cell = last_hit_cell },
	{ .title = "NAME", .key = "name" },
};

static const struct output_column network_columns[] = {
	{ .title = "INDEX", .key = "index", .right = true },
	{ .title = "NAME", .key = "name" },
	{ .title = "ENTRIES", .key = "entries" },
};

static void add_text(const char *text, void *array)
{
	json_object_array_add(array, json_object_new_string(text));
}

static struct json_object *rule_networks(const struct mseg_policy *policy,
					 const struct mseg_rule *rule)
{
	struct json_object *array = json_object_new_array();
	uint32_t i;

	for (i = 0; i < rule->n_networks; i++)
		add_text(policy->networks[rule->networks[i]].name, array);
	return array;
}

static struct json_object *rule_json(const struct kernel_policy *read, uint32_t index)
{
	const struct mseg_rule *rule = &read->policy->rules[index];
	const struct kernel_hits *hits = &read->hits[index];
	struct json_object *object = json_object_new_object();
	struct json_object *services = json_object_new_array();
	char time[40];

	json_add_number(object, "index", index);
	json_add_string(object, "name", rule->name);
	json_add_string(object, "direction", rule->direction == MSEG_DIRECTION_IN ? "in" : "out");
	json_add_string(object, "action", rule->action == MSEG_ACTION_ALLOW ? "allow" : "reject");
	json_add(object, "networks", rule_networks(read->policy, rule));
	services_format(rule->services, rule->n_services, add_text, services);
	json_add(object, "services", services);
	json_add_number(object, "cookie", rule->cookie);
	json_add_bool(object, "observationEnabled", rule->observed);
	json_add_number(object, "hits", hits->count);
	json_add_string(object, "lastHit", hits->last ? flow_time(hits->last, time) : NULL);
	return object;
}

static struct json_object *network_json(const struct kernel_policy *read, uint32_t index)
{
	const struct mseg_network *network = &read->policy->networks[index];
	struct json_object *object = json_object_new_object();
	struct json_object *entries = json_object_new_array();
	char text[PREFIX_TEXT_LEN];
	uint32_t i;

	json_add_number(object, "index", index);
	json_add_string(object, "name", network->name);
	for (i = 0; i < network->n_prefixes; i++) {
		prefix_format(&network->prefixes[i], text);
		add_text(text, entries);
	}
	for (i = 0; i < network->n_domains; i++)
		add_text(network->domains[i], entries);
	json_add(object, "entries", entries);
	return object;
}

static int list_rules(enum output_format format, const struct kernel_policy *read)
{
	struct output_list *list = output_list_open(format, rule_columns,
						    sizeof(rule_columns) / sizeof(rule_columns[0]),
						    "no rules: the defaults decide everything");
	int err = list ? 0 : -ENOMEM;
	uint32_t i;

	for (i = 0; !err && i < read->policy->n_rules; i++)
		err = output_list_add(list, rule_json(read, i));
	return output_list_close(list) ? -ENOMEM : err;
}

static int list_networks(enum output_format format, const struct kernel_policy *read)
{
	struct output_list *list =
		output_list_open(format, network_columns,
				 sizeof(network_columns) / sizeof(network_columns[0]),
				 "no networks");
	int err = list ? 0 : -ENOMEM;
	uint32_t i;

	for (i = 0; !err && i < read->policy->n_networks; i++)
		err = output_list_add(list, network_json(read, i));
	return output_list_close(list) ? -ENOMEM : err;
}

static bool take(int option, const char *value, void *arg)
{
	(void)option; /* --candidate, the only one */
	(void)value;
	*(unsigned int *)arg |= KERNEL_CANDIDATE;
	return true;
}

static const struct option own_options[] = {
	{ "candidate", no_argument, NULL, 'd' },
	{ 0 },
};

static int show(struct context *context, int argc, char **argv, unsigned int parts,
		int (*print)(enum output_format format, const struct kernel_policy *read))
{
	struct kernel_policy read = { 0 };
	int first = options_read(context, argc, argv, take, &parts);
	struct client *client;
	int err, status;

	if (first < 0)
		return options_exit();
	if (first < argc)
		return usage_error(context, "unexpected argument '%s'", argv[first]);
	status = module_open(&client);
	if (status == MCTL_DONE) {
		err = kernel_policy(client, parts, &read);
		if (!err)
			err = print(context->format, &read);
		if (err)
			status = module_error(client, "read the policy", err);
	}
	kernel_policy_free(&read);
	client_close(client);
	return status;
}

static int run_rules(struct context *context, int argc, char **argv)
{
	return show(context, argc, argv, KERNEL_NAMES, list_rules);
}

static int run_networks(struct context *context, int argc, char **argv)
{
	return show(context, argc, argv, KERNEL_ENTRIES, list_networks);
}

const struct command rules_command = {
	.name = "rules",
	.arguments = "[--candidate]",
	.summary = "List the rules in force, or the candidate's",
	.help = "HITS counts the connections that a rule decided since its policy is in force, LAST\n"
		"HIT is when it did so last, in UTC. A rule that is never hit may be superfluous, or\n"
		"another one wins. Its cookie, in JSON, is the policyID of the flows that it decides.\n"
		"A rule under observation decides nothing, and hits what it would have decided.\n",
	.formats = FORMATS_LIST,
	.options = own_options,
	.run = run_rules,
};

const struct command networks_command = {
	.name = "networks",
	.arguments = "[--candidate]",
	.summary = "List the networks in force and their entries, or the candidate's",
	.formats = FORMATS_LIST,
	.options = own_options,
	.run = run_networks,
};
