// SPDX-License-Identifier: GPL-2.0
/* Who wants flow records. */
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

int mseg_subscriber_add(struct mseg_subscribers *subscribers, u32 port)
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

void mseg_subscriber_remove(struct mseg_subscribers *subscribers, u32 port)
{
	struct subscriber *subscriber = find(subscribers, port);

	if (subscriber)
		forget(subscribers, subscriber);
}
