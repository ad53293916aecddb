// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl api, and get, list and describe, which are short for it: objects one by one. */
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "lib/yaml.h"
#include "breakage.h"
#include "changes.h"
#include "pager.h"
#include "request.h"

/* --- what they share ------------------------------------------------------ */

#define IDENTITY_HELP                                                                           \
	"IDENTITY is namespace, enforcer, externalnetwork, networkrulesetpolicy (netruleset)\n" \
	"or processingunit, in singular or plural. OBJECT is a name in the namespace, or an ID.\n"

#define BODY_HELP                                                                         \
	"  -n NAMESPACE      where; / unless it is said\n"                                \
	"  -f FILE           the object, in YAML or JSON; - is standard input\n"          \
	"  -d JSON           the object, instead of a file\n"                             \
	"  -k KEY VALUE      a field of it, any number of times: a list is JSON, as in\n" \
	"                    -k entries '[\"10.0.0.0/8\"]', or its only value\n"          \
	"  -c COLUMN         print these fields alone\n"                                  \
	"  --check           say what would come of it, and change nothing\n"

#define BODY_ARGUMENTS "[-n NAMESPACE] [-f FILE|-] [-d JSON] [-k KEY VALUE]..."

struct operands {
	const struct kind *kind;
	const char *object;
};

/* IDENTITY, and OBJECT if @wants_object; both, if they are there. */
static bool read_operands(const struct context *context, int argc, char **argv, bool wants_object,
			  struct operands *operands)
{
	if (argc < 1 + wants_object) {
		usage_error(context, wants_object && argc ?
					     "the name or ID of the object is needed" :
					     "an identity is needed, such as externalnetworks");
		return false;
	}
	operands->kind = identity_find(context, argv[0]);
	operands->object = argc > 1 ? argv[1] : NULL;
	if (argc > 2)
		usage_error(context, "unexpected argument '%s'", argv[2]);
	return operands->kind && argc <= 2;
}

enum wanted {
	WANTED_IDENTITY,
	WANTED_OBJECT,
	WANTED_EITHER,
};

static bool read_wanted(const struct context *context, int argc, char **argv, enum wanted wanted,
			struct operands *operands)
{
	if (!read_operands(context, argc, argv, wanted == WANTED_OBJECT, operands))
		return false;
	if (wanted != WANTED_IDENTITY || !operands->object)
		return true;
	usage_error(context, "unexpected argument '%s'", operands->object);
	return false;
}

typedef int action(struct request *request, const struct operands *operands);

/* What commands about objects have in common: read the options, act, clean up. */
static int run(struct context *context, int argc, char **argv, enum wanted wanted, action *act)
{
	struct operands operands;
	struct request request;
	int status = MCTL_USAGE, first = request_read(&request, context, argc, argv);

	if (first < 0)
		status = request_exit(&request);
	else if (read_wanted(context, argc - first, argv + first, wanted, &operands))
		status = act(&request, &operands);
	request_free(&request);
	return status;
}

/* --- reading -------------------------------------------------------------- */

static int get(struct request *request, const struct operands *operands)
{
	struct api_path *path = request_path(request, operands->kind->plural, operands->object);
	struct json_object *object;
	int status = service_get(request->context, path, "read the object", &object);

	if (status == MCTL_DONE)
		status = display_object(request->context, &request->display, operands->kind, object);
	json_object_put(object);
	return status;
}

static int fetch_list(struct request *request, const struct kind *kind, struct json_object **list)
{
	struct api_path *path = request_path(request, kind->plural, NULL);

	api_path_query(path, "recursive", request->recursive ? "true" : NULL);
	api_path_query(path, "filter", request->filter);
	return service_get(request->context, path, "list the objects", list);
}

static int list(struct request *request, const struct operands *operands)
{
	const struct kind *kind = operands->kind;
	struct json_object *objects;
	int status = fetch_list(request, kind, &objects);
	char none[64];

	snprintf(none, sizeof(none), "no %s", kind->plural);
	if (status == MCTL_DONE)
		status = display_list(request->context, &request->display, identity_columns(kind),
				      objects, none);
	json_object_put(objects);
	return status;
}

