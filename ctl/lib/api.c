// SPDX-License-Identifier: GPL-2.0-or-later
/* A client of msegd's API, by libcurl. */
#include "api.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An answer that is begun and not ended within that is given up. */
#define CALL_SECONDS 300L
#define CONNECT_SECONDS 5L

/* Of an event, in bytes. */
#define EVENT_MAX (4U << 20)

struct api {
	CURL *curl;
	void (*wait)(double seconds);
	bool waited;
	const volatile sig_atomic_t *stop;
};

/* --- paths ---------------------------------------------------------------- */

struct api_path {
	char *text;
	size_t len;
	FILE *out;
	bool asked;
};

static void put_escaped(FILE *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";

	for (; *text; text++) {
		if (strchr(plain, *text))
			fputc(*text, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*text);
	}
}

struct api_path *api_path_new(const char *collection)
{
	struct api_path *path = calloc(1, sizeof(*path));

	if (!path)
		return NULL;
	path->out = open_memstream(&path->text, &path->len);
	if (!path->out) {
		free(path);
		return NULL;
	}
	fputs("/v1", path->out);
	api_path_add(path, collection);
	return path;
}

void api_path_add(struct api_path *path, const char *part)
{
	if (!path)
		return;
	fputc('/', path->out);
	put_escaped(path->out, part);
}

void api_path_query(struct api_path *path, const char *key, const char *value)
{
	if (!path || !value)
		return;
	fputc(path->asked ? '&' : '?', path->out);
	path->asked = true;
	put_escaped(path->out, key);
	fputc('=', path->out);
	put_escaped(path->out, value);
}

const char *api_path_text(struct api_path *path)
{
	return path && !fflush(path->out) && path->text ? path->text : "";
}

void api_path_free(struct api_path *path)
{
	if (!path)
		return;
	fclose(path->out);
	free(path->text);
	free(path);
}

/* --- calls ---------------------------------------------------------------- */

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct api *api = arg;
	double seconds = 0;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	curl_easy_getinfo(api->curl, CURLINFO_TOTAL_TIME, &seconds);
	api->waited = true;
	api->wait(seconds);
	return 0;
}

int api_open(struct api **api, const char *socket)
{
	*api = calloc(1, sizeof(**api));
	if (!*api)
		return -ENOMEM;
	/* Nothing of TLS, which costs more than the call. */
	curl_global_init(CURL_GLOBAL_NOTHING);
	(*api)->curl = curl_easy_init();
	if (!(*api)->curl || curl_easy_setopt((*api)->curl, CURLOPT_UNIX_SOCKET_PATH, socket)) {
		api_close(*api);
		*api = NULL;
		return -ENOMEM;
	}
	return 0;
}

void api_close(struct api *api)
{
	if (!api)
		return;
	curl_easy_cleanup(api->curl);
	free(api);
}

void api_on_wait(struct api *api, void (*wait)(double seconds))
{
	api->wait = wait;
}

void api_stop_on(struct api *api, const volatile sig_atomic_t *stop)
{
	api->stop = stop;
}

struct buffer {
	char *data;
	size_t len, room;
	int err;
};

/* There is always room for a NUL behind. */
static bool buffer_add(struct buffer *buffer, const char *data, size_t len, size_t max)
{
	size_t room = buffer->room ? buffer->room : 4096;
	char *more;

	if (len > max - buffer->len) {
		buffer->err = -EMSGSIZE;
		return false;
	}
	while (room - buffer->len <= len)
		room *= 2;
	if (room > buffer->room) {
		more = realloc(buffer->data, room);
		if (!more) {
			buffer->err = -ENOMEM;
			return false;
		}
		buffer->data = more;
		buffer->room = room;
	}
	memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
	buffer->data[buffer->len] = '\0';
	return true;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	return buffer_add(arg, data, size * n, API_ANSWER_MAX) ? size * n : 0;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	static const char name[] = "etag:";
	struct api_answer *answer = arg;
	size_t skip = sizeof(name) - 1, len = size * n;

	if (len <= skip || strncasecmp(data, name, skip) != 0)
		return len;
	while (skip < len && (data[skip] == ' ' || data[skip] == '\t'))
		skip++;
	while (len > skip && (data[len - 1] == '\r' || data[len - 1] == '\n'))
		len--;
	if (len - skip < sizeof(answer->etag)) {
		memcpy(answer->etag, data + skip, len - skip);
		answer->etag[len - skip] = '\0';
	}
	return size * n;
}

