/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/{kind}/{object}/describe: an object and what it comes to. */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "model/model.h"
#include "request.h"
#include "service.h"

/**
 * describe() - answer with an object, what applies, why, and what is odd
 * @service: the service
 * @request: answered
 * @kind: as which it was asked for
 * @object: the object, or of a processing unit its enforcer
 */
void describe(struct service *service, struct request *request, const struct kind *kind,
	      const struct model_object *object);

#endif /* DESCRIBE_H */
