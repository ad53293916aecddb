// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HTTP on a UNIX socket.
 *
 * Connections are accepted here, so that those of users who have too many never
 * reach libmicrohttpd.
 *
 * A peer is a connection. It lives from accept() until libmicrohttpd says that
 * it is closed; a request within it, from its first line until its completion.
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "httpd/loop.h"

/* Connections altogether, those that are kept for root, and of one other user. */
#define PEERS_MAX 160
#define PEERS_FOR_ROOT 32
#define PEERS_A_USER 16

/* Of the console: streams and requests of all its users. */
#define PEERS_OF_CONSOLE 64

/* Of all who have no role: enough to tell them so. */
#define STRANGERS_MAX 4

/*
 * Bytes of a body, and of all bodies and replies that are held at one time: a quarter
 * of these is kept for root, and another user has a quarter at most.
 */
#define BODY_MAX (16U << 20)
#define HELD_MAX (4UL * (BODY_MAX + 1))

/* Bytes of a reply that is sent in any case. */
#define REPLY_SMALL (64U << 10)

/* Bytes that a stream's client may be behind. */
#define STREAM_MAX (256 << 10)
/* Of these, what may be filled with what may also be lost. */
#define STREAM_OFFER_MAX (STREAM_MAX / 4 * 3)

/* Seconds without a byte, and for a request with its reply. */
#define IDLE_TIMEOUT 30
#define REQUEST_TIMEOUT 60

#define SECOND 1000000ULL

struct peer {
	struct peer *next;
	struct server *server;
	struct caller caller;
	/* When it must be done; 0 while nothing is asked, or a stream is sent. */
	uint64_t deadline;
	/* Had no role when it connected. */
	bool stranger;
	bool console;
	/* Bytes that its request's body and the reply to it take. */
	size_t body;
	size_t reply;
	int fd;
};

/* A request that is read, or answered. */
struct exchange {
	struct request request;
	struct server *server;
	struct peer *peer;
	/* Whom the console stands for. */
	struct caller acting;
	/* Its answer came later. */
	bool was_late;
	bool was_big;
	int err;
};

struct server {
	struct server_calls calls;
	sd_event *event;
	struct MHD_Daemon *daemon;
	struct httpd_loop loop;
	sd_event_source *listener;
	sd_event_source *reaper;
	struct peer *peers;
	struct peer *adding;
	unsigned int n_peers;
	bool closing;
};

struct stream {
	struct server *server;
	struct MHD_Connection *connection;
	void (*gone)(struct stream *stream, void *arg);
	void *arg;
	char *data;
	size_t len;
	bool suspended;
	bool ended;
};

struct later {
	void (*abandon)(void *arg);
	void *arg;
	struct exchange *exchange;
	struct MHD_Connection *connection;
	sd_event_source *hangup;
};

static uint64_t now_of(const struct server *server)
{
	uint64_t now = 0;

	sd_event_now(server->event, CLOCK_MONOTONIC, &now);
	return now;
}

/* --- streams -------------------------------------------------------------- */

struct stream *stream_new(void (*gone)(struct stream *stream, void *arg), void *arg)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (stream) {
		stream->gone = gone;
		stream->arg = arg;
	}
	return stream;
}

static void stream_wake(struct stream *stream)
{
	if (stream->suspended) {
		stream->suspended = false;
		httpd_loop_resume(&stream->server->loop, stream->connection);
	}
}

void stream_write(struct stream *stream, const char *text, size_t len)
{
	char *more = NULL;

	if (stream->ended)
		return;
	if (stream->len + len <= STREAM_MAX)
		more = realloc(stream->data, stream->len + len);
	if (more) {
		memcpy(more + stream->len, text, len);
		stream->data = more;
		stream->len += len;
	} else {
		stream->ended = true;
	}
	stream_wake(stream);
}

bool stream_offer(struct stream *stream, const char *text, size_t len)
{
	if (stream->ended || stream->len + len > STREAM_OFFER_MAX)
		return false;
	stream_write(stream, text, len);
	return true;
}

