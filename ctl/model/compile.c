// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From what applies to an enforcer to the flat policy that the kernel takes.
 *
 * Only networks that a rule names are compiled. The kernel attributes equals to the
 * first rule; rules come by namespace, ruleset name and index, as POLICY.md wants it.
 */
#include "compile.h"
#include "object.h"
#include "lib/json.h"
#include "lib/prefix.h"
#include "lib/service_list.h"
#include "lib/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a; cookies stay within what a double holds exactly. */
#define HASH_START 14695981039346656037ULL
#define HASH_PRIME 1099511628211ULL
#define COOKIE_MASK ((1ULL << 53) - 1)

struct compiler {
	struct compiled *compiled;
	struct diag *diag;
	/* The kernel's index of a network, by the object's JSON. */
	struct lh_table *indices;
	size_t rules_room;
	size_t networks_room;
	bool failed;
	/* Of the rule that is compiled. */
	uint32_t *networks;
	struct service_list services;
};

static void no_memory(struct compiler *compiler)
{
	if (!compiler->failed)
		diag_error(compiler->diag, (struct place){ 0 }, "out of memory");
	compiler->failed = true;
}

static void refused(struct compiler *compiler, const struct model_object *object,
		    const struct mseg_refusal *refusal)
{
	char what[320];
	const struct finding finding = {
		.place = object ? object->place : (struct place){ 0 },
		.is_error = true,
		.object = object ? what : NULL,
		.message = refusal->why,
	};

	if (object)
		snprintf(what, sizeof(what), "%s %.255s", object->kind->singular, object->name);
	diag_report(compiler->diag, &finding);
	compiler->failed = true;
}

static bool reserve(struct compiler *compiler, void **array, size_t *room, size_t n, size_t size)
{
	size_t more = *room ? 2 * *room : 64;
	void *bigger;

	if (n < *room)
		return true;
	bigger = realloc(*array, more * size);
	if (!bigger) {
		no_memory(compiler);
		return false;
	}
	*array = bigger;
	*room = more;
	return true;
}

/* --- networks ------------------------------------------------------------- */

/* Entries while they are sorted out: what is no address is a name. */
struct entries {
	struct mseg_prefix *prefixes;
	const char **domains;
	uint32_t n_prefixes;
	uint32_t n_domains;
};

/* The entries of a network, or the addresses of a host. */
static void read_entries(struct entries *entries, struct json_object *list, size_t n)
{
	char ignored[TEXT_WHY_LEN];
	bool cleared;
	size_t i;

	for (i = 0; i < n; i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);
		const char *text = json_object_get_string(entry);

		if (!prefix_parse(text, (size_t)json_object_get_string_len(entry),
				  &entries->prefixes[entries->n_prefixes], &cleared, ignored))
			entries->n_prefixes++;
		else
			entries->domains[entries->n_domains++] = text;
	}
}

static void add_entries(struct compiler *compiler, const struct model_object *object)
{
	bool is_host = object->kind->id == KIND_ENFORCER;
	struct mseg_policy *policy = compiler->compiled->policy;
	struct mseg_refusal refusal = { 0 };
	size_t n;
	struct json_object *list = object_list(object->json, is_host ? "addresses" : "entries", &n);
	struct entries entries = {
		.prefixes = calloc(n + 1, sizeof(*entries.prefixes)),
		.domains = calloc(n + 1, sizeof(*entries.domains)),
	};

	if (entries.prefixes && entries.domains) {
		read_entries(&entries, list, n);
		if (mseg_policy_add_prefixes(policy, entries.prefixes, entries.n_prefixes,
					     &refusal) ||
		    mseg_policy_add_domains(policy, entries.domains, entries.n_domains, &refusal))
			refused(compiler, object, &refusal);
	} else {
		no_memory(compiler);
	}
	free(entries.prefixes);
	free(entries.domains);
}

