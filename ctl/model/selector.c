// SPDX-License-Identifier: GPL-2.0-or-later
/* The tags that objects carry, and the selectors that choose by them. */
#include "selector.h"
#include "object.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tags that every object has by itself. */
#define OWN_MAX 8

/* A tag in its two parts. */
struct pair {
	const char *key;
	const char *value;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t own_pairs(const struct model_object *object, struct pair *pairs)
{
	bool is_host = object->kind->id == KIND_ENFORCER;
	size_t n = 0;

	if (object->id)
		pairs[n++] = (struct pair){ "$id", object->id };
	if (object->id && is_host)
		pairs[n++] = (struct pair){ "$enforcerid", object->id };
	pairs[n++] =
		(struct pair){ "$identity", is_host ? "processingunit" : object->kind->singular };
	pairs[n++] = (struct pair){ "$name", object->name };
	pairs[n++] = (struct pair){ "$namespace", object->space };
	if (is_host) {
		pairs[n++] = (struct pair){ "$type", "Host" };
		pairs[n++] = (struct pair){ "@os:host", object->name };
	}
	if (object->kind->id == KIND_EXTERNALNETWORK)
		pairs[n++] = (struct pair){ "externalnetwork:name", object->name };
	return n;
}

/* Sort, and keep each tag once. */
static void settle(struct tags *tags)
{
	size_t i, kept = 0;

	qsort(tags->items, tags->n, sizeof(*tags->items), compare);
	for (i = 0; i < tags->n; i++)
		if (!kept || strcmp(tags->items[kept - 1], tags->items[i]) != 0)
			tags->items[kept++] = tags->items[i];
	tags->n = kept;
}

int tags_of(const struct model_object *object, struct tags *tags)
{
	struct pair pairs[OWN_MAX];
	size_t i, n_own = own_pairs(object, pairs), n, size = 0;
	struct json_object *given = object_list(object->json, "associatedTags", &n);
	char *at;

	for (i = 0; i < n_own; i++)
		size += strlen(pairs[i].key) + strlen(pairs[i].value) + 2;
	tags->n = n_own + n;
	tags->text = malloc(size);
	tags->items = calloc(tags->n, sizeof(*tags->items));
	if (!tags->text || !tags->items) {
		tags_free(tags);
		return -ENOMEM;
	}
	for (i = 0, at = tags->text; i < n_own; i++) {
		tags->items[i] = at;
		at += sprintf(at, "%s=%s", pairs[i].key, pairs[i].value) + 1;
	}
	for (i = 0; i < n; i++)
		tags->items[n_own + i] = json_object_get_string(json_object_array_get_idx(given, i));
	settle(tags);
	return 0;
}

void tags_free(struct tags *tags)
{
	free(tags->text);
	free(tags->items);
	memset(tags, 0, sizeof(*tags));
}

bool tags_hold(const struct tags *tags, const char *tag)
{
	return bsearch(&tag, tags->items, tags->n, sizeof(*tags->items), compare) != NULL;
}

bool selector_group_matches(struct json_object *group, const struct tags *tags)
{
	size_t i, n = json_object_array_length(group);

	for (i = 0; i < n; i++)
		if (!tags_hold(tags, json_object_get_string(json_object_array_get_idx(group, i))))
			return false;
	return n > 0;
}

int selector_match(struct json_object *selector, const struct tags *tags)
{
	size_t i, n = json_object_array_length(selector);

	for (i = 0; i < n; i++)
		if (selector_group_matches(json_object_array_get_idx(selector, i), tags))
			return (int)i;
	return -1;
}
