/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rulesets out of the box: import documents that are compiled in (ctl/catalogue/),
 * each with the networks that it needs.
 */
#ifndef MODEL_CATALOGUE_H
#define MODEL_CATALOGUE_H

#include "import.h"

/**
 * struct catalogue_entry - a document of the catalogue
 * @name: what it is called, "ssh"
 * @summary: what it is for, in one line
 * @text: the document, which can be imported as it is
 */
struct catalogue_entry {
	const char *name;
	const char *summary;
	const char *text;
};

/**
 * catalogue_at() - the entries in the order of their names
 * @index: from 0
 *
 * Return: an entry, NULL behind the last.
 */
const struct catalogue_entry *catalogue_at(size_t index);

/**
 * catalogue_find() - an entry by its name
 * @name: case does not matter
 *
 * Return: the entry or NULL.
 */
const struct catalogue_entry *catalogue_find(const char *name);

/**
 * catalogue_nearest() - the entry that a misspelt name was meant to be
 * @name: the misspelt name
 *
 * Return: a name, or NULL where none is near.
 */
const char *catalogue_nearest(const char *name);

/**
 * struct catalogue_options - how an entry is activated
 * @space: the namespace that it goes to, absolute
 * @from: entries that take the place of those of its networks; NULL for its own
 * @n_from: how many
 */
struct catalogue_options {
	const char *space;
	const char *const *from;
	size_t n_from;
};

/**
 * catalogue_read() - the objects of an entry
 * @entry: the entry
 * @options: how
 * @diag: told of what is wrong with @options
 *
 * Return: the objects, labelled catalogue-NAME, or NULL after an error.
 */
struct import *catalogue_read(const struct catalogue_entry *entry,
			      const struct catalogue_options *options, struct diag *diag);

/**
 * catalogue_opens() - what objects open
 * @import: the objects
 *
 * Return: [{"ruleset", "direction", "action", "services": [...], "networks": [...],
 * "entries": [...]}], by rule, to be put.
 */
struct json_object *catalogue_opens(const struct import *import);

#endif /* MODEL_CATALOGUE_H */
