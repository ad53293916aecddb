// SPDX-License-Identifier: GPL-2.0
/*
 * The packet parser. Headers are read through skb_header_pointer() and nothing
 * is pulled, so that no pointer can go stale; a packet that ends within a header
 * that must be read is refused.
 */
#include "packet.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/igmp.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/route.h>
#include <net/sock.h>

#include <linux/mseg.h>
#include <mseg/core.h>

/* RFC 8200 names seven kinds of extension header; senders repeat some. */
#define MAX_EXTENSION_HEADERS 16

/*
 * An IP header, of the packet or of a quotation, in one form for both. Its addresses
 * stand in the key that is filled.
 */
struct ip_info {
	struct in6_addr *source;
	struct in6_addr *destination;
	u8 family;
	u8 protocol;
	u8 hop_limit;
	int transport;
	bool routed;
	bool later; /* a fragment that is not the first */
};

/* Whether an option routes the packet by way of others: RFC 791, 3.1. */
static bool has_source_route(const struct sk_buff *skb, int offset, int len)
{
	u8 buffer[MAX_IPOPTLEN];
	const u8 *options = skb_header_pointer(skb, offset, len, buffer);
	int i = 0;

	while (options && i < len && options[i] != IPOPT_END) {
		if (options[i] == IPOPT_LSRR || options[i] == IPOPT_SSRR)
			return true;
		if (options[i] == IPOPT_NOOP) {
			i++;
			continue;
		}
		if (i + 1 >= len || options[i + 1] < 2)
			return false;
		i += options[i + 1];
	}
	return false;
}

static __always_inline enum mseg_packet_class parse_ipv4(const struct sk_buff *skb, int offset,
							 bool quoted, struct ip_info *ip)
{
	const struct iphdr *header;
	struct iphdr buffer;

	header = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!header || header->version != 4 || header->ihl < 5)
		return MSEG_PACKET_TRUNCATED;
	*ip->source = (struct in6_addr){ .s6_addr32 = { header->saddr } };
	*ip->destination = (struct in6_addr){ .s6_addr32 = { header->daddr } };
	ip->family = MSEG_FAMILY_IPV4;
	ip->protocol = header->protocol;
	ip->hop_limit = header->ttl;
	ip->transport = offset + header->ihl * 4;
	ip->routed = header->ihl > 5 && has_source_route(skb, offset + sizeof(buffer),
							 header->ihl * 4 - sizeof(buffer));
	ip->later = header->frag_off & htons(IP_OFFSET);
	if (ip->later || (!quoted && header->frag_off & htons(IP_MF)))
		return MSEG_PACKET_FRAGMENT;
	return MSEG_PACKET_FLOW;
}

/* Length of an extension header, 0 where it is the upper layer, -1 cut off. */
static int extension_len(const struct sk_buff *skb, int offset, u8 type, u8 *next)
{
	const struct ipv6_opt_hdr *header;
	struct ipv6_opt_hdr buffer;

	if (!ipv6_ext_hdr(type) || type == NEXTHDR_NONE)
		return 0;
	header = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!header)
		return -1;
	*next = header->nexthdr;
	if (type == NEXTHDR_FRAGMENT)
		return sizeof(struct frag_hdr);
	return type == NEXTHDR_AUTH ? ipv6_authlen(header) : ipv6_optlen(header);
}

/* A fragment header around a whole packet (RFC 6946) is no fragment. */
static bool is_fragment(const struct sk_buff *skb, int offset, bool quoted, bool *later)
{
	const struct frag_hdr *header;
	struct frag_hdr buffer;

	header = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	*later = !header || header->frag_off & htons(IP6_OFFSET);
	return *later || (!quoted && header->frag_off & htons(IP6_MF));
}

/* Whether a routing header still has places to go: RFC 8200, 4.4. */
static bool has_segments_left(const struct sk_buff *skb, int offset)
{
	const struct ipv6_rt_hdr *header;
	struct ipv6_rt_hdr buffer;

	header = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	return header && header->segments_left;
}

static enum mseg_packet_class parse_ipv6(const struct sk_buff *skb, int offset, bool quoted,
					 struct ip_info *ip)
{
	const struct ipv6hdr *header;
	bool fragment = false;
	struct ipv6hdr buffer;
	int i, len;
	u8 next;

