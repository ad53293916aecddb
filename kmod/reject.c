// SPDX-License-Identifier: GPL-2.0
/*
 * Answers are made by the kernel's own nf_reject helpers, which refuse to
 * answer resets, fragments, broken checksums and broadcasts. An answer passes
 * through the module's own LOCAL_OUT hook before the helper returns: a per-CPU
 * mark names the namespace that waits for it, and the first packet takes it.
 * What else is sent meanwhile, such as the tunnel's packet around the answer, is
 * judged.
 */
#include "reject.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>

/* Set with softirqs off, so that only the answer itself can find it. */
static DEFINE_PER_CPU(struct mseg_net *, answering);

bool mseg_reject_answering(const struct mseg_net *mnet)
{
	if (this_cpu_read(answering) != mnet)
		return false;
	this_cpu_write(answering, NULL);
	return true;
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

/*
 * A local sender is told by the error code. Only the socket of a connection that
 * was known before must be told by a reset.
 */
static bool answerable(const struct sk_buff *skb, const struct nf_hook_state *state,
		       const struct mseg_packet *packet)
{
	if (packet->tcp_rst || packet->icmp_error)
		return false;
	if (state->hook != NF_INET_LOCAL_OUT)
		return skb->pkt_type == PACKET_HOST;
	return packet->protocol == IPPROTO_TCP && (packet->known || !packet->tcp_syn);
}

/* Only what comes from outside may be too much. */
static bool within_limit(struct mseg_net *mnet, const struct nf_hook_state *state)
{
	if (state->hook == NF_INET_LOCAL_OUT || __ratelimit(&mnet->answers))
		return true;
	mseg_stat(mnet->stats, answers_limited);
	return false;
}

static void answer(struct mseg_net *mnet, struct sk_buff *skb, const struct nf_hook_state *state,
		   const struct mseg_packet *packet)
{
	if (!answerable(skb, state, packet) || !within_limit(mnet, state))
		return;
	mseg_stat(mnet->stats, answers);
	local_bh_disable();
	this_cpu_write(answering, mnet);
	if (packet->protocol == IPPROTO_TCP)
		send_reset(skb, state);
	else
		send_prohibited(skb, state, packet->protocol);
	this_cpu_write(answering, NULL);
	local_bh_enable();
}

unsigned int mseg_reject(struct mseg_net *mnet, struct sk_buff *skb,
			 const struct nf_hook_state *state, const struct mseg_packet *packet)
{
	const struct mseg_policy *policy = rcu_dereference(mnet->generation)->policy;

	if (policy->silent[packet->forwarded ? packet->direction : packet->out])
		return NF_DROP;
	answer(mnet, skb, state, packet);
	if (state->hook == NF_INET_LOCAL_OUT && packet->protocol == IPPROTO_TCP)
		return NF_DROP_ERR(-ECONNREFUSED);
	return NF_DROP;
}
