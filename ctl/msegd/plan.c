// SPDX-License-Identifier: GPL-2.0-or-later
/* What objects come to. */
#include "plan.h"

#include <errno.h>
#include <string.h>

#include "model/warnings.h"

const struct model_object *plan_enforcer(const struct model *model)
{
	struct model_object *const *enforcers;
	size_t n;

	enforcers = model_objects(model, kind_get(KIND_ENFORCER), &n);
	return n ? enforcers[0] : NULL;
}

static void check(const struct model *model, struct plan *plan)
{
	struct diag *diag = &plan->diag;
	const struct model_object *enforcer = plan_enforcer(model);

	if (!model_check(model, diag))
		return;
	if (!enforcer) {
		diag_error(diag, (struct place){ 0 }, "the host's enforcer cannot be missing");
		return;
	}
	plan->resolution = resolve(model, enforcer);
	if (plan->resolution)
		plan->compiled = compile(plan->resolution, diag);
}

int plan_make(const struct model *model, const char *file, struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->diag = findings_begin(&plan->findings, file ? file : "request");
	check(model, plan);
	if (plan->diag.errors)
		return -EINVAL;
	return plan->compiled ? 0 : -ENOMEM;
}

void plan_warn(const struct model *model, struct plan *plan, const struct model_object *object)
{
	warnings_find(model, object, &plan->diag);
}

void plan_warn_host(struct plan *plan)
{
	if (plan->compiled)
		warnings_find_compiled(plan->resolution, plan->compiled, &plan->diag);
}

void plan_clear(struct plan *plan)
{
	compiled_free(plan->compiled);
	resolution_free(plan->resolution);
	findings_end(&plan->findings);
	memset(plan, 0, sizeof(*plan));
}

void plan_forget_places(struct model *model)
{
	struct model_object *const *objects;
	unsigned int k;
	size_t i, n;

	for (k = 0; k < N_KINDS; k++) {
		objects = model_objects(model, kind_get(k), &n);
		for (i = 0; i < n; i++)
			objects[i]->place = (struct place){ 0 };
	}
}
