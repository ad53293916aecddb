// SPDX-License-Identifier: GPL-2.0-or-later
/* A whole set of objects. */
#include "model.h"
#include "object.h"
#include "path.h"
#include "selector.h"
#include "lib/json.h"
#include "lib/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_LEN (PATH_LEN + 512)

struct bucket {
	struct model_object **objects;
	size_t n;
	size_t room;
};

struct model {
	struct bucket buckets[N_KINDS];
	/* Objects by kind, namespace and name, and by kind and identifier. */
	struct lh_table *by_name;
	struct lh_table *by_id;
};

/* An object beside its keys. */
struct held {
	struct model_object object;
	size_t index;
	char *name_key;
	char *id_key;
};

static struct held *held_of(struct model_object *object)
{
	return (struct held *)object;
}

static void name_key(char *key, const struct kind *kind, const char *space, const char *name)
{
	if (kind->id == KIND_NAMESPACE)
		snprintf(key, KEY_LEN, "%d\n%s", kind->id, name);
	else
		snprintf(key, KEY_LEN, "%d\n%s\n%s", kind->id, space, name);
}

static void id_key(char *key, const struct kind *kind, const char *id)
{
	snprintf(key, KEY_LEN, "%d\n%s", kind->id, id);
}

struct model *model_new(void)
{
	struct model *model = calloc(1, sizeof(*model));

	if (!model)
		return NULL;
	model->by_name = lh_kchar_table_new(64, NULL);
	model->by_id = lh_kchar_table_new(64, NULL);
	if (model->by_name && model->by_id)
		return model;
	model_free(model);
	return NULL;
}

static void held_free(struct held *held)
{
	if (!held)
		return;
	json_object_put(held->object.json);
	free(held->object.space);
	free(held->name_key);
	free(held->id_key);
	free(held);
}

void model_free(struct model *model)
{
	size_t i, j;

	if (!model)
		return;
	if (model->by_name)
		lh_table_free(model->by_name);
	if (model->by_id)
		lh_table_free(model->by_id);
	for (i = 0; i < N_KINDS; i++) {
		for (j = 0; j < model->buckets[i].n; j++)
			held_free(held_of(model->buckets[i].objects[j]));
		free(model->buckets[i].objects);
	}
	free(model);
}

struct model *model_copy(const struct model *from)
{
	struct model *to = model_new();
	struct model_object *object;
	size_t i, j;

	for (i = 0; to && i < N_KINDS; i++) {
		const struct bucket *bucket = &from->buckets[i];

		for (j = 0; to && j < bucket->n; j++) {
			object = model_add(to, bucket->objects[j]->kind, bucket->objects[j]->space,
					   bucket->objects[j]->json);
			if (object) {
				object->place = bucket->objects[j]->place;
			} else {
				model_free(to);
				to = NULL;
			}
		}
	}
	return to;
}

static bool make_room(struct bucket *bucket)
{
	size_t room = bucket->room ? 2 * bucket->room : 16;
	struct model_object **more;

	if (bucket->n < bucket->room)
		return true;
	more = realloc(bucket->objects, room * sizeof(*more));
	if (!more)
		return false;
	bucket->objects = more;
	bucket->room = room;
	return true;
}

/* An object that is in no model yet. */
static struct held *held_new(const struct kind *kind, const char *space, struct json_object *json)
{
	struct held *held = calloc(1, sizeof(*held));
	char parent[PATH_LEN], key[KEY_LEN];
	const char *name = object_text(json, "name"), *id = object_text(json, "ID");

	if (!held || !name) {
		free(held);
		errno = held ? EINVAL : ENOMEM;
		return NULL;
	}
	if (kind->id == KIND_NAMESPACE) {
		path_parent(name, parent);
		space = parent;
	}
	name_key(key, kind, space, name);
	held->object = (struct model_object){
		.kind = kind,
		.space = strdup(space),
		.name = name,
		.id = id,
		.json = json_object_get(json),
	};
	held->name_key = strdup(key);
	if (id) {
		id_key(key, kind, id);
		held->id_key = strdup(key);
	}
	if (held->object.space && held->name_key && (!id || held->id_key))
		return held;
	held_free(held);
	errno = ENOMEM;
	return NULL;
}

static int insert(struct model *model, struct held *held)
{
	struct bucket *bucket = &model->buckets[held->object.kind->id];

	if (lh_table_lookup_entry(model->by_name, held->name_key) ||
	    (held->id_key && lh_table_lookup_entry(model->by_id, held->id_key))) {
		errno = EEXIST;
		return -1;
	}
	errno = ENOMEM;
	if (!make_room(bucket) || lh_table_insert(model->by_name, held->name_key, held))
		return -1;
	if (held->id_key && lh_table_insert(model->by_id, held->id_key, held)) {
		lh_table_delete(model->by_name, held->name_key);
		return -1;
	}
	held->index = bucket->n;
	bucket->objects[bucket->n++] = &held->object;
	return 0;
}

static void detach(struct model *model, struct held *held)
{
	struct bucket *bucket = &model->buckets[held->object.kind->id];

	lh_table_delete(model->by_name, held->name_key);
	if (held->id_key)
		lh_table_delete(model->by_id, held->id_key);
	bucket->objects[held->index] = bucket->objects[--bucket->n];
	held_of(bucket->objects[held->index])->index = held->index;
}

struct model_object *model_add(struct model *model, const struct kind *kind, const char *space,
			       struct json_object *json)
{
	struct held *held = held_new(kind, space, json);

