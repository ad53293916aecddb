// SPDX-License-Identifier: GPL-2.0-or-later
/* GET /v1/flows, /v1/edges, /v1/map, /v1/histogram and /v1/coverage: what was stored. */
#include <microhttpd.h>

#include "api.h"
#include "lib/json.h"
#include "parameters.h"
#include "plan.h"
#include "readers.h"

#define BUCKETS 60
#define BUCKETS_MAX 1000

static struct json_object *page(const char *name, struct json_object *list, const char *next)
{
	struct json_object *object = json_object_new_object();

	json_add(object, name, list);
	json_add_string(object, "cursor", *next ? next : NULL);
	return object;
}

static int read_flows(const struct question *question, struct json_object **result)
{
	struct json_object *list = NULL;
	char next[READER_CURSOR];
	int err = reader_flows(&question->range, (unsigned int)question->limit, question->cursor,
			       &list, next);

	*result = err ? NULL : page("flows", list, next);
	return err;
}

static int read_edges(const struct question *question, struct json_object **result)
{
	struct json_object *list = NULL;
	char next[READER_CURSOR];
	int err = reader_edges(&question->range, (unsigned int)question->limit, question->cursor,
			       &list, next);

	*result = err ? NULL : page("edges", list, next);
	return err;
}

static int read_map(const struct question *question, struct json_object **result)
{
	int err = reader_map(&question->range, result);

	if (!err)
		json_add(*result, "host", json_object_get(question->host));
	return err;
}

static int read_histogram(const struct question *question, struct json_object **result)
{
	return reader_histogram(&question->range, (unsigned int)question->buckets, result);
}

static int read_coverage(const struct question *question, struct json_object **result)
{
	return reader_coverage(&question->range, result);
}

static void ask(struct service *service, struct request *request, reading *read)
{
	struct question question;

	if (question_ask(service, request, &question))
		readers_ask(service->readers, request, &question, read);
}

void flows_get(struct service *service, struct request *request)
{
	ask(service, request, read_flows);
}

void edges_get(struct service *service, struct request *request)
{
	ask(service, request, read_edges);
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
	struct question question;

	if (!question_ask(service, request, &question))
		return;
	question.host = host(service);
	readers_ask(service->readers, request, &question, read_map);
}

void histogram_get(struct service *service, struct request *request)
{
	unsigned long long buckets = BUCKETS;
	struct question question;

	if (!parameter_number(request, "buckets", 1, BUCKETS_MAX, &buckets) ||
	    !question_ask(service, request, &question))
		return;
	question.buckets = buckets;
	readers_ask(service->readers, request, &question, read_histogram);
}

void coverage_get(struct service *service, struct request *request)
{
	struct question question;

	if (!question_ask(service, request, &question))
		return;
	question.range.query = NULL;
	readers_ask(service->readers, request, &question, read_coverage);
}
