// SPDX-License-Identifier: GPL-2.0
/* Changing the entries of a network of the policy in force. */
#include "nl.h"

#include <linux/mm.h>
#include <net/genetlink.h>

#include <linux/mseg.h>

#include "audit.h"
#include "event.h"

/* The change that a request asks for. */
struct request {
	struct mseg_delta *deltas;
	u32 n;
	u32 network;
	u32 confirm_within;
	u8 existing;
};

static int parse_deltas(struct genl_info *info, struct request *request)
{
	const struct nlattr *attr;
	int rest, err;
	u32 i = 0;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
		if (nla_type(attr) != MSEG_A_ENTRY)
			continue;
		err = mseg_nl_parse_entry(attr, &request->deltas[i++], info->extack);
		if (err)
			return err;
	}
	return 0;
}

static int parse(struct genl_info *info, struct request *request)
{
	if (GENL_REQ_ATTR_CHECK(info, MSEG_A_ID))
		return mseg_nl_refuse(info, -EINVAL, "a change needs a network's index");
	request->network = nla_get_u32(info->attrs[MSEG_A_ID]);
	request->n = mseg_nl_count_attrs(info, MSEG_A_ENTRY);
	if (!request->n)
		return mseg_nl_refuse(info, -EINVAL, "a change needs an entry");
	if (request->n > MSEG_MAX_CHANGE)
		return mseg_nl_refuse(info, -E2BIG,
				      "too many entries in a change: load the whole policy");
	request->existing = MSEG_EXISTING_REMATCH;
	if (info->attrs[MSEG_A_EXISTING])
		request->existing = nla_get_u8(info->attrs[MSEG_A_EXISTING]);
	if (info->attrs[MSEG_A_CONFIRM_WITHIN])
		request->confirm_within = nla_get_u32(info->attrs[MSEG_A_CONFIRM_WITHIN]);
	request->deltas = kvcalloc(request->n, sizeof(*request->deltas), GFP_KERNEL);
	return request->deltas ? parse_deltas(info, request) : mseg_nl_no_memory(info);
}

static int change_locked(struct mseg_net *mnet, struct genl_info *info,
			 const struct request *request)
{
	const struct nlattr *expected = info->attrs[MSEG_A_GENERATION];
	struct mseg_refusal refusal;
	int err;

	if (!mnet->attached)
		return mseg_nl_not_attached(info->extack);
	if (expected && nla_get_u32(expected) != mseg_net_generation(mnet)->number)
		return mseg_nl_refuse(info, -ESTALE, "another policy came into force meanwhile");
	err = mseg_generation_change(mnet, request->network, request->deltas, request->n,
				     request->existing, request->confirm_within, &refusal);
	if (!err)
		return 0;
	if (refusal.entry != MSEG_ID_NONE)
		NL_SET_BAD_ATTR(info->extack, mseg_nl_nth_attr(info, MSEG_A_ENTRY, refusal.entry));
	return mseg_nl_refuse(info, err, refusal.why);
}

int mseg_nl_network_change(struct sk_buff *unused, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct request request = {};
	u32 before, after;
	struct sk_buff *skb;
	void *header;
	int err;

	/* Before the change, which nothing may fail behind. */
	skb = mseg_nl_reply_new(info, NLMSG_GOODSIZE, MSEG_C_NETWORK_CHANGE, &header);
	if (!skb)
		return -ENOMEM;
	err = parse(info, &request);
	mutex_lock(&mnet->lock);
	before = mseg_nl_generation(mnet);
	if (!err)
		err = change_locked(mnet, info, &request);
	if (!err)
		err = mseg_event_put_generation(skb, mnet);
	after = mseg_nl_generation(mnet);
	mutex_unlock(&mnet->lock);
	kvfree(request.deltas);
	mseg_audit("change", mnet->net, before, after, err);
	return mseg_nl_reply_send(info, skb, header, err);
}
