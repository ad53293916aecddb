/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which records a request asks for: q, since, until, limit and cursor. */
#ifndef QUESTION_H
#define QUESTION_H

#include <stdbool.h>

#include "records/reader.h"
#include "request.h"
#include "service.h"

/**
 * struct question - what is asked for
 * @range: which records
 * @query: that @range has
 * @limit: that many at most
 * @cursor: of the page before, or NULL
 * @buckets: of a histogram
 * @host: of a map, or NULL
 */
struct question {
	struct reader_range range;
	struct query *query;
	unsigned long long limit;
	const char *cursor;
	unsigned long long buckets;
	struct json_object *host;
};

/**
 * question_ask() - read what a request asks for
 * @service: the service
 * @request: answered where it is wrong, or where its caller may not read what the host does
 * @question: the result; question_end() it
 *
 * Return: whether it may be answered.
 */
bool question_ask(struct service *service, struct request *request, struct question *question);

/**
 * question_end() - free a question
 * @request: answered after an error
 * @question: it
 * @err: of reading
 */
void question_end(struct request *request, struct question *question, int err);

#endif /* QUESTION_H */
