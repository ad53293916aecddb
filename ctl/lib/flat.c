// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flat policy: from a document to a compiled policy.
 *
 * Reading goes on behind an error, so that all of them are reported at once.
 * What is wrong is left out of the policy, except that a network keeps its
 * index and name: rules that name it are no errors of their own.
 */
#include "flat.h"
#include "advice.h"
#include "doc.h"
#include "domain.h"
#include "entry_list.h"
#include "fields.h"
#include "hints.h"
#include "prefix.h"
#include "service_list.h"
#include "text.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A name that must be unique, and the index of what bears it. */
struct name {
	const char *text;
	struct place place;
	uint32_t index;
	uint8_t scope;
};

struct names {
	struct name *items;
	uint32_t n;
};

struct reader {
	struct flat *flat;
	struct diag *diag;
	struct names networks;
	struct names rules;
	/* Of the network that is read. */
	struct json_object *domains;
	bool no_memory;
};

/* A rule while it is read. */
struct draft {
	struct mseg_rule rule;
	uint32_t networks[MSEG_MAX_RULE_NETWORKS];
	struct service_list services;
};

#define N_FIELDS(fields) (sizeof(fields) / sizeof((fields)[0]))

static void no_memory(struct reader *reader)
{
	if (!reader->no_memory)
		diag_error(reader->diag, (struct place){ 0 }, "out of memory");
	reader->no_memory = true;
}

static void *alloc(struct reader *reader, size_t n, size_t size)
{
	void *memory = calloc(n + 1, size);

	if (!memory)
		no_memory(reader);
	return memory;
}

static uint32_t count(const struct doc_value *list)
{
	const struct doc_value *value;
	uint32_t n = 0;

	for (value = list ? list->first : NULL; value; value = value->next)
		n++;
	return n;
}

/* --- names ---------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = (int)x->scope - (int)y->scope;

	if (!order)
		order = strcmp(x->text, y->text);
	return order;
}

/* Equal names in the order of the file. */
static int compare_names_and_indices(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = compare_names(a, b);

	return order ? order : (x->index < y->index ? -1 : 1);
}

static void names_add(struct names *names, const struct doc_value *value, uint32_t index,
		      uint8_t scope)
{
	if (!value || !value->len)
		return;
	names->items[names->n++] = (struct name){ value->text, value->place, index, scope };
}

/* Sort the names for look-up, and report those that are there twice. */
static void names_settle(struct names *names, const char *what, struct diag *diag)
{
	uint32_t i, first = 0;

	qsort(names->items, names->n, sizeof(*names->items), compare_names_and_indices);
	for (i = 1; i < names->n; i++) {
		const struct name *name = &names->items[i];

		if (compare_names(name, &names->items[first])) {
			first = i;
			continue;
		}
		diag_error(diag, name->place, "%s is the name of another %s, on line %u",
			   text_show(name->text, strlen(name->text)).s, what,
			   names->items[first].place.line);
	}
}

static const struct name *names_find(const struct names *names, const char *text)
{
	struct name key = { .text = text };

	return bsearch(&key, names->items, names->n, sizeof(key), compare_names);
}

static const char *name_at(size_t index, const void *arg)
{
	const struct names *names = arg;

	return index < names->n ? names->items[index].text : NULL;
}

static bool check_name(struct reader *reader, const struct doc_value *value, const char *what)
{
	if (value->len > MSEG_MAX_NAME_LEN) {
		diag_error(reader->diag, value->place,
			   "the name of %s has %u bytes: %d are the most", what, value->len,
			   MSEG_MAX_NAME_LEN);
		return false;
	}
	if (!text_is_plain(value->text, value->len)) {
		diag_error(reader->diag, value->place, "the name %s holds a control character",
			   text_show(value->text, value->len).s);
		return false;
	}
	return true;
}

/* --- words ---------------------------------------------------------------- */

