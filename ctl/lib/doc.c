// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A YAML or JSON document as a tree: libfyaml's events in, located values out.
 *
 * YAML 1.2 includes JSON, so that one reader serves both. Events are used
 * rather than libfyaml's own documents, because they let bounds be checked
 * before anything is allocated.
 */
#include "doc.h"
#include "text.h"
#include "wrap.h"

#include <errno.h>
#include <libfyaml.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_CHUNK (256U << 10)

/* Blanks and line breaks in a row, and bytes of a directive. */
#define BLANKS_MAX 256
#define DIRECTIVE_MAX 100

struct chunk {
	struct chunk *next;
	size_t used;
	size_t size;
	char data[];
};

struct doc {
	struct chunk *chunks;
	struct doc_value *root;
	/* Where the value of a further document goes. */
	struct doc_value **end;
	size_t n_values;
};

/* A list or object that is being read. */
struct level {
	struct doc_value *value;
	struct doc_value **end;
	/* The field whose value comes next; its text is NULL between fields. */
	struct doc_value field;
};

struct reader {
	struct doc *doc;
	struct diag *diag;
	struct level levels[DOC_DEPTH_MAX];
	unsigned int depth;
	unsigned int documents;
	bool is_stream;
	/* The text as it is parsed, and as it was given. */
	struct wrap wrap;
	/* Where the last token stood: an absent value has no place itself. */
	struct place last;
	/* Where a scalar's text is put together. */
	struct fy_token_iter *iterator;
	char *text;
	size_t room;
};

static void *arena_alloc(struct doc *doc, size_t size)
{
	struct chunk *chunk = doc->chunks;
	void *memory;

	size = (size + 7) & ~(size_t)7;
	if (!chunk || chunk->size - chunk->used < size) {
		size_t room = size > ARENA_CHUNK ? size : ARENA_CHUNK;

		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		chunk->next = doc->chunks;
		chunk->used = 0;
		chunk->size = room;
		doc->chunks = chunk;
	}
	memory = chunk->data + chunk->used;
	chunk->used += size;
	return memory;
}

void doc_free(struct doc *doc)
{
	struct chunk *chunk, *next;

	if (!doc)
		return;
	for (chunk = doc->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(doc);
}

const struct doc_value *doc_root(const struct doc *doc)
{
	return doc->root;
}

const char *doc_kind_name(enum doc_kind kind)
{
	static const char *const names[] = {
		[DOC_NULL] = "nothing",		  [DOC_BOOL] = "true or false",
		[DOC_INTEGER] = "a whole number", [DOC_FLOAT] = "a fraction",
		[DOC_STRING] = "a string",	  [DOC_LIST] = "a list",
		[DOC_OBJECT] = "an object",
	};

	return names[kind];
}

static int no_memory(struct reader *reader)
{
	diag_error(reader->diag, (struct place){ 0 }, "out of memory");
	return -ENOMEM;
}

static struct place token_place(struct reader *reader, struct fy_token *token)
{
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
	enum fy_scalar_style style;

	if (!mark)
		return reader->last;
	reader->last.line = (uint32_t)mark->line + 1;
	reader->last.column = (uint32_t)mark->column + 1;
	if (fy_token_get_type(token) == FYTT_SCALAR) {
		style = fy_token_scalar_style(token);
		/* The mark is behind the quotation mark. */
		if (reader->last.column > 1 &&
		    (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED))
			reader->last.column--;
	}
	reader->last = wrap_place(&reader->wrap, reader->last);
	return reader->last;
}

static bool is_one_of(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(s, *words))
			return true;
	return false;
}

static bool is_integer(const char *s)
{
	const char *digits = "0123456789";

	if (!strncmp(s, "0o", 2)) {
		digits = "01234567";
		s += 2;
	} else if (!strncmp(s, "0x", 2)) {
		digits = "0123456789abcdefABCDEF";
		s += 2;
	} else if (*s == '-' || *s == '+') {
		s++;
	}
	return *s && !s[strspn(s, digits)];
}

static bool is_float(const char *s)
{
	static const char *const words[] = { ".inf",  ".Inf", ".INF", "+.inf", "-.inf", "-.Inf",
					     "-.INF", ".nan", ".NaN", ".NAN",  NULL };
	char *end;

	if (is_one_of(s, words))
		return true;
	if (!strpbrk(s, "0123456789") || s[strspn(s, "0123456789+-.eE")])
		return false;
	strtod(s, &end);
	return !*end;
}

