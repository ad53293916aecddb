// SPDX-License-Identifier: GPL-2.0-or-later
/* What is valid, and does what nobody meant: external networks, and defaults. */
#include "warnings.h"
#include "object.h"
#include "path.h"
#include "warn.h"
#include "lib/advice.h"
#include "lib/prefix.h"
#include "lib/services.h"
#include "lib/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void warn(struct diag *diag, const struct warned *about, const char *hint, const char *format, ...)
{
	char what[320];
	struct finding finding = {
		.place = about->object->place,
		.object = what,
		.field = about->field,
		.value = about->value,
		.hint = hint,
	};
	va_list args;

	snprintf(what, sizeof(what), "%s %.255s", about->object->kind->singular,
		 about->object->name);
	va_start(args, format);
	diag_vreport(diag, &finding, format, args);
	va_end(args);
}

/* --- external networks ---------------------------------------------------- */

static bool list_has(struct json_object *list, size_t n, const char *text)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(list, i)), text))
			return true;
	return false;
}

static void warn_of_family(const struct model_object *network, struct json_object *entries,
			   size_t n, struct diag *diag)
{
	const struct warned about = { network, "entries", "0.0.0.0/0" };

	if (list_has(entries, n, "0.0.0.0/0") && !list_has(entries, n, "::/0"))
		warn(diag, &about, "add ::/0 if everybody is meant",
		     "0.0.0.0/0 does not cover IPv6");
}

/* --- equal networks ------------------------------------------------------- */

static bool holds_everybody(struct json_object *entries, size_t n)
{
	return n && n <= 2 &&
	       (size_t)list_has(entries, n, "0.0.0.0/0") + (size_t)list_has(entries, n, "::/0") == n;
}

/* The same for lists that hold the same in any order. */
static uintptr_t digest(struct json_object *entries, size_t n)
{
	uintptr_t sum = n;
	size_t i;

	for (i = 0; i < n; i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(entries, i));
		uint64_t hash = 14695981039346656037ULL;

		for (; *text; text++)
			hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
		sum += (uintptr_t)(hash * (hash | 1));
	}
	/* The largest values mean something to the table. */
	return sum >> 2;
}

static bool same_entries(struct json_object *a, struct json_object *b, size_t n)
{
	struct lh_table *texts = lh_kchar_table_new((int)(2 * n + 1), NULL);
	bool same = texts != NULL;
	size_t i;

	for (i = 0; i < n && same; i++)
		same = !lh_table_insert(texts,
					json_object_get_string(json_object_array_get_idx(a, i)),
					NULL);
	for (i = 0; i < n && same; i++)
		same = lh_table_lookup_entry(texts, json_object_get_string(
							    json_object_array_get_idx(b, i)));
	if (texts)
		lh_table_free(texts);
	return same;
}

static void warn_of_equal(struct lh_table *seen, const struct model_object *network,
			  struct json_object *entries, size_t n, const struct model_object *only,
			  struct diag *diag)
{
	const void *key = (const void *)digest(entries, n);
	const struct model_object *other, *told;
	void *found = NULL;
	size_t n_other = 0;

	if (!n || holds_everybody(entries, n))
		return;
	if (!lh_table_lookup_ex(seen, key, &found)) {
		lh_table_insert(seen, key, network);
		return;
	}
	other = found;
	if (strcmp(other->space, network->space) != 0 || (only && only != network && only != other))
		return;
	if (same_entries(object_list(other->json, "entries", &n_other), entries, n)) {
		const struct warned about = { only ? only : network, "entries", NULL };

		told = about.object == other ? network : other;
		warn(diag, &about, "use one of them for both",
		     "the network holds the same addresses as %s",
		     text_show(told->name, strlen(told->name)).s);
	}
}

static int check_networks(const struct model *model, const struct model_object *only,
			  struct diag *diag)
{
	struct lh_table *seen = lh_kptr_table_new(256, NULL);
	struct model_object **networks = NULL;
	size_t i, n = 0, n_entries;

	if (seen)
		networks = model_list(model, kind_get(KIND_EXTERNALNETWORK), "/", true, &n);
	for (i = 0; networks && i < n; i++) {
		struct json_object *entries = object_list(networks[i]->json, "entries", &n_entries);

		warn_of_equal(seen, networks[i], entries, n_entries, only, diag);
		if (only && only != networks[i])
			continue;
		warn_of_family(networks[i], entries, n_entries, diag);
	}
	if (seen)
		lh_table_free(seen);
	free(networks);
	return networks ? 0 : -ENOMEM;
}

int warnings_find(const struct model *model, const struct model_object *only, struct diag *diag)
{
	int err = check_networks(model, only, diag);

	return err ? err : warn_of_rulesets(model, only, diag);
}

/* --- what rules do to each other ------------------------------------------ */

static const char *const words[2] = {
	[MSEG_DIRECTION_IN] = "incoming",
	[MSEG_DIRECTION_OUT] = "outgoing",
};

