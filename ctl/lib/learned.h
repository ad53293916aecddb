/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The resolvers that the module learns from, and the addresses that it has learned. */
#ifndef LEARNED_H
#define LEARNED_H

#include <linux/mseg.h>
#include <mseg/core.h>

#include "client.h"
#include "resolvers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Networks of an address that are told of. */
#define LEARNED_NETWORKS_MAX 8

/**
 * struct learned - an address by a name
 * @name: in canonical form
 * @address: the address
 * @resolver: who said so; all zeros where nobody knows
 * @since: nanoseconds since 1970
 * @until: likewise
 * @in_use: a connection uses it
 * @generation: of the policy in force
 * @networks: indices in it
 * @n_networks: how many of @networks are filled
 */
struct learned {
	char name[MSEG_MAX_DOMAIN_LEN + 1];
	struct resolver address;
	struct resolver resolver;
	uint64_t since;
	uint64_t until;
	bool in_use;
	uint32_t generation;
	uint32_t networks[LEARNED_NETWORKS_MAX];
	size_t n_networks;
};

/**
 * learned_read() - read what the module has learned
 * @client: a connection
 * @each: called with each; a non-zero return ends it and is returned
 * @arg: handed to @each
 *
 * Return: 0 or an error; -EAGAIN, after all was read, where it changed meanwhile.
 */
int learned_read(struct client *client, int (*each)(const struct learned *learned, void *arg),
		 void *arg);

/** struct learned_names - by which names an address was learned, for the classifier */
struct learned_names {
	struct mseg_names names;
	char text[MSEG_MAX_NAMES_PER_ADDRESS][MSEG_MAX_DOMAIN_LEN + 1];
};

/**
 * learned_names() - give a connection the names of its peer
 * @client: a connection to the module
 * @key: its family and peer are read, and its names set
 * @names: the names, which outlive @key
 *
 * Return: 0 or an error, after which it has none.
 */
int learned_names(struct client *client, struct mseg_key *key, struct learned_names *names);

/**
 * learned_put() - have the module learn
 * @client: a connection
 * @list: what
 * @n: how many
 *
 * What no domain of the policy in force holds is passed over. Return: 0 or an error.
 */
int learned_put(struct client *client, const struct learned *list, size_t n);

/**
 * resolvers_set() - name those that are learned from
 * @client: a connection
 * @list: the servers
 * @n: how many, MSEG_MAX_RESOLVERS at most
 *
 * Return: 0 or an error.
 */
int resolvers_set(struct client *client, const struct resolver *list, size_t n);

/**
 * resolvers_format() - write addresses, with commas between
 * @list: the servers
 * @n: how many
 * @text: the result, cut where it is too long
 * @size: its bytes
 */
void resolvers_format(const struct resolver *list, size_t n, char *text, size_t size);

/**
 * resolvers_get() - ask whom the module learns from
 * @client: a connection
 * @list: MSEG_MAX_RESOLVERS of them, the result
 * @n: how many there are
 *
 * Return: 0 or an error.
 */
int resolvers_get(struct client *client, struct resolver *list, size_t *n);

#endif /* LEARNED_H */
