// SPDX-License-Identifier: GPL-2.0-or-later
/* What applies to an enforcer, and why. */
#include "resolve.h"
#include "object.h"
#include "path.h"
#include "selector.h"
#include "lib/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const default_fields[2] = {
	[MSEG_DIRECTION_IN] = "defaultPUIncomingTrafficAction",
	[MSEG_DIRECTION_OUT] = "defaultPUOutgoingTrafficAction",
};

static const char *const rule_fields[2] = {
	[MSEG_DIRECTION_IN] = "incomingRules",
	[MSEG_DIRECTION_OUT] = "outgoingRules",
};

static const char *const reject_fields[2] = {
	[MSEG_DIRECTION_IN] = "incomingRejects",
	[MSEG_DIRECTION_OUT] = "outgoingRejects",
};

/* --- defaults ------------------------------------------------------------- */

/* The nearest namespace, from one upward, that does not inherit; NULL where all do. */
static const char *find_word(const struct model *model, const char *space, const char *field,
			     const char **where)
{
	const struct kind *kind = kind_get(KIND_NAMESPACE);
	const struct model_object *object;

	for (object = model_find(model, kind, NULL, space); object;
	     object = model_find(model, kind, NULL, object->space)) {
		const char *word = object_text(object->json, field);

		*where = object->name;
		if (word && strcmp(word, "Inherit") != 0)
			return word;
		if (!strcmp(object->name, "/"))
			break;
	}
	*where = "/";
	return NULL;
}

struct resolved_default resolve_default(const struct model *model, const char *space,
					unsigned int direction)
{
	struct resolved_default resolved = { .action = MSEG_ACTION_ALLOW };
	const char *word, *ignored;

	word = find_word(model, space, reject_fields[direction], &ignored);
	resolved.silent = word && !strcmp(word, "Silent");
	word = find_word(model, space, default_fields[direction], &resolved.space);
	if (word && !strcmp(word, "Reject"))
		resolved.action = MSEG_ACTION_REJECT;
	return resolved;
}

/* --- rulesets ------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct model_object *x = ((const struct resolved_ruleset *)a)->ruleset;
	const struct model_object *y = ((const struct resolved_ruleset *)b)->ruleset;
	int order = strcmp(x->space, y->space);

	return order ? order : strcmp(x->name, y->name);
}

/* Judge a ruleset by itself; a fallback that could apply is left to settle(). */
static void judge(struct resolved_ruleset *resolved, const struct model_object *enforcer,
		  const struct tags *tags)
{
	struct json_object *json = resolved->ruleset->json;
	bool is_here = !strcmp(resolved->ruleset->space, enforcer->space);
	struct json_object *subject = NULL;

	json_object_object_get_ex(json, "subject", &subject);
	resolved->group = subject ? selector_match(subject, tags) : -1;
	if (object_flag(json, "disabled"))
		resolved->why = WHY_DISABLED;
	else if (!is_here && !object_flag(json, "propagate"))
		resolved->why = WHY_NOT_PROPAGATED;
	else if (resolved->group < 0)
		resolved->why = WHY_SUBJECT;
	else if (object_flag(json, "fallback"))
		resolved->why = WHY_FALLBACK;
	else
		resolved->why = is_here ? WHY_NAMESPACE : WHY_PROPAGATED;
	resolved->applies = resolved->why <= WHY_FALLBACK;
}

/* Fallbacks give way to anything else. */
static void settle(struct resolution *resolution)
{
	bool others = false;
	size_t i;

	for (i = 0; i < resolution->n_rulesets; i++)
		others |= resolution->rulesets[i].why < WHY_FALLBACK;
	for (i = 0; others && i < resolution->n_rulesets; i++) {
		if (resolution->rulesets[i].why != WHY_FALLBACK)
			continue;
		resolution->rulesets[i].why = WHY_NOT_NEEDED;
		resolution->rulesets[i].applies = false;
	}
}

static bool find_rulesets(struct resolution *resolution, const struct model *model)
{
	const struct model_object *enforcer = resolution->enforcer;
	size_t i, n;
	struct model_object *const *rulesets = model_objects(model, kind_get(KIND_RULESET), &n);
	struct tags tags;

	resolution->rulesets = calloc(n + 1, sizeof(*resolution->rulesets));
	if (!resolution->rulesets || tags_of(enforcer, &tags))
		return false;
	for (i = 0; i < n; i++) {
		struct resolved_ruleset *resolved = &resolution->rulesets[resolution->n_rulesets];

		if (!path_is_within(enforcer->space, rulesets[i]->space))
			continue;
		resolved->ruleset = rulesets[i];
		judge(resolved, enforcer, &tags);
		resolution->n_rulesets++;
	}
	tags_free(&tags);
	settle(resolution);
	qsort(resolution->rulesets, resolution->n_rulesets, sizeof(*resolution->rulesets), compare);
	return true;
}

/* --- rules ---------------------------------------------------------------- */

static int add_rule(struct resolution *resolution, struct view *view,
		    const struct model_object *ruleset, struct json_object *json,
		    unsigned int direction, size_t index)
{
	struct resolved_rule *rule = &resolution->rules[resolution->n_rules++];
	struct json_object *object = NULL;

	rule->ruleset = ruleset;
	rule->json = json;
	rule->index = (uint32_t)index;
	rule->direction = (uint8_t)direction;
	json_object_object_get_ex(json, "object", &object);
	return view_select(view, object, ruleset->space, &rule->peers);
}

