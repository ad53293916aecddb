// SPDX-License-Identifier: GPL-2.0-or-later
/* The options of commands on objects, and the bodies that are made of them. */
#include "request.h"

#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "lib/text.h"

struct request request_new(const struct context *context)
{
	return (struct request){ .context = context, .change = service_change() };
}

void request_free(struct request *request)
{
	sources_free(&request->sources);
	json_object_put(request->object);
	json_object_put(request->pairs);
}

/* --- -d and -k ------------------------------------------------------------ */

static bool take_data(struct request *request, const char *value)
{
	enum json_tokener_error error;
	struct json_object *object = json_tokener_parse_verbose(value, &error);

	if (!json_object_is_type(object, json_type_object)) {
		usage_error(request->context, "-d takes a JSON object, not %s%s%s",
			    text_show(value, strlen(value)).s, object ? "" : ": ",
			    object ? "" : json_tokener_error_desc(error));
		json_object_put(object);
		return false;
	}
	request->object = object;
	return true;
}

/* What a value means depends on its field, and so on the kind, which comes later. */
static bool take_pair(struct request *request, const char *key)
{
	const char *value = options_next();

	if (!value) {
		usage_error(request->context, "-k takes a key and a value: '%s' lacks its value",
			    key);
		return false;
	}
	if (!request->pairs)
		request->pairs = json_object_new_object();
	json_add_string(request->pairs, key, value);
	return true;
}

static struct json_object *list_of(const char *text)
{
	struct json_object *list = json_object_new_array();

	json_object_array_add(list, json_object_new_string(text));
	return list;
}

/* Lists and booleans are JSON; of a list's only value the brackets may be left out. */
static struct json_object *value_of(const struct kind *kind, const char *key, const char *text)
{
	int field = kind_field_find(kind, key, strlen(key));
	struct json_object *value = NULL;

	switch (field < 0 ? TYPE_TEXT : kind->fields[field].type) {
	case TYPE_BOOL:
	case TYPE_SELECTOR:
	case TYPE_RULES:
		value = json_tokener_parse(text);
		break;
	case TYPE_TAGS:
	case TYPE_ENTRIES:
	case TYPE_ADDRESSES:
	case TYPE_SERVICES:
		value = text[0] == '[' ? json_tokener_parse(text) : list_of(text);
		break;
	default:
		break;
	}
	return value ? value : json_object_new_string(text);
}

static void add_pairs(struct request *request, const struct kind *kind)
{
	if (!request->pairs)
		return;
	if (!request->object)
		request->object = json_object_new_object();
	json_object_object_foreach(request->pairs, key, value)
	{
		json_add(request->object, key, value_of(kind, key, json_object_get_string(value)));
	}
}

/* --- options -------------------------------------------------------------- */

static bool take_file(struct request *request, const char *name)
{
	if (!sources_add(&request->sources, name))
		return true;
	request->status = MCTL_FAILED;
	return false;
}

static bool take_set(struct request *request, const char *value)
{
	const char *equals = strchr(value, '=');

	if (!equals || equals == value) {
		usage_error(request->context, "--set takes key=value, not '%s'", value);
		return false;
	}
	if (request->n_sets == SETS_MAX) {
		usage_error(request->context, "--set may be given %d times", SETS_MAX);
		return false;
	}
	request->sets[request->n_sets++] = value;
	return true;
}

bool request_take(int option, const char *value, void *arg)
{
	struct request *request = arg;

	switch (option) {
	case 'n':
		request->namespace = value;
		break;
	case 'f':
		return take_file(request, value);
	case 'd':
		return take_data(request, value);
	case 'k':
		return take_pair(request, value);
	case 'c':
		return display_take(request->context, (char *)value, &request->display);
	case 'r':
		request->recursive = true;
		break;
	case OPTION_FILTER:
		request->filter = value;
		break;
	case OPTION_LABEL:
		request->label = value;
		break;
	case 's':
		return take_set(request, value);
	case OPTION_DELETE:
		request->delete = true;
		break;
	default:
		return service_take(request->context, option, value, &request->change);
	}
	return true;
}

int request_read(struct request *request, struct context *context, int argc, char **argv)
{
	*request = request_new(context);
	return options_read(context, argc, argv, request_take, request);
}

int request_exit(const struct request *request)
{
	return request->status ? request->status : options_exit();
}

/* --- requests ------------------------------------------------------------- */

struct api_path *request_path(const struct request *request, const char *collection,
			      const char *object)
{
	struct api_path *path = api_path_new(collection);

	if (object)
		api_path_add(path, object);
	api_path_query(path, "namespace", request->namespace);
	return path;
}

int request_body(struct request *request, const struct kind *kind, struct api_request *api_request,
		 struct api_path *path)
{
	bool given = request->object || request->pairs;

	if (request->sources.n && given)
		return usage_error(request->context, "-f is not taken together with -d and -k");
	if (!request->sources.n && !given)
		return usage_error(request->context, "-f FILE, -d JSON or -k KEY VALUE is needed");
	if (request->sources.n) {
		api_request->body = request->sources.data;
		api_request->len = request->sources.len;
		api_request->type = "application/yaml";
		api_path_query(path, "file", sources_name(&request->sources));
		sources_show_places(&request->sources);
		return MCTL_DONE;
	}
	add_pairs(request, kind);
	api_request->body =
		json_object_to_json_string_ext(request->object, JSON_C_TO_STRING_NOSLASHESCAPE);
	api_request->len = strlen(api_request->body);
	api_path_query(path, "file", request->pairs ? "-k" : "-d");
	return MCTL_DONE;
}
