// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Filters of lists: a reader by recursive descent, and a tree that is walked for each
 * object. The text is short and its nesting bounded.
 */
#include "filter.h"
#include "lib/text.h"

#include <errno.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 32
#define VALUES_MAX 64

enum operation {
	OP_ALL,
	OP_AND,
	OP_OR,
	OP_NOT,
	OP_EQUAL,
	OP_LESS,
	OP_LESS_EQUAL,
	OP_GREATER,
	OP_GREATER_EQUAL,
	OP_IN,
	OP_CONTAINS,
	OP_MATCHES,
	OP_EXISTS,
};

struct value {
	char *text;
	double number;
	bool is_number;
	regex_t *regex;
};

struct filter {
	enum operation operation;
	struct filter *left;
	struct filter *right;
	char *field;
	struct value values[VALUES_MAX];
	size_t n;
};

enum token {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_SIGN,
	TOKEN_BAD,
};

struct parser {
	const char *at;
	/* The token that comes next. */
	enum token token;
	char text[FILTER_MAX_LEN + 1];
	unsigned int depth;
	char *why;
	int err;
};

static struct filter *parse_filter(struct parser *parser);

/* --- tokens --------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void refuse(struct parser *parser, const char *format,
							 ...)
{
	va_list args;

	if (parser->err)
		return;
	va_start(args, format);
	vsnprintf(parser->why, TEXT_WHY_LEN, format, args);
	va_end(args);
	parser->err = -EINVAL;
}

static void *allocated(struct parser *parser, void *memory)
{
	if (!memory && !parser->err) {
		snprintf(parser->why, TEXT_WHY_LEN, "out of memory");
		parser->err = -ENOMEM;
	}
	return memory;
}

static bool is_word_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("_.-+:@$/", c)) || (unsigned char)c >= 0x80;
}

static void read_string(struct parser *parser)
{
	char quote = *parser->at++;
	size_t n = 0;

	while (*parser->at && *parser->at != quote) {
		if (*parser->at == '\\' && parser->at[1])
			parser->at++;
		parser->text[n++] = *parser->at++;
	}
	parser->text[n] = '\0';
	parser->token = TOKEN_STRING;
	if (*parser->at == quote)
		parser->at++;
	else
		refuse(parser, "the text %s lacks its closing quotation mark",
		       text_show(parser->text, n).s);
}

static void read_sign(struct parser *parser)
{
	static const char *const signs[] = { "==", "!=", "<=", ">=", "<", ">",
					     "(",  ")",	 "[",  "]",  "," };
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		if (strncmp(parser->at, signs[i], strlen(signs[i])) != 0)
			continue;
		strcpy(parser->text, signs[i]);
		parser->at += strlen(signs[i]);
		parser->token = TOKEN_SIGN;
		return;
	}
	parser->token = TOKEN_BAD;
	if (*parser->at == '=')
		refuse(parser, "= stands alone: write ==");
	else
		refuse(parser, "%s is nothing that a filter knows",
		       text_show(parser->at, strlen(parser->at)).s);
}

static void advance(struct parser *parser)
{
	size_t n = 0;

	while (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\n')
		parser->at++;
	if (!*parser->at) {
		parser->token = TOKEN_END;
		strcpy(parser->text, "the end");
	} else if (*parser->at == '"' || *parser->at == '\'') {
		read_string(parser);
	} else if (is_word_character(*parser->at)) {
		while (is_word_character(*parser->at))
			parser->text[n++] = *parser->at++;
		parser->text[n] = '\0';
		parser->token = TOKEN_WORD;
	} else {
		read_sign(parser);
	}
}

static bool is_word(const struct parser *parser, const char *word)
{
	return parser->token == TOKEN_WORD && !strcasecmp(parser->text, word);
}

static bool is_sign(const struct parser *parser, const char *sign)
{
	return parser->token == TOKEN_SIGN && !strcmp(parser->text, sign);
}

/* Go behind a token, if it is there. */
static bool take_word(struct parser *parser, const char *word)
{
	if (!is_word(parser, word))
		return false;
	advance(parser);
	return true;
}

static bool take_sign(struct parser *parser, const char *sign)
{
	if (!is_sign(parser, sign))
		return false;
	advance(parser);
	return true;
}

/* --- the tree ------------------------------------------------------------- */

void filter_free(struct filter *filter)
{
	size_t i;

	if (!filter)
		return;
	filter_free(filter->left);
	filter_free(filter->right);
	for (i = 0; i < filter->n; i++) {
		if (filter->values[i].regex) {
			regfree(filter->values[i].regex);
			free(filter->values[i].regex);
		}
		free(filter->values[i].text);
	}
	free(filter->field);
	free(filter);
}

static struct filter *make(struct parser *parser, enum operation operation, struct filter *left,
			   struct filter *right)
{
	struct filter *filter = allocated(parser, calloc(1, sizeof(*filter)));

	if (!filter) {
		filter_free(left);
		filter_free(right);
		return NULL;
	}
	filter->operation = operation;
	filter->left = left;
	filter->right = right;
	return filter;
}

