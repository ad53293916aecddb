// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl stats: the module's counters. */
#include "lib/json.h"
#include "lib/kernel.h"
#include "mctl.h"

static int add(const char *name, uint64_t value, void *arg)
{
	json_add_number(arg, name, value);
	return 0;
}

static int print_stats(struct context *context, struct client *client)
{
	struct json_object *object = json_object_new_object();
	int err = kernel_stats(client, add, object);

	if (err) {
		json_object_put(object);
		return module_error(client, "read the statistics", err);
	}
	output_object(context->format, object);
	return MCTL_DONE;
}

static int run(struct context *context, int argc, char **argv)
{
	return module_run(context, argc, argv, print_stats);
}

const struct command stats_command = {
	.name = "stats",
	.arguments = "",
	.summary = "Show the module's counters",
	.help = "JSON is one object with a field for each counter, which count since the network\n"
		"namespace was attached.\n",
	.run = run,
};