/* The index of a word among two, in any case; -1 with an error. */
static int read_word(struct reader *reader, const struct doc_value *value, const char *what,
		     const char *first, const char *second)
{
	const char *meant;

	if (!strcasecmp(value->text, first))
		return 0;
	if (!strcasecmp(value->text, second))
		return 1;
	meant = hint_word(value->text, first, second);
	if (meant)
		diag_error(reader->diag, value->place, "%s is no %s: write \"%s\"",
			   text_show(value->text, value->len).s, what, meant);
	else
		diag_error(reader->diag, value->place, "%s is no %s: write \"%s\" or \"%s\"",
			   text_show(value->text, value->len).s, what, first, second);
	return -1;
}

static int read_action(struct reader *reader, const struct doc_value *value)
{
	return read_word(reader, value, "action", "allow", "reject");
}

static void read_defaults(struct reader *reader, const struct doc_value *object)
{
	static const struct field fields[] = {
		[MSEG_DIRECTION_IN] = { "in", DOC_STRING, false },
		[MSEG_DIRECTION_OUT] = { "out", DOC_STRING, false },
	};
	const struct doc_value *values[N_FIELDS(fields)];
	unsigned int i;

	if (!object)
		return;
	reader->flat->defaults = object->place;
	fields_get(object, "'defaults'", fields, N_FIELDS(fields), values, reader->diag);
	for (i = 0; i < 2; i++) {
		int action = values[i] ? read_action(reader, values[i]) : -1;

		if (action < 0)
			continue;
		reader->flat->policy->defaults[i] = (uint8_t)action;
		reader->flat->given[i] = true;
	}
}

/* --- networks ------------------------------------------------------------- */

static void report_refusal(struct reader *reader, struct place place,
			   const struct mseg_refusal *refusal)
{
	diag_error(reader->diag, place, "%s", refusal->why);
}

/* Leave out what is wrong or repeated. */
static uint32_t sift_entries(struct reader *reader, struct mseg_prefix *entries,
			     const struct doc_value **values, uint32_t n)
{
	bool *keep = alloc(reader, n, sizeof(*keep));
	uint32_t i, kept = 0;

	if (!keep || entries_sift(entries, values, n, keep, reader->diag)) {
		no_memory(reader);
		free(keep);
		return 0;
	}
	for (i = 0; i < n; i++) {
		if (!keep[i])
			continue;
		entries[kept] = entries[i];
		values[kept++] = values[i];
	}
	free(keep);
	return kept;
}

static void add_domain(struct reader *reader, const struct doc_value *value)
{
	char name[DOMAIN_LEN];
	const char *domain = name;
	struct mseg_refusal refusal = { 0 };

	if (!entry_read_domain(value, name, reader->diag))
		return;
	if (json_object_object_get_ex(reader->domains, name, NULL)) {
		doc_warning(reader->diag, value, "%s is there already: taken once", name);
		return;
	}
	json_object_object_add(reader->domains, name, NULL);
	if (mseg_policy_add_domains(reader->flat->policy, &domain, 1, &refusal))
		report_refusal(reader, value->place, &refusal);
}

static void add_entries(struct reader *reader, const struct doc_value *list,
			struct flat_network *network)
{
	struct mseg_prefix *entries = alloc(reader, count(list), sizeof(*entries));
	const struct doc_value **values = alloc(reader, count(list), sizeof(const void *));
	struct mseg_refusal refusal = { 0 };
	const struct doc_value *value;
	uint32_t i, n = 0;

	network->entries = alloc(reader, count(list), sizeof(*network->entries));
	reader->domains = json_object_new_object();
	if (!entries || !values || !network->entries || !reader->domains)
		goto out;
	for (value = list->first; value; value = value->next)
		if (entry_is_domain(value))
			add_domain(reader, value);
		else if (entry_read(value, &entries[n], reader->diag))
			values[n++] = value;
	if (!list->first)
		diag_warning(reader->diag, list->place, "a network without entries holds nobody");
	n = sift_entries(reader, entries, values, n);
	for (i = 0; i < n; i++)
		network->entries[i] = values[i]->place;
	if (mseg_policy_add_prefixes(reader->flat->policy, entries, n, &refusal))
		report_refusal(reader, list->place, &refusal);
out:
	json_object_put(reader->domains);
	free(values);
	free(entries);
}