	header = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!header || header->version != 6)
		return MSEG_PACKET_TRUNCATED;
	*ip->source = header->saddr;
	*ip->destination = header->daddr;
	ip->family = MSEG_FAMILY_IPV6;
	ip->hop_limit = header->hop_limit;
	ip->routed = false;
	ip->later = false;
	ip->protocol = header->nexthdr;
	ip->transport = offset + sizeof(buffer);
	for (i = 0; i <= MAX_EXTENSION_HEADERS; i++) {
		len = extension_len(skb, ip->transport, ip->protocol, &next);
		if (!len)
			return MSEG_PACKET_FLOW;
		if (len < 0)
			return MSEG_PACKET_TRUNCATED;
		if (ip->protocol == NEXTHDR_FRAGMENT)
			fragment = is_fragment(skb, ip->transport, quoted, &ip->later);
		if (ip->protocol == NEXTHDR_ROUTING)
			ip->routed |= has_segments_left(skb, ip->transport);
		ip->protocol = next;
		ip->transport += len;
		if (fragment)
			return MSEG_PACKET_FRAGMENT;
	}
	return MSEG_PACKET_HEADERS;
}

/*
 * A fragment is refused, unless it is quoted: an error about a fragmented packet
 * quotes its first one, which holds the ports.
 */
static __always_inline enum mseg_packet_class parse_ip(const struct sk_buff *skb, int offset,
						       u8 family, bool quoted, struct ip_info *ip)
{
	return family == MSEG_FAMILY_IPV4 ? parse_ipv4(skb, offset, quoted, ip) :
					    parse_ipv6(skb, offset, quoted, ip);
}

/*
 * The request type of an ICMP exchange that a type belongs to, or -1.
 * RFC 792, 950 and 4443.
 */
static int query_type(u8 protocol, u8 type, bool *reply)
{
	static const u8 requests[] = { ICMP_ECHO, ICMP_TIMESTAMP, ICMP_INFO_REQUEST, ICMP_ADDRESS };
	static const u8 replies[] = { ICMP_ECHOREPLY, ICMP_TIMESTAMPREPLY, ICMP_INFO_REPLY,
				      ICMP_ADDRESSREPLY };
	int i;

	if (protocol == IPPROTO_ICMPV6) {
		*reply = type == ICMPV6_ECHO_REPLY;
		return type == ICMPV6_ECHO_REQUEST || *reply ? ICMPV6_ECHO_REQUEST : -1;
	}
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		*reply = type == replies[i];
		if (type == requests[i] || *reply)
			return requests[i];
	}
	return -1;
}

static bool is_error(u8 protocol, u8 type)
{
	if (protocol == IPPROTO_ICMPV6)
		return !(type & ICMPV6_INFOMSG_MASK);
	switch (type) {
	case ICMP_DEST_UNREACH:
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
		return true;
	}
	return false;
}

/*
 * What a link needs in order to work passes where it is valid: neighbour and
 * router discovery with hop limit 255, which no router lets through (RFC 4861,
 * 3122); MLD and multicast router discovery with hop limit 1 from a link-local
 * address, since a sender far away can arrange for the hop limit (RFC 2710,
 * 3810, 4286).
 */
static bool is_link_message(u8 type, const struct ip_info *ip)
{
	switch (type) {
	case 133 ... 136:
	case 141 ... 142:
		return ip->hop_limit == 255;
	case ICMPV6_MGM_QUERY:
	case ICMPV6_MGM_REPORT:
	case ICMPV6_MGM_REDUCTION:
	case ICMPV6_MLD2_REPORT:
	case 151 ... 153:
		return ip->hop_limit == 1 && (ipv6_addr_any(ip->source) ||
					      ipv6_addr_type(ip->source) & IPV6_ADDR_LINKLOCAL);
	}
	return false;
}

static void set_icmp_key(struct mseg_conn_key *key, u8 type, u8 code, bool out, __be16 id,
			 bool *reply)
{
	int query = query_type(key->protocol, type, reply);

	if (query < 0) {
		key->kind = out ? MSEG_CONN_SINGLE_OUT : MSEG_CONN_SINGLE_IN;
		key->rport = htons(type << 8 | code);
		return;
	}
	key->kind = out != *reply ? MSEG_CONN_QUERY_OUT : MSEG_CONN_QUERY_IN;
	key->lport = id;
	key->rport = htons(query << 8 | code);
}

static bool set_key_by_icmp(const struct sk_buff *skb, const struct ip_info *ip, bool out,
			    struct mseg_conn_key *key)
{
	const struct icmphdr *icmp;
	struct icmphdr buffer;
	bool reply;

	/* The header begins alike in both families. */
	icmp = skb_header_pointer(skb, ip->transport, sizeof(buffer), &buffer);
	if (!icmp)
		return false;
	set_icmp_key(key, icmp->type, icmp->code, out, icmp->un.echo.id, &reply);
	return true;
}

