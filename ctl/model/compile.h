/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what applies to an enforcer to the flat policy that the kernel takes. What the
 * kernel tells of a rule, its cookie or its index, leads back to the ruleset.
 */
#ifndef MODEL_COMPILE_H
#define MODEL_COMPILE_H

#include "resolve.h"

#include <mseg/core.h>

/**
 * struct compiled_rule - where a rule of the kernel comes from
 * @rule: of the resolution
 * @cookie: what the kernel calls it; the same in every policy that holds the rule, and
 *	no larger than JSON's numbers are exact (2^53)
 */
struct compiled_rule {
	const struct resolved_rule *rule;
	uint64_t cookie;
};

/**
 * struct compiled - a policy for the kernel
 * @policy: compiled; its names are those of the objects
 * @rules: by the kernel's index; a rule of more peers than the kernel takes in one is
 *	there several times, with one cookie
 * @networks: by the kernel's index: an external network, or an enforcer that stands for
 *	its addresses
 * @by_cookie: the rules of the resolution, for compiled_find()
 */
struct compiled {
	struct mseg_policy *policy;
	struct compiled_rule *rules;
	const struct model_object **networks;
	struct lh_table *by_cookie;
};

/**
 * compile() - make the policy that the kernel is to enforce
 * @resolution: what applies; outlives the result
 * @diag: told why the kernel would not take it
 *
 * Return: the policy, or NULL with errors in @diag.
 */
struct compiled *compile(const struct resolution *resolution, struct diag *diag);

/**
 * compiled_free() - free a policy
 * @compiled: may be NULL
 */
void compiled_free(struct compiled *compiled);

/**
 * compiled_find() - the rule of a cookie
 * @compiled: the policy
 * @cookie: as the kernel tells it
 *
 * Return: the rule, or NULL where none has it.
 */
const struct resolved_rule *compiled_find(const struct compiled *compiled, uint64_t cookie);

/**
 * compiled_describe_rule() - what a flow says about the rule that decided it
 * @rule: the rule
 *
 * Return: {"policyID", "policyName", "policyNamespace", "direction", "index",
 * "ruleName", "action", "logsDisabled"}, to be put. policyID is the ruleset's ID.
 */
struct json_object *compiled_describe_rule(const struct resolved_rule *rule);

#endif /* MODEL_COMPILE_H */
