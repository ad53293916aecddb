// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl coverage: whether the flow records of a time are complete. */
#include <stdio.h>
#include <string.h>

#include "flows.h"
#include "lib/json.h"
#include "lib/times.h"
#include "service.h"

static void from_cell(struct json_object *row, char *text, size_t size)
{
	snprintf(text, size, "%.19sZ", service_field(row, "from"));
}

static void until_cell(struct json_object *row, char *text, size_t size)
{
	snprintf(text, size, "%.19sZ", service_field(row, "until"));
}

static void lost_cell(struct json_object *row, char *text, size_t size)
{
	const char *lost = service_field(row, "lost");

	snprintf(text, size, "%s", *lost ? lost : "unknown");
}

static void verdicts_cell(struct json_object *row, char *text, size_t size)
{
	struct json_object *verdicts = service_object(row, "verdicts");

	snprintf(text, size, "%s accepted, %s rejected", service_field(verdicts, "Accept"),
		 service_field(verdicts, "Reject"));
}

static const struct output_column columns[] = {
	{ .title = "FROM", .cell = from_cell },
	{ .title = "UNTIL", .cell = until_cell },
	{ .title = "WHERE", .key = "where" },
	{ .title = "LOST", .cell = lost_cell, .right = true },
	{ .title = "KNOWN", .cell = verdicts_cell },
};

static void print_holes(const struct context *context, struct json_object *coverage)
{
	struct json_object *holes = service_object(coverage, "holes");
	struct output_list *list;
	size_t i;

	printf("%s: %s records stored of %s made\n",
	       json_object_get_boolean(service_object(coverage, "complete")) ? "complete" :
									       "incomplete",
	       service_field(coverage, "stored"), service_field(coverage, "produced"));
	if (!json_object_array_length(holes))
		return;
	list = output_list_open(context->format, columns, sizeof(columns) / sizeof(columns[0]),
				NULL);
	for (i = 0; list && i < json_object_array_length(holes); i++)
		output_list_add(list, json_object_get(json_object_array_get_idx(holes, i)));
	output_list_close(list);
}

static int show(const struct context *context, const struct flow_question *question)
{
	struct json_object *coverage = NULL;
	struct api_path *path = api_path_new("coverage");
	bool complete;
	int status;

	api_path_query(path, "since", question->since ? question->since : "7d");
	api_path_query(path, "until", question->until);
	status = service_get(context, path, "read what is missing", &coverage);
	if (status != MCTL_DONE)
		return status;
	complete = json_object_get_boolean(service_object(coverage, "complete"));
	if (context->format == OUTPUT_TABLE)
		print_holes(context, coverage);
	else
		output_object(context->format, json_object_get(coverage));
	json_object_put(coverage);
	return complete ? MCTL_DONE : MCTL_FAILED;
}

static const struct option own_options[] = {
	{ "since", required_argument, NULL, OPTION_SINCE },
	{ "until", required_argument, NULL, OPTION_UNTIL },
	{ 0 },
};

static int run(struct context *context, int argc, char **argv)
{
	struct flow_question question = { .context = context };
	int first = options_read(context, argc, argv, flow_question_take, &question);

	if (first < 0)
		return options_exit();
	if (first < argc)
		return usage_error(context, "unexpected argument '%s'", argv[first]);
	return show(context, &question);
}

const struct command coverage_command = {
	.name = "coverage",
	.arguments = "[--since TIME] [--until TIME]",
	.summary = "Tell whether the flow records of a time are complete, or what is missing",
	.help = "It says \"complete\", or names every hole, and exits with 1 then: from when until when\n"
		"records are missing, how many, and where they were lost.\n"
		"\n"
		"  --since TIME  as 7d, which it is unless something else is said, or 2026-11-22\n"
		"  --until TIME  likewise; now\n"
		"\n"
		"  kernel ring      they came faster than the module could send them\n"
		"  netlink          msegd did not read them in time\n"
		"  queue, disk      msegd could not store them in time, or at all\n"
		"  service stopped  nobody listened; LOST counts connections that came and went\n"
		"  damaged file     the day's file could not be read, and was set aside\n",
	.formats = FORMATS_OBJECT,
	.options = own_options,
	.run = run,
};
