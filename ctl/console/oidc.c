// SPDX-License-Identifier: GPL-2.0-or-later
/* Logging in by OpenID Connect. */
#include "oidc.h"

#include <curl/curl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <json-c/json.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "guard.h"
#include "lib/json.h"

#define DISCOVERY "/.well-known/openid-configuration"

/* For as long what a provider says of itself is believed, and a login may take: seconds. */
#define METADATA_SECONDS 3600
#define LOGIN_SECONDS "600"

#define COOKIE "mseg-oidc"
#define COOKIE_TLS "__Host-mseg-oidc"

#define HASH_BYTES 32
#define SECRET_BYTES 32

/* Hexadecimal digits of a secret, or of a hash, with the NUL. */
#define HEX_SIZE (2 * HASH_BYTES + 1)

/* A secret and a nonce. */
#define ATTEMPT_MAX 256

enum what { SHOW, BEGIN, FINISH };

struct oidc {
	const struct config *config;
	struct upstream *msegd;
	struct upstream *provider;
	/* What the provider said of itself, and until when that counts. */
	struct json_object *metadata;
	uint64_t until;
};

struct oidc_call {
	struct oidc *oidc;
	struct http_request *request;
	struct upstream_call *call;
	enum what what;
	/* What msegd says of the provider. */
	struct json_object *settings;
	/* What the browser brought. */
	struct json_object *sent;
	char attempt[ATTEMPT_MAX];
	upstream_done *done;
	void *arg;
};

static uint64_t now_of(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec;
}

