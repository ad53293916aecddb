// SPDX-License-Identifier: GPL-2.0-or-later
/* GET /v1/flows, /v1/edges, /v1/map, /v1/histogram and /v1/coverage: what was stored. */
#include <microhttpd.h>

#include "api.h"
#include "lib/json.h"
#include "parameters.h"
#include "plan.h"
#include "question.h"

#define BUCKETS 60
#define BUCKETS_MAX 1000

static void answer(struct request *request, struct question *question, int err,
		   struct json_object *object)
{
	question_end(request, question, err);
	if (!err)
		reply_json(request, MHD_HTTP_OK, object);
}

static struct json_object *page(const char *name, struct json_object *list, const char *next)
{
	struct json_object *object = json_object_new_object();

	json_add(object, name, list);
	json_add_string(object, "cursor", *next ? next : NULL);
	return object;
}

void flows_get(struct service *service, struct request *request)
{
	struct json_object *list = NULL;
	struct question question;
	char next[READER_CURSOR];
	int err;

	if (!question_ask(service, request, &question))
		return;
	err = reader_flows(&question.range, (unsigned int)question.limit, question.cursor, &list,
			   next);
	answer(request, &question, err, err ? NULL : page("flows", list, next));
}

void edges_get(struct service *service, struct request *request)
{
	struct json_object *list = NULL;
	struct question question;
	char next[READER_CURSOR];
	int err;

	if (!question_ask(service, request, &question))
		return;
	err = reader_edges(&question.range, (unsigned int)question.limit, question.cursor, &list,
			   next);
	answer(request, &question, err, err ? NULL : page("edges", list, next));
}

static struct json_object *host(const struct service *service)
{
	const struct model_object *enforcer = plan_enforcer(service->now.model);
	struct json_object *object = json_object_new_object();

	json_add_string(object, "ID", enforcer ? enforcer->id : NULL);
	json_add_string(object, "name", enforcer ? enforcer->name : NULL);
	return object;
}

void map_get(struct service *service, struct request *request)
{
	struct json_object *map = NULL;
	struct question question;
	int err;

	if (!question_ask(service, request, &question))
		return;
	err = reader_map(&question.range, &map);
	if (!err)
		json_add(map, "host", host(service));
	answer(request, &question, err, map);
}

void histogram_get(struct service *service, struct request *request)
{
	unsigned long long buckets = BUCKETS;
	struct json_object *histogram = NULL;
	struct question question;
	int err;

	if (!parameter_number(request, "buckets", 1, BUCKETS_MAX, &buckets) ||
	    !question_ask(service, request, &question))
		return;
	err = reader_histogram(&question.range, (unsigned int)buckets, &histogram);
	answer(request, &question, err, histogram);
}

void coverage_get(struct service *service, struct request *request)
{
	struct json_object *coverage = NULL;
	struct question question;
	int err;

	if (!question_ask(service, request, &question))
		return;
	question.range.query = NULL;
	err = reader_coverage(&question.range, &coverage);
	answer(request, &question, err, coverage);
}
