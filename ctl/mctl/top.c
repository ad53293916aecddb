// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl top: whom the host has most to do with, now, again and again. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "flows.h"
#include "lib/json.h"
#include "records/query.h"
#include "service.h"

/* Milliseconds between two looks, and rows where nobody knows how many there is room for. */
#define EVERY 2000
#define ROWS 20

static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static void peer_cell(struct json_object *row, char *text, size_t size)
{
	snprintf(text, size, "%s", service_field(service_object(row, "peer"), "name"));
}

static void bytes_cell(struct json_object *row, char *text, size_t size)
{
	snprintf(text, size, "%s/%s", service_field(row, "bytesIn"), service_field(row, "bytesOut"));
}

static void rule_cell(struct json_object *row, char *text, size_t size)
{
	const char *rule = service_field(row, "ruleName");

	if (!strcmp(service_field(row, "reason"), "default"))
		snprintf(text, size, "(default)");
	else
		snprintf(text, size, "%s", *rule ? rule : service_field(row, "rulesetName"));
}

static const struct output_column columns[] = {
	{ .title = "FLOWS", .key = "flows", .right = true },
	{ .title = "DIRECTION", .key = "direction" },
	{ .title = "ACTION", .key = "action" },
	{ .title = "PEER", .cell = peer_cell },
	{ .title = "ADDRESS", .key = "address" },
	{ .title = "SERVICE", .key = "service" },
	{ .title = "BYTES IN/OUT", .cell = bytes_cell, .right = true },
	{ .title = "COMMAND", .key = "command" },
	{ .title = "RULE", .cell = rule_cell },
};

/* Below the prompt and the heading. */
static unsigned int rows_of_terminal(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row < 6)
		return ROWS;
	return size.ws_row - 3U;
}

static int ask(const struct flow_question *question, struct json_object **answer)
{
	struct api_path *path = api_path_new("edges");
	char limit[24];

	snprintf(limit, sizeof(limit), "%lu",
		 question->last ? question->last : (unsigned long)rows_of_terminal());
	api_path_query(path, "q", question->query && *question->query ? question->query : NULL);
	api_path_query(path, "since", question->since ? question->since : "5m");
	api_path_query(path, "limit", limit);
	return service_get(question->context, path, "read the busiest", answer);
}

static int show(const struct flow_question *question)
{
	struct json_object *answer = NULL, *edges;
	struct output_list *list;
	int status = ask(question, &answer);
	size_t i;

	if (status != MCTL_DONE)
		return status;
	edges = service_object(answer, "edges");
	list = output_list_open(question->context->format, columns,
				sizeof(columns) / sizeof(columns[0]), "nothing flows");
	for (i = 0; list && i < json_object_array_length(edges); i++)
		output_list_add(list, json_object_get(json_object_array_get_idx(edges, i)));
	status = output_list_close(list) ? MCTL_FAILED : MCTL_DONE;
	json_object_put(answer);
	return status;
}

static bool is_live(const struct flow_question *question)
{
	return question->context->format == OUTPUT_TABLE && isatty(STDOUT_FILENO);
}

static int watch(const struct flow_question *question)
{
	const struct sigaction action = { .sa_handler = on_signal };
	int status;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	do {
		if (is_live(question))
			fputs("\033[H\033[2J", stdout);
		status = show(question);
		fflush(stdout);
		if (status == MCTL_DONE && is_live(question) && !stopped)
			poll(NULL, 0, EVERY);
	} while (status == MCTL_DONE && is_live(question) && !stopped);
	return status;
}

static const struct option own_options[] = {
	{ "last", required_argument, NULL, OPTION_LAST },
	{ "since", required_argument, NULL, OPTION_SINCE },
	FLOW_QUERY_OPTIONS,
	{ 0 },
};

static int run(struct context *context, int argc, char **argv)
{
	struct flow_question question = { 0 };
	int status = flow_question_read(context, argc, argv, &question);

	if (status == MCTL_DONE && question.last > 1000)
		status = usage_error(context, "--last takes up to 1000 here");
	if (status == MCTL_DONE)
		status = watch(&question);
	free(question.query);
	return status;
}

const struct command top_command = {
	.name = "top",
	.arguments = "[--last N] [--since TIME] " FLOW_QUERY_ARGUMENTS,
	.summary = "Show whom the host has most to do with now",
	.help = "On a terminal the table is shown anew every two seconds, until it is interrupted;\n"
		"elsewhere once.\n"
		"\n"
		"  --last N      so many rows; as many as there is room for\n"
		"  --since TIME  as 5m, which it is unless something else is said\n"
		"\n" FLOW_QUERY_HELP,
	.formats = FORMATS_LIST,
	.options = own_options,
	.run = run,
};
