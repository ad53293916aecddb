/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of objects with their labels: what is, or what is to be. Between two such
 * sets lie the changes that make a revision.
 */
#ifndef DRAFT_H
#define DRAFT_H

#include <json-c/json.h>

#include "changes.h"
#include "model/model.h"
#include "store.h"

/**
 * struct draft - objects and labels
 * @model: the objects; every one has an ID and names its namespace
 * @labels: an object of labels, by ID
 */
struct draft {
	struct model *model;
	struct json_object *labels;
};

/**
 * draft_load() - what the newest revision holds
 * @store: where from
 * @draft: the result; draft_clear() it
 *
 * Return: 0, -EUCLEAN where an object makes no sense, or another error.
 */
int draft_load(struct store *store, struct draft *draft);

/**
 * draft_copy() - a set with the same objects
 * @from: the set
 * @to: the result; draft_clear() it
 *
 * Return: 0 or -ENOMEM.
 */
int draft_copy(const struct draft *from, struct draft *to);

/** draft_clear() - free a set */
void draft_clear(struct draft *draft);

/**
 * draft_put() - add an object, or give one that has the same ID another value
 * @draft: the set
 * @kind: of the object
 * @json: canonical, with an ID; a reference is taken
 *
 * Return: 0, -EEXIST where its name is taken, or another error.
 */
int draft_put(struct draft *draft, const struct kind *kind, struct json_object *json);

/**
 * draft_canonical() - give an object its ID and its namespace
 * @kind: of the object
 * @json: canonical but for these
 * @id: the ID
 * @space: the namespace
 *
 * Return: a new object with its fields in their order, or NULL without memory.
 */
struct json_object *draft_canonical(const struct kind *kind, struct json_object *json,
				    const char *id, const char *space);

/**
 * draft_remove() - take an object out, with its label
 * @draft: the set
 * @object: of its model
 */
void draft_remove(struct draft *draft, struct model_object *object);

/**
 * draft_label() - an object's label
 * @draft: the set
 * @id: the object's
 *
 * Return: the label or NULL.
 */
const char *draft_label(const struct draft *draft, const char *id);

/**
 * draft_set_label() - give an object a label, or take it away
 * @draft: the set
 * @id: the object's
 * @label: NULL for none
 */
void draft_set_label(struct draft *draft, const char *id, const char *label);

/**
 * draft_apply() - make changes
 * @draft: the set
 * @changes: what leads to what it is to be
 *
 * Return: 0 or an error, after which the set is good for nothing.
 */
int draft_apply(struct draft *draft, const struct changes *changes);

/**
 * draft_changes() - what leads from one set to another
 * @from: what is
 * @to: what is to be
 * @changes: added to
 *
 * Return: 0 or -ENOMEM.
 */
int draft_changes(const struct draft *from, const struct draft *to, struct changes *changes);

#endif /* DRAFT_H */
