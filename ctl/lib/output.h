/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What commands print: one object, or a list of them. A command makes JSON
 * objects; a list of columns says how they become a table.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/** Bytes of a table's cell, NUL included; what is longer is cut. */
#define OUTPUT_CELL_LEN 4096

/** enum output_format - as -o names them */
enum output_format {
	OUTPUT_TABLE,
	OUTPUT_JSON,
	OUTPUT_JSONL,
	OUTPUT_YAML,
	/** a table with all columns */
	OUTPUT_WIDE,
	/** the field "name" of every row, a line each */
	OUTPUT_NAME,
	OUTPUT_NONE,
};

/**
 * struct output_column - a column of a table
 * @title: in the first line
 * @key: of the object, whose value is shown
 * @cell: makes the text instead, where @key alone is not enough
 * @width: in characters, where the table is printed before all of it is known
 * @right: whether it is flush right, as numbers are
 * @wide: whether it is for OUTPUT_WIDE alone
 */
struct output_column {
	const char *title;
	const char *key;
	void (*cell)(struct json_object *row, char *text, size_t size);
	int width;
	bool right;
	bool wide;
};

struct output_list;

/**
 * output_list_open() - begin a list
 * @format: how it is printed
 * @columns: of the table
 * @n: how many
 * @none: said on stderr where a table has no rows; NULL prints every row at
 *	once instead, in columns of fixed width
 *
 * Return: the list, or NULL without memory.
 */
struct output_list *output_list_open(enum output_format format, const struct output_column *columns,
				     size_t n, const char *none);

/**
 * output_list_add() - add a row
 * @list: to what
 * @row: an object, given up to the list; NULL stands for lack of memory
 *
 * Return: 0 or -ENOMEM.
 */
int output_list_add(struct output_list *list, struct json_object *row);

/**
 * output_list_close() - end a list, printing what was not printed yet
 * @list: may be NULL
 *
 * Return: 0 or -ENOMEM.
 */
int output_list_close(struct output_list *list);

/**
 * output_object() - print one object
 * @format: how; a table has a line for each of its fields
 * @object: given up
 */
void output_object(enum output_format format, struct json_object *object);

/**
 * output_text() - a JSON value as people read it in a table
 * @value: the value
 * @text: the result, always terminated
 * @size: its room
 */
void output_text(struct json_object *value, char *text, size_t size);

#endif /* OUTPUT_H */