/* A header that this host sends (@out) is read into a key. */
static void read_into(struct mseg_conn_key *key, bool out, struct ip_info *ip)
{
	ip->source = out ? &key->local : &key->remote;
	ip->destination = out ? &key->remote : &key->local;
}

/* What a key tells but for its addresses, of a packet that this host sends (@out). */
static __always_inline bool set_key(const struct sk_buff *skb, const struct ip_info *ip, bool out,
				    struct mseg_conn_key *key)
{
	const __be16 *ports;
	__be16 buffer[2];

	key->family = ip->family;
	key->protocol = ip->protocol;
	if (ip->later)
		return true;
	if (mseg_protocol_has_ports(ip->protocol)) {
		ports = skb_header_pointer(skb, ip->transport, sizeof(buffer), buffer);
		if (!ports)
			return false;
		key->lport = ports[!out];
		key->rport = ports[out];
	} else if (ip->protocol ==
		   (ip->family == MSEG_FAMILY_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)) {
		return set_key_by_icmp(skb, ip, out, key);
	}
	return true;
}

/* A VRF sends by the sockets of requests, too, which end before that member. */
static bool is_kernels(struct sock *sk)
{
	return sk && sk_fullsock(sk) && sk->sk_kern_sock;
}

/* Among the addresses of the VRF that a device belongs to, or of none. */
static bool is_local(struct net *net, const struct net_device *dev, const struct in6_addr *addr,
		     u8 family)
{
	if (family == MSEG_FAMILY_IPV4)
		return inet_addr_type_dev_table(net, dev, addr->s6_addr32[0]) == RTN_LOCAL;
	return ipv6_chk_addr(net, addr, dev, 0);
}

static const struct net_device *device(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (state->hook != NF_INET_LOCAL_OUT)
		return state->in;
	/* After re-routing in LOCAL_OUT, state->out is stale. */
	return dst ? dst->dev : state->out;
}

/* A network's broadcast address is known to routing alone, which a raw packet lacks. */
static bool is_group(const struct sk_buff *skb, const struct ip_info *ip)
{
	__be32 addr = ip->destination->s6_addr32[0];

	if (ip->family == MSEG_FAMILY_IPV6)
		return ipv6_addr_is_multicast(ip->destination);
	if (!skb_dst(skb))
		return ipv4_is_multicast(addr) || ipv4_is_lbcast(addr);
	return skb_rtable(skb)->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST);
}

/* What comes by a VRF comes by an interface of it. */
static u32 interface(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	const struct net_device *dev = device(skb, state);
	int below = 0;

	if (state->hook == NF_INET_LOCAL_IN && netif_is_l3_master(dev))
		below = state->pf == NFPROTO_IPV4 ? inet_sdif(skb) : inet6_sdif(skb);
	return below ?: dev->ifindex;
}

/* Most interfaces are of none, which no function needs to be called for. */
static u32 vrf_of(const struct net_device *dev)
{
	if (!netif_is_l3_slave(dev) && !netif_is_l3_master(dev))
		return 0;
	return l3mdev_master_ifindex_rcu(dev);
}

/* Interface that link-local addresses belong to, or VRF device, or 0. */
static u32 scope(const struct sk_buff *skb, const struct nf_hook_state *state,
		 const struct ip_info *ip)
{
	u32 vrf;

	if (ip->family == MSEG_FAMILY_IPV6 &&
	    (ipv6_addr_type(ip->source) & IPV6_ADDR_LINKLOCAL ||
	     ipv6_addr_type(ip->destination) & IPV6_ADDR_LINKLOCAL))
		return interface(skb, state);
	vrf = vrf_of(device(skb, state));
	/* The same for both directions of what is forwarded from one to another. */
	return state->hook == NF_INET_FORWARD ? max_t(u32, vrf, vrf_of(state->out)) : vrf;
}

/*
 * The connection that an ICMP error is about. An incoming error quotes a packet
 * of this host, an outgoing one a packet to it; either way the error goes to
 * the quoted source. Anything else names no connection.
 *
 * A function of its own, so that other packets do not pay for what it needs.
 */
