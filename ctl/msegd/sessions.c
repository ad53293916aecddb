// SPDX-License-Identifier: GPL-2.0-or-later
/* Sessions of the console. */
#include "sessions.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "account.h"
#include "api.h"
#include "events.h"
#include "file.h"
#include "lib/doc.h"
#include "lib/fields.h"
#include "lib/json.h"
#include "lib/text.h"
#include "log.h"
#include "model/findings.h"

#define SECRET_BYTES 32
#define HASH_BYTES 32
#define NAME_MAX_BYTES 64

/* Of a secret with its prefix and the NUL. */
#define SECRET_SIZE 96

/* Altogether, and of a kind for one user. */
#define SESSIONS_MAX 1024

/* Made, or tried in vain, within a minute. */
#define MADE_A_MINUTE 60
#define FAILED_A_MINUTE 60

#define FILE_SIZE_MAX (1 << 20)

/* What a kind is: seconds that it lasts at least, at most, and unless it is said. */
struct kind_of_session {
	const char *name;
	const char *prefix;
	uint32_t least, most, usual;
	/* Without being used; 0 for any time. */
	uint32_t idle;
	/* A user has at most. */
	unsigned int max;
};

enum { LINK, TOKEN, SESSION, KINDS };

static const struct kind_of_session kinds[] = {
	[LINK] = { "link", "mseg-link-", 60, 600, 300, 0, 8 },
	[TOKEN] = { "token", "mseg-token-", 60, 366 * 86400, 30 * 86400, 0, 32 },
	[SESSION] = { "session", "mseg-session-", 60, 43200, 43200, 3600, 32 },
};

struct session {
	struct session *next;
	unsigned char hash[HASH_BYTES];
	struct caller caller;
	char *name;
	uint64_t id;
	/* By which it was redeemed, if that is a token: it ends with it. */
	uint64_t parent;
	/* Seconds of the time since the start of the machine. */
	uint64_t created, used, expires;
	unsigned int kind;
	/* Of /etc/passwd, when it was made. */
	bool local;
};

struct sessions {
	struct session *list;
	char *file;
	unsigned int n;
	uint64_t next_id;
	/* The minute that is counted, and what came in it. */
	uint64_t minute;
	unsigned int made, failed;
};

static uint64_t now_by(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec;
}

/* Unlike the time of day it never goes back. */
static uint64_t uptime(void)
{
	return now_by(CLOCK_BOOTTIME);
}

static uint64_t to_date(uint64_t time)
{
	return now_by(CLOCK_REALTIME) + time - uptime();
}

static uint64_t ends_at(const struct session *session)
{
	uint32_t idle = kinds[session->kind].idle;

	if (idle && session->used + idle < session->expires)
		return session->used + idle;
	return session->expires;
}

/* --- secrets -------------------------------------------------------------- */

static void hash(const char *secret, unsigned char *result)
{
	gnutls_hash_fast(GNUTLS_DIG_SHA256, secret, strlen(secret), result);
}

static bool make_secret(const char *prefix, char *secret)
{
	unsigned char random[SECRET_BYTES];
	size_t len = strlen(prefix), i;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return false;
	memcpy(secret, prefix, len);
	for (i = 0; i < sizeof(random); i++)
		snprintf(secret + len + 2 * i, 3, "%02x", random[i]);
	explicit_bzero(random, sizeof(random));
	return true;
}

/* --- the list ------------------------------------------------------------- */

static void session_free(struct session *session)
{
	caller_free(&session->caller);
	free(session->name);
	free(session);
}

static struct session *find_id(const struct sessions *sessions, uint64_t id)
{
	struct session *session;

	for (session = sessions->list; session; session = session->next)
		if (session->id == id)
			return session;
	return NULL;
}

static struct session *find_secret(const struct sessions *sessions, const char *secret)
{
	unsigned char wanted[HASH_BYTES];
	struct session *session;

	hash(secret, wanted);
	for (session = sessions->list; session; session = session->next)
		if (!memcmp(session->hash, wanted, HASH_BYTES) && ends_at(session) > uptime())
			return session;
	return NULL;
}

