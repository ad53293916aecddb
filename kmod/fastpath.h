/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The short way of what nearly all packets are: of an established connection that
 * the policy in force allowed. Whatever is out of the ordinary is left to who
 * judges, so that nothing is decided here that is not decided there.
 *
 * It is compiled into each hook, which knows family and direction.
 */
#ifndef MSEG_FASTPATH_H
#define MSEG_FASTPATH_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>

#include <linux/mseg.h>

#include "net.h"
#include "tally.h"

/* Version and length of an IPv4 header without options. */
#define MSEG_IPV4_PLAIN 0x45

/* The flags that begin or end something, in the byte of a TCP header that holds them. */
#define MSEG_TCP_FLAGS 13
#define MSEG_TCP_FLAGS_OF_STATE 0x07

/* A VRF's connections have a scope, and what is local is not remembered. */
static __always_inline bool mseg_fastpath_device(const struct net_device *dev)
{
	return !(dev->flags & IFF_LOOPBACK) && !netif_is_l3_slave(dev) && !netif_is_l3_master(dev);
}

/*
 * Whether as much as that lies behind the network header, and a TCP segment, or a
 * datagram of UDP, begins there that changes no state.
 */
static __always_inline bool mseg_fastpath_transport(u8 protocol, const u8 *header, int len)
{
	if (protocol != IPPROTO_TCP)
		return protocol == IPPROTO_UDP && len >= (int)sizeof(struct udphdr);
	return len >= (int)sizeof(struct tcphdr) && ((const struct tcphdr *)header)->doff >= 5 &&
	       !(header[MSEG_TCP_FLAGS] & MSEG_TCP_FLAGS_OF_STATE);
}

/* Both protocols begin with their ports; the local one first, as in a key. */
static __always_inline u32 mseg_fastpath_ports(const void *header, bool out)
{
	u32 ports = *(const u32 *)header;

	return out ? ports : rol32(ports, 16);
}

static __always_inline struct mseg_conn *mseg_fastpath_way_ipv4(const struct mseg_conns *conns,
								u64 mix, unsigned int way,
								__be32 local, __be32 remote,
								u32 ports, u8 protocol)
{
	struct mseg_conn *conn = mseg_front_look(&conns->front, mix, way);

	if (!conn || conn->key.local.s6_addr32[0] != local ||
	    conn->key.remote.s6_addr32[0] != remote || mseg_conn_ports(&conn->key) != ports ||
	    conn->key.family != MSEG_FAMILY_IPV4 || conn->key.protocol != protocol)
		return NULL;
	return conn;
}

/* Options and fragments are for the parser. */
static __always_inline struct mseg_conn *mseg_fastpath_ipv4(const struct mseg_conns *conns,
							    const struct sk_buff *skb, bool out)
{
	const struct iphdr *ip = ip_hdr(skb);
	int len = skb_tail_pointer(skb) - (const u8 *)(ip + 1);
	__be32 local = out ? ip->saddr : ip->daddr, remote = out ? ip->daddr : ip->saddr;
	u32 ports;
	u64 mix;

	if (*(const u8 *)ip != MSEG_IPV4_PLAIN || ip->frag_off & htons(IP_MF | IP_OFFSET) ||
	    !mseg_fastpath_transport(ip->protocol, (const u8 *)(ip + 1), len))
		return NULL;
	ports = mseg_fastpath_ports(ip + 1, out);
	mix = mseg_front_mix_ipv4(local, remote, ports, ip->protocol);
#define LOOK(way) mseg_fastpath_way_ipv4(conns, mix, way, local, remote, ports, ip->protocol)
	return LOOK(0) ?: LOOK(1) ?: LOOK(2) ?: LOOK(3);
#undef LOOK
}

static __always_inline struct mseg_conn *mseg_fastpath_way_ipv6(const struct mseg_conns *conns,
								u64 mix, unsigned int way,
								const struct in6_addr *local,
								const struct in6_addr *remote,
								u32 ports, u8 protocol)
{
	struct mseg_conn *conn = mseg_front_look(&conns->front, mix, way);

	if (!conn || !ipv6_addr_equal(&conn->key.local, local) ||
	    !ipv6_addr_equal(&conn->key.remote, remote) || mseg_conn_ports(&conn->key) != ports ||
	    conn->key.family != MSEG_FAMILY_IPV6 || conn->key.protocol != protocol)
		return NULL;
	return conn;
}

