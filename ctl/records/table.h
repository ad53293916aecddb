/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Things found by a text, in the order in which they came. */
#ifndef RECORDS_TABLE_H
#define RECORDS_TABLE_H

#include <json-c/linkhash.h>
#include <stddef.h>

struct table;

/**
 * table_new() - begin without things
 * @size: of a thing, in bytes
 *
 * Return: the table, or NULL without memory.
 */
struct table *table_new(size_t size);

/**
 * table_free() - free all
 * @table: may be NULL
 * @clear: called with each thing; may be NULL
 */
void table_free(struct table *table, void (*clear)(void *thing));

/**
 * table_get() - the thing of a text
 * @table: the table
 * @key: the text, copied
 *
 * Return: the thing, zeros where it is new; valid until the table is freed; NULL
 * without memory.
 */
void *table_get(struct table *table, const char *key);

/**
 * table_list() - all things
 * @table: the table
 * @n: how many
 *
 * Return: pointers to them, the table's own.
 */
void **table_list(struct table *table, size_t *n);

#endif /* RECORDS_TABLE_H */
