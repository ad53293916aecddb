// SPDX-License-Identifier: GPL-2.0-or-later
/* Warnings about policies that are valid, and do what nobody meant. */
#include "advice.h"
#include "text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const words[2] = {
	[MSEG_DIRECTION_IN] = "in",
	[MSEG_DIRECTION_OUT] = "out",
};

static bool decides(const struct mseg_rule *rule, unsigned int direction, unsigned int action)
{
	return rule->direction == direction && rule->action == action && !rule->observed;
}

static bool default_rejects(const struct flat *flat, unsigned int direction)
{
	return flat->given[direction] && flat->policy->defaults[direction] == MSEG_ACTION_REJECT;
}

/* --- defaults ------------------------------------------------------------- */

static void add_network(const struct mseg_network *network, struct advice_allowed *allowed)
{
	uint32_t i;

	/* A name may have addresses of both. */
	if (network->n_domains)
		allowed->family[0] = allowed->family[1] = true;
	for (i = 0; i < network->n_prefixes; i++)
		if (!network->prefixes[i].exclude)
			allowed->family[network->prefixes[i].family == MSEG_FAMILY_IPV6] = true;
}

struct advice_allowed advice_allowed(const struct mseg_policy *policy, unsigned int direction)
{
	struct advice_allowed allowed = { 0 };
	uint32_t i, j;

	for (i = 0; i < policy->n_rules; i++) {
		const struct mseg_rule *rule = &policy->rules[i];

		if (!decides(rule, direction, MSEG_ACTION_ALLOW))
			continue;
		allowed.anything = true;
		for (j = 0; j < rule->n_networks && !(allowed.family[0] && allowed.family[1]); j++)
			add_network(&policy->networks[rule->networks[j]], &allowed);
	}
	return allowed;
}

bool advice_lacks_ipv6(const struct mseg_policy *policy, unsigned int direction)
{
	struct advice_allowed allowed = advice_allowed(policy, direction);

	return allowed.family[0] && !allowed.family[1];
}

/* A default that rejects, and no way around it: a host may be lost by it. */
static void warn_of_isolation(const struct flat *flat, unsigned int direction, struct diag *diag)
{
	struct advice_allowed allowed = advice_allowed(flat->policy, direction);

	if (!allowed.anything)
		diag_warning(diag, flat->defaults,
			     "the default rejects, and no rule allows anything %s",
			     words[direction]);
	else if (advice_lacks_ipv6(flat->policy, direction))
		diag_warning(diag, flat->defaults,
			     "the default rejects, and no rule allows any IPv6 address %s: add ::/0 where 0.0.0.0/0 means everybody",
			     words[direction]);
}

/* --- rules without effect ------------------------------------------------- */

/* False when it has gone on for too long. */
static bool step(struct advice_search *search)
{
	if (search->work)
		search->work--;
	return search->work > 0;
}

static bool prefix_holds(const struct mseg_prefix *outer, const struct mseg_prefix *inner)
{
	unsigned int bytes = outer->len / 8, bits = outer->len % 8;

	if (outer->family != inner->family || outer->len > inner->len ||
	    memcmp(outer->addr, inner->addr, bytes) != 0)
		return false;
	return !bits || !((outer->addr[bytes] ^ inner->addr[bytes]) >> (8 - bits));
}

/* Whether one entry of a network holds a prefix, and no exclusion touches it. */
static bool network_holds(struct advice_search *search, const struct mseg_network *network,
			  const struct mseg_prefix *prefix)
{
	bool held = false;
	uint32_t i;

	for (i = 0; i < network->n_prefixes; i++) {
		const struct mseg_prefix *entry = &network->prefixes[i];

		if (!step(search))
			return false;
		if (entry->exclude && (prefix_holds(entry, prefix) || prefix_holds(prefix, entry)))
			return false;
		held |= !entry->exclude && prefix_holds(entry, prefix);
	}
	return held;
}

/* Whether all peers of one network are peers of another. */
static bool network_within(struct advice_search *search, uint32_t inner, uint32_t outer)
{
	const struct mseg_network *networks = search->policy->networks;
	uint32_t i;

	if (inner == outer)
		return true;
	/* Nobody knows which addresses a name will have. */
	if (networks[inner].n_domains)
		return false;
	for (i = 0; i < networks[inner].n_prefixes; i++) {
		const struct mseg_prefix *prefix = &networks[inner].prefixes[i];

		if (!prefix->exclude && !network_holds(search, &networks[outer], prefix))
			return false;
	}
	return true;
}

static bool peers_within(struct advice_search *search, const struct mseg_rule *inner,
			 const struct mseg_rule *outer)
{
	uint32_t i, j;

	for (i = 0; i < inner->n_networks; i++) {
		for (j = 0; j < outer->n_networks; j++)
			if (step(search) &&
			    network_within(search, inner->networks[i], outer->networks[j]))
				break;
		if (j == outer->n_networks)
			return false;
	}
	return true;
}

static bool range_within(const struct mseg_service *inner, const struct mseg_service *outer)
{
	if (outer->protocol == MSEG_PROTOCOL_ANY)
		return true;
	if (outer->protocol != inner->protocol)
		return false;
	return outer->bare ||
	       (!inner->bare && outer->low <= inner->low && inner->high <= outer->high);
}