void stream_end(struct stream *stream)
{
	stream->ended = true;
	stream_wake(stream);
}

/* libmicrohttpd has room for more; without anything to send it is told to wait. */
static ssize_t stream_read(void *arg, uint64_t position, char *room, size_t size)
{
	struct stream *stream = arg;
	size_t len = stream->len < size ? stream->len : size;

	(void)position;
	if (!len && (stream->ended || stream->server->closing))
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!len) {
		stream->suspended = true;
		MHD_suspend_connection(stream->connection);
		return 0;
	}
	memcpy(room, stream->data, len);
	memmove(stream->data, stream->data + len, stream->len - len);
	stream->len -= len;
	return (ssize_t)len;
}

static void stream_free(void *arg)
{
	struct stream *stream = arg;

	stream->gone(stream, stream->arg);
	free(stream->data);
	free(stream);
}

/* --- answers that come later ---------------------------------------------- */

struct later *later_new(void (*abandon)(void *arg), void *arg)
{
	struct later *later = calloc(1, sizeof(*later));

	if (later) {
		later->abandon = abandon;
		later->arg = arg;
	}
	return later;
}

void later_free(struct later *later)
{
	sd_event_source_disable_unref(later->hangup);
	free(later);
}

void later_done(struct later *later)
{
	struct exchange *exchange = later->exchange;

	exchange->request.reply.later = NULL;
	exchange->was_late = true;
	httpd_loop_resume(&exchange->server->loop, later->connection);
	later_free(later);
}

/* A client that has closed its end; libmicrohttpd does not look at who is suspended. */
static int on_hangup(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct later *later = arg;

	(void)fd;
	(void)events;
	later->abandon(later->arg);
	return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

/* Without a watch for it, the answer comes to nobody. */
static void wait_for(struct exchange *exchange, struct MHD_Connection *connection)
{
	struct later *later = exchange->request.reply.later;

	exchange->peer->deadline = now_of(exchange->server) + REQUEST_TIMEOUT * SECOND;
	later->exchange = exchange;
	later->connection = connection;
	sd_event_add_io(exchange->server->event, &later->hangup, exchange->peer->fd, EPOLLHUP,
			on_hangup, later);
	MHD_suspend_connection(connection);
}

/* --- replies -------------------------------------------------------------- */

static struct MHD_Response *make_response(struct reply *reply)
{
	struct MHD_Response *response;

	if (reply->stream)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16 << 10, stream_read,
							 reply->stream, stream_free);
	response = MHD_create_response_from_buffer(reply->len, reply->text ? reply->text : "",
						   reply->text ? MHD_RESPMEM_MUST_FREE :
								 MHD_RESPMEM_PERSISTENT);
	if (response)
		reply->text = NULL;
	return response;
}

static void add_headers(struct MHD_Response *response, const struct reply *reply)
{
	char text[32];

	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (reply->type)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
	if (reply->retry_after) {
		snprintf(text, sizeof(text), "%u", reply->retry_after);
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, text);
	}
	if (reply->revision) {
		snprintf(text, sizeof(text), "\"%llu\"", (unsigned long long)reply->revision);
		MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, text);
	}
}

static enum MHD_Result send_reply(struct exchange *exchange, struct MHD_Connection *connection)
{
	struct reply *reply = &exchange->request.reply;
	struct MHD_Response *response = make_response(reply);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	add_headers(response, reply);
	if (reply->stream) {
		reply->stream->server = exchange->server;
		reply->stream->connection = connection;
		exchange->peer->deadline = 0;
	}
	result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

/* --- requests ------------------------------------------------------------- */

/* What is refused before the body is read; the connection ends behind it. */
static bool refused(struct exchange *exchange, struct MHD_Connection *connection)
{
	struct request *request = &exchange->request;
	const struct server_calls *calls = &exchange->server->calls;
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 MHD_HTTP_HEADER_CONTENT_LENGTH);
	const char *authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
								MHD_HTTP_HEADER_AUTHORIZATION);

	if (exchange->err == -ENOMEM)
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "no memory");
	else if (exchange->err)
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "the URI cannot be read");
	else if (authorization)
		calls->act(request, authorization, &exchange->acting, calls->arg);
	if (request->reply.status)
		return true;
	/* The console itself may do no more than to ask for whom it stands. */
	if ((authorization || !exchange->peer->console) &&
	    !calls->may_ask(request->caller, calls->arg))
		reply_problem(request, MHD_HTTP_FORBIDDEN, NULL,
			      "user %s has no role: mseg.conf gives them", request->caller->user);
	else if (length && strtoull(length, NULL, 10) > BODY_MAX)
		reply_problem(request, MHD_HTTP_CONTENT_TOO_LARGE, NULL,
			      "a body has %u bytes at most", BODY_MAX);
	return request->reply.status;
}

