// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl lock: refuse every change until the machine starts anew. */
#include <errno.h>
#include <linux/mseg.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "lib/kernel.h"
#include "change.h"
#include "status.h"

static bool take(int option, const char *value, void *arg)
{
	(void)option; /* --yes, the only one */
	(void)value;
	*(bool *)arg = true;
	return true;
}

/* What it would be too late for. */
static void tell_what_passes(struct client *client)
{
	struct kernel_status status;

	if (kernel_status(client, &status) || !status.attached || status.locked)
		return;
	if (!strcmp(status_mode(&status), "discovery"))
		fputs("The mode is discovery: everything is allowed, and will stay so.\n", stderr);
	else if (status.raw != MSEG_MODE_ENFORCE)
		fprintf(stderr,
			"What packet sockets send passes (raw=%s), and will: 'sysctl net.mseg.raw=enforce' comes before.\n",
			status.raw == MSEG_MODE_OBSERVE ? "observe" : "off");
}

static int lock(struct context *context, struct client *client)
{
	struct json_object *object;
	int err = client_do(client, MSEG_C_LOCK, 0, NULL, NULL);

	if (err == -EALREADY)
		fputs("mctl: it is locked already: nothing changes\n", stderr);
	else if (err)
		return module_error(client, "lock the policy", err);
	object = json_object_new_object();
	json_add_bool(object, "locked", true);
	output_object(context->format, object);
	return MCTL_DONE;
}

static const struct option own_options[] = {
	{ "yes", no_argument, NULL, 'y' },
	{ 0 },
};

static int run(struct context *context, int argc, char **argv)
{
	bool yes = false;
	int status, first = options_read(context, argc, argv, take, &yes);
	struct client *client;

	if (first < 0)
		return options_exit();
	if (first < argc)
		return usage_error(context, "unexpected argument '%s'", argv[first]);
	status = module_open(&client);
	if (status == MCTL_DONE) {
		tell_what_passes(client);
		status = change_confirmed(
			context, yes,
			"Nothing can be changed, nor the module unloaded, until the machine starts anew. Lock it?");
	}
	if (status == MCTL_DONE)
		status = lock(context, client);
	client_close(client);
	return status;
}

const struct command lock_command = {
	.name = "lock",
	.arguments = "[--yes]",
	.summary = "Refuse every change until the machine starts anew",
	.help = "Policy, settings, time-outs and attachment of this network namespace stay as they\n"
		"are, and the module stays loaded: nobody takes that back, not even root, but by a\n"
		"restart. What loads the policy when the machine starts comes first, then. A policy on\n"
		"trial must be confirmed or taken back before.\n"
		"\n"
		"  --yes     do not ask\n",
	.options = own_options,
	.run = run,
};