static void add(struct sessions *sessions, struct session *session)
{
	session->next = sessions->list;
	sessions->list = session;
	sessions->n++;
	if (session->id >= sessions->next_id)
		sessions->next_id = session->id + 1;
}

static void unlink_one(struct sessions *sessions, struct session *session)
{
	struct session **link = &sessions->list;

	while (*link != session)
		link = &(*link)->next;
	*link = session->next;
	sessions->n--;
}

/* --- tokens on disk ------------------------------------------------------- */

static struct json_object *groups_json(const struct caller *caller)
{
	struct json_object *list = json_object_new_array();
	unsigned int i;

	for (i = 0; i < caller->n_groups; i++)
		json_object_array_add(list, json_object_new_int64(caller->groups[i]));
	return list;
}

static struct json_object *stored(const struct session *session)
{
	struct json_object *object = json_object_new_object();
	char hex[2 * HASH_BYTES + 1];
	unsigned int i;

	for (i = 0; i < HASH_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", session->hash[i]);
	json_add_number(object, "id", session->id);
	json_add_string(object, "hash", hex);
	json_add_string(object, "name", session->name);
	json_add_number(object, "uid", session->caller.uid);
	json_add_number(object, "gid", session->caller.gid);
	json_add(object, "groups", groups_json(&session->caller));
	json_add_string(object, "user", session->caller.user);
	json_add_bool(object, "local", session->local);
	json_add_number(object, "created", to_date(session->created));
	json_add_number(object, "used", to_date(session->used));
	json_add_number(object, "expires", to_date(session->expires));
	return object;
}

static int save(const struct sessions *sessions)
{
	struct json_object *list = json_object_new_array();
	const struct session *session;
	int err;

	for (session = sessions->list; session; session = session->next)
		if (session->kind == TOKEN)
			json_object_array_add(list, stored(session));
	err = file_write(sessions->file, list);
	json_object_put(list);
	if (err)
		log_error("%s: %s", sessions->file, strerror(-err));
	return err;
}

static uint64_t number(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

static const char *string(struct json_object *object, const char *key)
{
	const char *text = json_object_get_string(json_object_object_get(object, key));

	return text ? text : "";
}

static bool load_hash(const char *hex, unsigned char *result)
{
	unsigned int i;

	if (strlen(hex) != 2 * HASH_BYTES)
		return false;
	for (i = 0; i < HASH_BYTES; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &result[i]) != 1)
			return false;
	return true;
}

static bool load_caller(struct json_object *object, struct caller *caller)
{
	struct json_object *groups = json_object_object_get(object, "groups");
	size_t i, n = json_object_is_type(groups, json_type_array) ?
			      json_object_array_length(groups) :
			      0;

	if (!json_object_object_get(object, "uid") || !json_object_object_get(object, "gid"))
		return false;
	caller->uid = (uid_t)number(object, "uid");
	caller->gid = (gid_t)number(object, "gid");
	snprintf(caller->user, sizeof(caller->user), "%s", string(object, "user"));
	caller->groups = calloc(n + 1, sizeof(*caller->groups));
	if (!caller->groups)
		return false;
	for (i = 0; i < n; i++)
		caller->groups[i] =
			(gid_t)json_object_get_uint64(json_object_array_get_idx(groups, i));
	caller->n_groups = (unsigned int)n;
	return true;
}

/* A date as a time since the start, no later than that may be. */
static uint64_t from_date(uint64_t date, uint64_t most)
{
	uint64_t today = now_by(CLOCK_REALTIME), time = uptime();

	if (date <= today)
		return today - date < time ? time - (today - date) : 0;
	return time + (date - today < most ? date - today : most);
}

static void load_one(struct sessions *sessions, struct json_object *object)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return;
	session->kind = TOKEN;
	session->id = number(object, "id");
	session->name = strdup(string(object, "name"));
	session->local = json_object_get_boolean(json_object_object_get(object, "local"));
	session->created = from_date(number(object, "created"), 0);
	session->used = from_date(number(object, "used"), 0);
	session->expires = from_date(number(object, "expires"), kinds[TOKEN].most);
	if (session->name && session->id && load_caller(object, &session->caller) &&
	    load_hash(string(object, "hash"), session->hash) && session->expires > uptime())
		add(sessions, session);
	else
		session_free(session);
}

