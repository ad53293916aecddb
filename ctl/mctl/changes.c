// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl apply and mctl diff: many objects at once, and what differs. */
#include "changes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/text.h"
#include "pager.h"

/* --- what differs --------------------------------------------------------- */

static const struct {
	const char *word;
	char sign;
	const char *colour;
} kinds_of_change[] = {
	{ "create", '+', "\033[32m" },
	{ "update", '~', "\033[33m" },
	{ "delete", '-', "\033[31m" },
};

static bool in_colour(void)
{
	static int wanted = -1;
	const char *no_color = getenv("NO_COLOR");

	/* Before a pager takes the terminal's place. */
	if (wanted < 0)
		wanted = isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
	return wanted;
}

static void print_line(size_t kind, const char *format, const char *a, const char *b)
{
	char line[OUTPUT_CELL_LEN * 2];

	snprintf(line, sizeof(line), format, a, b);
	text_clean(line);
	if (in_colour())
		printf("%s%s\033[0m\n", kinds_of_change[kind].colour, line);
	else
		puts(line);
}

/* Kind, and namespace and name as a path. */
static void print_head(size_t kind, struct json_object *change)
{
	const char *namespace = service_field(change, "namespace");
	const char *name = service_field(change, "name");
	char head[OUTPUT_CELL_LEN], what[64];

	/* A namespace's name is its whole path. */
	if (name[0] == '/')
		snprintf(head, sizeof(head), "%s", name);
	else
		snprintf(head, sizeof(head), "%s/%s", strcmp(namespace, "/") ? namespace : "", name);
	snprintf(what, sizeof(what), "%c %s", kinds_of_change[kind].sign,
		 service_field(change, "kind"));
	print_line(kind, "%s %s", what, head);
}

static void print_field(size_t kind, char sign, const char *key, struct json_object *value)
{
	char text[OUTPUT_CELL_LEN], head[300];

	snprintf(text, sizeof(text), "%s",
		 json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE));
	snprintf(head, sizeof(head), "    %c %s:", sign, key);
	print_line(kind, "%s %s", head, text);
}

static void print_fields(struct json_object *before, struct json_object *after)
{
	if (before) {
		json_object_object_foreach(before, key, value)
		{
			struct json_object *now = service_object(after, key);

			if (after && !json_object_equal(value, now))
				print_field(2, '-', key, value);
		}
	}
	if (after) {
		json_object_object_foreach(after, key, value)
		{
			struct json_object *former = service_object(before, key);

			if (before && !json_object_equal(value, former))
				print_field(0, '+', key, value);
		}
	}
}

static void print_change(struct json_object *change)
{
	const char *word = service_field(change, "change");
	size_t kind = 0;

	while (kind < 2 && strcmp(word, kinds_of_change[kind].word) != 0)
		kind++;
	print_head(kind, change);
	print_fields(service_object(change, "before"), service_object(change, "after"));
}

int changes_print(const struct context *context, struct json_object *changes)
{
	static const struct output_column columns[] = {
		{ .title = "CHANGE", .key = "change" },
		{ .title = "KIND", .key = "kind" },
		{ .title = "NAMESPACE", .key = "namespace" },
		{ .title = "NAME", .key = "name" },
	};
	struct display display = { .n_names = 0 };
	size_t i;

	if (context->format != OUTPUT_TABLE)
		return display_list(context, &display,
				    (struct columns){ columns,
						      sizeof(columns) / sizeof(columns[0]) },
				    changes, "");
	in_colour();
	pager_begin();
	for (i = 0; i < json_object_array_length(changes); i++)
		print_change(json_object_array_get_idx(changes, i));
	return MCTL_DONE;
}

int changes_report(const struct context *context, const struct service_change *change,
		   struct json_object *body)
{
	struct json_object *changes = service_object(body, "changes");
	bool differs = json_object_array_length(changes);
	const char *revision = service_field(body, "revision");
	int status = MCTL_DONE;

	service_tell(change, body);
	if (context->format == OUTPUT_TABLE)
		status = changes_print(context, changes);
	else
		output_object(context->format, json_object_get(body));
	if (change->check && differs)
		fputs("mctl: check passed, this is what would change\n", stderr);
	else if (change->check)
		fputs("mctl: check passed, nothing would change\n", stderr);
	else if (!differs)
		fprintf(stderr, "mctl: nothing differs from revision %s\n", revision);
	else
		fprintf(stderr, "mctl: revision %s is in force\n", revision);
	return status;
}

/* --- documents ------------------------------------------------------------ */

static struct api_path *document_path(struct request *request, const char *collection)
{
	struct api_path *path = request_path(request, collection, NULL);
	size_t i;

	api_path_query(path, "label", request->label);
	api_path_query(path, "delete", request->delete ? "true" : NULL);
	for (i = 0; i < request->n_sets; i++)
		api_path_query(path, "set", request->sets[i]);
	api_path_query(path, "file", sources_name(&request->sources));
	service_query(path, &request->change);
	sources_show_places(&request->sources);
	return path;
}

