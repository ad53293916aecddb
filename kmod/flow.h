/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Flow records on their way to user space: packets put them into a bounded
 * queue of their processor, one worker batches them into messages.
 */
#ifndef MSEG_FLOW_H
#define MSEG_FLOW_H

#include <net/genetlink.h>

#include "conn.h"
#include "stats.h"
#include "subscriber.h"

struct mseg_flow_record;
struct mseg_flows;

/**
 * mseg_flow_init() - once, at module load, before any namespace is attached
 * @family: that the records are sent by, registered later
 * @group: index of its multicast group for flows
 *
 * Return: 0 or -ENOMEM.
 */
int mseg_flow_init(const struct genl_family *family, unsigned int group);

/** mseg_flow_exit() - once, when no namespace is attached. */
void mseg_flow_exit(void);

/**
 * mseg_flows_new() - the queues of a namespace
 * @net: the namespace
 * @subscribers: outlive the queues
 * @stats: outlives the queues
 *
 * May sleep.
 *
 * Return: the queues, or NULL without memory.
 */
struct mseg_flows *mseg_flows_new(struct net *net, struct mseg_subscribers *subscribers,
				  struct mseg_stats __percpu *stats);

/**
 * mseg_flows_free() - send what is queued, and free the queues
 * @flows: nobody adds to it any more; may be NULL
 *
 * May sleep.
 */
void mseg_flows_free(struct mseg_flows *flows);

/**
 * mseg_flow_emit() - make a record of a connection, if anyone listens
 * @flows: of the namespace
 * @conn: valid
 * @event: enum mseg_flow_event
 *
 * Any context. A record for which there is no room is counted as lost and
 * leaves a hole in the sequence numbers.
 */
void mseg_flow_emit(struct mseg_flows *flows, struct mseg_conn *conn, u8 event);

/**
 * mseg_flow_fill() - describe a connection
 * @record: filled, every byte
 * @conn: valid
 * @event: enum mseg_flow_event
 *
 * Any context. seq, cpu and count are left at zero.
 */
void mseg_flow_fill(struct mseg_flow_record *record, struct mseg_conn *conn, u8 event);

#endif /* MSEG_FLOW_H */
