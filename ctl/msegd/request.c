// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests and replies. */
#include "request.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"

/* --- taking a URI apart --------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* An unescaped copy; "+" is a space in a query alone. */
static int unescape(const char *text, size_t len, bool is_query, char **result)
{
	size_t i, n = 0;
	char *copy = malloc(len + 1);

	*result = copy;
	if (!copy)
		return -ENOMEM;
	for (i = 0; i < len; i++) {
		if (text[i] == '%') {
			int high = i + 2 < len ? hex_digit(text[i + 1]) : -1;

			if (high < 0 || hex_digit(text[i + 2]) < 0)
				return -EINVAL;
			copy[n] = (char)(high << 4 | hex_digit(text[i + 2]));
			i += 2;
		} else {
			copy[n] = is_query && text[i] == '+' ? ' ' : text[i];
		}
		if (!copy[n++])
			return -EINVAL;
	}
	copy[n] = '\0';
	return 0;
}

static int parse_path(struct request *request, const char *text, size_t len)
{
	const char *end = text + len;
	int err = 0;

	while (!err && text < end && *text == '/') {
		const char *next;
		size_t n;

		text++;
		next = memchr(text, '/', (size_t)(end - text));
		n = (size_t)((next ? next : end) - text);
		if (request->n_path == REQUEST_PARTS_MAX)
			return -E2BIG;
		err = unescape(text, n, false, &request->path[request->n_path++]);
		text += n;
	}
	return err ? err : text < end ? -EINVAL : 0;
}

static int parse_parameter(struct request *request, const char *text, size_t len)
{
	struct request_parameter *parameter = &request->query[request->n_query];
	const char *equals = memchr(text, '=', len);
	size_t n = equals ? (size_t)(equals - text) : len;
	int err;

	if (request->n_query == REQUEST_PARTS_MAX)
		return -E2BIG;
	request->n_query++;
	err = unescape(text, n, true, &parameter->name);
	if (err)
		return err;
	return unescape(equals ? equals + 1 : "", equals ? len - n - 1 : 0, true, &parameter->value);
}

int request_parse(struct request *request, const char *uri)
{
	const char *query = strchr(uri, '?');
	int err = parse_path(request, uri, query ? (size_t)(query - uri) : strlen(uri));

	while (!err && query && *query) {
		size_t n = strcspn(++query, "&");

		if (n)
			err = parse_parameter(request, query, n);
		query += n;
	}
	return err;
}

void request_clear(struct request *request)
{
	unsigned int i;

	for (i = 0; i < request->n_path; i++)
		free(request->path[i]);
	for (i = 0; i < request->n_query; i++) {
		free(request->query[i].name);
		free(request->query[i].value);
	}
	free(request->body);
	free(request->reply.text);
	memset(request, 0, sizeof(*request));
}

const char *request_get(const struct request *request, const char *name)
{
	unsigned int i;

	for (i = 0; i < request->n_query; i++)
		if (!strcmp(request->query[i].name, name))
			return request->query[i].value;
	return NULL;
}

/* --- replies -------------------------------------------------------------- */

static void set_text(struct reply *reply, unsigned int status, const char *type,
		     struct json_object *object)
{
	size_t len = 0;
	const char *text = json_object_to_json_string_length(object,
							     JSON_C_TO_STRING_PLAIN |
								     JSON_C_TO_STRING_NOSLASHESCAPE,
							     &len);

	free(reply->text);
	reply->text = text ? malloc(len + 2) : NULL;
	reply->status = reply->text ? status : MHD_HTTP_INTERNAL_SERVER_ERROR;
	reply->type = type;
	reply->len = 0;
	if (reply->text) {
		memcpy(reply->text, text, len);
		reply->text[len] = '\n';
		/* Not sent: for who reads it as a string. */
		reply->text[len + 1] = '\0';
		reply->len = len + 1;
	}
	json_object_put(object);
}

void reply_json(struct request *request, unsigned int status, struct json_object *object)
{
	set_text(&request->reply, status, "application/json", object);
}

void reply_problem(struct request *request, unsigned int status, struct json_object *errors,
		   const char *format, ...)
{
	struct json_object *problem = json_object_new_object();
	char *detail = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&detail, format, args) < 0)
		detail = NULL;
	va_end(args);
	json_add_string(problem, "title", MHD_get_reason_phrase_for(status));
	json_add_number(problem, "status", status);
	json_add_string(problem, "detail", detail ? detail : "no memory");
	if (errors)
		json_add(problem, "errors", errors);
	free(detail);
	request->reply.revision = 0;
	set_text(&request->reply, status, "application/problem+json", problem);
}
