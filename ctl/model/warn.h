/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of warnings.h share. */
#ifndef MODEL_WARN_H
#define MODEL_WARN_H

#include "model.h"
#include "lib/diag.h"

/**
 * struct warned - what a warning is about
 * @object: the object
 * @field: of it, or NULL
 * @value: as it stands there, or NULL
 */
struct warned {
	const struct model_object *object;
	const char *field;
	const char *value;
};

/**
 * warn() - report a warning about an object
 * @diag: where to
 * @about: what it is about
 * @hint: what would be right; may be NULL
 * @format: printf's
 */
void warn(struct diag *diag, const struct warned *about, const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/**
 * warn_of_rulesets() - the part of warnings_find() that is about rulesets
 * @model: as there
 * @only: as there
 * @diag: as there
 *
 * Return: 0 or -ENOMEM.
 */
int warn_of_rulesets(const struct model *model, const struct model_object *only, struct diag *diag);

#endif /* MODEL_WARN_H */