/* YAML 1.2's core schema (section 10.3.2), which agrees with JSON's literals. */
static enum doc_kind plain_kind(const char *s)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const bools[] = {
		"true", "True", "TRUE", "false", "False", "FALSE", NULL
	};

	if (is_one_of(s, nulls))
		return DOC_NULL;
	if (is_one_of(s, bools))
		return DOC_BOOL;
	if (is_integer(s))
		return DOC_INTEGER;
	if (is_float(s))
		return DOC_FLOAT;
	return DOC_STRING;
}

static bool append(struct reader *reader, size_t used, const struct fy_iter_chunk *chunk)
{
	size_t room = 2 * (used + chunk->len);
	char *more;

	if (reader->room - used < chunk->len) {
		more = realloc(reader->text, room);
		if (!more)
			return false;
		reader->text = more;
		reader->room = room;
	}
	memcpy(reader->text + used, chunk->str, chunk->len);
	return true;
}

/*
 * Put a scalar's text together: its bytes, or a negative error. It is taken by
 * chunks because libfyaml 0.7.12 leaks in fy_token_get_text() when there are
 * many, and mixes them up in fy_token_iter_read().
 */
static ssize_t collect_text(struct reader *reader, struct fy_token *token)
{
	const struct fy_iter_chunk *chunk = NULL;
	size_t used = 0;
	int err = 0;

	fy_token_iter_start(token, reader->iterator);
	while (!err && (chunk = fy_token_iter_chunk_next(reader->iterator, chunk, &err))) {
		if (append(reader, used, chunk))
			used += chunk->len;
		else
			err = -ENOMEM;
	}
	fy_token_iter_finish(reader->iterator);
	return err ? -ENOMEM : (ssize_t)used;
}

static int scalar_text(struct reader *reader, struct fy_token *token, struct doc_value *value)
{
	ssize_t len = token ? collect_text(reader, token) : 0;
	char *copy = len < 0 ? NULL : arena_alloc(reader->doc, (size_t)len + 1);

	if (!copy)
		return no_memory(reader);
	if (len)
		memcpy(copy, reader->text, (size_t)len);
	copy[len] = '\0';
	if (memchr(copy, '\0', (size_t)len))
		return diag_error(reader->diag, value->place, "the text holds a NUL character");
	value->text = copy;
	value->len = (uint32_t)len;
	value->kind = DOC_STRING;
	if (!token || fy_token_scalar_style(token) == FYSS_PLAIN)
		value->kind = plain_kind(copy);
	return 0;
}

static struct level *top(struct reader *reader)
{
	return reader->depth ? &reader->levels[reader->depth - 1] : NULL;
}

static bool expects_key(struct reader *reader)
{
	struct level *level = top(reader);

	return level && level->value->kind == DOC_OBJECT && !level->field.text;
}

/* Put a value where the document has got to. */
static int attach(struct reader *reader, const struct doc_value *value, struct doc_value **attached)
{
	struct level *level = top(reader);
	struct doc_value *copy;

	if (++reader->doc->n_values > DOC_VALUES_MAX)
		return diag_error(reader->diag, value->place,
				  "the document holds more than %d values", DOC_VALUES_MAX);
	copy = arena_alloc(reader->doc, sizeof(*copy));
	if (!copy)
		return no_memory(reader);
	*copy = *value;
	if (!level) {
		*reader->doc->end = copy;
		reader->doc->end = &copy->next;
	} else {
		copy->key = level->field.text;
		copy->key_len = level->field.len;
		copy->key_place = level->field.place;
		level->field.text = NULL;
		*level->end = copy;
		level->end = &copy->next;
	}
	*attached = copy;
	return 0;
}

static int read_scalar(struct reader *reader, struct fy_token *token)
{
	struct doc_value value = { .place = token_place(reader, token) };
	struct doc_value *attached;
	int err = scalar_text(reader, token, &value);

	if (err)
		return err;
	if (!expects_key(reader))
		return attach(reader, &value, &attached);
	top(reader)->field = value;
	return 0;
}

static int begin_level(struct reader *reader, struct fy_token *token, enum doc_kind kind)
{
	struct doc_value value = { .place = token_place(reader, token), .kind = kind };
	struct doc_value *attached;
	struct level *level;
	int err;

	if (expects_key(reader))
		return diag_error(reader->diag, value.place,
				  "a field's name must be a string, not %s", doc_kind_name(kind));
	if (reader->depth == DOC_DEPTH_MAX)
		return diag_error(reader->diag, value.place, "nested deeper than %d levels",
				  DOC_DEPTH_MAX);
	err = attach(reader, &value, &attached);
	if (err)
		return err;
	level = &reader->levels[reader->depth++];
	memset(level, 0, sizeof(*level));
	level->value = attached;
	level->end = &attached->first;
	return 0;
}