static const char *text_of(struct json_object *object, const char *name)
{
	struct json_object *value = json_object_object_get(object, name);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

static struct json_object *parse(const char *text, size_t len)
{
	struct json_tokener *tokener = json_tokener_new_ex(16);
	struct json_object *object = NULL;

	if (tokener && len && len <= UPSTREAM_FOREIGN_MAX)
		object = json_tokener_parse_ex(tokener, text, (int)len);
	if (tokener)
		json_tokener_free(tokener);
	return object;
}

static void refuse(struct oidc_call *call, unsigned int status, const char *detail)
{
	http_problem(call->request, status, NULL, detail);
}

static void no_memory(struct oidc_call *call)
{
	refuse(call, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory");
}

/* --- attempts ------------------------------------------------------------- */

static const char *cookie_name(const struct http_request *request)
{
	return request->tls ? COOKIE_TLS : COOKIE;
}

static void to_hex(const unsigned char *bytes, char *text)
{
	unsigned int i;

	for (i = 0; i < HASH_BYTES; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", bytes[i]);
}

/* From one secret come several things, none of which tells of another. */
static void derive(const char *what, const char *attempt, char *result)
{
	char text[ATTEMPT_MAX + 16];
	unsigned char hash[HASH_BYTES];

	snprintf(text, sizeof(text), "%s %s", what, attempt);
	gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), hash);
	to_hex(hash, result);
}

/* RFC 7636, 4.2: by S256. */
static void derive_challenge(const char *verifier, char *challenge)
{
	unsigned char hash[HASH_BYTES];
	gnutls_datum_t data = { hash, sizeof(hash) }, text = { 0 };
	unsigned int i;

	challenge[0] = '\0';
	gnutls_hash_fast(GNUTLS_DIG_SHA256, verifier, strlen(verifier), hash);
	if (gnutls_base64_encode2(&data, &text) < 0)
		return;
	for (i = 0; i < text.size && i + 1 < HEX_SIZE && text.data[i] != '='; i++)
		challenge[i] = text.data[i] == '+' ? '-' : text.data[i] == '/' ? '_' : text.data[i];
	challenge[i] = '\0';
	gnutls_free(text.data);
}

static bool make_attempt(struct oidc_call *call)
{
	unsigned char random[SECRET_BYTES];
	const char *nonce = text_of(call->settings, "nonce");
	char secret[HEX_SIZE];

	if (!guard_secret(nonce) || getrandom(random, sizeof(random), 0) != sizeof(random))
		return false;
	to_hex(random, secret);
	snprintf(call->attempt, sizeof(call->attempt), "%s-%s", secret, nonce);
	return true;
}

/* Whether what is sent belongs to what was begun here. */
static bool take_attempt(struct oidc_call *call)
{
	const char *cookie = http_cookie(call->request, cookie_name(call->request));
	const char *state = text_of(call->sent, "state");
	char wanted[HEX_SIZE];

	if (!cookie || strlen(cookie) >= ATTEMPT_MAX || strlen(cookie) <= HEX_SIZE)
		return false;
	snprintf(call->attempt, sizeof(call->attempt), "%s", cookie);
	derive("state", call->attempt, wanted);
	return strlen(state) == sizeof(wanted) - 1 && !gnutls_memcmp(state, wanted, sizeof(wanted));
}

static const char *nonce_of(const struct oidc_call *call)
{
	return call->attempt + HEX_SIZE;
}

const char *oidc_forget(const struct http_request *request)
{
	return request->tls ? COOKIE_TLS "=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0" :
			      COOKIE "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0";
}

/* --- URLs ----------------------------------------------------------------- */

struct parameter {
	const char *name;
	const char *value;
};

static bool add_parameters(CURLU *url, const struct parameter *parameters)
{
	CURLUcode code = CURLUE_OK;
	char *pair;

	for (; parameters->name && code == CURLUE_OK; parameters++) {
		if (asprintf(&pair, "%s=%s", parameters->name, parameters->value) < 0)
			return false;
		code = curl_url_set(url, CURLUPART_QUERY, pair, CURLU_APPENDQUERY | CURLU_URLENCODE);
		free(pair);
	}
	return code == CURLUE_OK;
}

/* A part of a URL that has parameters; NULL where that is none by HTTPS. */
static char *compose(const char *text, const struct parameter *parameters, CURLUPart part)
{
	CURLU *url = curl_url();
	char *result = NULL;

	if (url && !strncmp(text, "https://", 8) && !curl_url_set(url, CURLUPART_URL, text, 0) &&
	    add_parameters(url, parameters))
		curl_url_get(url, part, &result, 0);
	curl_url_cleanup(url);
	return result;
}

/* --- the end of it -------------------------------------------------------- */

static void ask_provider(struct oidc_call *call, struct upstream_request *wanted,
			 upstream_done *done)
{
	const char *ca = text_of(call->settings, "ca");

	wanted->ca = *ca ? ca : NULL;
	call->call = upstream_ask(call->oidc->provider, wanted, NULL, done, call);
	if (!call->call)
		no_memory(call);
}

static void on_session(struct upstream_answer *answer, void *arg)
{
	struct oidc_call *call = arg;

	call->call = NULL;
	call->done(answer, call->arg);
}

static void redeem(struct oidc_call *call, const char *token)
{
	struct upstream_request wanted = {
		.method = "POST",
		.path = "/v1/oidc",
		.type = "application/json",
	};
	struct json_object *body = json_object_new_object();

	json_add_string(body, "token", token);
	json_add_string(body, "nonce", nonce_of(call));
	wanted.body = json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN);
	wanted.len = strlen(wanted.body);
	call->call = upstream_ask(call->oidc->msegd, &wanted, NULL, on_session, call);
	json_object_put(body);
	if (!call->call)
		no_memory(call);
}

/* For who runs this; RFC 6749, 5.2 says which words there are. */
static void log_refusal(struct json_object *answer, long status)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";
	const char *error = text_of(answer, "error");

	if (strlen(error) > 40 || error[strspn(error, letters)])
		error = "";
	fprintf(stderr, "mseg-console: the provider gives no token: status %ld %s\n", status, error);
}

static void on_token(struct upstream_answer *answer, void *arg)
{
	struct oidc_call *call = arg;
	struct json_object *object = parse(answer->text, answer->len);
	const char *token = text_of(object, "id_token");

	call->call = NULL;
	if (answer->status == MHD_HTTP_OK && *token) {
		redeem(call, token);
	} else {
		log_refusal(object, answer->status);
		if (answer->status == MHD_HTTP_BAD_REQUEST)
			refuse(call, MHD_HTTP_UNAUTHORIZED,
			       "the provider does not take this login: it was used already, or took too long");
		else
			refuse(call, MHD_HTTP_BAD_GATEWAY,
			       "the provider does not answer as it should: try again in a moment");
	}
	json_object_put(object);
}

