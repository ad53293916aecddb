/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking others, by libcurl within sd-event's loop: msegd, by HTTP over its UNIX socket;
 * and who vouches for people, by HTTPS. Nothing waits; who asks is told the answer once
 * it is there.
 */
#ifndef UPSTREAM_H
#define UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

/** Bytes of an answer, of msegd's and of others'; what is longer is refused. */
#define UPSTREAM_ANSWER_MAX (64U << 20)
#define UPSTREAM_FOREIGN_MAX (256U << 10)

struct upstream;
struct upstream_call;

/**
 * struct upstream_request - what is asked; copied
 * @method: as GET
 * @path: from "/v1" on, with the query, as it is sent; of others the whole URL
 * @token: of the session in which it is asked; may be NULL
 * @type: the body's media type, or NULL
 * @if_match: or NULL
 * @userpwd: as libcurl's CURLOPT_USERPWD, or NULL
 * @ca: file of the authorities that are trusted, or NULL for the usual ones
 * @body: may be NULL
 * @len: its bytes
 */
struct upstream_request {
	const char *method;
	const char *path;
	const char *token;
	const char *type;
	const char *if_match;
	const char *userpwd;
	const char *ca;
	const char *body;
	size_t len;
};

/**
 * struct upstream_answer - what came back
 * @status: HTTP's; 0 where nobody answers, 502 where that is too long
 * @type: the media type; empty where there is none
 * @etag: empty where there is none
 * @text: the body, from malloc(); whoever is told may take it, leaving NULL
 * @len: its bytes
 */
struct upstream_answer {
	long status;
	char type[64];
	char etag[64];
	char *text;
	size_t len;
};

/**
 * typedef upstream_done - is told the answer
 * @answer: valid until it returns
 * @arg: its own
 *
 * The call is freed behind it.
 */
typedef void upstream_done(struct upstream_answer *answer, void *arg);

/**
 * typedef upstream_data - is given a stream's next bytes, of an answer with status 200
 * @data: they
 * @len: how many, 0 once the answer has begun
 * @arg: its own
 */
typedef void upstream_data(const char *data, size_t len, void *arg);

/**
 * upstream_open() - begin
 * @event: the loop
 * @socket: msegd's; NULL for others, by HTTPS alone
 * @upstream: the result
 *
 * Return: 0 or an error.
 */
int upstream_open(sd_event *event, const char *socket, struct upstream **upstream);

/**
 * upstream_close() - end; there are no calls any more
 * @upstream: may be NULL
 */
void upstream_close(struct upstream *upstream);

/**
 * upstream_ask() - ask
 * @upstream: whom
 * @request: what
 * @data: given a stream as it comes, for as long as it lasts; NULL collects the answer
 * @done: told the answer, or that the stream ended; never within this
 * @arg: handed to both
 *
 * Return: the call, or NULL without memory.
 */
struct upstream_call *upstream_ask(struct upstream *upstream, const struct upstream_request *request,
				   upstream_data *data, upstream_done *done, void *arg);

/**
 * upstream_cancel() - do not wait any longer; nobody is told
 * @call: not from within its own functions; may be NULL
 */
void upstream_cancel(struct upstream_call *call);

#endif /* UPSTREAM_H */
