// SPDX-License-Identifier: GPL-2.0-or-later
/* The console's routes. */
#include "console.h"

#include <json-c/json.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assets.h"
#include "guard.h"
#include "lib/sockets.h"

#define API "/api/"
#define API_V1 "/api/v1/"
#define SESSION "/api/session"
#define EVENTS "/api/v1/events"

/* Bytes of a body, and of one that logs in; a provider's code is as long as a URI. */
#define BODY_MAX (16U << 20)
#define LOGIN_MAX 4096
#define OIDC_MAX (LOGIN_MAX + GUARD_URI_MAX)

/* With TLS the name says that it was set by this very host, by HTTPS, for all paths. */
#define COOKIE "mseg-session"
#define COOKIE_TLS "__Host-mseg-session"

/* What no page of another origin can send without being asked first. */
#define OWN_HEADER "X-Mseg-Request"

#define PROBLEM_LOST "/problems/lost"

struct console {
	const struct config *config;
	struct upstream *upstream;
	struct hubs *hubs;
	struct oidc *oidc;
	struct guard_logins logins;
};

/* A request that is not answered yet, or a stream. */
struct job {
	struct console *console;
	struct http_request *request;
	struct upstream_call *call;
	struct oidc_call *oidc;
	struct subscriber *subscriber;
};

static const char *cookie_name(const struct http_request *request)
{
	return request->tls ? COOKIE_TLS : COOKIE;
}

static bool is_change(const char *method)
{
	return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

static bool is_method(const char *method)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(method, known[i]))
			return true;
	return false;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Whether a URI is that of a path, with a query or without. */
static bool is_at(const char *uri, const char *path)
{
	size_t len = strlen(path);

	return !strncmp(uri, path, len) && (!uri[len] || uri[len] == '?');
}

/* The token of a program, else that of a browser; NULL where there is none. */
static const char *token_of(const struct http_request *request)
{
	static const char scheme[] = "Bearer ";
	const char *authorization = http_header(request, MHD_HTTP_HEADER_AUTHORIZATION);
	const char *token = http_cookie(request, cookie_name(request));

	if (authorization)
		token = begins(authorization, scheme) ? authorization + sizeof(scheme) - 1 : NULL;
	return guard_secret(token) ? token : NULL;
}

/* --- before the body ------------------------------------------------------ */

/* What two readers could read in two ways. */
static bool is_ambiguous(const struct http_request *request)
{
	static const char *const once[] = {
		MHD_HTTP_HEADER_HOST,
		MHD_HTTP_HEADER_CONTENT_LENGTH,
		MHD_HTTP_HEADER_TRANSFER_ENCODING,
		MHD_HTTP_HEADER_AUTHORIZATION,
		MHD_HTTP_HEADER_CONTENT_TYPE,
		MHD_HTTP_HEADER_IF_MATCH,
	};
	const char *coding = http_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	const char *length = http_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	size_t i;

	for (i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		if (http_header_count(request, once[i]) > 1)
			return true;
	if (length && (!*length || length[strspn(length, "0123456789")]))
		return true;
	return coding && (length || strcasecmp(coding, "chunked") != 0);
}

/* Whether a page that asks is one of the console's own. */
static bool is_own_page(const struct http_request *request)
{
	const char *host = http_header(request, MHD_HTTP_HEADER_HOST);

	return guard_fetch_site(http_header(request, "Sec-Fetch-Site")) &&
	       guard_origin(http_header(request, MHD_HTTP_HEADER_ORIGIN), request->tls, host);
}

static bool begin_api(struct http_request *request)
{
	if (!is_own_page(request)) {
		http_problem(request, MHD_HTTP_FORBIDDEN, NULL,
			     "another site's page has asked: only the console's own may");
		return false;
	}
	/* A program's token is nothing that a browser adds by itself. */
	if (is_change(request->method) && !http_header(request, OWN_HEADER) &&
	    !http_header(request, MHD_HTTP_HEADER_AUTHORIZATION)) {
		http_problem(request, MHD_HTTP_FORBIDDEN, NULL,
			     "a change needs the header " OWN_HEADER);
		return false;
	}
	return true;
}

static bool may_begin(const struct console *console, struct http_request *request)
{
	if (is_ambiguous(request))
		http_problem(request, MHD_HTTP_BAD_REQUEST, NULL,
			     "a header is there twice, or the body's length is said in two ways");
	else if (!guard_host(http_header(request, MHD_HTTP_HEADER_HOST), console->config->hosts,
			     console->config->n_hosts, request->to))
		http_problem(request, MHD_HTTP_MISDIRECTED_REQUEST, NULL,
			     "the console is not known by this name: 'hosts' in mseg-console.conf");
	else if (!is_method(request->method))
		http_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, NULL,
			     "there is no such method here");
	else if (!guard_uri(request->uri))
		http_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "the URI cannot be read");
	else if (!begins(request->uri, API) && is_change(request->method))
		http_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, NULL, "a file can only be read");
	else
		return !begins(request->uri, API) || begin_api(request);
	return false;
}

