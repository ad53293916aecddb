// SPDX-License-Identifier: GPL-2.0-or-later
/* What the module has learned by name, as JSON. */
#include "learned_json.h"

#include <arpa/inet.h>
#include <errno.h>

#include "flow.h"
#include "json.h"
#include "learned.h"

struct cache {
	struct names *names;
	struct json_object *list;
};

static void add_address(struct json_object *object, const char *key, const struct resolver *address)
{
	char text[INET6_ADDRSTRLEN];

	if (address->family)
		inet_ntop(address->family == MSEG_FAMILY_IPV4 ? AF_INET : AF_INET6, address->addr,
			  text, sizeof(text));
	json_add_string(object, key, address->family ? text : NULL);
}

static int add_entry(const struct cache *cache, const struct learned *learned, const char *network)
{
	struct json_object *object = json_object_new_object();
	char text[40];

	json_add_string(object, "name", learned->name);
	add_address(object, "address", &learned->address);
	json_add_string(object, "network", network);
	json_add_string(object, "since", learned->since ? flow_time(learned->since, text) : NULL);
	json_add_string(object, "until", flow_time(learned->until, text));
	add_address(object, "resolver", &learned->resolver);
	json_add_bool(object, "inUse", learned->in_use);
	return json_object_array_add(cache->list, object) ? -ENOMEM : 0;
}

/* Once for every network that holds it. */
static int add_learned(const struct learned *learned, void *arg)
{
	const struct cache *cache = arg;
	size_t i;
	int err = 0;

	if (!learned->n_networks)
		return add_entry(cache, learned, NULL);
	names_want(cache->names, learned->generation);
	for (i = 0; i < learned->n_networks && !err; i++)
		err = add_entry(cache, learned,
				names_network(cache->names, learned->generation,
					      learned->networks[i]));
	return err;
}

int learned_json(struct client *client, struct names *names, struct json_object *list)
{
	struct cache cache = { names, list };

	return learned_read(client, add_learned, &cache);
}