/* Networks that have no proper name get one that no file can hold. */
static bool add_network(struct reader *reader, const struct doc_value *name, struct place place)
{
	struct mseg_refusal refusal = { 0 };
	const char *text = "\n";

	if (name && !name->len)
		diag_error(reader->diag, name->place, "a network's name cannot be empty");
	else if (name && !strcasecmp(name->text, "Somewhere"))
		diag_error(reader->diag, name->place,
			   "a network cannot be called %s: flows call peers in no network so",
			   text_show(name->text, name->len).s);
	else if (name && check_name(reader, name, "a network"))
		text = name->text;
	if (!mseg_policy_add_network(reader->flat->policy, text, &refusal))
		return true;
	report_refusal(reader, place, &refusal);
	return false;
}

static bool read_network(struct reader *reader, const struct doc_value *object)
{
	enum { NAME, ENTRIES, N };
	static const struct field fields[N] = {
		[NAME] = { "name", DOC_STRING, true },
		[ENTRIES] = { "entries", DOC_LIST, true },
	};
	struct flat_network *network;
	const struct doc_value *values[N];

	fields_get(object, "a network", fields, N, values, reader->diag);
	if (!add_network(reader, values[NAME], object->place))
		return false;
	names_add(&reader->networks, values[NAME], reader->flat->n_networks, 0);
	network = &reader->flat->networks[reader->flat->n_networks++];
	network->place = object->place;
	if (values[ENTRIES])
		add_entries(reader, values[ENTRIES], network);
	return true;
}

static void read_networks(struct reader *reader, const struct doc_value *list)
{
	const struct doc_value *value;
	uint32_t n = count(list);

	reader->networks.items = alloc(reader, n, sizeof(struct name));
	reader->flat->networks = alloc(reader, n, sizeof(struct flat_network));
	if (reader->no_memory || !list)
		return;
	for (value = list->first; value && !reader->no_memory; value = value->next)
		if (!read_network(reader, value))
			break;
	names_settle(&reader->networks, "network", reader->diag);
}

/* --- rules ---------------------------------------------------------------- */

static void unknown_network(struct reader *reader, const struct doc_value *value)
{
	static const char tag[] = "externalnetwork:name=";
	const char *nearest = text_nearest(value->text, value->len, name_at, &reader->networks);
	struct text_shown shown = text_show(value->text, value->len);
	char why[TEXT_WHY_LEN];
	struct mseg_prefix prefix;
	bool cleared;

	if (!strcasecmp(value->text, "Somewhere"))
		diag_error(reader->diag, value->place,
			   "%s is what no network holds: leave it to the default", shown.s);
	else if (!strncmp(value->text, tag, strlen(tag)) && value->text[strlen(tag)])
		diag_error(reader->diag, value->place,
			   "%s is a tag: write the network's name alone, %s", shown.s,
			   text_show(value->text + strlen(tag), value->len - strlen(tag)).s);
	else if (hint_is_everybody(value->text, value->len))
		diag_error(reader->diag, value->place,
			   "there is no network %s: make one, with the entries 0.0.0.0/0 and ::/0",
			   shown.s);
	else if (!prefix_parse(value->text, value->len, &prefix, &cleared, why))
		diag_error(reader->diag, value->place,
			   "%s is an address: make a network with that entry, and name it here",
			   shown.s);
	else if (nearest)
		diag_error(reader->diag, value->place, "there is no network %s, did you mean %s?",
			   shown.s, text_show(nearest, strlen(nearest)).s);
	else
		diag_error(reader->diag, value->place, "there is no network %s", shown.s);
}

static bool read_rule_network(struct reader *reader, const struct doc_value *value,
			      struct draft *draft)
{
	const struct name *name;
	uint32_t i;

