/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one file that knows kernel versions. All other code is written against
 * the newest API.
 */
#ifndef MSEG_COMPAT_H
#define MSEG_COMPAT_H

#include <linux/version.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/udp.h>

/* Since 6.2 a network namespace may have a UDP table of its own. */
static inline struct udp_table *mseg_udp_table(const struct net *net)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return net->ipv4.udp_table;
#else
	return &udp_table;
#endif
}

/* Since 6.7 what a dump was asked for is with the rest of the request. */
static inline struct nlattr **mseg_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#endif /* MSEG_COMPAT_H */
