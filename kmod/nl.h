/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the netlink family share. */
#ifndef MSEG_NL_H
#define MSEG_NL_H

#include <net/genetlink.h>

#include "net.h"

/**
 * mseg_nl_refuse() - say why a command is refused
 * @info: of the command
 * @err: negative errno
 * @why: in memory that never goes
 *
 * Return: @err.
 */
int mseg_nl_refuse(struct genl_info *info, int err, const char *why);

/**
 * mseg_nl_no_memory() - a command is refused for want of memory
 * @info: of the command
 *
 * Return: -ENOMEM.
 */
int mseg_nl_no_memory(struct genl_info *info);

/**
 * mseg_nl_not_attached() - a command needs a namespace that is policed
 * @extack: of the command
 *
 * Return: -ENODEV.
 */
int mseg_nl_not_attached(struct netlink_ext_ack *extack);

/**
 * mseg_nl_reply_new() - begin the reply to a command
 * @info: of the command
 * @size: bytes of attributes
 * @cmd: of the reply
 * @header: filled, to end the reply with
 *
 * Return: the reply, or NULL without memory, which it says.
 */
struct sk_buff *mseg_nl_reply_new(struct genl_info *info, size_t size, u8 cmd, void **header);

/**
 * mseg_nl_reply_send() - send a reply, or free it after an error
 * @info: of the command
 * @skb: from mseg_nl_reply_new()
 * @header: from mseg_nl_reply_new()
 * @err: 0, or why there is no reply
 *
 * Return: @err, or an error of sending.
 */
int mseg_nl_reply_send(struct genl_info *info, struct sk_buff *skb, void *header, int err);

/**
 * mseg_nl_generation() - number of the generation in force
 * @mnet: its lock is held
 *
 * Return: the number, 0 where the namespace is not attached.
 */
u32 mseg_nl_generation(const struct mseg_net *mnet);

/**
 * mseg_nl_dump_put() - begin a message of a dump
 * @skb: of the dump
 * @cb: of the dump, its seq set
 * @cmd: of the message
 *
 * Return: the header, to end the message with, or NULL without room.
 */
void *mseg_nl_dump_put(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd);

/**
 * mseg_nl_count_attrs() - how often a request has an attribute
 * @info: of the command
 * @type: of the attribute
 *
 * Return: the number.
 */
u32 mseg_nl_count_attrs(struct genl_info *info, int type);

/**
 * mseg_nl_nth_attr() - the n-th attribute of a type in a request, to say which was refused
 * @info: of the command
 * @type: of the attribute
 * @n: counts from 0
 *
 * Return: the attribute, or NULL.
 */
const struct nlattr *mseg_nl_nth_attr(struct genl_info *info, int type, u32 n);

/**
 * mseg_nl_parse_entry() - read an entry
 * @attr: MSEG_A_ENTRY
 * @delta: filled
 * @extack: of the command
 *
 * Return: 0 or -EINVAL, with what is wrong.
 */
int mseg_nl_parse_entry(const struct nlattr *attr, struct mseg_delta *delta,
			struct netlink_ext_ack *extack);

/* The handlers of operations, by file. */

int mseg_nl_txn_begin(struct sk_buff *request, struct genl_info *info);
int mseg_nl_txn_network(struct sk_buff *request, struct genl_info *info);
int mseg_nl_txn_rule(struct sk_buff *request, struct genl_info *info);
int mseg_nl_txn_defaults(struct sk_buff *request, struct genl_info *info);
int mseg_nl_txn_commit(struct sk_buff *request, struct genl_info *info);
int mseg_nl_txn_abort(struct sk_buff *request, struct genl_info *info);

int mseg_nl_network_change(struct sk_buff *request, struct genl_info *info);

int mseg_nl_dump_start(struct netlink_callback *cb);
int mseg_nl_network_get(struct sk_buff *skb, struct netlink_callback *cb);
int mseg_nl_rule_get(struct sk_buff *skb, struct netlink_callback *cb);
int mseg_nl_connection_get(struct sk_buff *skb, struct netlink_callback *cb);

int mseg_nl_resolvers_set(struct sk_buff *request, struct genl_info *info);
int mseg_nl_resolvers_get(struct sk_buff *request, struct genl_info *info);
int mseg_nl_dns_cache_get(struct sk_buff *skb, struct netlink_callback *cb);
int mseg_nl_dns_learn(struct sk_buff *request, struct genl_info *info);

#endif /* MSEG_NL_H */
