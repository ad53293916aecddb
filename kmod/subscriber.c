// SPDX-License-Identifier: GPL-2.0
/* Who wants records. */
#include "subscriber.h"

#include <linux/errno.h>
#include <linux/slab.h>

/* In one namespace. */
#define MAX_SUBSCRIBERS 64

struct subscriber {
	struct list_head list;
	u32 port;
};

void mseg_subscriber_setup(struct mseg_subscribers *subscribers)
{
	mutex_init(&subscribers->lock);
	INIT_LIST_HEAD(&subscribers->list);
}

static struct subscriber *find(const struct mseg_subscribers *subscribers, u32 port)
{
	struct subscriber *subscriber;

	list_for_each_entry(subscriber, &subscribers->list, list)
		if (subscriber->port == port)
			return subscriber;
	return NULL;
}

static void forget(struct mseg_subscribers *subscribers, struct subscriber *subscriber)
{
	list_del(&subscriber->list);
	WRITE_ONCE(subscribers->count, subscribers->count - 1);
	kfree(subscriber);
}

void mseg_subscriber_teardown(struct mseg_subscribers *subscribers)
{
	struct subscriber *subscriber, *next;

	list_for_each_entry_safe(subscriber, next, &subscribers->list, list)
		forget(subscribers, subscriber);
}

static int add(struct mseg_subscribers *subscribers, u32 port)
{
	struct subscriber *subscriber;

	if (find(subscribers, port))
		return 0;
	if (subscribers->count == MAX_SUBSCRIBERS)
		return -EMFILE;
	subscriber = kzalloc(sizeof(*subscriber), GFP_KERNEL);
	if (!subscriber)
		return -ENOMEM;
	subscriber->port = port;
	list_add_tail(&subscriber->list, &subscribers->list);
	WRITE_ONCE(subscribers->count, subscribers->count + 1);
	return 0;
}

int mseg_subscriber_add(struct mseg_subscribers *subscribers, u32 port)
{
	int err;

	mutex_lock(&subscribers->lock);
	err = add(subscribers, port);
	mutex_unlock(&subscribers->lock);
	return err;
}

void mseg_subscriber_remove(struct mseg_subscribers *subscribers, u32 port)
{
	struct subscriber *subscriber;

	mutex_lock(&subscribers->lock);
	subscriber = find(subscribers, port);
	if (subscriber)
		forget(subscribers, subscriber);
	mutex_unlock(&subscribers->lock);
}

static int send_copy(struct net *net, struct sk_buff *skb, u32 port)
{
	struct sk_buff *copy = skb_clone(skb, GFP_KERNEL);

	return copy ? genlmsg_unicast(net, copy, port) : -ENOMEM;
}

static int send_each(struct mseg_subscribers *subscribers, struct net *net, struct sk_buff *skb)
{
	struct subscriber *subscriber;
	int err = -ESRCH, failed;

	mutex_lock(&subscribers->lock);
	list_for_each_entry(subscriber, &subscribers->list, list) {
		failed = send_copy(net, skb, subscriber->port);
		if (err)
			err = failed;
	}
	mutex_unlock(&subscribers->lock);
	consume_skb(skb);
	return err;
}

int mseg_subscriber_send(struct mseg_subscribers *subscribers, struct net *net,
			 const struct genl_family *family, unsigned int group, struct sk_buff *skb)
{
	if (mseg_subscriber_only(net))
		return send_each(subscribers, net, skb);
	return genlmsg_multicast_netns(family, net, skb, 0, group, GFP_KERNEL);
}
