// SPDX-License-Identifier: GPL-2.0
/*
 * Every packet of a host is judged alike, in LOCAL_IN and LOCAL_OUT of both
 * families. The priorities let both directions of a connection carry one tuple:
 * in LOCAL_OUT after destination NAT (-100) and IPVS (-99, -98), in LOCAL_IN
 * before IPVS (98, 99) and source NAT (100).
 */
#include "hook.h"

#include <linux/netdevice.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/addrconf.h>
#include <net/dst.h>
#include <net/if_inet6.h>
#include <net/ip6_fib.h>
#include <net/route.h>

#include <mseg/dns.h>

#include "cut.h"
#include "dns.h"
#include "fastpath.h"
#include "fragment.h"
#include "head.h"
#include "outcome.h"
#include "reject.h"

#define PRIORITY_IN (NF_IP_PRI_NAT_SRC - 3)
#define PRIORITY_OUT (NF_IP_PRI_NAT_DST + 3)

/*
 * A VRF's own traffic goes through its device as other does through lo. What
 * IPv6 sends to an address of one of its interfaces looks as if it had come by
 * that interface, and is judged. Nothing that comes by an interface has the VRF
 * for one, but what a route through its device leads from another VRF to an
 * address of this one does: it is none of the VRF's own, as its source tells.
 */
static bool came_from_vrf(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct net_device *vrf = state->in;

	if (!netif_is_l3_master(vrf))
		return false;
	if (state->pf == NFPROTO_IPV4)
		return inet_sdif(skb) == vrf->ifindex &&
		       inet_addr_type_dev_table(state->net, vrf, ip_hdr(skb)->saddr) == RTN_LOCAL;
	return inet6_sdif(skb) == vrf->ifindex &&
	       ipv6_chk_addr(state->net, &ipv6_hdr(skb)->saddr, vrf, 0);
}

static bool stays_in_vrf(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct dst_entry *dst = skb_dst(skb);
	const struct rt6_info *rt6 = dst_rt6_info(dst);

	if (!netif_is_l3_master(dst->dev))
		return false;
	if (state->pf == NFPROTO_IPV4)
		return skb_rtable(skb)->rt_flags & RTCF_LOCAL;
	return rt6->rt6i_flags & RTF_LOCAL && rt6->rt6i_idev && rt6->rt6i_idev->dev == dst->dev;
}

/* Told by the device, never by an address, which anyone may claim. */
static bool is_loopback(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (state->hook == NF_INET_LOCAL_IN)
		return state->in->flags & IFF_LOOPBACK || skb->pkt_type == PACKET_LOOPBACK ||
		       came_from_vrf(skb, state);
	return dst && (dst->dev->flags & IFF_LOOPBACK || stays_in_vrf(skb, state));
}

/*
 * The module's own resets and errors. The marks alone would also cover what the
 * sending of one happens to push out.
 */
static bool is_own(struct mseg_net *mnet, const struct mseg_packet *packet)
{
	if (!packet->out)
		return false;
	if (packet->tcp_rst && mseg_cut_resetting())
		return true;
	return (packet->tcp_rst || packet->icmp_error) && mseg_reject_answering(mnet);
}

static void count(struct mseg_net *mnet, enum mseg_stat first, const struct nf_hook_state *state)
{
	mseg_stat_packet(mnet->stats, first,
			 state->hook == NF_INET_LOCAL_OUT ? MSEG_STAT_OUT : MSEG_STAT_IN,
			 state->pf == NFPROTO_IPV6);
}

static unsigned int judge(struct mseg_net *mnet, struct sk_buff *skb,
			  const struct nf_hook_state *state)
{
	/* The parser clears it. */
	struct mseg_packet packet __uninitialized;
	enum mseg_packet_class class;
	unsigned int verdict;

	class = mseg_packet_parse(skb, state, skb_network_offset(skb), &packet);
	if (is_own(mnet, &packet)) {
		mseg_stat(mnet->stats, pass_own);
		mseg_outcome_count(mnet, &packet, MSEG_OUTCOME_ALLOW);
		return NF_ACCEPT;
	}
	verdict = mseg_outcome_enforce(mnet, skb, state, &packet, class);
	if (unlikely(packet.key.rport == htons(MSEG_DNS_PORT)) && class == MSEG_PACKET_FLOW)
		mseg_dns_packet(mnet, skb, state, &packet, verdict == NF_ACCEPT);
	if (mseg_head_wanted(mnet) && packet.out && packet.protocol == IPPROTO_TCP &&
	    class == MSEG_PACKET_FLOW && verdict == NF_ACCEPT)
		mseg_head_look(mnet, skb, &packet);
	return verdict;
}

