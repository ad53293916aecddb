// SPDX-License-Identifier: GPL-2.0
/* The short way of an established connection's packets. */
#include "fastpath.h"

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/l3mdev.h>

#include <linux/mseg.h>
#include <mseg/dns.h>

/* Version and length of an IPv4 header without options. */
#define IPV4_PLAIN 0x45

/* The flags that begin or end something, in the byte of a TCP header that holds them. */
#define TCP_FLAGS 13
#define TCP_FLAGS_OF_STATE 0x07

/* A VRF's connections have a scope, and what is local is not remembered. */
static bool is_plain_device(const struct net_device *dev)
{
	return !(dev->flags & IFF_LOOPBACK) && !netif_is_l3_slave(dev) && !netif_is_l3_master(dev);
}

static const struct net_device *device_of(const struct sk_buff *skb,
					  const struct nf_hook_state *state)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (state->hook == NF_INET_LOCAL_IN)
		return state->in;
	return dst ? dst->dev : state->out;
}

/* Options and fragments are for the parser. */
static const u8 *read_ipv4(const u8 *data, const u8 *end, bool out, struct mseg_conn_key *key)
{
	const struct iphdr *ip = (const struct iphdr *)data;

	if (end - data < (int)sizeof(*ip) || data[0] != IPV4_PLAIN ||
	    ip->frag_off & htons(IP_MF | IP_OFFSET))
		return NULL;
	key->local = (struct in6_addr){ .s6_addr32 = { out ? ip->saddr : ip->daddr } };
	key->remote = (struct in6_addr){ .s6_addr32 = { out ? ip->daddr : ip->saddr } };
	key->family = MSEG_FAMILY_IPV4;
	key->protocol = ip->protocol;
	return data + sizeof(*ip);
}

static bool is_link_local(const struct in6_addr *address)
{
	return (address->s6_addr32[0] & htonl(0xffc00000)) == htonl(0xfe800000) ||
	       address->s6_addr[0] == 0xff;
}

/* Extension headers are for the parser, and addresses that need an interface. */
static const u8 *read_ipv6(const u8 *data, const u8 *end, bool out, struct mseg_conn_key *key)
{
	const struct ipv6hdr *ip = (const struct ipv6hdr *)data;

	if (end - data < (int)sizeof(*ip) || ip->version != 6 || is_link_local(&ip->saddr) ||
	    is_link_local(&ip->daddr))
		return NULL;
	key->local = out ? ip->saddr : ip->daddr;
	key->remote = out ? ip->daddr : ip->saddr;
	key->family = MSEG_FAMILY_IPV6;
	key->protocol = ip->nexthdr;
	return data + sizeof(*ip);
}

/* Both protocols begin with their ports. */
static bool read_transport(const u8 *data, const u8 *end, bool out, struct mseg_conn_key *key)
{
	const __be16 *ports = (const __be16 *)data;

	if (key->protocol == IPPROTO_TCP) {
		if (end - data < (int)sizeof(struct tcphdr) ||
		    ((const struct tcphdr *)data)->doff < 5 || data[TCP_FLAGS] & TCP_FLAGS_OF_STATE)
			return false;
	} else if (key->protocol != IPPROTO_UDP || end - data < (int)sizeof(struct udphdr)) {
		return false;
	}
	key->lport = ports[!out];
	key->rport = ports[out];
	/* What servers of names answer is read. */
	return key->rport != htons(MSEG_DNS_PORT);
}

static bool read_key(const struct sk_buff *skb, const struct nf_hook_state *state, bool out,
		     struct mseg_conn_key *key)
{
	const u8 *data = skb_network_header(skb), *end = skb_tail_pointer(skb);

	data = state->pf == NFPROTO_IPV4 ? read_ipv4(data, end, out, key) :
					   read_ipv6(data, end, out, key);
	if (!data || !read_transport(data, end, out, key))
		return false;
	key->scope = 0;
	key->kind = MSEG_CONN_PLAIN;
	key->path = MSEG_PATH_HOST;
	return true;
}

/*
 * Once a second a packet goes the long way, which sees whether the connection's
 * time is over, and that it was seen.
 */
static bool is_settled(const struct mseg_net *mnet, const struct mseg_conn *conn, bool out)
{
	const struct mseg_generation *generation = rcu_dereference(mnet->generation);

	/* Pairs with the release with which a verdict is written. */
	return smp_load_acquire(&conn->generation) == generation->number &&
	       READ_ONCE(conn->verdict) == MSEG_ACTION_ALLOW &&
	       READ_ONCE(conn->state) == MSEG_CONN_STATE_ESTABLISHED &&
	       (!out || READ_ONCE(conn->named) == MSEG_CONN_NAMED_TASK) &&
	       time_before(jiffies, READ_ONCE(conn->last_seen) + HZ);
}

static void count(const struct mseg_net *mnet, enum mseg_stat first, bool out, u8 family)
{
	mseg_stat_packet(mnet->stats, first, out ? MSEG_STAT_OUT : MSEG_STAT_IN,
			 family == MSEG_FAMILY_IPV6);
}

bool mseg_fastpath(struct mseg_net *mnet, const struct sk_buff *skb,
		   const struct nf_hook_state *state)
{
	bool out = state->hook == NF_INET_LOCAL_OUT;
	struct mseg_conn_key key __uninitialized;
	struct mseg_conn *conn;

	if (!is_plain_device(device_of(skb, state)) || !read_key(skb, state, out, &key))
		return false;
	conn = mseg_conn_find(mnet->conns, &key);
	if (!conn || !is_settled(mnet, conn, out))
		return false;
	mseg_conn_carry(conn, out, skb->len, max_t(u32, 1, skb_shinfo(skb)->gso_segs));
	count(mnet, MSEG_STAT_seen_in_ipv4, out, key.family);
	count(mnet, MSEG_STAT_allowed_in_ipv4, out, key.family);
	return true;
}
