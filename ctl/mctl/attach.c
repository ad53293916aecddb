// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl attach, mctl detach: whether this network namespace is policed. */
#include <errno.h>
#include <linux/mseg.h>
#include <stdio.h>

#include "lib/json.h"
#include "change.h"

static bool take(int option, const char *value, void *arg)
{
	(void)option; /* --yes, which every change accepts */
	(void)value;
	(void)arg;
	return true;
}

/* Who asks for what is so already has got it. */
static int attach(struct client *client)
{
	int err = client_do(client, MSEG_C_ATTACH, 0, NULL, NULL);

	if (err != -EALREADY)
		return err ? module_error(client, "attach this network namespace", err) : MCTL_DONE;
	fputs("mctl: this network namespace is policed already: nothing changes\n", stderr);
	return MCTL_DONE;
}

static int detach(struct client *client)
{
	int err = client_do(client, MSEG_C_DETACH, 0, NULL, NULL);

	if (err && err != -ENODEV)
		return module_error(client, "detach this network namespace", err);
	if (err)
		fputs("mctl: this network namespace is not policed anyway: nothing changes\n",
		      stderr);
	else
		fputs("mctl: this network namespace is no longer policed: all its traffic passes, policy and trial are forgotten; 'mctl attach' begins anew in discovery mode\n",
		      stderr);
	return MCTL_DONE;
}

static int set_attached(struct context *context, bool attached)
{
	struct json_object *object;
	struct client *client;
	int status = module_open(&client);

	if (status == MCTL_DONE)
		status = attached ? attach(client) : detach(client);
	client_close(client);
	if (status != MCTL_DONE)
		return status;
	object = json_object_new_object();
	json_add_bool(object, "attached", attached);
	output_object(context->format, object);
	return MCTL_DONE;
}

static const struct option own_options[] = {
	{ "yes", no_argument, NULL, 'y' },
	{ 0 },
};

static int run(struct context *context, int argc, char **argv, bool attached)
{
	int first = options_read(context, argc, argv, take, NULL);

	if (first < 0)
		return options_exit();
	if (first < argc)
		return usage_error(context, "unexpected argument '%s'", argv[first]);
	return set_attached(context, attached);
}

static int run_attach(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, true);
}

static int run_detach(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, false);
}

const struct command attach_command = {
	.name = "attach",
	.arguments = "[--yes]",
	.summary = "Police the network namespace that mctl runs in",
	.help = "It begins in discovery mode, everything allowed. The namespace that the module is\n"
		"loaded in is policed from the start.\n"
		"\n" YES_HELP,
	.options = own_options,
	.run = run_attach,
};

const struct command detach_command = {
	.name = "detach",
	.arguments = "[--yes]",
	.summary = "Stop policing the network namespace that mctl runs in",
	.help = "Its policy, connections and counters are forgotten, and so is a trial; all its traffic\n"
		"passes. It is the one change that is taken while a policy is on trial.\n"
		"\n" YES_HELP,
	.options = own_options,
	.run = run_detach,
};