static noinline void parse_quotation(const struct sk_buff *skb, const struct nf_hook_state *state,
				     const struct ip_info *outer, struct mseg_packet *packet)
{
	bool out = state->hook == NF_INET_FORWARD || !packet->out;
	struct mseg_conn_key *key = &packet->quoted;
	struct ip_info inner;

	memset(key, 0, sizeof(*key));
	read_into(key, out, &inner);
	if (parse_ip(skb, outer->transport + sizeof(struct icmphdr), outer->family, true, &inner) !=
	    MSEG_PACKET_FLOW)
		return;
	if (!ipv6_addr_equal(inner.source, outer->destination))
		return;
	/* Only the kernel itself answers for packets that it forwards. */
	if (packet->out && is_kernels(state->sk) &&
	    !is_local(state->net, device(skb, state), inner.destination, inner.family))
		packet->quoted_forwarded = true;
	if (!set_key(skb, &inner, out, key)) {
		key->family = 0;
		return;
	}
	key->scope = scope(skb, state, &inner);
	key->path = packet->key.path;
}

static enum mseg_packet_class parse_icmp(const struct sk_buff *skb,
					 const struct nf_hook_state *state,
					 const struct ip_info *ip, struct mseg_packet *packet)
{
	const struct icmphdr *icmp;
	struct icmphdr buffer;

	icmp = skb_header_pointer(skb, ip->transport, sizeof(buffer), &buffer);
	if (!icmp)
		return MSEG_PACKET_TRUNCATED;
	packet->service = icmp->type << 8 | icmp->code;
	if (ip->protocol == IPPROTO_ICMPV6 && is_link_message(icmp->type, ip))
		return MSEG_PACKET_LINK;
	query_type(ip->protocol, icmp->type, &packet->icmp_reply);
	if (!is_error(ip->protocol, icmp->type))
		return MSEG_PACKET_FLOW;
	packet->icmp_error = true;
	parse_quotation(skb, state, ip, packet);
	return MSEG_PACKET_ERROR;
}

static enum mseg_packet_class parse_tcp(const struct sk_buff *skb, const struct ip_info *ip,
					struct mseg_packet *packet)
{
	const struct tcphdr *tcp;
	struct tcphdr buffer;

	tcp = skb_header_pointer(skb, ip->transport, sizeof(buffer), &buffer);
	if (!tcp || tcp->doff < 5)
		return MSEG_PACKET_TRUNCATED;
	packet->tcp_syn = tcp->syn && !tcp->ack && !tcp->rst;
	packet->tcp_any_syn = tcp->syn;
	packet->tcp_rst = tcp->rst;
	packet->tcp_end = tcp->fin || tcp->rst;
	return MSEG_PACKET_FLOW;
}

/* Membership messages go to a group, with a TTL of 1: RFC 1112, 2236, 3376. */
static bool is_group_message(const struct sk_buff *skb, const struct ip_info *ip)
{
	const struct igmphdr *igmp;
	struct igmphdr buffer;

	igmp = skb_header_pointer(skb, ip->transport, sizeof(buffer), &buffer);
	if (!igmp || ip->hop_limit != 1 || !ipv4_is_multicast(ip->destination->s6_addr32[0]))
		return false;
	switch (igmp->type) {
	case IGMP_HOST_MEMBERSHIP_QUERY:
	case IGMP_HOST_MEMBERSHIP_REPORT:
	case IGMPV2_HOST_MEMBERSHIP_REPORT:
	case IGMP_HOST_LEAVE_MESSAGE:
	case IGMPV3_HOST_MEMBERSHIP_REPORT:
		return true;
	}
	return false;
}

static enum mseg_packet_class parse_transport(const struct sk_buff *skb,
					      const struct nf_hook_state *state,
					      const struct ip_info *ip, struct mseg_packet *packet)
{
	switch (ip->protocol) {
	case IPPROTO_TCP:
		return parse_tcp(skb, ip, packet);
	case IPPROTO_IGMP:
		if (ip->family == MSEG_FAMILY_IPV4 && is_group_message(skb, ip))
			return MSEG_PACKET_LINK;
		break;
	case IPPROTO_ICMP:
		if (ip->family == MSEG_FAMILY_IPV4)
			return parse_icmp(skb, state, ip, packet);
		break;
	case IPPROTO_ICMPV6:
		if (ip->family == MSEG_FAMILY_IPV6)
			return parse_icmp(skb, state, ip, packet);
		break;
	}
	return MSEG_PACKET_FLOW;
}

/*
 * All that is not filled in any case, and not more: the quotation is large, and clearing
 * it with the rest takes longer than reading an address.
 */
