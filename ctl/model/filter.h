/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filters of lists, as in --filter 'name == "ssh" and propagate == true':
 *
 *	filter     = conjunction { "or" conjunction }
 *	conjunction = term { "and" term }
 *	term       = "not" term | "(" filter ")" | comparison
 *	comparison = FIELD ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) value
 *	           | FIELD [ "not" ] "in" "[" value { "," value } "]"
 *	           | FIELD [ "not" ] "contains" ( value | "[" value { "," value } "]" )
 *	           | FIELD "matches" ( value | "[" value { "," value } "]" )
 *	           | FIELD [ "not" ] "exists"
 *	value      = "text" | 'text' | number | true | false
 *
 * Words of the grammar may be in capital letters. A field may be one of a field, as
 * in a.b. What contains is a list that has one of the values, or a text that one of
 * them is part of; matches takes extended regular expressions without bounds ({n})
 * and back references. An object without the field has none of its values: != and
 * what is negated by not hold for it.
 */
#ifndef MODEL_FILTER_H
#define MODEL_FILTER_H

#include <json-c/json.h>
#include <stdbool.h>

/** Bytes of a filter. */
#define FILTER_MAX_LEN 4096

struct filter;

/**
 * filter_parse() - read a filter
 * @text: the filter; blank chooses everything
 * @filter: the result
 * @why: TEXT_WHY_LEN bytes, filled on error
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int filter_parse(const char *text, struct filter **filter, char *why);

/**
 * filter_matches() - whether a filter chooses an object
 * @filter: the filter
 * @object: any JSON object
 */
bool filter_matches(const struct filter *filter, struct json_object *object);

/**
 * filter_stranger() - a field that no object has
 * @filter: the filter
 * @knows: whether objects have a field of that name
 * @context: handed to @knows
 *
 * Return: the first that is not known, as it is written, or NULL.
 */
const char *filter_stranger(const struct filter *filter,
			    bool (*knows)(const void *context, const char *field, size_t len),
			    const void *context);

/**
 * filter_free() - free a filter
 * @filter: may be NULL
 */
void filter_free(struct filter *filter);

#endif /* MODEL_FILTER_H */
