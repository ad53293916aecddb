// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HTTP for browsers.
 *
 * Connections are accepted here, so that there are never too many of them. A request
 * whose answer is not there yet is suspended.
 */
#include "http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "httpd/loop.h"
#include "lib/json.h"

/* Connections altogether, and those without a session, of which the oldest goes. */
#define PEERS_MAX 1536
#define STRANGERS_MAX 256

/* Of each for what a request and its answer's headers have; more is refused by 431. */
#define PEER_MEMORY (6 << 10)

/* What is sent of a stream at a time. */
#define STREAM_BLOCK 1024

/* Bytes of all bodies at a time, and of those that no known session sends. */
#define BODIES_MAX (48UL << 20)
#define BODIES_OF_STRANGERS (17UL << 20)

/* Seconds for a request's headers, its body, its answer; and without a byte. */
#define HEADERS_TIMEOUT 15
#define BODY_TIMEOUT 60
#define ANSWER_TIMEOUT 120
#define IDLE_TIMEOUT 30

#define SECOND 1000000ULL

#define TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct exchange;

struct peer {
	struct peer *next;
	struct http *http;
	struct exchange *exchange;
	struct sockaddr_storage from, to;
	/* When it must be done with what it does; 0 while it is not its turn. */
	uint64_t deadline;
	size_t body;
	bool trusted;
	int fd;
};

/* A request that is read, or answered. */
struct exchange {
	struct http_request request;
	struct peer *peer;
	struct MHD_Connection *connection;
	struct MHD_Response *response;
	unsigned int status;
	size_t body_max;
	ssize_t (*read)(struct http_request *request, char *room, size_t size);
	bool begun;
	bool handled;
	bool suspended;
	bool too_long;
	bool no_memory;
};

struct listener {
	struct listener *next;
	sd_event_source *source;
};

struct http {
	struct http_calls calls;
	sd_event *event;
	struct MHD_Daemon *daemon;
	struct httpd_loop loop;
	struct listener *listeners;
	sd_event_source *reaper;
	struct peer *peers;
	struct peer *adding;
	unsigned int n_peers;
	bool tls;
	bool closing;
};

static uint64_t now_of(const struct http *http)
{
	uint64_t now = 0;

	sd_event_now(http->event, CLOCK_MONOTONIC, &now);
	return now;
}

static struct exchange *exchange_of(const struct http_request *request)
{
	return (struct exchange *)request;
}

static void set_deadline(struct peer *peer, unsigned int seconds)
{
	peer->deadline = seconds ? now_of(peer->http) + seconds * SECOND : 0;
}

/* --- what a request has --------------------------------------------------- */

const char *http_header(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(exchange_of(request)->connection, MHD_HEADER_KIND, name);
}

const char *http_cookie(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(exchange_of(request)->connection, MHD_COOKIE_KIND, name);
}

struct count {
	const char *name;
	unsigned int n;
};

static enum MHD_Result count_one(void *arg, enum MHD_ValueKind kind, const char *name,
				 const char *value)
{
	struct count *count = arg;

	(void)kind;
	(void)value;
	count->n += !strcasecmp(name, count->name);
	return MHD_YES;
}

unsigned int http_header_count(const struct http_request *request, const char *name)
{
	struct count count = { name, 0 };

	MHD_get_connection_values(exchange_of(request)->connection, MHD_HEADER_KIND, count_one,
				  &count);
	return count.n;
}

void http_trust(struct http_request *request)
{
	exchange_of(request)->peer->trusted = true;
}

/* --- answers -------------------------------------------------------------- */

static void wake(struct exchange *exchange)
{
	if (!exchange->suspended)
		return;
	exchange->suspended = false;
	httpd_loop_resume(&exchange->peer->http->loop, exchange->connection);
}

