// SPDX-License-Identifier: GPL-2.0
/*
 * What the stack puts together by itself it is left to: IPv4 before LOCAL_IN. IPv6
 * does so behind LOCAL_IN, and what raw sockets send in fragments nobody does, so
 * that both is done in the hook that judges, of fragments alone. The hooks of
 * nf_defrag, which every packet would pass twice, are for what is forwarded.
 */
#include "fragment.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv4/nf_defrag_ipv4.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

static unsigned int gather_ipv4(struct sk_buff *skb, const struct nf_hook_state *state)
{
	int err;

	if (state->hook != NF_INET_LOCAL_OUT || !ip_is_fragment(ip_hdr(skb)))
		return NF_ACCEPT;
	local_bh_disable();
	err = ip_defrag(state->net, skb, IP_DEFRAG_CONNTRACK_OUT);
	local_bh_enable();
	if (err)
		return NF_STOLEN;
	/* It leaves in fragments again, whatever its sender said of that. */
	skb->ignore_df = 1;
	return NF_ACCEPT;
}

static unsigned int gather_ipv6(struct sk_buff *skb, const struct nf_hook_state *state)
{
	u32 user = state->hook == NF_INET_LOCAL_IN ? IP6_DEFRAG_CONNTRACK_IN :
						     IP6_DEFRAG_CONNTRACK_OUT;

	/* Only behind other extension headers, if at all. */
	if (!ipv6_ext_hdr(ipv6_hdr(skb)->nexthdr))
		return NF_ACCEPT;
	switch (nf_ct_frag6_gather(state->net, skb, user)) {
	case 0:
		return NF_ACCEPT;
	case -EINPROGRESS:
		return NF_STOLEN;
	}
	return NF_DROP;
}

unsigned int mseg_fragment_gather(struct sk_buff *skb, const struct nf_hook_state *state)
{
	return state->pf == NFPROTO_IPV4 ? gather_ipv4(skb, state) : gather_ipv6(skb, state);
}

int mseg_fragment_gather_routed(struct net *net)
{
	int err = nf_defrag_ipv4_enable(net);

	if (err)
		return err;
	err = nf_defrag_ipv6_enable(net);
	if (err)
		nf_defrag_ipv4_disable(net);
	return err;
}

void mseg_fragment_leave_routed(struct net *net)
{
	nf_defrag_ipv6_disable(net);
	nf_defrag_ipv4_disable(net);
}
