// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl catalogue: rulesets for common services, looked at and brought into force. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/diag.h"
#include "lib/json.h"
#include "lib/text.h"
#include "model/catalogue.h"
#include "changes.h"
#include "request.h"

/* Entries of --from and --to. */
#define PEERS_MAX 64

struct activation {
	struct request request;
	const char *peers[PEERS_MAX];
	size_t n_peers;
};

static bool take(int option, const char *value, void *arg)
{
	struct activation *activation = arg;

	if (option != 'F' && option != 'T')
		return request_take(option, value, &activation->request);
	if (activation->n_peers == PEERS_MAX) {
		usage_error(activation->request.context, "--from and --to take %d entries at most",
			    PEERS_MAX);
		return false;
	}
	activation->peers[activation->n_peers++] = value;
	return true;
}

static const struct catalogue_entry *find(const struct context *context, const char *name)
{
	const struct catalogue_entry *entry = catalogue_find(name);
	const char *nearest;

	if (entry)
		return entry;
	nearest = catalogue_nearest(name);
	if (nearest)
		usage_error(context, "the catalogue has no %s, did you mean '%s'?",
			    text_show(name, strlen(name)).s, nearest);
	else
		usage_error(context, "the catalogue has no %s: 'mctl catalogue list' shows it",
			    text_show(name, strlen(name)).s);
	return NULL;
}

/* With the peers that were given in place of its own. */
static struct import *read_entry(const struct activation *activation,
				 const struct catalogue_entry *entry)
{
	const char *namespace = activation->request.namespace;
	const struct catalogue_options options = {
		.space = namespace ? namespace : "/",
		.from = activation->n_peers ? activation->peers : NULL,
		.n_from = activation->n_peers,
	};
	struct diag diag = { .out = stderr, .file = "--from" };

	return catalogue_read(entry, &options, &diag);
}

/* The import document, as somebody would have written it. */
static struct json_object *document_of(const struct import *import)
{
	struct json_object *document = json_object_new_object();
	struct json_object *data = json_object_new_object();
	struct json_object *list;
	size_t i;

	json_add_number(document, "APIVersion", 1);
	json_add_string(document, "label", import->label);
	json_add(document, "data", data);
	for (i = 0; i < import->n; i++) {
		list = service_object(data, import->objects[i].kind->plural);
		if (!list) {
			list = json_object_new_array();
			json_add(data, import->objects[i].kind->plural, list);
		}
		json_object_array_add(list, json_object_get(import->objects[i].json));
	}
	return document;
}

/* --- list and show -------------------------------------------------------- */

static int run_list(struct context *context, int argc, char **argv)
{
	static const struct output_column columns[] = {
		{ .title = "NAME", .key = "name" },
		{ .title = "WHAT IT IS FOR", .key = "summary" },
	};
	struct json_object *list, *row;
	struct display display = { .n_names = 0 };
	const struct catalogue_entry *entry;
	int status;
	size_t i;

	if (!options_only(context, argc, argv))
		return options_exit();
	list = json_object_new_array();
	for (i = 0; (entry = catalogue_at(i)); i++) {
		row = json_object_new_object();
		json_add_string(row, "name", entry->name);
		json_add_string(row, "summary", entry->summary);
		json_object_array_add(list, row);
	}
	status = display_list(context, &display,
			      (struct columns){ columns, sizeof(columns) / sizeof(columns[0]) },
			      list, "");
	json_object_put(list);
	return status;
}

static int print_opens(const struct context *context, const struct import *import)
{
	static const struct output_column columns[] = {
		{ .title = "RULESET", .key = "ruleset" },
		{ .title = "DIRECTION", .key = "direction" },
		{ .title = "ACTION", .key = "action" },
		{ .title = "SERVICES", .key = "services" },
		{ .title = "NETWORKS", .key = "networks" },
		{ .title = "ENTRIES", .key = "entries" },
	};
	struct json_object *opens = catalogue_opens(import);
	struct display display = { .n_names = 0 };
	int status = display_list(context, &display,
				  (struct columns){ columns, sizeof(columns) / sizeof(columns[0]) },
				  opens, "");

	json_object_put(opens);
	return status;
}

static int show(struct activation *activation, const struct catalogue_entry *entry)
{
	const struct context *context = activation->request.context;
	struct import *import = read_entry(activation, entry);
	int status = MCTL_DONE;

	if (!import)
		return MCTL_FAILED;
	if (context->format == OUTPUT_TABLE)
		status = print_opens(context, import);
	else
		output_object(context->format, document_of(import));
	import_free(import);
	return status;
}

