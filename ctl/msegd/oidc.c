// SPDX-License-Identifier: GPL-2.0-or-later
/* Logging in by OpenID Connect. */
#include "oidc.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "account.h"
#include "api.h"
#include "lib/doc.h"
#include "lib/fields.h"
#include "lib/json.h"
#include "log.h"
#include "model/findings.h"
#include "oidc_config.h"
#include "oidc_nonce.h"
#include "oidc_token.h"
#include "sessions.h"

#define KEYS_SIZE_MAX (256 << 10)

/* Where the application takes what the provider says. */
#define REDIRECT "/login/oidc"

static uint64_t seconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec;
}

/* --- keys ----------------------------------------------------------------- */

/* Who can change them can be anybody. */
static bool is_safe(int fd)
{
	struct stat file;

	return !fstat(fd, &file) && S_ISREG(file.st_mode) && file.st_size <= KEYS_SIZE_MAX &&
	       (file.st_uid == 0 || file.st_uid == geteuid()) &&
	       !(file.st_mode & (S_IWGRP | S_IWOTH));
}

/* Each time: they are few, and change. */
static struct json_object *read_keys(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct json_object *keys = fd >= 0 && is_safe(fd) ? json_object_from_fd(fd) : NULL;

	if (!keys)
		log_warning("%s: there are no keys that only root may change", path);
	if (fd >= 0)
		close(fd);
	return keys;
}

/* --- who it is ------------------------------------------------------------ */

