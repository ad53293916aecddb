/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that may send another record: which row has them, and what their counters
 * were. As many as there is room for; the one that was silent longest of a few gives way,
 * and begins anew if it speaks again.
 */
#ifndef RECORDS_OPEN_H
#define RECORDS_OPEN_H

#include <stdint.h>

/**
 * struct open_flow - one
 * @connection: the module's number, 0 for none
 * @first: when it began, since numbers begin anew with the module
 * @row: of its day's table of flows
 * @day: days since 1970
 * @edge: of that day
 * @used: ascends
 * @count: bytes in and out, packets in and out
 */
struct open_flow {
	uint64_t connection;
	uint64_t first;
	int64_t row;
	int32_t day;
	uint32_t edge;
	uint64_t used;
	uint64_t count[4];
};

struct open_flows;

/**
 * open_new() - room for connections
 * @sets: of four; a power of two
 *
 * Return: NULL without memory.
 */
struct open_flows *open_new(uint32_t sets);

/**
 * open_free() - forget all
 * @open: may be NULL
 */
void open_free(struct open_flows *open);

/**
 * open_get() - a connection's place
 * @open: all
 * @connection: its number
 * @first: when it began
 *
 * Return: the place; with row 0 where it was not known.
 */
struct open_flow *open_get(struct open_flows *open, uint64_t connection, uint64_t first);

#endif /* RECORDS_OPEN_H */
