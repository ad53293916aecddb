/* SPDX-License-Identifier: GPL-2.0 */
/* The Generic Netlink family. */
#ifndef MSEG_NETLINK_H
#define MSEG_NETLINK_H

struct genl_family;

/** Index of the multicast group for flow records. */
#define MSEG_NETLINK_FLOWS 0

/** Index of the multicast group for changes of policy. */
#define MSEG_NETLINK_POLICY 1

/** Index of the multicast group for DNS records. */
#define MSEG_NETLINK_DNS 2

/** Index of the multicast group for what connections send first. */
#define MSEG_NETLINK_HEADS 3

extern struct genl_family mseg_netlink_family;

/** mseg_netlink_init() - once: serve commands. Return: 0 or an error. */
int mseg_netlink_init(void);

/** mseg_netlink_exit() - once: serve no more, and wait for those under way. */
void mseg_netlink_exit(void);

#endif /* MSEG_NETLINK_H */
