// SPDX-License-Identifier: GPL-2.0
/* Messages of the multicast group "policy". */
#include "event.h"

#include <linux/mseg.h>

#include "net.h"
#include "subscriber.h"

static const struct genl_family *event_family;
static unsigned int event_group;

void mseg_event_init(const struct genl_family *family, unsigned int group)
{
	event_family = family;
	event_group = group;
}

int mseg_event_put_policy(struct sk_buff *skb, const struct mseg_generation *generation)
{
	const u8 *defaults = generation->policy->defaults;
	const u8 *silent = generation->policy->silent;

	if (nla_put_u32(skb, MSEG_A_GENERATION, generation->number) ||
	    nla_put_u8(skb, MSEG_A_DEFAULT_IN, defaults[MSEG_DIRECTION_IN]) ||
	    nla_put_u8(skb, MSEG_A_DEFAULT_OUT, defaults[MSEG_DIRECTION_OUT]) ||
	    nla_put_u8(skb, MSEG_A_SILENT_IN, silent[MSEG_DIRECTION_IN]) ||
	    nla_put_u8(skb, MSEG_A_SILENT_OUT, silent[MSEG_DIRECTION_OUT]))
		return -EMSGSIZE;
	return 0;
}

int mseg_event_put_generation(struct sk_buff *skb, const struct mseg_net *mnet)
{
	const struct mseg_generation *candidate;
	u32 left;

	if (!mnet->attached)
		return 0;
	candidate = mseg_net_candidate(mnet);
	left = mseg_generation_left(mnet);
	if (mseg_event_put_policy(skb, mseg_net_generation(mnet)) ||
	    (left && nla_put_u32(skb, MSEG_A_CONFIRM_LEFT, left)) ||
	    (candidate && nla_put_u32(skb, MSEG_A_CANDIDATE_GENERATION, candidate->number)))
		return -EMSGSIZE;
	return 0;
}

static bool is_heard(const struct mseg_net *mnet)
{
	if (mseg_subscriber_only(mnet->net))
		return mseg_subscriber_any(&mnet->subscribers);
	return genl_has_listeners(event_family, mnet->net, event_group);
}

void mseg_event_policy(struct mseg_net *mnet)
{
	struct sk_buff *skb;
	void *header;

	if (!is_heard(mnet))
		return;
	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!skb)
		return;
	header = genlmsg_put(skb, 0, 0, event_family, 0, MSEG_C_POLICY_NTF);
	if (!header || mseg_event_put_generation(skb, mnet)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, header);
	mseg_subscriber_send(&mnet->subscribers, mnet->net, event_family, event_group, skb);
}
