// SPDX-License-Identifier: GPL-2.0-or-later
/* Things found by a text. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

struct table {
	struct lh_table *by_key;
	size_t size;
	void **things;
	size_t n, room;
};

struct table *table_new(size_t size)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->size = size;
	table->by_key = lh_kchar_table_new(64, NULL);
	if (table->by_key)
		return table;
	free(table);
	return NULL;
}

void table_free(struct table *table, void (*clear)(void *thing))
{
	struct lh_entry *entry;
	size_t i;

	if (!table)
		return;
	for (entry = table->by_key->head; entry; entry = entry->next)
		free((void *)(uintptr_t)entry->k);
	lh_table_free(table->by_key);
	for (i = 0; i < table->n; i++) {
		if (clear)
			clear(table->things[i]);
		free(table->things[i]);
	}
	free(table->things);
	free(table);
}

static void *add(struct table *table, const char *key)
{
	size_t room = table->room ? table->room * 2 : 64;
	char *copy = strdup(key);
	void **more, *thing;

	if (table->n == table->room) {
		more = reallocarray(table->things, room, sizeof(*more));
		if (more) {
			table->things = more;
			table->room = room;
		}
	}
	thing = copy && table->n < table->room ? calloc(1, table->size) : NULL;
	if (!thing || lh_table_insert(table->by_key, copy, thing)) {
		free(thing);
		free(copy);
		return NULL;
	}
	table->things[table->n++] = thing;
	return thing;
}

void *table_get(struct table *table, const char *key)
{
	void *thing;

	return lh_table_lookup_ex(table->by_key, key, &thing) ? thing : add(table, key);
}

void **table_list(struct table *table, size_t *n)
{
	*n = table->n;
	return table->things;
}