static void clear(struct mseg_packet *packet)
{
	struct mseg_conn_key *key = &packet->key;

	key->local = (struct in6_addr){};
	key->remote = (struct in6_addr){};
	key->lport = 0;
	key->rport = 0;
	key->scope = 0;
	key->family = 0;
	key->protocol = 0;
	key->kind = MSEG_CONN_PLAIN;
	packet->quoted.family = 0;
	packet->hash = 0;
	packet->forwarded = NULL;
	packet->transport = 0;
	packet->service = 0;
	packet->protocol = 0;
	packet->direction = 0;
	packet->quoted_forwarded = false;
	packet->to_group = false;
	packet->raw = false;
	packet->observed = false;
	packet->icmp_reply = false;
	packet->tcp_syn = false;
	packet->tcp_any_syn = false;
	packet->tcp_end = false;
	packet->tcp_rst = false;
	packet->icmp_error = false;
	packet->known = false;
	packet->strange = false;
}

enum mseg_packet_class mseg_packet_parse(const struct sk_buff *skb,
					 const struct nf_hook_state *state, int offset,
					 struct mseg_packet *packet)
{
	/* Read only as far as it was filled. */
	struct ip_info ip __uninitialized;
	enum mseg_packet_class class;
	bool told;

	clear(packet);
	packet->out = state->hook != NF_INET_LOCAL_IN;
	packet->key.path = state->hook == NF_INET_FORWARD ? MSEG_PATH_FORWARD : MSEG_PATH_HOST;
	packet->family = state->pf == NFPROTO_IPV4 ? MSEG_FAMILY_IPV4 : MSEG_FAMILY_IPV6;
	packet->sk = packet->out ? state->sk : NULL;
	packet->ifindex = interface(skb, state);
	packet->by_kernel = state->hook == NF_INET_LOCAL_OUT &&
			    (!state->sk || is_kernels(state->sk));
	packet->len = skb->len - offset;
	packet->segments = max_t(u32, 1, skb_shinfo(skb)->gso_segs);
	read_into(&packet->key, packet->out, &ip);
	class = parse_ip(skb, offset, packet->family, false, &ip);
	if (class != MSEG_PACKET_FLOW && class != MSEG_PACKET_FRAGMENT)
		return class;
	if (packet->out && ip.routed)
		return MSEG_PACKET_ROUTED;
	packet->protocol = ip.protocol;
	packet->transport = ip.transport;
	packet->key.scope = scope(skb, state, &ip);
	packet->to_group = is_group(skb, &ip);
	told = set_key(skb, &ip, packet->out, &packet->key);
	if (mseg_protocol_has_ports(ip.protocol))
		packet->service = ntohs(packet->out ? packet->key.rport : packet->key.lport);
	if (class == MSEG_PACKET_FRAGMENT)
		return class;
	/* A header may claim to end behind the packet: then nothing follows it. */
	if (!told || ip.transport > skb->len)
		return MSEG_PACKET_TRUNCATED;
	return parse_transport(skb, state, &ip, packet);
}

static_assert(sizeof(struct mseg_conn_key) == 44, "a key has no holes");

void mseg_packet_count_drop(struct mseg_stats __percpu *stats, enum mseg_packet_class class)
{
	switch (class) {
	case MSEG_PACKET_FRAGMENT:
		mseg_stat(stats, drop_fragment);
		break;
	case MSEG_PACKET_TRUNCATED:
		mseg_stat(stats, drop_truncated);
		break;
	case MSEG_PACKET_ROUTED:
		mseg_stat(stats, drop_source_route);
		break;
	default:
		mseg_stat(stats, drop_headers);
	}
}

void mseg_packet_to_single(struct mseg_packet *packet)
{
	packet->key.kind = packet->out ? MSEG_CONN_SINGLE_OUT : MSEG_CONN_SINGLE_IN;
	packet->key.lport = 0;
	packet->key.rport = htons(packet->service);
}

void mseg_packet_to_rejected(struct mseg_conn_key *key, u8 direction)
{
	bool out = direction == MSEG_DIRECTION_OUT;

	key->kind = out ? MSEG_CONN_REJECTED_OUT : MSEG_CONN_REJECTED_IN;
	if (mseg_packet_client_is_local(key, direction))
		key->lport = 0;
	else
		key->rport = 0;
}

bool mseg_packet_turn(struct mseg_conn_key *key)
{
	switch (key->kind) {
	case MSEG_CONN_PLAIN:
		swap(key->lport, key->rport);
		break;
	case MSEG_CONN_QUERY_OUT:
		key->kind = MSEG_CONN_QUERY_IN;
		break;
	case MSEG_CONN_QUERY_IN:
		key->kind = MSEG_CONN_QUERY_OUT;
		break;
	default:
		return false;
	}
	swap(key->local, key->remote);
	return true;
}