	if (!held)
		return NULL;
	if (!insert(model, held))
		return &held->object;
	held_free(held);
	return NULL;
}

struct model_object *model_set(struct model *model, struct model_object *object,
			       struct json_object *json)
{
	struct held *old = held_of(object);
	struct held *held = held_new(object->kind, object->space, json);
	int err;

	if (!held)
		return NULL;
	detach(model, old);
	if (!insert(model, held)) {
		held->object.place = object->place;
		held_free(old);
		return &held->object;
	}
	err = errno;
	held_free(held);
	insert(model, old); /* what it had is free again */
	errno = err;
	return NULL;
}

void model_remove(struct model *model, struct model_object *object)
{
	detach(model, held_of(object));
	held_free(held_of(object));
}

struct model_object *model_find(const struct model *model, const struct kind *kind,
				const char *space, const char *name)
{
	char key[KEY_LEN];
	void *found = NULL;

	name_key(key, kind, space, name);
	return lh_table_lookup_ex(model->by_name, key, &found) ? &((struct held *)found)->object :
								 NULL;
}

struct model_object *model_find_id(const struct model *model, const struct kind *kind,
				   const char *id)
{
	char key[KEY_LEN];
	void *found = NULL;

	id_key(key, kind, id);
	return lh_table_lookup_ex(model->by_id, key, &found) ? &((struct held *)found)->object :
							       NULL;
}

struct model_object *const *model_objects(const struct model *model, const struct kind *kind,
					  size_t *n)
{
	*n = model->buckets[kind->id].n;
	return model->buckets[kind->id].objects;
}

static int compare(const void *a, const void *b)
{
	const struct model_object *x = *(struct model_object *const *)a;
	const struct model_object *y = *(struct model_object *const *)b;
	int order = strcmp(x->space, y->space);

	return order ? order : strcmp(x->name, y->name);
}

struct model_object **model_list(const struct model *model, const struct kind *kind,
				 const char *space, bool recursive, size_t *n)
{
	const struct bucket *bucket = &model->buckets[kind->id];
	struct model_object **list = calloc(bucket->n + 1, sizeof(struct model_object *));
	size_t i;

	*n = 0;
	if (!list)
		return NULL;
	for (i = 0; i < bucket->n; i++) {
		const char *is_in = bucket->objects[i]->space;

		if (recursive ? path_is_within(is_in, space) : !strcmp(is_in, space))
			list[(*n)++] = bucket->objects[i];
	}
	qsort(list, *n, sizeof(struct model_object *), compare);
	return list;
}

static const char *namespace_at(size_t index, const void *arg)
{
	const struct bucket *bucket = arg;

	return index < bucket->n ? bucket->objects[index]->name : NULL;
}

static void report_homeless(const struct model *model, const struct model_object *object,
			    struct diag *diag)
{
	/* A search among all namespaces, for those that are shown. */
	const char *nearest = diag->errors < DIAG_SHOWN_MAX ?
				      text_nearest(object->space, strlen(object->space),
						   namespace_at, &model->buckets[KIND_NAMESPACE]) :
				      NULL;
	char what[320], message[TEXT_WHY_LEN], hint[TEXT_WHY_LEN];
	const struct finding finding = {
		.place = object->place,
		.is_error = true,
		.object = what,
		.field = object->kind->id == KIND_NAMESPACE ? "name" : "namespace",
		.value = object->space,
		.message = message,
		.hint = nearest ? hint : NULL,
	};

	snprintf(what, sizeof(what), "%s %.255s", object->kind->singular, object->name);
	snprintf(message, sizeof(message), "there is no namespace %s",
		 text_show(object->space, strlen(object->space)).s);
	if (nearest)
		snprintf(hint, sizeof(hint), "did you mean %s?",
			 text_show(nearest, strlen(nearest)).s);
	diag_report(diag, &finding);
}

bool model_check(const struct model *model, struct diag *diag)
{
	const struct kind *spaces = kind_get(KIND_NAMESPACE);
	bool good = true;
	size_t i, j;

	for (i = 0; i < N_KINDS; i++) {
		for (j = 0; j < model->buckets[i].n; j++) {
			const struct model_object *object = model->buckets[i].objects[j];

			if (model_find(model, spaces, NULL, object->space))
				continue;
			report_homeless(model, object, diag);
			good = false;
		}
	}
	return good;
}

static void add_reference(struct json_object *to, const char *key, struct json_object *from,
			  const char *field)
{
	struct json_object *value = NULL;

	if (json_object_object_get_ex(from, field, &value))
		json_add(to, key, json_object_get(value));
}

struct json_object *model_processingunit(const struct model_object *enforcer)
{
	struct json_object *unit = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct tags tags;
	size_t i;

	add_reference(unit, "ID", enforcer->json, "ID");
	add_reference(unit, "name", enforcer->json, "name");
	json_add_string(unit, "namespace", enforcer->space);
	add_reference(unit, "enforcerID", enforcer->json, "ID");
	json_add_string(unit, "type", "Host");
	add_reference(unit, "associatedTags", enforcer->json, "associatedTags");
	if (!tags_of(enforcer, &tags)) {
		for (i = 0; i < tags.n; i++)
			json_object_array_add(list, json_object_new_string(tags.items[i]));
		tags_free(&tags);
	}
	json_add(unit, "normalizedTags", list);
	return unit;
}
