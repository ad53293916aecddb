/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS records of msegd. */
#ifndef DNS_H
#define DNS_H

#include <json-c/json.h>

#include "objects.h"

/**
 * struct dns_search - what is wanted
 * @query: of the query language, or NULL
 * @since: a time or a span as the API takes it, or NULL
 * @until: likewise
 * @last: the newest so many alone, 0 for all
 */
struct dns_search {
	const char *query;
	const char *since;
	const char *until;
	unsigned long long last;
};

/**
 * dns_fetch() - ask msegd for records
 * @context: the command
 * @search: what is wanted
 * @list: the result, the oldest first; to be put
 *
 * Return: MCTL_DONE, or how the program ends.
 */
int dns_fetch(const struct context *context, const struct dns_search *search,
	      struct json_object **list);

/** The columns of records. */
extern const struct columns dns_columns;

#endif /* DNS_H */
