/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tags that objects carry, and the selectors that choose by them. */
#ifndef MODEL_SELECTOR_H
#define MODEL_SELECTOR_H

#include "model.h"

/**
 * struct tags - the tags of an object
 * @items: sorted, each once
 * @n: how many
 * @text: where they stand
 */
struct tags {
	const char **items;
	size_t n;
	char *text;
};

/**
 * tags_of() - all tags of an object
 * @object: an external network, or an enforcer: then those of its processing unit
 * @tags: the result
 *
 * Return: 0 or -ENOMEM.
 */
int tags_of(const struct model_object *object, struct tags *tags);

/**
 * tags_free() - free what tags_of() made
 * @tags: the tags
 */
void tags_free(struct tags *tags);

/**
 * tags_hold() - whether an object carries a tag
 * @tags: of the object
 * @tag: the tag
 */
bool tags_hold(const struct tags *tags, const char *tag);

/**
 * selector_group_matches() - whether an AND of a selector chooses an object
 * @group: a list of tags
 * @tags: of the object
 */
bool selector_group_matches(struct json_object *group, const struct tags *tags);

/**
 * selector_match() - the first AND of a selector that chooses an object
 * @selector: canonical
 * @tags: of the object
 *
 * Return: its index, or -1 where none does.
 */
int selector_match(struct json_object *selector, const struct tags *tags);

#endif /* MODEL_SELECTOR_H */
