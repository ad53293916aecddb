// SPDX-License-Identifier: GPL-2.0
/* Refusals, replies, and what else the handlers share. */
#include "nl.h"

#include <linux/mseg.h>

#include "netlink.h"

/* The core's reasons are whole sentences in memory that never goes. */
int mseg_nl_refuse(struct genl_info *info, int err, const char *why)
{
	if (info->extack)
		info->extack->_msg = why;
	return err;
}

int mseg_nl_no_memory(struct genl_info *info)
{
	return mseg_nl_refuse(info, -ENOMEM, "out of memory");
}

int mseg_nl_not_attached(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "this network namespace is not policed; attach it first");
	return -ENODEV;
}

struct sk_buff *mseg_nl_reply_new(struct genl_info *info, size_t size, u8 cmd, void **header)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb) {
		mseg_nl_no_memory(info);
		return NULL;
	}
	*header = genlmsg_put_reply(skb, info, &mseg_netlink_family, 0, cmd);
	if (!*header) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

int mseg_nl_reply_send(struct genl_info *info, struct sk_buff *skb, void *header, int err)
{
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

u32 mseg_nl_generation(const struct mseg_net *mnet)
{
	return mnet->attached ? mseg_net_generation(mnet)->number : 0;
}

u32 mseg_nl_count_attrs(struct genl_info *info, int type)
{
	const struct nlattr *attr;
	u32 n = 0;
	int rest;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest)
		n += nla_type(attr) == type;
	return n;
}

void *mseg_nl_dump_put(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	void *header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				   &mseg_netlink_family, NLM_F_MULTI, cmd);

	if (header)
		genl_dump_check_consistent(cb, header);
	return header;
}
