// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is valid, and does what nobody meant: rulesets. A selector is judged in every
 * namespace where its ruleset applies to a host; where it applies to none, in its own.
 */
#include "nearest.h"
#include "object.h"
#include "path.h"
#include "selector.h"
#include "view.h"
#include "warn.h"
#include "lib/prefix.h"
#include "lib/services.h"
#include "lib/text.h"

#include <mseg/core.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Namespaces that are looked at; what is in further ones is not judged. */
#define VIEWS_MAX 64

#define MESSAGE_LEN 256

struct host {
	const struct model_object *object;
	struct tags tags;
};

struct finder {
	const struct model *model;
	struct diag *diag;
	struct host *hosts;
	size_t n_hosts;
	/* What there is in the namespaces that were asked for. */
	struct view *views[VIEWS_MAX];
	size_t n_views;
	/* Of the ruleset that is looked at: the views that it is judged in. */
	struct view *here[VIEWS_MAX];
	size_t n_here;
	/* Of peers that were looked at. */
	struct lh_table *families;
	size_t work;
	bool no_memory;
};

static bool is_shown(const struct finder *finder)
{
	return finder->diag->warnings < DIAG_SHOWN_MAX;
}

/* --- hosts and views ------------------------------------------------------ */

static bool find_hosts(struct finder *finder)
{
	size_t i, n;
	struct model_object *const *hosts =
		model_objects(finder->model, kind_get(KIND_ENFORCER), &n);

	finder->hosts = calloc(n + 1, sizeof(*finder->hosts));
	for (i = 0; finder->hosts && i < n; i++) {
		finder->hosts[i].object = hosts[i];
		if (tags_of(hosts[i], &finder->hosts[i].tags))
			return false;
		finder->n_hosts++;
	}
	return finder->hosts != NULL;
}

static struct view *find_view(struct finder *finder, const char *space)
{
	size_t i;

	for (i = 0; i < finder->n_views; i++)
		if (!strcmp(view_space(finder->views[i]), space))
			return finder->views[i];
	if (i == VIEWS_MAX)
		return NULL;
	finder->views[i] = view_new(finder->model, space, &finder->work);
	if (finder->views[i])
		finder->n_views++;
	else
		finder->no_memory = true;
	return finder->views[i];
}

static void add_here(struct finder *finder, const char *space)
{
	struct view *view = find_view(finder, space);
	size_t i;

	for (i = 0; i < finder->n_here; i++)
		if (finder->here[i] == view)
			return;
	if (view)
		finder->here[finder->n_here++] = view;
}

static bool is_in_scope(const struct model_object *ruleset, const struct host *host)
{
	return object_flag(ruleset->json, "propagate") ?
		       path_is_within(host->object->space, ruleset->space) :
		       !strcmp(host->object->space, ruleset->space);
}

/* --- what was meant ------------------------------------------------------- */

/* The tag among candidates that a group meant; NULL where all its tags are there. */
static const char *find_hint(struct json_object *group, const char *const *tags, size_t n,
			     const char **missing, char *hint)
{
	size_t i, j, n_group = json_object_array_length(group);
	char meant[MESSAGE_LEN];

	*missing = NULL;
	for (i = 0; i < n_group; i++) {
		const char *tag = json_object_get_string(json_object_array_get_idx(group, i));

		for (j = 0; j < n; j++)
			if (!strcmp(tags[j], tag))
				break;
		if (j < n)
			continue;
		*missing = tag;
		if (!nearest_tag(tag, tags, n, meant, sizeof(meant)))
			return NULL;
		snprintf(hint, MESSAGE_LEN + 32, "did you mean %s?", meant);
		return hint;
	}
	return NULL;
}

/* A network that would be chosen, if it applied here. */
static const struct model_object *find_elsewhere(struct finder *finder, struct json_object *group)
{
	const struct model_object *found = NULL;
	size_t i, n;
	struct model_object *const *networks =
		model_objects(finder->model, kind_get(KIND_EXTERNALNETWORK), &n);
	struct tags tags;

	for (i = 0; i < n && !found && !finder->no_memory; i++) {
		if (tags_of(networks[i], &tags)) {
			finder->no_memory = true;
			break;
		}
		if (selector_group_matches(group, &tags))
			found = networks[i];
		tags_free(&tags);
	}
	return found;
}