/* Bounds and back references cost more than their text tells. */
static bool is_cheap(const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern == '{')
			return false;
		if (*pattern == '\\' && pattern[1]) {
			pattern++;
			if (*pattern >= '1' && *pattern <= '9')
				return false;
		}
	}
	return true;
}

static void compile_pattern(struct parser *parser, struct value *value)
{
	char reason[128];
	int err;

	if (!is_cheap(value->text)) {
		refuse(parser, "%s: a pattern has no bounds in braces and no back references",
		       text_show(value->text, strlen(value->text)).s);
		return;
	}
	value->regex = allocated(parser, calloc(1, sizeof(regex_t)));
	if (!value->regex)
		return;
	err = regcomp(value->regex, value->text, REG_EXTENDED | REG_NOSUB);
	if (!err)
		return;
	regerror(err, value->regex, reason, sizeof(reason));
	free(value->regex);
	value->regex = NULL;
	refuse(parser, "%s is no regular expression: %s",
	       text_show(value->text, strlen(value->text)).s, reason);
}

static void parse_value(struct parser *parser, struct filter *filter)
{
	struct value *value = &filter->values[filter->n];
	char *end;

	if (filter->n == VALUES_MAX) {
		refuse(parser, "a list has %d values at most", VALUES_MAX);
		return;
	}
	if (parser->token != TOKEN_STRING && parser->token != TOKEN_WORD) {
		refuse(parser, "a value is expected behind %s, not %s", filter->field,
		       text_show(parser->text, strlen(parser->text)).s);
		return;
	}
	value->text = allocated(parser, strdup(parser->text));
	if (!value->text)
		return;
	filter->n++;
	value->number = strtod(value->text, &end);
	value->is_number = *value->text && !*end;
	if (filter->operation == OP_MATCHES)
		compile_pattern(parser, value);
	advance(parser);
}

static void parse_values(struct parser *parser, struct filter *filter)
{
	if (!take_sign(parser, "[")) {
		parse_value(parser, filter);
		return;
	}
	do
		parse_value(parser, filter);
	while (!parser->err && take_sign(parser, ","));
	if (!parser->err && !take_sign(parser, "]"))
		refuse(parser, "the list behind %s lacks its ]", filter->field);
}

static const struct {
	const char *sign;
	enum operation operation;
	bool negated;
} comparisons[] = {
	{ "==", OP_EQUAL, false },  { "!=", OP_EQUAL, true },
	{ "<", OP_LESS, false },    { "<=", OP_LESS_EQUAL, false },
	{ ">", OP_GREATER, false }, { ">=", OP_GREATER_EQUAL, false },
};

static const struct {
	const char *word;
	enum operation operation;
} words[] = {
	{ "in", OP_IN },
	{ "contains", OP_CONTAINS },
	{ "matches", OP_MATCHES },
	{ "exists", OP_EXISTS },
};

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What stands behind a field; whether it is negated. */
static bool parse_operation(struct parser *parser, struct filter *filter)
{
	bool negated = take_word(parser, "not");
	size_t i;

	for (i = 0; i < N_OF(words); i++) {
		if (!take_word(parser, words[i].word))
			continue;
		filter->operation = words[i].operation;
		if (filter->operation != OP_EXISTS)
			parse_values(parser, filter);
		return negated;
	}
	for (i = 0; i < N_OF(comparisons) && !negated; i++) {
		if (!take_sign(parser, comparisons[i].sign))
			continue;
		filter->operation = comparisons[i].operation;
		parse_value(parser, filter);
		return comparisons[i].negated;
	}
	refuse(parser, "==, !=, <, <=, >, >=, in, contains, matches or exists is expected behind %s",
	       filter->field);
	return negated;
}

static struct filter *parse_comparison(struct parser *parser)
{
	struct filter *filter;

	if (parser->token != TOKEN_WORD) {
		refuse(parser, "a field is expected, not %s",
		       text_show(parser->text, strlen(parser->text)).s);
		return NULL;
	}
	filter = make(parser, OP_EQUAL, NULL, NULL);
	if (!filter)
		return NULL;
	filter->field = allocated(parser, strdup(parser->text));
	advance(parser);
	if (filter->field && parse_operation(parser, filter))
		filter = make(parser, OP_NOT, filter, NULL);
	return filter;
}

static struct filter *parse_term(struct parser *parser)
{
	struct filter *inner;

	if (++parser->depth > DEPTH_MAX)
		refuse(parser, "the filter is nested deeper than %d levels", DEPTH_MAX);
	if (parser->err)
		return NULL;
	if (take_word(parser, "not")) {
		inner = parse_term(parser);
		inner = make(parser, OP_NOT, inner, NULL);
	} else if (take_sign(parser, "(")) {
		inner = parse_filter(parser);
		if (!parser->err && !take_sign(parser, ")"))
			refuse(parser, "a closing parenthesis is expected, not %s",
			       text_show(parser->text, strlen(parser->text)).s);
	} else {
		inner = parse_comparison(parser);
	}
	parser->depth--;
	return inner;
}

