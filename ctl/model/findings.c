// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings as the API tells of them, in JSON. */
#include "findings.h"
#include "lib/json.h"

#include <string.h>

/* A value as long as this is not shown whole. */
#define VALUE_LEN 256

static void add_text(struct json_object *object, const char *key, const char *text)
{
	if (text && *text)
		json_add_string(object, key, text);
}

static void add_value(struct json_object *object, const char *value)
{
	size_t len = value ? strnlen(value, VALUE_LEN) : 0;

	/* Not within a character. */
	while (len && ((unsigned char)value[len] & 0xc0) == 0x80)
		len--;
	if (value)
		json_add(object, "value", json_object_new_string_len(value, (int)len));
}

static void take(const struct finding *finding, void *arg)
{
	struct findings *findings = arg;
	struct json_object *list = finding->is_error ? findings->errors : findings->warnings;
	struct json_object *object = json_object_new_object();

	if (finding->place.line) {
		add_text(object, "file", finding->file);
		json_add_number(object, "line", finding->place.line);
		json_add_number(object, "column", finding->place.column);
	}
	add_text(object, "object", finding->object);
	add_text(object, "field", finding->field);
	add_value(object, finding->value);
	add_text(object, "message", finding->message);
	add_text(object, "hint", finding->hint);
	if (json_object_array_add(list, object))
		json_object_put(object);
}

struct diag findings_begin(struct findings *findings, const char *file)
{
	findings->errors = json_object_new_array();
	findings->warnings = json_object_new_array();
	return (struct diag){ .file = file, .take = take, .arg = findings };
}

void findings_forget_hints(struct findings *findings)
{
	size_t i, n = json_object_array_length(findings->warnings);

	for (i = 0; i < n; i++)
		json_object_object_del(json_object_array_get_idx(findings->warnings, i), "hint");
}

void findings_end(struct findings *findings)
{
	json_object_put(findings->errors);
	json_object_put(findings->warnings);
	memset(findings, 0, sizeof(*findings));
}
