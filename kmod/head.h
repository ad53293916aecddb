/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What outgoing connections of TCP send first, copied for who listens: TLS and HTTP
 * name there whom they are for, which user space reads. Nothing is decided by it.
 *
 * A connection that begins while someone listens is kept off the fast path until it
 * has sent something.
 */
#ifndef MSEG_HEAD_H
#define MSEG_HEAD_H

#include "net.h"
#include "outbox.h"
#include "packet.h"

/**
 * mseg_head_init() - once, at module load, before any namespace is attached
 * @family: that heads are sent by, registered later
 * @group: index of its multicast group for them
 */
void mseg_head_init(const struct genl_family *family, unsigned int group);

/**
 * mseg_heads_new() - the queue of a namespace
 * @mnet: its statistics are there
 *
 * May sleep.
 *
 * Return: the queue, or NULL without memory.
 */
struct mseg_outbox *mseg_heads_new(struct mseg_net *mnet);

/**
 * mseg_head_look() - look at a packet
 * @mnet: its namespace
 * @skb: the packet, at LOCAL_OUT; it passes
 * @packet: parsed, of TCP
 *
 * Under RCU. Nothing is changed.
 */
void mseg_head_look(struct mseg_net *mnet, const struct sk_buff *skb,
		    const struct mseg_packet *packet);

/** mseg_head_wanted() - whether packets are to be looked at; any context. */
static inline bool mseg_head_wanted(const struct mseg_net *mnet)
{
	return unlikely(mseg_subscriber_any(&mnet->head_subscribers));
}

#endif /* MSEG_HEAD_H */
