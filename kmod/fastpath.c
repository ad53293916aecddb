// SPDX-License-Identifier: GPL-2.0
/*
 * The short way of an established connection's packets, where another connection
 * has its place at the front: by the key. Here, too, it is seen once a second that a
 * connection is alive.
 */
#include "fastpath.h"

#include <mseg/dns.h>

static const struct net_device *device_of(const struct sk_buff *skb,
					  const struct nf_hook_state *state)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (state->hook == NF_INET_LOCAL_IN)
		return state->in;
	return dst ? dst->dev : state->out;
}

static bool read_ipv4(const struct sk_buff *skb, bool out, struct mseg_conn_key *key)
{
	const struct iphdr *ip = ip_hdr(skb);

	if (*(const u8 *)ip != MSEG_IPV4_PLAIN || ip->frag_off & htons(IP_MF | IP_OFFSET))
		return false;
	key->local = (struct in6_addr){ .s6_addr32 = { out ? ip->saddr : ip->daddr } };
	key->remote = (struct in6_addr){ .s6_addr32 = { out ? ip->daddr : ip->saddr } };
	key->family = MSEG_FAMILY_IPV4;
	return true;
}

static bool is_link_local(const struct in6_addr *address)
{
	return (address->s6_addr32[0] & htonl(0xffc00000)) == htonl(0xfe800000) ||
	       address->s6_addr[0] == 0xff;
}

static bool read_ipv6(const struct sk_buff *skb, bool out, struct mseg_conn_key *key)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);

	if (ip->version != 6 || is_link_local(&ip->saddr) || is_link_local(&ip->daddr))
		return false;
	key->local = out ? ip->saddr : ip->daddr;
	key->remote = out ? ip->daddr : ip->saddr;
	key->family = MSEG_FAMILY_IPV6;
	return true;
}

/* What begins or ends a connection is not for the short way, nor is what is cut off. */
static __always_inline bool has_plain_transport(const struct sk_buff *skb, u8 pf)
{
	bool ipv4 = pf == NFPROTO_IPV4;
	const u8 *header = ipv4 ? (const u8 *)(ip_hdr(skb) + 1) : (const u8 *)(ipv6_hdr(skb) + 1);
	u8 protocol = ipv4 ? ip_hdr(skb)->protocol : ipv6_hdr(skb)->nexthdr;

	return mseg_fastpath_transport(protocol, header, skb_tail_pointer(skb) - header);
}

static bool read_key(const struct sk_buff *skb, u8 pf, bool out, struct mseg_conn_key *key)
{
	bool ipv4 = pf == NFPROTO_IPV4;
	const void *ports = ipv4 ? (const void *)(ip_hdr(skb) + 1) :
				   (const void *)(ipv6_hdr(skb) + 1);

	if (!has_plain_transport(skb, pf) ||
	    !(ipv4 ? read_ipv4(skb, out, key) : read_ipv6(skb, out, key)))
		return false;
	key->protocol = ipv4 ? ip_hdr(skb)->protocol : ipv6_hdr(skb)->nexthdr;
	*(u32 *)&key->lport = mseg_fastpath_ports(ports, out);
	key->scope = 0;
	key->kind = MSEG_CONN_PLAIN;
	key->path = MSEG_PATH_HOST;
	/* What servers of names answer is read. */
	return key->rport != htons(MSEG_DNS_PORT);
}

static struct mseg_conn *find(const struct mseg_net *mnet, const struct sk_buff *skb, u8 pf,
			      bool out)
{
	struct mseg_conn_key key __uninitialized;
	struct mseg_conn *conn;

	conn = pf == NFPROTO_IPV4 ? mseg_fastpath_ipv4(mnet->conns, skb, out) :
				    mseg_fastpath_ipv6(mnet->conns, skb, out);
	if (conn)
		return conn;
	return read_key(skb, pf, out, &key) ? mseg_conn_find(mnet->conns, &key) : NULL;
}

/* Whether its time is not over, which is put off; it gets its place at the front again. */
static bool keep_alive(const struct mseg_net *mnet, struct mseg_conn *conn)
{
	if (mseg_fastpath_fresh(conn))
		return true;
	if (mseg_conn_expired(mnet->conns, conn))
		return false;
	WRITE_ONCE(conn->last_seen, jiffies);
	mseg_conn_to_front(mnet->conns, conn);
	return true;
}

/* A function of its own, which what has no such transport header does not pay for. */
static noinline bool pass_by_key(struct mseg_net *mnet, const struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	bool out = state->hook == NF_INET_LOCAL_OUT;
	struct mseg_conn *conn;

	if (!mseg_fastpath_device(device_of(skb, state)))
		return false;
	conn = find(mnet, skb, state->pf, out);
	if (!conn || !mseg_fastpath_settled(mnet, conn, out) || !keep_alive(mnet, conn))
		return false;
	mseg_fastpath_count(mnet, conn, skb, state->pf, out);
	return true;
}

bool mseg_fastpath_keyed(struct mseg_net *mnet, const struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	return has_plain_transport(skb, state->pf) && pass_by_key(mnet, skb, state);
}
