/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parameter "filter" of lists. */
#ifndef FILTERED_H
#define FILTERED_H

#include <json-c/json.h>
#include <stdbool.h>

#include "request.h"

struct filter;

/**
 * filtered_read() - read the parameter
 * @request: answered where it makes no sense
 * @filter: the result, NULL where there is none; filtered_free() it
 *
 * Return: whether all was right.
 */
bool filtered_read(struct request *request, struct filter **filter);

/**
 * filtered() - whether an object is wanted
 * @filter: may be NULL, which wants all
 * @object: the object
 */
bool filtered(const struct filter *filter, struct json_object *object);

/** filtered_free() - free a filter; may be NULL */
void filtered_free(struct filter *filter);

#endif /* FILTERED_H */
