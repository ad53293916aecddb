// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference, written from "Which rule decides": numbers in comments are
 * its steps.
 */
#include "core_reference.h"

/* Values that a service may take; bare protocols and any are wider than all. */
#define VALUES 65536
#define BARE (VALUES + 1)
#define ANY (VALUES + 2)

static bool bit(const __u8 *addr, unsigned int i)
{
	return addr[i / 8] & (0x80 >> (i % 8));
}

static bool covers(const struct mseg_prefix *entry, unsigned int family, const __u8 *addr)
{
	unsigned int i;

	if (entry->family != family)
		return false;
	for (i = 0; i < entry->len; i++)
		if (bit(entry->addr, i) != bit(addr, i))
			return false;
	return true;
}

bool reference_at_fault(const struct model_network *network, unsigned int entry)
{
	const struct mseg_prefix *fault = &network->entries[entry];
	bool inside = false;
	unsigned int i;

	for (i = 0; i < network->n; i++) {
		const struct mseg_prefix *other = &network->entries[i];

		if (!covers(other, fault->family, fault->addr))
			continue;
		if (other->len == fault->len && other->exclude != fault->exclude)
			return true;
		if (other->len < fault->len && !other->exclude)
			inside = true;
	}
	return fault->exclude && !inside;
}

/* An item is one bare protocol, any, or ranges of one protocol that ascend. */
bool reference_rule_at_fault(const struct model_rule *rule)
{
	unsigned int i;

	for (i = 1; i < rule->n_services; i++) {
		const struct mseg_service *a = &rule->services[i - 1], *b = &rule->services[i];

		if (a->item == b->item &&
		    (a->bare || b->bare || a->protocol != b->protocol || b->low <= a->high))
			return true;
	}
	return false;
}

bool reference_refuses(const struct model *model)
{
	unsigned int i, entry;

	for (i = 0; i < model->n_networks; i++)
		for (entry = 0; entry < model->networks[i].n; entry++)
			if (reference_at_fault(&model->networks[i], entry))
				return true;
	for (i = 0; i < model->n_rules; i++)
		if (reference_rule_at_fault(&model->rules[i]))
			return true;
	return false;
}

/* 1. Length of the longest entry, or -1 where the peer is not in the network. */
static int longest_entry(const struct model_network *network, const struct mseg_key *key)
{
	const struct mseg_prefix *longest = NULL;
	unsigned int i;

	for (i = 0; i < network->n; i++) {
		const struct mseg_prefix *entry = &network->entries[i];

		if (!covers(entry, key->family, key->peer))
			continue;
		if (!longest || entry->len > longest->len)
			longest = entry;
	}
	return longest && !longest->exclude ? longest->len : -1;
}

static bool service_holds(const struct mseg_service *service, const struct mseg_key *key)
{
	if (service->protocol == MSEG_PROTOCOL_ANY)
		return true;
	if (service->protocol != key->protocol)
		return false;
	/* icmp is IPv4 alone, icmp6 is IPv6 alone. */
	if (key->protocol == 1 && key->family != MSEG_FAMILY_IPV4)
		return false;
	if (key->protocol == 58 && key->family != MSEG_FAMILY_IPV6)
		return false;
	return service->bare || (key->service >= service->low && key->service <= service->high);
}

/* How many values the ranges cover. */
static unsigned int values(const struct mseg_service *ranges, unsigned int n)
{
	unsigned int count = 0, i;

	for (i = 0; i < n; i++)
		count += ranges[i].high - ranges[i].low + 1U;
	return count;
}

/* Width of the rule's narrowest item that holds the key's service; 0 for none. */
static unsigned int narrowest_item(const struct model_rule *rule, const struct mseg_key *key)
{
	unsigned int first, n, i, width, narrowest = 0;
	bool holds;

	for (first = 0; first < rule->n_services; first += n) {
		const struct mseg_service *item = &rule->services[first];

		for (n = 1; first + n < rule->n_services && item[n].item == item[0].item; n++)
			;
		holds = false;
		for (i = 0; i < n; i++)
			if (service_holds(&item[i], key))
				holds = true;
		if (item->protocol == MSEG_PROTOCOL_ANY)
			width = ANY;
		else if (item->bare)
			width = BARE;
		else
			width = values(item, n);
		if (holds && (!narrowest || width < narrowest))
			narrowest = width;
	}
	return narrowest;
}

struct candidate {
	unsigned int rule;
	unsigned int network;
	unsigned int width;
	int len;
};

static bool candidate_of(const struct model *model, unsigned int index, const struct mseg_key *key,
			 struct candidate *candidate)
{
	const struct model_rule *rule = &model->rules[index];
	unsigned int i;
	int len;

	if (rule->direction != key->direction)
		return false;
	*candidate = (struct candidate){ .rule = index, .len = -1 };
	candidate->width = narrowest_item(rule, key);
	for (i = 0; i < rule->n_networks; i++) {
		len = longest_entry(&model->networks[rule->networks[i]], key);
		if (len > candidate->len) {
			candidate->len = len;
			candidate->network = rule->networks[i];
		}
	}
	return candidate->width && candidate->len >= 0;
}

/* Those under observation count only where that is asked for. */
static bool counts(const struct model_rule *rule, bool observed)
{
	return observed || !rule->observed;
}

static struct mseg_verdict decide(const struct model *model, const struct mseg_key *key,
				  bool observed)
{
	/* 4. No rule: the default. */
	struct mseg_verdict verdict = {
		.rule = MSEG_ID_NONE,
		.network = MSEG_ID_NONE,
		.action = model->defaults[key->direction],
		.reason = MSEG_REASON_DEFAULT,
	};
	struct candidate candidate, best = { 0 };
	bool any = false, reject = false;
	unsigned int i;

	/* 2. Any Reject beats every Allow. */
	for (i = 0; i < model->n_rules; i++) {
		if (!counts(&model->rules[i], observed) || !candidate_of(model, i, key, &candidate))
			continue;
		any = true;
		if (model->rules[i].action == MSEG_ACTION_REJECT)
			reject = true;
	}
	if (!any)
		return verdict;
	verdict.reason = MSEG_REASON_RULE;
	verdict.action = reject ? MSEG_ACTION_REJECT : MSEG_ACTION_ALLOW;

	/* 3. The longest entry, then the narrowest service, then the first rule. */
	best.len = -1;
	for (i = 0; i < model->n_rules; i++) {
		if (!counts(&model->rules[i], observed) || model->rules[i].action != verdict.action)
			continue;
		if (!candidate_of(model, i, key, &candidate))
			continue;
		if (candidate.len > best.len ||
		    (candidate.len == best.len && candidate.width < best.width))
			best = candidate;
	}
	verdict.rule = best.rule;
	verdict.network = best.network;
	return verdict;
}

struct mseg_verdict reference_classify(const struct model *model, const struct mseg_key *key)
{
	return decide(model, key, false);
}

/* 5. A rule under observation decides nothing: it would have, if it is the one. */
__u32 reference_observe(const struct model *model, const struct mseg_key *key)
{
	struct mseg_verdict verdict = decide(model, key, true);

	if (verdict.rule == MSEG_ID_NONE || !model->rules[verdict.rule].observed)
		return MSEG_ID_NONE;
	return verdict.rule;
}