static int add_rules(struct resolution *resolution, struct view *view,
		     const struct model_object *ruleset)
{
	unsigned int direction;
	size_t i, n;
	int err = 0;

	for (direction = 0; direction < 2; direction++) {
		struct json_object *list = object_list(ruleset->json, rule_fields[direction], &n);

		for (i = 0; i < n && !err; i++)
			err = add_rule(resolution, view, ruleset,
				       json_object_array_get_idx(list, i), direction, i);
	}
	return err;
}

static bool find_rules(struct resolution *resolution, struct view *view)
{
	size_t i, n, n_rules = 0;
	int err = 0;

	for (i = 0; i < resolution->n_rulesets; i++) {
		struct json_object *json = resolution->rulesets[i].ruleset->json;

		object_list(json, rule_fields[0], &n);
		n_rules += n;
		object_list(json, rule_fields[1], &n);
		n_rules += n;
	}
	resolution->rules = calloc(n_rules + 1, sizeof(*resolution->rules));
	if (!resolution->rules)
		return false;
	for (i = 0; i < resolution->n_rulesets && !err; i++) {
		if (!resolution->rulesets[i].applies)
			continue;
		err = add_rules(resolution, view, resolution->rulesets[i].ruleset);
		if (err == -E2BIG)
			resolution->too_wide = resolution->rulesets[i].ruleset;
	}
	return !err || err == -E2BIG;
}

struct resolution *resolve(const struct model *model, const struct model_object *enforcer)
{
	struct resolution *resolution = calloc(1, sizeof(*resolution));
	size_t work = VIEW_WORK;
	struct view *view = view_new(model, enforcer->space, &work);
	unsigned int direction;

	if (resolution && view) {
		resolution->enforcer = enforcer;
		for (direction = 0; direction < 2; direction++)
			resolution->defaults[direction] =
				resolve_default(model, enforcer->space, direction);
		if (find_rulesets(resolution, model) && find_rules(resolution, view)) {
			view_free(view);
			return resolution;
		}
	}
	view_free(view);
	resolution_free(resolution);
	return NULL;
}

void resolution_free(struct resolution *resolution)
{
	size_t i;

	if (!resolution)
		return;
	for (i = 0; i < resolution->n_rules; i++)
		free(resolution->rules[i].peers.objects);
	free(resolution->rules);
	free(resolution->rulesets);
	free(resolution);
}

/* --- in words ------------------------------------------------------------- */

static const struct {
	const char *word;
	const char *sentence;
} reasons[] = {
	[WHY_NAMESPACE] = { "namespace", "it is in the host's namespace" },
	[WHY_PROPAGATED] = { "propagated", "it propagates from a namespace above" },
	[WHY_FALLBACK] = { "fallback", "it is a fallback, and no other ruleset applies" },
	[WHY_DISABLED] = { "disabled", "it is disabled" },
	[WHY_NOT_PROPAGATED] = { "notPropagated",
				 "it is in a namespace above and does not propagate" },
	[WHY_SUBJECT] = { "subject", "its subject does not choose the host" },
	[WHY_NOT_NEEDED] = { "notNeeded", "it is a fallback, and other rulesets apply" },
};

const char *resolve_why_word(enum why why)
{
	return reasons[why].word;
}

static void add_default(struct json_object *to, const char *key,
			const struct resolved_default *given)
{
	struct json_object *object = json_object_new_object();

	json_add_string(object, "action", given->action == MSEG_ACTION_REJECT ? "Reject" : "Allow");
	json_add_string(object, "namespace", given->space);
	json_add(to, key, object);
}

/* The AND of the subject that chose the host. */
static struct json_object *chosen_group(const struct resolved_ruleset *resolved)
{
	struct json_object *subject = NULL;

	if (resolved->group < 0 ||
	    !json_object_object_get_ex(resolved->ruleset->json, "subject", &subject))
		return NULL;
	return json_object_get(json_object_array_get_idx(subject, (size_t)resolved->group));
}

static struct json_object *describe_ruleset(const struct resolved_ruleset *resolved)
{
	struct json_object *object = json_object_new_object();

	json_add_string(object, "namespace", resolved->ruleset->space);
	json_add_string(object, "name", resolved->ruleset->name);
	if (resolved->ruleset->id)
		json_add_string(object, "ID", resolved->ruleset->id);
	json_add_bool(object, "applies", resolved->applies);
	json_add_string(object, "reason", reasons[resolved->why].word);
	json_add_string(object, "why", reasons[resolved->why].sentence);
	json_add(object, "subject", chosen_group(resolved));
	return object;
}

struct json_object *resolution_describe(const struct resolution *resolution)
{
	struct json_object *result = json_object_new_object();
	struct json_object *defaults = json_object_new_object();
	struct json_object *rulesets = json_object_new_array();
	size_t i;

	add_default(defaults, "incoming", &resolution->defaults[MSEG_DIRECTION_IN]);
	add_default(defaults, "outgoing", &resolution->defaults[MSEG_DIRECTION_OUT]);
	json_add(result, "defaults", defaults);
	for (i = 0; i < resolution->n_rulesets; i++)
		json_object_array_add(rulesets, describe_ruleset(&resolution->rulesets[i]));
	json_add(result, "rulesets", rulesets);
	return result;
}
