// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Long lines of JSON, cut into shorter ones.
 *
 * Within braces and brackets a comma ends a token, so that a line break may follow it,
 * except within quotation marks. Where the text turns out to be YAML, by a comment or
 * another kind of quotation marks, the rest is left as it is.
 */
#include "wrap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a line from which it is cut. */
#define LINE_MAX_LEN 4096

/* The line of the result that a cut begins, and where it stands in the original. */
struct wrap_break {
	uint32_t line;
	struct place from;
};

struct cutter {
	struct wrap *wrap;
	struct place from;
	uint32_t line;
	/* Since the last line break of the result. */
	size_t line_len;
	/* The last character that was no blank, outside of texts. */
	char last;
	bool is_text;
	bool is_escaped;
	bool is_yaml;
};

static bool is_flow(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!strchr(" \t\r\n", text[i]))
			return text[i] == '{' || text[i] == '[';
	return false;
}

static bool has_long_line(const char *text, size_t len)
{
	const char *end;

	for (; len > LINE_MAX_LEN; text = end + 1) {
		end = memchr(text, '\n', len);
		if (!end || end - text > LINE_MAX_LEN)
			return true;
		len -= (size_t)(end + 1 - text);
	}
	return false;
}

/* Whether a character stands outside of texts. */
static bool is_outside(struct cutter *cutter, char c)
{
	if (cutter->is_escaped) {
		cutter->is_escaped = false;
		return false;
	}
	if (cutter->is_text) {
		cutter->is_escaped = c == '\\';
		cutter->is_text = c != '"';
		return false;
	}
	if (c == '\'' || c == '#')
		cutter->is_yaml = true;
	/* Within a word, a quotation mark is a letter like others. */
	cutter->is_text = c == '"' && strchr("{[,:", cutter->last);
	if (!strchr(" \t\r\n", c))
		cutter->last = c;
	return !cutter->is_text;
}

static void step(struct cutter *cutter, char c)
{
	if (c == '\n') {
		cutter->from = (struct place){ cutter->from.line + 1, 1 };
		cutter->line++;
		cutter->line_len = 0;
	} else if (((unsigned char)c & 0xc0) != 0x80) {
		cutter->from.column++;
	}
}

static void cut(struct cutter *cutter)
{
	struct wrap *wrap = cutter->wrap;

	wrap->copy[wrap->len++] = '\n';
	wrap->breaks[wrap->n++] = (struct wrap_break){ ++cutter->line, cutter->from };
	cutter->line_len = 0;
}

static void cut_all(struct cutter *cutter, const char *text, size_t len)
{
	struct wrap *wrap = cutter->wrap;
	size_t i;

	for (i = 0; i < len; i++) {
		bool is_end = is_outside(cutter, text[i]) && text[i] == ',';

		wrap->copy[wrap->len++] = text[i];
		cutter->line_len++;
		step(cutter, text[i]);
		if (is_end && !cutter->is_yaml && cutter->line_len > LINE_MAX_LEN)
			cut(cutter);
	}
}

int wrap_text(const char *text, size_t len, struct wrap *wrap)
{
	struct cutter cutter = { .wrap = wrap, .from = { 1, 1 }, .line = 1, .last = ',' };
	size_t cuts = len / LINE_MAX_LEN + 1;

	*wrap = (struct wrap){ .text = text, .len = len };
	if (!is_flow(text, len) || !has_long_line(text, len))
		return 0;
	wrap->copy = malloc(len + cuts);
	wrap->breaks = calloc(cuts, sizeof(*wrap->breaks));
	if (!wrap->copy || !wrap->breaks)
		return -ENOMEM;
	wrap->len = 0;
	cut_all(&cutter, text, len);
	wrap->text = wrap->copy;
	return 0;
}

struct place wrap_place(const struct wrap *wrap, struct place place)
{
	size_t low = 0, high = wrap->n;
	const struct wrap_break *last;

	/* The last cut that does not begin a line behind the place's. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (wrap->breaks[middle].line > place.line)
			high = middle;
		else
			low = middle + 1;
	}
	if (!low)
		return place;
	last = &wrap->breaks[low - 1];
	if (last->line == place.line)
		return (struct place){ last->from.line, last->from.column + place.column - 1 };
	place.line -= (uint32_t)low;
	return place;
}

void wrap_free(struct wrap *wrap)
{
	free(wrap->copy);
	free(wrap->breaks);
	*wrap = (struct wrap){ 0 };
}
