/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "oidc" of mseg.conf: whose word is taken for who somebody is, and who that is here:
 *
 *	oidc:
 *	  issuer: https://id.example.org
 *	  client_id: mseg
 *	  users:
 *	    - {name: alice@example.org, user: alice}
 *	    - {group: netops, user: ops}
 *
 * Nobody is anybody unless it is said.
 */
#ifndef OIDC_CONFIG_H
#define OIDC_CONFIG_H

#include <stdbool.h>

#include "lib/doc.h"

/**
 * struct oidc_user - who somebody is here
 * @value: of the claim
 * @user: of /etc/passwd
 * @is_group: @value is one of the groups
 */
struct oidc_user {
	char *value;
	char *user;
	bool is_group;
};

/**
 * struct oidc_config - a provider
 * @issuer: its URL
 * @client_id: what the console is to it
 * @keys: file of its keys (RFC 7517, a set)
 * @claim: which one has somebody's name
 * @group_claim: which one has the groups
 * @scope: what is asked for
 * @label: its name, for people
 * @ca: file of the authorities that are trusted in its place, or NULL
 * @users: in their order, the first one counts
 * @n_users: how many
 */
struct oidc_config {
	char *issuer;
	char *client_id;
	char *keys;
	char *claim;
	char *group_claim;
	char *scope;
	char *label;
	char *ca;
	struct oidc_user *users;
	unsigned int n_users;
};

/**
 * oidc_config_take() - take "oidc" apart
 * @object: it
 * @diag: told of what is wrong
 *
 * Return: the provider, oidc_config_free() it; NULL after an error.
 */
struct oidc_config *oidc_config_take(const struct doc_value *object, struct diag *diag);

/** oidc_config_free() - free a provider; may be NULL */
void oidc_config_free(struct oidc_config *config);

#endif /* OIDC_CONFIG_H */