	if (!field_is(value, DOC_STRING, "a network's name", reader->diag))
		return false;
	name = names_find(&reader->networks, value->text);
	if (!name) {
		unknown_network(reader, value);
		return false;
	}
	for (i = 0; i < draft->rule.n_networks; i++) {
		if (draft->networks[i] != name->index)
			continue;
		diag_error(reader->diag, value->place, "network %s is in this rule twice",
			   text_show(value->text, value->len).s);
		return false;
	}
	draft->networks[draft->rule.n_networks++] = name->index;
	return true;
}

static bool read_rule_networks(struct reader *reader, const struct doc_value *list,
			       struct draft *draft)
{
	const struct doc_value *value;
	bool good = true;

	if (!list->first) {
		diag_error(reader->diag, list->place, "a rule needs a network at least");
		return false;
	}
	for (value = list->first; value; value = value->next) {
		if (draft->rule.n_networks == MSEG_MAX_RULE_NETWORKS) {
			diag_error(reader->diag, value->place, "a rule has %d networks at most",
				   MSEG_MAX_RULE_NETWORKS);
			return false;
		}
		good &= read_rule_network(reader, value, draft);
	}
	return good;
}

static bool read_cookie(struct reader *reader, const struct doc_value *value, __u64 *cookie)
{
	char *end = NULL;

	errno = 0;
	if (value->text[0] >= '1' && value->text[0] <= '9')
		*cookie = strtoull(value->text, &end, 10);
	if (end && !*end && !errno)
		return true;
	diag_error(reader->diag, value->place,
		   "%s is no cookie: write a number from 1 to 18446744073709551615",
		   text_show(value->text, value->len).s);
	return false;
}

enum { NAME, DIRECTION, NETWORKS, SERVICES, ACTION, COOKIE, OBSERVED, N_RULE_FIELDS };

static bool read_rule_words(struct reader *reader, const struct doc_value **values,
			    struct mseg_rule *rule)
{
	int direction = read_word(reader, values[DIRECTION], "direction", "in", "out");
	int action = read_action(reader, values[ACTION]);
	bool good = direction >= 0 && action >= 0;

	rule->direction = (uint8_t)(direction > 0);
	rule->action = (uint8_t)(action > 0);
	rule->name = values[NAME] ? values[NAME]->text : "";
	if (values[NAME])
		good &= check_name(reader, values[NAME], "a rule");
	if (values[OBSERVED])
		rule->observed = !strcasecmp(values[OBSERVED]->text, "true");
	if (values[COOKIE])
		good &= read_cookie(reader, values[COOKIE], &rule->cookie);
	return good;
}

static void add_rule(struct reader *reader, struct place place, struct draft *draft)
{
	struct mseg_refusal refusal = { 0 };
	struct flat *flat = reader->flat;

	draft->rule.networks = draft->networks;
	draft->rule.services = draft->services.services;
	draft->rule.n_services = draft->services.n;
	if (mseg_policy_add_rule(flat->policy, &draft->rule, &refusal))
		report_refusal(reader, place, &refusal);
	else
		flat->rules[flat->policy->n_rules - 1] = place;
}

static void read_rule(struct reader *reader, const struct doc_value *object, uint32_t index,
		      struct draft *draft)
{
	static const struct field fields[N_RULE_FIELDS] = {
		[NAME] = { "name", DOC_STRING, false },
		[DIRECTION] = { "direction", DOC_STRING, true },
		[NETWORKS] = { "networks", DOC_LIST, true },
		[SERVICES] = { "services", DOC_LIST, true },
		[ACTION] = { "action", DOC_STRING, true },
		[COOKIE] = { "cookie", DOC_INTEGER, false },
		[OBSERVED] = { "observationEnabled", DOC_BOOL, false },
	};
	static const struct doc_value none_in = { .text = "in" };
	static const struct doc_value none_allow = { .text = "allow" };
	const struct doc_value *values[N_RULE_FIELDS];
	bool good = fields_get(object, "a rule", fields, N_RULE_FIELDS, values, reader->diag);

