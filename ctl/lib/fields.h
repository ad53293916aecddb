/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taking an object of a document apart by a table of its fields: unknown,
 * repeated, missing and wrongly typed ones are reported, all of them at once.
 */
#ifndef FIELDS_H
#define FIELDS_H

#include "doc.h"

#include <stdbool.h>

/** Fields of one object at most. */
#define FIELDS_MAX 32

/**
 * struct field - a field that an object may have
 * @name: as it is written
 * @kind: what its value must be
 * @required: whether it may not be left out
 */
struct field {
	const char *name;
	enum doc_kind kind;
	bool required;
};

/**
 * fields_get() - take an object apart
 * @object: should be an object
 * @what: what it is, for messages: "a rule"
 * @fields: what it may hold
 * @n: how many, FIELDS_MAX at most
 * @values: by field; NULL where it is absent or of the wrong kind
 * @diag: told of what is wrong
 *
 * Return: whether @object is an object and holds all that it must.
 */
bool fields_get(const struct doc_value *object, const char *what, const struct field *fields,
		unsigned int n, const struct doc_value **values, struct diag *diag);

/**
 * field_is() - check a value's kind
 * @value: the value
 * @kind: what it must be
 * @what: what it is, for messages: "an entry"
 * @diag: told where it is not
 */
bool field_is(const struct doc_value *value, enum doc_kind kind, const char *what,
	      struct diag *diag);

#endif /* FIELDS_H */
