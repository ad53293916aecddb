// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values that are put into an import document before it is read.
 *
 * A value has no line break, so that lines stay where they are, and only columns
 * behind a hole on its line have to be led back.
 */
#include "template.h"
#include "lib/doc.h"
#include "lib/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX 128
#define VALUE_MAX 65536

/* Columns are in characters; those of @to and @to_end are of the result. */
struct template_hole {
	uint32_t line;
	uint32_t from;
	uint32_t from_end;
	uint32_t to;
	uint32_t to_end;
};

struct filler {
	const struct template_value *values;
	bool *used;
	size_t n;
	struct template *template;
	struct diag *diag;
	size_t room;
	size_t holes_room;
	struct place from;
	struct place to;
};

static int no_memory(struct filler *filler)
{
	diag_error(filler->diag, (struct place){ 0 }, "out of memory");
	return -ENOMEM;
}

static int append(struct filler *filler, const char *text, size_t len)
{
	struct template *template = filler->template;
	size_t room = filler->room ? filler->room : 4096;
	char *more;

	if (len > DOC_SIZE_MAX || template->len + len > DOC_SIZE_MAX)
		return diag_error(filler->diag, filler->from,
				  "with its values, the document is larger than %u MiB",
				  DOC_SIZE_MAX >> 20);
	while (room <= template->len + len)
		room *= 2;
	if (room > filler->room) {
		more = realloc(template->text, room);
		if (!more)
			return no_memory(filler);
		template->text = more;
		filler->room = room;
	}
	if (len)
		memcpy(template->text + template->len, text, len);
	template->len += len;
	template->text[template->len] = '\0';
	return 0;
}

static void advance(struct place *place, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] == '\n')
			*place = (struct place){ place->line + 1, 1 };
		else if (((unsigned char)text[i] & 0xc0) != 0x80)
			place->column++;
	}
}

static int copy(struct filler *filler, const char *text, size_t len)
{
	int err = append(filler, text, len);

	advance(&filler->from, text, len);
	advance(&filler->to, text, len);
	return err;
}

static size_t blanks(const char *text, const char *end)
{
	size_t n = 0;

	while (text + n < end && (text[n] == ' ' || text[n] == '\t'))
		n++;
	return n;
}

static bool is_key_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

static const char *key_at(size_t index, const void *arg)
{
	const struct filler *filler = arg;

	return index < filler->n ? filler->values[index].key : NULL;
}

static int lacks(struct filler *filler, const char *key, size_t len)
{
	const char *nearest = text_nearest(key, len, key_at, filler);
	char message[TEXT_WHY_LEN], hint[TEXT_WHY_LEN];
	const struct finding finding = {
		.place = filler->from,
		.is_error = true,
		.message = message,
		.hint = hint,
	};

	snprintf(message, sizeof(message), "{{ .Values.%.*s }} has no value",
		 (int)(len < KEY_MAX ? len : KEY_MAX), key);
	if (nearest)
		snprintf(hint, sizeof(hint), "did you mean .Values.%.100s?", nearest);
	else
		snprintf(hint, sizeof(hint), "give it with --set %.*s=VALUE",
			 (int)(len < KEY_MAX ? len : KEY_MAX), key);
	diag_report(filler->diag, &finding);
	return -EINVAL;
}

static int add_hole(struct filler *filler, struct place from, struct place to)
{
	struct template *template = filler->template;
	size_t room = filler->holes_room ? 2 * filler->holes_room : 16;
	struct template_hole *more;

	if (template->n == filler->holes_room) {
		more = realloc(template->holes, room * sizeof(*more));
		if (!more)
			return no_memory(filler);
		template->holes = more;
		filler->holes_room = room;
	}
	template->holes[template->n++] = (struct template_hole){
		from.line, from.column, filler->from.column, to.column, filler->to.column,
	};
	return 0;
}

/* Put a value where a hole of some bytes is. */
static int fill(struct filler *filler, const char *hole, size_t hole_len, size_t index)
{
	const char *value = filler->values[index].value;
	struct place from = filler->from, to = filler->to;
	int err = append(filler, value, strlen(value));

	filler->used[index] = true;
	advance(&filler->from, hole, hole_len);
	advance(&filler->to, value, strlen(value));
	return err ? err : add_hole(filler, from, to);
}

/*
 * Read "{{ .Values.KEY }}" at the beginning of a text: its bytes, 0 where it is
 * something else, or a negative error.
 */
