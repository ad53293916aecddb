/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mseg.conf: who may do what. YAML:
 *
 *	roles:
 *	  - {user: alice, namespace: /acme, roles: [read, edit]}
 *	  - {group: ops, roles: [admin]}
 *	console: {user: mseg-console, url: "https://console.example.org:8543"}
 *	exports: [{name: siem, type: syslog, to: "tcp:192.0.2.7:514"}]
 *	metrics: {listen: "127.0.0.1:9469"}
 *	dns: {resolvers: [192.0.2.53, "2001:db8::53"]}
 *	records: {days: 30, size: 4G, observed_names: false}
 *	history: {revisions: 1000, days: 365, size: 512M}
 *	oidc: {issuer: https://id.example.org, client_id: mseg, users: [...]}
 *
 * A role holds in its namespace ("/" where it is left out) and all below. Root has
 * all roles everywhere; without a file nobody else has any. The console stands for its
 * users by their sessions.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "caller.h"

#include "records/writer.h"
#include "store.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "export/target.h"
#include "lib/resolvers.h"
#include "oidc_config.h"

/** enum role - what somebody may do in a namespace; a set of bits */
enum role {
	ROLE_READ = 1,
	/** change external networks and rulesets; and read */
	ROLE_EDIT = 2,
	/** change namespaces below, and enforcers; and read */
	ROLE_ADMIN = 4,
};

struct config;

/**
 * config_read() - read the configuration
 * @file: its name
 * @must_exist: whether a file that is not there is an error
 * @messages: where errors and warnings go
 *
 * Return: the configuration, or NULL after an error.
 */
struct config *config_read(const char *file, bool must_exist, FILE *messages);

/**
 * config_free() - free a configuration
 * @config: may be NULL
 */
void config_free(struct config *config);

/**
 * config_roles() - what a caller may do in a namespace
 * @config: the configuration
 * @caller: who
 * @namespace: absolute; NULL for what the caller may do anywhere at all
 *
 * Return: of enum role, or-ed.
 */
unsigned int config_roles(const struct config *config, const struct caller *caller,
			  const char *namespace);

/**
 * config_name_caller() - give a caller the user's name
 * @config: which knows those whom it names
 * @caller: stays a number where neither @config nor /etc/passwd knows it: nothing
 *	that may not answer soon is asked
 */
void config_name_caller(const struct config *config, struct caller *caller);

/**
 * config_grants() - a caller's roles, for the caller to see
 * @config: the configuration
 * @caller: who
 *
 * Return: a list of {"namespace", "roles"}, or NULL without memory.
 */
struct json_object *config_grants(const struct config *config, const struct caller *caller);

/**
 * config_is_console() - whether a user is the console's
 * @config: the configuration
 * @uid: the user; where no console is configured, it is who runs this
 */
bool config_is_console(const struct config *config, uid_t uid);

/**
 * config_console() - the console, for those who may use it
 * @config: the configuration
 *
 * Return: {"user", "uid", "url"}, uid null while nobody is known by that name.
 */
struct json_object *config_console(const struct config *config);

/** config_oidc() - who may be believed who somebody is; NULL for nobody */
const struct oidc_config *config_oidc(const struct config *config);

/** config_records() - what is kept of flow records */
struct writer_limits config_records(const struct config *config);

/** config_observes_names() - whether flows tell whom they are for as they say it themselves */
bool config_observes_names(const struct config *config);

/** config_history() - what is kept of the policy's past */
struct store_limits config_history(const struct config *config);

/**
 * config_resolvers() - whose answers the module is to learn from
 * @config: the configuration
 * @n: how many
 *
 * Return: the servers; NULL where the configuration does not say.
 */
const struct resolver *config_resolvers(const struct config *config, size_t *n);

/**
 * namespace_holds() - whether a namespace is another one or above it
 * @above: absolute
 * @namespace: absolute
 */
bool namespace_holds(const char *above, const char *namespace);

/**
 * config_exports() - where flow records are exported to
 * @config: the configuration
 * @n: how many
 */
const struct export_target *config_exports(const struct config *config, unsigned int *n);

/**
 * config_metrics() - where metrics are served
 * @config: the configuration
 * @length: of the address
 *
 * Return: an address of loopback, or NULL for nowhere but the API.
 */
const struct sockaddr_storage *config_metrics(const struct config *config, socklen_t *length);

#endif /* CONFIG_H */
