/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Long lines of JSON, cut into shorter ones before libfyaml reads them: it keeps all
 * tokens of a line in memory, since YAML lets a list on one line be a field's name.
 */
#ifndef WRAP_H
#define WRAP_H

#include "diag.h"

#include <stddef.h>

/** struct wrap_break - a line break that was put in; made and read by wrap.c */
struct wrap_break;

/**
 * struct wrap - a text with shorter lines
 * @text: the text; the one that was given where nothing had to be cut
 * @len: its bytes
 * @copy: @text, where it is a copy
 * @breaks: where it was cut
 * @n: how often
 */
struct wrap {
	const char *text;
	size_t len;
	char *copy;
	struct wrap_break *breaks;
	size_t n;
};

/**
 * wrap_text() - cut the long lines of a text behind commas
 * @text: UTF-8; only one that begins with { or [ is cut
 * @len: its bytes
 * @wrap: the result, which means the same; to be freed even after an error
 *
 * Return: 0 or -ENOMEM.
 */
int wrap_text(const char *text, size_t len, struct wrap *wrap);

/**
 * wrap_place() - where something stands in the text that was given
 * @wrap: the text with shorter lines
 * @place: in it
 */
struct place wrap_place(const struct wrap *wrap, struct place place);

/**
 * wrap_free() - free what wrap_text() made
 * @wrap: the text
 */
void wrap_free(struct wrap *wrap);

#endif /* WRAP_H */
