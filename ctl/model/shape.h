/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking an object of a document apart by the table of its kind. */
#ifndef MODEL_SHAPE_H
#define MODEL_SHAPE_H

#include "kinds.h"
#include "lib/doc.h"

#include <stdbool.h>

/** Fields of a kind at most. */
#define SHAPE_MAX 32

/**
 * shape_sort() - sort what an object holds by the fields of its kind
 * @kind: the kind
 * @object: should be an object
 * @values: by field, SHAPE_MAX at most; NULL where it is absent
 * @diag: told of fields that are unknown or there twice, and warned of foreign ones
 *
 * Return: whether @object is an object.
 */
bool shape_sort(const struct kind *kind, const struct doc_value *object,
		const struct doc_value **values, struct diag *diag);

/**
 * shape_take() - likewise, and ask for what must be there
 * @kind: the kind
 * @object: should be an object
 * @values: by field; NULL also where it holds nothing (null)
 * @diag: as shape_sort(), and told of required fields that are absent
 *
 * Return: whether @object is an object.
 */
bool shape_take(const struct kind *kind, const struct doc_value *object,
		const struct doc_value **values, struct diag *diag);

/**
 * shape_lacks() - report that a required field is absent
 * @kind: of the object
 * @object: that lacks it
 * @field: which
 * @diag: where to
 */
void shape_lacks(const struct kind *kind, const struct doc_value *object,
		 const struct kind_field *field, struct diag *diag);

#endif /* MODEL_SHAPE_H */
