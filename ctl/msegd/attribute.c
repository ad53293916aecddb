// SPDX-License-Identifier: GPL-2.0-or-later
/* What a record's numbers mean. */
#include "attribute.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "dns.h"
#include "model/object.h"
#include "plan.h"
#include "records/hash.h"

/* Of records that mean the same; beyond half all are forgotten. */
#define KNOWN 4096

/* All that the meaning depends on, without holes. */
struct meaning {
	/* Of the peer's name and of the observed one; 0 for none. */
	uint64_t name;
	uint64_t observed_name;
	uint64_t cookie;
	uint64_t observed_cookie;
	uint32_t generation;
	uint32_t rule;
	uint32_t network;
	uint32_t observed_rule;
	uint32_t candidate_generation;
	uint32_t candidate_rule;
	uint32_t observed;
	uint32_t candidate;
};

struct known {
	struct meaning meaning;
	struct attribution *attribution;
};

struct attributor {
	const struct service *service;
	/* Of @revision, which the kernel has as @generation. */
	struct plan plan;
	uint64_t revision;
	uint32_t generation;
	bool planned;
	/* So that nobody who answers finds two names that are one here. */
	struct hash_key key;
	unsigned int n;
	struct known known[KNOWN];
};

struct attributor *attributor_new(const struct service *service)
{
	struct attributor *attributor = calloc(1, sizeof(*attributor));

	if (!attributor)
		return NULL;
	attributor->service = service;
	if (getrandom(&attributor->key, sizeof(attributor->key), 0) != sizeof(attributor->key)) {
		free(attributor);
		return NULL;
	}
	return attributor;
}

static void forget(struct attributor *attributor)
{
	unsigned int i;

	for (i = 0; i < KNOWN; i++) {
		attribution_put(attributor->known[i].attribution);
		attributor->known[i].attribution = NULL;
	}
	attributor->n = 0;
}

void attributor_free(struct attributor *attributor)
{
	if (!attributor)
		return;
	forget(attributor);
	if (attributor->planned)
		plan_clear(&attributor->plan);
	free(attributor);
}

/* The objects as they are now, which older records may still be found in by cookie. */
static void follow(struct attributor *attributor)
{
	const struct service *service = attributor->service;
	uint64_t newest = store_newest(service->store);

	if (attributor->planned && attributor->revision == newest &&
	    attributor->generation == service->generation)
		return;
	if (attributor->planned)
		plan_clear(&attributor->plan);
	plan_make(service->now.model, NULL, &attributor->plan);
	attributor->planned = true;
	attributor->revision = newest;
	attributor->generation = service->generation;
	forget(attributor);
}

/* Whether indices are those of the plan. */
static bool is_planned(const struct attributor *attributor, uint32_t generation)
{
	return attributor->plan.compiled && attributor->service->enforced == attributor->revision &&
	       generation == attributor->generation;
}

static const struct resolved_rule *rule_of(const struct attributor *attributor, uint64_t cookie)
{
	return attributor->plan.compiled && cookie ?
		       compiled_find(attributor->plan.compiled, cookie) :
		       NULL;
}

/* Its own, or where it has none its ruleset's, as people know it. */
static const char *name_of(const struct resolved_rule *rule)
{
	const char *own = rule ? object_text(rule->json, "name") : NULL;

	return !rule || (own && *own) ? own : rule->ruleset->name;
}

/* Of a peer without a network there is nothing to say. */
static enum peer_type add_peer(const struct attributor *attributor, struct names *names,
			       const struct meaning *meaning, const char **texts)
{
	const struct compiled *compiled = attributor->plan.compiled;
	const struct model_object *network;

	if (meaning->network == MSEG_ID_NONE)
		return PEER_SOMEWHERE;
	if (!is_planned(attributor, meaning->generation) ||
	    meaning->network >= compiled->policy->n_networks) {
		texts[ATTRIBUTION_PEER_NAME] =
			names_network(names, meaning->generation, meaning->network);
		return PEER_NETWORK;
	}
	network = compiled->networks[meaning->network];
	texts[ATTRIBUTION_PEER_NAME] = network->name;
	texts[ATTRIBUTION_PEER_ID] = network->id;
	return network->kind == kind_get(KIND_ENFORCER) ? PEER_UNIT : PEER_NETWORK;
}

static int32_t add_rule(const struct attributor *attributor, struct names *names,
			const struct meaning *meaning, const char **texts)
{
	const struct resolved_rule *rule = rule_of(attributor, meaning->cookie);

	if (meaning->rule == MSEG_ID_NONE)
		return -1;
	if (!rule) {
		texts[ATTRIBUTION_RULE_NAME] = names_rule(names, meaning->generation, meaning->rule);
		return (int32_t)meaning->rule;
	}
	texts[ATTRIBUTION_POLICY_ID] = rule->ruleset->id;
	texts[ATTRIBUTION_POLICY_NAMESPACE] = rule->ruleset->space;
	texts[ATTRIBUTION_POLICY_NAME] = rule->ruleset->name;
	texts[ATTRIBUTION_RULE_NAME] = name_of(rule);
	return (int32_t)rule->index;
}

