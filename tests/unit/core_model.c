// SPDX-License-Identifier: GPL-2.0-or-later
/* Random policies and keys. */
#include "core_model.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>

/* splitmix64: good enough, and the same everywhere. */
static uint64_t random_number(struct choices *choices)
{
	uint64_t z = choices->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

unsigned int choose(struct choices *choices, unsigned int n)
{
	unsigned int value = 0, most;

	if (!choices->bytes)
		return random_number(choices) % n;
	for (most = n - 1; most && choices->left; most >>= 8, choices->left--)
		value = value << 8 | *choices->bytes++;
	return value % n;
}

static bool chance(struct choices *choices, unsigned int percent)
{
	return choose(choices, 100) >= 100 - percent;
}

static unsigned int bits_of(unsigned int family)
{
	return family == MSEG_FAMILY_IPV4 ? 32 : 128;
}

static void set_bit(__u8 *addr, unsigned int i, bool value)
{
	__u8 mask = 0x80 >> (i % 8);

	addr[i / 8] = value ? addr[i / 8] | mask : addr[i / 8] & ~mask;
}

/* Add 1 or -1 at a bit; wraps at the end of the address space. */
static void step(__u8 *addr, unsigned int bit, int by)
{
	int i = bit, value;

	for (; i >= 0; i--) {
		value = (addr[i / 8] >> (7 - i % 8)) & 1;
		set_bit(addr, i, !value);
		if (value == (by < 0))
			return;
	}
}

static void clear_behind(__u8 *addr, unsigned int len)
{
	unsigned int i;

	for (i = len; i < 8 * MSEG_ADDR_LEN; i++)
		set_bit(addr, i, false);
}

static void fresh_address(__u8 *addr, unsigned int family, struct choices *choices)
{
	unsigned int i, fill = choose(choices, 4);

	memset(addr, 0, MSEG_ADDR_LEN);
	for (i = 0; i < bits_of(family) / 8; i++)
		addr[i] = fill == 1 ? 0xff : fill ? choose(choices, 256) : 0;
}

static unsigned int fresh_length(unsigned int family, struct choices *choices)
{
	unsigned int bits = bits_of(family);

	switch (choose(choices, 6)) {
	case 0:
		return bits;
	case 1:
		return bits - choose(choices, 3);
	case 2:
		return choose(choices, 3);
	case 3:
		return choose(choices, bits / 8 + 1) * 8;
	default:
		return choose(choices, bits + 1);
	}
}

static const struct mseg_prefix *some_entry(const struct model *model, struct choices *choices)
{
	const struct model_network *network;

	if (!model->n_networks)
		return NULL;
	network = &model->networks[choose(choices, model->n_networks)];
	return network->n ? &network->entries[choose(choices, network->n)] : NULL;
}

/* A prefix within another: a little or a lot longer, at its start, end or anywhere. */
static void nest(struct mseg_prefix *prefix, struct choices *choices)
{
	unsigned int bits = bits_of(prefix->family), i, len, fill;

	if (prefix->len == bits)
		return;
	len = prefix->len + 1;
	if (!chance(choices, 50))
		len += choose(choices, bits - prefix->len);
	fill = choose(choices, 3);
	for (i = prefix->len; i < len; i++)
		set_bit(prefix->addr, i, fill == 2 ? choose(choices, 2) : fill);
	prefix->len = len;
}

/* The neighbour of the same length; 0/0 stays. */
static void neighbour(struct mseg_prefix *prefix, struct choices *choices)
{
	if (prefix->len)
		step(prefix->addr, prefix->len - 1, choose(choices, 2) ? 1 : -1);
}

static void widen(struct mseg_prefix *prefix, struct choices *choices)
{
	prefix->len = choose(choices, prefix->len + 1);
	clear_behind(prefix->addr, prefix->len);
}

static void fresh_entry(struct mseg_prefix *prefix, struct choices *choices)
{
	prefix->family = choose(choices, 2) ? MSEG_FAMILY_IPV6 : MSEG_FAMILY_IPV4;
	prefix->len = fresh_length(prefix->family, choices);
	fresh_address(prefix->addr, prefix->family, choices);
	clear_behind(prefix->addr, prefix->len);
}

/* Most entries are likely to be legal, and a few are not. */
static void fill_entry(struct mseg_prefix *prefix, const struct model *model,
		       const struct model_network *network, struct choices *choices)
{
	const struct mseg_prefix *base = NULL;
	unsigned int how = choose(choices, 8);
	bool own = network->n && !chance(choices, 20);

	if (own)
		base = &network->entries[choose(choices, network->n)];
	else if (chance(choices, 60))
		base = some_entry(model, choices);
	if (!base || how == 0) {
		fresh_entry(prefix, choices);
		prefix->exclude = chance(choices, 1);
		return;
	}
	*prefix = *base;
	if (how == 1)
		neighbour(prefix, choices);
	else if (how == 2)
		widen(prefix, choices);
	else if (how < 7)
		nest(prefix, choices);
	if (own && prefix->len > base->len)
		prefix->exclude = chance(choices, 50);
	else if (!own || how < 3)
		prefix->exclude = chance(choices, 1);
}

static void fill_network(struct model *model, struct choices *choices)
{
	struct model_network *network = &model->networks[model->n_networks];
	unsigned int want =
		choose(choices, chance(choices, 20) ? MODEL_ENTRIES - MODEL_DELTAS + 1 : 7);

	for (; network->n < want; network->n++)
		fill_entry(&network->entries[network->n], model, network, choices);
	model->n_networks++;
}

static const __u8 with_ranges[] = { 6, 17, 1, 58, 33, 132, 136 };
static const __u8 without_ranges[] = { 47, 50, 0, 255, 2 };

static unsigned int edge_value(struct choices *choices)
{
	switch (choose(choices, 4)) {
	case 0:
		return choose(choices, 3);
	case 1:
		return 0xffff - choose(choices, 3);
	case 2:
		return 1000 + choose(choices, 20);
	default:
		return choose(choices, 0x10000);
	}
}

static void fill_range(struct mseg_service *service, struct choices *choices)
{
	unsigned int a = edge_value(choices), b = chance(choices, 50) ? edge_value(choices) : a;

	service->low = a < b ? a : b;
	service->high = a < b ? b : a;
}

/* Whether a service may stand behind the rule's last one. */
static bool follows(const struct model_rule *rule, const struct mseg_service *service)
{
	const struct mseg_service *last;

	if (!rule->n_services)
		return true;
	last = &rule->services[rule->n_services - 1];
	return last->item != service->item || (!service->bare && last->high < service->low);
}

/* One item of protocolPorts: any, a bare protocol, or up to three ranges. */
static void fill_item(struct model_rule *rule, unsigned int item, struct choices *choices)
{
	struct mseg_service service = { .item = item, .bare = 1 };
	unsigned int ranges = 1 + choose(choices, 3);

	if (item && chance(choices, 1))
		service.item--;
	if (chance(choices, 10)) {
		service.protocol = MSEG_PROTOCOL_ANY;
	} else if (chance(choices, 15)) {
		service.protocol = without_ranges[choose(choices, sizeof(without_ranges))];
	} else {
		service.protocol = with_ranges[choose(choices, sizeof(with_ranges))];
		service.bare = chance(choices, 25);
	}
	while (ranges-- && rule->n_services < MODEL_SERVICES) {
		if (!service.bare)
			fill_range(&service, choices);
		/* Few that must be refused: most policies would be one. */
		if (follows(rule, &service) || chance(choices, 1))
			rule->services[rule->n_services++] = service;
	}
}

static void fill_rule(struct model *model, struct choices *choices)
{
	struct model_rule *rule = &model->rules[model->n_rules++];
	unsigned int items = 1 + choose(choices, 4), i;

	rule->direction = choose(choices, 2);
	rule->action = chance(choices, 30) ? MSEG_ACTION_REJECT : MSEG_ACTION_ALLOW;
	rule->observed = chance(choices, 20);
	rule->n_networks = 1 + choose(choices, chance(choices, 30) ? MODEL_NETWORKS : 2);
	for (i = 0; i < rule->n_networks; i++)
		rule->networks[i] = choose(choices, model->n_networks);
	for (i = 0; i < items; i++)
		fill_item(rule, i, choices);
}

void model_fill(struct model *model, struct choices *choices)
{
	unsigned int networks = 1 + choose(choices, MODEL_NETWORKS);
	unsigned int rules = choose(choices, MODEL_RULES + 1);

	memset(model, 0, sizeof(*model));
	model->defaults[0] = choose(choices, 2);
	model->defaults[1] = choose(choices, 2);
	while (model->n_networks < networks)
		fill_network(model, choices);
	while (model->n_rules < rules)
		fill_rule(model, choices);
}

static void edge_of_prefix(const struct mseg_prefix *prefix, __u8 *addr, struct choices *choices)
{
	unsigned int bits = bits_of(prefix->family), i, how = choose(choices, 5);

	memcpy(addr, prefix->addr, MSEG_ADDR_LEN);
	/* First, last, the one before, the one behind, any within. */
	for (i = prefix->len; i < bits; i++)
		set_bit(addr, i, how == 4 ? choose(choices, 2) : how == 1 || how == 3);
	if (how == 2)
		step(addr, bits - 1, -1);
	else if (how == 3)
		step(addr, bits - 1, 1);
}

static void key_peer(const struct model *model, struct mseg_key *key, struct choices *choices)
{
	const struct mseg_prefix *entry = some_entry(model, choices);
	unsigned int i;

	if (entry && !chance(choices, 5)) {
		key->family = entry->family;
		edge_of_prefix(entry, key->peer, choices);
	} else {
		key->family = choose(choices, 2) ? MSEG_FAMILY_IPV6 : MSEG_FAMILY_IPV4;
		fresh_address(key->peer, key->family, choices);
	}
	/* The same bytes as the other family: it must not be confused. */
	if (chance(choices, 5)) {
		key->family = key->family == MSEG_FAMILY_IPV4 ? MSEG_FAMILY_IPV6 : MSEG_FAMILY_IPV4;
		for (i = bits_of(key->family) / 8; i < MSEG_ADDR_LEN; i++)
			key->peer[i] = 0;
	}
}

static void key_service(const struct model *model, struct mseg_key *key, struct choices *choices)
{
	const struct mseg_service *service;
	const struct model_rule *rule;

	key->protocol = with_ranges[choose(choices, sizeof(with_ranges))];
	key->service = edge_value(choices);
	if (!model->n_rules || chance(choices, 10))
		return;
	rule = &model->rules[choose(choices, model->n_rules)];
	service = &rule->services[choose(choices, rule->n_services)];
	if (!chance(choices, 10))
		key->direction = rule->direction;
	if (service->protocol != MSEG_PROTOCOL_ANY)
		key->protocol = service->protocol;
	if (!service->bare)
		key->service = (choose(choices, 2) ? service->high : service->low) +
			       choose(choices, 3) - 1;
	if (!mseg_protocol_has_ports(key->protocol) && !mseg_protocol_is_icmp(key->protocol))
		key->service = 0;
}

void model_key(const struct model *model, struct mseg_key *key, struct choices *choices)
{
	memset(key, 0, sizeof(*key));
	key->direction = choose(choices, 2);
	key_peer(model, key, choices);
	key_service(model, key, choices);
}

static bool same_prefix(const struct mseg_prefix *a, const struct mseg_prefix *b)
{
	return a->family == b->family && a->len == b->len &&
	       !memcmp(a->addr, b->addr, MSEG_ADDR_LEN);
}

static int find_entry(const struct model_network *network, const struct mseg_prefix *prefix)
{
	unsigned int i;

	for (i = 0; i < network->n; i++)
		if (same_prefix(&network->entries[i], prefix) &&
		    !network->entries[i].exclude == !prefix->exclude)
			return i;
	return -1;
}

bool model_repeats(const struct model_network *network)
{
	unsigned int i, k;

	for (i = 0; i < network->n; i++)
		for (k = 0; k < i; k++)
			if (same_prefix(&network->entries[i], &network->entries[k]))
				return true;
	return false;
}

static void fill_delta(struct mseg_delta *delta, const struct model *model,
		       const struct model_network *network, struct choices *choices)
{
	delta->remove = chance(choices, 50);
	if (delta->remove && network->n && !chance(choices, 5))
		delta->prefix = network->entries[choose(choices, network->n)];
	else
		fill_entry(&delta->prefix, model, network, choices);
	/* The other way round, most often. */
	if (!delta->remove && find_entry(network, &delta->prefix) >= 0 && !chance(choices, 5))
		delta->remove = 1;
}

unsigned int model_change(const struct model *model, __u32 *network, struct mseg_delta *deltas,
			  struct choices *choices)
{
	unsigned int i, k, n = 0, want = 1 + choose(choices, MODEL_DELTAS);

	*network = choose(choices, model->n_networks);
	for (i = 0; i < want; i++) {
		fill_delta(&deltas[n], model, &model->networks[*network], choices);
		for (k = 0; k < n; k++)
			if (same_prefix(&deltas[k].prefix, &deltas[n].prefix) &&
			    !deltas[k].prefix.exclude == !deltas[n].prefix.exclude)
				break;
		n += k == n;
	}
	return n;
}

bool model_apply(struct model *model, __u32 index, const struct mseg_delta *deltas, unsigned int n)
{
	struct model_network *network = &model->networks[index];
	unsigned int i;
	int at;

	for (i = 0; i < n; i++) {
		at = find_entry(network, &deltas[i].prefix);
		if ((at >= 0) != deltas[i].remove)
			return false;
		if (deltas[i].remove)
			network->entries[at] = network->entries[--network->n];
		else
			network->entries[network->n++] = deltas[i].prefix;
	}
	return true;
}

static int build_networks(const struct model *model, struct mseg_policy *policy,
			  struct mseg_refusal *refusal)
{
	unsigned int i, half;
	int err = 0;

	for (i = 0; i < model->n_networks && !err; i++) {
		const struct model_network *network = &model->networks[i];

		err = mseg_policy_add_network(policy, "network", refusal);
		/* In two parts, as a long list comes from user space. */
		half = network->n / 2;
		if (!err)
			err = mseg_policy_add_prefixes(policy, network->entries, half, refusal);
		if (!err)
			err = mseg_policy_add_prefixes(policy, network->entries + half,
						       network->n - half, refusal);
	}
	return err;
}

static int build_rules(const struct model *model, struct mseg_policy *policy,
		       struct mseg_refusal *refusal)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < model->n_rules && !err; i++) {
		const struct model_rule *from = &model->rules[i];
		struct mseg_rule rule = {
			.name = "rule",
			.cookie = i,
			.networks = from->networks,
			.services = from->services,
			.n_networks = from->n_networks,
			.n_services = from->n_services,
			.direction = from->direction,
			.action = from->action,
			.observed = from->observed,
		};

		err = mseg_policy_add_rule(policy, &rule, refusal);
	}
	return err;
}

