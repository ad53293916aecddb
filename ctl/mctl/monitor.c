// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl monitor: what happens to the policy, as it happens. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/json.h"
#include "flow_rows.h"
#include "service.h"

static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static void event_cell(struct json_object *row, char *text, size_t size)
{
	snprintf(text, size, "%s", service_field(row, "event"));
}

/* What there is to say of an event, by its kind. */
static void what_cell(struct json_object *row, char *text, size_t size)
{
	char source[128], destination[128];

	if (strcmp(service_field(row, "event"), "flow") != 0) {
		snprintf(text, size, "%s%s%s%s%s", service_field(row, "action"),
			 service_field(row, "user")[0] ? " by " : "", service_field(row, "user"),
			 service_field(row, "reason")[0] ? ": " : "", service_field(row, "reason"));
		return;
	}
	flow_row_source(row, source, sizeof(source));
	flow_row_destination(row, destination, sizeof(destination));
	snprintf(text, size, "%s %s %s from %s to %s", service_field(row, "action"),
		 service_field(row, "direction"), service_field(row, "protocol"), source,
		 destination);
}

static void time_cell(struct json_object *row, char *text, size_t size)
{
	snprintf(text, size, "%.19sZ", service_field(row, "received"));
}

static const struct output_column columns[] = {
	{ .title = "TIME", .cell = time_cell, .width = 20 },
	{ .title = "EVENT", .cell = event_cell, .width = 8 },
	{ .title = "REVISION", .key = "revision", .width = 8, .right = true },
	{ .title = "GENERATION", .key = "generation", .width = 10, .right = true },
	{ .title = "WHAT", .cell = what_cell },
};

static void add_time(struct json_object *row)
{
	time_t now = time(NULL);
	struct tm parts;
	char text[32];

	gmtime_r(&now, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	json_add_string(row, "received", text);
}

static bool on_event(const char *name, struct json_object *data, void *arg)
{
	struct output_list *list = arg;
	struct json_object *row = json_object_new_object();

	if (!name) {
		fputs("listening\n", stderr);
		json_object_put(row);
		return !fflush(stdout);
	}
	json_add_string(row, "event", name);
	add_time(row);
	if (json_object_is_type(data, json_type_object)) {
		json_object_object_foreach(data, key, value)
		{
			json_add(row, key, json_object_get(value));
		}
	}
	return !output_list_add(list, row) && !fflush(stdout);
}

static int listen_to(const struct context *context, bool flows)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct api_path *path = api_path_new("events");
	struct api_answer answer = { 0 };
	struct output_list *list;
	struct api *api;
	int err, status = service_open(context, &api);

	api_path_query(path, "flows", flows ? "true" : NULL);
	if (status == MCTL_DONE) {
		list = output_list_open(context->format, columns,
					sizeof(columns) / sizeof(columns[0]), NULL);
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		api_stop_on(api, &stopped);
		err = api_listen(api, api_path_text(path), on_event, list, &answer);
		if (err || (answer.status != 200 && !stopped))
			status = service_error(context, "listen to events", err, &answer);
		output_list_close(list);
		api_answer_free(&answer);
		api_close(api);
	}
	api_path_free(path);
	return status;
}

static bool take(int option, const char *value, void *arg)
{
	(void)option; /* --flows, the only one */
	(void)value;
	*(bool *)arg = true;
	return true;
}

static int run(struct context *context, int argc, char **argv)
{
	bool flows = false;
	int first = options_read(context, argc, argv, take, &flows);

	if (first < 0)
		return options_exit();
	if (first < argc)
		return usage_error(context, "unexpected argument '%s'", argv[first]);
	return listen_to(context, flows);
}

static const struct option own_options[] = { { "flows", no_argument, NULL, OPTION_OWN }, { 0 } };

const struct command monitor_command = {
	.name = "monitor",
	.arguments = "[--flows]",
	.summary = "Print changes of the policy as they happen, and flows",
	.help = "It says \"listening\" on stderr when it misses nothing from then on, and goes on until\n"
		"it is interrupted.\n"
		"\n"
		"  --flows   flow records, too\n",
	.formats = FORMATS_LIST,
	.options = own_options,
	.run = run,
};
