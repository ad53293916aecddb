// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The policy model: building, checking, copying and freeing. Arrays grow by
 * doubling; a step that fails leaves the policy as it was.
 */
#include "change.h"
#include "classes.h"
#include "domains.h"
#include "entries.h"
#include "port.h"
#include "refusal.h"
#include "rows.h"
#include "segments.h"

/* A limit in a message. */
#define TEXT_OF(number) #number
#define MOST(limit) ": " TEXT_OF(limit) " are the most"

static void *copy(const void *from, size_t n, size_t size)
{
	void *to = mseg_alloc(n, size);

	if (to)
		memcpy(to, from, n * size);
	return to;
}

/* Make room in an array for more items; false without memory. */
static bool reserve(void **array, u32 *room, u32 used, u32 more, size_t size)
{
	u32 want = *room ? *room : 8;
	void *bigger;

	if (used + more <= *room)
		return true;
	while (want < used + more)
		want *= 2;
	bigger = mseg_alloc(want, size);
	if (!bigger)
		return false;
	if (used)
		memcpy(bigger, *array, used * size);
	mseg_free(*array);
	*array = bigger;
	*room = want;
	return true;
}

struct mseg_policy *mseg_policy_new(void)
{
	return mseg_alloc(1, sizeof(struct mseg_policy));
}

static void free_rule(struct mseg_rule *rule)
{
	mseg_free(rule->name);
	mseg_free(rule->networks);
	mseg_free(rule->services);
}

static void free_network(struct mseg_network *network)
{
	u32 i;

	for (i = 0; i < network->n_domains; i++)
		mseg_free(network->domains[i]);
	mseg_free(network->domains);
	mseg_free(network->name);
	mseg_free(network->prefixes);
	mseg_segments_free(network->segments[0]);
	mseg_segments_free(network->segments[1]);
	mseg_rows_free(network);
}

void mseg_policy_free(struct mseg_policy *policy)
{
	u32 i;

	if (!policy)
		return;
	if (policy->change) {
		mseg_change_free(policy);
		return;
	}
	for (i = 0; i < policy->n_networks; i++) {
		free_network(&policy->networks[i]);
		mseg_breathe();
	}
	for (i = 0; i < policy->n_rules; i++) {
		free_rule(&policy->rules[i]);
		mseg_breathe();
	}
	mseg_free(policy->networks);
	mseg_free(policy->rules);
	mseg_classes_free(policy->classes[0], 0);
	mseg_classes_free(policy->classes[1], 1);
	mseg_domains_free(policy->domains);
	mseg_entries_free(policy->entries);
	mseg_free(policy);
}

int mseg_policy_add_network(struct mseg_policy *policy, const char *name,
			    struct mseg_refusal *refusal)
{
	size_t len = strnlen(name, MSEG_MAX_NAME_LEN + 1);
	struct mseg_network network = {};
	void *array = policy->networks;

	if (!len)
		return mseg_refuse(refusal, -EINVAL, "a network needs a name");
	if (len > MSEG_MAX_NAME_LEN)
		return mseg_refuse(refusal, -EINVAL, "the name is too long");
	if (policy->n_networks == MSEG_MAX_NETWORKS)
		return mseg_refuse(refusal, -E2BIG, "too many networks" MOST(MSEG_MAX_NETWORKS));
	if (!reserve(&array, &policy->networks_room, policy->n_networks, 1, sizeof(network)))
		return mseg_refuse_no_memory(refusal);
	policy->networks = array;
	network.name = copy(name, len + 1, 1);
	if (!network.name)
		return mseg_refuse_no_memory(refusal);
	policy->networks[policy->n_networks++] = network;
	return 0;
}

static bool host_bits_clear(const struct mseg_prefix *prefix)
{
	u32 i = prefix->len / 8;

	if (prefix->len % 8 && prefix->addr[i++] & (0xff >> (prefix->len % 8)))
		return false;
	for (; i < MSEG_ADDR_LEN; i++)
		if (prefix->addr[i])
			return false;
	return true;
}

