/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What recorded flows would be under another policy than that of their time. */
#ifndef PREVIEW_H
#define PREVIEW_H

#include <json-c/json.h>

#include "plan.h"
#include "request.h"
#include "service.h"

/**
 * preview_make() - judge recorded flows by a plan
 * @service: the service
 * @request: says which flows, by q, since and until; answered after an error
 * @plan: compiled
 *
 * Return: as POST /v1/preview answers, or NULL.
 */
struct json_object *preview_make(struct service *service, struct request *request,
				 const struct plan *plan);

#endif /* PREVIEW_H */