/* RFC 6749, 2.3.1: both are escaped before they are put together. */
static char *credentials(const struct oidc_call *call)
{
	const char *secret = call->oidc->config->client_secret;
	char *name = curl_easy_escape(NULL, text_of(call->settings, "clientID"), 0);
	char *word = secret ? curl_easy_escape(NULL, secret, 0) : NULL;
	char *result = NULL;

	if (name && word && asprintf(&result, "%s:%s", name, word) < 0)
		result = NULL;
	curl_free(name);
	curl_free(word);
	return result;
}

static void fetch_token(struct oidc_call *call)
{
	char verifier[HEX_SIZE], *body, *userpwd = credentials(call);
	const struct parameter parameters[] = {
		{ "grant_type", "authorization_code" },
		{ "code", text_of(call->sent, "code") },
		{ "redirect_uri", text_of(call->settings, "redirectURI") },
		{ "code_verifier", verifier },
		/* Who has no secret says who he is. */
		{ userpwd ? NULL : "client_id", text_of(call->settings, "clientID") },
		{ 0 },
	};
	struct upstream_request wanted = {
		.method = "POST",
		.path = text_of(call->oidc->metadata, "token_endpoint"),
		.type = "application/x-www-form-urlencoded",
		.userpwd = userpwd,
	};

	derive("verifier", call->attempt, verifier);
	body = compose("https://form.invalid/", parameters, CURLUPART_QUERY);
	if (body && (userpwd || !call->oidc->config->client_secret)) {
		wanted.body = body;
		wanted.len = strlen(body);
		ask_provider(call, &wanted, on_token);
	} else {
		no_memory(call);
	}
	curl_free(body);
	free(userpwd);
}

/* --- its beginning -------------------------------------------------------- */