/* What holds for everything that comes from here. */
static void add_policy(struct MHD_Response *response, bool tls)
{
	static const char *const headers[][2] = {
		{ "Content-Security-Policy",
		  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
		  "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "
		  "frame-ancestors 'none'" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
	};
	size_t i;

	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
	if (tls)
		MHD_add_response_header(response, "Strict-Transport-Security", "max-age=31536000");
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	if (value && *value)
		MHD_add_response_header(response, name, value);
}

static void add_headers(struct MHD_Response *response, const struct http_reply *reply)
{
	char seconds[16];

	add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
		   reply->cache ? reply->cache : "no-store");
	add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	add_header(response, MHD_HTTP_HEADER_ETAG, reply->etag);
	add_header(response, MHD_HTTP_HEADER_SET_COOKIE, reply->cookie);
	add_header(response, MHD_HTTP_HEADER_SET_COOKIE, reply->other_cookie);
	if (reply->packed)
		add_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	if (reply->cache)
		add_header(response, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
	if (reply->status == MHD_HTTP_UNAUTHORIZED)
		add_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	if (reply->retry_after) {
		snprintf(seconds, sizeof(seconds), "%u", reply->retry_after);
		add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
}

static void set_response(struct exchange *exchange, struct MHD_Response *response,
			 const struct http_reply *reply)
{
	if (!response)
		return;
	add_policy(response, exchange->peer->http->tls);
	add_headers(response, reply);
	exchange->response = response;
	exchange->status = reply->status;
	wake(exchange);
}

void http_reply(struct http_request *request, const struct http_reply *reply)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(reply->len, reply->len ? reply->text : "",
						reply->owned && reply->len ? MHD_RESPMEM_MUST_FREE :
									     MHD_RESPMEM_PERSISTENT);

	if (reply->owned && (!response || !reply->len))
		free(reply->text);
	set_response(exchange_of(request), response, reply);
}

void http_problem(struct http_request *request, unsigned int status, const char *type,
		  const char *detail)
{
	struct json_object *problem = json_object_new_object();
	struct http_reply reply = {
		.status = status,
		.type = "application/problem+json",
		.owned = true,
		.retry_after = status == MHD_HTTP_SERVICE_UNAVAILABLE,
	};

	if (type)
		json_add_string(problem, "type", type);
	json_add_string(problem, "title", MHD_get_reason_phrase_for(status));
	json_add_number(problem, "status", status);
	json_add_string(problem, "detail", detail);
	reply.text = strdup(
		json_object_to_json_string_ext(problem, JSON_C_TO_STRING_PLAIN |
								JSON_C_TO_STRING_NOSLASHESCAPE));
	reply.len = reply.text ? strlen(reply.text) : 0;
	json_object_put(problem);
	http_reply(request, &reply);
}

/* libmicrohttpd has room for more; without anything to send it is told to wait. */
static ssize_t read_stream(void *arg, uint64_t position, char *room, size_t size)
{
	struct exchange *exchange = arg;
	ssize_t len = -1;

	(void)position;
	if (!exchange->peer->http->closing)
		len = exchange->read(&exchange->request, room, size);
	if (len < 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!len) {
		exchange->suspended = true;
		MHD_suspend_connection(exchange->connection);
	}
	return len;
}

void http_stream(struct http_request *request,
		 ssize_t (*read)(struct http_request *request, char *room, size_t size))
{
	static const struct http_reply reply = {
		.status = MHD_HTTP_OK,
		.type = "text/event-stream",
	};
	struct exchange *exchange = exchange_of(request);

	exchange->read = read;
	set_response(exchange,
		     MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream,
						       exchange, NULL),
		     &reply);
}

void http_wake(struct http_request *request)
{
	wake(exchange_of(request));
}

static enum MHD_Result send_response(struct exchange *exchange)
{
	enum MHD_Result result =
		MHD_queue_response(exchange->connection, exchange->status, exchange->response);

	MHD_destroy_response(exchange->response);
	exchange->response = NULL;
	exchange->handled = true;
	set_deadline(exchange->peer, exchange->read ? 0 : ANSWER_TIMEOUT);
	return result;
}

/* --- bodies --------------------------------------------------------------- */

static bool may_hold(const struct peer *peer, size_t more)
{
	const struct peer *other;
	size_t all = more, strange = more;

	for (other = peer->http->peers; other; other = other->next) {
		all += other->body;
		strange += other->trusted ? 0 : other->body;
	}
	return all <= BODIES_MAX && (peer->trusted || strange <= BODIES_OF_STRANGERS);
}

static bool grow_body(struct exchange *exchange, size_t len)
{
	struct peer *peer = exchange->peer;
	size_t room = peer->body ? peer->body * 2 : 4096;
	char *more;

	while (room < len + 1)
		room *= 2;
	if (room > exchange->body_max + 1)
		room = exchange->body_max + 1;
	if (!may_hold(peer, room - peer->body))
		return false;
	more = realloc(exchange->request.body, room);
	if (!more)
		return false;
	exchange->request.body = more;
	peer->body = room;
	return true;
}

static void drop_body(struct exchange *exchange)
{
	free(exchange->request.body);
	exchange->request.body = NULL;
	exchange->request.len = 0;
	exchange->peer->body = 0;
}

static void take_body(struct exchange *exchange, const char *data, size_t size)
{
	struct http_request *request = &exchange->request;

	if (exchange->too_long || exchange->no_memory)
		return;
	if (request->len + size > exchange->body_max)
		exchange->too_long = true;
	else if (request->len + size >= exchange->peer->body &&
		 !grow_body(exchange, request->len + size))
		exchange->no_memory = true;
	if (exchange->too_long || exchange->no_memory) {
		drop_body(exchange);
		return;
	}
	memcpy(request->body + request->len, data, size);
	request->len += size;
	request->body[request->len] = '\0';
}

