/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a set of objects comes to: the flat policy that the kernel is to enforce. */
#ifndef PLAN_H
#define PLAN_H

#include <json-c/json.h>

#include "model/compile.h"
#include "model/findings.h"
#include "model/model.h"
#include "model/resolve.h"

/**
 * struct plan - what objects come to
 * @resolution: what applies to this host
 * @compiled: NULL where there are errors
 * @findings: errors and warnings
 * @diag: where they are reported
 */
struct plan {
	struct resolution *resolution;
	struct compiled *compiled;
	struct findings findings;
	struct diag diag;
};

/**
 * plan_make() - work out what objects come to
 * @model: the objects; outlive the plan
 * @file: what their places are in
 * @plan: the result, which stays where it is; plan_clear() it, after an error too
 *
 * Return: 0, -EINVAL where there are errors, or -ENOMEM.
 */
int plan_make(const struct model *model, const char *file, struct plan *plan);

/**
 * plan_warn() - find what is odd about objects, into the plan's warnings
 * @model: as plan_make() had it
 * @plan: made
 * @object: the one to look at; NULL for all
 */
void plan_warn(const struct model *model, struct plan *plan, const struct model_object *object);

/**
 * plan_warn_host() - find what is odd about what applies to this host, likewise
 * @plan: made
 */
void plan_warn_host(struct plan *plan);

/** plan_clear() - free a plan */
void plan_clear(struct plan *plan);

/**
 * plan_forget_places() - forget where objects stood in the document that brought them
 * @model: the objects
 */
void plan_forget_places(struct model *model);

/**
 * plan_enforcer() - the enforcer of this host, the only one there is
 * @model: the objects
 *
 * Return: the enforcer, or NULL.
 */
const struct model_object *plan_enforcer(const struct model *model);

#endif /* PLAN_H */