static void load(struct sessions *sessions)
{
	struct json_object *list = json_object_from_file(sessions->file);
	size_t i;

	if (!json_object_is_type(list, json_type_array)) {
		if (!access(sessions->file, F_OK))
			log_warning("%s makes no sense: there are no tokens", sessions->file);
		json_object_put(list);
		return;
	}
	for (i = 0; i < json_object_array_length(list) && sessions->n < SESSIONS_MAX; i++)
		load_one(sessions, json_object_array_get_idx(list, i));
	json_object_put(list);
}

int sessions_open(const char *directory, struct sessions **result)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));

	if (!sessions || asprintf(&sessions->file, "%s/tokens.json", directory) < 0) {
		free(sessions);
		return -ENOMEM;
	}
	sessions->next_id = 1;
	load(sessions);
	*result = sessions;
	return 0;
}

void sessions_close(struct sessions *sessions)
{
	struct session *session;

	if (!sessions)
		return;
	while ((session = sessions->list)) {
		sessions->list = session->next;
		session_free(session);
	}
	free(sessions->file);
	free(sessions);
}

/* --- ends ----------------------------------------------------------------- */

static struct session *find_child(const struct sessions *sessions, uint64_t parent)
{
	struct session *session;

	for (session = sessions->list; session; session = session->next)
		if (session->parent == parent)
			return session;
	return NULL;
}

static void end_one(struct service *service, struct session *session)
{
	unlink_one(service->sessions, session);
	events_end_session(service->events, session->id);
	session_free(session);
}

/* With what was redeemed by it. */
static void end(struct service *service, struct session *session)
{
	bool is_stored = session->kind == TOKEN;
	uint64_t id = session->id;
	struct session *child;

	end_one(service, session);
	while ((child = find_child(service->sessions, id)))
		end_one(service, child);
	if (is_stored)
		save(service->sessions);
}

/* Somebody who has left this host is nobody any more. */
static bool is_over(const struct session *session)
{
	return ends_at(session) <= uptime() ||
	       (session->local && !account_exists(session->caller.uid));
}

void sessions_look(struct service *service)
{
	struct session *session = service->sessions->list;

	while (session) {
		if (is_over(session)) {
			end(service, session);
			session = service->sessions->list;
		} else {
			session = session->next;
		}
	}
}

/* --- acting --------------------------------------------------------------- */

static bool within_limit(struct sessions *sessions, unsigned int *count, unsigned int most)
{
	uint64_t minute = uptime() / 60;

	if (sessions->minute != minute) {
		sessions->minute = minute;
		sessions->made = 0;
		sessions->failed = 0;
	}
	return (*count)++ < most;
}

static void unauthorized(struct request *request)
{
	reply_problem(request, MHD_HTTP_UNAUTHORIZED, NULL,
		      "there is no such session, or it is over: log in");
}

void sessions_act(struct service *service, struct request *request, const char *authorization,
		  struct caller *acting)
{
	static const char scheme[] = "Bearer ";
	struct session *session;

	if (!request->from_console) {
		reply_problem(request, MHD_HTTP_FORBIDDEN, NULL,
			      "sessions are the console's: here everybody is who connects");
		return;
	}
	if (strncmp(authorization, scheme, sizeof(scheme) - 1) != 0) {
		unauthorized(request);
		return;
	}
	session = find_secret(service->sessions, authorization + sizeof(scheme) - 1);
	if (!session || session->kind == LINK || is_over(session)) {
		unauthorized(request);
		return;
	}
	if (caller_copy(acting, &session->caller) || account_refresh(acting)) {
		api_no_memory(request);
		return;
	}
	session->used = uptime();
	request->caller = acting;
	request->session = session->id;
	request->from_console = false;
}

/* --- making --------------------------------------------------------------- */

/* Of a user's, of one kind: how many, and which was not used for longest. */
static unsigned int count(const struct sessions *sessions, uid_t uid, unsigned int kind,
			  struct session **oldest)
{
	struct session *session;
	unsigned int n = 0;

