// SPDX-License-Identifier: GPL-2.0-or-later
/* Objects as an import document, which brings the same objects again. */
#include "export.h"
#include "object.h"
#include "path.h"
#include "lib/json.h"

#include <stdlib.h>
#include <string.h>

static struct json_object *export_members(const struct kind *kind, struct json_object *object);

static struct json_object *export_rules(struct json_object *rules)
{
	struct json_object *list = json_object_new_array();
	size_t i, n = json_object_array_length(rules);

	for (i = 0; i < n; i++)
		json_object_array_add(list, export_members(kind_rule(),
							   json_object_array_get_idx(rules, i)));
	return list;
}

static bool is_default(const struct kind_field *field, struct json_object *value)
{
	struct json_object *usual = object_default(field->type);
	bool same = usual && json_object_equal(usual, value);

	json_object_put(usual);
	return same;
}

/* What an object says, except for where it is. */
static struct json_object *export_members(const struct kind *kind, struct json_object *object)
{
	struct json_object *result = json_object_new_object(), *value;
	size_t i;

	for (i = 0; i < kind->n_fields; i++) {
		const struct kind_field *field = &kind->fields[i];

		if (field->type == TYPE_ID || field->type == TYPE_NAMESPACE ||
		    !json_object_object_get_ex(object, field->name, &value) ||
		    is_default(field, value))
			continue;
		json_add(result, field->name,
			 field->type == TYPE_RULES ? export_rules(value) : json_object_get(value));
	}
	return result;
}

/* How a namespace is called from another one at or above it; "" for itself. */
static const char *relative(const char *path, const char *space)
{
	size_t len = strlen(space);

	if (!strcmp(path, space))
		return "";
	return path + len + (strcmp(space, "/") != 0);
}

struct json_object *export_object(const struct model_object *object, const char *space)
{
	struct json_object *result = export_members(object->kind, object->json);
	const char *is_in = relative(object->space, space);

	if (object->kind->id == KIND_NAMESPACE && strcmp(object->name, "/") != 0)
		json_add_string(result, "name", relative(object->name, space));
	else if (object->kind->id != KIND_NAMESPACE && *is_in)
		json_add_string(result, "namespace", is_in);
	return result;
}

/* A namespace that is not made by a document: the one that is exported. */
static bool is_given(const struct model_object *object, const char *space)
{
	if (object->kind->id != KIND_NAMESPACE)
		return false;
	/* The topmost one has nobody else to bring its defaults. */
	return !strcmp(object->name, space) && strcmp(space, "/") != 0;
}

static struct json_object *export_kind(const struct model *model, const struct kind *kind,
				       const struct export_options *options)
{
	size_t i, n;
	struct model_object **objects = model_list(model, kind, options->space, true, &n);
	struct json_object *list = json_object_new_array();

	for (i = 0; objects && i < n; i++)
		if (!is_given(objects[i], options->space) &&
		    (!options->wanted || options->wanted(objects[i], options->arg)))
			json_object_array_add(list, export_object(objects[i], options->space));
	if (!objects) {
		json_object_put(list);
		list = NULL;
	}
	free(objects);
	return list;
}

struct json_object *export_document(const struct model *model, const struct export_options *options)
{
	struct json_object *document = json_object_new_object();
	struct json_object *identities = json_object_new_array();
	struct json_object *data = json_object_new_object(), *list;
	size_t i;

	json_add_number(document, "APIVersion", 1);
	if (options->label)
		json_add_string(document, "label", options->label);
	json_add(document, "identities", identities);
	json_add(document, "data", data);
	for (i = 0; i < N_KINDS; i++) {
		const struct kind *kind = kind_get((enum kind_id)i);

		if (!kind->is_imported)
			continue;
		list = export_kind(model, kind, options);
		if (!list) {
			json_object_put(document);
			return NULL;
		}
		json_object_array_add(identities, json_object_new_string(kind->singular));
		json_add(data, kind->plural, list);
	}
	return document;
}
