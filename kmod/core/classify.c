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

/* Of two that match equally closely, the first. */
static bool closer(const struct match *a, const struct match *b)
{
	if (a->len != b->len)
		return a->len > b->len;
	if (a->width != b->width)
		return a->width < b->width;
	return a->rule < b->rule;
}

/* Find a closer match than *best among a group of rules. */
static void find_closer(const struct mseg_policy *policy, u32 group, const struct mseg_key *key,
			struct match *best)
{
	u32 i;

	for (i = policy->order_start[group]; i < policy->order_start[group + 1]; i++) {
		struct match match = { .rule = policy->order[i] };
		const struct mseg_rule *rule = &policy->rules[match.rule];

		match.width = service_width(rule, key);
		if (!match.width)
			continue;
		match.len = longest_entry(policy, rule, key, &match.network);
		if (match.len != MSEG_NOT_COVERED && closer(&match, best))
			*best = match;
	}
}

static struct match closest(const struct mseg_policy *policy, const struct mseg_key *key, u8 action,
			    bool observed)
{
	struct match best = { .rule = MSEG_ID_NONE, .len = MSEG_NOT_COVERED };
	u32 group = key->direction * 2 + (action == MSEG_ACTION_ALLOW);

	find_closer(policy, group, key, &best);
	if (observed)
		find_closer(policy, group + 4, key, &best);
	return best;
}

/* The rule that decides: the closest Reject, or else the closest Allow. */
static struct mseg_verdict verdict_of_rules(const struct mseg_policy *policy,
					    const struct mseg_key *key, bool observed)
{
	struct mseg_verdict verdict = { .reason = MSEG_REASON_RULE, .action = MSEG_ACTION_REJECT };
	struct match match = closest(policy, key, MSEG_ACTION_REJECT, observed);

	if (match.rule == MSEG_ID_NONE) {
		verdict.action = MSEG_ACTION_ALLOW;
		match = closest(policy, key, MSEG_ACTION_ALLOW, observed);
	}
	verdict.rule = match.rule;
	verdict.network = match.network;
	return verdict;
}

struct mseg_verdict mseg_classify(const struct mseg_policy *policy, const struct mseg_key *key)
{
	struct mseg_verdict verdict = verdict_of_rules(policy, key, false);

	if (verdict.rule == MSEG_ID_NONE) {
		verdict.network = MSEG_ID_NONE;
		verdict.action = policy->defaults[key->direction];
		verdict.reason = MSEG_REASON_DEFAULT;
	}
	return verdict;
}

struct mseg_verdict mseg_observe(const struct mseg_policy *policy, const struct mseg_key *key)
{
	struct mseg_verdict verdict = verdict_of_rules(policy, key, true);

	if (verdict.rule != MSEG_ID_NONE && !policy->rules[verdict.rule].observed)
		verdict.rule = MSEG_ID_NONE;
	return verdict;
}
