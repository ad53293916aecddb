// SPDX-License-Identifier: GPL-2.0-or-later
/* Short forms for building JSON with json-c. */
#include "json.h"

void json_add(struct json_object *object, const char *key, struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		json_object_put(value);
}

void json_add_string(struct json_object *object, const char *key, const char *value)
{
	json_add(object, key, value ? json_object_new_string(value) : NULL);
}

void json_add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_add(object, key, json_object_new_uint64(value));
}

void json_add_bool(struct json_object *object, const char *key, bool value)
{
	json_add(object, key, json_object_new_boolean(value));
}

/*
 * json-c escapes what is below the space. DEL and the controls from U+0080 to U+009F,
 * C2 80 to C2 9F in UTF-8, command terminals as well; they stand in strings alone.
 */
void json_write(FILE *out, struct json_object *value, int flags)
{
	const char *text =
		json_object_to_json_string_ext(value, flags | JSON_C_TO_STRING_NOSLASHESCAPE);
	const unsigned char *c;

	for (c = (const unsigned char *)text; *c; c++) {
		if (*c == 0x7f) {
			fputs("\\u007f", out);
		} else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) {
			fprintf(out, "\\u%04x", *++c);
		} else {
			fputc(*c, out);
		}
	}
}