/* Bytes that are held for everybody, and for one user. */
static size_t held(const struct server *server, const struct caller *caller, size_t *same)
{
	const struct peer *peer;
	size_t all = 0;

	*same = 0;
	for (peer = server->peers; peer; peer = peer->next) {
		all += peer->body + peer->reply;
		if (peer->caller.uid == caller->uid)
			*same += peer->body + peer->reply;
	}
	return all;
}

static bool may_hold(const struct server *server, const struct caller *caller, size_t more)
{
	size_t same, all = held(server, caller, &same);

	if (caller->uid == 0)
		return all + more <= HELD_MAX;
	return same + more <= HELD_MAX / 4 && all + more <= HELD_MAX / 4 * 3;
}

static void drop_body(struct exchange *exchange)
{
	free(exchange->request.body);
	exchange->request.body = NULL;
	exchange->request.len = 0;
	exchange->was_big |= exchange->peer->body;
	exchange->peer->body = 0;
}

static int grow_body(struct exchange *exchange, size_t len)
{
	struct peer *peer = exchange->peer;
	size_t room = peer->body ? peer->body * 2 : 4096;
	char *more;

	while (room < len + 1)
		room *= 2;
	if (room > BODY_MAX + 1)
		room = BODY_MAX + 1;
	if (!may_hold(exchange->server, &peer->caller, room - peer->body))
		return -ENOBUFS;
	more = realloc(exchange->request.body, room);
	if (!more)
		return -ENOMEM;
	exchange->request.body = more;
	peer->body = room;
	return 0;
}

/* An error is told once the body is over: in its middle no reply can be sent. */
static void take_body(struct exchange *exchange, const char *data, size_t size)
{
	struct request *request = &exchange->request;

	if (exchange->err)
		return;
	if (request->len + size > BODY_MAX)
		exchange->err = -EFBIG;
	else if (request->len + size >= exchange->peer->body)
		exchange->err = grow_body(exchange, request->len + size);
	if (exchange->err) {
		drop_body(exchange);
		return;
	}
	memcpy(request->body + request->len, data, size);
	request->len += size;
	request->body[request->len] = '\0';
}

/* Who does not read his replies gets no more; a user's only reply is sent however long it is. */
static void hold_reply(struct exchange *exchange)
{
	struct request *request = &exchange->request;
	const struct reply *reply = &request->reply;
	const struct server *server = exchange->server;
	struct peer *peer = exchange->peer;
	size_t same;

	drop_body(exchange);
	held(server, &peer->caller, &same);
	if (same && reply->len > REPLY_SMALL && !reply->is_of_change &&
	    !may_hold(server, &peer->caller, reply->len))
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
			      "%s has other replies to read first", peer->caller.user);
	peer->reply = reply->len;
	exchange->was_big |= reply->len > REPLY_SMALL;
}

