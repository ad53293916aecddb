/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a query chooses a lookup. */
#ifndef DNS_MATCH_H
#define DNS_MATCH_H

#include <stdbool.h>

#include "dns_lookup.h"
#include "records/query.h"

/**
 * dns_match() - whether a query chooses a lookup
 * @query: of QUERY_DNS
 * @lookup: the lookup
 */
bool dns_match(const struct query *query, const struct dns_lookup *lookup);

#endif /* DNS_MATCH_H */