/* Extension headers are for the parser; addresses that need an interface have a scope. */
static __always_inline struct mseg_conn *mseg_fastpath_ipv6(const struct mseg_conns *conns,
							    const struct sk_buff *skb, bool out)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);
	int len = skb_tail_pointer(skb) - (const u8 *)(ip + 1);
	const struct in6_addr *local = out ? &ip->saddr : &ip->daddr;
	const struct in6_addr *remote = out ? &ip->daddr : &ip->saddr;
	u32 ports;
	u64 mix;

	if (ip->version != 6 || !mseg_fastpath_transport(ip->nexthdr, (const u8 *)(ip + 1), len))
		return NULL;
	ports = mseg_fastpath_ports(ip + 1, out);
	mix = mseg_front_mix_ipv6(local, remote, ports, ip->nexthdr);
#define LOOK(way) mseg_fastpath_way_ipv6(conns, mix, way, local, remote, ports, ip->nexthdr)
	return LOOK(0) ?: LOOK(1) ?: LOOK(2) ?: LOOK(3);
#undef LOOK
}

/* Whether nothing is to be asked or changed but when it was seen, and what is counted. */
static __always_inline bool mseg_fastpath_settled(const struct mseg_net *mnet,
						  const struct mseg_conn *conn, bool out)
{
	const struct mseg_generation *generation = rcu_dereference(mnet->generation);

	/* Pairs with the release with which a verdict is written. */
	return smp_load_acquire(&conn->generation) == generation->number &&
	       READ_ONCE(conn->verdict) == MSEG_ACTION_ALLOW &&
	       READ_ONCE(conn->state) == MSEG_CONN_STATE_ESTABLISHED &&
	       (!out || READ_ONCE(conn->named) == MSEG_CONN_NAMED_TASK);
}

/* Once a second a packet goes on, to who sees whether the connection's time is over. */
static __always_inline bool mseg_fastpath_fresh(const struct mseg_conn *conn)
{
	return jiffies - READ_ONCE(conn->last_seen) < HZ;
}

static __always_inline void mseg_fastpath_count(struct mseg_net *mnet, struct mseg_conn *conn,
						const struct sk_buff *skb, u8 pf, bool out)
{
	enum mseg_stat_hook hook = out ? MSEG_STAT_OUT : MSEG_STAT_IN;
	struct mseg_stats __percpu *stats = mnet->stats;
	bool ipv6 = pf == NFPROTO_IPV6;

	mseg_tally_count(conn, out, skb->len, max_t(u32, 1, skb_shinfo(skb)->gso_segs));
	mseg_stat_packet(stats, MSEG_STAT_seen_in_ipv4, hook, ipv6);
	mseg_stat_packet(stats, MSEG_STAT_allowed_in_ipv4, hook, ipv6);
}

/**
 * mseg_fastpath() - let a packet of an established connection pass
 * @mnet: its namespace, attached
 * @skb: at LOCAL_IN or LOCAL_OUT
 * @state: of the hook
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6, its hook's
 * @out: it is at LOCAL_OUT
 *
 * Under RCU. Takes no lock but as mseg_tally_count().
 *
 * Return: true when it passes, and was counted, for its connection too; false
 * when nothing was done, and it is for mseg_fastpath_keyed().
 */
static __always_inline bool mseg_fastpath(struct mseg_net *mnet, const struct sk_buff *skb,
					  const struct nf_hook_state *state, u8 pf, bool out)
{
	const struct dst_entry *dst = out ? skb_dst(skb) : NULL;
	struct mseg_conn *conn;

	if ((out && !dst) || !mseg_fastpath_device(out ? dst->dev : state->in))
		return false;
	conn = pf == NFPROTO_IPV4 ? mseg_fastpath_ipv4(mnet->conns, skb, out) :
				    mseg_fastpath_ipv6(mnet->conns, skb, out);
	if (!conn || !mseg_fastpath_settled(mnet, conn, out) || !mseg_fastpath_fresh(conn))
		return false;
	mseg_fastpath_count(mnet, conn, skb, pf, out);
	return true;
}

/**
 * mseg_fastpath_keyed() - the same for a connection that is not at the front, or was
 *	not seen for a second
 * @mnet: its namespace, attached
 * @skb: at LOCAL_IN or LOCAL_OUT
 * @state: of the hook
 *
 * Under RCU. Takes no lock but as mseg_tally_count().
 *
 * Return: as mseg_fastpath(); where false, it is to be parsed and judged.
 */
bool mseg_fastpath_keyed(struct mseg_net *mnet, const struct sk_buff *skb,
			 const struct nf_hook_state *state);

#endif /* MSEG_FASTPATH_H */
