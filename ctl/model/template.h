/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values that are put into an import document before it is read: --set key=value
 * fills {{ .Values.key }}. Places in the result lead back to the original.
 */
#ifndef MODEL_TEMPLATE_H
#define MODEL_TEMPLATE_H

#include "lib/diag.h"

#include <stddef.h>

/**
 * struct template_value - a value to be put in
 * @key: letters, digits, _, - and dots
 * @value: one line of text
 */
struct template_value {
	const char *key;
	const char *value;
};

/** struct template_hole - where a line changed; made and read by template.c */
struct template_hole;

/**
 * struct template - a document with its values
 * @text: the result
 * @len: its bytes
 * @holes: what was replaced
 * @n: how many
 */
struct template
{
	char *text;
	size_t len;
	struct template_hole *holes;
	size_t n;
};

/**
 * template_fill() - put values into a document
 * @data: the document
 * @len: its bytes
 * @values: the values
 * @n: how many
 * @template: the result; to be freed even after an error
 * @diag: told of holes without a value, of values without a hole as a warning, and of
 *	all that is no hole
 *
 * Return: 0, -EINVAL or -ENOMEM, with errors in @diag.
 */
int template_fill(const char *data, size_t len, const struct template_value *values, size_t n,
		  struct template *template, struct diag *diag);

/**
 * template_place() - where something stands in the original
 * @template: the document
 * @place: in the result
 *
 * Return: the place in the original; of what came from a value, that of its hole.
 */
struct place template_place(const struct template *template, struct place place);

/**
 * template_free() - free a document
 * @template: as template_fill() left it
 */
void template_free(struct template *template);

#endif /* MODEL_TEMPLATE_H */
