// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The classifier: POLICY.md, "Which rule decides", steps 1 to 4.
 *
 * Rejects of the key's direction are looked at before Allows, since any Reject
 * beats every Allow; the rest of the order only decides which rule of those
 * with the same action the connection is attributed to.
 */
#include "port.h"
#include "segments.h"

/* Wider than any list of ranges, which covers 0x10000 values at most. */
#define WIDTH_BARE 0x10001
#define WIDTH_ANY 0x10002

/* How closely a rule matches: a longer entry, then a narrower service. */
struct match {
	u32 rule;
	u32 network;
	int len;
	u32 width;
};

static bool family_fits(u32 protocol, u8 family)
{
	if (protocol == 1)
		return family == MSEG_FAMILY_IPV4;
	if (protocol == 58)
		return family == MSEG_FAMILY_IPV6;
	return true;
}

static bool service_holds(const struct mseg_service *service, const struct mseg_key *key)
{
	if (service->protocol == MSEG_PROTOCOL_ANY)
		return true;
	if (service->protocol != key->protocol || !family_fits(service->protocol, key->family))
		return false;
	return service->bare || (service->low <= key->service && key->service <= service->high);
}

/*
 * Width of the narrowest item that holds the service, 0 where none does. An
 * item is a run of ranges, and as wide as they are together.
 */
static u32 service_width(const struct mseg_rule *rule, const struct mseg_key *key)
{
	const struct mseg_service *s = rule->services;
	u32 i = 0, narrowest = 0;

	while (i < rule->n_services) {
		u32 first = i, width = 0;
		bool holds = false;

		for (; i < rule->n_services && s[i].item == s[first].item; i++) {
			holds |= service_holds(&s[i], key);
			width += s[i].bare ? WIDTH_BARE : s[i].high - s[i].low + 1U;
		}
		if (s[first].protocol == MSEG_PROTOCOL_ANY)
			width = WIDTH_ANY;
		if (holds && (!narrowest || width < narrowest))
			narrowest = width;
	}
	return narrowest;
}

/* The longest entry of the rule's networks that holds the peer. */
static int longest_entry(const struct mseg_policy *policy, const struct mseg_rule *rule,
			 const struct mseg_key *key, u32 *network)
{
	u32 f = key->family == MSEG_FAMILY_IPV6;
	int longest = MSEG_NOT_COVERED;
	u32 i;

	for (i = 0; i < rule->n_networks; i++) {
		u32 n = rule->networks[i];
		int len = mseg_segments_find(policy->networks[n].segments[f], key->peer);

		if (len > longest) {
			longest = len;
			*network = n;
		}
	}
	return longest;
}

static bool closer(const struct match *a, const struct match *b)
{
	return a->len > b->len || (a->len == b->len && a->width < b->width);
}

static bool best_match(const struct mseg_policy *policy, u32 group, const struct mseg_key *key,
		       struct match *best)
{
	bool found = false;
	u32 i;

	for (i = policy->order_start[group]; i < policy->order_start[group + 1]; i++) {
		struct match match = { .rule = policy->order[i] };
		const struct mseg_rule *rule = &policy->rules[match.rule];

		match.width = service_width(rule, key);
		if (!match.width)
			continue;
		match.len = longest_entry(policy, rule, key, &match.network);
		if (match.len == MSEG_NOT_COVERED)
			continue;
		if (!found || closer(&match, best)) {
			*best = match;
			found = true;
		}
	}
	return found;
}

struct mseg_verdict mseg_classify(const struct mseg_policy *policy, const struct mseg_key *key)
{
	u32 rejects = key->direction * 2, allows = rejects + 1;
	struct mseg_verdict verdict = {
		.rule = MSEG_ID_NONE,
		.network = MSEG_ID_NONE,
		.action = policy->defaults[key->direction],
		.reason = MSEG_REASON_DEFAULT,
	};
	struct match match;

	if (best_match(policy, rejects, key, &match))
		verdict.action = MSEG_ACTION_REJECT;
	else if (best_match(policy, allows, key, &match))
		verdict.action = MSEG_ACTION_ALLOW;
	else
		return verdict;
	verdict.reason = MSEG_REASON_RULE;
	verdict.rule = match.rule;
	verdict.network = match.network;
	return verdict;
}