/* The kernel's index of a network, which is added when it is first named. */
static uint32_t network_index(struct compiler *compiler, const struct model_object *object)
{
	struct compiled *compiled = compiler->compiled;
	struct mseg_refusal refusal = { 0 };
	void *found, *array = compiled->networks;
	uintptr_t index = compiled->policy->n_networks;

	if (lh_table_lookup_ex(compiler->indices, object, &found))
		return (uint32_t)(uintptr_t)found;
	if (!reserve(compiler, &array, &compiler->networks_room, index, sizeof(*compiled->networks)))
		return 0;
	compiled->networks = array;
	if (mseg_policy_add_network(compiled->policy, object->name, &refusal)) {
		refused(compiler, object, &refusal);
		return 0;
	}
	compiled->networks[index] = object;
	if (lh_table_insert(compiler->indices, object, (const void *)index))
		no_memory(compiler);
	add_entries(compiler, object);
	return (uint32_t)index;
}

/* --- rules ---------------------------------------------------------------- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * HASH_PRIME;
	while (*text++);
	return hash;
}

static const void *key_of(uint64_t cookie)
{
	return (const void *)(uintptr_t)cookie;
}

/* A number that is the rule's own: the same as long as it stays where it is. */
static uint64_t make_cookie(struct compiler *compiler, const struct resolved_rule *rule)
{
	struct lh_table *taken = compiler->compiled->by_cookie;
	uint64_t hash = hash_text(HASH_START, rule->ruleset->space), cookie;

	hash = hash_text(hash, rule->ruleset->name);
	hash = (hash ^ rule->direction) * HASH_PRIME;
	hash = (hash ^ rule->index) * HASH_PRIME;
	cookie = (hash ^ hash >> 53) & COOKIE_MASK;
	while (!cookie || lh_table_lookup_entry(taken, key_of(cookie)))
		cookie = (cookie + 1) & COOKIE_MASK;
	if (lh_table_insert(taken, key_of(cookie), rule))
		no_memory(compiler);
	return cookie;
}

static void read_services(struct compiler *compiler, struct json_object *json)
{
	char ignored[TEXT_WHY_LEN];
	struct service_item item;
	size_t i, n;
	struct json_object *list = object_list(json, "protocolPorts", &n);

	compiler->services.n = 0;
	for (i = 0; i < n; i++) {
		struct json_object *service = json_object_array_get_idx(list, i);

		if (!service_parse(json_object_get_string(service),
				   (size_t)json_object_get_string_len(service), &item, ignored))
			service_list_add(&compiler->services, &item);
	}
}

/* As people know it: by its ruleset, and by its own name where it has one. */
static void rule_name(const struct resolved_rule *rule, char *name, size_t size)
{
	const char *own = object_text(rule->json, "name");
	size_t len;

	snprintf(name, size, "%s%s%s", rule->ruleset->name, own && *own ? ": " : "", own ? own : "");
	/* A character that was cut in two is left out. */
	len = strlen(name);
	while (len && !text_is_plain(name, len))
		name[--len] = '\0';
}

static void add_part(struct compiler *compiler, const struct resolved_rule *from,
		     const struct mseg_rule *rule)
{
	struct compiled *compiled = compiler->compiled;
	struct mseg_refusal refusal = { 0 };
	void *array = compiled->rules;

	if (!reserve(compiler, &array, &compiler->rules_room, compiled->policy->n_rules,
		     sizeof(*compiled->rules)))
		return;
	compiled->rules = array;
	compiled->rules[compiled->policy->n_rules] = (struct compiled_rule){ from, rule->cookie };
	if (mseg_policy_add_rule(compiled->policy, rule, &refusal))
		refused(compiler, from->ruleset, &refusal);
}

static void add_rule(struct compiler *compiler, const struct resolved_rule *from)
{
	char name[MSEG_MAX_NAME_LEN + 1];
	const char *action = object_text(from->json, "action");
	struct mseg_rule rule = {
		.name = name,
		.networks = compiler->networks,
		.services = compiler->services.services,
		.direction = from->direction,
		.action = action && !strcmp(action, "Reject") ? MSEG_ACTION_REJECT :
								MSEG_ACTION_ALLOW,
		.observed = object_flag(from->json, "observationEnabled"),
	};
	size_t i;

	if (!from->peers.n)
		return; /* a rule about nobody */
	rule.cookie = make_cookie(compiler, from);
	rule_name(from, name, sizeof(name));
	read_services(compiler, from->json);
	rule.n_services = compiler->services.n;
	for (i = 0; i < from->peers.n && !compiler->failed; i++) {
		compiler->networks[rule.n_networks++] =
			network_index(compiler, from->peers.objects[i]);
		if (rule.n_networks < MSEG_MAX_RULE_NETWORKS && i + 1 < from->peers.n)
			continue;
		add_part(compiler, from, &rule);
		rule.n_networks = 0;
	}
}

