/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The netlink ports that want flow records. Joining a multicast group needs no
 * more than a namespace of one's own, so records are made only for who
 * subscribed by a command, which asks for CAP_NET_ADMIN of the host.
 */
#ifndef MSEG_SUBSCRIBER_H
#define MSEG_SUBSCRIBER_H

#include <linux/list.h>
#include <linux/types.h>

/**
 * struct mseg_subscribers - those of a namespace
 * @list: of ports, guarded by the namespace's lock
 * @count: how many; read by packets
 */
struct mseg_subscribers {
	struct list_head list;
	unsigned int count;
};

/** mseg_subscriber_setup() - once for a namespace. */
void mseg_subscriber_setup(struct mseg_subscribers *subscribers);

/** mseg_subscriber_teardown() - once; forgets all. */
void mseg_subscriber_teardown(struct mseg_subscribers *subscribers);

/**
 * mseg_subscriber_add() - a port wants records
 * @subscribers: of its namespace, whose lock is held
 * @port: netlink port
 *
 * May sleep.
 *
 * Return: 0, also when it did before; -EMFILE (too many) or -ENOMEM.
 */
int mseg_subscriber_add(struct mseg_subscribers *subscribers, u32 port);

/**
 * mseg_subscriber_remove() - a port was closed
 * @subscribers: of its namespace, whose lock is held
 * @port: netlink port, subscribed or not
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

#endif /* MSEG_SUBSCRIBER_H */