static int run_get(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, WANTED_OBJECT, get);
}

static int run_list(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, WANTED_IDENTITY, list);
}

static int get_or_list(struct request *request, const struct operands *operands)
{
	return operands->object ? get(request, operands) : list(request, operands);
}

static int run_get_or_list(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, WANTED_EITHER, get_or_list);
}

static int count(struct request *request, const struct operands *operands)
{
	enum output_format format = request->context->format;
	struct json_object *objects = NULL, *result;
	int status = fetch_list(request, operands->kind, &objects);

	if (objects && format == OUTPUT_TABLE) {
		printf("%zu\n", json_object_array_length(objects));
	} else if (objects) {
		result = json_object_new_object();
		json_add_number(result, "count", json_object_array_length(objects));
		output_object(format, result);
	}
	json_object_put(objects);
	return status;
}

static int run_count(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, WANTED_IDENTITY, count);
}

/* --- describing ----------------------------------------------------------- */

static int describe_kind(struct request *request, const struct kind *kind)
{
	static const struct output_column columns[] = {
		{ .title = "FIELD", .key = "name" },
		{ .title = "REQUIRED", .key = "required" },
		{ .title = "MEANING", .key = "description" },
	};
	struct json_object *fields = json_object_new_array(), *row;
	int status;
	size_t i;

	for (i = 0; i < kind->n_fields; i++) {
		row = json_object_new_object();
		json_add_string(row, "name", kind->fields[i].name);
		json_add_bool(row, "required", kind->fields[i].required);
		json_add_string(row, "description", kind->fields[i].doc);
		json_object_array_add(fields, row);
	}
	status = display_list(request->context, &request->display,
			      (struct columns){ columns, sizeof(columns) / sizeof(columns[0]) },
			      fields, "");
	json_object_put(fields);
	return status;
}

static int describe_object(struct request *request, const struct operands *operands)
{
	struct api_path *path = api_path_new(operands->kind->plural);
	const struct context *context = request->context;
	struct json_object *description;
	int status;

	api_path_add(path, operands->object);
	api_path_add(path, "describe");
	api_path_query(path, "namespace", request->namespace);
	status = service_get(context, path, "describe the object", &description);
	if (status != MCTL_DONE)
		return status;
	if (context->format != OUTPUT_TABLE) {
		output_object(context->format, description);
		return MCTL_DONE;
	}
	service_warn(service_object(description, "warnings"));
	json_object_object_del(description, "warnings");
	pager_begin();
	yaml_print(stdout, description);
	json_object_put(description);
	return MCTL_DONE;
}

static int describe(struct request *request, const struct operands *operands)
{
	return operands->object ? describe_object(request, operands) :
				  describe_kind(request, operands->kind);
}

static int run_describe(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, WANTED_EITHER, describe);
}

/* There is one host: it need not be named. */
static int describe_host(struct request *request, const struct operands *operands)
{
	struct operands host = *operands;
	struct json_object *hosts = NULL;
	int status;

	request->recursive = true;
	status = fetch_list(request, operands->kind, &hosts);
	if (status == MCTL_DONE && json_object_array_length(hosts) == 1)
		host.object = service_field(json_object_array_get_idx(hosts, 0), "ID");
	if (status == MCTL_DONE)
		status = describe(request, &host);
	json_object_put(hosts);
	return status;
}

static int describe_short(struct request *request, const struct operands *operands)
{
	bool is_host = operands->kind->id == KIND_ENFORCER ||
		       operands->kind->id == KIND_PROCESSINGUNIT;

	return is_host && !operands->object ? describe_host(request, operands) :
					      describe(request, operands);
}

static int run_describe_short(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, WANTED_EITHER, describe_short);
}

/* --- changing ------------------------------------------------------------- */

/* The object as it is now, or, of one that is gone, nothing. */
static int print_changed(struct request *request, const struct kind *kind,
			 const struct api_answer *answer)
{
	struct json_object *object = service_object(answer->body, "object");

	service_tell(&request->change, answer->body);
	return object ? display_object(request->context, &request->display, kind, object) :
			MCTL_DONE;
}

