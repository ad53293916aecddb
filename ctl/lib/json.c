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
