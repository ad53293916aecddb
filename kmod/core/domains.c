// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A table of domains by a hash that is made from the end of the name, so that one
 * pass over a name gives the hashes of all names that it is below.
 */
#include "domains.h"
#include "refusal.h"
#include "rows.h"

#define MAX_LABEL 63
#define MAX_NAME 253

/* Of FNV-1a. */
#define HASH_START 2166136261U
#define HASH_FACTOR 16777619U

struct domain {
	const char *name; /* the network's */
	u32 hash;
	u32 network;
	bool below;
};

struct mseg_domains {
	u32 mask;
	u32 *first; /* by bucket, into @domain; one more at the end */
	struct domain *domain;
};

static bool is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

const char *mseg_name_check(const char *name)
{
	u32 i, label = 0;

	for (i = 0; i <= MAX_NAME && name[i]; i++) {
		if (name[i] == '.') {
			if (!label)
				return "the name has an empty label";
			label = 0;
		} else if (!is_of_name(name[i])) {
			return "the name has a character that is not of its canonical form";
		} else if (++label > MAX_LABEL) {
			return "the name has a label of more than 63 bytes";
		}
	}
	if (i > MAX_NAME)
		return "the name has more than 253 bytes";
	return label ? NULL : "the name ends with an empty label";
}

static u32 hash_step(u32 hash, char c)
{
	return (hash ^ (u8)c) * HASH_FACTOR;
}

static u32 hash_of(const char *name)
{
	u32 hash = HASH_START, i = strlen(name);

	while (i--)
		hash = hash_step(hash, name[i]);
	return hash;
}

/* The low bits of the hash are its weakest. */
static u32 bucket_of(const struct mseg_domains *domains, u32 hash)
{
	return (hash ^ hash >> 16) & domains->mask;
}

static bool is_used(const struct mseg_network *network)
{
	return network->n_domains && mseg_rows_used(network);
}

static u32 count(const struct mseg_policy *policy)
{
	u32 i, n = 0;

	for (i = 0; i < policy->n_networks; i++)
		if (is_used(&policy->networks[i]))
			n += policy->networks[i].n_domains;
	return n;
}

static struct mseg_domains *new_domains(u32 n)
{
	struct mseg_domains *domains = mseg_alloc(1, sizeof(*domains));
	u32 buckets = 1;

	if (!domains)
		return NULL;
	while (buckets < n)
		buckets *= 2;
	domains->mask = buckets - 1;
	domains->first = mseg_alloc(buckets + 1, sizeof(*domains->first));
	domains->domain = mseg_alloc(n, sizeof(*domains->domain));
	if (domains->first && domains->domain)
		return domains;
	mseg_domains_free(domains);
	return NULL;
}

static bool same(const struct domain *a, const struct domain *b)
{
	return a->hash == b->hash && a->below == b->below && !strcmp(a->name, b->name);
}

/* The same network twice is once. */
static int add(struct mseg_domains *domains, u32 *end, const struct domain *domain,
	       struct mseg_refusal *refusal)
{
	u32 i, n = 0, bucket = bucket_of(domains, domain->hash);

	for (i = domains->first[bucket]; i < end[bucket]; i++) {
		if (!same(&domains->domain[i], domain))
			continue;
		if (domains->domain[i].network == domain->network)
			return 0;
		if (++n < MSEG_MAX_OVERLAP)
			continue;
		mseg_refuse(refusal, -E2BIG, "too many networks name one domain");
		refusal->network = domain->network;
		return -E2BIG;
	}
	domains->domain[end[bucket]++] = *domain;
	return 0;
}

static struct domain domain_of(const struct mseg_policy *policy, u32 network, u32 i)
{
	const char *text = policy->networks[network].domains[i];

	return (struct domain){
		.name = mseg_domain_name(text),
		.hash = hash_of(mseg_domain_name(text)),
		.network = network,
		.below = mseg_domain_is_below(text),
	};
}

/* Where each bucket begins: as much room as all domains need. */
static void lay_out(struct mseg_domains *domains, const struct mseg_policy *policy)
{
	struct domain domain;
	u32 i, k;

	for (i = 0; i < policy->n_networks; i++) {
		for (k = 0; is_used(&policy->networks[i]) && k < policy->networks[i].n_domains;
		     k++) {
			domain = domain_of(policy, i, k);
			domains->first[bucket_of(domains, domain.hash) + 1]++;
		}
		mseg_breathe();
	}
	for (i = 0; i <= domains->mask; i++)
		domains->first[i + 1] += domains->first[i];
}

static int fill(struct mseg_domains *domains, u32 *end, const struct mseg_policy *policy,
		struct mseg_refusal *refusal)
{
	struct domain domain;
	u32 i, k;
	int err;

	memcpy(end, domains->first, (domains->mask + 1) * sizeof(*end));
	for (i = 0; i < policy->n_networks; i++) {
		for (k = 0; is_used(&policy->networks[i]) && k < policy->networks[i].n_domains;
		     k++) {
			domain = domain_of(policy, i, k);
			err = add(domains, end, &domain, refusal);
			if (err)
				return err;
		}
		mseg_breathe();
	}
	return 0;
}

int mseg_domains_build(const struct mseg_policy *policy, struct mseg_domains **result,
		       struct mseg_refusal *refusal)
{
	u32 n = count(policy);
	struct mseg_domains *domains;
	u32 *end;
	int err;

	*result = NULL;
	if (!n)
		return 0;
	domains = new_domains(n);
	if (!domains)
		return mseg_refuse_no_memory(refusal);
	end = mseg_alloc(domains->mask + 1, sizeof(*end));
	if (!end) {
		mseg_domains_free(domains);
		return mseg_refuse_no_memory(refusal);
	}
	lay_out(domains, policy);
	err = fill(domains, end, policy, refusal);
	mseg_free(end);
	if (err)
		mseg_domains_free(domains);
	else
		*result = domains;
	return err;
}

void mseg_domains_free(struct mseg_domains *domains)
{
	if (!domains)
		return;
	mseg_free(domains->first);
	mseg_free(domains->domain);
	mseg_free(domains);
}

void mseg_name_search(struct mseg_name_search *search, const struct mseg_policy *policy,
		      const char *name)
{
	*search = (struct mseg_name_search){
		.policy = policy,
		.name = name,
		.place = policy->domains ? strlen(name) : 0,
		.hash = HASH_START,
	};
}

/* From a suffix to the next longer one that begins a label; false after the whole name. */
static bool next_suffix(struct mseg_name_search *search)
{
	const struct mseg_domains *domains = search->policy->domains;
	u32 bucket;

	do {
		if (!search->place)
			return false;
		search->hash = hash_step(search->hash, search->name[--search->place]);
	} while (search->place && search->name[search->place - 1] != '.');
	bucket = bucket_of(domains, search->hash);
	search->next = domains->first[bucket];
	search->end = domains->first[bucket + 1];
	return true;
}

/* Room in a bucket that the same domain twice left free has no name. */
static bool holds(const struct domain *domain, const struct mseg_name_search *search)
{
	return domain->name && domain->hash == search->hash && domain->below == !!search->place &&
	       !strcmp(domain->name, search->name + search->place);
}

__u32 mseg_name_next(struct mseg_name_search *search)
{
	const struct domain *domain;

	do {
		while (search->next < search->end) {
			domain = &search->policy->domains->domain[search->next++];
			if (holds(domain, search))
				return domain->network;
		}
	} while (next_suffix(search));
	return MSEG_ID_NONE;
}