int mseg_prefix_check(const struct mseg_prefix *prefix, struct mseg_refusal *refusal)
{
	if (prefix->family != MSEG_FAMILY_IPV4 && prefix->family != MSEG_FAMILY_IPV6)
		return mseg_refuse(refusal, -EINVAL, "unknown address family");
	if (prefix->len > (prefix->family == MSEG_FAMILY_IPV4 ? 32 : 128))
		return mseg_refuse(refusal, -EINVAL, "the prefix is too long");
	if (!host_bits_clear(prefix))
		return mseg_refuse(refusal, -EINVAL, "bits behind the prefix are set");
	return 0;
}

int mseg_network_add(struct mseg_policy *policy, u32 index, const struct mseg_prefix *prefixes,
		     u32 n, struct mseg_refusal *refusal)
{
	struct mseg_network *network = &policy->networks[index];
	void *array;
	u32 i;
	int err;

	for (i = 0; i < n; i++) {
		err = mseg_prefix_check(&prefixes[i], refusal);
		if (err) {
			refusal->network = index;
			refusal->entry = i;
			return err;
		}
	}
	if (n > MSEG_MAX_ENTRIES - policy->n_entries)
		return mseg_refuse(refusal, -E2BIG, "too many entries" MOST(MSEG_MAX_ENTRIES));
	array = network->prefixes;
	if (!reserve(&array, &network->room, network->n_prefixes, n, sizeof(*prefixes)))
		return mseg_refuse_no_memory(refusal);
	network->prefixes = array;
	for (i = 0; i < n; i++) {
		network->prefixes[network->n_prefixes] = prefixes[i];
		network->prefixes[network->n_prefixes++].exclude = !!prefixes[i].exclude;
		network->n_exclusions += !!prefixes[i].exclude;
	}
	policy->n_entries += n;
	return 0;
}

int mseg_policy_add_prefixes(struct mseg_policy *policy, const struct mseg_prefix *prefixes,
			     __u32 n, struct mseg_refusal *refusal)
{
	if (!policy->n_networks)
		return mseg_refuse(refusal, -EINVAL, "there is no network yet");
	return mseg_network_add(policy, policy->n_networks - 1, prefixes, n, refusal);
}

static int check_domains(const char *const *domains, u32 n, struct mseg_refusal *refusal)
{
	const char *why;
	u32 i;

	for (i = 0; i < n; i++) {
		why = mseg_name_check(mseg_domain_name(domains[i]));
		if (!why)
			continue;
		refusal->why = why;
		refusal->entry = i;
		return -EINVAL;
	}
	return 0;
}

int mseg_policy_add_domains(struct mseg_policy *policy, const char *const *domains, __u32 n,
			    struct mseg_refusal *refusal)
{
	struct mseg_network *network;
	char *domain;
	void *array;
	u32 i;

	if (!policy->n_networks)
		return mseg_refuse(refusal, -EINVAL, "there is no network yet");
	mseg_refuse(refusal, 0, NULL);
	refusal->network = policy->n_networks - 1;
	if (check_domains(domains, n, refusal))
		return -EINVAL;
	if (n > MSEG_MAX_DOMAINS - policy->n_domains)
		return mseg_refuse(refusal, -E2BIG, "too many domains" MOST(MSEG_MAX_DOMAINS));
	network = &policy->networks[policy->n_networks - 1];
	array = network->domains;
	if (!reserve(&array, &network->domains_room, network->n_domains, n, sizeof(domain)))
		return mseg_refuse_no_memory(refusal);
	network->domains = array;
	for (i = 0; i < n; i++) {
		domain = copy(domains[i], strlen(domains[i]) + 1, 1);
		if (!domain)
			return mseg_refuse_no_memory(refusal);
		network->domains[network->n_domains++] = domain;
		policy->n_domains++;
	}
	return 0;
}