	for (session = sessions->list; session; session = session->next)
		if (session->caller.uid == uid && session->kind == kind) {
			n++;
			if (!*oldest || session->used <= (*oldest)->used)
				*oldest = session;
		}
	return n;
}

/* Of what people come to have by and by, the oldest goes. */
static bool make_room(struct service *service, struct request *request, uid_t uid, unsigned int kind)
{
	struct session *oldest = NULL;

	sessions_look(service);
	if (count(service->sessions, uid, kind, &oldest) >= kinds[kind].max) {
		if (kind == TOKEN) {
			reply_problem(request, MHD_HTTP_CONFLICT, NULL,
				      "nobody has more than %u tokens: revoke one", kinds[kind].max);
			return false;
		}
		end(service, oldest);
	}
	if (service->sessions->n < SESSIONS_MAX)
		return true;
	reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "there are too many sessions");
	return false;
}

/* What was made, and what it is known by; NULL where the request was refused. */
static struct session *make(struct service *service, struct request *request,
			    const struct caller *caller, unsigned int kind, const char *name,
			    uint64_t seconds, char *secret)
{
	struct session *session;

	if (!within_limit(service->sessions, &service->sessions->made, MADE_A_MINUTE)) {
		reply_problem(request, MHD_HTTP_TOO_MANY_REQUESTS, NULL,
			      "too many sessions are made: wait a minute");
		return NULL;
	}
	if (!make_room(service, request, caller->uid, kind))
		return NULL;
	session = calloc(1, sizeof(*session));
	if (!session || caller_copy(&session->caller, caller) || !(session->name = strdup(name)) ||
	    !make_secret(kinds[kind].prefix, secret)) {
		if (session)
			session_free(session);
		api_no_memory(request);
		return NULL;
	}
	hash(secret, session->hash);
	session->kind = kind;
	session->id = service->sessions->next_id++;
	session->local = account_exists(caller->uid);
	session->created = session->used = uptime();
	session->expires = session->created + seconds;
	add(service->sessions, session);
	return session;
}

/* --- answers -------------------------------------------------------------- */

static void add_date(struct json_object *object, const char *key, uint64_t time)
{
	time_t date = (time_t)to_date(time);
	char text[32];
	struct tm tm;

	gmtime_r(&date, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_add_string(object, key, text);
}

static struct json_object *shown(const struct session *session, uint64_t current)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "id", session->id);
	json_add_string(object, "kind", kinds[session->kind].name);
	json_add_string(object, "name", session->name);
	json_add_string(object, "user", session->caller.user);
	json_add_number(object, "uid", session->caller.uid);
	add_date(object, "created", session->created);
	add_date(object, "used", session->used);
	add_date(object, "expires", ends_at(session));
	json_add_bool(object, "current", session->id == current);
	return object;
}

static bool is_shown(const struct session *session, const struct request *request)
{
	return session->caller.uid == request->caller->uid && !is_over(session);
}

static void list_all(const struct service *service, struct request *request)
{
	struct json_object *answer = json_object_new_object(), *all = json_object_new_array();
	const struct session *session;

	for (session = service->sessions->list; session; session = session->next)
		if (is_shown(session, request))
			json_object_array_add(all, shown(session, request->session));
	json_add(answer, "console", config_console(service->config));
	json_add(answer, "sessions", all);
	reply_json(request, MHD_HTTP_OK, answer);
}

/* --- POST ----------------------------------------------------------------- */

struct wish {
	unsigned int kind;
	uint64_t seconds;
	char name[NAME_MAX_BYTES + 1];
};

static void take_kind(const struct doc_value *value, struct wish *wish, struct diag *diag)
{
	for (wish->kind = LINK; wish->kind < SESSION; wish->kind++)
		if (!strcmp(value->text, kinds[wish->kind].name))
			return;
	wish->kind = LINK;
	diag_error(diag, value->place, "a kind is link or token, not '%s'",
		   text_show(value->text, value->len).s);
}

