/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects as an import document, which brings the same objects again. */
#ifndef MODEL_EXPORT_H
#define MODEL_EXPORT_H

#include "model.h"

/**
 * struct export_options - what is exported
 * @space: of this namespace, and of those below it
 * @label: of the document, or NULL
 * @wanted: whether an object is; NULL for all
 * @arg: handed to @wanted
 */
struct export_options {
	const char *space;
	const char *label;
	bool (*wanted)(const struct model_object *object, void *arg);
	void *arg;
};

/**
 * export_document() - write objects as an import document
 * @model: the objects
 * @options: which of them
 *
 * Identifiers and what a field has anyway are left out; namespaces are written as they
 * are called from @space, so that the document may be imported elsewhere. Enforcers are
 * no part of it.
 *
 * Return: {"APIVersion", "label", "identities", "data"}, to be put, or NULL without
 * memory.
 */
struct json_object *export_document(const struct model *model, const struct export_options *options);

/**
 * export_object() - an object as it would stand in an import document
 * @object: the object
 * @space: the namespace that the document is for
 *
 * Return: the object without what goes without saying, to be put.
 */
struct json_object *export_object(const struct model_object *object, const char *space);

#endif /* MODEL_EXPORT_H */