/* --- requests ------------------------------------------------------------- */

static struct peer *peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* The first line of a request. What it returns is on_request()'s *state. */
static void *on_uri(void *arg, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	struct peer *peer = peer_of(connection);

	if (exchange)
		exchange->request.uri = strdup(uri);
	if (!exchange || !peer || !exchange->request.uri) {
		if (exchange)
			free(exchange->request.uri);
		free(exchange);
		return NULL;
	}
	exchange->peer = peer;
	exchange->connection = connection;
	exchange->request.from = (const struct sockaddr *)&peer->from;
	exchange->request.to = (const struct sockaddr *)&peer->to;
	exchange->request.tls = ((struct http *)arg)->tls;
	peer->exchange = exchange;
	return exchange;
}

/* The headers: what is refused now is refused before the body is read. */
static void begin(struct exchange *exchange, const char *method)
{
	const struct http_calls *calls = &exchange->peer->http->calls;
	const char *length;

	exchange->begun = true;
	exchange->request.method = method;
	set_deadline(exchange->peer, BODY_TIMEOUT);
	exchange->body_max = calls->begin(&exchange->request, calls->arg);
	length = http_header(&exchange->request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	if (!exchange->response && length && strtoull(length, NULL, 10) > exchange->body_max)
		http_problem(&exchange->request, MHD_HTTP_CONTENT_TOO_LARGE, NULL,
			     "the body is too long");
}

static void handle(struct exchange *exchange)
{
	const struct http_calls *calls = &exchange->peer->http->calls;

	exchange->handled = true;
	if (exchange->too_long)
		http_problem(&exchange->request, MHD_HTTP_CONTENT_TOO_LARGE, NULL,
			     "the body is too long");
	else if (exchange->no_memory)
		http_problem(&exchange->request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
			     "no memory for the body now");
	else
		calls->handle(&exchange->request, calls->arg);
	if (exchange->response)
		return;
	set_deadline(exchange->peer, 0);
	exchange->suspended = true;
	MHD_suspend_connection(exchange->connection);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **state)
{
	struct exchange *exchange = *state;

	(void)arg;
	(void)connection;
	(void)url;
	(void)version;
	if (!exchange)
		return MHD_NO;
	if (!exchange->begun) {
		begin(exchange, method);
		return exchange->response ? send_response(exchange) : MHD_YES;
	}
	if (*size) {
		take_body(exchange, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (!exchange->handled)
		handle(exchange);
	if (exchange->response)
		return send_response(exchange);
	/* Without memory for an answer the connection ends. */
	return exchange->suspended ? MHD_YES : MHD_NO;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *state;
	struct http *http = arg;

	(void)connection;
	(void)code;
	if (!exchange)
		return;
	http->calls.end(&exchange->request, http->calls.arg);
	if (exchange->response)
		MHD_destroy_response(exchange->response);
	set_deadline(exchange->peer, IDLE_TIMEOUT);
	drop_body(exchange);
	exchange->peer->exchange = NULL;
	free(exchange->request.uri);
	free(exchange);
	*state = NULL;
}

/* --- connections ---------------------------------------------------------- */

static void peer_free(struct peer *peer)
{
	struct peer **link = &peer->http->peers;

	while (*link && *link != peer)
		link = &(*link)->next;
	if (*link) {
		*link = peer->next;
		peer->http->n_peers--;
	}
	free(peer);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http *http = arg;

	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = http->adding;
		http->adding = NULL;
	} else if (*context) {
		peer_free(*context);
		*context = NULL;
	}
}

/* New ones come to the front: the last stranger is the oldest. */
static bool make_room(struct http *http)
{
	struct peer *peer, *oldest = NULL;
	unsigned int strangers = 0;

	for (peer = http->peers; peer; peer = peer->next)
		if (!peer->trusted) {
			strangers++;
			oldest = peer;
		}
	if (strangers >= STRANGERS_MAX)
		shutdown(oldest->fd, SHUT_RDWR);
	return http->n_peers < PEERS_MAX && strangers < 2 * STRANGERS_MAX;
}

static void welcome(struct http *http, int fd, const struct sockaddr_storage *from, socklen_t len)
{
	struct peer *peer = make_room(http) ? calloc(1, sizeof(*peer)) : NULL;
	socklen_t to_len = sizeof(peer->to);
	int yes = 1;

	if (!peer || getsockname(fd, (struct sockaddr *)&peer->to, &to_len)) {
		free(peer);
		close(fd);
		return;
	}
	/* An event is sent when it happens. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	peer->http = http;
	peer->fd = fd;
	peer->from = *from;
	set_deadline(peer, HEADERS_TIMEOUT);
	peer->next = http->peers;
	http->peers = peer;
	http->n_peers++;
	http->adding = peer;
	/* It closes the socket where it fails. */
	MHD_add_connection(http->daemon, fd, (const struct sockaddr *)from, len);
	if (http->adding)
		peer_free(http->adding);
	http->adding = NULL;
}

static int on_listener(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int peer = accept4(fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)source;
	(void)events;
	if (peer >= 0)
		welcome(arg, peer, &from, len);
	return 0;
}

/* --- the loop ------------------------------------------------------------- */

/* Clients that send or read a byte now and then never time out by themselves. */
static int on_reaper(sd_event_source *source, uint64_t time, void *arg)
{
	const struct http *http = arg;
	const struct peer *peer;

	for (peer = http->peers; peer; peer = peer->next)
		if (peer->deadline && peer->deadline < time)
			shutdown(peer->fd, SHUT_RDWR);
	sd_event_source_set_time(source, time + 2 * SECOND);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* --- opening -------------------------------------------------------------- */

static int start(struct http *http, const struct config *config)
{
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, config->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, config->key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, TLS_PRIORITIES },
		{ MHD_OPTION_END, 0, NULL },
	};
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;

	http->tls = config->certificate;
	if (http->tls)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, http,
					MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
					MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
					MHD_OPTION_URI_LOG_CALLBACK, on_uri, http,
					MHD_OPTION_CONNECTION_LIMIT, (unsigned int)PEERS_MAX + 1,
					MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)PEER_MEMORY,
					MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_TIMEOUT,
					MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, tls,
					MHD_OPTION_END);
	if (http->daemon)
		return 0;
	fprintf(stderr, "mseg-console: cannot serve%s\n",
		http->tls ? ": is the certificate that of the key?" : "");
	return -EINVAL;
}

