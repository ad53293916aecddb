/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short forms for building JSON with json-c. Without memory they add nothing;
 * json-c itself reports that by a NULL that its caller can only ignore.
 */
#ifndef JSON_H
#define JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * json_add_string() - add a string
 * @object: to what
 * @key: in it
 * @value: NULL adds null
 */
void json_add_string(struct json_object *object, const char *key, const char *value);

/** json_add_number() - add a number, 64 bits without a sign */
void json_add_number(struct json_object *object, const char *key, uint64_t value);

/** json_add_bool() - add true or false */
void json_add_bool(struct json_object *object, const char *key, bool value);

/**
 * json_add() - add a value
 * @object: to what
 * @key: in it
 * @value: owned by @object from now on; NULL adds null
 */
void json_add(struct json_object *object, const char *key, struct json_object *value);

/**
 * json_write() - write JSON that does nothing to a terminal
 * @out: where to
 * @value: what
 * @flags: json-c's JSON_C_TO_STRING_...; slashes are not escaped
 */
void json_write(FILE *out, struct json_object *value, int flags);

#endif /* JSON_H */