static int check_service(const struct mseg_service *service, struct mseg_refusal *refusal)
{
	u32 protocol = service->protocol;

	if (protocol > MSEG_PROTOCOL_ANY)
		return mseg_refuse(refusal, -EINVAL, "unknown protocol");
	if (service->bare)
		return 0;
	if (!mseg_protocol_has_ports(protocol) && !mseg_protocol_is_icmp(protocol))
		return mseg_refuse(refusal, -EINVAL, "the protocol has neither ports nor types");
	if (service->low > service->high)
		return mseg_refuse(refusal, -EINVAL, "the range ends before it begins");
	return 0;
}

/* An item's ranges ascend, so that they cover as many values as they add up to. */
static int check_item(const struct mseg_service *before, const struct mseg_service *service,
		      struct mseg_refusal *refusal)
{
	if (before->item != service->item)
		return 0;
	if (before->protocol != service->protocol)
		return mseg_refuse(refusal, -EINVAL, "an item has more than one protocol");
	if (before->bare || service->bare)
		return mseg_refuse(refusal, -EINVAL, "a bare protocol is an item of its own");
	if (before->high >= service->low)
		return mseg_refuse(refusal, -EINVAL,
				   "the ranges of an item overlap or do not ascend");
	return 0;
}

static int check_rule(const struct mseg_policy *policy, const struct mseg_rule *rule,
		      struct mseg_refusal *refusal)
{
	u32 i;
	int err;

	if (strnlen(rule->name, MSEG_MAX_NAME_LEN + 1) > MSEG_MAX_NAME_LEN)
		return mseg_refuse(refusal, -EINVAL, "the name is too long");
	if (rule->direction > MSEG_DIRECTION_OUT)
		return mseg_refuse(refusal, -EINVAL, "unknown direction");
	if (rule->action > MSEG_ACTION_REJECT)
		return mseg_refuse(refusal, -EINVAL, "unknown action");
	if (rule->observed > 1)
		return mseg_refuse(refusal, -EINVAL, "a rule is under observation or not");
	if (!rule->n_networks)
		return mseg_refuse(refusal, -EINVAL, "a rule needs a network");
	if (!rule->n_services)
		return mseg_refuse(refusal, -EINVAL, "a rule needs a service");
	if (rule->n_networks > MSEG_MAX_RULE_NETWORKS)
		return mseg_refuse(refusal, -E2BIG,
				   "too many networks in a rule" MOST(MSEG_MAX_RULE_NETWORKS));
	if (rule->n_services > MSEG_MAX_RULE_SERVICES)
		return mseg_refuse(refusal, -E2BIG,
				   "too many services in a rule" MOST(MSEG_MAX_RULE_SERVICES));
	for (i = 0; i < rule->n_networks; i++)
		if (rule->networks[i] >= policy->n_networks)
			return mseg_refuse(refusal, -EINVAL,
					   "the rule names a network that is not there");
	for (i = 0; i < rule->n_services; i++) {
		err = check_service(&rule->services[i], refusal);
		if (!err && i)
			err = check_item(&rule->services[i - 1], &rule->services[i], refusal);
		if (err)
			return err;
	}
	return 0;
}

int mseg_policy_add_rule(struct mseg_policy *policy, const struct mseg_rule *rule,
			 struct mseg_refusal *refusal)
{
	struct mseg_rule added = *rule;
	void *array = policy->rules;
	int err = check_rule(policy, rule, refusal);

