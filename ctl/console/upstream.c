// SPDX-License-Identifier: GPL-2.0-or-later
/* Asking msegd, and others. */
#include "upstream.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Connections to msegd that are used at a time, for calls that end. */
#define CALLS_AT_ONCE 24L

/* An answer that is not there by then will not come. */
#define CALL_SECONDS 75L
#define CONNECT_SECONDS 5L

/* The same of others, with whom somebody waits at a browser. */
#define FOREIGN_AT_ONCE 4L
#define FOREIGN_SECONDS 10L

struct upstream {
	sd_event *event;
	/* Calls wait for each other, streams do not. */
	CURLM *calls;
	CURLM *streams;
	sd_event_source *calls_timer;
	sd_event_source *streams_timer;
	/* NULL for others than msegd. */
	char *socket;
	size_t answer_max;
};

struct upstream_call {
	struct upstream *upstream;
	CURLM *multi;
	CURL *curl;
	struct curl_slist *headers;
	char *url;
	char *body;
	upstream_data *data;
	upstream_done *done;
	void *arg;
	struct upstream_answer answer;
	size_t room;
	bool too_long;
};

/* --- answers -------------------------------------------------------------- */

static bool collect(struct upstream_call *call, const char *data, size_t len)
{
	struct upstream_answer *answer = &call->answer;
	size_t room = call->room ? call->room : 4096;
	char *more;

	if (len > call->upstream->answer_max - answer->len) {
		call->too_long = true;
		return false;
	}
	while (room - answer->len < len)
		room *= 2;
	if (room != call->room) {
		more = realloc(answer->text, room);
		if (!more)
			return false;
		answer->text = more;
		call->room = room;
	}
	memcpy(answer->text + answer->len, data, len);
	answer->len += len;
	return true;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct upstream_call *call = arg;
	long status = 0;

	curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
	if (call->data && status == 200) {
		call->data(data, size * n, call->arg);
		return size * n;
	}
	return collect(call, data, size * n) ? size * n : 0;
}

/* The value of a header, where it is the one that is wanted. */
static void take_header(const char *line, size_t len, const char *name, char *value, size_t room)
{
	size_t skip = strlen(name);

	if (len <= skip || strncasecmp(line, name, skip) != 0)
		return;
	while (skip < len && line[skip] == ' ')
		skip++;
	while (len > skip && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	if (len - skip < room) {
		memcpy(value, line + skip, len - skip);
		value[len - skip] = '\0';
	}
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct upstream_call *call = arg;
	struct upstream_answer *answer = &call->answer;
	size_t len = size * n;
	long status = 0;

	take_header(line, len, "content-type:", answer->type, sizeof(answer->type));
	take_header(line, len, "etag:", answer->etag, sizeof(answer->etag));
	if (call->data && len <= 2) {
		curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
		if (status == 200)
			call->data("", 0, call->arg);
	}
	return len;
}

/* --- calls ---------------------------------------------------------------- */

static void call_free(struct upstream_call *call)
{
	if (!call)
		return;
	curl_easy_cleanup(call->curl);
	curl_slist_free_all(call->headers);
	free(call->url);
	free(call->body);
	free(call->answer.text);
	free(call);
}

static void finish(struct upstream_call *call, CURLcode code)
{
	struct upstream_answer *answer = &call->answer;

	curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	/* Half an answer is none. */
	if (code != CURLE_OK)
		answer->status = call->too_long ? 502 : 0;
	curl_multi_remove_handle(call->multi, call->curl);
	call->done(answer, call->arg);
	call_free(call);
}

static void look(CURLM *multi)
{
	struct upstream_call *call;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left))) {
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
		finish(call, code);
	}
}

static bool add_header(struct upstream_call *call, const char *name, const char *value)
{
	struct curl_slist *more;
	char *line = NULL;

	if (!value)
		return true;
	if (asprintf(&line, "%s: %s", name, value) < 0)
		return false;
	more = curl_slist_append(call->headers, line);
	explicit_bzero(line, strlen(line));
	free(line);
	if (more)
		call->headers = more;
	return more;
}

static bool add_headers(struct upstream_call *call, const struct upstream_request *request)
{
	char authorization[256];
	struct curl_slist *more = curl_slist_append(call->headers, "Expect:");
	bool done;

	if (!more)
		return false;
	call->headers = more;
	snprintf(authorization, sizeof(authorization), "Bearer %s",
		 request->token ? request->token : "");
	done = add_header(call, "Authorization", request->token ? authorization : NULL) &&
	       add_header(call, "Content-Type", request->body ? request->type : NULL) &&
	       add_header(call, "If-Match", request->if_match);
	explicit_bzero(authorization, sizeof(authorization));
	return done;
}

static void set_body(struct upstream_call *call, size_t len)
{
	if (!call->body)
		return;
	curl_easy_setopt(call->curl, CURLOPT_POSTFIELDS, call->body);
	curl_easy_setopt(call->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
}

/* What others say is believed as far as it comes from them. */
static void set_peer(CURL *curl, const struct upstream *upstream,
		     const struct upstream_request *request)
{
	if (upstream->socket) {
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, upstream->socket);
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, CALL_SECONDS);
		return;
	}
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, FOREIGN_SECONDS);
	if (request->ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca);
	if (request->userpwd)
		curl_easy_setopt(curl, CURLOPT_USERPWD, request->userpwd);
}