static void take_seconds(const struct doc_value *value, struct wish *wish, struct diag *diag)
{
	const struct kind_of_session *kind = &kinds[wish->kind];

	wish->seconds = value && value->len < 12 ? strtoull(value->text, NULL, 10) : 0;
	if (!value)
		wish->seconds = kind->usual;
	else if (wish->seconds < kind->least || wish->seconds > kind->most)
		diag_error(diag, value->place, "a %s is good for %u to %u seconds", kind->name,
			   kind->least, kind->most);
}

static void take_name(const struct doc_value *value, struct wish *wish, struct diag *diag)
{
	size_t i;

	if (value->len > NAME_MAX_BYTES)
		diag_error(diag, value->place, "a name has %u bytes at most", NAME_MAX_BYTES);
	for (i = 0; i < value->len; i++)
		if ((unsigned char)value->text[i] < ' ' || value->text[i] == 0x7f) {
			diag_error(diag, value->place, "a name has no control characters");
			return;
		}
	snprintf(wish->name, sizeof(wish->name), "%s", value->text);
}

static void take_wish(const struct doc_value *root, struct wish *wish, struct diag *diag)
{
	enum { KIND, EXPIRES, NAME, FIELDS };
	static const struct field fields[] = {
		[KIND] = { "kind", DOC_STRING, true },
		[EXPIRES] = { "expiresIn", DOC_INTEGER, false },
		[NAME] = { "name", DOC_STRING, false },
	};
	const struct doc_value *values[FIELDS];

	if (!fields_get(root, "the body", fields, FIELDS, values, diag))
		return;
	take_kind(values[KIND], wish, diag);
	take_seconds(values[EXPIRES], wish, diag);
	if (values[NAME])
		take_name(values[NAME], wish, diag);
}

static bool read_wish(struct request *request, struct wish *wish)
{
	struct findings findings;
	struct diag diag = findings_begin(&findings, "request");
	struct doc *doc = doc_read(request->body, request->len, &diag);

	if (doc)
		take_wish(doc_root(doc), wish, &diag);
	doc_free(doc);
	if (diag.errors)
		reply_problem(request, MHD_HTTP_BAD_REQUEST, json_object_get(findings.errors),
			      "the body cannot be taken as it is");
	findings_end(&findings);
	return !request->reply.status;
}

static void create(struct service *service, struct request *request)
{
	struct wish wish = { 0 };
	struct json_object *answer;
	char secret[SECRET_SIZE];
	struct session *session;

	/* Else a stolen session would last for ever. */
	if (request->session) {
		reply_problem(request, MHD_HTTP_FORBIDDEN, NULL,
			      "a session makes no sessions: use mctl console on the host");
		return;
	}
	if (!read_wish(request, &wish))
		return;
	session =
		make(service, request, request->caller, wish.kind, wish.name, wish.seconds, secret);
	if (!session)
		return;
	if (wish.kind == TOKEN && save(service->sessions)) {
		end(service, session);
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
			      "the token cannot be stored");
		return;
	}
	answer = shown(session, 0);
	json_add_string(answer, wish.kind == LINK ? "code" : "token", secret);
	json_add(answer, "console", config_console(service->config));
	reply_json(request, MHD_HTTP_CREATED, answer);
	explicit_bzero(secret, sizeof(secret));
}

/* --- POST redeem ---------------------------------------------------------- */

static bool read_code(struct request *request, char *code)
{
	static const struct field fields[] = { { "code", DOC_STRING, true } };
	const struct doc_value *values[1];
	struct findings findings;
	struct diag diag = findings_begin(&findings, "request");
	struct doc *doc = doc_read(request->body, request->len, &diag);

	code[0] = '\0';
	if (doc && fields_get(doc_root(doc), "the body", fields, 1, values, &diag) &&
	    values[0]->len < SECRET_SIZE)
		memcpy(code, values[0]->text, values[0]->len + 1);
	doc_free(doc);
	if (diag.errors)
		reply_problem(request, MHD_HTTP_BAD_REQUEST, json_object_get(findings.errors),
			      "the body cannot be taken as it is");
	findings_end(&findings);
	return !request->reply.status;
}