static void handle(struct exchange *exchange, struct MHD_Connection *connection)
{
	struct request *request = &exchange->request;
	const struct server_calls *calls = &exchange->server->calls;

	/* Counted for nobody: who sends no body is answered, whatever others hold. */
	if (!request->body && !exchange->err)
		request->body = calloc(1, 1);
	if (!request->body && !exchange->err)
		exchange->err = -ENOMEM;
	if (exchange->err == -EFBIG)
		reply_problem(request, MHD_HTTP_CONTENT_TOO_LARGE, NULL,
			      "a body has %u bytes at most", BODY_MAX);
	else if (exchange->err)
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
			      "no memory for the body now");
	if (request->reply.status)
		return;
	request->if_match =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_MATCH);
	request->last_event_id =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Last-Event-ID");
	calls->handle(request, calls->arg);
	if (!request->reply.status && !request->reply.later)
		reply_problem(request, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL, "no answer");
}

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

	if (!exchange || !peer) {
		free(exchange);
		return NULL;
	}
	exchange->server = arg;
	exchange->peer = peer;
	exchange->request.caller = &peer->caller;
	exchange->request.from_console = peer->console;
	exchange->err = request_parse(&exchange->request, uri);
	return exchange;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **state)
{
	struct exchange *exchange = *state;

	(void)arg;
	(void)url;
	(void)version;
	if (!exchange)
		return MHD_NO;
	if (!exchange->request.method) {
		exchange->request.method = method;
		return refused(exchange, connection) ? send_reply(exchange, connection) : MHD_YES;
	}
	if (*size) {
		take_body(exchange, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (!exchange->was_late) {
		if (exchange->request.reply.status)
			return MHD_YES;
		handle(exchange, connection);
	}
	if (exchange->request.reply.later) {
		wait_for(exchange, connection);
		return MHD_YES;
	}
	hold_reply(exchange);
	return send_reply(exchange, connection);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *state;
	bool was_big;

	(void)arg;
	(void)connection;
	(void)code;
	if (!exchange)
		return;
	was_big = exchange->was_big || exchange->peer->body;
	exchange->peer->body = exchange->peer->reply = 0;
	exchange->peer->deadline = now_of(exchange->server) + REQUEST_TIMEOUT * SECOND;
	request_clear(&exchange->request);
	caller_free(&exchange->acting);
	free(exchange);
	*state = NULL;
	/* A big policy leaves its memory behind. */
	if (was_big)
		malloc_trim(0);
}

/* --- connections ---------------------------------------------------------- */

static void peer_free(struct peer *peer)
{
	struct peer **link = &peer->server->peers;

	while (*link && *link != peer)
		link = &(*link)->next;
	if (*link) {
		*link = peer->next;
		peer->server->n_peers--;
	}
	caller_free(&peer->caller);
	free(peer);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct server *server = arg;

	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = server->adding;
		server->adding = NULL;
	} else if (*context) {
		peer_free(*context);
		*context = NULL;
	}
}

static bool has_room(const struct server *server, const struct peer *added)
{
	const struct peer *peer;
	unsigned int same = 0, strangers = 0;

	if (added->caller.uid == 0)
		return server->n_peers < PEERS_MAX;
	for (peer = server->peers; peer; peer = peer->next) {
		same += peer->caller.uid == added->caller.uid;
		strangers += peer->stranger && !peer->console;
	}
	if (added->console)
		return same < PEERS_OF_CONSOLE && server->n_peers < PEERS_MAX - PEERS_FOR_ROOT;
	if (added->stranger && strangers >= STRANGERS_MAX)
		return false;
	return same < PEERS_A_USER && server->n_peers < PEERS_MAX - PEERS_FOR_ROOT;
}

static void turn_away(int fd)
{
	static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
				   "Content-Length: 0\r\nRetry-After: 1\r\n\r\n";

	send(fd, busy, sizeof(busy) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

/* Who is at the other end, and whether there is room for it. */
static bool admit(struct server *server, struct peer *peer, int fd)
{
	const struct server_calls *calls = &server->calls;

	if (caller_read(fd, &peer->caller))
		return false;
	peer->stranger = !calls->may_ask(&peer->caller, calls->arg);
	peer->console = calls->is_console(&peer->caller, calls->arg);
	if (!has_room(server, peer))
		return false;
	if (!peer->stranger)
		calls->name(&peer->caller, calls->arg);
	return true;
}

static void welcome(struct server *server, int fd)
{
	static const struct sockaddr_un nobody = { .sun_family = AF_UNIX };
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer || !admit(server, peer, fd)) {
		if (peer)
			caller_free(&peer->caller);
		free(peer);
		turn_away(fd);
		return;
	}
	peer->server = server;
	peer->fd = fd;
	peer->deadline = now_of(server) + REQUEST_TIMEOUT * SECOND;
	peer->next = server->peers;
	server->peers = peer;
	server->n_peers++;
	server->adding = peer;
	/* It closes the socket where it fails. */
	MHD_add_connection(server->daemon, fd, (const struct sockaddr *)&nobody,
			   sizeof(nobody.sun_family));
	if (server->adding)
		peer_free(server->adding);
	server->adding = NULL;
}

static int on_listener(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)source;
	(void)events;
	if (peer >= 0)
		welcome(arg, peer);
	return 0;
}

/* --- the loop ------------------------------------------------------------- */

/* Clients that send or read a byte now and then never time out by themselves. */
static int on_reaper(sd_event_source *source, uint64_t time, void *arg)
{
	struct server *server = arg;
	struct peer *peer;

	for (peer = server->peers; peer; peer = peer->next)
		if (peer->deadline && peer->deadline < time)
			shutdown(peer->fd, SHUT_RDWR);
	sd_event_source_set_time(source, time + 5 * SECOND);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int start_http(struct server *server)
{
	server->daemon =
		MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME,
				 0, NULL, NULL, on_request, server, MHD_OPTION_NOTIFY_CONNECTION,
				 on_connection, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
				 server, MHD_OPTION_URI_LOG_CALLBACK, on_uri, server,
				 MHD_OPTION_CONNECTION_LIMIT, (unsigned int)PEERS_MAX + 1,
				 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_TIMEOUT,
				 MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	return server->daemon ? 0 : -EIO;
}

static int watch(struct server *server, int fd)
{
	int err = httpd_loop_open(&server->loop, server->event, server->daemon);

	if (!err)
		err = sd_event_add_io(server->event, &server->listener, fd, EPOLLIN, on_listener,
				      server);
	if (err >= 0)
		err = sd_event_add_time_relative(server->event, &server->reaper, CLOCK_MONOTONIC,
						 5 * SECOND, SECOND, on_reaper, server);
	return err < 0 ? err : 0;
}

int server_open(sd_event *event, int fd, const struct server_calls *calls, struct server **result)
{
	struct server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return -ENOMEM;
	server->calls = *calls;
	server->event = sd_event_ref(event);
	err = start_http(server);
	if (!err)
		err = watch(server, fd);
	if (!err)
		err = sd_event_source_set_io_fd_own(server->listener, 1);
	if (err < 0)
		server_close(server);
	else
		*result = server;
	return err < 0 ? err : 0;
}

void server_close(struct server *server)
{
	if (!server)
		return;
	httpd_loop_close(&server->loop);
	sd_event_source_disable_unref(server->reaper);
	sd_event_source_disable_unref(server->listener);
	if (server->daemon) {
		/* Streams that have ended are resumed by it, and what begins in it must not wait. */
		server->closing = true;
		MHD_run(server->daemon);
		MHD_stop_daemon(server->daemon);
	}
	while (server->peers)
		peer_free(server->peers);
	sd_event_unref(server->event);
	free(server);
}

/* Whether somebody accepts connections there. */
static bool is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive = fd >= 0 && (!connect(fd, (const struct sockaddr *)address, sizeof(*address)) ||
				 errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return alive;
}

/* Everybody may connect: who may do what is told by the roles. */
static int bind_and_listen(int fd, const struct sockaddr_un *address)
{
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) ||
	    chmod(address->sun_path, 0666) || listen(fd, SOMAXCONN))
		return -errno;
	return 0;
}

/* What a service left behind goes; anything else was somebody's mistake, and stays. */
static int remove_old(const char *path)
{
	struct stat found;

	if (lstat(path, &found))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(found.st_mode))
		return -ENOTSOCK;
	return unlink(path) ? -errno : 0;
}

int server_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	if (is_alive(&address))
		return -EADDRINUSE;
	err = remove_old(path);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = fd < 0 ? -errno : bind_and_listen(fd, &address);
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}
