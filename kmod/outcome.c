// SPDX-License-Identifier: GPL-2.0
/* From the class of a packet to what becomes of it. */
#include "outcome.h"

#include <linux/mseg.h>

#include "judge.h"
#include "reject.h"

static enum mseg_stat_hook hook_of(const struct mseg_packet *packet)
{
	if (packet->forwarded)
		return MSEG_STAT_FORWARD;
	if (packet->raw)
		return MSEG_STAT_RAW;
	return packet->out ? MSEG_STAT_OUT : MSEG_STAT_IN;
}

enum mseg_outcome mseg_outcome_count(struct mseg_net *mnet, const struct mseg_packet *packet,
				     enum mseg_outcome outcome)
{
	static const enum mseg_stat first[] = {
		[MSEG_OUTCOME_ALLOW] = MSEG_STAT_allowed_in_ipv4,
		[MSEG_OUTCOME_REJECT] = MSEG_STAT_rejected_in_ipv4,
		[MSEG_OUTCOME_DROP] = MSEG_STAT_dropped_in_ipv4,
	};

	mseg_stat_packet(mnet->stats, first[outcome], hook_of(packet),
			 packet->family == MSEG_FAMILY_IPV6);
	return outcome;
}

static enum mseg_outcome outcome_of(u8 verdict)
{
	return verdict == MSEG_ACTION_ALLOW ? MSEG_OUTCOME_ALLOW : MSEG_OUTCOME_REJECT;
}

static enum mseg_outcome find(struct mseg_net *mnet, struct mseg_packet *packet,
			      enum mseg_packet_class class)
{
	switch (class) {
	case MSEG_PACKET_FLOW:
		return outcome_of(mseg_judge_flow(mnet, packet));
	case MSEG_PACKET_ERROR:
		return outcome_of(mseg_judge_error(mnet, packet));
	case MSEG_PACKET_LINK:
		mseg_stat(mnet->stats, pass_link);
		return MSEG_OUTCOME_ALLOW;
	default:
		break;
	}
	if (packet->observed)
		return MSEG_OUTCOME_ALLOW;
	mseg_packet_count_drop(mnet->stats, class);
	return MSEG_OUTCOME_DROP;
}

enum mseg_outcome mseg_outcome_find(struct mseg_net *mnet, struct mseg_packet *packet,
				    enum mseg_packet_class class)
{
	return mseg_outcome_count(mnet, packet, find(mnet, packet, class));
}

unsigned int mseg_outcome_enforce(struct mseg_net *mnet, struct sk_buff *skb,
				  const struct nf_hook_state *state, struct mseg_packet *packet,
				  enum mseg_packet_class class)
{
	switch (mseg_outcome_find(mnet, packet, class)) {
	case MSEG_OUTCOME_ALLOW:
		return NF_ACCEPT;
	case MSEG_OUTCOME_REJECT:
		return mseg_reject(mnet, skb, state, packet);
	default:
		return NF_DROP;
	}
}
