/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warnings about policies that are valid, and do what nobody meant. */
#ifndef ADVICE_H
#define ADVICE_H

#include "diag.h"
#include "flat.h"

#include <stdbool.h>

/**
 * advice_give() - warn of what a policy does to the surprise of its author
 * @flat: read without an error
 * @diag: told of defaults that reject where no rule allows anything, or no IPv6
 *	address, and of rules that allow what another one rejects
 *
 * What it does not warn of may be wrong all the same: a rule that several others
 * together reject is not found.
 */
void advice_give(const struct flat *flat, struct diag *diag);

/**
 * struct advice_allowed - what the rules of a direction allow at all
 * @anything: whether any rule allows
 * @family: whether one allows an address of IPv4, and of IPv6
 */
struct advice_allowed {
	bool anything;
	bool family[2];
};

/**
 * advice_allowed() - what the rules of a direction allow at all
 * @policy: compiled or not
 * @direction: MSEG_DIRECTION_IN or MSEG_DIRECTION_OUT
 */
struct advice_allowed advice_allowed(const struct mseg_policy *policy, unsigned int direction);

/**
 * struct advice_search - a search for rules without effect
 * @policy: where
 * @work: comparisons that are left until it gives up; ADVICE_WORK to begin with
 */
struct advice_search {
	const struct mseg_policy *policy;
	uint32_t work;
};

/** Comparisons of a search: fewer than a second of them. */
#define ADVICE_WORK (1U << 26)

/**
 * advice_stronger() - the rule that rejects all that one allows
 * @search: the search
 * @allows: a rule of the policy, which allows and is not under observation
 *
 * Return: the rule, or NULL where there is none or the search gave up.
 */
const struct mseg_rule *advice_stronger(struct advice_search *search,
					const struct mseg_rule *allows);

/**
 * struct advice_part - a part of what a rule allows
 * @prefix: an entry of one of its networks
 * @service: one of its services
 */
struct advice_part {
	const struct mseg_prefix *prefix;
	const struct mseg_service *service;
};

/**
 * advice_stronger_part() - a rule that rejects a whole entry of what one allows
 * @search: the search
 * @allows: as advice_stronger()
 * @part: the first entry and service that are rejected
 *
 * What a narrower rule takes out of an entry is meant so, and not found.
 *
 * Return: as advice_stronger().
 */
const struct mseg_rule *advice_stronger_part(struct advice_search *search,
					     const struct mseg_rule *allows,
					     struct advice_part *part);

/**
 * advice_lacks_ipv6() - whether rules allow IPv4 addresses and no IPv6 one
 * @policy: compiled or not
 * @direction: MSEG_DIRECTION_IN or MSEG_DIRECTION_OUT
 *
 * Return: true where a default that rejects leaves nothing to IPv6, which is seldom
 * meant.
 */
bool advice_lacks_ipv6(const struct mseg_policy *policy, unsigned int direction);

#endif /* ADVICE_H */
