// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl stats: the module's counters. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "lib/kernel.h"
#include "service.h"
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
	if (!strncmp(name, "records_stored", 14))
		return "flow records that msegd has stored, since it began";
	if (!strncmp(name, "records_taken", 13))
		return "flow records that msegd was given, since it began";
	if (!strncmp(name, "export_", 7))
		return "of an export in mseg.conf, since it began";
	return !strncmp(name, "records_lost", 12) ? "flow records lost there, since msegd began" :
						    "";
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

/* "kernel ring" as "records_lost_kernel_ring_accept", and so on. */
static void add_counts(struct json_object *object, const char *what, struct json_object *counts)
{
	char name[96], *c;

	json_object_object_foreach(counts, verdict, value)
	{
		snprintf(name, sizeof(name), "records_%s_%s", what, verdict);
		for (c = name; *c; c++)
			*c = *c == ' ' ? '_' : (char)tolower((unsigned char)*c);
		json_add(object, name, json_object_get(value));
	}
}

static void add_export(struct json_object *object, struct json_object *export)
{
	static const char *const fields[] = { "connected", "sent", "waiting", "lost", "failures" };
	struct json_object *name = service_object(export, "name"), *value;
	char full[96];
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		value = service_object(export, fields[i]);
		snprintf(full, sizeof(full), "export_%s_%s", json_object_get_string(name),
			 fields[i]);
		json_add_number(object, full, json_object_get_uint64(value));
	}
}

static void add_exports(struct json_object *object, struct json_object *list)
{
	size_t i, n = list ? json_object_array_length(list) : 0;

	for (i = 0; i < n; i++)
		add_export(object, json_object_array_get_idx(list, i));
}

/* What msegd did with the records, where it is there. */
static void add_records(const struct context *context, struct json_object *object)
{
	struct json_object *status = NULL, *records, *lost;
	struct api_path *path = api_path_new("status");
	char what[64];

	if (!service_owns(context) ||
	    service_get(context, path, "read the statistics", &status) != MCTL_DONE)
		return;
	records = service_object(status, "records");
	lost = service_object(records, "lost");
	if (lost) {
		add_counts(object, "taken", service_object(records, "taken"));
		add_counts(object, "stored", service_object(records, "stored"));
		json_object_object_foreach(lost, stage, counts)
		{
			snprintf(what, sizeof(what), "lost_%s", stage);
			add_counts(object, what, counts);
		}
	}
	add_exports(object, service_object(status, "exports"));
	json_object_put(status);
}

static int print_stats(struct context *context, struct client *client)
{
	struct json_object *object = json_object_new_object();
	int err = kernel_stats(client, add, object);

	if (!err)
		add_records(context, object);
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
		"namespace was attached. Where msegd runs, those that begin with records_ say what became\n"
		"of flow records since it began: flows_made, of that time, is what was stored and what\n"
		"was lost, wherever it was. Those that begin with export_ are about the exports in\n"
		"mseg.conf: whether the receiver is there, and records.\n",
	.print_more = list_stats,
	.run = run,
};
