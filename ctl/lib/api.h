/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of msegd's API: HTTP and JSON over a UNIX socket, by libcurl.
 *
 * One connection is kept from call to call. Nothing here prints: what a status
 * means is for the caller to say.
 */
#ifndef API_H
#define API_H

#include <json-c/json.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/** Where msegd listens unless it is said otherwise. */
#define API_SOCKET "/run/mseg/api.sock"

/** Bytes of an answer; what is longer is refused. */
#define API_ANSWER_MAX (512U << 20)

struct api;
struct api_path;

/**
 * struct api_request - what is asked
 * @method: GET, POST, ...
 * @path: as api_path_text() gives it
 * @body: what is sent; may be NULL
 * @len: bytes of @body
 * @type: the body's media type; NULL is application/json
 * @if_match: the object's revision that is changed, quoted; may be NULL
 */
struct api_request {
	const char *method;
	const char *path;
	const char *body;
	size_t len;
	const char *type;
	const char *if_match;
};

/**
 * struct api_answer - what came back
 * @status: HTTP's
 * @etag: the object's revision, as if_match takes it; empty where none came
 * @body: the JSON, or NULL where the body was empty or is none
 * @text: the body as it came, NUL-terminated; never NULL after success
 * @len: bytes of @text
 */
struct api_answer {
	long status;
	char etag[64];
	struct json_object *body;
	char *text;
	size_t len;
};

/**
 * api_open() - begin to use the API
 * @api: to be closed with api_close() after success
 * @socket: path of the UNIX socket
 *
 * It connects with the first call only. Return: 0 or -ENOMEM.
 */
int api_open(struct api **api, const char *socket);

/**
 * api_close() - disconnect
 * @api: may be NULL
 */
void api_close(struct api *api);

/**
 * api_on_wait() - be told while a call takes its time
 * @api: whose calls
 * @wait: called a few times a second, with the seconds since the call began, and with
 *	a negative number once the answer is there
 */
void api_on_wait(struct api *api, void (*wait)(double seconds));

/**
 * api_stop_on() - let a stream end by a signal's handler
 * @api: whose streams
 * @stop: api_listen() returns, within a second or so, once it is not 0
 */
void api_stop_on(struct api *api, const volatile sig_atomic_t *stop);

/**
 * api_call() - ask, and wait for the answer
 * @api: whom
 * @request: what
 * @answer: to be freed with api_answer_free(), also after an error
 *
 * Return: 0 whatever HTTP's status is; -ENOENT or -ECONNREFUSED where nobody listens,
 * -EACCES where the socket is not for this user, -EMSGSIZE of an answer that is too
 * long, -ETIMEDOUT, -EPROTO of what is no HTTP, -ENOMEM.
 */
int api_call(struct api *api, const struct api_request *request, struct api_answer *answer);

/** api_answer_free() - free what an answer holds */
void api_answer_free(struct api_answer *answer);

/**
 * typedef api_listener - gets an event of a stream
 * @name: its name; "message" where it has none
 * @data: its data, or NULL where that is no JSON
 * @arg: the caller's
 *
 * Return: whether to go on.
 */
typedef bool api_listener(const char *name, struct json_object *data, void *arg);

/**
 * api_listen() - read a stream of server-sent events until it ends
 * @api: whose
 * @path: of the stream
 * @listener: gets every event; gets NULL as the name once the stream is open
 * @arg: handed to @listener
 * @answer: of a status other than 200; to be freed
 *
 * Return: as api_call(); 0 also when @listener or api_stop_on() ended it; -ECONNRESET when
 * the server did.
 */
int api_listen(struct api *api, const char *path, api_listener *listener, void *arg,
	       struct api_answer *answer);

/**
 * api_path_new() - begin a path
 * @collection: its first part, behind /v1/
 *
 * Return: the path, or NULL without memory, which the others take too.
 */
struct api_path *api_path_new(const char *collection);

/** api_path_add() - add a part, whatever characters it has */
void api_path_add(struct api_path *path, const char *part);

/**
 * api_path_query() - add a parameter
 * @path: to what
 * @key: its name
 * @value: NULL adds nothing
 */
void api_path_query(struct api_path *path, const char *key, const char *value);

/** api_path_text() - the path so far, valid until more is added; "" without memory */
const char *api_path_text(struct api_path *path);

/**
 * api_path_free() - free a path
 * @path: may be NULL
 */
void api_path_free(struct api_path *path);

#endif /* API_H */