int model_build(const struct model *model, struct mseg_policy **policy, struct mseg_refusal *refusal)
{
	struct mseg_policy *built = mseg_policy_new();
	int err;

	*policy = NULL;
	if (!built)
		return -ENOMEM;
	memcpy(built->defaults, model->defaults, sizeof(built->defaults));
	err = build_networks(model, built, refusal);
	if (!err)
		err = build_rules(model, built, refusal);
	if (!err)
		err = mseg_policy_compile(built, refusal);
	if (err)
		mseg_policy_free(built);
	else
		*policy = built;
	return err;
}

static void print_address(const __u8 *addr, unsigned int family)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family == MSEG_FAMILY_IPV4 ? AF_INET : AF_INET6, addr, text, sizeof(text));
	fprintf(stderr, "%s", text);
}

static void print_network(const struct model_network *network)
{
	unsigned int i;

	for (i = 0; i < network->n; i++) {
		const struct mseg_prefix *entry = &network->entries[i];

		fprintf(stderr, " %s", entry->exclude ? "!" : "");
		print_address(entry->addr, entry->family);
		fprintf(stderr, "/%u", entry->len);
	}
	fprintf(stderr, "\n");
}

static void print_rule(const struct model_rule *rule)
{
	unsigned int i;

	fprintf(stderr, " %s %s%s networks", rule->direction ? "out" : "in",
		rule->action == MSEG_ACTION_REJECT ? "reject" : "allow",
		rule->observed ? " observed" : "");
	for (i = 0; i < rule->n_networks; i++)
		fprintf(stderr, " %u", rule->networks[i]);
	fprintf(stderr, " services");
	for (i = 0; i < rule->n_services; i++) {
		const struct mseg_service *service = &rule->services[i];

		fprintf(stderr, " %u", service->protocol);
		if (!service->bare)
			fprintf(stderr, "/%u:%u", service->low, service->high);
		fprintf(stderr, "#%u", service->item);
	}
	fprintf(stderr, "\n");
}

void model_print(const struct model *model)
{
	unsigned int i;

	for (i = 0; i < model->n_networks; i++) {
		fprintf(stderr, "network %u:", i);
		print_network(&model->networks[i]);
	}
	for (i = 0; i < model->n_rules; i++) {
		fprintf(stderr, "rule %u:", i);
		print_rule(&model->rules[i]);
	}
}

void model_print_key(const struct mseg_key *key)
{
	fprintf(stderr, "key: %s peer ", key->direction ? "out" : "in");
	print_address(key->peer, key->family);
	fprintf(stderr, " protocol %u service %u\n", key->protocol, key->service);
}