static size_t on_begin(struct http_request *request, void *arg)
{
	if (!may_begin(arg, request))
		return 0;
	if (is_at(request->uri, SESSION))
		return LOGIN_MAX;
	if (begins(request->uri, OIDC_PATH))
		return OIDC_MAX;
	/* Without a session nothing is read. */
	if (begins(request->uri, API_V1) && token_of(request))
		return BODY_MAX;
	return 0;
}

/* --- files ---------------------------------------------------------------- */

static bool takes_gzip(const struct http_request *request)
{
	const char *accept = http_header(request, MHD_HTTP_HEADER_ACCEPT_ENCODING);

	return accept && strstr(accept, "gzip") && !strstr(accept, "gzip;q=0");
}

static const struct asset *asset_of(const struct http_request *request)
{
	char path[GUARD_URI_MAX + 1];

	snprintf(path, sizeof(path), "%.*s", (int)strcspn(request->uri, "?"), request->uri);
	return assets_find(path);
}

static void serve_file(struct http_request *request)
{
	const struct asset *asset = asset_of(request);
	const char *known = http_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH);
	struct http_reply reply = { .status = MHD_HTTP_OK };
	const struct asset_bytes *bytes;

	if (!asset) {
		http_problem(request, MHD_HTTP_NOT_FOUND, NULL, "there is no such file");
		return;
	}
	reply.packed = takes_gzip(request);
	bytes = reply.packed ? &asset->packed : &asset->plain;
	reply.type = asset->type;
	reply.etag = asset->etag;
	reply.cache = asset->immutable ? "public, max-age=31536000, immutable" : "no-cache";
	if (known && !strcmp(known, asset->etag)) {
		reply.status = MHD_HTTP_NOT_MODIFIED;
		reply.packed = false;
	} else {
		reply.text = (void *)bytes->begin;
		reply.len = (size_t)(bytes->end - bytes->begin);
	}
	http_reply(request, &reply);
}

/* --- msegd's answers ------------------------------------------------------ */

static void lost(struct http_request *request)
{
	http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, PROBLEM_LOST,
		     "msegd, which has the policy, does not answer: the console asks again");
}

static void forward_answer(struct http_request *request, struct upstream_answer *answer)
{
	struct http_reply reply = {
		.status = (unsigned int)answer->status,
		.type = answer->type[0] ? answer->type : "application/json",
		.etag = answer->etag,
		.text = answer->text,
		.len = answer->len,
		.owned = true,
	};

	if (!answer->status) {
		lost(request);
		return;
	}
	if (answer->status < 400)
		http_trust(request);
	answer->text = NULL;
	http_reply(request, &reply);
}

static void on_answer(struct upstream_answer *answer, void *arg)
{
	struct job *job = arg;

	job->call = NULL;
	forward_answer(job->request, answer);
}

static void ask(struct http_request *request, const struct upstream_request *wanted,
		upstream_done *done)
{
	struct job *job = request->owner;

	job->call = upstream_ask(job->console->upstream, wanted, NULL, done, job);
	if (!job->call)
		http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "no memory");
}

/* Nothing goes to msegd as the console's own but a login. */
static const char *need_token(struct http_request *request)
{
	const char *token = token_of(request);

	if (!token)
		http_problem(request, MHD_HTTP_UNAUTHORIZED, NULL, "nobody is logged in");
	return token;
}