static int watch(struct http *http)
{
	int err = httpd_loop_open(&http->loop, http->event, http->daemon);

	if (!err)
		err = sd_event_add_time_relative(http->event, &http->reaper, CLOCK_MONOTONIC,
						 2 * SECOND, SECOND, on_reaper, http);
	return err < 0 ? err : 0;
}

static int open_socket(const struct config_address *address)
{
	int family = address->address.ss_family, yes = 1, err;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	if (!bind(fd, (const struct sockaddr *)&address->address, address->len) &&
	    !listen(fd, SOMAXCONN))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int listen_on(struct http *http, const struct config_address *address)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int fd = listener ? open_socket(address) : -ENOMEM, err = fd;

	if (fd >= 0)
		err = sd_event_add_io(http->event, &listener->source, fd, EPOLLIN, on_listener,
				      http);
	if (fd >= 0 && err < 0)
		close(fd);
	if (err < 0) {
		fprintf(stderr, "mseg-console: cannot listen: %s\n", strerror(-err));
		free(listener);
		return err;
	}
	sd_event_source_set_io_fd_own(listener->source, 1);
	listener->next = http->listeners;
	http->listeners = listener;
	return 0;
}

int http_open(sd_event *event, const struct config *config, const struct http_calls *calls,
	      struct http **result)
{
	struct http *http = calloc(1, sizeof(*http));
	unsigned int i;
	int err;

	if (!http)
		return -ENOMEM;
	http->event = sd_event_ref(event);
	http->calls = *calls;
	err = start(http, config);
	if (!err)
		err = watch(http);
	for (i = 0; !err && i < config->n_listen; i++)
		err = listen_on(http, &config->listen[i]);
	if (err)
		http_close(http);
	else
		*result = http;
	return err;
}

/* Nothing may be suspended when libmicrohttpd is to stop. */
static void release_all(struct http *http)
{
	struct peer *peer;

	http->closing = true;
	for (peer = http->peers; peer; peer = peer->next) {
		if (!peer->exchange || !peer->exchange->suspended)
			continue;
		shutdown(peer->fd, SHUT_RDWR);
		wake(peer->exchange);
	}
	MHD_run(http->daemon);
}

void http_close(struct http *http)
{
	struct listener *listener;

	if (!http)
		return;
	while ((listener = http->listeners)) {
		http->listeners = listener->next;
		sd_event_source_disable_unref(listener->source);
		free(listener);
	}
	if (http->daemon) {
		release_all(http);
		MHD_stop_daemon(http->daemon);
	}
	httpd_loop_close(&http->loop);
	sd_event_source_disable_unref(http->reaper);
	while (http->peers)
		peer_free(http->peers);
	sd_event_unref(http->event);
	free(http);
}