static struct filter *parse_conjunction(struct parser *parser)
{
	struct filter *left = parse_term(parser);

	while (!parser->err && take_word(parser, "and"))
		left = make(parser, OP_AND, left, parse_term(parser));
	return left;
}

static struct filter *parse_filter(struct parser *parser)
{
	struct filter *left = parse_conjunction(parser);

	while (!parser->err && take_word(parser, "or"))
		left = make(parser, OP_OR, left, parse_conjunction(parser));
	return left;
}

int filter_parse(const char *text, struct filter **filter, char *why)
{
	struct parser *parser;
	int err;

	*filter = NULL;
	if (strnlen(text, FILTER_MAX_LEN + 1) > FILTER_MAX_LEN) {
		snprintf(why, TEXT_WHY_LEN, "a filter has %d bytes at most", FILTER_MAX_LEN);
		return -EINVAL;
	}
	parser = calloc(1, sizeof(*parser));
	if (!parser) {
		snprintf(why, TEXT_WHY_LEN, "out of memory");
		return -ENOMEM;
	}
	parser->at = text;
	parser->why = why;
	advance(parser);
	*filter = parser->token == TOKEN_END ? make(parser, OP_ALL, NULL, NULL) :
					       parse_filter(parser);
	if (!parser->err && parser->token != TOKEN_END)
		refuse(parser, "the filter ends before %s: and or or is expected",
		       text_show(parser->text, strlen(parser->text)).s);
	err = parser->err;
	free(parser);
	if (err) {
		filter_free(*filter);
		*filter = NULL;
	}
	return err;
}

/* --- judging -------------------------------------------------------------- */

const char *filter_stranger(const struct filter *filter,
			    bool (*knows)(const void *context, const char *field, size_t len),
			    const void *context)
{
	const char *stranger = NULL;

	if (filter->left)
		stranger = filter_stranger(filter->left, knows, context);
	if (!stranger && filter->right)
		stranger = filter_stranger(filter->right, knows, context);
	/* Of a path the first name is the object's own. */
	if (!stranger && filter->field &&
	    !knows(context, filter->field, strcspn(filter->field, ".")))
		stranger = filter->field;
	return stranger;
}

/* A field by its path; false where it is absent. */
static bool find_field(struct json_object *object, const char *path, struct json_object **value)
{
	char key[FILTER_MAX_LEN + 1];
	const char *dot;

	if (json_object_object_get_ex(object, path, value))
		return true;
	while ((dot = strchr(path, '.')) != NULL) {
		snprintf(key, sizeof(key), "%.*s", (int)(dot - path), path);
		if (!json_object_object_get_ex(object, key, &object))
			return false;
		path = dot + 1;
		if (!json_object_is_type(object, json_type_object))
			return false;
		if (json_object_object_get_ex(object, path, value))
			return true;
	}
	return false;
}

static bool is_number(struct json_object *field)
{
	return json_object_is_type(field, json_type_int) ||
	       json_object_is_type(field, json_type_double);
}

/* Numbers by their size, all else by its text. */
static int compare(struct json_object *field, const struct value *value)
{
	double number;

	if (is_number(field) && value->is_number) {
		number = json_object_get_double(field);
		return number < value->number ? -1 : number > value->number;
	}
	return strcmp(field ? json_object_get_string(field) : "null", value->text);
}

static bool has_part(struct json_object *field, const struct value *value)
{
	size_t i;

	if (!json_object_is_type(field, json_type_array))
		return field && strstr(json_object_get_string(field), value->text) != NULL;
	for (i = 0; i < json_object_array_length(field); i++)
		if (!compare(json_object_array_get_idx(field, i), value))
			return true;
	return false;
}

static bool matches_one(const struct filter *filter, struct json_object *field,
			const struct value *value)
{
	switch (filter->operation) {
	case OP_LESS:
		return compare(field, value) < 0;
	case OP_LESS_EQUAL:
		return compare(field, value) <= 0;
	case OP_GREATER:
		return compare(field, value) > 0;
	case OP_GREATER_EQUAL:
		return compare(field, value) >= 0;
	case OP_CONTAINS:
		return has_part(field, value);
	case OP_MATCHES:
		return field && !regexec(value->regex, json_object_get_string(field), 0, NULL, 0);
	default:
		return !compare(field, value);
	}
}

static bool matches_any(const struct filter *filter, struct json_object *object)
{
	struct json_object *field = NULL;
	size_t i;

	if (!find_field(object, filter->field, &field))
		return false;
	for (i = 0; i < filter->n; i++)
		if (matches_one(filter, field, &filter->values[i]))
			return true;
	return filter->operation == OP_EXISTS;
}

bool filter_matches(const struct filter *filter, struct json_object *object)
{
	switch (filter->operation) {
	case OP_ALL:
		return true;
	case OP_AND:
		return filter_matches(filter->left, object) && filter_matches(filter->right, object);
	case OP_OR:
		return filter_matches(filter->left, object) ||
		       filter_matches(filter->right, object);
	case OP_NOT:
		return !filter_matches(filter->left, object);
	default:
		return matches_any(filter, object);
	}
}
