/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The netlink ports that want records of one kind. Joining a multicast group needs no
 * more than a namespace of one's own, so records are made only for who
 * subscribed by a command, which asks for CAP_NET_ADMIN of the host; and where a
 * user namespace owns the network namespace, nobody else is sent anything.
 */
#ifndef MSEG_SUBSCRIBER_H
#define MSEG_SUBSCRIBER_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <net/genetlink.h>

/**
 * struct mseg_subscribers - those of a namespace
 * @lock: taken inside the namespace's, which senders cannot wait for
 * @list: of ports
 * @count: how many; read by packets
 */
struct mseg_subscribers {
	struct mutex lock; /* the list */
	struct list_head list;
	unsigned int count;
};

/** mseg_subscriber_setup() - once for a namespace. */
void mseg_subscriber_setup(struct mseg_subscribers *subscribers);

/** mseg_subscriber_teardown() - once; forgets all. */
void mseg_subscriber_teardown(struct mseg_subscribers *subscribers);

/**
 * mseg_subscriber_add() - a port wants records
 * @subscribers: of its namespace
 * @port: netlink port
 *
 * May sleep.
 *
 * Return: 0, also when it did before; -EMFILE (too many) or -ENOMEM.
 */
int mseg_subscriber_add(struct mseg_subscribers *subscribers, u32 port);

/**
 * mseg_subscriber_remove() - a port was closed
 * @subscribers: of its namespace
 * @port: netlink port, subscribed or not
 *
 * May sleep. When it returns, the port is sent nothing any more.
 */
void mseg_subscriber_remove(struct mseg_subscribers *subscribers, u32 port);

/**
 * mseg_subscriber_any() - whether anyone wants records
 * @subscribers: of a namespace
 *
 * Any context.
 *
 * Return: true when someone does.
 */
static inline bool mseg_subscriber_any(const struct mseg_subscribers *subscribers)
{
	return READ_ONCE(subscribers->count);
}

/**
 * mseg_subscriber_only() - whether a namespace's messages are for subscribers alone
 * @net: network namespace
 *
 * Return: true where its owner is not the host's root, and may join any group.
 */
static inline bool mseg_subscriber_only(const struct net *net)
{
	return net->user_ns != &init_user_ns;
}

/**
 * mseg_subscriber_send() - send a message to a group, or to the subscribers alone
 * @subscribers: of the namespace
 * @net: the namespace
 * @family: of the group
 * @group: index of the multicast group
 * @skb: the message; consumed
 *
 * May sleep, but waits for no receiver: who has no room is told by ENOBUFS.
 *
 * Return: 0 when it reached one receiver at least, or a negative errno.
 */
int mseg_subscriber_send(struct mseg_subscribers *subscribers, struct net *net,
			 const struct genl_family *family, unsigned int group, struct sk_buff *skb);

#endif /* MSEG_SUBSCRIBER_H */