static int refuse_tag(struct reader *reader, struct fy_token *tag)
{
	struct place place = token_place(reader, tag);
	size_t len = 0;
	const char *text = fy_token_get_text(tag, &len);

	if (!text)
		text = "";
	return diag_error(reader->diag, place,
			  "%s is a YAML tag: a value that begins with ! stands in quotes",
			  text_show(text, len).s);
}

static int refuse_decoration(struct reader *reader, struct fy_event *event)
{
	struct fy_token *tag = fy_event_get_tag_token(event);
	struct fy_token *anchor = fy_event_get_anchor_token(event);

	if (tag)
		return refuse_tag(reader, tag);
	if (anchor)
		return diag_error(reader->diag, token_place(reader, anchor),
				  "YAML anchors are not taken here");
	return 0;
}

static int begin_document(struct reader *reader, struct fy_event *event)
{
	struct fy_token *token = event->document_start.document_start;

	if (!reader->documents++ || reader->is_stream)
		return 0;
	return diag_error(reader->diag, token_place(reader, token),
			  "one document is expected, here a second one begins");
}

static int read_event(struct reader *reader, struct fy_event *event)
{
	int err = refuse_decoration(reader, event);

	if (err)
		return err;
	switch (event->type) {
	case FYET_DOCUMENT_START:
		return begin_document(reader, event);
	case FYET_SCALAR:
		return read_scalar(reader, event->scalar.value);
	case FYET_SEQUENCE_START:
		return begin_level(reader, event->sequence_start.sequence_start, DOC_LIST);
	case FYET_MAPPING_START:
		return begin_level(reader, event->mapping_start.mapping_start, DOC_OBJECT);
	case FYET_SEQUENCE_END:
	case FYET_MAPPING_END:
		reader->depth--;
		return 0;
	case FYET_ALIAS:
		return diag_error(reader->diag, token_place(reader, event->alias.anchor),
				  "YAML aliases are not taken here");
	default:
		return 0;
	}
}

/* What libfyaml itself found wrong. */
static int syntax_errors(struct reader *reader, struct fy_diag *diag)
{
	struct fy_diag_error *error;
	void *iterator = NULL;
	unsigned int before = reader->diag->errors;

	while ((error = fy_diag_errors_iterate(diag, &iterator))) {
		struct place place = { 0 };

		if (error->line > 0) {
			place.line = (uint32_t)error->line;
			place.column = (uint32_t)error->column;
		}
		diag_error(reader->diag, wrap_place(&reader->wrap, place), "%s", error->msg);
	}
	if (reader->diag->errors == before)
		diag_error(reader->diag, reader->last, "not a YAML or JSON document");
	return -EINVAL;
}

static int read_events(struct reader *reader, struct fy_parser *parser, struct fy_diag *diag)
{
	struct fy_event *event;
	int err = 0;

	while (!err && (event = fy_parser_parse(parser))) {
		err = read_event(reader, event);
		fy_parser_event_free(parser, event);
	}
	if (!err && fy_parser_get_stream_error(parser))
		err = syntax_errors(reader, diag);
	return err;
}

/* Some of libfyaml's errors are printed even where they are collected. */
static void discard(struct fy_diag *diag, void *user, const char *text, size_t len)
{
	(void)diag;
	(void)user;
	(void)text;
	(void)len;
}

static struct fy_diag *make_diag(void)
{
	struct fy_diag_cfg config;
	struct fy_diag *diag;

	fy_diag_cfg_default(&config);
	config.output_fn = discard;
	config.colorize = false;
	diag = fy_diag_create(&config);
	if (diag)
		fy_diag_set_collect_errors(diag, true);
	return diag;
}

static int parse(struct reader *reader, const char *data, size_t len)
{
	struct fy_parse_cfg config = {
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_SLOPPY_FLOW_INDENTATION,
		.diag = make_diag(),
	};
	struct fy_parser *parser = config.diag ? fy_parser_create(&config) : NULL;
	int err;

	reader->iterator = fy_token_iter_create(NULL);
	if (parser && reader->iterator && !fy_parser_set_string(parser, data, len))
		err = read_events(reader, parser, config.diag);
	else
		err = no_memory(reader);
	if (parser)
		fy_parser_destroy(parser);
	if (config.diag)
		fy_diag_destroy(config.diag);
	if (reader->iterator)
		fy_token_iter_destroy(reader->iterator);
	free(reader->text);
	return err;
}