static int create(struct request *request, const struct operands *operands)
{
	const struct kind *kind = operands->kind;
	struct api_path *path = request_path(request, kind->plural, NULL);
	struct api_request call = { .method = "POST" };
	struct api_answer answer = { 0 };
	struct api *api = NULL;
	int status = request_body(request, kind, &call, path);

	service_query(path, &request->change);
	call.path = api_path_text(path);
	if (status == MCTL_DONE)
		status = service_open(request->context, &api);
	if (status == MCTL_DONE)
		status = service_call(request->context, api, &call, "create the object", &answer);
	if (status == MCTL_DONE)
		status = print_changed(request, kind, &answer);
	api_answer_free(&answer);
	api_close(api);
	api_path_free(path);
	return status;
}

static int update(struct request *request, const struct operands *operands)
{
	struct api_path *path = request_path(request, operands->kind->plural, operands->object);
	struct api_request call = { .method = "PATCH" };
	struct api_answer answer = { 0 };
	struct api *api = NULL;
	int status = request_body(request, operands->kind, &call, path);

	call.path = api_path_text(path);
	if (status == MCTL_DONE)
		status = service_open(request->context, &api);
	if (status == MCTL_DONE && operands->kind->id == KIND_NAMESPACE && !request->change.check)
		breakage_of_update(api, &call);
	service_query(path, &request->change);
	call.path = api_path_text(path);
	if (status == MCTL_DONE)
		status = service_call(request->context, api, &call, "update the object", &answer);
	if (status == MCTL_DONE)
		status = print_changed(request, operands->kind, &answer);
	api_answer_free(&answer);
	api_close(api);
	api_path_free(path);
	return status;
}

static int delete (struct request *request, const struct operands *operands)
{
	struct api_path *path = request_path(request, operands->kind->plural, operands->object);
	struct api_request call = { .method = "DELETE" };
	struct api_answer answer = { 0 };
	struct api *api;
	int status = service_open(request->context, &api);

	service_query(path, &request->change);
	call.path = api_path_text(path);
	if (status == MCTL_DONE) {
		status = service_call(request->context, api, &call, "delete the object", &answer);
		if (status == MCTL_DONE)
			status = print_changed(request, operands->kind, &answer);
		api_answer_free(&answer);
		api_close(api);
	}
	api_path_free(path);
	return status;
}

static int run_create(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, WANTED_IDENTITY, create);
}

static int run_update(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, WANTED_OBJECT, update);
}

static int run_delete(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, WANTED_OBJECT, delete);
}

/* --- import and export ---------------------------------------------------- */

static int run_import(struct context *context, int argc, char **argv)
{
	struct request request;
	int status = MCTL_USAGE, first = request_read(&request, context, argc, argv);

	if (first < 0)
		status = request_exit(&request);
	else if (first < argc)
		usage_error(context, "unexpected argument '%s'", argv[first]);
	else if (request.sources.n)
		status = changes_post(&request, "import", "import the document");
	else
		usage_error(context, "-f FILE is needed");
	request_free(&request);
	return status;
}

/* Leaves what is named; everything where nothing is. */
static bool keep_identities(const struct context *context, struct json_object *data, int argc,
			    char **argv)
{
	bool kept[N_KINDS] = { false };
	const struct kind *kind;
	int i;

	for (i = 0; i < argc; i++) {
		kind = identity_find(context, argv[i]);
		if (!kind)
			return false;
		kept[kind->id] = true;
	}
	for (i = 0; i < N_KINDS; i++)
		if (argc && !kept[i])
			json_object_object_del(data, kind_get(i)->plural);
	return true;
}

static int run_export(struct context *context, int argc, char **argv)
{
	struct json_object *document;
	struct api_path *path;
	struct request request;
	int status, first = request_read(&request, context, argc, argv);

	if (first < 0) {
		status = request_exit(&request);
		request_free(&request);
		return status;
	}
	path = request_path(&request, "export", NULL);
	api_path_query(path, "label", request.label);
	status = service_get(context, path, "export the objects", &document);
	if (status == MCTL_DONE &&
	    !keep_identities(context, service_object(document, "data"), argc - first, argv + first))
		status = MCTL_USAGE;
	if (status == MCTL_DONE)
		output_object(context->format == OUTPUT_TABLE ? OUTPUT_YAML : context->format,
			      json_object_get(document));
	json_object_put(document);
	request_free(&request);
	return status;
}

