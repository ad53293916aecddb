/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole set of objects: what one revision holds. Objects are found by name and by
 * identifier; their JSON is shared between sets and never changes.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "kinds.h"
#include "lib/diag.h"

#include <json-c/json.h>

struct model;

/**
 * struct model_object - an object of a model
 * @kind: what it is
 * @space: the namespace that it is in; of a namespace the one above it, of "/" itself
 * @name: unique in @space among its kind; of a namespace its path
 * @id: its identifier, or NULL where it has none
 * @json: canonical
 * @place: where it stands in the document that brings it; line 0 where none does
 */
struct model_object {
	const struct kind *kind;
	char *space;
	const char *name;
	const char *id;
	struct json_object *json;
	struct place place;
};

/**
 * model_new() - an empty set
 *
 * Return: the set, which lacks even the namespace "/", or NULL without memory.
 */
struct model *model_new(void);

/**
 * model_copy() - a set with the same objects
 * @from: the set
 *
 * Return: a set of its own that shares the objects' JSON, or NULL without memory.
 */
struct model *model_copy(const struct model *from);

/**
 * model_free() - free a set
 * @model: may be NULL
 */
void model_free(struct model *model);

/**
 * model_add() - add an object
 * @model: to what
 * @kind: of the object
 * @space: the namespace that it is in, absolute; for a namespace NULL, since its path
 *	tells
 * @json: canonical, with an absolute path in a namespace's name; a reference is taken
 *
 * Return: the object, or NULL with errno EEXIST (its name or ID is there), EINVAL (no
 * name) or ENOMEM.
 */
struct model_object *model_add(struct model *model, const struct kind *kind, const char *space,
			       struct json_object *json);

/**
 * model_set() - give an object another value
 * @model: that holds it
 * @object: the object; freed, unless the call fails
 * @json: canonical; a reference is taken
 *
 * Return: the object in its new form, or NULL as model_add(), @object as it was.
 */
struct model_object *model_set(struct model *model, struct model_object *object,
			       struct json_object *json);

/**
 * model_remove() - take an object out
 * @model: that holds it
 * @object: the object; freed
 */
void model_remove(struct model *model, struct model_object *object);

/**
 * model_find() - an object by its name
 * @model: where
 * @kind: of the object
 * @space: the namespace that it is in; any for a namespace
 * @name: of the object; of a namespace its path
 *
 * Return: the object or NULL.
 */
struct model_object *model_find(const struct model *model, const struct kind *kind,
				const char *space, const char *name);

/**
 * model_find_id() - an object by its identifier
 * @model: where
 * @kind: of the object
 * @id: 24 hexadecimal digits
 *
 * Return: the object or NULL.
 */
struct model_object *model_find_id(const struct model *model, const struct kind *kind,
				   const char *id);

/**
 * model_objects() - all objects of a kind
 * @model: where
 * @kind: of the objects
 * @n: how many there are
 *
 * Return: the objects in no particular order, valid until the model changes.
 */
struct model_object *const *model_objects(const struct model *model, const struct kind *kind,
					  size_t *n);

/**
 * model_list() - the objects of a kind in a namespace, in order
 * @model: where
 * @kind: of the objects
 * @space: the namespace
 * @recursive: whether those of the namespaces below are wanted, too
 * @n: how many there are
 *
 * Return: an array, sorted by namespace and then name, to be freed; NULL without
 * memory.
 */
struct model_object **model_list(const struct model *model, const struct kind *kind,
				 const char *space, bool recursive, size_t *n);

/**
 * model_check() - whether every object is in a namespace that exists
 * @model: what to check
 * @diag: told of those that are not, at their places
 *
 * Return: whether all are.
 */
bool model_check(const struct model *model, struct diag *diag);

/**
 * model_processingunit() - the processing unit of an enforcer
 * @enforcer: the enforcer
 *
 * Return: canonical JSON of the processing unit, which represents the host; to be put.
 */
struct json_object *model_processingunit(const struct model_object *enforcer);

#endif /* MODEL_MODEL_H */
