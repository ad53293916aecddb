// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparing policies. */
#include "same.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mseg_prefix));
}

static struct mseg_prefix *sorted(const struct mseg_network *network)
{
	struct mseg_prefix *copy = reallocarray(NULL, network->n_prefixes, sizeof(*copy));

	if (copy) {
		memcpy(copy, network->prefixes, network->n_prefixes * sizeof(*copy));
		qsort(copy, network->n_prefixes, sizeof(*copy), order);
	}
	return copy;
}

static bool same_prefixes(const struct mseg_network *a, const struct mseg_network *b)
{
	size_t len = a->n_prefixes * sizeof(*a->prefixes);
	struct mseg_prefix *left, *right;
	bool same;

	/* As they were added, most of the time. */
	if (!len || !memcmp(a->prefixes, b->prefixes, len))
		return true;
	left = sorted(a);
	right = sorted(b);
	same = left && right && !memcmp(left, right, len);
	free(left);
	free(right);
	return same;
}

static bool same_domains(const struct mseg_network *a, const struct mseg_network *b)
{
	uint32_t i;

	for (i = 0; i < a->n_domains; i++)
		if (strcmp(a->domains[i], b->domains[i]))
			return false;
	return true;
}

static bool same_networks(const struct mseg_policy *a, const struct mseg_policy *b)
{
	uint32_t i;

	for (i = 0; i < a->n_networks; i++)
		if (strcmp(a->networks[i].name, b->networks[i].name) ||
		    a->networks[i].n_prefixes != b->networks[i].n_prefixes ||
		    a->networks[i].n_domains != b->networks[i].n_domains ||
		    !same_prefixes(&a->networks[i], &b->networks[i]) ||
		    !same_domains(&a->networks[i], &b->networks[i]))
			return false;
	return true;
}

static bool same_service(const struct mseg_service *a, const struct mseg_service *b)
{
	return a->protocol == b->protocol && a->bare == b->bare && a->item == b->item &&
	       (a->bare || (a->low == b->low && a->high == b->high));
}

static bool same_services(const struct mseg_rule *a, const struct mseg_rule *b)
{
	uint32_t i;

	for (i = 0; i < a->n_services; i++)
		if (!same_service(&a->services[i], &b->services[i]))
			return false;
	return true;
}

static bool same_rule(const struct mseg_rule *a, const struct mseg_rule *b)
{
	return !strcmp(a->name, b->name) && a->cookie == b->cookie &&
	       a->direction == b->direction && a->action == b->action &&
	       a->observed == b->observed && a->n_networks == b->n_networks &&
	       a->n_services == b->n_services &&
	       !memcmp(a->networks, b->networks, a->n_networks * sizeof(*a->networks)) &&
	       same_services(a, b);
}

bool same_policy(const struct mseg_policy *a, const struct mseg_policy *b)
{
	uint32_t i;

	if (a->n_networks != b->n_networks || a->n_rules != b->n_rules ||
	    memcmp(a->defaults, b->defaults, sizeof(a->defaults)) ||
	    memcmp(a->silent, b->silent, sizeof(a->silent)) || !same_networks(a, b))
		return false;
	for (i = 0; i < a->n_rules; i++)
		if (!same_rule(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}
