// SPDX-License-Identifier: GPL-2.0
/* Transactions and subscriptions go when the socket that made them is closed. */
#include "owner.h"

#include <linux/netlink.h>
#include <linux/notifier.h>
#include <net/netlink.h>

#include "net.h"
#include "subscriber.h"
#include "txn.h"

static void forget_port(struct mseg_net *mnet, u32 port)
{
	/* Not under the namespace's lock: who closes must not wait for a commit. */
	mseg_txn_orphan(mnet, port);
	if (mseg_subscriber_any(&mnet->subscribers))
		mseg_subscriber_remove(&mnet->subscribers, port);
	if (mseg_subscriber_any(&mnet->dns_subscribers))
		mseg_subscriber_remove(&mnet->dns_subscribers, port);
	if (mseg_subscriber_any(&mnet->head_subscribers))
		mseg_subscriber_remove(&mnet->head_subscribers, port);
}

static int port_closed(struct notifier_block *block, unsigned long event, void *data)
{
	const struct netlink_notify *notify = data;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC)
		forget_port(mseg_net_of(notify->net), notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call = port_closed,
};

int mseg_owner_init(void)
{
	return netlink_register_notifier(&notifier);
}

void mseg_owner_exit(void)
{
	netlink_unregister_notifier(&notifier);
}
