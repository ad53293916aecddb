/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings as the API tells of them, in JSON. */
#ifndef MODEL_FINDINGS_H
#define MODEL_FINDINGS_H

#include "lib/diag.h"

#include <json-c/json.h>

/**
 * struct findings - what was found, in lists of objects with file, line, column,
 *	object, field, value, message and hint, each where it is known
 * @errors: a list
 * @warnings: a list
 */
struct findings {
	struct json_object *errors;
	struct json_object *warnings;
};

/**
 * findings_begin() - collect findings
 * @findings: where to; findings_end() frees it
 * @file: the file's name as people know it
 *
 * Return: by value, where to report them; it holds on to @findings.
 */
struct diag findings_begin(struct findings *findings, const char *file);

/**
 * findings_forget_hints() - leave out what warnings take for meant
 * @findings: for who does not read all: what a selector may have meant can be anybody's
 */
void findings_forget_hints(struct findings *findings);

/**
 * findings_end() - free the lists that nobody took
 * @findings: whose lists are NULL where they were taken
 */
void findings_end(struct findings *findings);

#endif /* MODEL_FINDINGS_H */
