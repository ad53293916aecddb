// SPDX-License-Identifier: GPL-2.0
/*
 * Host microsegmentation: judges every packet of the host by a policy.
 *
 * Loading attaches the initial network namespace, in discovery mode: everything
 * is allowed, and recorded for who listens.
 */
#include <linux/module.h>

#include "conn.h"
#include "cut.h"
#include "dns.h"
#include "dnslog.h"
#include "event.h"
#include "flow.h"
#include "head.h"
#include "net.h"
#include "netlink.h"
#include "owner.h"
#include "sysfs.h"
#include <mseg/version.h>

static int attach_host(void)
{
	struct mseg_net *mnet = mseg_net_of(&init_net);
	int err;

	mutex_lock(&mnet->lock);
	err = mseg_net_attach(mnet);
	mutex_unlock(&mnet->lock);
	/* A command may have been faster: the family is served already. */
	return err == -EALREADY ? 0 : err;
}

static int __init mseg_init(void)
{
	int err;

	err = mseg_conn_init();
	if (err)
		return err;
	mseg_event_init(&mseg_netlink_family, MSEG_NETLINK_POLICY);
	err = mseg_flow_init(&mseg_netlink_family, MSEG_NETLINK_FLOWS);
	if (err)
		goto conn_exit;
	err = mseg_cut_init();
	if (err)
		goto flow_exit;
	mseg_dnslog_init(&mseg_netlink_family, MSEG_NETLINK_DNS);
	mseg_head_init(&mseg_netlink_family, MSEG_NETLINK_HEADS);
	err = mseg_dns_init();
	if (err)
		goto cut_exit;
	err = mseg_net_init();
	if (err)
		goto dns_exit;
	err = mseg_sysfs_init();
	if (err)
		goto net_exit;
	err = mseg_owner_init();
	if (err)
		goto sysfs_exit;
	err = mseg_netlink_init();
	if (err)
		goto owner_exit;
	err = attach_host();
	if (err)
		goto netlink_exit;
	return 0;

netlink_exit:
	/* A command may have attached another namespace already. */
	mseg_net_detach_all();
	mseg_netlink_exit();
owner_exit:
	mseg_owner_exit();
sysfs_exit:
	mseg_sysfs_exit();
net_exit:
	mseg_net_exit();
dns_exit:
	mseg_dns_exit();
cut_exit:
	mseg_cut_exit();
flow_exit:
	mseg_flow_exit();
conn_exit:
	mseg_conn_exit();
	return err;
}

static void __exit mseg_exit(void)
{
	mseg_net_detach_all();
	mseg_netlink_exit();
	mseg_owner_exit();
	mseg_sysfs_exit();
	mseg_net_exit();
	mseg_dns_exit();
	mseg_cut_exit();
	mseg_flow_exit();
	mseg_conn_exit();
}

module_init(mseg_init);
module_exit(mseg_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The mseg developers");
MODULE_DESCRIPTION("Host microsegmentation");
MODULE_VERSION(MSEG_VERSION);