/* --- the commands --------------------------------------------------------- */

static const struct option body_options[] = {
	NAMESPACE_OPTION, COLUMN_OPTION, BODY_OPTIONS, CHECK_OPTION, SERVICE_CHANGE_OPTIONS, { 0 },
};

static const struct option get_options[] = { NAMESPACE_OPTION, COLUMN_OPTION, { 0 } };

static const struct option list_options[] = {
	NAMESPACE_OPTION, COLUMN_OPTION, RECURSIVE_OPTION, FILTER_OPTION, { 0 },
};

static const struct option delete_options[] = {
	NAMESPACE_OPTION, COLUMN_OPTION, CHECK_OPTION, SERVICE_CHANGE_OPTIONS, { 0 },
};

static const struct option import_options[] = {
	NAMESPACE_OPTION,	FILE_OPTION,
	LABEL_OPTION,		SET_OPTION,
	CHECK_OPTION,		{ "delete", no_argument, NULL, OPTION_DELETE },
	SERVICE_CHANGE_OPTIONS, { 0 },
};

static const struct option export_options[] = { NAMESPACE_OPTION, LABEL_OPTION, { 0 } };

static const struct command create_command = {
	.name = "create",
	.arguments = "IDENTITY " BODY_ARGUMENTS " [--check] " SERVICE_CHANGE_ARGUMENTS,
	.summary = "Create an object",
	.help = IDENTITY_HELP "\n" BODY_HELP SERVICE_CHANGE_HELP,
	.formats = FORMATS_NAMED,
	.operand = OPERAND_IDENTITY,
	.options = body_options,
	.repeats = "ck",
	.run = run_create,
};

static const struct command update_command = {
	.name = "update",
	.arguments = "IDENTITY OBJECT " BODY_ARGUMENTS " [--check] " SERVICE_CHANGE_ARGUMENTS,
	.summary = "Change fields of an object; those that are not named stay as they are",
	.help = "It says on stderr what a change of a namespace's defaults would break, and makes it\n"
		"all the same: 'mctl discovery disable' is the guided way.\n"
		"\n" IDENTITY_HELP "\n" BODY_HELP SERVICE_CHANGE_HELP,
	.formats = FORMATS_NAMED,
	.operand = OPERAND_OBJECT,
	.options = body_options,
	.repeats = "ck",
	.run = run_update,
};

static const struct command api_get_command = {
	.name = "get",
	.arguments = "IDENTITY OBJECT [-n NAMESPACE] [-c COLUMN]...",
	.summary = "Show an object",
	.help = IDENTITY_HELP,
	.formats = FORMATS_NAMED,
	.operand = OPERAND_OBJECT,
	.options = get_options,
	.repeats = "c",
	.run = run_get,
};

#define LIST_HELP                                                                           \
	"  -n NAMESPACE      where; / unless it is said\n"                                  \
	"  -r                in the namespaces below it, too\n"                             \
	"  --filter TEXT     those alone for which it holds, as in 'name == \"ssh\"', or\n" \
	"                    'name matches \"^allow\" and disabled == false'\n"             \
	"  -c COLUMN         print these fields alone\n"

#define LIST_ARGUMENTS "[-n NAMESPACE] [-r] [--filter TEXT] [-c COLUMN]..."

static const struct command api_list_command = {
	.name = "list",
	.arguments = "IDENTITY " LIST_ARGUMENTS,
	.summary = "List objects",
	.help = IDENTITY_HELP "\n" LIST_HELP,
	.formats = FORMATS_NAMED,
	.operand = OPERAND_IDENTITY,
	.options = list_options,
	.repeats = "c",
	.run = run_list,
};

static const struct command delete_command = {
	.name = "delete",
	.arguments = "IDENTITY OBJECT [-n NAMESPACE] [--check] " SERVICE_CHANGE_ARGUMENTS,
	.summary = "Delete an object",
	.help = IDENTITY_HELP "\n" SERVICE_CHANGE_HELP,
	.formats = FORMATS_NAMED,
	.operand = OPERAND_OBJECT,
	.options = delete_options,
	.repeats = "c",
	.run = run_delete,
};

