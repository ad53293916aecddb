// SPDX-License-Identifier: GPL-2.0-or-later
/* What the module has learned, and from whom. */
#include "learned.h"
#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Addresses of one message: with the longest names, what fits the module's buffers. */
#define LEARNED_A_MESSAGE 32

/* --- addresses ------------------------------------------------------------ */

static bool take_address(const struct nlattr *attr, struct resolver *address)
{
	if (!attr || (nla_len(attr) != 4 && nla_len(attr) != 16))
		return false;
	address->family = nla_len(attr) == 4 ? MSEG_FAMILY_IPV4 : MSEG_FAMILY_IPV6;
	memcpy(address->addr, nla_data(attr), (size_t)nla_len(attr));
	return true;
}

static int put_address(struct nl_msg *message, int type, const struct resolver *address)
{
	return nla_put(message, type, address->family == MSEG_FAMILY_IPV4 ? 4 : 16, address->addr);
}

/* --- what is learned ------------------------------------------------------ */

struct reading {
	int (*each)(const struct learned *learned, void *arg);
	void *arg;
	uint32_t generation;
};

static void take_networks(struct nlattr *learned, struct learned *result)
{
	struct nlattr *attr;
	int rest;

	nla_for_each_nested(attr, learned, rest) {
		if (nla_type(attr) == MSEG_A_LEARNED_NETWORK && nla_len(attr) == sizeof(uint32_t) &&
		    result->n_networks < LEARNED_NETWORKS_MAX)
			result->networks[result->n_networks++] = nla_get_u32(attr);
	}
}

static int take_learned(struct nlattr *attr, const struct reading *reading)
{
	static const struct nla_policy policy[MSEG_A_LEARNED_MAX + 1] = {
		[MSEG_A_LEARNED_NAME] = { .type = NLA_STRING },
		[MSEG_A_LEARNED_SINCE] = { .type = NLA_U64 },
		[MSEG_A_LEARNED_UNTIL] = { .type = NLA_U64 },
	};
	struct nlattr *attrs[MSEG_A_LEARNED_MAX + 1];
	struct learned learned = { .generation = reading->generation };

	if (nla_parse_nested(attrs, MSEG_A_LEARNED_MAX, attr, policy) ||
	    !attrs[MSEG_A_LEARNED_NAME] ||
	    !take_address(attrs[MSEG_A_LEARNED_ADDRESS], &learned.address))
		return -EBADMSG;
	nla_strlcpy(learned.name, attrs[MSEG_A_LEARNED_NAME], sizeof(learned.name));
	text_clean(learned.name);
	take_address(attrs[MSEG_A_LEARNED_RESOLVER], &learned.resolver);
	if (attrs[MSEG_A_LEARNED_SINCE])
		learned.since = nla_get_u64(attrs[MSEG_A_LEARNED_SINCE]);
	if (attrs[MSEG_A_LEARNED_UNTIL])
		learned.until = nla_get_u64(attrs[MSEG_A_LEARNED_UNTIL]);
	learned.in_use = attrs[MSEG_A_LEARNED_IN_USE] != NULL;
	take_networks(attr, &learned);
	return reading->each(&learned, reading->arg);
}

static int on_learned(struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	struct reading *reading = arg;
	struct nlattr *attr;
	int rest, err = 0;

	if (attrs[MSEG_A_GENERATION])
		reading->generation = nla_get_u32(attrs[MSEG_A_GENERATION]);
	client_for_each(attr, message, rest)
	{
		if (nla_type(attr) == MSEG_A_LEARNED)
			err = take_learned(attr, reading);
		if (err)
			break;
	}
	return err;
}

int learned_read(struct client *client, int (*each)(const struct learned *learned, void *arg),
		 void *arg)
{
	struct reading reading = { each, arg, 0 };

	return client_do(client, MSEG_C_DNS_CACHE_GET, NLM_F_DUMP, on_learned, &reading);
}

struct naming {
	const struct mseg_key *key;
	struct learned_names *names;
};

