/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP on a UNIX socket, by libmicrohttpd within sd-event's loop: one request
 * after the other. What clients can take is bounded: connections by user and
 * altogether, bytes of a body and of all bodies, time for a request.
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "request.h"

struct server;

/**
 * struct server_calls - what the server asks of its owner
 * @may_ask: whether a caller is to be listened to at all; asked of a connection, and
 *	before a body is read
 * @is_console: whether a caller is the console, which stands for others
 * @act: makes a request that has an Authorization header that of whom it stands for, whom
 *	@acting is to hold; answers it where that cannot be
 * @name: gives a caller who may ask the user's name
 * @handle: answers a request, now or later
 * @arg: handed to all
 */
struct server_calls {
	bool (*may_ask)(const struct caller *caller, void *arg);
	bool (*is_console)(const struct caller *caller, void *arg);
	void (*act)(struct request *request, const char *authorization, struct caller *acting,
		    void *arg);
	void (*name)(struct caller *caller, void *arg);
	void (*handle)(struct request *request, void *arg);
	void *arg;
};

/**
 * server_listen() - make a socket and listen
 * @path: of the socket; a stale one is replaced
 *
 * Return: the socket, -EADDRINUSE where somebody listens there, or another error.
 */
int server_listen(const char *path);

/**
 * server_open() - begin to serve
 * @event: the loop
 * @fd: a listening socket, which is taken over
 * @calls: what is asked
 * @server: the result
 *
 * Return: 0 or an error.
 */
int server_open(sd_event *event, int fd, const struct server_calls *calls, struct server **server);

/**
 * server_close() - end all connections
 * @server: may be NULL
 */
void server_close(struct server *server);

/* --- answers that come later ---------------------------------------------- */

/**
 * later_new() - promise an answer, by a request's reply.later
 * @abandon: called once where nobody waits for it any more; it is to come all the same,
 *	soon, and not within the call
 * @arg: handed to @abandon
 *
 * Return: the promise, or NULL without memory.
 */
struct later *later_new(void (*abandon)(void *arg), void *arg);

/** later_free() - take back a promise that no reply holds */
void later_free(struct later *later);

/**
 * later_done() - keep a promise: the request's reply holds the answer
 * @later: freed
 */
void later_done(struct later *later);

/* --- streams -------------------------------------------------------------- */

/**
 * stream_new() - make a stream, to answer a request with
 * @gone: called once when its client has gone; the stream is freed behind it
 * @arg: handed to @gone
 *
 * Return: the stream, or NULL without memory.
 */
struct stream *stream_new(void (*gone)(struct stream *stream, void *arg), void *arg);

/**
 * stream_write() - send something
 * @stream: the stream
 * @text: what
 * @len: its bytes
 *
 * A client that is too far behind is disconnected, and hears of it.
 */
void stream_write(struct stream *stream, const char *text, size_t len);

/**
 * stream_offer() - send something, if its client is not behind
 * @stream: the stream
 * @text: what
 * @len: its bytes
 *
 * Return: whether it is sent; else it is lost, which the client is to be told.
 */
bool stream_offer(struct stream *stream, const char *text, size_t len);

/**
 * stream_end() - end a stream once what was written is sent
 * @stream: the stream
 */
void stream_end(struct stream *stream);

#endif /* SERVER_H */
