// SPDX-License-Identifier: GPL-2.0-or-later
/* What objects come to. */
#include "plan.h"

#include <errno.h>
#include <string.h>

const struct model_object *plan_enforcer(const struct model *model)
{
	struct model_object *const *enforcers;
	size_t n;

	enforcers = model_objects(model, kind_get(KIND_ENFORCER), &n);
	return n ? enforcers[0] : NULL;
}

static void check(const struct model *model, struct plan *plan, struct diag *diag)
{
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

int plan_make(const struct model *model, struct plan *plan)
{
	struct diag diag;

	memset(plan, 0, sizeof(*plan));
	diag = findings_begin(&plan->findings, "policy");
	check(model, plan, &diag);
	if (diag.errors)
		return -EINVAL;
	return plan->compiled ? 0 : -ENOMEM;
}

void plan_clear(struct plan *plan)
{
	compiled_free(plan->compiled);
	resolution_free(plan->resolution);
	findings_end(&plan->findings);
	memset(plan, 0, sizeof(*plan));
}