static int take_name(const struct learned *learned, void *arg)
{
	const struct naming *naming = arg;
	struct learned_names *result = naming->names;
	char *text;

	if (result->names.n == MSEG_MAX_NAMES_PER_ADDRESS ||
	    learned->address.family != naming->key->family ||
	    memcmp(learned->address.addr, naming->key->peer, MSEG_ADDR_LEN) != 0)
		return 0;
	text = result->text[result->names.n];
	memcpy(text, learned->name, sizeof(learned->name));
	result->names.name[result->names.n++] = text;
	return 0;
}

int learned_names(struct client *client, struct mseg_key *key, struct learned_names *names)
{
	struct naming naming = { key, names };
	int err;

	memset(names, 0, sizeof(*names));
	key->names = NULL;
	err = learned_read(client, take_name, &naming);
	if (err && err != -EAGAIN)
		return err;
	if (names->names.n)
		key->names = &names->names;
	return 0;
}

static int put_learned(struct nl_msg *message, const struct learned *learned)
{
	struct nlattr *nest = nla_nest_start(message, MSEG_A_LEARNED | NLA_F_NESTED);
	int err;

	if (!nest)
		return -ENOMEM;
	err = nla_put_string(message, MSEG_A_LEARNED_NAME, learned->name);
	if (!err)
		err = put_address(message, MSEG_A_LEARNED_ADDRESS, &learned->address);
	if (!err)
		err = nla_put_u64(message, MSEG_A_LEARNED_SINCE, learned->since);
	if (!err)
		err = nla_put_u64(message, MSEG_A_LEARNED_UNTIL, learned->until);
	if (!err && learned->resolver.family)
		err = put_address(message, MSEG_A_LEARNED_RESOLVER, &learned->resolver);
	nla_nest_end(message, nest);
	return err;
}

static int put_some(struct client *client, const struct learned *list, size_t n)
{
	struct nl_msg *message = client_message(client, MSEG_C_DNS_LEARN, 0);
	size_t i;
	int err = 0;

	for (i = 0; message && !err && i < n; i++)
		err = put_learned(message, &list[i]);
	if (err) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return client_call(client, message, NULL, NULL);
}

int learned_put(struct client *client, const struct learned *list, size_t n)
{
	size_t some;
	int err = 0;

	for (; n && !err; list += some, n -= some) {
		some = n < LEARNED_A_MESSAGE ? n : LEARNED_A_MESSAGE;
		err = put_some(client, list, some);
	}
	return err;
}

/* --- resolvers ------------------------------------------------------------ */

int resolvers_set(struct client *client, const struct resolver *list, size_t n)
{
	struct nl_msg *message = client_message(client, MSEG_C_RESOLVERS_SET, 0);
	size_t i;
	int err = 0;

	for (i = 0; message && !err && i < n; i++)
		err = put_address(message, MSEG_A_RESOLVER, &list[i]);
	if (err) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return client_call(client, message, NULL, NULL);
}

void resolvers_format(const struct resolver *list, size_t n, char *text, size_t size)
{
	char address[INET6_ADDRSTRLEN];
	size_t i, used = 0;

	text[0] = '\0';
	for (i = 0; i < n && used < size; i++) {
		inet_ntop(list[i].family == MSEG_FAMILY_IPV4 ? AF_INET : AF_INET6, list[i].addr,
			  address, sizeof(address));
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", address);
	}
}

struct asked {
	struct resolver *list;
	size_t *n;
};

static int on_resolvers(struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	struct asked *asked = arg;
	struct nlattr *attr;
	int rest;

	(void)attrs;
	client_for_each(attr, message, rest)
	{
		if (nla_type(attr) == MSEG_A_RESOLVER && *asked->n < MSEG_MAX_RESOLVERS &&
		    take_address(attr, &asked->list[*asked->n]))
			++*asked->n;
	}
	return 0;
}

int resolvers_get(struct client *client, struct resolver *list, size_t *n)
{
	struct asked asked = { list, n };

	*n = 0;
	memset(list, 0, MSEG_MAX_RESOLVERS * sizeof(*list));
	return client_do(client, MSEG_C_RESOLVERS_GET, 0, on_resolvers, &asked);
}
