/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What applies to an enforcer, and why: its effective defaults, the rulesets and the
 * peers of their rules (POLICY.md, "Objects" and "Tags and selectors").
 */
#ifndef MODEL_RESOLVE_H
#define MODEL_RESOLVE_H

#include "model.h"
#include "view.h"

#include <mseg/core.h>

/** enum why - why a ruleset applies, or does not */
enum why {
	/** it is in the enforcer's namespace, and its subject chooses the host */
	WHY_NAMESPACE,
	/** it is in a namespace above and propagates, and its subject chooses the host */
	WHY_PROPAGATED,
	/** it is a fallback, and nothing else applies */
	WHY_FALLBACK,
	/** it is disabled */
	WHY_DISABLED,
	/** it is in a namespace above and does not propagate */
	WHY_NOT_PROPAGATED,
	/** its subject does not choose the host */
	WHY_SUBJECT,
	/** it is a fallback, and other rulesets apply */
	WHY_NOT_NEEDED,
};

/**
 * struct resolved_default - what happens where no rule decides
 * @action: MSEG_ACTION_ALLOW or MSEG_ACTION_REJECT
 * @space: the namespace that says so; "/" where nothing is set
 * @silent: whether what is rejected gets no answer
 */
struct resolved_default {
	uint8_t action;
	const char *space;
	bool silent;
};

/**
 * struct resolved_ruleset - a ruleset that could apply
 * @ruleset: in the enforcer's namespace or above
 * @applies: whether it does
 * @why: or why not
 * @group: index of the AND of its subject that chooses the host, or -1
 */
struct resolved_ruleset {
	const struct model_object *ruleset;
	bool applies;
	enum why why;
	int group;
};

/**
 * struct resolved_rule - a rule that applies
 * @ruleset: whose it is
 * @json: the rule
 * @index: in its list, from 0
 * @direction: MSEG_DIRECTION_IN or MSEG_DIRECTION_OUT
 * @peers: who it is about; perhaps nobody
 */
struct resolved_rule {
	const struct model_object *ruleset;
	struct json_object *json;
	uint32_t index;
	uint8_t direction;
	struct peers peers;
};

/**
 * struct resolution - what applies to an enforcer
 * @enforcer: which
 * @defaults: by direction
 * @rulesets: that could apply, by namespace and name
 * @n_rulesets: how many
 * @rules: that apply, by namespace, ruleset, direction and index
 * @n_rules: how many
 * @too_wide: the ruleset with which selectors choose more than can be followed, so
 *	that further rules are missing; NULL where all are there
 */
struct resolution {
	const struct model_object *enforcer;
	struct resolved_default defaults[2];
	struct resolved_ruleset *rulesets;
	size_t n_rulesets;
	struct resolved_rule *rules;
	size_t n_rules;
	const struct model_object *too_wide;
};

/**
 * resolve() - find out what applies to an enforcer
 * @model: the objects; outlives the result
 * @enforcer: in it
 *
 * Return: what applies, or NULL without memory.
 */
struct resolution *resolve(const struct model *model, const struct model_object *enforcer);

/**
 * resolution_free() - free what applies
 * @resolution: may be NULL
 */
void resolution_free(struct resolution *resolution);

/**
 * resolve_default() - the default of a namespace
 * @model: the objects
 * @space: the namespace
 * @direction: MSEG_DIRECTION_IN or MSEG_DIRECTION_OUT
 *
 * Return: the action, and the namespace, at or above @space, that has it; and silence.
 */
struct resolved_default resolve_default(const struct model *model, const char *space,
					unsigned int direction);

/**
 * resolution_describe() - what applies, for people and programs
 * @resolution: what applies
 *
 * Return: {"defaults": {"incoming": {"action", "namespace"}, "outgoing"}, "rulesets":
 * [{"namespace", "name", "ID", "applies", "reason", "why"}]}, to be put. "reason" is a
 * word of resolve_why_word(), "why" a sentence.
 */
struct json_object *resolution_describe(const struct resolution *resolution);

/**
 * resolve_why_word() - why, in one word for programs
 * @why: the reason
 */
const char *resolve_why_word(enum why why);

#endif /* MODEL_RESOLVE_H */
