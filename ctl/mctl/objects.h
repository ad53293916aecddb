/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identities, and how their objects are shown. */
#ifndef OBJECTS_H
#define OBJECTS_H

#include "mctl.h"
#include "model/kinds.h"

/** Of -c, so many at most. */
#define COLUMNS_MAX 32

/** struct columns - the columns of a kind's tables */
struct columns {
	const struct output_column *columns;
	size_t n;
};

/** identity_columns() - the columns of a kind's tables */
struct columns identity_columns(const struct kind *kind);

/**
 * identity_find() - find an identity
 * @context: the command
 * @word: in singular, plural, or an alias, in any case
 *
 * Return: its kind, or NULL, having said so as a usage error.
 */
const struct kind *identity_find(const struct context *context, const char *word);

/**
 * struct display - how objects are printed
 * @names: of -c, the fields that are wanted
 * @n_names: how many
 * @columns: for them
 */
struct display {
	const char *names[COLUMNS_MAX];
	size_t n_names;
	struct output_column columns[COLUMNS_MAX];
};

/**
 * display_take() - take -c
 * @context: the command
 * @value: a column, or several with commas between
 * @display: gets them
 *
 * Return: false, having said so, where they are too many.
 */
bool display_take(const struct context *context, char *value, struct display *display);

/**
 * display_list() - print a list of objects
 * @context: the command
 * @display: which columns
 * @columns: those that are usual
 * @objects: an array
 * @none: said where a table has no rows
 *
 * Return: how the program ends.
 */
int display_list(const struct context *context, struct display *display, struct columns columns,
		 struct json_object *objects, const char *none);

/**
 * display_object() - print one object
 * @context: the command
 * @display: which fields
 * @kind: of it
 * @object: borrowed
 *
 * Return: how the program ends.
 */
int display_object(const struct context *context, struct display *display, const struct kind *kind,
		   struct json_object *object);

#endif /* OBJECTS_H */
