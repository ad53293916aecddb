/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mseg-console.conf: where the console listens, and under which names. YAML:
 *
 *	listen: ["127.0.0.1:8543", "[::1]:8543"]
 *	hosts: [console.example.org]
 *	tls: {certificate: /etc/mseg/console.crt, key: /etc/mseg/console.key}
 *	socket: /run/mseg/api.sock
 *	oidc: {client_secret: /etc/mseg/oidc-secret}
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>

/** Addresses to listen on, and names of the console, at most. */
#define CONFIG_LIST_MAX 16

/** struct config_address - where to listen */
struct config_address {
	struct sockaddr_storage address;
	socklen_t len;
};

/**
 * struct config - the configuration
 * @listen: addresses
 * @n_listen: how many, 0 for the usual ones
 * @hosts: names beside localhost and the addresses
 * @n_hosts: how many
 * @certificate: PEM, from malloc(), or NULL without TLS
 * @key: likewise
 * @socket: msegd's
 * @client_secret: with the provider of OpenID Connect, or NULL
 */
struct config {
	struct config_address listen[CONFIG_LIST_MAX];
	unsigned int n_listen;
	char *hosts[CONFIG_LIST_MAX];
	unsigned int n_hosts;
	char *certificate;
	char *key;
	char *socket;
	char *client_secret;
};

/**
 * config_read() - read the configuration
 * @config: zeros; config_clear() it, after an error too
 * @file: its name
 * @must_exist: whether a file that is not there is an error
 * @messages: where errors go
 *
 * Return: whether it can be used.
 */
bool config_read(struct config *config, const char *file, bool must_exist, FILE *messages);

/**
 * config_listen() - add an address to listen on
 * @config: to what
 * @text: as 127.0.0.1:8543 or [::1]:8543
 *
 * Return: whether that is one, and there is room for it.
 */
bool config_listen(struct config *config, const char *text);

/** config_clear() - free what a configuration holds */
void config_clear(struct config *config);

#endif /* CONFIG_H */
