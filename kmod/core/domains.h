/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The networks of a policy by the domains that they name. */
#ifndef MSEG_DOMAINS_H
#define MSEG_DOMAINS_H

#include <mseg/core.h>
#include "port.h"

/**
 * mseg_domains_build() - lay out the domains of every network that a rule names
 * @policy: its networks have their rows
 * @result: the domains, NULL where there are none
 * @refusal: filled on error
 *
 * May sleep.
 *
 * Return: 0, -E2BIG (MSEG_MAX_OVERLAP) or -ENOMEM.
 */
int mseg_domains_build(const struct mseg_policy *policy, struct mseg_domains **result,
		       struct mseg_refusal *refusal);

/**
 * mseg_domains_free() - free domains
 * @domains: nobody reads them any more; may be NULL
 */
void mseg_domains_free(struct mseg_domains *domains);

/** mseg_domain_is_below() - whether a domain is all names below one, and not itself. */
static inline bool mseg_domain_is_below(const char *domain)
{
	return domain[0] == '*' && domain[1] == '.';
}

/** mseg_domain_name() - the name of a domain. */
static inline const char *mseg_domain_name(const char *domain)
{
	return mseg_domain_is_below(domain) ? domain + 2 : domain;
}

#endif /* MSEG_DOMAINS_H */