static const struct command count_command = {
	.name = "count",
	.arguments = "IDENTITY [-n NAMESPACE] [-r] [--filter TEXT]",
	.summary = "Count objects",
	.help = IDENTITY_HELP,
	.operand = OPERAND_IDENTITY,
	.options = list_options,
	.repeats = "c",
	.run = run_count,
};

static const struct command import_command = {
	.name = "import",
	.arguments =
		"-f FILE [-n NAMESPACE] [--label LABEL] [--set KEY=VALUE]... [--delete] [--check] " SERVICE_CHANGE_ARGUMENTS,
	.summary = "Bring in an import document, in place of what its label brought before",
	.help = "  -f FILE           the document, in YAML or JSON; - is standard input\n"
		"  -n NAMESPACE      where; / unless it is said\n"
		"  --label LABEL     instead of the document's own\n"
		"  --set KEY=VALUE   for {{ .Values.KEY }}, any number of times\n"
		"  --delete          only take out what the label brought\n"
		"  --check           say what would come of it, and change nothing\n" SERVICE_CHANGE_HELP,
	.formats = FORMATS_LIST,
	.options = import_options,
	.repeats = "s",
	.run = run_import,
};

static const struct command export_command = {
	.name = "export",
	.arguments = "[IDENTITY]... [-n NAMESPACE] [--label LABEL]",
	.summary = "Print an import document of a namespace's objects",
	.help = "It is YAML unless -o says json. Without an identity it is all of them; with a label\n"
		"what was imported under it.\n",
	.operand = OPERAND_IDENTITY,
	.options = export_options,
	.run = run_export,
};

static const struct command api_describe_command = {
	.name = "describe",
	.arguments = "IDENTITY [OBJECT] [-n NAMESPACE]",
	.summary = "Tell what an object comes to, and why; or what fields an identity has",
	.help = "Of an enforcer, it is the rulesets that apply to it and why; of a ruleset, whether\n"
		"it applies to this host. What is odd about it is said on stderr. How often rules\n"
		"decided is shown by 'mctl rules'.\n"
		"\n" IDENTITY_HELP,
	.operand = OPERAND_OBJECT,
	.options = get_options,
	.repeats = "c",
	.run = run_describe,
};

static const struct command *const api_commands[] = {
	&create_command,       &api_get_command,
	&api_list_command,     &update_command,
	&delete_command,       &count_command,
	&import_command,       &export_command,
	&api_describe_command, NULL,
};

const struct command api_command = {
	.name = "api",
	.arguments = "",
	.summary = "Work on policy objects one by one",
	.sub = api_commands,
};

const struct command get_command = {
	.name = "get",
	.arguments = "IDENTITY [OBJECT] " LIST_ARGUMENTS,
	.summary = "Show an object, or list all of an identity",
	.help = IDENTITY_HELP "\n" LIST_HELP,
	.formats = FORMATS_NAMED,
	.operand = OPERAND_OBJECT,
	.options = list_options,
	.repeats = "c",
	.run = run_get_or_list,
};

const struct command list_command = {
	.name = "list",
	.arguments = "IDENTITY " LIST_ARGUMENTS,
	.summary = "List objects, as 'mctl api list' does",
	.help = IDENTITY_HELP "\n" LIST_HELP,
	.formats = FORMATS_NAMED,
	.operand = OPERAND_IDENTITY,
	.options = list_options,
	.repeats = "c",
	.run = run_list,
};

const struct command describe_command = {
	.name = "describe",
	.arguments = "IDENTITY [OBJECT] [-n NAMESPACE]",
	.summary = "Tell what an object comes to, and why, as 'mctl api describe' does",
	.help = "'mctl describe enforcer' is about this host: the rulesets that apply to it, and why.\n"
		"Without an object, of another identity it is which fields it has.\n"
		"\n" IDENTITY_HELP,
	.operand = OPERAND_OBJECT,
	.options = get_options,
	.repeats = "c",
	.run = run_describe_short,
};
