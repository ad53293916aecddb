// SPDX-License-Identifier: GPL-2.0
/*
 * One function sees every packet that the host forwards, in FORWARD of both
 * families: destination NAT is done there and source NAT is not, so that both
 * directions of a connection carry one tuple, the client's and the server's own.
 * The hook comes after IPVS's (99, 100), which answers there for virtual services
 * that LOCAL_IN has judged, and so after every filter, too.
 *
 * Where a packet went before it was translated is read from its own connection
 * tracking entry, if it has one. nf_ct_get_tuple_skb() would say it of packets in
 * the original direction alone, and not whether one is; reading needs no symbol
 * of nf_conntrack, either.
 */
#include "forward.h"

#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/addrconf.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_tuple.h>
#include <net/route.h>

#include <linux/mseg.h>
#include <mseg/core.h>

#include "fragment.h"
#include "mode.h"
#include "outcome.h"
#include "track.h"

#define PRIORITY (NF_IP_PRI_NAT_SRC + 3)

static u8 forward = MSEG_MODE_OFF;
module_param_cb(forward, &mseg_mode_param_ops, &forward, 0444);
__MODULE_PARM_TYPE(forward, "off|observe|enforce");
MODULE_PARM_DESC(forward, "What is done about what the host forwards (off)");

/* An answer of IPVS, of which the question was judged in LOCAL_IN. */
static bool is_of_ipvs(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_IP_VS)
	return skb->ipvs_property;
#else
	return false;
#endif
}

static void original_destination(const struct nf_conn *ct, u8 family, struct in6_addr *address)
{
	const struct nf_conntrack_tuple *tuple = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;

	memset(address, 0, sizeof(*address));
	if (family == MSEG_FAMILY_IPV4)
		address->s6_addr32[0] = tuple->dst.u3.ip;
	else
		*address = tuple->dst.u3.in6;
}

static bool is_this_host(struct net *net, u8 family, const struct in6_addr *addr)
{
	if (family == MSEG_FAMILY_IPV4)
		return inet_addr_type(net, addr->s6_addr32[0]) == RTN_LOCAL;
	return ipv6_chk_addr(net, addr, NULL, 0);
}

/*
 * Where the packet's connection went, and by which service, before translation. It
 * is published where that was this host: what is translated from elsewhere to
 * elsewhere goes to where it goes.
 */
static void ask_conntrack(const struct sk_buff *skb, struct net *net, struct mseg_packet *packet,
			  struct mseg_forwarded *forwarded)
{
	const struct mseg_conn_key *key = &packet->key;
	const struct in6_addr *server;
	enum ip_conntrack_info info;
	const struct nf_conn *ct;
	__be16 port = 0;

	ct = nf_ct_get(skb, &info);
	if (!ct || nf_ct_is_template(ct))
		return;
	forwarded->reply = CTINFO2DIR(info) == IP_CT_DIR_REPLY;
	server = forwarded->reply ? &key->local : &key->remote;
	original_destination(ct, packet->family, &forwarded->destination);
	forwarded->published = !ipv6_addr_equal(server, &forwarded->destination);
	if (mseg_protocol_has_ports(packet->protocol)) {
		port = ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.dst.u.all;
		forwarded->published |= port != (forwarded->reply ? key->lport : key->rport);
	}
	forwarded->published = forwarded->published &&
			       is_this_host(net, packet->family, &forwarded->destination);
	if (!forwarded->published)
		forwarded->destination = *server;
	if (mseg_protocol_has_ports(packet->protocol))
		packet->service = ntohs(forwarded->published ? port :
					forwarded->reply     ? key->lport :
							       key->rport);
}

static void count(struct mseg_net *mnet, enum mseg_stat first, const struct nf_hook_state *state)
{
	mseg_stat_packet(mnet->stats, first, MSEG_STAT_FORWARD, state->pf == NFPROTO_IPV6);
}

static unsigned int judge(struct mseg_net *mnet, struct sk_buff *skb,
			  const struct nf_hook_state *state)
{
	struct mseg_forwarded forwarded = {};
	enum mseg_packet_class class;
	struct mseg_packet packet;

	class = mseg_packet_parse(skb, state, skb_network_offset(skb), &packet);
	packet.forwarded = &forwarded;
	packet.observed = READ_ONCE(mnet->forward) != MSEG_MODE_ENFORCE;
	if (packet.protocol == IPPROTO_TCP && class == MSEG_PACKET_FLOW &&
	    !mseg_segment_read(skb, packet.transport, &forwarded.segment))
		class = MSEG_PACKET_TRUNCATED;
	forwarded.destination = packet.key.remote;
	if (class == MSEG_PACKET_FLOW)
		ask_conntrack(skb, state->net, &packet, &forwarded);
	return mseg_outcome_enforce(mnet, skb, state, &packet, class);
}

static unsigned int hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct mseg_net *mnet = mseg_net_of(state->net);

	count(mnet, MSEG_STAT_seen_in_ipv4, state);
	if (is_of_ipvs(skb)) {
		count(mnet, MSEG_STAT_allowed_in_ipv4, state);
		return NF_ACCEPT;
	}
	return judge(mnet, skb, state);
}

static const struct nf_hook_ops hooks[] = {
	{
		.hook = hook,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_FORWARD,
		.priority = PRIORITY,
	},
	{
		.hook = hook,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_FORWARD,
		.priority = PRIORITY,
	},
};

/* Nobody follows them any more. */
static void forget_all(struct mseg_net *mnet)
{
	struct mseg_conns *conns = mnet->conns;
	struct mseg_conn *conn;
	u32 i;

	for (i = 0; i <= conns->mask; i++) {
		rcu_read_lock();
		hlist_for_each_entry_rcu(conn, &conns->buckets[i].chain, node) {
			if (mseg_conn_is_forwarded(conn))
				mseg_track_end(mnet, conn);
		}
		rcu_read_unlock();
		cond_resched();
	}
}

static int add_hooks(struct mseg_net *mnet)
{
	int err = mseg_fragment_gather_routed(mnet->net);

	if (err)
		return err;
	err = nf_register_net_hooks(mnet->net, hooks, ARRAY_SIZE(hooks));
	if (err)
		mseg_fragment_leave_routed(mnet->net);
	return err;
}

static void remove_hooks(struct mseg_net *mnet)
{
	nf_unregister_net_hooks(mnet->net, hooks, ARRAY_SIZE(hooks));
	mseg_fragment_leave_routed(mnet->net);
}

int mseg_forward_set(struct mseg_net *mnet, u8 mode)
{
	static const struct mseg_mode_hooks mode_hooks = { add_hooks, remove_hooks };
	bool ends = mnet->forward != MSEG_MODE_OFF && mode == MSEG_MODE_OFF;
	int err = mseg_mode_set(mnet, &mnet->forward, mode, &mode_hooks);

	if (ends)
		forget_all(mnet);
	return err;
}

int mseg_forward_start(struct mseg_net *mnet)
{
	mnet->forward = MSEG_MODE_OFF;
	return mseg_forward_set(mnet, forward);
}

void mseg_forward_stop(struct mseg_net *mnet)
{
	/* It fails only on the way to another mode. */
	mseg_forward_set(mnet, MSEG_MODE_OFF);
}
