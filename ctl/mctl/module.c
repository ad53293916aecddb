// SPDX-License-Identifier: GPL-2.0-or-later
/* Connecting to the module, and saying what went wrong with it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mctl.h"

int module_exit(int err)
{
	switch (-err) {
	case 0:
		return MCTL_DONE;
	case ENOENT:
	case ENODEV:
		return MCTL_NO_MODULE;
	case EPERM:
	case EACCES:
		return MCTL_NOT_PERMITTED;
	case ESTALE:
	case EAGAIN:
	case EBUSY:
		return MCTL_CONFLICT;
	default:
		return MCTL_FAILED;
	}
}

static const char *reason(const struct client *client, int err)
{
	if (client && client_refusal(client)->text[0])
		return client_refusal(client)->text;
	if (err == -EPERM)
		return "that needs CAP_NET_ADMIN in the initial user namespace: run it as root";
	if (err == -EAGAIN)
		return "the policy keeps changing";
	if (err == -ESTALE)
		return "it is not the one that was named, or another came between";
	return strerror(-err);
}

/* The commands that the module's words are about. */
static const char *advice(int err)
{
	if (err == -ENODEV)
		return " ('mctl attach')";
	if (err == -EBUSY)
		return " ('mctl confirm', 'mctl rollback')";
	return "";
}

int module_error(const struct client *client, const char *what, int err)
{
	fprintf(stderr, "mctl: cannot %s: %s%s\n", what, reason(client, err), advice(err));
	/* The module is there: something else is not. */
	if (err == -ENOENT && client && client_refusal(client)->text[0])
		return MCTL_FAILED;
	return module_exit(err);
}

int module_open(struct client **client)
{
	int err = client_open(client);

	if (!err)
		return MCTL_DONE;
	if (err != -ENOENT)
		return module_error(NULL, "reach the module", err);
	fputs("mctl: the mseg module is not loaded; load it with 'modprobe mseg', or as the README's \"Loading it on a host\" says\n",
	      stderr);
	return MCTL_NO_MODULE;
}

int module_run(struct context *context, int argc, char **argv, module_user *use)
{
	struct client *client;
	int status;

	if (!options_only(context, argc, argv))
		return options_exit();
	status = module_open(&client);
	if (status == MCTL_DONE)
		status = use(context, client);
	client_close(client);
	return status;
}

int module_names(struct names **names)
{
	struct client *client;
	int err, status = module_open(&client);

	*names = NULL;
	if (status != MCTL_DONE)
		return status;
	*names = names_new(client);
	if (!*names) {
		client_close(client);
		return module_error(NULL, "read the policy", -ENOMEM);
	}
	err = names_refresh(*names);
	return err ? module_error(client, "read the policy", err) : MCTL_DONE;
}
