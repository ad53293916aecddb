// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl defaults: what happens to what no rule decides. */
#include <linux/mseg.h>
#include <strings.h>

#include "lib/hints.h"
#include "lib/json.h"
#include "lib/kernel.h"
#include "change.h"
#include "foresee.h"
#include "service.h"

struct defaults {
	const struct context *context;
	int actions[2];
	struct txn_options options;
};

static bool take_silent(struct defaults *defaults, const char *value)
{
	static const char *const words[] = { "none", "in", "out", "both" };
	int i;

	for (i = 0; i < 4; i++) {
		if (!strcasecmp(value, words[i])) {
			defaults->options.silent[MSEG_DIRECTION_IN] = i & 1;
			defaults->options.silent[MSEG_DIRECTION_OUT] = i >> 1;
			return true;
		}
	}
	usage_error(defaults->context, "--silent takes none, in, out or both, not '%s'", value);
	return false;
}

static bool take(int option, const char *value, void *arg)
{
	struct defaults *defaults = arg;
	int *action = &defaults->actions[option == 'i' ? MSEG_DIRECTION_IN : MSEG_DIRECTION_OUT];
	const char *meant;

	if (option == 's')
		return take_silent(defaults, value);
	if (option != 'i' && option != 'u')
		return change_take(defaults->context, option, value, &defaults->options);
	if (!strcasecmp(value, "allow")) {
		*action = MSEG_ACTION_ALLOW;
	} else if (!strcasecmp(value, "reject")) {
		*action = MSEG_ACTION_REJECT;
	} else {
		meant = hint_word(value, "allow", "reject");
		usage_error(defaults->context, "a default is allow or reject, not '%s'%s%s", value,
			    meant ? ": write " : "", meant ? meant : "");
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
	json_add_number(object, "confirmLeft", status.confirm_left);
	output_object(context->format, object);
	return MCTL_DONE;
}

/* Who opens the host by name knows that. */
static bool may_reject(const struct defaults *defaults)
{
	return defaults->actions[MSEG_DIRECTION_IN] == MSEG_ACTION_REJECT ||
	       defaults->actions[MSEG_DIRECTION_OUT] == MSEG_ACTION_REJECT;
}

static int change(struct context *context, const struct defaults *defaults)
{
	struct client *client;
	uint32_t generation;
	int err, status = module_open(&client);

	if (status == MCTL_DONE) {
		if (may_reject(defaults))
			foresee_read(client, 0, defaults->actions, &defaults->options);
		err = txn_defaults(client, defaults->actions, &defaults->options, &generation);
		status = err ? module_error(client, "change the defaults", err) :
			       print_result(context, client);
		if (!err)
			change_tell_trial(&defaults->options);
	}
	client_close(client);
	return status;
}

static const struct option own_options[] = {
	{ "in", required_argument, NULL, 'i' },
	{ "out", required_argument, NULL, 'u' },
	{ "silent", required_argument, NULL, 's' },
	CHANGE_OPTIONS,
	{ 0 },
};

static int run(struct context *context, int argc, char **argv)
{
	struct defaults defaults = { context, { -1, -1 }, change_options() };
	int status, first = options_read(context, argc, argv, take, &defaults);

	if (first < 0)
		return options_exit();
	if (first < argc)
		return usage_error(context,
				   "unexpected argument '%s': a direction is an option, as in '--in reject'",
				   argv[first]);
	if (defaults.actions[0] < 0 && defaults.actions[1] < 0 && defaults.options.silent[0] < 0)
		return usage_error(context, "--in, --out or --silent is needed");
	status = service_refuse(
		context,
		"'mctl discovery' or 'mctl api update namespace', with -k incomingRejects Silent for silence");
	return status == MCTL_DONE ? change(context, &defaults) : status;
}

const struct command defaults_command = {
	.name = "defaults",
	.arguments =
		"[--in allow|reject] [--out allow|reject] [--silent none|in|out|both] " CHANGE_ARGUMENTS,
	.summary = "Change what happens to what no rule decides",
	.help = "A direction that is not named stays as it is, and so do networks and rules.\n"
		"\n"
		"  --silent none|in|out|both   where what is rejected gets no answer\n" CHANGE_HELP,
	.options = own_options,
	.run = run,
};
