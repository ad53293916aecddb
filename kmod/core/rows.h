/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules say of the services of one network's peers: for each direction
 * a row of disjoint intervals, each with the rule that is best in it.
 */
#ifndef MSEG_ROWS_H
#define MSEG_ROWS_H

#include <mseg/core.h>
#include "port.h"

/**
 * struct mseg_cell - an interval of a row; it ends where the next starts
 * @start: as mseg_row_place() says
 * @rule: the best of those that hold it, or MSEG_ID_NONE
 * @width: of that rule's item, in values
 * @position: of the network in that rule's list
 */
struct mseg_cell {
	u32 start;
	u32 rule;
	u32 width;
	u32 position;
};

/**
 * struct mseg_row - a row
 * @n: its cells
 * @cell: they, ascending
 */
struct mseg_row {
	u32 n;
	struct mseg_cell cell[];
};

/* A protocol's values stand together; behind them is what no protocol holds. */
#define MSEG_PLACE(protocol, value) ((u32)(protocol) << 16 | (value))
#define MSEG_LAST_PLACE MSEG_PLACE(MSEG_PROTOCOL_ANY, 0xffff)

/**
 * mseg_rows_build() - lay out the rules of every network
 * @policy: complete, not compiled; its networks get their rows
 * @refusal: filled on error
 *
 * Return: 0 or -ENOMEM; then the rows there are must be freed all the same. May
 * sleep.
 */
int mseg_rows_build(struct mseg_policy *policy, struct mseg_refusal *refusal);

/**
 * mseg_rows_used() - whether a rule names a network
 * @network: its rows are built
 *
 * Return: true when one does.
 */
static inline bool mseg_rows_used(const struct mseg_network *network)
{
	return network->rows[0][0] || network->rows[0][1] || network->rows[1][0] ||
	       network->rows[1][1];
}

/**
 * mseg_row_place() - where a connection's service stands in rows
 * @key: what is judged
 *
 * Any context.
 *
 * Return: the place. ICMP is IPv4's and ICMPv6 is IPv6's: elsewhere those numbers are
 * places that no protocol holds but any.
 */
static inline u32 mseg_row_place(const struct mseg_key *key)
{
	if (key->protocol == 1 && key->family != MSEG_FAMILY_IPV4)
		return MSEG_LAST_PLACE;
	if (key->protocol == 58 && key->family != MSEG_FAMILY_IPV6)
		return MSEG_LAST_PLACE;
	return MSEG_PLACE(key->protocol, key->service);
}

/**
 * mseg_row_find() - the best rule for a service
 * @row: may be NULL
 * @place: of the service
 *
 * Any context.
 *
 * Return: the cell, or NULL where no rule holds the service.
 */
static inline const struct mseg_cell *mseg_row_find(const struct mseg_row *row, u32 place)
{
	u32 low = 0, high = row ? row->n : 0;

	/* The last cell that starts at or before the place. */
	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (row->cell[middle].start <= place)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || row->cell[low - 1].rule == MSEG_ID_NONE)
		return NULL;
	return &row->cell[low - 1];
}

/**
 * mseg_rows_free() - free a network's rows
 * @network: nobody reads them any more
 */
void mseg_rows_free(struct mseg_network *network);

#endif /* MSEG_ROWS_H */
