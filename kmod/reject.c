// SPDX-License-Identifier: GPL-2.0
/*
 * Answers are made by the kernel's own nf_reject helpers, which refuse to
 * answer resets, fragments, broken checksums and broadcasts. An answer passes
 * through the module's own LOCAL_OUT hook before the helper returns; a per-CPU
 * mark tells it from other packets.
 */
#include "reject.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>

static DEFINE_PER_CPU(int, answering);

bool mseg_reject_answering(void)
{
	return this_cpu_read(answering);
}

static void send_reset(struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (state->pf == NFPROTO_IPV4)
		nf_send_reset(state->net, state->sk, skb, state->hook);
	else
		nf_send_reset6(state->net, state->sk, skb, state->hook);
}

static void send_prohibited(struct sk_buff *skb, const struct nf_hook_state *state, u8 protocol)
{
	/* The helpers take any other protocol's payload for one with a checksum. */
	if (protocol != IPPROTO_UDP && protocol != IPPROTO_ICMP && protocol != IPPROTO_ICMPV6)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (state->pf == NFPROTO_IPV4)
		nf_send_unreach(skb, ICMP_PKT_FILTERED, state->hook);
	else
		nf_send_unreach6(state->net, skb, ICMPV6_ADM_PROHIBITED, state->hook);
}

static bool answerable(const struct sk_buff *skb, const struct nf_hook_state *state,
		       const struct mseg_packet *packet)
{
	if (packet->tcp_rst)
		return false;
	if (state->hook == NF_INET_LOCAL_IN)
		return skb->pkt_type == PACKET_HOST;
	/*
	 * A local sender is told by the error code. Only the socket of a
	 * connection that was allowed before must be told by a reset.
	 */
	return packet->protocol == IPPROTO_TCP && !packet->tcp_syn;
}

static void answer(struct mseg_net *mnet, struct sk_buff *skb, const struct nf_hook_state *state,
		   const struct mseg_packet *packet)
{
	if (!answerable(skb, state, packet))
		return;
	if (!__ratelimit(&mnet->answers)) {
		mseg_stat(mnet->stats, answers_limited);
		return;
	}
	mseg_stat(mnet->stats, answers_sent);
	local_bh_disable();
	__this_cpu_inc(answering);
	if (packet->protocol == IPPROTO_TCP)
		send_reset(skb, state);
	else
		send_prohibited(skb, state, packet->protocol);
	__this_cpu_dec(answering);
	local_bh_enable();
}

unsigned int mseg_reject(struct mseg_net *mnet, struct sk_buff *skb,
			 const struct nf_hook_state *state, const struct mseg_packet *packet)
{
	answer(mnet, skb, state, packet);
	if (state->hook == NF_INET_LOCAL_OUT && packet->protocol == IPPROTO_TCP)
		return NF_DROP_ERR(-ECONNREFUSED);
	return NF_DROP;
}
