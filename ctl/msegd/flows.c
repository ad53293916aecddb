// SPDX-License-Identifier: GPL-2.0-or-later
/* GET /v1/flows, /v1/edges, /v1/map, /v1/histogram and /v1/coverage: what was stored. */
#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "api.h"
#include "lib/json.h"
#include "lib/times.h"
#include "parameters.h"
#include "plan.h"
#include "records/reader.h"
#include "records/writer.h"

#define LIMIT 200
#define LIMIT_MAX 1000
#define BUCKETS 60
#define BUCKETS_MAX 1000
/* Microseconds that are looked at unless something else is asked for. */
#define SPAN 86400000000LL
/* Records arrive so much later than they say that they were made. */
#define SLACK 1000000LL

struct question {
	struct reader_range range;
	struct query *query;
	unsigned long long limit;
	const char *cursor;
};

/* Answered where it is wrong. */
static bool ask(struct service *service, struct request *request, struct question *question)
{
	int64_t now = time_now();

	*question = (struct question){
		.range = { service->records, NULL, now - SPAN, now + SLACK },
		.limit = LIMIT,
		.cursor = request_get(request, "cursor"),
	};
	if (!api_may_read_host(service, request) ||
	    !parameter_time(request, "since", &question->range.since) ||
	    !parameter_time(request, "until", &question->range.until) ||
	    !parameter_number(request, "limit", 1, LIMIT_MAX, &question->limit))
		return false;
	if (question->range.since > question->range.until) {
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "since is later than until");
		return false;
	}
	if (!parameter_query(request, &question->query))
		return false;
	question->range.query = question->query;
	return true;
}

static void answer(struct request *request, struct question *question, int err,
		   struct json_object *object)
{
	query_free(question->query);
	if (!err)
		reply_json(request, MHD_HTTP_OK, object);
	else if (err == -EINVAL)
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL,
			      "cursor is that of the page before, not something else");
	else if (err == -EINTR || err == -E2BIG)
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
			      "there is too much to look through: ask for less time, or for fewer peers");
	else
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "%s", strerror(-err));
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

	if (!ask(service, request, &question))
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

	if (!ask(service, request, &question))
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

	if (!ask(service, request, &question))
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
	    !ask(service, request, &question))
		return;
	err = reader_histogram(&question.range, (unsigned int)buckets, &histogram);
	answer(request, &question, err, histogram);
}

void coverage_get(struct service *service, struct request *request)
{
	struct json_object *coverage = NULL;
	struct question question;
	int err;

	if (!ask(service, request, &question))
		return;
	question.range.query = NULL;
	err = reader_coverage(&question.range, &coverage);
	answer(request, &question, err, coverage);
}
