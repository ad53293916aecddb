// SPDX-License-Identifier: GPL-2.0-or-later
/* Digests of policies. */
#include "digest.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

static void add(gnutls_hash_hd_t hash, const void *data, size_t len)
{
	if (len)
		gnutls_hash(hash, data, len);
}

static void add_number(gnutls_hash_hd_t hash, __u64 number)
{
	add(hash, &number, sizeof(number));
}

static void add_text(gnutls_hash_hd_t hash, const char *text)
{
	add(hash, text, strlen(text) + 1);
}

static void add_network(gnutls_hash_hd_t hash, const struct mseg_network *network)
{
	__u32 i;

	add_text(hash, network->name);
	add_number(hash, network->n_prefixes);
	add(hash, network->prefixes, network->n_prefixes * sizeof(*network->prefixes));
	add_number(hash, network->n_domains);
	for (i = 0; i < network->n_domains; i++)
		add_text(hash, network->domains[i]);
}

static void add_service(gnutls_hash_hd_t hash, const struct mseg_service *service)
{
	add_number(hash, service->protocol);
	add_number(hash, service->bare);
	add_number(hash, service->item);
	add_number(hash, service->bare ? 0 : service->low);
	add_number(hash, service->bare ? 0 : service->high);
}

static void add_rule(gnutls_hash_hd_t hash, const struct mseg_rule *rule)
{
	__u32 i;

	add_text(hash, rule->name);
	add_number(hash, rule->cookie);
	add_number(hash, rule->direction);
	add_number(hash, rule->action);
	add_number(hash, rule->observed);
	add_number(hash, rule->n_networks);
	add(hash, rule->networks, rule->n_networks * sizeof(*rule->networks));
	add_number(hash, rule->n_services);
	for (i = 0; i < rule->n_services; i++)
		add_service(hash, &rule->services[i]);
}

void digest_make(const struct mseg_policy *policy, __u32 generation, struct digest *digest)
{
	gnutls_hash_hd_t hash;
	__u32 i;

	memset(digest, 0, sizeof(*digest));
	if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256))
		return;
	add(hash, policy->defaults, sizeof(policy->defaults));
	add(hash, policy->silent, sizeof(policy->silent));
	add_number(hash, policy->n_networks);
	for (i = 0; i < policy->n_networks; i++)
		add_network(hash, &policy->networks[i]);
	add_number(hash, policy->n_rules);
	for (i = 0; i < policy->n_rules; i++)
		add_rule(hash, &policy->rules[i]);
	gnutls_hash_deinit(hash, digest->bytes);
	digest->generation = generation;
}

bool digest_is(const struct digest *digest, const struct mseg_policy *policy, __u32 generation)
{
	struct digest other;

	if (!generation || digest->generation != generation)
		return false;
	digest_make(policy, generation, &other);
	return !memcmp(digest, &other, sizeof(other));
}
