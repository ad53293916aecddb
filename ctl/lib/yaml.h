/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON as YAML that people write: blocks, and quotes only where they are needed. */
#ifndef YAML_H
#define YAML_H

#include <json-c/json.h>
#include <stdio.h>

/**
 * yaml_print() - print a value as a YAML document
 * @out: where to
 * @value: what; reading it again gives the same value
 */
void yaml_print(FILE *out, struct json_object *value);

#endif /* YAML_H */