	if (err)
		return err;
	if (policy->n_rules == MSEG_MAX_RULES)
		return mseg_refuse(refusal, -E2BIG, "too many rules" MOST(MSEG_MAX_RULES));
	if (rule->n_networks > MSEG_MAX_PAIRS - policy->n_pairs)
		return mseg_refuse(refusal, -E2BIG,
				   "too many networks in all rules together" MOST(MSEG_MAX_PAIRS));
	if (rule->n_networks * rule->n_services > MSEG_MAX_RANGES - policy->n_ranges)
		return mseg_refuse(refusal, -E2BIG, "too many ranges" MOST(MSEG_MAX_RANGES));
	if (!reserve(&array, &policy->rules_room, policy->n_rules, 1, sizeof(added)))
		return mseg_refuse_no_memory(refusal);
	policy->rules = array;
	added.name = copy(rule->name, strlen(rule->name) + 1, 1);
	added.networks = copy(rule->networks, rule->n_networks, sizeof(*rule->networks));
	added.services = copy(rule->services, rule->n_services, sizeof(*rule->services));
	if (!added.name || !added.networks || !added.services) {
		free_rule(&added);
		return mseg_refuse_no_memory(refusal);
	}
	policy->rules[policy->n_rules++] = added;
	policy->n_pairs += added.n_networks;
	policy->n_ranges += added.n_networks * added.n_services;
	policy->n_observed += added.observed;
	return 0;
}

static int clone_networks(struct mseg_policy *to, const struct mseg_policy *from)
{
	struct mseg_refusal ignored;
	u32 i;
	int err = 0;

	for (i = 0; i < from->n_networks && !err; i++) {
		const struct mseg_network *network = &from->networks[i];

		err = mseg_policy_add_network(to, network->name, &ignored);
		if (!err)
			err = mseg_policy_add_prefixes(to, network->prefixes, network->n_prefixes,
						       &ignored);
		if (!err)
			err = mseg_policy_add_domains(to, network->domains, network->n_domains,
						      &ignored);
		mseg_breathe();
	}
	return err;
}

struct mseg_policy *mseg_policy_clone(const struct mseg_policy *from)
{
	struct mseg_policy *to = mseg_policy_new();
	struct mseg_refusal ignored;
	u32 i;
	int err;

	if (!to)
		return NULL;
	memcpy(to->defaults, from->defaults, sizeof(to->defaults));
	memcpy(to->silent, from->silent, sizeof(to->silent));
	err = clone_networks(to, from);
	for (i = 0; i < from->n_rules && !err; i++) {
		err = mseg_policy_add_rule(to, &from->rules[i], &ignored);
		mseg_breathe();
	}
	if (err) {
		mseg_policy_free(to);
		return NULL;
	}
	return to;
}

static int compile_networks(struct mseg_policy *policy, struct mseg_refusal *refusal)
{
	static const u8 families[] = { MSEG_FAMILY_IPV4, MSEG_FAMILY_IPV6 };
	u32 i, f;
	int err;

	for (i = 0; i < policy->n_networks; i++) {
		struct mseg_network *network = &policy->networks[i];

		for (f = 0; f < 2; f++) {
			err = mseg_segments_build(network, families[f], &network->segments[f],
						  refusal);
			if (err == -ENOMEM)
				return mseg_refuse_no_memory(refusal);
			if (err) {
				refusal->network = i;
				return err;
			}
		}
		mseg_breathe();
	}
	return 0;
}

/* The classes take their place. */
static void free_segments(struct mseg_policy *policy)
{
	u32 i, f;

	for (i = 0; i < policy->n_networks; i++) {
		for (f = 0; f < 2; f++) {
			mseg_segments_free(policy->networks[i].segments[f]);
			policy->networks[i].segments[f] = NULL;
		}
		mseg_breathe();
	}
}

int mseg_policy_compile(struct mseg_policy *policy, struct mseg_refusal *refusal)
{
	int err;

	err = compile_networks(policy, refusal);
	if (!err)
		err = mseg_rows_build(policy, refusal);
	if (!err)
		err = mseg_classes_build(policy, 0, &policy->classes[0], refusal);
	if (!err)
		err = mseg_classes_build(policy, 1, &policy->classes[1], refusal);
	if (!err)
		err = mseg_domains_build(policy, &policy->domains, refusal);
	if (!err)
		err = mseg_entries_build(policy, refusal);
	free_segments(policy);
	return err;
}
