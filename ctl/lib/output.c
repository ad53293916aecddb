// SPDX-License-Identifier: GPL-2.0-or-later
/* What commands print. Tables are libsmartcols's, which also lsblk prints. */
#include "output.h"
#include "json.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "yaml.h"

struct output_list {
	enum output_format format;
	const struct output_column *columns;
	size_t n_columns;
	struct libscols_table *table;
	size_t rows;
	const char *none;
};

static void append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s", more);
}

static void append_value(struct json_object *value, char *text, size_t size)
{
	size_t used = strlen(text);

	output_text(value, text + used, size - used);
}

static void array_text(struct json_object *array, char *text, size_t size)
{
	size_t i;

	for (i = 0; i < json_object_array_length(array); i++) {
		if (i)
			append(text, size, ", ");
		append_value(json_object_array_get_idx(array, i), text, size);
	}
	if (!i)
		append(text, size, "-");
}

static void object_text(struct json_object *object, char *text, size_t size)
{
	bool first = true;

	json_object_object_foreach(object, key, value)
	{
		if (!first)
			append(text, size, ", ");
		append(text, size, key);
		append(text, size, " ");
		append_value(value, text, size);
		first = false;
	}
}

void output_text(struct json_object *value, char *text, size_t size)
{
	text[0] = '\0';
	switch (json_object_get_type(value)) {
	case json_type_null:
		append(text, size, "-");
		break;
	case json_type_boolean:
		append(text, size, json_object_get_boolean(value) ? "yes" : "no");
		break;
	case json_type_array:
		array_text(value, text, size);
		break;
	case json_type_object:
		object_text(value, text, size);
		break;
	default:
		append(text, size, json_object_get_string(value));
		break;
	}
}

/* What came from elsewhere does nothing to the terminal. */
static void cell_text(const struct output_column *column, struct json_object *row, char *text,
		      size_t size)
{
	struct json_object *value = NULL;

	if (column->cell) {
		column->cell(row, text, size);
	} else {
		json_object_object_get_ex(row, column->key, &value);
		output_text(value, text, size);
	}
	text_clean(text);
}

static void print_json(struct json_object *object, int flags)
{
	json_write(stdout, object, flags);
}

/* --- tables --------------------------------------------------------------- */

static bool is_shown(const struct output_list *list, size_t column)
{
	return !list->columns[column].wide || list->format == OUTPUT_WIDE;
}

static bool is_table(enum output_format format)
{
	return format == OUTPUT_TABLE || format == OUTPUT_WIDE;
}

static int table_new(struct output_list *list)
{
	size_t i;

	scols_init_debug(0);
	list->table = scols_new_table();
	if (!list->table)
		return -ENOMEM;
	for (i = 0; i < list->n_columns; i++)
		if (is_shown(list, i) &&
		    !scols_table_new_column(list->table, list->columns[i].title, 0,
					    list->columns[i].right ? SCOLS_FL_RIGHT : 0))
			return -ENOMEM;
	/* Cut nothing: who wants less has cut(1). */
	scols_table_enable_nowrap(list->table, 1);
	return 0;
}

static int table_add(struct output_list *list, struct json_object *row)
{
	struct libscols_line *line = scols_table_new_line(list->table, NULL);
	char text[OUTPUT_CELL_LEN];
	size_t i, shown = 0;

	for (i = 0; line && i < list->n_columns; i++) {
		if (!is_shown(list, i))
			continue;
		cell_text(&list->columns[i], row, text, sizeof(text));
		if (scols_line_set_data(line, shown++, text))
			line = NULL;
	}
	return line ? 0 : -ENOMEM;
}

static void stream_cell(const struct output_list *list, size_t i, const char *text)
{
	const struct output_column *column = &list->columns[i];
	bool last = i + 1 == list->n_columns;

	if (last)
		printf("%s\n", text);
	else if (column->right)
		printf("%*s ", column->width, text);
	else
		printf("%-*s ", column->width, text);
}

static void stream_titles(const struct output_list *list)
{
	size_t i;

	for (i = 0; i < list->n_columns; i++)
		stream_cell(list, i, list->columns[i].title);
}