	/* What is missing was reported; the rest is still to be checked. */
	if (!values[DIRECTION])
		values[DIRECTION] = &none_in;
	if (!values[ACTION])
		values[ACTION] = &none_allow;
	memset(&draft->rule, 0, sizeof(draft->rule));
	draft->services.n = 0;
	draft->rule.cookie = index + 1;
	good &= read_rule_words(reader, values, &draft->rule);
	names_add(&reader->rules, values[NAME], index, draft->rule.direction);
	if (values[NETWORKS])
		good &= read_rule_networks(reader, values[NETWORKS], draft);
	if (values[SERVICES])
		good &= service_list_read(values[SERVICES], &draft->services, reader->diag);
	if (good)
		add_rule(reader, object->place, draft);
}

static void read_rules(struct reader *reader, const struct doc_value *list)
{
	struct draft *draft = alloc(reader, 1, sizeof(*draft));
	const struct doc_value *value;
	uint32_t index = 0, n = count(list);

	reader->rules.items = alloc(reader, n, sizeof(struct name));
	reader->flat->rules = alloc(reader, n, sizeof(struct place));
	if (!reader->no_memory && list) {
		for (value = list->first; value; value = value->next) {
			if (index == MSEG_MAX_RULES) {
				diag_error(reader->diag, value->place,
					   "a policy has %d rules at most", MSEG_MAX_RULES);
				break;
			}
			read_rule(reader, value, index++, draft);
		}
		names_settle(&reader->rules, "rule of this direction", reader->diag);
	}
	free(draft);
}

/* --- the whole ------------------------------------------------------------ */

static void read_policy(struct reader *reader, const struct doc_value *root)
{
	enum { DEFAULTS, POLICY_NETWORKS, RULES, N };
	static const struct field fields[N] = {
		[DEFAULTS] = { "defaults", DOC_OBJECT, false },
		[POLICY_NETWORKS] = { "networks", DOC_LIST, false },
		[RULES] = { "rules", DOC_LIST, false },
	};
	const struct doc_value *values[N];

	fields_get(root, "a policy", fields, N, values, reader->diag);
	read_defaults(reader, values[DEFAULTS]);
	read_networks(reader, values[POLICY_NETWORKS]);
	if (!reader->no_memory)
		read_rules(reader, values[RULES]);
}

/* The core checks again what was checked here; it has the last word. */
static void compile(struct reader *reader)
{
	struct mseg_refusal refusal = { 0 };
	const struct flat *flat = reader->flat;
	struct place place = { 0 };

	if (!mseg_policy_compile(flat->policy, &refusal))
		return;
	if (refusal.network < flat->n_networks) {
		place = flat->networks[refusal.network].place;
		if (refusal.entry != MSEG_ID_NONE)
			place = flat->networks[refusal.network].entries[refusal.entry];
	}
	report_refusal(reader, place, &refusal);
}

static void read_document(struct reader *reader, const char *data, size_t len)
{
	struct doc *doc = doc_read(data, len, reader->diag);

	if (!doc)
		return;
	reader->flat->policy = mseg_policy_new();
	if (reader->flat->policy)
		read_policy(reader, doc_root(doc));
	else
		no_memory(reader);
	if (!reader->diag->errors)
		compile(reader);
	if (!reader->diag->errors)
		advice_give(reader->flat, reader->diag);
	free(reader->networks.items);
	free(reader->rules.items);
	doc_free(doc);
}

int flat_read(const char *data, size_t len, struct flat *flat, struct diag *diag)
{
	struct reader reader = { .flat = flat, .diag = diag };

	memset(flat, 0, sizeof(*flat));
	read_document(&reader, data, len);
	if (reader.no_memory)
		return -ENOMEM;
	return diag->errors ? -EINVAL : 0;
}

void flat_free(struct flat *flat)
{
	unsigned int i;

	for (i = 0; i < flat->n_networks; i++)
		free(flat->networks[i].entries);
	free(flat->networks);
	free(flat->rules);
	mseg_policy_free(flat->policy);
	memset(flat, 0, sizeof(*flat));
}
