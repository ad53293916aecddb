// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl history, and msegd's part of mctl confirm and mctl rollback. */
#include "revisions.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "changes.h"
#include "lib/json.h"
#include "pager.h"

int revisions_confirm(const struct context *context, uint32_t generation)
{
	struct api_request request = { .method = "POST", .path = "/v1/confirm" };
	struct api_answer answer = { 0 };
	struct api *api;
	char body[64];
	int status = service_open(context, &api);

	snprintf(body, sizeof(body), "{\"generation\": %" PRIu32 "}", generation);
	request.body = generation ? body : "{}";
	request.len = strlen(request.body);
	if (status == MCTL_DONE) {
		status = service_call(context, api, &request, "confirm the policy", &answer);
		if (status == MCTL_DONE)
			output_object(context->format, json_object_get(answer.body));
		api_answer_free(&answer);
		api_close(api);
	}
	return status;
}

int revisions_rollback(const struct context *context, const char *revision,
		       const struct service_change *change)
{
	struct api_path *path = api_path_new("rollback");
	struct api_request request = { .method = "POST", .body = "", .len = 0 };
	struct api_answer answer = { 0 };
	struct api *api;
	int status = service_open(context, &api);

	api_path_query(path, "to", revision);
	service_query(path, change);
	request.path = api_path_text(path);
	if (status == MCTL_DONE) {
		status = service_call(context, api, &request, "go back", &answer);
		if (status == MCTL_DONE)
			status = changes_report(context, change, answer.body);
		api_answer_free(&answer);
		api_close(api);
	}
	api_path_free(path);
	return status;
}

/* --- mctl history --------------------------------------------------------- */

/* To the second. */
static void time_cell(struct json_object *row, char *text, size_t size)
{
	snprintf(text, size, "%.19sZ", service_field(row, "time"));
}

static const struct output_column columns[] = {
	{ .title = "REVISION", .key = "revision", .right = true },
	{ .title = "TIME", .cell = time_cell },
	{ .title = "USER", .key = "user" },
	{ .title = "STATE", .key = "state" },
	{ .title = "OBJECTS", .key = "changed", .right = true },
	{ .title = "ACTION", .key = "action" },
	{ .title = "REASON", .key = "reason" },
};

struct history {
	const struct context *context;
	const char *limit;
};

static bool take(int option, const char *value, void *arg)
{
	struct history *history = arg;

	(void)option; /* --limit, the only one */
	history->limit = value;
	if (value[0] >= '1' && value[0] <= '9' && !value[strspn(value, "0123456789")])
		return true;
	usage_error(history->context, "--limit takes a number, not '%s'", value);
	return false;
}

static int print_list(const struct history *history)
{
	struct api_path *path = api_path_new("revisions");
	struct json_object *revisions;
	struct display display = { .n_names = 0 };
	int status;

	api_path_query(path, "limit", history->limit);
	status = service_get(history->context, path, "read the history", &revisions);
	if (status == MCTL_DONE)
		status = display_list(history->context, &display,
				      (struct columns){ columns,
							sizeof(columns) / sizeof(columns[0]) },
				      revisions, "no revisions");
	json_object_put(revisions);
	return status;
}

static int print_revision(const struct context *context, const char *number)
{
	struct api_path *path = api_path_new("revisions");
	struct json_object *revision, *changes;
	int status;

	api_path_add(path, number);
	status = service_get(context, path, "read the revision", &revision);
	if (status == MCTL_DONE && context->format == OUTPUT_TABLE) {
		changes = json_object_get(service_object(revision, "changes"));
		json_object_object_del(revision, "changes");
		pager_begin();
		output_object(OUTPUT_TABLE, json_object_get(revision));
		putchar('\n');
		changes_print(context, changes);
		json_object_put(changes);
	} else if (status == MCTL_DONE) {
		output_object(context->format, json_object_get(revision));
	}
	json_object_put(revision);
	return status;
}

static int run(struct context *context, int argc, char **argv)
{
	struct history history = { .context = context };
	int first = options_read(context, argc, argv, take, &history);

	if (first < 0)
		return options_exit();
	if (first + 1 < argc)
		return usage_error(context, "unexpected argument '%s'", argv[first + 1]);
	if (first == argc)
		return print_list(&history);
	if (!argv[first][0] || argv[first][strspn(argv[first], "0123456789")])
		return usage_error(context, "'%s' is no revision", argv[first]);
	return print_revision(context, argv[first]);
}

static const struct option own_options[] = { { "limit", required_argument, NULL, OPTION_OWN },
					     { 0 } };

const struct command history_command = {
	.name = "history",
	.arguments = "[REVISION] [--limit NUMBER]",
	.summary = "List the policy's revisions, or show what one changed",
	.help = "The newest comes first. Its state is final; trial, while it awaits 'mctl confirm'; and\n"
		"then confirmed or reverted. Without --limit it is the last hundred.\n",
	.formats = FORMATS_LIST,
	.operand = OPERAND_REVISION,
	.options = own_options,
	.run = run,
};