static void set_options(struct upstream_call *call, const struct upstream_request *request)
{
	CURL *curl = call->curl;

	curl_easy_setopt(curl, CURLOPT_PRIVATE, call);
	curl_easy_setopt(curl, CURLOPT_URL, call->url);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	set_peer(curl, call->upstream, request);
	if (call->data)
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, 0L);
	set_body(call, request->len);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, call);
}

static bool prepare(struct upstream_call *call, const struct upstream_request *request)
{
	call->curl = curl_easy_init();
	if (!call->curl || asprintf(&call->url, "%s%s", call->upstream->socket ? "http://mseg" : "",
				    request->path) < 0) {
		call->url = NULL;
		return false;
	}
	if (request->body) {
		call->body = malloc(request->len + 1);
		if (!call->body)
			return false;
		memcpy(call->body, request->body, request->len);
	}
	if (!add_headers(call, request))
		return false;
	set_options(call, request);
	return true;
}

struct upstream_call *upstream_ask(struct upstream *upstream, const struct upstream_request *request,
				   upstream_data *data, upstream_done *done, void *arg)
{
	struct upstream_call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->upstream = upstream;
	call->multi = data ? upstream->streams : upstream->calls;
	call->data = data;
	call->done = done;
	call->arg = arg;
	if (!prepare(call, request) || curl_multi_add_handle(call->multi, call->curl)) {
		call_free(call);
		return NULL;
	}
	return call;
}

void upstream_cancel(struct upstream_call *call)
{
	if (!call)
		return;
	curl_multi_remove_handle(call->multi, call->curl);
	call_free(call);
}

/* --- the loop ------------------------------------------------------------- */

static int on_io(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	CURLM *multi = arg;
	int running, flags = 0;

	(void)source;
	flags |= (events & EPOLLIN) ? CURL_CSELECT_IN : 0;
	flags |= (events & EPOLLOUT) ? CURL_CSELECT_OUT : 0;
	flags |= (events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0;
	curl_multi_socket_action(multi, fd, flags, &running);
	look(multi);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t time, void *arg)
{
	int running;

	(void)source;
	(void)time;
	curl_multi_socket_action(arg, CURL_SOCKET_TIMEOUT, 0, &running);
	look(arg);
	return 0;
}

/* libcurl says which of its sockets are to be watched, for what. */
static int on_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *assigned)
{
	sd_event_source *source = assigned;
	struct upstream_call *call = NULL;
	uint32_t events = 0;

	curl_easy_getinfo(curl, CURLINFO_PRIVATE, &call);
	if (what == CURL_POLL_REMOVE) {
		sd_event_source_disable_unref(source);
		return 0;
	}
	events |= what != CURL_POLL_OUT ? EPOLLIN : 0;
	events |= what != CURL_POLL_IN ? EPOLLOUT : 0;
	if (source)
		return sd_event_source_set_io_events(source, events) < 0 ? -1 : 0;
	if (sd_event_add_io(arg, &source, fd, events, on_io, call->multi) < 0)
		return -1;
	curl_multi_assign(call->multi, fd, source);
	return 0;
}

static int on_timeout(CURLM *multi, long milliseconds, void *arg)
{
	sd_event_source *timer = arg;

	(void)multi;
	if (milliseconds < 0)
		return sd_event_source_set_enabled(timer, SD_EVENT_OFF) < 0 ? -1 : 0;
	sd_event_source_set_time_relative(timer, (uint64_t)milliseconds * 1000);
	return sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT) < 0 ? -1 : 0;
}

static int start(struct upstream *upstream, CURLM **multi, sd_event_source **timer)
{
	int err;

	*multi = curl_multi_init();
	if (!*multi)
		return -ENOMEM;
	err = sd_event_add_time_relative(upstream->event, timer, CLOCK_MONOTONIC, 0, 1000, on_timer,
					 *multi);
	if (err < 0)
		return err;
	curl_multi_setopt(*multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(*multi, CURLMOPT_SOCKETDATA, upstream->event);
	curl_multi_setopt(*multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	curl_multi_setopt(*multi, CURLMOPT_TIMERDATA, *timer);
	return 0;
}

int upstream_open(sd_event *event, const char *socket, struct upstream **result)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));
	int err;

	if (!upstream)
		return -ENOMEM;
	curl_global_init(CURL_GLOBAL_SSL);
	upstream->event = sd_event_ref(event);
	upstream->socket = socket ? strdup(socket) : NULL;
	upstream->answer_max = socket ? UPSTREAM_ANSWER_MAX : UPSTREAM_FOREIGN_MAX;
	err = !socket || upstream->socket ?
		      start(upstream, &upstream->calls, &upstream->calls_timer) :
		      -ENOMEM;
	if (!err)
		err = start(upstream, &upstream->streams, &upstream->streams_timer);
	if (err) {
		upstream_close(upstream);
		return err;
	}
	curl_multi_setopt(upstream->calls, CURLMOPT_MAX_TOTAL_CONNECTIONS,
			  socket ? CALLS_AT_ONCE : FOREIGN_AT_ONCE);
	*result = upstream;
	return 0;
}

void upstream_close(struct upstream *upstream)
{
	if (!upstream)
		return;
	curl_multi_cleanup(upstream->calls);
	curl_multi_cleanup(upstream->streams);
	sd_event_source_disable_unref(upstream->calls_timer);
	sd_event_source_disable_unref(upstream->streams_timer);
	sd_event_unref(upstream->event);
	free(upstream->socket);
	free(upstream);
}