/* To the console, which knows it by its secret from now on. */
static void hand_over(struct request *request, const struct session *session, char *secret)
{
	struct json_object *answer = shown(session, session->id);

	json_add_string(answer, "token", secret);
	reply_json(request, MHD_HTTP_OK, answer);
	explicit_bzero(secret, SECRET_SIZE);
}

static void redeem_by(struct service *service, struct request *request, struct session *by)
{
	uint64_t most = by->kind == TOKEN ? by->expires - uptime() : kinds[SESSION].most;
	char secret[SECRET_SIZE];
	struct session *session = make(service, request, &by->caller, SESSION, by->name,
				       most < kinds[SESSION].most ? most : kinds[SESSION].most,
				       secret);

	if (!session)
		return;
	by->used = uptime();
	session->parent = by->kind == TOKEN ? by->id : 0;
	/* As it was then: a name that has passed to another user gains nothing. */
	session->local = by->local;
	if (by->kind == LINK)
		end(service, by);
	hand_over(request, session, secret);
}

void sessions_log_in(struct service *service, struct request *request, const struct caller *caller,
		     const char *name)
{
	char secret[SECRET_SIZE];
	struct session *session =
		make(service, request, caller, SESSION, name, kinds[SESSION].most, secret);

	if (session)
		hand_over(request, session, secret);
}

static void redeem(struct service *service, struct request *request)
{
	struct sessions *sessions = service->sessions;
	char code[SECRET_SIZE];
	struct session *by;

	if (!request->from_console) {
		reply_problem(request, MHD_HTTP_FORBIDDEN, NULL, "this is the console's to ask");
		return;
	}
	if (!read_code(request, code))
		return;
	by = find_secret(sessions, code);
	explicit_bzero(code, sizeof(code));
	if (by && by->kind != SESSION && !is_over(by))
		redeem_by(service, request, by);
	else if (within_limit(sessions, &sessions->failed, FAILED_A_MINUTE))
		reply_problem(request, MHD_HTTP_UNAUTHORIZED, NULL,
			      "this code is wrong, was used already, or is over");
	else
		reply_problem(request, MHD_HTTP_TOO_MANY_REQUESTS, NULL,
			      "too many codes were wrong: wait a minute");
}

/* --- one ------------------------------------------------------------------ */

/* By its number, or the one that asks; NULL where it is none of the caller's. */
static struct session *find(const struct service *service, struct request *request)
{
	const char *name = request->path[2];
	char *rest;
	uint64_t id = !strcmp(name, "current") ? request->session : strtoull(name, &rest, 10);
	struct session *session = id ? find_id(service->sessions, id) : NULL;

	if (session && is_shown(session, request))
		return session;
	reply_problem(request, MHD_HTTP_NOT_FOUND, NULL, "%s has no session %s",
		      request->caller->user, text_show(name, strlen(name)).s);
	return NULL;
}

static void handle_one(struct service *service, struct request *request)
{
	bool is_get = !strcmp(request->method, "GET");
	struct session *session;

	if (!is_get && strcmp(request->method, "DELETE") != 0) {
		reply_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, NULL, "a session takes no %s",
			      request->method);
		return;
	}
	session = find(service, request);
	if (!session)
		return;
	reply_json(request, MHD_HTTP_OK, shown(session, request->session));
	if (!is_get)
		end(service, session);
}

bool sessions_is_redeem(const struct request *request)
{
	return request->n_path == 3 && !strcmp(request->method, "POST") &&
	       !strcmp(request->path[1], "sessions") && !strcmp(request->path[2], "redeem");
}

void sessions_handle(struct service *service, struct request *request)
{
	bool is_post = !strcmp(request->method, "POST");

	if (request->n_path > 3)
		reply_problem(request, MHD_HTTP_NOT_FOUND, NULL, "there is nothing below a session");
	else if (sessions_is_redeem(request))
		redeem(service, request);
	else if (request->n_path == 3)
		handle_one(service, request);
	else if (is_post)
		create(service, request);
	else if (!strcmp(request->method, "GET"))
		list_all(service, request);
	else
		reply_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, NULL,
			      "/v1/sessions takes no %s", request->method);
}