/* --- activate ------------------------------------------------------------- */

static int post(struct activation *activation, const struct import *import)
{
	struct request *request = &activation->request;
	struct api_path *path = request_path(request, "import", NULL);
	struct json_object *document = document_of(import);
	struct api_request call = { .method = "POST" };
	struct api_answer answer = { 0 };
	struct api *api;
	int status = service_open(request->context, &api);

	service_query(path, &request->change);
	api_path_query(path, "file", import->label);
	call.path = api_path_text(path);
	call.body = json_object_to_json_string_ext(document, JSON_C_TO_STRING_NOSLASHESCAPE);
	call.len = strlen(call.body);
	if (status == MCTL_DONE) {
		status = service_call(request->context, api, &call, "activate it", &answer);
		if (status == MCTL_DONE)
			status = changes_report(request->context, &request->change, answer.body);
		api_answer_free(&answer);
		api_close(api);
	}
	api_path_free(path);
	json_object_put(document);
	return status;
}

static int activate(struct activation *activation, const struct catalogue_entry *entry)
{
	struct import *import = read_entry(activation, entry);
	int status = import ? post(activation, import) : MCTL_FAILED;

	import_free(import);
	return status;
}

static int run(struct context *context, int argc, char **argv,
	       int (*use)(struct activation *activation, const struct catalogue_entry *entry))
{
	struct activation activation = { .request = request_new(context) };
	int status = MCTL_USAGE, first = options_read(context, argc, argv, take, &activation);
	const struct catalogue_entry *entry;

	if (first < 0) {
		status = request_exit(&activation.request);
	} else if (argc - first != 1) {
		usage_error(context, first < argc ?
					     "one name is all it takes" :
					     "a name is needed: 'mctl catalogue list' shows them");
	} else {
		entry = find(context, argv[first]);
		status = entry ? use(&activation, entry) : MCTL_USAGE;
	}
	request_free(&activation.request);
	return status;
}

static int run_show(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, show);
}

static int run_activate(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, activate);
}

#define PEER_OPTIONS                               \
	{ "from", required_argument, NULL, 'F' },  \
	{                                          \
		"to", required_argument, NULL, 'T' \
	}

#define PEER_HELP                                                                                 \
	"  --from ENTRY      the peers, an address or CIDR, instead of those of the catalogue;\n" \
	"                    any number of times\n"                                               \
	"  --to ENTRY        the same, which reads better of what the host asks\n"

static const struct option show_options[] = { NAMESPACE_OPTION, PEER_OPTIONS, { 0 } };

static const struct option activate_options[] = {
	NAMESPACE_OPTION, PEER_OPTIONS, CHECK_OPTION, SERVICE_CHANGE_OPTIONS, { 0 },
};

static const struct command catalogue_list_command = {
	.name = "list",
	.arguments = "",
	.summary = "List what the catalogue has",
	.formats = FORMATS_NAMED,
	.run = run_list,
};

static const struct command show_command = {
	.name = "show",
	.arguments = "NAME [--from ENTRY]... [--to ENTRY]...",
	.summary = "Show what a ruleset of the catalogue opens",
	.help = "With -o yaml it is the import document.\n\n" PEER_HELP,
	.operand = OPERAND_CATALOGUE,
	.options = show_options,
	.repeats = "FT",
	.run = run_show,
};

static const struct command activate_command = {
	.name = "activate",
	.arguments =
		"NAME [--from ENTRY]... [--to ENTRY]... [-n NAMESPACE] [--check] " SERVICE_CHANGE_ARGUMENTS,
	.summary = "Bring a ruleset of the catalogue into force",
	.help = "Activating it again replaces it; 'mctl api import --delete' takes it out again, with\n"
		"the document of 'mctl catalogue show -o yaml'.\n"
		"\n"
		"  -n NAMESPACE      where; / unless it is said\n" PEER_HELP
		"  --check           say what would come of it, and change nothing\n" SERVICE_CHANGE_HELP,
	.operand = OPERAND_CATALOGUE,
	.options = activate_options,
	.repeats = "FT",
	.run = run_activate,
};

static const struct command *const catalogue_commands[] = {
	&catalogue_list_command,
	&show_command,
	&activate_command,
	NULL,
};

const struct command catalogue_command = {
	.name = "catalogue",
	.arguments = "",
	.summary = "Rulesets for common services: see what they open, bring them into force",
	.sub = catalogue_commands,
};
