/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading what is stored, while it is being written. */
#ifndef RECORDS_READER_H
#define RECORDS_READER_H

#include <json-c/json.h>
#include <stdatomic.h>
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
 * @abandoned: nobody waits for it any more; NULL where that is not told
 */
struct reader_range {
	const char *directory;
	const struct query *query;
	int64_t since;
	int64_t until;
	const atomic_bool *abandoned;
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

/* --- under another policy ------------------------------------------------- */

/**
 * struct reader_subject - what flows of an edge are judged by
 * @direction: MSEG_DIRECTION_
 * @address: the peer's, 4 or 16 bytes
 * @address_len: how many
 * @protocol: IANA number
 * @port: or ICMP type * 256 + code
 * @name: by which the address was learned, or ""
 */
struct reader_subject {
	int direction;
	const void *address;
	int address_len;
	int protocol;
	int port;
	const char *name;
};

/**
 * struct reader_opinion - what another policy says of them
 * @reject: MSEG_ACTION_REJECT
 * @by_default: no rule decides
 * @type: the peer's
 * @peer_id: or NULL
 * @peer_name: or NULL
 * @ruleset: whose rule decides, or NULL
 * @rule: its name, or NULL
 */
struct reader_opinion {
	bool reject;
	bool by_default;
	enum peer_type type;
	const char *peer_id;
	const char *peer_name;
	const char *ruleset;
	const char *rule;
};

/** typedef reader_judge - says what another policy says */
typedef void reader_judge(const struct reader_subject *subject, struct reader_opinion *opinion,
			  void *arg);

/**
 * reader_preview() - recorded flows, judged by another policy
 * @range: which
 * @judge: the policy
 * @arg: handed to @judge
 * @result: {"flows", "changed", "edges"}: how many there are, how many would be drawn
 *	otherwise, and the busiest edges, those that change first
 */
int reader_preview(const struct reader_range *range, reader_judge *judge, void *arg,
		   struct json_object **result);

#endif /* RECORDS_READER_H */
