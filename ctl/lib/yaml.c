// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON as YAML that people write. Every string that YAML could take for
 * something else stands in double quotes, as JSON has it, which YAML 1.2 reads.
 */
#include "yaml.h"
#include "json.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static void print_value(FILE *out, struct json_object *value, int indent, bool in_list);

/* Words that YAML 1.1 or 1.2 takes for something other than a string. */
static bool is_word(const char *text)
{
	static const char *const words[] = { "true", "false", "yes", "no",  "on", "off",
					     "null", "y",     "n",   "inf", "nan" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(text, words[i]))
			return true;
	return false;
}

/* Begins with a letter or a path's slash, and has nothing that YAML knows. */
static bool is_plain(const char *text)
{
	size_t len = strlen(text);

	if (!len || !strchr(LETTERS "/", text[0]) || text[len - 1] == ' ')
		return false;
	return !text[strspn(text, LETTERS "0123456789 /_.-=$@")] && !is_word(text);
}

static void print_string(FILE *out, const char *text)
{
	struct json_object *string;

	if (is_plain(text)) {
		fputs(text, out);
		return;
	}
	string = json_object_new_string(text);
	json_write(out, string, JSON_C_TO_STRING_PLAIN);
	json_object_put(string);
}

/* Of lists and objects, those that are empty. */
static void print_scalar(FILE *out, struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		print_string(out, json_object_get_string(value));
	else
		fputs(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN), out);
}

static void print_object(FILE *out, struct json_object *object, int indent, bool in_list)
{
	bool first = in_list;

	json_object_object_foreach(object, key, value)
	{
		fprintf(out, "%*s", first ? 0 : indent, "");
		first = false;
		print_string(out, key);
		fputc(':', out);
		print_value(out, value, indent, false);
	}
}

static void print_list(FILE *out, struct json_object *list, int indent)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		fprintf(out, "%*s-", indent, "");
		print_value(out, json_object_array_get_idx(list, i), indent, true);
	}
}

/* A list of scalars within a list, such as the tags of a selector, stands in a line. */
static bool is_short(struct json_object *list)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++)
		if (json_object_get_type(json_object_array_get_idx(list, i)) >= json_type_object &&
		    !json_object_is_type(json_object_array_get_idx(list, i), json_type_string))
			return false;
	return true;
}

static void print_short(FILE *out, struct json_object *list)
{
	size_t i;

	fputs(" [", out);
	for (i = 0; i < json_object_array_length(list); i++) {
		fputs(i ? ", " : "", out);
		print_scalar(out, json_object_array_get_idx(list, i));
	}
	fputs("]\n", out);
}

/* A list or object without values has no block. */
static bool is_block(struct json_object *value)
{
	if (json_object_is_type(value, json_type_object))
		return json_object_object_length(value) > 0;
	return json_object_is_type(value, json_type_array) && json_object_array_length(value) > 0;
}

/* Behind "KEY:" or "-", or, where the indent is negative, at the top. */
static void print_value(FILE *out, struct json_object *value, int indent, bool in_list)
{
	bool is_object = json_object_is_type(value, json_type_object);

	if (!is_block(value)) {
		if (indent >= 0)
			fputc(' ', out);
		print_scalar(out, value);
		fputc('\n', out);
		return;
	}
	if (in_list && !is_object && is_short(value)) {
		print_short(out, value);
		return;
	}
	if (in_list && is_object)
		fputc(' ', out);
	else if (indent >= 0)
		fputc('\n', out);
	if (is_object)
		print_object(out, value, indent + 2, in_list);
	else
		print_list(out, value, indent + 2);
}

void yaml_print(FILE *out, struct json_object *value)
{
	print_value(out, value, -2, false);
}
