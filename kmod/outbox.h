/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of one kind on their way to user space, one by one: a bounded queue, and a
 * worker. Records of which there are few, or large ones, go so; flows have their rings.
 */
#ifndef MSEG_OUTBOX_H
#define MSEG_OUTBOX_H

#include <net/genetlink.h>

#include "stats.h"
#include "subscriber.h"

struct mseg_outbox;

/**
 * struct mseg_outbox_kind - what the messages are
 * @family: that they are sent by
 * @group: index of its multicast group for them
 * @made: enum mseg_stat, of messages that were to be sent
 * @sent: likewise of those that were handed to netlink
 * @lost: likewise of those that were not
 */
struct mseg_outbox_kind {
	const struct genl_family *family;
	unsigned int group;
	u16 made;
	u16 sent;
	u16 lost;
};

/**
 * mseg_outbox_new() - the queue of a namespace
 * @kind: of its messages; outlives the queue
 * @net: the namespace
 * @subscribers: outlive the queue
 * @stats: outlives the queue
 *
 * May sleep.
 *
 * Return: the queue, or NULL without memory.
 */
struct mseg_outbox *mseg_outbox_new(const struct mseg_outbox_kind *kind, struct net *net,
				    struct mseg_subscribers *subscribers,
				    struct mseg_stats __percpu *stats);

/**
 * mseg_outbox_free() - send what is queued, and free the queue
 * @outbox: nobody adds to it any more; may be NULL
 *
 * May sleep.
 */
void mseg_outbox_free(struct mseg_outbox *outbox);

/**
 * mseg_outbox_wanted() - whether anyone listens
 * @outbox: of a namespace
 *
 * Any context.
 *
 * Return: true when someone does.
 */
bool mseg_outbox_wanted(const struct mseg_outbox *outbox);

/**
 * mseg_outbox_put() - send a message, soon
 * @outbox: of the namespace
 * @skb: the message, complete but for its number, or NULL where there was no memory for
 *	it; consumed
 * @seq: where in it the message's number goes, a u64 of any alignment
 *
 * Any context. A message for which there is no room is counted as lost, and leaves a
 * hole in the numbers.
 */
void mseg_outbox_put(struct mseg_outbox *outbox, struct sk_buff *skb, void *seq);

#endif /* MSEG_OUTBOX_H */