static bool is_true(struct json_object *claims, const char *claim)
{
	struct json_object *value = json_object_object_get(claims, claim);

	return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

static const char *name_in(const struct oidc_config *config, struct json_object *claims)
{
	struct json_object *value = json_object_object_get(claims, config->claim);
	const char *name = json_object_get_string(value), *at;

	if (!json_object_is_type(value, json_type_string) || !*name ||
	    (size_t)json_object_get_string_len(value) != strlen(name))
		return NULL;
	for (at = name; *at; at++)
		if (*at <= ' ' || *at > '~')
			return NULL;
	/* An address that anybody may write down is nobody's. */
	if (!strcmp(config->claim, "email") && !is_true(claims, "email_verified"))
		return NULL;
	return name;
}

static const struct oidc_user *find_user(const struct oidc_config *config,
					 struct json_object *claims, const char *name)
{
	unsigned int i;

	for (i = 0; i < config->n_users; i++) {
		const struct oidc_user *user = &config->users[i];

		if (user->is_group ? oidc_claim_has(claims, config->group_claim, user->value) :
				     !strcmp(name, user->value))
			return user;
	}
	return NULL;
}

/* Where several are one user, what they do still says who it was. */
static bool take_caller(const struct oidc_user *user, const char *name, struct caller *caller)
{
	int len;

	if (!account_read(user->user, caller))
		return false;
	if (!user->is_group)
		return true;
	len = snprintf(caller->user, sizeof(caller->user), "%s (%s)", user->user, name);
	return len > 0 && (size_t)len < sizeof(caller->user);
}

static void log_in(struct service *service, struct request *request, struct json_object *claims)
{
	const struct oidc_config *config = config_oidc(service->config);
	const char *name = name_in(config, claims);
	const struct oidc_user *user = name ? find_user(config, claims, name) : NULL;
	struct caller caller = { 0 };

	if (user && take_caller(user, name, &caller))
		sessions_log_in(service, request, &caller, name);
	else
		reply_problem(request, MHD_HTTP_FORBIDDEN, NULL,
			      "the provider knows you, but mseg.conf does not say who you are here");
}

/* --- requests ------------------------------------------------------------- */

static void describe(struct service *service, struct request *request)
{
	const struct oidc_config *config = config_oidc(service->config);
	struct json_object *answer = json_object_new_object(), *console;
	char nonce[OIDC_NONCE_SIZE], *redirect = NULL;

	if (!oidc_nonce_make(service->nonces, seconds_of(CLOCK_BOOTTIME), nonce)) {
		json_object_put(answer);
		api_no_memory(request);
		return;
	}
	console = config_console(service->config);
	if (asprintf(&redirect, "%s" REDIRECT,
		     json_object_get_string(json_object_object_get(console, "url"))) < 0)
		redirect = NULL;
	json_add_string(answer, "label", config->label);
	json_add_string(answer, "issuer", config->issuer);
	json_add_string(answer, "clientID", config->client_id);
	json_add_string(answer, "scope", config->scope);
	json_add_string(answer, "redirectURI", redirect);
	json_add_string(answer, "nonce", nonce);
	json_add_string(answer, "keys", config->keys);
	json_add_string(answer, "ca", config->ca);
	reply_json(request, MHD_HTTP_OK, answer);
	json_object_put(console);
	free(redirect);
}

struct login {
	char token[OIDC_TOKEN_MAX + 1];
	char nonce[OIDC_NONCE_SIZE];
};

static void take_text(const struct doc_value *value, char *text, size_t size, struct diag *diag)
{
	if (value->len >= size)
		diag_error(diag, value->place, "this is too long");
	else
		memcpy(text, value->text, value->len + 1);
}

static bool read_login(struct request *request, struct login *login)
{
	static const struct field fields[] = {
		{ "token", DOC_STRING, true },
		{ "nonce", DOC_STRING, true },
	};
	const struct doc_value *values[2];
	struct findings findings;
	struct diag diag = findings_begin(&findings, "request");
	struct doc *doc = doc_read(request->body, request->len, &diag);

	if (doc && fields_get(doc_root(doc), "the body", fields, 2, values, &diag)) {
		take_text(values[0], login->token, sizeof(login->token), &diag);
		take_text(values[1], login->nonce, sizeof(login->nonce), &diag);
	}
	doc_free(doc);
	if (diag.errors)
		reply_problem(request, MHD_HTTP_BAD_REQUEST, json_object_get(findings.errors),
			      "the body cannot be taken as it is");
	findings_end(&findings);
	return !request->reply.status;
}

static void redeem(struct service *service, struct request *request, const struct login *login)
{
	const struct oidc_config *config = config_oidc(service->config);
	const struct oidc_wanted wanted = {
		.issuer = config->issuer,
		.client_id = config->client_id,
		.nonce = login->nonce,
		.now = (int64_t)seconds_of(CLOCK_REALTIME),
	};
	struct json_object *keys = read_keys(config->keys), *claims = NULL;
	const char *wrong = oidc_token_read(login->token, keys, &wanted, &claims);

	json_object_put(keys);
	if (!wrong && !oidc_nonce_take(service->nonces, seconds_of(CLOCK_BOOTTIME), login->nonce))
		wrong = "this login was done already, or took too long";
	if (wrong)
		reply_problem(request, MHD_HTTP_UNAUTHORIZED, NULL, "%s", wrong);
	else
		log_in(service, request, claims);
	json_object_put(claims);
}

/* The console may, for those who are not logged in yet; and who fetches the keys. */
static bool may_describe(const struct service *service, const struct request *request)
{
	return request->from_console ||
	       (config_roles(service->config, request->caller, "/") & ROLE_ADMIN);
}

bool oidc_is_request(const struct request *request)
{
	return request->n_path == 2 && !strcmp(request->path[1], "oidc");
}

void oidc_handle(struct service *service, struct request *request)
{
	bool is_get = !strcmp(request->method, "GET");
	struct login login;

	if (!is_get && strcmp(request->method, "POST") != 0)
		reply_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, NULL, "/v1/oidc takes no %s",
			      request->method);
	else if (is_get ? !may_describe(service, request) : !request->from_console)
		reply_problem(request, MHD_HTTP_FORBIDDEN, NULL, "this is the console's to ask");
	else if (!config_oidc(service->config))
		reply_problem(request, MHD_HTTP_NOT_FOUND, NULL,
			      "there is no login by OpenID Connect: 'oidc' in mseg.conf");
	else if (is_get)
		describe(service, request);
	else if (read_login(request, &login))
		redeem(service, request, &login);
}