static struct curl_slist *headers_of(const struct api_request *request)
{
	struct curl_slist *headers = NULL;
	char line[128];

	snprintf(line, sizeof(line), "Content-Type: %s",
		 request->type ? request->type : "application/json");
	/* No hand-shake before a big body: the server is on this machine. */
	headers = curl_slist_append(headers, "Expect:");
	if (request->body)
		headers = curl_slist_append(headers, line);
	if (request->if_match) {
		snprintf(line, sizeof(line), "If-Match: %s", request->if_match);
		headers = curl_slist_append(headers, line);
	}
	return headers;
}

static int error_of(CURL *curl, CURLcode code)
{
	long os_error = 0;

	switch (code) {
	case CURLE_OK:
		return 0;
	case CURLE_COULDNT_CONNECT:
		curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_error);
		return os_error ? -(int)os_error : -ECONNREFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
		return -ECONNRESET;
	default:
		return -EPROTO;
	}
}

/* The last request leaves nothing behind but the connection. */
static void prepare(struct api *api, const struct api_request *request, struct curl_slist *headers)
{
	static const char host[] = "http://localhost";
	char *url = NULL;

	if (asprintf(&url, "%s%s", host, request->path) < 0)
		url = NULL;
	curl_easy_setopt(api->curl, CURLOPT_URL, url);
	free(url);
	curl_easy_setopt(api->curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(api->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(api->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(api->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(api->curl, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(api->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(api->curl, CURLOPT_HTTPGET, 1L);
	if (request->body) {
		curl_easy_setopt(api->curl, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(api->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->len);
	}
	curl_easy_setopt(api->curl, CURLOPT_NOPROGRESS, api->wait ? 0L : 1L);
	curl_easy_setopt(api->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(api->curl, CURLOPT_XFERINFODATA, api);
}

/* JSON deeper than a policy ever is, is none. */
static struct json_object *parse(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(64);
	struct json_object *object;

	if (!tokener || !len || len >= INT32_MAX) {
		if (tokener)
			json_tokener_free(tokener);
		return NULL;
	}
	object = json_tokener_parse_ex(tokener, text, (int)(len + 1));
	json_tokener_free(tokener);
	return object;
}

static int finish(struct api *api, struct buffer *body, CURLcode code, struct api_answer *answer)
{
	int err = body->err ? body->err : error_of(api->curl, code);

	curl_easy_getinfo(api->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	if (!body->data && !err)
		buffer_add(body, "", 0, 1);
	answer->text = body->data;
	answer->len = body->len;
	if (err)
		return err;
	if (!answer->text)
		return -ENOMEM;
	answer->body = parse(answer->text, answer->len);
	return 0;
}

int api_call(struct api *api, const struct api_request *request, struct api_answer *answer)
{
	struct curl_slist *headers = headers_of(request);
	struct buffer body = { 0 };
	CURLcode code;
	int err;

	memset(answer, 0, sizeof(*answer));
	prepare(api, request, headers);
	curl_easy_setopt(api->curl, CURLOPT_TIMEOUT, CALL_SECONDS);
	curl_easy_setopt(api->curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(api->curl, CURLOPT_WRITEDATA, &body);
	curl_easy_setopt(api->curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(api->curl, CURLOPT_HEADERDATA, answer);
	api->waited = false;
	code = curl_easy_perform(api->curl);
	if (api->waited)
		api->wait(-1);
	err = finish(api, &body, code, answer);
	curl_slist_free_all(headers);
	return err;
}

void api_answer_free(struct api_answer *answer)
{
	json_object_put(answer->body);
	free(answer->text);
	memset(answer, 0, sizeof(*answer));
}

/* --- events --------------------------------------------------------------- */

struct stream {
	struct api *api;
	api_listener *listener;
	void *arg;
	struct buffer line;
	struct buffer data;
	char name[64];
	struct buffer refusal;
	bool opened;
	bool stopped;
};

static bool dispatch(struct stream *stream)
{
	struct json_object *data;

	if (!stream->data.len) {
		stream->name[0] = '\0';
		return true;
	}
	data = parse(stream->data.data, stream->data.len);
	stream->stopped =
		!stream->listener(stream->name[0] ? stream->name : "message", data, stream->arg);
	json_object_put(data);
	stream->data.len = 0;
	stream->name[0] = '\0';
	return !stream->stopped;
}

/* A line of the stream, without its end (the HTML standard, "server-sent events"). */
static bool take_line(struct stream *stream, char *line, size_t len)
{
	static const char event[] = "event:", data[] = "data:";
	size_t skip;

	if (!len)
		return dispatch(stream);
	if (!strncmp(line, event, sizeof(event) - 1)) {
		skip = sizeof(event) - 1;
		skip += line[skip] == ' ';
		snprintf(stream->name, sizeof(stream->name), "%s", line + skip);
	} else if (!strncmp(line, data, sizeof(data) - 1)) {
		skip = sizeof(data) - 1;
		skip += line[skip] == ' ';
		return buffer_add(&stream->data, line + skip, len - skip, EVENT_MAX) &&
		       buffer_add(&stream->data, "\n", 1, EVENT_MAX);
	}
	return true;
}

static bool take_lines(struct stream *stream)
{
	char *begin = stream->line.data, *end;
	size_t left = stream->line.len, len;

	while (left && (end = memchr(begin, '\n', left))) {
		len = (size_t)(end - begin);
		left -= len + 1;
		*end = '\0';
		if (len && begin[len - 1] == '\r')
			begin[--len] = '\0';
		if (!take_line(stream, begin, len))
			return false;
		begin = end + 1;
	}
	if (left)
		memmove(stream->line.data, begin, left);
	stream->line.len = left;
	return true;
}

static size_t on_stream(char *data, size_t size, size_t n, void *arg)
{
	struct stream *stream = arg;
	long status = 0;

	curl_easy_getinfo(stream->api->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return on_body(data, size, n, &stream->refusal);
	if (!buffer_add(&stream->line, data, size * n, EVENT_MAX) || !take_lines(stream))
		return 0;
	return size * n;
}

/* The header's end: from now on nothing is missed. */
/* cppcheck-suppress constParameter; the type is libcurl's */
static size_t on_stream_header(char *data, size_t size, size_t n, void *arg)
{
	struct stream *stream = arg;
	long status = 0;

	curl_easy_getinfo(stream->api->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200 && size * n <= 2 && data[0] != ' ' && !stream->opened) {
		stream->opened = true;
		stream->stopped = !stream->listener(NULL, NULL, stream->arg);
	}
	return stream->stopped ? 0 : size * n;
}

/* libcurl asks once a second, whether anything comes or not. */
static int on_idle(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct stream *stream = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	if (stream->api->stop && *stream->api->stop)
		stream->stopped = true;
	return stream->stopped;
}

int api_listen(struct api *api, const char *path, api_listener *listener, void *arg,
	       struct api_answer *answer)
{
	const struct api_request request = { .method = "GET", .path = path };
	struct stream stream = { .api = api, .listener = listener, .arg = arg };
	struct curl_slist *headers = headers_of(&request);
	CURLcode code;
	int err;

	memset(answer, 0, sizeof(*answer));
	prepare(api, &request, headers);
	curl_easy_setopt(api->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(api->curl, CURLOPT_XFERINFOFUNCTION, on_idle);
	curl_easy_setopt(api->curl, CURLOPT_XFERINFODATA, &stream);
	curl_easy_setopt(api->curl, CURLOPT_TIMEOUT, 0L);
	curl_easy_setopt(api->curl, CURLOPT_WRITEFUNCTION, on_stream);
	curl_easy_setopt(api->curl, CURLOPT_WRITEDATA, &stream);
	curl_easy_setopt(api->curl, CURLOPT_HEADERFUNCTION, on_stream_header);
	curl_easy_setopt(api->curl, CURLOPT_HEADERDATA, &stream);
	code = curl_easy_perform(api->curl);
	if (stream.line.err || stream.data.err)
		stream.refusal.err = stream.line.err ? stream.line.err : stream.data.err;
	err = finish(api, &stream.refusal, stream.stopped ? CURLE_OK : code, answer);
	if (!err && stream.opened && !stream.stopped)
		err = -ECONNRESET;
	free(stream.line.data);
	free(stream.data.data);
	curl_slist_free_all(headers);
	return err;
}
