// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl stats: the module's counters. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "lib/kernel.h"
#include "mctl.h"
#include "stats_list.h"

/* The module's own list, with what each one counts. */
static const struct {
	const char *name;
	const char *doc;
} stats[] = {
#define X(name, doc) { #name, doc },
	MSEG_STATS(X)
#undef X
};

static const struct output_column columns[] = {
	{ .title = "NAME", .key = "name" },
	{ .title = "VALUE", .key = "value", .right = true },
	{ .title = "DESCRIPTION", .key = "description" },
};

/* A newer module counts what this program has not heard of. */
static const char *describe(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(stats) / sizeof(stats[0]); i++)
		if (!strcmp(stats[i].name, name))
			return stats[i].doc;
	return "";
}

static int add(const char *name, uint64_t value, void *arg)
{
	json_add_number(arg, name, value);
	return 0;
}

static struct json_object *row_of(const char *name, struct json_object *value)
{
	struct json_object *row = json_object_new_object();

	json_add_string(row, "name", name);
	json_add(row, "value", json_object_get(value));
	json_add_string(row, "description", describe(name));
	return row;
}

static int print_table(struct json_object *object)
{
	struct output_list *list = output_list_open(OUTPUT_TABLE, columns,
						    sizeof(columns) / sizeof(columns[0]),
						    "no statistics");
	int err = list ? 0 : -ENOMEM;

	json_object_object_foreach(object, name, value)
	{
		if (!err)
			err = output_list_add(list, row_of(name, value));
	}
	json_object_put(object);
	return output_list_close(list) ? -ENOMEM : err;
}

static int print_stats(struct context *context, struct client *client)
{
	struct json_object *object = json_object_new_object();
	int err = kernel_stats(client, add, object);

	if (err)
		json_object_put(object);
	else if (context->format == OUTPUT_TABLE)
		err = print_table(object);
	else
		output_object(context->format, object);
	return err ? module_error(client, "read the statistics", err) : MCTL_DONE;
}

static void list_stats(void)
{
	size_t i;

	putchar('\n');
	for (i = 0; i < sizeof(stats) / sizeof(stats[0]); i++)
		printf("  %-20s %s\n", stats[i].name, stats[i].doc);
}

static int run(struct context *context, int argc, char **argv)
{
	return module_run(context, argc, argv, print_stats);
}

const struct command stats_command = {
	.name = "stats",
	.arguments = "",
	.summary = "Show the module's counters",
	.help = "JSON is one object with a field for each counter. They count since the network\n"
		"namespace was attached:\n",
	.print_more = list_stats,
	.run = run,
};
