/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of many objects at once: documents sent, and differences shown. */
#ifndef CHANGES_H
#define CHANGES_H

#include "request.h"

/**
 * changes_post() - send documents, and print what came of them
 * @request: -f and the other options
 * @collection: where to
 * @what: what could not be done
 *
 * Return: how the program ends.
 */
int changes_post(struct request *request, const char *collection, const char *what);

/**
 * changes_print() - print what was, or would be, created, updated and deleted
 * @context: the command
 * @changes: a list
 *
 * A table has a line for each, and its fields below where they are known.
 */
int changes_print(const struct context *context, struct json_object *changes);

/**
 * changes_report() - print a revision that came of a change, and say its number
 * @context: the command
 * @change: the options of the change
 * @body: msegd's answer
 */
int changes_report(const struct context *context, const struct service_change *change,
		   struct json_object *body);

#endif /* CHANGES_H */
