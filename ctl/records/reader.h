/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading what is stored, while it is being written. */
#ifndef RECORDS_READER_H
#define RECORDS_READER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "query.h"

/** Milliseconds after which a question is given up. */
#define READER_PATIENCE 5000

/** Bytes of a cursor. */
#define READER_CURSOR 48

/**
 * struct reader_range - what is asked for
 * @directory: of the days' files
 * @query: NULL for everything
 * @since: microseconds since 1970
 * @until: likewise
 */
struct reader_range {
	const char *directory;
	const struct query *query;
	int64_t since;
	int64_t until;
};

/*
 * The functions below return 0, -EINTR where it took too long, -EINVAL where a cursor is
 * none, or another error. A day whose file is damaged is passed over: the writer sets it
 * aside and says so.
 */

/**
 * reader_flows() - flows, newest first
 * @range: which
 * @limit: that many at most
 * @cursor: where the page before ended, or NULL
 * @list: the result
 * @next: READER_CURSOR bytes; "" where there is no more
 */
int reader_flows(const struct reader_range *range, unsigned int limit, const char *cursor,
		 struct json_object **list, char *next);

/**
 * reader_edges() - what flows have in common, the busiest first
 * @range: which
 * @limit: as reader_flows()
 * @cursor: likewise
 * @list: the result
 * @next: likewise
 */
int reader_edges(const struct reader_range *range, unsigned int limit, const char *cursor,
		 struct json_object **list, char *next);

/**
 * reader_map() - peers, and what the host has with each
 * @range: which
 * @map: the result, without the host
 */
int reader_map(const struct reader_range *range, struct json_object **map);

/**
 * reader_histogram() - connections by time
 * @range: which
 * @buckets: that many at most
 * @result: the result
 */
int reader_histogram(const struct reader_range *range, unsigned int buckets,
		     struct json_object **result);

/**
 * reader_coverage() - what is missing
 * @range: without a query
 * @result: the result
 */
int reader_coverage(const struct reader_range *range, struct json_object **result);

#endif /* RECORDS_READER_H */
