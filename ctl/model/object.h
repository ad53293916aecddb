/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects as they are kept: canonical JSON, in which every field is there (but ID and
 * namespace only where they were given), in the order of its kind's table, and
 * values have one way to be written.
 */
#ifndef MODEL_OBJECT_H
#define MODEL_OBJECT_H

#include "kinds.h"
#include "lib/doc.h"

#include <json-c/json.h>

/**
 * object_read() - read and check an object
 * @kind: what it should be; not derived
 * @value: the object, as somebody wrote it
 * @diag: told of everything that is wrong, and of what is not taken as written
 *
 * A field that holds nothing (null) counts as left out.
 *
 * Return: the canonical object, or NULL after an error.
 */
struct json_object *object_read(const struct kind *kind, const struct doc_value *value,
				struct diag *diag);

/**
 * object_update() - change some fields of an object
 * @kind: of the object
 * @old: canonical; stays as it is
 * @patch: the fields to change; those that hold nothing (null) get their default
 * @diag: as object_read()
 *
 * Return: the canonical object, or NULL after an error.
 */
struct json_object *object_update(const struct kind *kind, struct json_object *old,
				  const struct doc_value *patch, struct diag *diag);

/**
 * object_settle() - put an object into its namespace
 * @kind: of the object
 * @object: canonical; its reference is taken over
 * @base: the namespace of the request, absolute: the object must be in it or below
 * @place: of the object
 * @diag: told where it is not
 *
 * Return: the object with an absolute namespace, and where it is a namespace an
 * absolute name, or NULL after an error.
 */
struct json_object *object_settle(const struct kind *kind, struct json_object *object,
				  const char *base, struct place place, struct diag *diag);

/**
 * object_default() - what a field has that is left out
 * @type: of the field
 *
 * Return: a new value; NULL where the field is then absent or must be given.
 */
struct json_object *object_default(enum kind_type type);

/**
 * object_text() - a field that is text
 * @object: canonical
 * @field: its name
 *
 * Return: the text, NULL where the field is absent.
 */
const char *object_text(struct json_object *object, const char *field);

/**
 * object_flag() - a field that is true or false
 * @object: canonical
 * @field: its name
 */
bool object_flag(struct json_object *object, const char *field);

/**
 * object_list() - a field that is a list
 * @object: canonical
 * @field: its name
 * @n: how many values it has; 0 where the field is absent
 *
 * Return: the list or NULL.
 */
struct json_object *object_list(struct json_object *object, const char *field, size_t *n);

#endif /* MODEL_OBJECT_H */
