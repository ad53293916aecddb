/* SPDX-License-Identifier: GPL-2.0 */
/* Who changed what: records of type NETFILTER_CFG for the audit log. */
#ifndef MSEG_AUDIT_H
#define MSEG_AUDIT_H

#include <linux/types.h>

struct net;

/**
 * mseg_audit() - record an attempt to change what is in force
 * @op: attach, detach, load, change, confirm, revert, expire, propose, withdraw, lock,
 *	resolvers, learn, or forward or raw with their new mode behind a low line
 * @net: network namespace, named by its inode as in /proc/PID/ns/net
 * @before: generation in force before, 0 for none
 * @after: generation in force afterwards, 0 for none
 * @err: 0, or why it was refused
 *
 * Process context, may sleep for as long as the audit backlog does: hold no lock.
 * Names the calling task and its login uid.
 */
void mseg_audit(const char *op, const struct net *net, u32 before, u32 after, int err);

#endif /* MSEG_AUDIT_H */