static bool is_text(uint32_t character)
{
	return !text_is_control(character) || character == '\t' || character == '\n' ||
	       character == '\r';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool begins_with(const char *line, size_t len, const char *word)
{
	return len >= strlen(word) && !memcmp(line, word, strlen(word));
}

/* Whether a line begins like a directive, but is none that YAML has. */
static bool is_odd_directive(const char *line, size_t len)
{
	const char *end = memchr(line, '\n', len);

	if (line[0] != '%')
		return false;
	if (end)
		len = (size_t)(end - line);
	return len > DIRECTIVE_MAX ||
	       (!begins_with(line, len, "%YAML ") && !begins_with(line, len, "%TAG "));
}

/*
 * The bytes must be text before anything else looks at them. What takes libfyaml a
 * time that grows with the square of its length is refused, too: many blanks in a row,
 * and long directives.
 */
static int check_text(struct reader *reader, const char *data, size_t len)
{
	struct place place = { 1, 1 };
	unsigned int blanks = 0;
	uint32_t character;
	size_t n;

	for (; len; data += n, len -= n) {
		n = text_decode(data, len, &character);
		if (!n)
			return diag_error(reader->diag, place, "byte 0x%02x is not UTF-8",
					  (unsigned char)*data);
		if (!is_text(character))
			return diag_error(reader->diag, place, "control character U+%04X",
					  (unsigned int)character);
		blanks = is_blank(*data) ? blanks + 1 : 0;
		if (blanks > BLANKS_MAX)
			return diag_error(reader->diag, place,
					  "more than %d blanks and line breaks in a row",
					  BLANKS_MAX);
		if (place.column == 1 && is_odd_directive(data, len))
			return diag_error(reader->diag, place,
					  "a line cannot begin with %% here: put it in quotation marks");
		place.column++;
		if (character == '\n')
			place = (struct place){ place.line + 1, 1 };
	}
	return 0;
}

static int read_all(struct reader *reader, const char *data, size_t len)
{
	int err;

	if (len > DOC_SIZE_MAX)
		return diag_error(reader->diag, (struct place){ 0 }, "larger than %u MiB",
				  DOC_SIZE_MAX >> 20);
	if (len >= 3 && !memcmp(data, "\xef\xbb\xbf", 3)) {
		data += 3; /* a byte order mark is no text */
		len -= 3;
	}
	err = check_text(reader, data, len);
	if (!err && wrap_text(data, len, &reader->wrap))
		err = no_memory(reader);
	if (!err)
		err = parse(reader, reader->wrap.text, reader->wrap.len);
	wrap_free(&reader->wrap);
	if (!err && !reader->doc->root)
		err = diag_error(reader->diag, (struct place){ 0 }, "the document is empty");
	return err;
}

static struct doc *read_doc(struct reader *reader, const char *data, size_t len)
{
	reader->doc = calloc(1, sizeof(*reader->doc));
	if (!reader->doc) {
		no_memory(reader);
		return NULL;
	}
	reader->doc->end = &reader->doc->root;
	if (read_all(reader, data, len)) {
		doc_free(reader->doc);
		return NULL;
	}
	return reader->doc;
}

struct doc *doc_read(const char *data, size_t len, struct diag *diag)
{
	struct reader reader = { .diag = diag };

	return read_doc(&reader, data, len);
}

struct doc *doc_read_stream(const char *data, size_t len, struct diag *diag)
{
	struct reader reader = { .diag = diag, .is_stream = true };

	return read_doc(&reader, data, len);
}

int doc_error(struct diag *diag, const struct doc_value *value, const char *format, ...)
{
	struct finding finding = { .place = value->place, .is_error = true, .value = value->text };
	va_list args;

	va_start(args, format);
	diag_vreport(diag, &finding, format, args);
	va_end(args);
	return -EINVAL;
}

void doc_warning(struct diag *diag, const struct doc_value *value, const char *format, ...)
{
	struct finding finding = { .place = value->place, .value = value->text };
	va_list args;

	va_start(args, format);
	diag_vreport(diag, &finding, format, args);
	va_end(args);
}
