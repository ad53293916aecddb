// SPDX-License-Identifier: GPL-2.0-or-later
/* Rulesets out of the box. */
#include "catalogue.h"
#include "object.h"
#include "lib/json.h"
#include "lib/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Made of ctl/catalogue/: CATALOGUE_ENTRY(name, summary, text) by name. */
static const struct catalogue_entry entries[] = {
#define CATALOGUE_ENTRY(name, summary, text) { name, summary, text },
#include "catalogue_data.h"
#undef CATALOGUE_ENTRY
};

#define N_ENTRIES (sizeof(entries) / sizeof(entries[0]))

const struct catalogue_entry *catalogue_at(size_t index)
{
	return index < N_ENTRIES ? &entries[index] : NULL;
}

const struct catalogue_entry *catalogue_find(const char *name)
{
	size_t i;

	for (i = 0; i < N_ENTRIES; i++)
		if (!strcasecmp(entries[i].name, name))
			return &entries[i];
	return NULL;
}

static const char *name_at(size_t index, const void *arg)
{
	(void)arg;
	return index < N_ENTRIES ? entries[index].name : NULL;
}

const char *catalogue_nearest(const char *name)
{
	return text_nearest(name, strlen(name), name_at, NULL);
}

/* --- reading -------------------------------------------------------------- */

/* The given entries, checked as those of a network are; NULL after an error. */
static struct json_object *read_from(const struct catalogue_options *options, struct diag *diag)
{
	const struct kind *kind = kind_get(KIND_EXTERNALNETWORK);
	struct json_object *network = json_object_new_object();
	struct json_object *list = json_object_new_array(), *result = NULL;
	const char *text;
	struct doc *doc;
	size_t i;

	json_add_string(network, "name", "from");
	json_add(network, "entries", list);
	for (i = 0; i < options->n_from; i++)
		json_object_array_add(list, json_object_new_string(options->from[i]));
	text = json_object_to_json_string(network);
	doc = doc_read(text, strlen(text), diag);
	if (doc)
		result = object_read(kind, doc_root(doc), diag);
	doc_free(doc);
	json_object_put(network);
	return result;
}

static void replace_entries(struct import *import, struct json_object *from)
{
	size_t i, n;
	struct json_object *list = object_list(from, "entries", &n);

	for (i = 0; i < import->n; i++)
		if (import->objects[i].kind->id == KIND_EXTERNALNETWORK)
			json_object_object_add(import->objects[i].json, "entries",
					       json_object_get(list));
}

struct import *catalogue_read(const struct catalogue_entry *entry,
			      const struct catalogue_options *options, struct diag *diag)
{
	const struct import_options how = { .space = options->space };
	struct json_object *from = NULL;
	struct import *import;

	if (options->n_from) {
		from = read_from(options, diag);
		if (!from)
			return NULL;
	}
	import = import_read(entry->text, strlen(entry->text), &how, diag);
	if (import && from)
		replace_entries(import, from);
	json_object_put(from);
	return import;
}

/* --- what it opens -------------------------------------------------------- */

static const char tag_of_network[] = "externalnetwork:name=";

static const struct import_object *find_network(const struct import *import, const char *tag)
{
	size_t i;

	if (strncmp(tag, tag_of_network, strlen(tag_of_network)) != 0)
		return NULL;
	for (i = 0; i < import->n; i++)
		if (import->objects[i].kind->id == KIND_EXTERNALNETWORK &&
		    !strcmp(import->objects[i].name, tag + strlen(tag_of_network)))
			return &import->objects[i];
	return NULL;
}

static void add_network(const struct import_object *network, struct json_object *names,
			struct json_object *list)
{
	size_t i, n;
	struct json_object *given = object_list(network->json, "entries", &n);

	json_object_array_add(names, json_object_new_string(network->name));
	for (i = 0; i < n; i++)
		json_object_array_add(list, json_object_get(json_object_array_get_idx(given, i)));
}

/* The networks that the ANDs of a rule name, which in a catalogue are single tags. */
static void add_networks(const struct import *import, struct json_object *rule,
			 struct json_object *opens)
{
	struct json_object *names = json_object_new_array(), *list = json_object_new_array();
	size_t i, n;
	struct json_object *object = object_list(rule, "object", &n);

	for (i = 0; i < n; i++) {
		struct json_object *group = json_object_array_get_idx(object, i);
		const struct import_object *network =
			find_network(import,
				     json_object_get_string(json_object_array_get_idx(group, 0)));

		if (network)
			add_network(network, names, list);
	}
	json_add(opens, "networks", names);
	json_add(opens, "entries", list);
}

static void add_rules(const struct import *import, const struct import_object *ruleset,
		      const char *field, const char *direction, struct json_object *result)
{
	size_t i, n;
	struct json_object *rules = object_list(ruleset->json, field, &n), *services;

	for (i = 0; i < n; i++) {
		struct json_object *rule = json_object_array_get_idx(rules, i);
		struct json_object *opens = json_object_new_object();

		json_add_string(opens, "ruleset", ruleset->name);
		json_add_string(opens, "direction", direction);
		json_add_string(opens, "action", object_text(rule, "action"));
		json_object_object_get_ex(rule, "protocolPorts", &services);
		json_add(opens, "services", json_object_get(services));
		add_networks(import, rule, opens);
		json_object_array_add(result, opens);
	}
}

struct json_object *catalogue_opens(const struct import *import)
{
	struct json_object *result = json_object_new_array();
	size_t i;

	for (i = 0; i < import->n; i++) {
		if (import->objects[i].kind->id != KIND_RULESET)
			continue;
		add_rules(import, &import->objects[i], "incomingRules", "incoming", result);
		add_rules(import, &import->objects[i], "outgoingRules", "outgoing", result);
	}
	return result;
}