/*
 * What is sent through a VRF is shown to LOCAL_OUT for its device first. It is
 * judged when it is shown again, for the interface that it leaves by; or, for an
 * address of the VRF itself, in LOCAL_IN, unless that takes it for loopback. What
 * others' rules have led elsewhere meanwhile is shown again only if the VRF itself
 * is asking, which has put its device into the packet.
 */
static bool comes_again(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (state->hook != NF_INET_LOCAL_OUT || !netif_is_l3_master(state->out))
		return false;
	return skb->dev == state->out || (dst && netif_is_l3_master(dst->dev));
}

static unsigned int pass_loopback(struct mseg_net *mnet, const struct nf_hook_state *state)
{
	count(mnet, MSEG_STAT_seen_in_ipv4, state);
	mseg_stat(mnet->stats, pass_loopback);
	count(mnet, MSEG_STAT_allowed_in_ipv4, state);
	return NF_ACCEPT;
}

/* What waits for the rest of its datagram was not seen yet. */
static unsigned int gather(struct mseg_net *mnet, struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	unsigned int verdict = mseg_fragment_gather(skb, state);

	if (verdict == NF_STOLEN)
		return verdict;
	count(mnet, MSEG_STAT_seen_in_ipv4, state);
	if (verdict == NF_DROP) {
		mseg_stat(mnet->stats, drop_fragment);
		count(mnet, MSEG_STAT_dropped_in_ipv4, state);
	}
	return verdict;
}

static noinline unsigned int pass_or_judge(struct mseg_net *mnet, struct sk_buff *skb,
					   const struct nf_hook_state *state)
{
	unsigned int verdict;

	if (mseg_fastpath_keyed(mnet, skb, state) || comes_again(skb, state))
		return NF_ACCEPT;
	if (is_loopback(skb, state))
		return pass_loopback(mnet, state);
	verdict = gather(mnet, skb, state);
	return verdict == NF_ACCEPT ? judge(mnet, skb, state) : verdict;
}

/* What nearly all packets are is known to pass before anything is called. */
static unsigned int in_ipv4(void *mnet, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (mseg_fastpath(mnet, skb, state, NFPROTO_IPV4, false))
		return NF_ACCEPT;
	return pass_or_judge(mnet, skb, state);
}

static unsigned int out_ipv4(void *mnet, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (mseg_fastpath(mnet, skb, state, NFPROTO_IPV4, true))
		return NF_ACCEPT;
	return pass_or_judge(mnet, skb, state);
}

static unsigned int in_ipv6(void *mnet, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (mseg_fastpath(mnet, skb, state, NFPROTO_IPV6, false))
		return NF_ACCEPT;
	return pass_or_judge(mnet, skb, state);
}

static unsigned int out_ipv6(void *mnet, struct sk_buff *skb, const struct nf_hook_state *state)
{
	if (mseg_fastpath(mnet, skb, state, NFPROTO_IPV6, true))
		return NF_ACCEPT;
	return pass_or_judge(mnet, skb, state);
}

static const struct nf_hook_ops hooks[] = {
	{
		.hook = in_ipv4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = PRIORITY_IN,
	},
	{
		.hook = out_ipv4,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = PRIORITY_OUT,
	},
	{
		.hook = in_ipv6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = PRIORITY_IN,
	},
	{
		.hook = out_ipv6,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = PRIORITY_OUT,
	},
};

static_assert(ARRAY_SIZE(hooks) == MSEG_NET_HOOKS);

int mseg_hook_register(struct mseg_net *mnet)
{
	int i, err;

	memcpy(mnet->hooks, hooks, sizeof(hooks));
	for (i = 0; i < MSEG_NET_HOOKS; i++)
		mnet->hooks[i].priv = mnet;
	err = nf_register_net_hooks(mnet->net, mnet->hooks, MSEG_NET_HOOKS);
	/* Of several hooks the first ones may have seen packets already. */
	if (err)
		synchronize_net();
	return err;
}

void mseg_hook_unregister(struct mseg_net *mnet)
{
	nf_unregister_net_hooks(mnet->net, mnet->hooks, MSEG_NET_HOOKS);
	/* Unregistering does not wait for hooks that run. */
	synchronize_net();
}
