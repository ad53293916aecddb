/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells that tables of flows and of connections share. */
#ifndef FLOW_ROWS_H
#define FLOW_ROWS_H

#include <json-c/json.h>
#include <stddef.h>

/** flow_row_source() - address and port that sent the first packet */
void flow_row_source(struct json_object *row, char *text, size_t size);

/** flow_row_destination() - address and port, or ICMP type and code */
void flow_row_destination(struct json_object *row, char *text, size_t size);

/** flow_row_direction() - and whether it was forwarded, or sent through a packet socket */
void flow_row_direction(struct json_object *row, char *text, size_t size);

/**
 * flow_row_rule() - the deciding rule, or that it was the default; and what a rule under
 *	observation or the candidate would have decided
 */
void flow_row_rule(struct json_object *row, char *text, size_t size);

/** flow_row_packets() - packets in and out */
void flow_row_packets(struct json_object *row, char *text, size_t size);

/** flow_row_bytes() - bytes in and out */
void flow_row_bytes(struct json_object *row, char *text, size_t size);

#endif /* FLOW_ROWS_H */