static ssize_t read_hole(struct filler *filler, const char *text, const char *end, const char **key,
			 size_t *key_len)
{
	static const char start[] = ".Values.";
	const char *at = text + 2;

	at += at < end && *at == '-';
	at += blanks(at, end);
	if ((size_t)(end - at) < strlen(start) || memcmp(at, start, strlen(start)) != 0)
		return 0;
	at += strlen(start);
	*key = at;
	while (at < end && is_key_character(*at))
		at++;
	*key_len = (size_t)(at - *key);
	at += blanks(at, end);
	at += at < end && *at == '-';
	if (!*key_len || *key_len > KEY_MAX || end - at < 2 || at[0] != '}' || at[1] != '}')
		return diag_error(filler->diag, filler->from,
				  "only {{ .Values.KEY }} is filled here, nothing else of the kind");
	return at + 2 - text;
}

static int fill_hole(struct filler *filler, const char **at, const char *end)
{
	const char *key, *text = *at;
	size_t i, key_len;
	ssize_t len = read_hole(filler, text, end, &key, &key_len);

	if (len < 0)
		len = 2; /* go on behind it, for further errors */
	if (len <= 2) {
		*at += 2;
		return copy(filler, text, 2);
	}
	*at += len;
	for (i = 0; i < filler->n; i++)
		if (strlen(filler->values[i].key) == key_len &&
		    !memcmp(filler->values[i].key, key, key_len))
			return fill(filler, text, (size_t)len, i);
	lacks(filler, key, key_len);
	return copy(filler, text, (size_t)len);
}

static int fill_all(struct filler *filler, const char *data, size_t len)
{
	const char *at = data, *end = data + len;
	int err = append(filler, "", 0);

	while (!err && at < end) {
		const char *hole = memmem(at, (size_t)(end - at), "{{", 2);

		if (!hole)
			hole = end;
		err = copy(filler, at, (size_t)(hole - at));
		at = hole;
		if (!err && at < end)
			err = fill_hole(filler, &at, end);
	}
	return err;
}

static int check_value(const struct template_value *value, struct diag *diag)
{
	size_t i, len = strlen(value->key);

	for (i = 0; i < len; i++)
		if (!is_key_character(value->key[i]))
			break;
	if (!len || len > KEY_MAX || i < len)
		return diag_error(diag, (struct place){ 0 },
				  "%s is no key of a value: it has letters, digits, _, - and dots",
				  text_show(value->key, len).s);
	len = strlen(value->value);
	if (len > VALUE_MAX || !text_is_plain(value->value, len))
		return diag_error(diag, (struct place){ 0 },
				  "the value of %s is no line of text, of %d bytes at most",
				  value->key, VALUE_MAX);
	return 0;
}

int template_fill(const char *data, size_t len, const struct template_value *values, size_t n,
		  struct template *template, struct diag *diag)
{
	struct filler filler = {
		.values = values,
		.n = n,
		.template = template,
		.diag = diag,
		.from = { 1, 1 },
		.to = { 1, 1 },
	};
	unsigned int before = diag->errors;
	size_t i;
	int err = 0;

	memset(template, 0, sizeof(*template));
	filler.used = calloc(n + 1, sizeof(*filler.used));
	if (!filler.used)
		return no_memory(&filler);
	for (i = 0; i < n; i++)
		check_value(&values[i], diag);
	if (diag->errors == before)
		err = fill_all(&filler, data, len);
	for (i = 0; i < n && diag->errors == before; i++)
		if (!filler.used[i])
			diag_warning(diag, (struct place){ 0 },
				     "nothing takes the value of %s: there is no {{ .Values.%s }}",
				     values[i].key, values[i].key);
	free(filler.used);
	if (err == -ENOMEM)
		return err;
	return diag->errors == before ? 0 : -EINVAL;
}

static bool begins_behind(const struct template_hole *hole, struct place place)
{
	if (hole->line != place.line)
		return hole->line > place.line;
	return hole->to > place.column;
}

struct place template_place(const struct template *template, struct place place)
{
	size_t low = 0, high = template->n;

	/* The last hole that does not begin behind the place. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (begins_behind(&template->holes[middle], place))
			high = middle;
		else
			low = middle + 1;
	}
	if (low && template->holes[low - 1].line == place.line) {
		const struct template_hole *hole = &template->holes[low - 1];

		if (place.column < hole->to_end)
			place.column = hole->from;
		else
			place.column += hole->from_end - hole->to_end;
	}
	return place;
}

void template_free(struct template *template)
{
	free(template->text);
	free(template->holes);
	memset(template, 0, sizeof(*template));
}
