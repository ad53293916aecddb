// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: bytes are an import document. What is taken is resolved, compiled,
 * warned of and exported, and the export must bring the same objects again; the first
 * byte that is no text splits off a value of a template and a filter.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "model/export.h"
#include "model/filter.h"
#include "model/import.h"
#include "model/warnings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(const struct finding *finding, void *arg)
{
	(void)arg;
	/* Every message is text, and short enough to be shown. */
	if (!finding->message || !text_is_plain(finding->message, strlen(finding->message)))
		abort();
}

static struct model *model_with_host(void)
{
	struct json_object *space = json_tokener_parse("{\"name\": \"/\"}");
	struct json_object *host =
		json_tokener_parse("{\"ID\": \"5f1f2ad0f0fe17061e24ed7d\", \"name\": \"host\"}");
	struct model *model = model_new();

	if (!model || !model_add(model, kind_get(KIND_NAMESPACE), NULL, space) ||
	    !model_add(model, kind_get(KIND_ENFORCER), "/", host))
		abort();
	json_object_put(space);
	json_object_put(host);
	return model;
}

static struct model *model_of(const struct import *import, struct diag *diag)
{
	struct model *model = model_with_host();
	size_t i;

	for (i = 0; i < import->n; i++) {
		const struct import_object *object = &import->objects[i];

		if (object->kind->id == KIND_NAMESPACE && !strcmp(object->name, "/"))
			model_remove(model, model_find(model, object->kind, NULL, "/"));
		/* Names are unique in a document. */
		if (!model_add(model, object->kind, object->space, object->json))
			abort();
	}
	model_check(model, diag);
	return model;
}

static void enforce(struct model *model, struct diag *diag)
{
	struct resolution *resolution = resolve(model, model_find_id(model, kind_get(KIND_ENFORCER),
								     "5f1f2ad0f0fe17061e24ed7d"));
	struct compiled *compiled = resolution ? compile(resolution, diag) : NULL;

	if (!resolution)
		abort();
	if (compiled)
		warnings_find_compiled(resolution, compiled, diag);
	compiled_free(compiled);
	json_object_put(resolution_describe(resolution));
	resolution_free(resolution);
	warnings_find(model, NULL, diag);
}

static void compare(const struct import *import, const struct import *again)
{
	size_t i, j;

	for (i = 0; i < import->n; i++) {
		const struct import_object *object = &import->objects[i];

		for (j = 0; j < again->n; j++)
			if (again->objects[j].kind == object->kind &&
			    !strcmp(again->objects[j].space, object->space) &&
			    !strcmp(again->objects[j].name, object->name))
				break;
		if (j == again->n || !json_object_equal(object->json, again->objects[j].json))
			abort();
	}
}

/* What is exported brings the same objects. */
static void export_again(struct model *model, const struct import *import, struct diag *diag)
{
	const struct export_options options = { .space = "/", .label = import->label };
	const struct import_options how = { .space = "/" };
	struct json_object *document = export_document(model, &options);
	const char *text = document ? json_object_to_json_string(document) : NULL;
	struct import *again;

	if (!text)
		abort();
	/* What looks like a hole of a template is one. */
	if (strstr(text, "{{") == NULL) {
		again = import_read(text, strlen(text), &how, diag);
		if (!again)
			abort();
		compare(import, again);
		import_free(again);
	}
	json_object_put(document);
}

static void read_filter(const char *text, struct model *model)
{
	char why[TEXT_WHY_LEN];
	struct filter *filter;
	struct model_object *const *objects;
	size_t i, n;

	if (filter_parse(text, &filter, why))
		return;
	objects = model_objects(model, kind_get(KIND_EXTERNALNETWORK), &n);
	for (i = 0; i < n; i++)
		filter_matches(filter, objects[i]->json);
	filter_free(filter);
}

static void read_document(const char *text, size_t len, const char *value)
{
	struct diag diag = { .file = "fuzz", .take = ignore };
	const struct template_value values[] = { { "key", value } };
	const struct import_options options = {
		.space = "/",
		.kind = kind_get(KIND_EXTERNALNETWORK),
		.values = values,
		.n_values = 1,
	};
	struct import *import = import_read(text, len, &options, &diag);
	struct model *model;

	if (!import) {
		if (!diag.errors)
			abort();
		return;
	}
	model = model_of(import, &diag);
	enforce(model, &diag);
	export_again(model, import, &diag);
	read_filter(value, model);
	model_free(model);
	import_free(import);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *split = size ? memchr(data, 0xff, size) : NULL;
	size_t len = split ? (size_t)(split - data) : size;
	size_t rest = split ? size - len - 1 : 0;
	char *value = malloc(rest + 1);

	if (!value)
		return 0;
	if (rest)
		memcpy(value, split + 1, rest);
	value[rest] = '\0';
	read_document((const char *)data, len, value);
	free(value);
	return 0;
}