static bool services_within(struct advice_search *search, const struct mseg_rule *inner,
			    const struct mseg_rule *outer)
{
	uint32_t i, j;

	for (i = 0; i < inner->n_services; i++) {
		for (j = 0; j < outer->n_services; j++)
			if (step(search) && range_within(&inner->services[i], &outer->services[j]))
				break;
		if (j == outer->n_services)
			return false;
	}
	return true;
}

const struct mseg_rule *advice_stronger(struct advice_search *search, const struct mseg_rule *allows)
{
	const struct mseg_policy *policy = search->policy;
	uint32_t i;

	for (i = 0; i < policy->n_rules && step(search); i++) {
		const struct mseg_rule *rule = &policy->rules[i];

		if (decides(rule, allows->direction, MSEG_ACTION_REJECT) &&
		    services_within(search, allows, rule) && peers_within(search, allows, rule))
			return search->work ? rule : NULL;
	}
	return NULL;
}

/* A service that another rule has as a whole, or NULL. */
static const struct mseg_service *shared_service(struct advice_search *search,
						 const struct mseg_rule *allows,
						 const struct mseg_rule *rejects)
{
	uint32_t i, j;

	for (i = 0; i < allows->n_services; i++)
		for (j = 0; j < rejects->n_services; j++)
			if (step(search) &&
			    range_within(&allows->services[i], &rejects->services[j]))
				return &allows->services[i];
	return NULL;
}

/* Whether a rule's networks hold a prefix. */
static bool rule_holds(struct advice_search *search, const struct mseg_rule *rule,
		       const struct mseg_prefix *prefix)
{
	const struct mseg_network *networks = search->policy->networks;
	uint32_t i;

	for (i = 0; i < rule->n_networks; i++)
		if (network_holds(search, &networks[rule->networks[i]], prefix))
			return true;
	return false;
}

/* An entry that another rule holds as a whole, or NULL. */
static const struct mseg_prefix *shared_prefix(struct advice_search *search,
					       const struct mseg_rule *allows,
					       const struct mseg_rule *rejects)
{
	uint32_t i, j;

	for (i = 0; i < allows->n_networks; i++) {
		const struct mseg_network *network = &search->policy->networks[allows->networks[i]];

		for (j = 0; j < network->n_prefixes && step(search); j++)
			if (!network->prefixes[j].exclude &&
			    rule_holds(search, rejects, &network->prefixes[j]))
				return &network->prefixes[j];
	}
	return NULL;
}

const struct mseg_rule *advice_stronger_part(struct advice_search *search,
					     const struct mseg_rule *allows,
					     struct advice_part *part)
{
	const struct mseg_policy *policy = search->policy;
	uint32_t i;

	for (i = 0; i < policy->n_rules && step(search); i++) {
		const struct mseg_rule *rule = &policy->rules[i];

		if (!decides(rule, allows->direction, MSEG_ACTION_REJECT))
			continue;
		part->service = shared_service(search, allows, rule);
		part->prefix = part->service ? shared_prefix(search, allows, rule) : NULL;
		if (part->prefix)
			return search->work ? rule : NULL;
	}
	return NULL;
}

/* A rule as a message calls it: by its name where it has one. */
static struct text_shown name_of(const struct mseg_rule *rule)
{
	struct text_shown shown = { .s = "" };

	return rule->name[0] ? text_show(rule->name, strlen(rule->name)) : shown;
}

static void warn_of_stronger(const struct flat *flat, const struct mseg_rule *allows,
			     const struct mseg_rule *rejects, struct diag *diag)
{
	const struct mseg_rule *rules = flat->policy->rules;
	bool rejects_anyway = default_rejects(flat, allows->direction);
	struct text_shown strong = name_of(rejects);
	const char *blank = strong.s[0] ? " " : "";

	diag_warning(diag, flat->rules[allows - rules],
		     "rule%s%s never decides: rule%s%s on line %u rejects all of it; a rule that rejects beats every rule that allows, whatever the order%s%s%s",
		     allows->name[0] ? " " : "", name_of(allows).s, blank, strong.s,
		     flat->rules[rejects - rules].line, rejects_anyway ? ": leave " : "",
		     rejects_anyway ? (strong.s[0] ? strong.s : "that one") : "",
		     rejects_anyway ? " out, the default rejects already" : "");
}

static void warn_of_useless_rules(const struct flat *flat, struct diag *diag)
{
	struct advice_search search = { flat->policy, ADVICE_WORK };
	uint32_t i;

	for (i = 0; i < flat->policy->n_rules; i++) {
		const struct mseg_rule *rule = &flat->policy->rules[i];
		const struct mseg_rule *stronger = NULL;

		if (decides(rule, rule->direction, MSEG_ACTION_ALLOW))
			stronger = advice_stronger(&search, rule);
		if (stronger)
			warn_of_stronger(flat, rule, stronger, diag);
	}
}

void advice_give(const struct flat *flat, struct diag *diag)
{
	unsigned int direction;

	for (direction = 0; direction < 2; direction++)
		if (default_rejects(flat, direction))
			warn_of_isolation(flat, direction, diag);
	warn_of_useless_rules(flat, diag);
}
