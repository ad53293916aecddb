// SPDX-License-Identifier: GPL-2.0-or-later
/* An object and what it comes to. */
#include "describe.h"

#include <microhttpd.h>
#include <string.h>

#include "api.h"
#include "lib/json.h"
#include "plan.h"

static bool is_host(const struct kind *kind)
{
	return kind->id == KIND_ENFORCER || kind->id == KIND_PROCESSINGUNIT;
}

/* Whether a ruleset applies to this host, and why; NULL where it never could. */
static struct json_object *of_ruleset(const struct plan *plan, const char *id)
{
	struct json_object *all = resolution_describe(plan->resolution), *list, *one = NULL, *its;
	size_t i;

	json_object_object_get_ex(all, "rulesets", &list);
	for (i = 0; !one && i < json_object_array_length(list); i++) {
		struct json_object *entry = json_object_array_get_idx(list, i);

		if (json_object_object_get_ex(entry, "ID", &its) &&
		    !strcmp(json_object_get_string(its), id))
			one = json_object_get(entry);
	}
	json_object_put(all);
	return one;
}

void describe(struct service *service, struct request *request, const struct kind *kind,
	      const struct model_object *object)
{
	struct json_object *answer = json_object_new_object();
	struct plan plan;

	plan_make(service->now.model, NULL, &plan);
	json_add(answer, "object",
		 kind->id == KIND_PROCESSINGUNIT ? model_processingunit(object) :
						   json_object_get(object->json));
	if (plan.resolution && is_host(kind))
		json_add(answer, "resolution", resolution_describe(plan.resolution));
	if (plan.resolution && kind->id == KIND_RULESET)
		json_add(answer, "applies", of_ruleset(&plan, object->id));
	if (is_host(kind))
		plan_warn_host(&plan);
	else
		plan_warn(service->now.model, &plan, object);
	if (!api_may_read(service, request, "/"))
		findings_forget_hints(&plan.findings);
	json_add(answer, "warnings", json_object_get(plan.findings.warnings));
	reply_json(request, MHD_HTTP_OK, answer);
	plan_clear(&plan);
}
