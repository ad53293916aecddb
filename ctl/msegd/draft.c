// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets of objects with their labels. */
#include "draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "model/object.h"

/*
 * An object as text, NULL where there is none. json-c keeps the text with what was asked
 * for it: that is a list around the object here, which goes, or objects would stay twice
 * as large.
 */
static char *body_of(struct json_object *json)
{
	const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	struct json_object *list = json ? json_object_new_array_ext(1) : NULL;
	const char *text = NULL;
	char *body = NULL;
	size_t len = 0;

	if (list && !json_object_array_add(list, json_object_get(json)))
		text = json_object_to_json_string_length(list, flags, &len);
	if (text)
		body = strndup(text + 1, len - 2);
	json_object_put(list);
	return body;
}

static int add(struct draft *draft, const struct kind *kind, struct json_object *json)
{
	const char *space = object_text(json, "namespace");

	if (kind->id == KIND_NAMESPACE)
		space = NULL;
	else if (!space)
		return -EINVAL;
	return model_add(draft->model, kind, space, json) ? 0 : -errno;
}

static int put_body(struct draft *draft, const char *kind_name, const char *body)
{
	const struct kind *kind = kind_find(kind_name, strlen(kind_name));
	struct json_object *json = body ? json_tokener_parse(body) : NULL;
	int err = -EUCLEAN;

	if (kind && json_object_is_type(json, json_type_object) && object_text(json, "ID"))
		err = add(draft, kind, json);
	json_object_put(json);
	return err;
}

static int take_object(const struct store_object *object, void *arg)
{
	struct draft *draft = arg;
	int err = put_body(draft, object->kind, object->body);

	if (!err && object->label)
		draft_set_label(draft, object->id, object->label);
	return err == -ENOMEM || !err ? err : -EUCLEAN;
}

int draft_load(struct store *store, struct draft *draft)
{
	int err = -ENOMEM;

	draft->model = model_new();
	draft->labels = json_object_new_object();
	if (draft->model && draft->labels)
		err = store_objects(store, NULL, take_object, draft);
	if (err)
		draft_clear(draft);
	return err;
}

int draft_copy(const struct draft *from, struct draft *to)
{
	to->labels = NULL;
	to->model = model_copy(from->model);
	if (to->model && !json_object_deep_copy(from->labels, &to->labels, NULL))
		return 0;
	draft_clear(to);
	return -ENOMEM;
}

void draft_clear(struct draft *draft)
{
	model_free(draft->model);
	json_object_put(draft->labels);
	*draft = (struct draft){ NULL, NULL };
}

/* An object may have moved: what it was goes first, and comes back if it must. */
int draft_put(struct draft *draft, const struct kind *kind, struct json_object *json)
{
	struct model_object *old = model_find_id(draft->model, kind, object_text(json, "ID"));
	struct json_object *before = old ? json_object_get(old->json) : NULL;
	int err;

	if (old)
		model_remove(draft->model, old);
	err = add(draft, kind, json);
	if (err && before)
		add(draft, kind, before);
	json_object_put(before);
	return err;
}

struct json_object *draft_canonical(const struct kind *kind, struct json_object *json,
				    const char *id, const char *space)
{
	struct json_object *object = json_object_new_object(), *value;
	size_t i;

	for (i = 0; object && i < kind->n_fields; i++) {
		const char *name = kind->fields[i].name;

		if (!strcmp(name, "ID"))
			json_add_string(object, name, id);
		else if (!strcmp(name, "namespace"))
			json_add_string(object, name, space);
		else if (json_object_object_get_ex(json, name, &value))
			json_add(object, name, json_object_get(value));
	}
	return object;
}

void draft_remove(struct draft *draft, struct model_object *object)
{
	json_object_object_del(draft->labels, object->id);
	model_remove(draft->model, object);
}

const char *draft_label(const struct draft *draft, const char *id)
{
	struct json_object *label = NULL;

	json_object_object_get_ex(draft->labels, id, &label);
	return label ? json_object_get_string(label) : NULL;
}

void draft_set_label(struct draft *draft, const char *id, const char *label)
{
	if (label)
		json_add_string(draft->labels, id, label);
	else
		json_object_object_del(draft->labels, id);
}

static void release(struct draft *draft, const struct store_change *change)
{
	const struct kind *kind = kind_find(change->kind, strlen(change->kind));
	struct model_object *object = kind ? model_find_id(draft->model, kind, change->id) : NULL;

	if (object)
		draft_remove(draft, object);
}

int draft_apply(struct draft *draft, const struct changes *changes)
{
	size_t i;
	int err = 0;

	for (i = 0; i < changes->n; i++)
		release(draft, &changes->list[i]);
	for (i = 0; !err && i < changes->n; i++) {
		const struct store_change *change = &changes->list[i];

		if (!change->after)
			continue;
		err = put_body(draft, change->kind, change->after);
		if (!err)
			draft_set_label(draft, change->id, change->after_label);
	}
	return err;
}

/* --- differences ---------------------------------------------------------- */

static int add_change(const struct draft *from, const struct draft *to,
		      const struct model_object *before, const struct model_object *after,
		      struct changes *changes)
{
	const struct model_object *object = after ? after : before;
	struct store_change change = {
		.id = object->id,
		.kind = object->kind->singular,
		.namespace = object->space,
		.name = object->name,
		.before_label = before ? draft_label(from, object->id) : NULL,
		.after_label = after ? draft_label(to, object->id) : NULL,
	};
	struct json_object *was = before ? before->json : NULL, *is = after ? after->json : NULL;
	char *old = body_of(was);
	/* The same JSON is not written twice. */
	char *new = is == was ? old : body_of(is);
	int err = (was && !old) || (is && !new) ? -ENOMEM : 0;

	change.before = old;
	change.after = new;
	if (!err)
		err = changes_add(changes, &change);
	if (new != old)
		free(new);
	free(old);
	return err;
}

static bool is_touched(const struct draft *from, const struct draft *to,
		       const struct model_object *before, const struct model_object *after)
{
	const char *was, *is;

	if (!before || before->json != after->json)
		return true;
	was = draft_label(from, after->id);
	is = draft_label(to, after->id);
	return !was != !is || (was && strcmp(was, is));
}

static int changes_of(const struct draft *from, const struct draft *to, const struct kind *kind,
		      struct changes *changes)
{
	struct model_object *const *objects, *other;
	size_t i, n;
	int err = 0;

	objects = model_objects(to->model, kind, &n);
	for (i = 0; !err && i < n; i++) {
		other = model_find_id(from->model, kind, objects[i]->id);
		if (is_touched(from, to, other, objects[i]))
			err = add_change(from, to, other, objects[i], changes);
	}
	objects = model_objects(from->model, kind, &n);
	for (i = 0; !err && i < n; i++)
		if (!model_find_id(to->model, kind, objects[i]->id))
			err = add_change(from, to, objects[i], NULL, changes);
	return err;
}

int draft_changes(const struct draft *from, const struct draft *to, struct changes *changes)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < N_KINDS; i++)
		if (!kind_get(i)->is_derived)
			err = changes_of(from, to, kind_get(i), changes);
	return err;
}
