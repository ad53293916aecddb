// SPDX-License-Identifier: GPL-2.0-or-later
/* What is asked of the records. */
#include "question.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

#include "api.h"
#include "lib/times.h"
#include "parameters.h"

#define LIMIT 200
#define LIMIT_MAX 1000
/* Microseconds that are looked at unless something else is asked for. */
#define SPAN 86400000000LL
/* Records arrive so much later than they say that they were made. */
#define SLACK 1000000LL

bool question_ask(struct service *service, struct request *request, struct question *question)
{
	int64_t now = time_now();

	*question = (struct question){
		.range = { service->records, NULL, now - SPAN, now + SLACK, NULL },
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

void question_end(struct request *request, struct question *question, int err)
{
	query_free(question->query);
	question->query = NULL;
	json_object_put(question->host);
	question->host = NULL;
	if (err == -EINVAL)
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL,
			      "cursor is that of the page before, not something else");
	else if (err == -ECANCELED || err == -ESHUTDOWN)
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
			      "the records are not read any more");
	else if (err == -EINTR || err == -E2BIG)
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
			      "there is too much to look through: ask for less time, or for fewer peers");
	else if (err)
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "%s", strerror(-err));
}