/* The answer, to be put by the caller. */
static int post(struct request *request, const char *collection, const char *what,
		struct json_object **body)
{
	struct api_path *path = document_path(request, collection);
	struct api_request call = {
		.method = "POST",
		.path = api_path_text(path),
		.body = request->sources.data,
		.len = request->sources.len,
		.type = "application/yaml",
	};
	struct api_answer answer = { 0 };
	struct api *api;
	int status = service_open(request->context, &api);

	*body = NULL;
	if (status == MCTL_DONE) {
		status = service_call(request->context, api, &call, what, &answer);
		if (status == MCTL_DONE)
			*body = json_object_get(answer.body);
		api_answer_free(&answer);
		api_close(api);
	}
	api_path_free(path);
	return status;
}

int changes_post(struct request *request, const char *collection, const char *what)
{
	struct json_object *body;
	int status = post(request, collection, what, &body);

	if (status == MCTL_DONE)
		status = changes_report(request->context, &request->change, body);
	json_object_put(body);
	return status;
}

static int run_apply(struct context *context, int argc, char **argv)
{
	struct request request;
	int status = MCTL_USAGE, first = request_read(&request, context, argc, argv);

	if (first < 0)
		status = request_exit(&request);
	else if (first < argc)
		usage_error(context, "unexpected argument '%s'%s", argv[first],
			    request.sources.n ? "" : ": a file needs -f");
	else if (request.sources.n)
		status = changes_post(&request, "apply", "apply it");
	else
		usage_error(context, "-f FILE is needed");
	request_free(&request);
	return status;
}

/* --- mctl diff ------------------------------------------------------------ */

static int show_difference(const struct context *context, struct json_object *difference)
{
	struct json_object *changes = service_object(difference, "changes");
	bool differs = json_object_array_length(changes) > 0;
	int status = MCTL_DONE;

	service_warn(service_object(difference, "warnings"));
	if (context->format == OUTPUT_TABLE)
		status = changes_print(context, changes);
	else
		output_object(context->format, json_object_get(difference));
	if (!differs)
		fputs("mctl: nothing differs\n", stderr);
	return status == MCTL_DONE && differs ? MCTL_FAILED : status;
}

static bool is_number(const char *text)
{
	return text[0] && !text[strspn(text, "0123456789")];
}

static int diff_revisions(struct request *request, int argc, char **argv,
			  struct json_object **difference)
{
	struct api_path *path = api_path_new("diff");
	int i;

	for (i = 0; i < argc; i++) {
		if (i > 1 || !is_number(argv[i])) {
			api_path_free(path);
			return usage_error(request->context,
					   i > 1 ? "unexpected argument '%s'" :
						   "'%s' is no revision: 'mctl history' shows them",
					   argv[i]);
		}
		api_path_query(path, i ? "to" : "from", argv[i]);
	}
	return service_get(request->context, path, "compare the revisions", difference);
}

static int run_diff(struct context *context, int argc, char **argv)
{
	struct json_object *difference = NULL;
	struct request request;
	int status, first = request_read(&request, context, argc, argv);

	if (first < 0)
		status = request_exit(&request);
	else if (!request.sources.n)
		status = diff_revisions(&request, argc - first, argv + first, &difference);
	else if (first < argc)
		status = usage_error(context, "-f is not taken together with revisions");
	else
		status = post(&request, "diff", "compare it", &difference);
	if (status == MCTL_DONE)
		status = show_difference(context, difference);
	json_object_put(difference);
	request_free(&request);
	return status;
}

static const struct option apply_options[] = {
	NAMESPACE_OPTION, FILE_OPTION, SET_OPTION, CHECK_OPTION, SERVICE_CHANGE_OPTIONS, { 0 },
};

static const struct option diff_options[] = { NAMESPACE_OPTION, FILE_OPTION, SET_OPTION, { 0 } };

#define DOCUMENT_HELP                                                                              \
	"  -f FILE|DIR|-     YAML or JSON: import documents, or objects in Kubernetes' shape;\n"   \
	"                    of a directory, all of its files, and those below; it may be given\n" \
	"                    more than once\n"                                                     \
	"  -n NAMESPACE      of objects that do not say theirs; / unless it is said\n"             \
	"  --set KEY=VALUE   for {{ .Values.KEY }}, any number of times\n"

const struct command apply_command = {
	.name = "apply",
	.arguments =
		"-f FILE|DIR|- [-n NAMESPACE] [--set KEY=VALUE]... [--check] " SERVICE_CHANGE_ARGUMENTS,
	.summary = "Create or replace all objects of documents, as one revision",
	.help = "Nothing is deleted. All of it comes into force, or nothing does.\n"
		"\n" DOCUMENT_HELP
		"  --check           say what would come of it, and change nothing\n" SERVICE_CHANGE_HELP,
	.options = apply_options,
	.repeats = "fs",
	.run = run_apply,
};

const struct command diff_command = {
	.name = "diff",
	.arguments = "[FROM [TO]] | -f FILE|DIR|- [-n NAMESPACE] [--set KEY=VALUE]...",
	.summary = "Show what differs between revisions, or what documents would change",
	.help = "FROM is a revision, the one in force unless it is said; TO likewise, the newest. The\n"
		"exit status is 1 where something differs.\n"
		"\n" DOCUMENT_HELP,
	.operand = OPERAND_REVISION,
	.options = diff_options,
	.repeats = "fs",
	.run = run_diff,
};