/* --- the whole ------------------------------------------------------------ */

static void finish(struct compiler *compiler)
{
	const struct compiled *compiled = compiler->compiled;
	struct mseg_refusal refusal = { 0 };

	if (!mseg_policy_compile(compiled->policy, &refusal))
		return;
	refused(compiler,
		refusal.network < compiled->policy->n_networks ?
			compiled->networks[refusal.network] :
			NULL,
		&refusal);
}

static void compile_all(struct compiler *compiler, const struct resolution *resolution)
{
	static const struct mseg_refusal too_wide = {
		.why = "selectors of this and other rulesets choose too much together: choose fewer networks, by narrower tags",
		.network = MSEG_ID_NONE,
	};
	size_t i;

	if (resolution->too_wide)
		refused(compiler, resolution->too_wide, &too_wide);

	for (i = 0; i < 2; i++) {
		compiler->compiled->policy->defaults[i] = resolution->defaults[i].action;
		compiler->compiled->policy->silent[i] = resolution->defaults[i].silent;
	}
	for (i = 0; i < resolution->n_rules && !compiler->failed; i++)
		add_rule(compiler, &resolution->rules[i]);
	if (!compiler->failed)
		finish(compiler);
}

static bool begin(struct compiler *compiler)
{
	compiler->compiled = calloc(1, sizeof(*compiler->compiled));
	compiler->networks = calloc(MSEG_MAX_RULE_NETWORKS, sizeof(*compiler->networks));
	compiler->indices = lh_kptr_table_new(256, NULL);
	if (!compiler->compiled || !compiler->networks || !compiler->indices)
		return false;
	compiler->compiled->policy = mseg_policy_new();
	compiler->compiled->by_cookie = lh_kptr_table_new(256, NULL);
	return compiler->compiled->policy && compiler->compiled->by_cookie;
}

struct compiled *compile(const struct resolution *resolution, struct diag *diag)
{
	struct compiler *compiler = calloc(1, sizeof(*compiler));
	struct compiled *compiled = NULL;

	if (!compiler) {
		diag_error(diag, (struct place){ 0 }, "out of memory");
		return NULL;
	}
	compiler->diag = diag;
	if (begin(compiler))
		compile_all(compiler, resolution);
	else
		no_memory(compiler);
	if (!compiler->failed)
		compiled = compiler->compiled;
	else
		compiled_free(compiler->compiled);
	if (compiler->indices)
		lh_table_free(compiler->indices);
	free(compiler->networks);
	free(compiler);
	return compiled;
}

void compiled_free(struct compiled *compiled)
{
	if (!compiled)
		return;
	mseg_policy_free(compiled->policy);
	if (compiled->by_cookie)
		lh_table_free(compiled->by_cookie);
	free(compiled->rules);
	free(compiled->networks);
	free(compiled);
}

const struct resolved_rule *compiled_find(const struct compiled *compiled, uint64_t cookie)
{
	void *found = NULL;

	lh_table_lookup_ex(compiled->by_cookie, key_of(cookie), &found);
	return found;
}

struct json_object *compiled_describe_rule(const struct resolved_rule *rule)
{
	struct json_object *object = json_object_new_object();

	if (rule->ruleset->id)
		json_add_string(object, "policyID", rule->ruleset->id);
	json_add_string(object, "policyName", rule->ruleset->name);
	json_add_string(object, "policyNamespace", rule->ruleset->space);
	json_add_string(object, "direction",
			rule->direction == MSEG_DIRECTION_IN ? "incoming" : "outgoing");
	json_add_number(object, "index", rule->index);
	json_add_string(object, "ruleName", object_text(rule->json, "name"));
	json_add_string(object, "action", object_text(rule->json, "action"));
	json_add_bool(object, "logsDisabled", object_flag(rule->json, "logsDisabled"));
	return object;
}
