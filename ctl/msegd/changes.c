// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets of changes. */
#include "changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static int copy(const char *from, const char **to)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

static void clear(struct store_change *change)
{
	free((char *)change->id);
	free((char *)change->kind);
	free((char *)change->namespace);
	free((char *)change->name);
	free((char *)change->before);
	free((char *)change->after);
	free((char *)change->before_label);
	free((char *)change->after_label);
}

static int copy_all(const struct store_change *from, struct store_change *to)
{
	int err = copy(from->id, &to->id);

	err |= copy(from->kind, &to->kind);
	err |= copy(from->namespace, &to->namespace);
	err |= copy(from->name, &to->name);
	err |= copy(from->before, &to->before);
	err |= copy(from->after, &to->after);
	err |= copy(from->before_label, &to->before_label);
	err |= copy(from->after_label, &to->after_label);
	if (err)
		clear(to);
	return err ? -ENOMEM : 0;
}

int changes_add(struct changes *changes, const struct store_change *change)
{
	struct store_change *more;
	int err;

	if (same(change->before, change->after) && same(change->before_label, change->after_label))
		return 0;
	more = changes->list;
	/* It doubles at every power of two. */
	if (!(changes->n & (changes->n - 1)))
		more = reallocarray(changes->list, changes->n ? 2 * changes->n : 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	changes->list = more;
	err = copy_all(change, &more[changes->n]);
	if (!err)
		changes->n++;
	return err;
}

/* Names that are given up may be taken within the same set. */
int changes_write(const struct changes *changes, struct store *store)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < changes->n; i++)
		err = store_release(store, changes->list[i].id);
	for (i = 0; !err && i < changes->n; i++)
		err = store_change(store, &changes->list[i]);
	return err ? err : store_flush(store);
}

void changes_clear(struct changes *changes)
{
	size_t i;

	for (i = 0; i < changes->n; i++)
		clear(&changes->list[i]);
	free(changes->list);
	*changes = (struct changes){ NULL, 0 };
}

static struct json_object *parsed(const char *text)
{
	return text ? json_tokener_parse(text) : NULL;
}

struct json_object *changes_json(const struct store_change *change, bool whole)
{
	struct json_object *object = json_object_new_object();

	json_add_string(object, "change",
			!change->before ? "create" :
			!change->after	? "delete" :
					  "update");
	json_add_string(object, "kind", change->kind);
	json_add_string(object, "ID", change->id);
	json_add_string(object, "namespace", change->namespace);
	json_add_string(object, "name", change->name);
	if (whole) {
		json_add(object, "before", parsed(change->before));
		json_add(object, "after", parsed(change->after));
	}
	return object;
}
