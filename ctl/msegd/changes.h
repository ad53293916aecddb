/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of changes to objects, which makes a revision. */
#ifndef CHANGES_H
#define CHANGES_H

#include <json-c/json.h>
#include <stddef.h>

#include "store.h"

/**
 * struct changes - changes, one an object
 * @list: what the store is to be told; all strings are owned
 * @n: how many
 */
struct changes {
	struct store_change *list;
	size_t n;
};

/**
 * changes_add() - add a change, unless it changes nothing
 * @changes: the set
 * @change: copied; its object is in no other change of the set
 *
 * Return: 0 or -ENOMEM.
 */
int changes_add(struct changes *changes, const struct store_change *change);

/**
 * changes_write() - write a set into the revision that was begun, and flush it
 * @changes: the set
 * @store: where a revision was begun
 *
 * Return: 0 or an error of the store's.
 */
int changes_write(const struct changes *changes, struct store *store);

/** changes_clear() - free all changes of a set */
void changes_clear(struct changes *changes);

/**
 * changes_json() - a change as the API tells it
 * @change: the change
 * @whole: with before and after
 *
 * Return: an object.
 */
struct json_object *changes_json(const struct store_change *change, bool whole);

#endif /* CHANGES_H */