static const char **view_tags(const struct view *view, size_t *n)
{
	const char **tags, *tag;
	size_t i;

	for (*n = 0; view_tag(view, *n); ++*n)
		;
	tags = calloc(*n + 1, sizeof(*tags));
	for (i = 0; tags && (tag = view_tag(view, i)); i++)
		tags[i] = tag;
	return tags;
}

static const char **host_tags(const struct finder *finder, size_t *n)
{
	const char **tags;
	size_t i, j;

	for (i = 0, *n = 0; i < finder->n_hosts; i++)
		*n += finder->hosts[i].tags.n;
	tags = calloc(*n + 1, sizeof(*tags));
	for (i = 0, *n = 0; tags && i < finder->n_hosts; i++)
		for (j = 0; j < finder->hosts[i].tags.n; j++)
			tags[(*n)++] = finder->hosts[i].tags.items[j];
	return tags;
}

/* --- subjects ------------------------------------------------------------- */

static void warn_of_subject(struct finder *finder, const struct model_object *ruleset,
			    struct json_object *group, bool is_alone)
{
	const char *missing = NULL, *hint = NULL;
	struct warned about = { ruleset, "subject", NULL };
	char text[MESSAGE_LEN + 32];
	const char **tags;
	size_t n;

	if (!is_shown(finder))
		return;
	tags = host_tags(finder, &n);
	if (tags)
		hint = find_hint(group, tags, n, &missing, text);
	about.value = missing ? missing :
				json_object_get_string(json_object_array_get_idx(group, 0));
	if (!hint && !missing && !object_flag(ruleset->json, "propagate"))
		hint = "hosts in namespaces below need 'propagate: true'";
	warn(finder->diag, &about, hint,
	     is_alone ? "the ruleset applies to no host: nothing carries %s" :
			"a part of the subject chooses no host: nothing carries %s",
	     missing ? text_show(missing, strlen(missing)).s : "all of its tags in the namespace");
	free(tags);
}

static bool group_chooses(const struct finder *finder, const struct model_object *ruleset,
			  struct json_object *group)
{
	size_t i;

	for (i = 0; i < finder->n_hosts; i++)
		if (is_in_scope(ruleset, &finder->hosts[i]) &&
		    selector_group_matches(group, &finder->hosts[i].tags))
			return true;
	return false;
}

static void check_subject(struct finder *finder, const struct model_object *ruleset)
{
	size_t i, n, chosen = 0;
	struct json_object *subject = object_list(ruleset->json, "subject", &n);

	for (i = 0; i < n; i++)
		chosen += group_chooses(finder, ruleset, json_object_array_get_idx(subject, i));
	for (i = 0; i < n && chosen < n; i++) {
		struct json_object *group = json_object_array_get_idx(subject, i);

		if (!group_chooses(finder, ruleset, group))
			warn_of_subject(finder, ruleset, group, !chosen);
		if (!chosen)
			break;
	}
}

static void find_here(struct finder *finder, const struct model_object *ruleset)
{
	struct json_object *subject = NULL;
	size_t i;

	finder->n_here = 0;
	json_object_object_get_ex(ruleset->json, "subject", &subject);
	for (i = 0; i < finder->n_hosts; i++)
		if (is_in_scope(ruleset, &finder->hosts[i]) &&
		    selector_match(subject, &finder->hosts[i].tags) >= 0)
			add_here(finder, finder->hosts[i].object->space);
	if (!finder->n_here)
		add_here(finder, ruleset->space);
}

/* --- objects -------------------------------------------------------------- */

static void warn_of_object(struct finder *finder, const struct model_object *ruleset,
			   struct json_object *group, const char *field)
{
	const struct model_object *elsewhere = find_elsewhere(finder, group);
	const char *missing = NULL, *hint = NULL, **tags;
	struct warned about = { ruleset, field, NULL };
	char text[2 * MESSAGE_LEN];
	size_t n;