static void reply_json(struct oidc_call *call, const char *name, const char *text,
		       const char *cookie)
{
	struct json_object *object = json_object_new_object();
	struct http_reply reply = {
		.status = MHD_HTTP_OK,
		.type = "application/json",
		.owned = true,
		.cookie = cookie,
	};

	json_add_string(object, name, text);
	reply.text = strdup(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	reply.len = reply.text ? strlen(reply.text) : 0;
	json_object_put(object);
	http_reply(call->request, &reply);
}

static char *authorization_url(const struct oidc_call *call)
{
	char state[HEX_SIZE], verifier[HEX_SIZE], challenge[HEX_SIZE];
	const struct parameter parameters[] = {
		{ "response_type", "code" },
		{ "client_id", text_of(call->settings, "clientID") },
		{ "redirect_uri", text_of(call->settings, "redirectURI") },
		{ "scope", text_of(call->settings, "scope") },
		{ "state", state },
		{ "nonce", nonce_of(call) },
		{ "code_challenge", challenge },
		{ "code_challenge_method", "S256" },
		{ 0 },
	};

	derive("state", call->attempt, state);
	derive("verifier", call->attempt, verifier);
	derive_challenge(verifier, challenge);
	return compose(text_of(call->oidc->metadata, "authorization_endpoint"), parameters,
		       CURLUPART_URL);
}

static void send_away(struct oidc_call *call)
{
	char cookie[ATTEMPT_MAX + 128], *url;

	if (!make_attempt(call)) {
		no_memory(call);
		return;
	}
	url = authorization_url(call);
	snprintf(cookie, sizeof(cookie),
		 "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=" LOGIN_SECONDS "%s",
		 cookie_name(call->request), call->attempt, call->request->tls ? "; Secure" : "");
	if (url)
		reply_json(call, "location", url, cookie);
	else
		refuse(call, MHD_HTTP_BAD_GATEWAY, "the provider does not say where to log in");
	curl_free(url);
}

/* --- the provider --------------------------------------------------------- */

static void go_on(struct oidc_call *call)
{
	if (call->what == BEGIN)
		send_away(call);
	else
		fetch_token(call);
}

/* OpenID Connect Discovery 1.0, 4.3: it must be who it was thought to be. */
static bool is_metadata(struct json_object *object, const char *issuer)
{
	return !strcmp(text_of(object, "issuer"), issuer) &&
	       !strncmp(text_of(object, "authorization_endpoint"), "https://", 8) &&
	       !strncmp(text_of(object, "token_endpoint"), "https://", 8);
}

static void on_metadata(struct upstream_answer *answer, void *arg)
{
	struct oidc_call *call = arg;
	struct oidc *oidc = call->oidc;
	struct json_object *object = NULL;

	call->call = NULL;
	if (answer->status == MHD_HTTP_OK)
		object = parse(answer->text, answer->len);
	if (is_metadata(object, text_of(call->settings, "issuer"))) {
		json_object_put(oidc->metadata);
		oidc->metadata = object;
		oidc->until = now_of() + METADATA_SECONDS;
		go_on(call);
		return;
	}
	json_object_put(object);
	fprintf(stderr, "mseg-console: %s" DISCOVERY ": status %ld, or not this issuer's\n",
		text_of(call->settings, "issuer"), answer->status);
	refuse(call, MHD_HTTP_BAD_GATEWAY,
	       "the provider does not answer as it should: try again in a moment");
}

static void discover(struct oidc_call *call)
{
	struct upstream_request wanted = { .method = "GET" };
	const char *issuer = text_of(call->settings, "issuer");
	size_t len = strlen(issuer);
	char *url = NULL;

	if (now_of() < call->oidc->until && is_metadata(call->oidc->metadata, issuer)) {
		go_on(call);
		return;
	}
	if (len && issuer[len - 1] == '/')
		len--;
	if (asprintf(&url, "%.*s" DISCOVERY, (int)len, issuer) < 0) {
		no_memory(call);
		return;
	}
	wanted.path = url;
	ask_provider(call, &wanted, on_metadata);
	free(url);
}

static void on_settings(struct upstream_answer *answer, void *arg)
{
	struct oidc_call *call = arg;

	call->call = NULL;
	if (answer->status == MHD_HTTP_NOT_FOUND && call->what == SHOW) {
		reply_json(call, "label", NULL, NULL);
		return;
	}
	if (answer->status != MHD_HTTP_OK) {
		call->done(answer, call->arg);
		return;
	}
	call->settings = parse(answer->text, answer->len);
	if (call->what == SHOW)
		reply_json(call, "label", text_of(call->settings, "label"), NULL);
	else
		discover(call);
}

/* --- requests ------------------------------------------------------------- */

static bool take_path(struct oidc_call *call)
{
	const char *method = call->request->method;
	const char *path = call->request->uri + strlen(OIDC_PATH);

	if (!strcmp(path, "") && !strcmp(method, "GET"))
		call->what = SHOW;
	else if (!strcmp(path, "/begin") && !strcmp(method, "POST"))
		call->what = BEGIN;
	else if (!strcmp(path, "/finish") && !strcmp(method, "POST"))
		call->what = FINISH;
	else
		return false;
	return true;
}

static bool take_request(struct oidc_call *call)
{
	const struct http_request *request = call->request;

	if (!take_path(call)) {
		refuse(call, MHD_HTTP_NOT_FOUND, "there is nothing here");
		return false;
	}
	if (call->what != FINISH)
		return true;
	call->sent = request->len ? parse(request->body, request->len) : NULL;
	if (*text_of(call->sent, "code") && take_attempt(call))
		return true;
	refuse(call, MHD_HTTP_UNAUTHORIZED,
	       "this login was not begun in this browser, or took too long: begin again");
	return false;
}

struct oidc_call *oidc_handle(struct oidc *oidc, struct http_request *request, upstream_done *done,
			      void *arg)
{
	static const struct upstream_request wanted = { .method = "GET", .path = "/v1/oidc" };
	struct oidc_call *call = calloc(1, sizeof(*call));

	if (!call) {
		http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "no memory");
		return NULL;
	}
	*call = (struct oidc_call){ .oidc = oidc, .request = request, .done = done, .arg = arg };
	if (take_request(call)) {
		call->call = upstream_ask(oidc->msegd, &wanted, NULL, on_settings, call);
		if (call->call)
			return call;
		no_memory(call);
	}
	oidc_cancel(call);
	return NULL;
}

void oidc_cancel(struct oidc_call *call)
{
	if (!call)
		return;
	upstream_cancel(call->call);
	json_object_put(call->settings);
	json_object_put(call->sent);
	explicit_bzero(call->attempt, sizeof(call->attempt));
	free(call);
}

struct oidc *oidc_new(const struct config *config, struct upstream *msegd, struct upstream *provider)
{
	struct oidc *oidc = calloc(1, sizeof(*oidc));

	if (oidc)
		*oidc = (struct oidc){ .config = config, .msegd = msegd, .provider = provider };
	return oidc;
}

void oidc_free(struct oidc *oidc)
{
	if (oidc)
		json_object_put(oidc->metadata);
	free(oidc);
}
