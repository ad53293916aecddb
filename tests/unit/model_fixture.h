/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a document to a model, for the tests of the model. */
#ifndef MODEL_FIXTURE_H
#define MODEL_FIXTURE_H

#include "ctl_cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/prefix.h"
#include "model/compile.h"
#include "model/import.h"
#include "model/model.h"
#include "model/object.h"
#include "model/resolve.h"

#define HOST_ID "5f1f2ad0f0fe17061e24ed7d"

/** struct told - what was found, as text */
struct told {
	struct diag diag;
	char *text;
	size_t size;
};

static inline void told_begin(struct told *told)
{
	memset(told, 0, sizeof(*told));
	told->diag.out = open_memstream(&told->text, &told->size);
	told->diag.file = "f";
	assert_non_null(told->diag.out);
}

/* What was told until now. */
static inline const char *told_text(struct told *told)
{
	fflush(told->diag.out);
	return told->text;
}

static inline void told_end(struct told *told)
{
	fclose(told->diag.out);
	free(told->text);
}

static inline void told_nothing(struct told *told)
{
	assert_string_equal(told_text(told), "");
	told_end(told);
}

/* Objects of a document, whose errors and warnings are those expected. */
static inline struct import *import_text(const char *text, const char *messages)
{
	const struct import_options options = { .space = "/" };
	struct import *import;
	struct told told;

	told_begin(&told);
	import = import_read(text, strlen(text), &options, &told.diag);
	assert_string_equal(told_text(&told), messages);
	told_end(&told);
	return import;
}

static inline struct model_object *add_json(struct model *model, enum kind_id id, const char *space,
					    const char *text)
{
	struct json_object *json = json_tokener_parse(text);
	struct model_object *object;

	assert_non_null(json);
	object = model_add(model, kind_get(id), space, json);
	assert_non_null(object);
	json_object_put(json);
	return object;
}

static inline void add_import(struct model *model, const struct import *import)
{
	size_t i;

	for (i = 0; i < import->n; i++) {
		const struct import_object *from = &import->objects[i];
		struct model_object *object;

		if (from->kind->id == KIND_NAMESPACE && !strcmp(from->name, "/"))
			model_remove(model, model_find(model, from->kind, NULL, "/"));
		object = model_add(model, from->kind, from->space, from->json);
		assert_non_null(object);
		object->place = from->place;
	}
}

/* A fresh install, with a host in a namespace and what a document brings. */
static inline struct model *model_of(const char *space, const char *document)
{
	struct model *model = model_new();
	struct import *import = import_text(document, "");

	assert_non_null(model);
	assert_non_null(import);
	add_json(model, KIND_NAMESPACE, NULL,
		 "{\"name\": \"/\", \"namespace\": \"/\","
		 "\"defaultPUIncomingTrafficAction\": \"Inherit\","
		 "\"defaultPUOutgoingTrafficAction\": \"Inherit\"}");
	add_import(model, import);
	import_free(import);
	add_json(model, KIND_ENFORCER, space,
		 "{\"ID\": \"" HOST_ID "\", \"name\": \"web-1\","
		 "\"associatedTags\": [\"role=web\"], \"addresses\": [\"192.0.2.1\"]}");
	return model;
}

static inline struct model_object *host_of(struct model *model)
{
	return model_find_id(model, kind_get(KIND_ENFORCER), HOST_ID);
}

/* What a policy says of a peer and a service. */
static inline struct mseg_verdict judge(const struct mseg_policy *policy, unsigned int direction,
					const char *peer, unsigned int protocol,
					unsigned int service)
{
	struct mseg_key key = { .protocol = (uint8_t)protocol,
				.service = (uint16_t)service,
				.direction = (uint8_t)direction };
	struct mseg_prefix prefix;
	char why[256];
	bool cleared;

	assert_int_equal(prefix_parse(peer, strlen(peer), &prefix, &cleared, why), 0);
	memcpy(key.peer, prefix.addr, sizeof(key.peer));
	key.family = prefix.family;
	return mseg_classify(policy, &key);
}

#endif /* MODEL_FIXTURE_H */