	tags = view_tags(finder->here[0], &n);
	if (tags)
		hint = find_hint(group, tags, n, &missing, text);
	if (elsewhere) {
		snprintf(text, sizeof(text), "the network %.100s in %.200s %s", elsewhere->name,
			 elsewhere->space,
			 path_is_within(view_space(finder->here[0]), elsewhere->space) ?
				 "needs 'propagate: true'" :
				 "does not apply here");
		hint = text;
	}
	about.value = missing ? missing :
				json_object_get_string(json_object_array_get_idx(group, 0));
	warn(finder->diag, &about, hint, "the selector matches nothing: nothing carries %s",
	     missing ? text_show(missing, strlen(missing)).s : "all of its tags");
	free(tags);
}

static void check_object(struct finder *finder, const struct model_object *ruleset,
			 struct json_object *object, const char *field)
{
	size_t i, j, n = json_object_array_length(object);

	for (i = 0; i < n && is_shown(finder); i++) {
		struct json_object *group = json_object_array_get_idx(object, i);

		for (j = 0; j < finder->n_here; j++)
			if (!view_group_is_empty(finder->here[j], group, ruleset->space))
				break;
		if (finder->n_here && j == finder->n_here)
			warn_of_object(finder, ruleset, group, field);
	}
}

/* --- services ------------------------------------------------------------- */

/* What kinds of addresses peers have; a name may have all. */
struct families {
	bool any;
	bool ipv4;
	bool ipv6;
	const char *name;
};

static void add_entry(struct families *families, const char *entry)
{
	char ignored[TEXT_WHY_LEN];
	struct mseg_prefix prefix;
	bool cleared;

	if (prefix_parse(entry, strlen(entry), &prefix, &cleared, ignored))
		families->name = families->name ? families->name : entry;
	else if (!prefix.exclude && prefix.family == MSEG_FAMILY_IPV4)
		families->ipv4 = true;
	else if (!prefix.exclude)
		families->ipv6 = true;
}

static void read_families(struct families *families, const struct model_object *peer)
{
	bool is_host = peer->kind->id == KIND_ENFORCER;
	size_t i, n;
	struct json_object *list = object_list(peer->json, is_host ? "addresses" : "entries", &n);

	families->any = true;
	for (i = 0; i < n && !(families->ipv4 && families->ipv6 && families->name); i++)
		add_entry(families, json_object_get_string(json_object_array_get_idx(list, i)));
}

/* Many rules may be about one network, and that have many entries. */
static const struct families *families_of(struct finder *finder, const struct model_object *peer)
{
	struct families *families;
	void *found;

	if (lh_table_lookup_ex(finder->families, peer, &found))
		return found;
	families = calloc(1, sizeof(*families));
	if (!families || lh_table_insert(finder->families, peer, families)) {
		free(families);
		finder->no_memory = true;
		return NULL;
	}
	read_families(families, peer);
	return families;
}

static void free_families(struct lh_entry *entry)
{
	free(lh_entry_v(entry));
}

static void add_peer(struct finder *finder, struct families *families,
		     const struct model_object *peer)
{
	const struct families *its = families_of(finder, peer);

	if (!its)
		return;
	families->any = true;
	families->ipv4 |= its->ipv4;
	families->ipv6 |= its->ipv6;
	families->name = families->name ? families->name : its->name;
}

static struct families find_families(struct finder *finder, const struct model_object *ruleset,
				     struct json_object *object)
{
	struct families families = { 0 };
	struct peers peers;
	size_t i, j;

	for (i = 0; i < finder->n_here; i++) {
		finder->no_memory |= view_select(finder->here[i], object, ruleset->space, &peers) ==
				     -ENOMEM;
		for (j = 0; j < peers.n; j++)
			add_peer(finder, &families, peers.objects[j]);
		free(peers.objects);
	}
	return families;
}

static bool matches_never(const char *service, const struct families *families)
{
	struct service_item item;
	char ignored[TEXT_WHY_LEN];

	if (service_parse(service, strlen(service), &item, ignored))
		return false;
	return (item.ranges[0].protocol == 1 && !families->ipv4) ||
	       (item.ranges[0].protocol == 58 && !families->ipv6);
}

