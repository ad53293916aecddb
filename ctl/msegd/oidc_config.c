// SPDX-License-Identifier: GPL-2.0-or-later
/* "oidc" of mseg.conf. */
#include "oidc_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fields.h"

#define KEYS_FILE "/etc/mseg/oidc-keys.json"

enum { ISSUER, CLIENT_ID, KEYS, CLAIM, GROUP_CLAIM, SCOPE, LABEL, CA, USERS, FIELDS };

static const struct field fields[] = {
	[ISSUER] = { "issuer", DOC_STRING, true },
	[CLIENT_ID] = { "client_id", DOC_STRING, true },
	[KEYS] = { "keys", DOC_STRING, false },
	[CLAIM] = { "claim", DOC_STRING, false },
	[GROUP_CLAIM] = { "group_claim", DOC_STRING, false },
	[SCOPE] = { "scope", DOC_STRING, false },
	[LABEL] = { "label", DOC_STRING, false },
	[CA] = { "ca", DOC_STRING, false },
	[USERS] = { "users", DOC_LIST, false },
};

static const char *text_of(const struct doc_value *value, const char *usual)
{
	return value ? value->text : usual;
}

static void check_issuer(const struct doc_value *value, struct diag *diag)
{
	if (strncmp(value->text, "https://", 8) != 0 || !value->text[8] ||
	    strpbrk(value->text, " \t\n?#\"<>") || strlen(value->text) != value->len)
		diag_error(diag, value->place, "an issuer is written as https://id.example.org");
}

/* What is asked for must be a token of who somebody is. */
static void check_scope(const struct doc_value *value, struct diag *diag)
{
	if (strcmp(value->text, "openid") != 0 && strncmp(value->text, "openid ", 7) != 0)
		diag_error(diag, value->place, "a scope begins with openid, as 'openid profile'");
}

static void check(const struct doc_value **values, struct diag *diag)
{
	unsigned int i;

	check_issuer(values[ISSUER], diag);
	if (values[SCOPE])
		check_scope(values[SCOPE], diag);
	for (i = 0; i < USERS; i++)
		if (values[i] && !values[i]->len)
			diag_error(diag, values[i]->place, "'%s' is empty", fields[i].name);
}

static void add_user(struct oidc_config *config, const char *value, const char *user, bool is_group)
{
	struct oidc_user *more = reallocarray(config->users, config->n_users + 1, sizeof(*more));

	if (!more)
		return;
	config->users = more;
	more[config->n_users++] = (struct oidc_user){ strdup(value), strdup(user), is_group };
}

static void take_user(const struct doc_value *object, struct oidc_config *config, struct diag *diag)
{
	enum { NAME, GROUP, USER, PARTS };
	static const struct field parts[] = {
		[NAME] = { "name", DOC_STRING, false },
		[GROUP] = { "group", DOC_STRING, false },
		[USER] = { "user", DOC_STRING, true },
	};
	const struct doc_value *values[PARTS], *who;

	if (!fields_get(object, "an entry of 'users'", parts, PARTS, values, diag))
		return;
	who = values[NAME] ? values[NAME] : values[GROUP];
	if (!values[NAME] == !values[GROUP])
		diag_error(diag, object->place, "either 'name' or 'group' is needed");
	else if (!who->len || !values[USER]->len)
		diag_error(diag, object->place, "an empty name is nobody's");
	else
		add_user(config, who->text, values[USER]->text, who == values[GROUP]);
}

static void fill(struct oidc_config *config, const struct doc_value **values)
{
	config->issuer = strdup(values[ISSUER]->text);
	config->client_id = strdup(values[CLIENT_ID]->text);
	config->keys = strdup(text_of(values[KEYS], KEYS_FILE));
	config->claim = strdup(text_of(values[CLAIM], "preferred_username"));
	config->group_claim = strdup(text_of(values[GROUP_CLAIM], "groups"));
	config->scope = strdup(text_of(values[SCOPE], "openid profile email"));
	config->label = strdup(text_of(values[LABEL], values[ISSUER]->text + 8));
	config->ca = values[CA] ? strdup(values[CA]->text) : NULL;
}

struct oidc_config *oidc_config_take(const struct doc_value *object, struct diag *diag)
{
	const struct doc_value *values[FIELDS], *value;
	struct oidc_config *config;

	if (!fields_get(object, "'oidc'", fields, FIELDS, values, diag))
		return NULL;
	check(values, diag);
	config = calloc(1, sizeof(*config));
	if (!config) {
		diag_error(diag, object->place, "no memory");
		return NULL;
	}
	fill(config, values);
	for (value = values[USERS] ? values[USERS]->first : NULL; value; value = value->next)
		take_user(value, config, diag);
	return config;
}

void oidc_config_free(struct oidc_config *config)
{
	unsigned int i;

	if (!config)
		return;
	for (i = 0; i < config->n_users; i++) {
		free(config->users[i].value);
		free(config->users[i].user);
	}
	free(config->users);
	free(config->issuer);
	free(config->client_id);
	free(config->keys);
	free(config->claim);
	free(config->group_claim);
	free(config->scope);
	free(config->label);
	free(config->ca);
	free(config);
}
