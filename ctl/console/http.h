/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP for browsers, by libmicrohttpd within sd-event's loop. What clients can take is
 * bounded: connections, bytes of bodies, time for each step. A request is answered at
 * once or later.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "config.h"

struct http;

/**
 * struct http_request - a request
 * @method: as GET
 * @uri: as it was sent
 * @body: NUL-terminated; NULL where there is none
 * @len: its bytes
 * @from: who asks
 * @to: the address that was connected to
 * @tls: by HTTPS
 * @owner: for its owner; NULL at first
 */
struct http_request {
	const char *method;
	char *uri;
	char *body;
	size_t len;
	const struct sockaddr *from;
	const struct sockaddr *to;
	bool tls;
	void *owner;
};

/**
 * struct http_reply - an answer
 * @status: HTTP's
 * @type: media type, or NULL
 * @text: the content
 * @len: its bytes
 * @owned: @text is from malloc(), and freed; else it stays
 * @packed: @text is gzip
 * @cache: Cache-Control; NULL is no-store
 * @etag: or NULL
 * @cookie: Set-Cookie, or NULL
 * @other_cookie: another one, or NULL
 * @retry_after: seconds, 0 for none
 */
struct http_reply {
	unsigned int status;
	const char *type;
	void *text;
	size_t len;
	bool owned;
	bool packed;
	const char *cache;
	const char *etag;
	const char *cookie;
	const char *other_cookie;
	unsigned int retry_after;
};

/**
 * struct http_calls - what is asked of the owner
 * @begin: a request's headers are there; answers it where it is refused, before its
 *	body is read, and says how many bytes that may have
 * @handle: a request is there as a whole: answers it now or later
 * @end: a request is over, answered or not; @owner is to be freed
 * @arg: handed to all
 */
struct http_calls {
	size_t (*begin)(struct http_request *request, void *arg);
	void (*handle)(struct http_request *request, void *arg);
	void (*end)(struct http_request *request, void *arg);
	void *arg;
};

/**
 * http_open() - begin to serve
 * @event: the loop
 * @config: where, and TLS
 * @calls: what is asked
 * @http: the result
 *
 * Return: 0 or an error, having said which.
 */
int http_open(sd_event *event, const struct config *config, const struct http_calls *calls,
	      struct http **http);

/**
 * http_close() - end all connections
 * @http: may be NULL
 */
void http_close(struct http *http);

/**
 * http_header() - a header
 * @request: of it
 * @name: its name
 *
 * Return: its value or NULL.
 */
const char *http_header(const struct http_request *request, const char *name);

/** http_header_count() - how often a header is there */
unsigned int http_header_count(const struct http_request *request, const char *name);

/** http_cookie() - a cookie, or NULL */
const char *http_cookie(const struct http_request *request, const char *name);

/**
 * http_trust() - a request is in a session that is good
 * @request: its connection, and its body, are not the first to go
 */
void http_trust(struct http_request *request);

/**
 * http_reply() - answer
 * @request: once, from one of struct http_calls or later
 * @reply: copied, but for what it points to and does not own
 */
void http_reply(struct http_request *request, const struct http_reply *reply);

/**
 * http_problem() - answer that something was refused, and why (RFC 9457)
 * @request: as http_reply()
 * @status: HTTP's
 * @type: of the problem: a path, or NULL
 * @detail: a sentence without a full stop
 */
void http_problem(struct http_request *request, unsigned int status, const char *type,
		  const char *detail);

/**
 * http_stream() - answer with events, which never end by themselves
 * @request: as http_reply()
 * @read: gives what there is; 0 for nothing now, -1 at the end
 */
void http_stream(struct http_request *request,
		 ssize_t (*read)(struct http_request *request, char *room, size_t size));

/**
 * http_wake() - there is something to be read again
 * @request: whose stream
 */
void http_wake(struct http_request *request);

#endif /* HTTP_H */
