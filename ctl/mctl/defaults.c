// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl defaults: what happens to what no rule decides. */
#include <linux/mseg.h>
#include <strings.h>

#include "lib/json.h"
#include "lib/kernel.h"
#include "lib/txn.h"
#include "mctl.h"

struct defaults {
	const struct context *context;
	int actions[2];
};

static bool take(int option, const char *value, void *arg)
{
	struct defaults *defaults = arg;
	int *action = &defaults->actions[option == 'i' ? MSEG_DIRECTION_IN : MSEG_DIRECTION_OUT];

	if (option == 'y')
		return true;
	if (!strcasecmp(value, "allow")) {
		*action = MSEG_ACTION_ALLOW;
	} else if (!strcasecmp(value, "reject")) {
		*action = MSEG_ACTION_REJECT;
	} else {
		usage_error(defaults->context, "a default is allow or reject, not '%s'", value);
		return false;
	}
	return true;
}

static const char *word(uint8_t action)
{
	return action == MSEG_ACTION_ALLOW ? "allow" : "reject";
}

static int print_result(struct context *context, struct client *client)
{
	struct kernel_status status;
	struct json_object *object;
	int err = kernel_status(client, &status);

	if (err)
		return module_error(client, "read the status", err);
	object = json_object_new_object();
	json_add_number(object, "generation", status.generation);
	json_add_string(object, "in", word(status.defaults[MSEG_DIRECTION_IN]));
	json_add_string(object, "out", word(status.defaults[MSEG_DIRECTION_OUT]));
	output_object(context->format, object);
	return MCTL_DONE;
}

static int change(struct context *context, const int actions[2])
{
	struct client *client;
	uint32_t generation;
	int err, status = module_open(&client);

	if (status == MCTL_DONE) {
		err = txn_defaults(client, actions, &generation);
		status = err ? module_error(client, "change the defaults", err) :
			       print_result(context, client);
	}
	client_close(client);
	return status;
}

static int run(struct context *context, int argc, char **argv)
{
	static const struct option own[] = {
		{ "in", required_argument, NULL, 'i' },
		{ "out", required_argument, NULL, 'u' },
		{ "yes", no_argument, NULL, 'y' },
		{ 0 },
	};
	struct defaults defaults = { context, { -1, -1 } };
	int first = options_read(context, argc, argv, own, take, &defaults);

	if (first < 0)
		return options_exit();
	if (first < argc)
		return usage_error(context, "unexpected argument '%s'", argv[first]);
	if (defaults.actions[0] < 0 && defaults.actions[1] < 0)
		return usage_error(context, "--in or --out is needed");
	return change(context, defaults.actions);
}

const struct command defaults_command = {
	.name = "defaults",
	.arguments = "[--in allow|reject] [--out allow|reject] [--yes]",
	.summary = "Change what happens to what no rule decides",
	.help = "A direction that is not named stays as it is, and so do networks and rules.\n",
	.run = run,
};