/* A rule for a sentence: "ruleset 'ssh', rule 2 ('name')". */
static void name_rule(const struct resolved_rule *rule, char *text, size_t size)
{
	const char *own = object_text(rule->json, "name");

	snprintf(text, size, "ruleset %s, %s rule %u%s%s%s",
		 text_show(rule->ruleset->name, strlen(rule->ruleset->name)).s,
		 words[rule->direction], rule->index + 1, own && *own ? " (" : "",
		 own && *own ? text_show(own, strlen(own)).s : "", own && *own ? ")" : "");
}

/* Where a rule stands in its ruleset. */
static void name_field(const struct resolved_rule *rule, char *text, size_t size)
{
	snprintf(text, size, "%sRules[%u]", words[rule->direction], rule->index);
}

static void warn_of_stronger(const struct resolved_rule *allows,
			     const struct resolved_rule *rejects, struct diag *diag)
{
	char field[64], name[TEXT_WHY_LEN];
	const struct warned about = { allows->ruleset, field, NULL };

	name_field(allows, field, sizeof(field));
	name_rule(rejects, name, sizeof(name));
	warn(diag, &about,
	     "narrow the rule that rejects, or leave it out where the default rejects already",
	     "the rule never decides: %s rejects all of it, and Reject beats Allow however narrow that is",
	     name);
}

static void keep_text(const char *text, void *arg)
{
	snprintf(arg, SERVICE_TEXT_LEN, "%s", text);
}

static void warn_of_part(const struct resolved_rule *allows, const struct resolved_rule *rejects,
			 const struct advice_part *part, struct diag *diag)
{
	char field[64], name[TEXT_WHY_LEN], prefix[PREFIX_TEXT_LEN], service[SERVICE_TEXT_LEN];
	const struct warned about = { allows->ruleset, field, prefix };

	name_field(allows, field, sizeof(field));
	name_rule(rejects, name, sizeof(name));
	prefix_format(part->prefix, prefix);
	services_format(part->service, 1, keep_text, service);
	warn(diag, &about,
	     "narrow the rule that rejects, or leave it out where the default rejects already",
	     "the rule does not decide for %s from or to %s: %s rejects that, and Reject beats Allow however narrow that is",
	     service, prefix, name);
}

static void check_rule(struct advice_search *search, const struct compiled *compiled, uint32_t i,
		       struct diag *diag)
{
	const struct mseg_rule *rule = &compiled->policy->rules[i], *stronger;
	const struct mseg_rule *rules = compiled->policy->rules;
	struct advice_part part;

	stronger = advice_stronger(search, rule);
	if (stronger) {
		warn_of_stronger(compiled->rules[i].rule, compiled->rules[stronger - rules].rule,
				 diag);
		return;
	}
	stronger = advice_stronger_part(search, rule, &part);
	if (stronger)
		warn_of_part(compiled->rules[i].rule, compiled->rules[stronger - rules].rule, &part,
			     diag);
}

/* Rules of many peers stand there several times: once is enough. */
static void check_rules(const struct compiled *compiled, struct diag *diag)
{
	struct advice_search search = { compiled->policy, ADVICE_WORK };
	const struct resolved_rule *last = NULL;
	uint32_t i;

	for (i = 0; i < compiled->policy->n_rules; i++) {
		const struct mseg_rule *rule = &compiled->policy->rules[i];

		if (rule->action != MSEG_ACTION_ALLOW || rule->observed ||
		    compiled->rules[i].rule == last)
			continue;
		last = compiled->rules[i].rule;
		check_rule(&search, compiled, i, diag);
	}
}

static void check_default(const struct resolution *resolution, const struct compiled *compiled,
			  unsigned int direction, struct diag *diag)
{
	const struct resolved_default *given = &resolution->defaults[direction];
	struct advice_allowed allowed = advice_allowed(compiled->policy, direction);
	const struct warned about = { resolution->enforcer, NULL, NULL };

	if (given->action != MSEG_ACTION_REJECT)
		return;
	if (!allowed.anything)
		warn(diag, &about, "allow at least how the host is administered",
		     "namespace %s rejects by default, and no rule allows anything %s",
		     text_show(given->space, strlen(given->space)).s, words[direction]);
	else if (advice_lacks_ipv6(compiled->policy, direction))
		warn(diag, &about, "add ::/0 where 0.0.0.0/0 means everybody",
		     "namespace %s rejects by default, and no rule allows any IPv6 address %s",
		     text_show(given->space, strlen(given->space)).s, words[direction]);
}

void warnings_find_compiled(const struct resolution *resolution, const struct compiled *compiled,
			    struct diag *diag)
{
	unsigned int direction;

	for (direction = 0; direction < 2; direction++)
		check_default(resolution, compiled, direction, diag);
	check_rules(compiled, diag);
}