static void stream_row(const struct output_list *list, struct json_object *row)
{
	char text[OUTPUT_CELL_LEN];
	size_t i;

	for (i = 0; i < list->n_columns; i++) {
		cell_text(&list->columns[i], row, text, sizeof(text));
		stream_cell(list, i, text);
	}
}

/* --- lists ---------------------------------------------------------------- */

struct output_list *output_list_open(enum output_format format, const struct output_column *columns,
				     size_t n, const char *none)
{
	struct output_list *list = calloc(1, sizeof(*list));

	if (!list)
		return NULL;
	list->format = format;
	list->columns = columns;
	list->n_columns = n;
	list->none = none;
	if (format == OUTPUT_JSON) {
		putchar('[');
	} else if (is_table(format) && !none) {
		stream_titles(list);
	} else if (is_table(format) && table_new(list)) {
		scols_unref_table(list->table);
		free(list);
		return NULL;
	}
	return list;
}

static void print_name(struct json_object *row)
{
	struct json_object *name;

	if (json_object_object_get_ex(row, "name", &name))
		printf("%s\n", json_object_get_string(name));
}

/* A list of one is as many lines of a list of many. */
static void print_item(struct json_object *row)
{
	struct json_object *list = json_object_new_array();

	json_object_array_add(list, json_object_get(row));
	yaml_print(stdout, list);
	json_object_put(list);
}

static int print_row(struct output_list *list, struct json_object *row)
{
	switch (list->format) {
	case OUTPUT_TABLE:
	case OUTPUT_WIDE:
		if (list->none)
			return table_add(list, row);
		stream_row(list, row);
		break;
	case OUTPUT_JSON:
		fputs(list->rows ? ",\n" : "\n", stdout);
		print_json(row, JSON_C_TO_STRING_PLAIN);
		break;
	case OUTPUT_JSONL:
		print_json(row, JSON_C_TO_STRING_PLAIN);
		putchar('\n');
		break;
	case OUTPUT_YAML:
		print_item(row);
		break;
	case OUTPUT_NAME:
		print_name(row);
		break;
	case OUTPUT_NONE:
		break;
	}
	return 0;
}

int output_list_add(struct output_list *list, struct json_object *row)
{
	int err;

	if (!row)
		return -ENOMEM;
	err = print_row(list, row);
	list->rows++;
	json_object_put(row);
	return err;
}

int output_list_close(struct output_list *list)
{
	int err = 0;

	if (!list)
		return 0;
	if (list->format == OUTPUT_JSON)
		fputs(list->rows ? "\n]\n" : "]\n", stdout);
	if (list->format == OUTPUT_YAML && !list->rows)
		fputs("[]\n", stdout);
	if (list->table && !list->rows)
		fprintf(stderr, "%s\n", list->none);
	else if (list->table)
		err = scols_print_table(list->table);
	if (list->table)
		scols_unref_table(list->table);
	free(list);
	return err;
}

/* --- objects -------------------------------------------------------------- */

static void print_fields(struct json_object *object)
{
	char text[OUTPUT_CELL_LEN];
	int width = 0;

	json_object_object_foreach(object, name, ignored)
	{
		(void)ignored;
		if ((int)strlen(name) > width)
			width = (int)strlen(name);
	}
	json_object_object_foreach(object, key, value)
	{
		output_text(value, text, sizeof(text));
		text_clean(text);
		printf("%-*s  %s\n", width, key, text);
	}
}

void output_object(enum output_format format, struct json_object *object)
{
	switch (format) {
	case OUTPUT_TABLE:
	case OUTPUT_WIDE:
		print_fields(object);
		break;
	case OUTPUT_JSON:
	case OUTPUT_JSONL:
		print_json(object, format == OUTPUT_JSON ?
					   JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED :
					   JSON_C_TO_STRING_PLAIN);
		putchar('\n');
		break;
	case OUTPUT_YAML:
		yaml_print(stdout, object);
		break;
	case OUTPUT_NAME:
		print_name(object);
		break;
	case OUTPUT_NONE:
		break;
	}
	json_object_put(object);
}
