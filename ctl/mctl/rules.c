// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl rules, mctl networks: the policy in force. */
#include <errno.h>
#include <mseg/core.h>

#include "lib/json.h"
#include "lib/kernel.h"
#include "lib/prefix.h"
#include "lib/services.h"
#include "mctl.h"

static const struct output_column rule_columns[] = {
	{ .title = "INDEX", .key = "index", .right = true },
	{ .title = "DIRECTION", .key = "direction" },
	{ .title = "ACTION", .key = "action" },
	{ .title = "NETWORKS", .key = "networks" },
	{ .title = "SERVICES", .key = "services" },
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

static struct json_object *rule_json(const struct mseg_policy *policy, uint32_t index)
{
	const struct mseg_rule *rule = &policy->rules[index];
	struct json_object *object = json_object_new_object();
	struct json_object *services = json_object_new_array();

	json_add_number(object, "index", index);
	json_add_string(object, "name", rule->name);
	json_add_string(object, "direction", rule->direction == MSEG_DIRECTION_IN ? "in" : "out");
	json_add_string(object, "action", rule->action == MSEG_ACTION_ALLOW ? "allow" : "reject");
	json_add(object, "networks", rule_networks(policy, rule));
	services_format(rule->services, rule->n_services, add_text, services);
	json_add(object, "services", services);
	json_add_number(object, "cookie", rule->cookie);
	return object;
}

static struct json_object *network_json(const struct mseg_policy *policy, uint32_t index)
{
	const struct mseg_network *network = &policy->networks[index];
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
	json_add(object, "entries", entries);
	return object;
}

static int list_rules(enum output_format format, const struct mseg_policy *policy)
{
	struct output_list *list = output_list_open(format, rule_columns,
						    sizeof(rule_columns) / sizeof(rule_columns[0]),
						    false);
	int err = list ? 0 : -ENOMEM;
	uint32_t i;

	for (i = 0; !err && i < policy->n_rules; i++)
		err = output_list_add(list, rule_json(policy, i));
	return output_list_close(list) ? -ENOMEM : err;
}

static int list_networks(enum output_format format, const struct mseg_policy *policy)
{
	struct output_list *list =
		output_list_open(format, network_columns,
				 sizeof(network_columns) / sizeof(network_columns[0]), false);
	int err = list ? 0 : -ENOMEM;
	uint32_t i;

	for (i = 0; !err && i < policy->n_networks; i++)
		err = output_list_add(list, network_json(policy, i));
	return output_list_close(list) ? -ENOMEM : err;
}

static int show(struct context *context, int argc, char **argv, bool with_entries,
		int (*print)(enum output_format format, const struct mseg_policy *policy))
{
	struct mseg_policy *policy = NULL;
	struct client *client;
	uint32_t generation;
	int err, status;

	if (!options_only(context, argc, argv))
		return options_exit();
	status = module_open(&client);
	if (status == MCTL_DONE) {
		err = kernel_policy(client, with_entries, &policy, &generation);
		if (!err)
			err = print(context->format, policy);
		if (err)
			status = module_error(client, "read the policy", err);
	}
	mseg_policy_free(policy);
	client_close(client);
	return status;
}

static int run_rules(struct context *context, int argc, char **argv)
{
	return show(context, argc, argv, false, list_rules);
}

static int run_networks(struct context *context, int argc, char **argv)
{
	return show(context, argc, argv, true, list_networks);
}

const struct command rules_command = {
	.name = "rules",
	.arguments = "",
	.summary = "List the rules in force",
	.is_list = true,
	.run = run_rules,
};

const struct command networks_command = {
	.name = "networks",
	.arguments = "",
	.summary = "List the networks in force and their entries",
	.is_list = true,
	.run = run_networks,
};
