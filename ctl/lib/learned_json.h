/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the module has learned by name, as JSON. */
#ifndef LEARNED_JSON_H
#define LEARNED_JSON_H

#include <json-c/json.h>

#include "client.h"
#include "names.h"

/**
 * learned_json() - read what the module has learned
 * @client: a connection
 * @names: of networks
 * @list: an array; gets {"name", "address", "network", "since", "until", "resolver",
 *	"inUse"} for every address, and for every network that holds it
 *
 * Return: as learned_read().
 */
int learned_json(struct client *client, struct names *names, struct json_object *list);

#endif /* LEARNED_JSON_H */