static void forward(struct http_request *request)
{
	struct upstream_request wanted = {
		.method = request->method,
		.path = request->uri + strlen("/api"),
		.token = need_token(request),
		.type = http_header(request, MHD_HTTP_HEADER_CONTENT_TYPE),
		.if_match = http_header(request, MHD_HTTP_HEADER_IF_MATCH),
		.body = request->body,
		.len = request->len,
	};

	if (!wanted.token)
		return;
	if (!strcmp(wanted.method, "HEAD"))
		wanted.method = "GET";
	ask(request, &wanted, on_answer);
}

/* --- sessions ------------------------------------------------------------- */

static void set_cookie(const struct http_request *request, const char *token, char *cookie,
		       size_t size)
{
	snprintf(cookie, size, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", cookie_name(request),
		 token, request->tls ? "; Secure" : "", *token ? "" : "; Max-Age=0");
}

/* The page is not told what its cookie is. */
static void reply_login(struct http_request *request, struct json_object *session)
{
	const struct job *job = request->owner;
	const char *token = json_object_get_string(json_object_object_get(session, "token"));
	struct http_reply reply = {
		.status = MHD_HTTP_OK,
		.type = "application/json",
		.owned = true,
	};
	char cookie[256];

	if (!guard_secret(token)) {
		http_problem(request, MHD_HTTP_BAD_GATEWAY, NULL, "msegd's answer makes no sense");
		return;
	}
	set_cookie(request, token, cookie, sizeof(cookie));
	json_object_object_del(session, "token");
	reply.cookie = cookie;
	if (job->oidc)
		reply.other_cookie = oidc_forget(request);
	reply.text = strdup(json_object_to_json_string_ext(session, JSON_C_TO_STRING_PLAIN));
	reply.len = reply.text ? strlen(reply.text) : 0;
	http_trust(request);
	http_reply(request, &reply);
	explicit_bzero(cookie, sizeof(cookie));
}

static struct json_object *parse(const struct upstream_answer *answer)
{
	struct json_tokener *tokener = json_tokener_new_ex(8);
	struct json_object *object = NULL;

	if (tokener && answer->len && answer->len < 65536)
		object = json_tokener_parse_ex(tokener, answer->text, (int)answer->len);
	if (tokener)
		json_tokener_free(tokener);
	return object;
}

static void on_login(struct upstream_answer *answer, void *arg)
{
	struct job *job = arg;
	struct json_object *session;

	job->call = NULL;
	if (answer->status != MHD_HTTP_OK) {
		forward_answer(job->request, answer);
		return;
	}
	session = parse(answer);
	reply_login(job->request, session);
	json_object_put(session);
	explicit_bzero(answer->text, answer->len);
}

static bool may_log_in(struct console *console, struct http_request *request)
{
	struct http_reply reply = { .status = MHD_HTTP_TOO_MANY_REQUESTS };
	uid_t user = GUARD_NOBODY;
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	/* All users of this host have one address: none of them shall keep another out. */
	if (!guard_loopback(request->from) || !sockets_owner(request->from, request->to, &user))
		user = GUARD_NOBODY;
	reply.retry_after = guard_login(&console->logins, request->from, user, (uint64_t)now.tv_sec);
	if (reply.retry_after)
		http_reply(request, &reply);
	return !reply.retry_after;
}

static void log_in(struct console *console, struct http_request *request)
{
	const struct upstream_request wanted = {
		.method = "POST",
		.path = "/v1/sessions/redeem",
		.type = "application/json",
		.body = request->body ? request->body : "",
		.len = request->len,
	};

	if (may_log_in(console, request))
		ask(request, &wanted, on_login);
}

static void handle_oidc(struct console *console, struct http_request *request)
{
	struct job *job = request->owner;

	if (!is_change(request->method) || may_log_in(console, request))
		job->oidc = oidc_handle(console->oidc, request, on_login, job);
}

static void on_logout(struct upstream_answer *answer, void *arg)
{
	struct job *job = arg;
	struct http_reply reply = { .status = MHD_HTTP_NO_CONTENT };
	char cookie[128];

	job->call = NULL;
	/* While msegd does not know of it, nobody is logged out. */
	if (!answer->status || answer->status >= 500) {
		forward_answer(job->request, answer);
		return;
	}
	set_cookie(job->request, "", cookie, sizeof(cookie));
	reply.cookie = cookie;
	http_reply(job->request, &reply);
}