static const char *opinion_word(uint32_t opinion)
{
	return opinion == MSEG_OPINION_REJECT ? "Reject" : "Accept";
}

static void add_opinions(const struct attributor *attributor, struct names *names,
			 const struct meaning *meaning, const char **texts)
{
	const struct resolved_rule *rule = rule_of(attributor, meaning->observed_cookie);

	if (meaning->observed != MSEG_OPINION_NONE) {
		texts[ATTRIBUTION_OBSERVED_ACTION] = opinion_word(meaning->observed);
		texts[ATTRIBUTION_OBSERVED_POLICY_ID] = rule ? rule->ruleset->id : NULL;
		texts[ATTRIBUTION_OBSERVED_RULE_NAME] =
			rule ? name_of(rule) :
			       names_rule(names, meaning->generation, meaning->observed_rule);
	}
	if (meaning->candidate != MSEG_OPINION_NONE) {
		texts[ATTRIBUTION_CANDIDATE_ACTION] = opinion_word(meaning->candidate);
		texts[ATTRIBUTION_CANDIDATE_RULE_NAME] =
			names_rule(names, meaning->candidate_generation, meaning->candidate_rule);
	}
}

static struct attribution *find_out(const struct attributor *attributor, struct names *names,
				    const struct meaning *meaning, const char *name,
				    const char *observed)
{
	const struct model_object *enforcer = plan_enforcer(attributor->service->now.model);
	const char *texts[N_ATTRIBUTION_TEXTS] = { NULL };
	enum peer_type type;
	int32_t index;

	names_want(names, meaning->generation);
	if (meaning->candidate_generation)
		names_want(names, meaning->candidate_generation);
	if (enforcer) {
		texts[ATTRIBUTION_NAMESPACE] = enforcer->space;
		texts[ATTRIBUTION_ENFORCER_ID] = enforcer->id;
		texts[ATTRIBUTION_HOST_NAME] = enforcer->name;
	}
	texts[ATTRIBUTION_NAME] = name;
	texts[ATTRIBUTION_OBSERVED_NAME] = observed;
	type = add_peer(attributor, names, meaning, texts);
	index = add_rule(attributor, names, meaning, texts);
	add_opinions(attributor, names, meaning, texts);
	return attribution_new(texts, index, type);
}

static struct known *place_of(struct attributor *attributor, const struct meaning *meaning)
{
	size_t i = (meaning->name + meaning->observed_name + meaning->rule * 31U +
		    meaning->network * 7U + meaning->generation + meaning->observed_rule) %
		   KNOWN;

	while (attributor->known[i].attribution &&
	       memcmp(&attributor->known[i].meaning, meaning, sizeof(*meaning)) != 0)
		i = (i + 1) % KNOWN;
	return &attributor->known[i];
}

/* The name by which the host came to know a peer; whoever connects to it needs none. */
static const char *peer_name(const struct attributor *attributor,
			     const struct mseg_flow_record *record, uint64_t *lookup)
{
	if (record->direction != MSEG_DIRECTION_OUT)
		return NULL;
	return dns_name_of(attributor->service->dns, record->destination, record->family, lookup);
}

static uint64_t hash_name(const struct attributor *attributor, const char *name)
{
	return name ? hash_bytes(&attributor->key, name, strlen(name)) : 0;
}

bool attribute(struct attributor *attributor, struct names *names, const char *observed,
	       struct record *record)
{
	const struct mseg_flow_record *kernel = &record->kernel;
	const char *name = peer_name(attributor, kernel, &record->lookup);
	const struct meaning meaning = {
		.name = hash_name(attributor, name),
		.observed_name = hash_name(attributor, observed),
		.cookie = kernel->cookie,
		.observed_cookie = kernel->observed_cookie,
		.generation = kernel->generation,
		.rule = kernel->rule,
		.network = kernel->network,
		.observed_rule = kernel->observed_rule,
		.candidate_generation = kernel->candidate_generation,
		.candidate_rule = kernel->candidate_rule,
		.observed = kernel->observed,
		.candidate = kernel->candidate,
	};
	struct known *known;

	follow(attributor);
	if (attributor->n >= KNOWN / 2)
		forget(attributor);
	known = place_of(attributor, &meaning);
	if (!known->attribution) {
		known->meaning = meaning;
		known->attribution = find_out(attributor, names, &meaning, name, observed);
		attributor->n += !!known->attribution;
	}
	record->attribution = known->attribution;
	return record->attribution;
}
