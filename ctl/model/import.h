/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Documents that bring objects (POLICY.md, "Files and commands that people already
 * have"): import documents, the Kubernetes shape, and bare objects of a known kind;
 * any number of them, as YAML documents of one stream.
 */
#ifndef MODEL_IMPORT_H
#define MODEL_IMPORT_H

#include "kinds.h"
#include "template.h"
#include "lib/diag.h"

#include <json-c/json.h>

/**
 * Objects of one document or stream of documents: work is bounded, since anybody who
 * may read may have a document checked.
 */
#define IMPORT_OBJECTS_MAX 16384U

/**
 * struct import_object - an object that a document brings
 * @kind: what it is
 * @space: the namespace that it goes to, absolute; of a namespace the one above it
 * @name: its name; of a namespace its path
 * @json: canonical and settled, with no more than it was given by itself
 * @place: where it stands
 */
struct import_object {
	const struct kind *kind;
	const char *space;
	const char *name;
	struct json_object *json;
	struct place place;
};

/**
 * struct import - what documents bring
 * @label: of the import document, or NULL where none has one
 * @label_place: where it stands
 * @objects: what they bring, in their order, namespaces before what is in them
 * @n: how many
 */
struct import {
	char *label;
	struct place label_place;
	struct import_object *objects;
	size_t n;
};

/**
 * struct import_options - how documents are read
 * @space: the namespace of the request, absolute
 * @kind: what bare objects are; NULL where there may be none
 * @values: for templates
 * @n_values: how many
 */
struct import_options {
	const char *space;
	const struct kind *kind;
	const struct template_value *values;
	size_t n_values;
};

/**
 * import_read() - read documents that bring objects
 * @data: YAML or JSON
 * @len: its bytes
 * @options: how
 * @diag: told of everything that is wrong, and of what is not taken as written
 *
 * Return: the objects, or NULL after an error.
 */
struct import *import_read(const char *data, size_t len, const struct import_options *options,
			   struct diag *diag);

/**
 * import_free() - free what was read
 * @import: may be NULL
 */
void import_free(struct import *import);

#endif /* MODEL_IMPORT_H */