static void check_services(struct finder *finder, const struct model_object *ruleset,
			   struct json_object *rule, const char *field,
			   const struct families *families)
{
	struct warned about = { ruleset, field, NULL };
	size_t i, n;
	struct json_object *services = object_list(rule, "protocolPorts", &n);

	for (i = 0; i < n; i++) {
		about.value = json_object_get_string(json_object_array_get_idx(services, i));
		if (!matches_never(about.value, families))
			continue;
		if (families->ipv4)
			warn(finder->diag, &about, "add IPv6 entries, or write icmp/...",
			     "%s can never match: icmp6 is IPv6's, and the networks hold IPv4 addresses only",
			     about.value);
		else
			warn(finder->diag, &about, "add IPv4 entries, or write icmp6/...",
			     "%s can never match: icmp is IPv4's, and the networks hold IPv6 addresses only",
			     about.value);
	}
}

/* --- rules ---------------------------------------------------------------- */

/* Whoever wrote a name may believe that it holds more than what this host looks up. */
static void warn_of_name(struct finder *finder, const struct warned *about,
			 struct json_object *rule, bool is_incoming)
{
	struct text_shown name = text_show(about->value, strlen(about->value));

	if (is_incoming)
		warn(finder->diag, about, "give the addresses of those who connect",
		     "%s holds the addresses that this host has looked up: seldom those that connect to it",
		     name.s);
	else if (!strcmp(object_text(rule, "action"), "Reject"))
		warn(finder->diag, about, "reject by default, or give its addresses",
		     "the rule rejects those addresses of %s alone that this host has looked up",
		     name.s);
}

static void check_rule(struct finder *finder, const struct model_object *ruleset,
		       struct json_object *rule, const char *list, size_t index)
{
	char field[64];
	struct warned about = { ruleset, field, NULL };
	struct json_object *object = NULL;
	struct families families;

	if (!json_object_object_get_ex(rule, "object", &object))
		return;
	snprintf(field, sizeof(field), "%s[%zu].object", list, index);
	check_object(finder, ruleset, object, field);
	families = find_families(finder, ruleset, object);
	about.value = families.name;
	if (families.name)
		warn_of_name(finder, &about, rule, !strcmp(list, "incomingRules"));
	else if (families.any && !families.ipv4 && !families.ipv6)
		warn(finder->diag, &about, "give its networks entries",
		     "the rule can never match: its networks hold nobody");
	snprintf(field, sizeof(field), "%s[%zu].protocolPorts", list, index);
	if (families.ipv4 != families.ipv6 && !families.name)
		check_services(finder, ruleset, rule, field, &families);
}

static void check_ruleset(struct finder *finder, const struct model_object *ruleset)
{
	static const char *const lists[] = { "incomingRules", "outgoingRules" };
	const struct warned about = { ruleset, NULL, NULL };
	size_t i, j, n, n_rules = 0;

	if (object_flag(ruleset->json, "disabled"))
		return;
	check_subject(finder, ruleset);
	find_here(finder, ruleset);
	for (i = 0; i < 2; i++) {
		struct json_object *list = object_list(ruleset->json, lists[i], &n);

		n_rules += n;
		for (j = 0; j < n && is_shown(finder); j++)
			check_rule(finder, ruleset, json_object_array_get_idx(list, j), lists[i], j);
	}
	if (!n_rules)
		warn(finder->diag, &about, "give it incomingRules or outgoingRules",
		     "the ruleset has no rules");
}

static void finder_end(struct finder *finder)
{
	size_t i;

	for (i = 0; i < finder->n_views; i++)
		view_free(finder->views[i]);
	for (i = 0; i < finder->n_hosts; i++)
		tags_free(&finder->hosts[i].tags);
	free(finder->hosts);
	if (finder->families)
		lh_table_free(finder->families);
}

int warn_of_rulesets(const struct model *model, const struct model_object *only, struct diag *diag)
{
	struct finder finder = {
		.model = model,
		.diag = diag,
		.families = lh_kptr_table_new(64, free_families),
		.work = VIEW_WORK,
	};
	struct model_object **rulesets =
		model_list(model, kind_get(KIND_RULESET), "/", true, &(size_t){ 0 });
	size_t i;

	if (!rulesets || !finder.families || !find_hosts(&finder))
		finder.no_memory = true;
	for (i = 0; !finder.no_memory && rulesets[i]; i++)
		if (!only || rulesets[i] == only)
			check_ruleset(&finder, rulesets[i]);
	finder_end(&finder);
	free(rulesets);
	return finder.no_memory ? -ENOMEM : 0;
}