static void handle_session(struct console *console, struct http_request *request)
{
	struct upstream_request wanted = {
		.method = request->method,
		.path = "/v1/sessions/current",
	};

	if (!strcmp(request->method, "POST")) {
		log_in(console, request);
		return;
	}
	wanted.token = need_token(request);
	if (!wanted.token)
		return;
	if (!strcmp(request->method, "DELETE"))
		ask(request, &wanted, on_logout);
	else if (!is_change(request->method)) {
		wanted.method = "GET";
		ask(request, &wanted, on_answer);
	} else {
		http_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, NULL,
			     SESSION " takes GET, POST and DELETE");
	}
}

/* --- events --------------------------------------------------------------- */

static bool has_parameter(const struct http_request *request, const char *name)
{
	const char *query = strchr(request->uri, '?');
	size_t len = strlen(name);

	while (query && *query) {
		query++;
		if (!strncmp(query, name, len) && begins(query + len, "=true") &&
		    (!query[len + 5] || query[len + 5] == '&'))
			return true;
		query = strchr(query, '&');
	}
	return false;
}

static void on_event(void *arg)
{
	const struct job *job = arg;

	http_wake(job->request);
}

static ssize_t read_events(struct http_request *request, char *room, size_t size)
{
	struct job *job = request->owner;

	return subscriber_read(job->subscriber, room, size);
}

/* The session is good: who it is says the answer. */
static void on_checked(struct upstream_answer *answer, void *arg)
{
	struct job *job = arg;
	struct http_request *request = job->request;
	struct hub_request wanted = {
		.token = token_of(request),
		.flows = has_parameter(request, "flows"),
		.dns = has_parameter(request, "dns"),
		.last_id = http_header(request, "Last-Event-ID"),
	};
	struct json_object *session;

	job->call = NULL;
	if (answer->status != MHD_HTTP_OK) {
		forward_answer(request, answer);
		return;
	}
	session = parse(answer);
	wanted.uid = json_object_get_uint64(json_object_object_get(session, "uid"));
	json_object_put(session);
	http_trust(request);
	job->subscriber = subscriber_new(job->console->hubs, &wanted, on_event, job);
	if (job->subscriber)
		http_stream(request, read_events);
	else
		http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
			     "there are too many streams of events");
}

static void join_events(struct http_request *request)
{
	const struct upstream_request wanted = {
		.method = "GET",
		.path = "/v1/sessions/current",
		.token = need_token(request),
	};

	if (!wanted.token)
		return;
	if (strcmp(request->method, "GET") != 0)
		http_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, NULL, EVENTS " takes GET");
	else
		ask(request, &wanted, on_checked);
}

/* --- routing -------------------------------------------------------------- */

static void on_handle(struct http_request *request, void *arg)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job) {
		http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "no memory");
		return;
	}
	job->console = arg;
	job->request = request;
	request->owner = job;
	if (!begins(request->uri, API))
		serve_file(request);
	else if (is_at(request->uri, SESSION))
		handle_session(arg, request);
	else if (begins(request->uri, OIDC_PATH))
		handle_oidc(arg, request);
	else if (is_at(request->uri, EVENTS))
		join_events(request);
	else if (begins(request->uri, API_V1))
		forward(request);
	else
		http_problem(request, MHD_HTTP_NOT_FOUND, NULL, "everything is below " API_V1);
}

static void on_end(struct http_request *request, void *arg)
{
	struct job *job = request->owner;

	(void)arg;
	if (!job)
		return;
	upstream_cancel(job->call);
	oidc_cancel(job->oidc);
	if (job->subscriber)
		subscriber_free(job->subscriber);
	free(job);
}

struct console *console_new(const struct config *config, struct upstream *upstream,
			    struct hubs *hubs, struct oidc *oidc)
{
	struct console *console = calloc(1, sizeof(*console));

	if (console) {
		console->config = config;
		console->upstream = upstream;
		console->hubs = hubs;
		console->oidc = oidc;
	}
	return console;
}

void console_free(struct console *console)
{
	free(console);
}

struct http_calls console_calls(struct console *console)
{
	return (struct http_calls){ on_begin, on_handle, on_end, console };
}
