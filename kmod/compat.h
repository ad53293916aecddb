/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one file that knows kernel versions. All other code is written against
 * the newest API.
 */
#ifndef MSEG_COMPAT_H
#define MSEG_COMPAT_H

#include <linux/sysctl.h>
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

/* Since 6.6 the size of a table of sysctls is given, not told by an empty entry. */
#ifndef register_net_sysctl
#define register_net_sysctl_sz(net, path, table, size) register_net_sysctl(net, path, table)
#endif

/* Since 6.11 a sysctl's handler cannot change its table. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define mseg_ctl_table const struct ctl_table
#else
#define mseg_ctl_table struct ctl_table
#endif

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
