/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request of the API, taken apart, and its reply. */
#ifndef REQUEST_H
#define REQUEST_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "caller.h"

/** Segments of a path, and parameters of a query, at most. */
#define REQUEST_PARTS_MAX 64

/** struct request_parameter - of the query */
struct request_parameter {
	char *name;
	char *value;
};

struct stream;
struct later;

/**
 * struct reply - what is answered
 * @status: HTTP's; 0 where nothing was answered yet
 * @type: media type, static
 * @text: the content, from malloc(), with a NUL behind it
 * @len: its bytes
 * @revision: for the ETag; 0 for none
 * @stream: instead of @text
 * @later: it is answered later
 * @retry_after: seconds after which it may be asked again; 0 for no word of it
 * @is_of_change: tells of a change that was made
 */
struct reply {
	unsigned int status;
	const char *type;
	char *text;
	size_t len;
	uint64_t revision;
	struct stream *stream;
	struct later *later;
	unsigned int retry_after;
	bool is_of_change;
};

/**
 * struct request - a request
 * @method: as GET
 * @path: segments, unescaped
 * @n_path: how many
 * @query: unescaped
 * @n_query: how many
 * @if_match: the header, or NULL
 * @last_event_id: likewise
 * @body: NUL-terminated, "" where there is none
 * @len: its bytes
 * @caller: who asks
 * @session: in which of the sessions of @caller; 0 where that is who connected
 * @from_console: the console connected
 * @reply: to be filled
 */
struct request {
	const char *method;
	char *path[REQUEST_PARTS_MAX];
	unsigned int n_path;
	struct request_parameter query[REQUEST_PARTS_MAX];
	unsigned int n_query;
	const char *if_match;
	const char *last_event_id;
	char *body;
	size_t len;
	const struct caller *caller;
	uint64_t session;
	bool from_console;
	struct reply reply;
};

/**
 * request_parse() - take a URI apart
 * @request: zeros; request_clear() it, after an error too
 * @uri: as it was sent
 *
 * Return: 0, -EINVAL (bad escapes, a NUL), -E2BIG or -ENOMEM.
 */
int request_parse(struct request *request, const char *uri);

/** request_clear() - free what a request holds, its reply as well */
void request_clear(struct request *request);

/**
 * request_get() - a parameter
 * @request: the request
 * @name: of the parameter
 *
 * Return: its value, the first of several; NULL where it is absent.
 */
const char *request_get(const struct request *request, const char *name);

/**
 * reply_json() - answer with JSON
 * @request: what is answered
 * @status: HTTP's
 * @object: freed
 */
void reply_json(struct request *request, unsigned int status, struct json_object *object);

/**
 * reply_problem() - answer that something was refused, and why (RFC 9457)
 * @request: what is answered
 * @status: HTTP's
 * @errors: a list of notices, freed; may be NULL
 * @format: the detail, a sentence without a full stop; printf's
 */
void reply_problem(struct request *request, unsigned int status, struct json_object *errors,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif /* REQUEST_H */
