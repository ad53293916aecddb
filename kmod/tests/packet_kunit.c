// SPDX-License-Identifier: GPL-2.0
/*
 * The packet parser. Every packet is parsed in one piece, cloned, and split
 * between head and page at several places: all must say the same.
 */
#include "../packet.c"

#include <linux/prandom.h>

#include "tests.h"

#define ROOM 2048

struct build {
	u8 bytes[ROOM];
	size_t len;
	u8 pf;
};

static const struct in6_addr here6 = { .s6_addr = { 0x20, 0x01, 0xd, 0xb8, [15] = 1 } };
static const struct in6_addr there6 = { .s6_addr = { 0x20, 0x01, 0xd, 0xb8, [15] = 2 } };
static const struct in6_addr link6 = { .s6_addr = { 0xfe, 0x80, [15] = 2 } };
static const struct in6_addr all_nodes6 = { .s6_addr = { 0xff, 0x02, [15] = 1 } };
#define HERE htonl(0xc0000201)
#define THERE htonl(0xc0000202)

static void *put(struct build *build, size_t len)
{
	void *place = build->bytes + build->len;

	memset(place, 0, len);
	build->len += len;
	return place;
}

static struct iphdr *ipv4(struct build *build, u8 protocol, __be32 source, __be32 destination)
{
	struct iphdr *ip = put(build, sizeof(*ip));

	build->pf = NFPROTO_IPV4;
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = protocol;
	ip->saddr = source;
	ip->daddr = destination;
	return ip;
}

static struct ipv6hdr *ipv6(struct build *build, u8 next, const struct in6_addr *source,
			    const struct in6_addr *destination)
{
	struct ipv6hdr *ip = put(build, sizeof(*ip));

	build->pf = NFPROTO_IPV6;
	ip->version = 6;
	ip->hop_limit = 64;
	ip->nexthdr = next;
	ip->saddr = *source;
	ip->daddr = *destination;
	return ip;
}

/* IP header of either family, from here or to here. */
static void ip(struct build *build, u8 family, u8 protocol, bool out)
{
	build->len = 0;
	if (family == MSEG_FAMILY_IPV4)
		ipv4(build, protocol, out ? HERE : THERE, out ? THERE : HERE);
	else
		ipv6(build, protocol, out ? &here6 : &there6, out ? &there6 : &here6);
}

static struct tcphdr *tcp(struct build *build, u16 source, u16 destination)
{
	struct tcphdr *tcp = put(build, sizeof(*tcp));

	tcp->source = htons(source);
	tcp->dest = htons(destination);
	tcp->doff = 5;
	tcp->ack = 1;
	return tcp;
}

static void ports(struct build *build, u16 source, u16 destination, size_t len)
{
	__be16 *place = put(build, len);

	place[0] = htons(source);
	place[1] = htons(destination);
}

static struct icmphdr *icmp(struct build *build, u8 type, u8 code, u16 id)
{
	struct icmphdr *icmp = put(build, sizeof(*icmp));

	icmp->type = type;
	icmp->code = code;
	icmp->un.echo.id = htons(id);
	return icmp;
}

/* A packet with len bytes, head of which lie in the linear part. */
static struct sk_buff *make_skb(struct kunit *test, const u8 *bytes, size_t len, size_t head)
{
	struct sk_buff *skb = alloc_skb(head, GFP_KERNEL);
	struct page *page;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, bytes, head);
	skb_reset_network_header(skb);
	if (len == head)
		return skb;
	page = alloc_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	/* At the page's end, so that reading on is noticed. */
	memcpy(page_address(page) + PAGE_SIZE - (len - head), bytes + head, len - head);
	skb_fill_page_desc(skb, 0, page, PAGE_SIZE - (len - head), len - head);
	skb->len += len - head;
	skb->data_len += len - head;
	skb->truesize += PAGE_SIZE;
	return skb;
}

static enum mseg_packet_class parse_skb(const struct sk_buff *skb, u8 pf, bool out,
					struct mseg_packet *packet)
{
	struct nf_hook_state state = {
		.hook = out ? NF_INET_LOCAL_OUT : NF_INET_LOCAL_IN,
		.pf = pf,
		.in = init_net.loopback_dev,
		.out = init_net.loopback_dev,
		.net = &init_net,
	};
	enum mseg_packet_class class;

	memset(packet, 0xa5, sizeof(*packet));
	rcu_read_lock();
	class = mseg_packet_parse(skb, &state, skb_network_offset(skb), packet);
	rcu_read_unlock();
	return class;
}

/* What others fill is not what was there before. */
static bool is_clear(const struct mseg_packet *packet)
{
	return !packet->forwarded && !packet->direction && !packet->raw && !packet->observed &&
	       !packet->known && !packet->strange && !packet->hash;
}

static bool same_packet(const struct mseg_packet *a, const struct mseg_packet *b)
{
	return !memcmp(&a->key, &b->key, sizeof(a->key)) &&
	       !memcmp(&a->quoted, &b->quoted, sizeof(a->quoted)) && a->service == b->service &&
	       a->protocol == b->protocol && a->icmp_reply == b->icmp_reply &&
	       a->tcp_syn == b->tcp_syn && a->tcp_any_syn == b->tcp_any_syn &&
	       a->tcp_end == b->tcp_end && a->tcp_rst == b->tcp_rst &&
	       a->icmp_error == b->icmp_error && a->len == b->len;
}

static enum mseg_packet_class parse(struct kunit *test, const struct build *build, size_t len,
				    bool out, struct mseg_packet *packet)
{
	size_t heads[] = { len, 0, 1, len / 2, len > 4 ? len - 4 : 0 };
	enum mseg_packet_class class, other_class;
	struct sk_buff *skb, *clone;
	struct mseg_packet other;
	int i;

	skb = make_skb(test, build->bytes, len, len);
	class = parse_skb(skb, build->pf, out, packet);
	clone = skb_clone(skb, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	other_class = parse_skb(clone, build->pf, out, &other);
	KUNIT_EXPECT_EQ(test, class, other_class);
	KUNIT_EXPECT_TRUE(test, same_packet(packet, &other));
	KUNIT_EXPECT_TRUE(test, is_clear(packet));
	KUNIT_EXPECT_EQ(test, len, skb->len);
	kfree_skb(clone);
	kfree_skb(skb);
	for (i = 1; i < ARRAY_SIZE(heads) && len; i++) {
		skb = make_skb(test, build->bytes, len, heads[i]);
		other_class = parse_skb(skb, build->pf, out, &other);
		KUNIT_EXPECT_EQ_MSG(test, class, other_class, "%zu of %zu in the head", heads[i],
				    len);
		KUNIT_EXPECT_TRUE(test, same_packet(packet, &other));
		KUNIT_EXPECT_EQ(test, heads[i], skb_headlen(skb));
		kfree_skb(skb);
	}
	return class;
}

static struct build *new_build(struct kunit *test)
{
	struct build *build = kunit_kzalloc(test, sizeof(*build), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, build);
	return build;
}

/* A good transport header of any protocol. */
static void transport(struct build *build, u8 family, u8 protocol)
{
	if (protocol == IPPROTO_TCP)
		tcp(build, 1000, 2000);
	else if (mseg_protocol_has_ports(protocol))
		ports(build, 1000, 2000, 16);
	else if (protocol == IPPROTO_ICMP && family == MSEG_FAMILY_IPV4)
		icmp(build, ICMP_ECHO, 0, 7);
	else if (protocol == IPPROTO_ICMPV6 && family == MSEG_FAMILY_IPV6)
		icmp(build, ICMPV6_ECHO_REQUEST, 0, 7);
	else
		put(build, 16);
}

static bool is_extension(u8 protocol)
{
	return protocol == NEXTHDR_HOP || protocol == NEXTHDR_ROUTING ||
	       protocol == NEXTHDR_FRAGMENT || protocol == NEXTHDR_AUTH || protocol == NEXTHDR_DEST;
}

static void every_protocol(struct kunit *test)
{
	static const u8 families[] = { MSEG_FAMILY_IPV4, MSEG_FAMILY_IPV6 };
	struct build *build = new_build(test);
	struct mseg_packet packet;
	int protocol, i, out;

	for (protocol = 0; protocol < 512; protocol++) {
		i = protocol & 1;
		for (out = 0; out < 2; out++) {
			u8 p = protocol >> 1;

			if (families[i] == MSEG_FAMILY_IPV6 && is_extension(p))
				continue;
			ip(build, families[i], p, out);
			transport(build, families[i], p);
			KUNIT_EXPECT_EQ_MSG(test, MSEG_PACKET_FLOW,
					    parse(test, build, build->len, out, &packet),
					    "protocol %u", p);
			KUNIT_EXPECT_EQ(test, p, packet.protocol);
			KUNIT_EXPECT_EQ(test, p, packet.key.protocol);
			KUNIT_EXPECT_EQ(test, families[i], packet.key.family);
			if (mseg_protocol_has_ports(p)) {
				KUNIT_EXPECT_EQ(test, 2000, packet.service);
				KUNIT_EXPECT_EQ(test, 1000,
						ntohs(out ? packet.key.lport : packet.key.rport));
			} else if (!mseg_protocol_is_icmp(p)) {
				KUNIT_EXPECT_EQ(test, 0, packet.service);
				KUNIT_EXPECT_EQ(test, 0, packet.key.lport);
				KUNIT_EXPECT_EQ(test, 0, packet.key.rport);
			}
		}
	}
}

/* Cut at every byte: refused while a header that is read is not whole. */
static void truncated(struct kunit *test)
{
	static const struct {
		u8 family;
		u8 protocol;
		u8 need;
	} cases[] = {
		{ MSEG_FAMILY_IPV4, IPPROTO_TCP, 20 },	  { MSEG_FAMILY_IPV6, IPPROTO_TCP, 20 },
		{ MSEG_FAMILY_IPV4, IPPROTO_UDP, 4 },	  { MSEG_FAMILY_IPV6, IPPROTO_UDP, 4 },
		{ MSEG_FAMILY_IPV4, IPPROTO_SCTP, 4 },	  { MSEG_FAMILY_IPV6, IPPROTO_DCCP, 4 },
		{ MSEG_FAMILY_IPV4, IPPROTO_UDPLITE, 4 }, { MSEG_FAMILY_IPV4, IPPROTO_ICMP, 8 },
		{ MSEG_FAMILY_IPV6, IPPROTO_ICMPV6, 8 },  { MSEG_FAMILY_IPV4, IPPROTO_GRE, 0 },
		{ MSEG_FAMILY_IPV6, IPPROTO_ESP, 0 },	  { MSEG_FAMILY_IPV4, IPPROTO_ICMPV6, 0 },
	};
	struct build *build = new_build(test);
	enum mseg_packet_class class, want;
	struct mseg_packet packet;
	size_t len, header;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ip(build, cases[i].family, cases[i].protocol, false);
		header = build->len;
		transport(build, cases[i].family, cases[i].protocol);
		for (len = 0; len <= build->len; len++) {
			class = parse(test, build, len, false, &packet);
			want = MSEG_PACKET_FLOW;
			if (len < header + cases[i].need)
				want = MSEG_PACKET_TRUNCATED;
			KUNIT_EXPECT_EQ_MSG(test, want, class, "protocol %u, %zu bytes",
					    cases[i].protocol, len);
		}
	}
}

static void bad_headers(struct kunit *test)
{
	struct build *build = new_build(test);
	struct mseg_packet packet;
	int i;

	for (i = 0; i < 16; i++) {
		ip(build, MSEG_FAMILY_IPV4, IPPROTO_UDP, false);
		transport(build, MSEG_FAMILY_IPV4, IPPROTO_UDP);
		((struct iphdr *)build->bytes)->version = i;
		KUNIT_EXPECT_EQ(test, i == 4 ? MSEG_PACKET_FLOW : MSEG_PACKET_TRUNCATED,
				parse(test, build, build->len, false, &packet));
		ip(build, MSEG_FAMILY_IPV6, IPPROTO_UDP, false);
		transport(build, MSEG_FAMILY_IPV6, IPPROTO_UDP);
		((struct ipv6hdr *)build->bytes)->version = i;
		KUNIT_EXPECT_EQ(test, i == 6 ? MSEG_PACKET_FLOW : MSEG_PACKET_TRUNCATED,
				parse(test, build, build->len, false, &packet));
		ip(build, MSEG_FAMILY_IPV4, IPPROTO_TCP, false);
		tcp(build, 1000, 2000)->doff = i;
		KUNIT_EXPECT_EQ(test, i < 5 ? MSEG_PACKET_TRUNCATED : MSEG_PACKET_FLOW,
				parse(test, build, build->len, false, &packet));
	}
	for (i = 0; i < 16; i++) {
		ip(build, MSEG_FAMILY_IPV4, IPPROTO_TCP, false);
		put(build, max(0, i - 5) * 4);
		tcp(build, 1000, 2000);
		((struct iphdr *)build->bytes)->ihl = i;
		KUNIT_EXPECT_EQ(test, i < 5 ? MSEG_PACKET_TRUNCATED : MSEG_PACKET_FLOW,
				parse(test, build, build->len, false, &packet));
		if (i >= 5)
			KUNIT_EXPECT_EQ(test, 2000, packet.service);
	}
}

static void tcp_flags(struct kunit *test)
{
	struct build *build = new_build(test);
	struct mseg_packet packet;
	struct tcphdr *header;
	int flags;

	for (flags = 0; flags < 64; flags++) {
		ip(build, MSEG_FAMILY_IPV4, IPPROTO_TCP, false);
		header = tcp(build, 1000, 2000);
		((u8 *)header)[13] = flags;
		KUNIT_EXPECT_EQ(test, MSEG_PACKET_FLOW,
				parse(test, build, build->len, false, &packet));
		KUNIT_EXPECT_EQ(test, header->syn && !header->ack && !header->rst, packet.tcp_syn);
		KUNIT_EXPECT_EQ(test, !!header->syn, packet.tcp_any_syn);
		KUNIT_EXPECT_EQ(test, header->fin || header->rst, packet.tcp_end);
		KUNIT_EXPECT_EQ(test, !!header->rst, packet.tcp_rst);
	}
}

/* n headers of one kind, then TCP; 0 for a mixture. */
static void chain(struct build *build, u8 kind, int n)
{
	static const u8 kinds[] = { NEXTHDR_DEST, NEXTHDR_ROUTING, NEXTHDR_AUTH, NEXTHDR_FRAGMENT,
				    NEXTHDR_HOP };
	u8 *next;
	int i;

	ip(build, MSEG_FAMILY_IPV6, 0, false);
	next = &((struct ipv6hdr *)build->bytes)->nexthdr;
	for (i = 0; i < n; i++) {
		u8 this = kind ? kind : kinds[i % ARRAY_SIZE(kinds)];
		/* In units of 8 bytes; authentication counts in 4. */
		u8 units = this == NEXTHDR_FRAGMENT ? 1 : 1 + i % 3;
		u8 *header = put(build, 8 * units);

		*next = this;
		if (this == NEXTHDR_AUTH)
			header[1] = 2 * units - 2;
		else if (this != NEXTHDR_FRAGMENT)
			header[1] = units - 1;
		next = header;
	}
	*next = IPPROTO_TCP;
	tcp(build, 1000, 2000);
}

static void extension_chains(struct kunit *test)
{
	static const u8 kinds[] = {
		0, NEXTHDR_DEST, NEXTHDR_ROUTING, NEXTHDR_AUTH, NEXTHDR_FRAGMENT, NEXTHDR_HOP
	};
	struct build *build = new_build(test);
	enum mseg_packet_class class;
	struct mseg_packet packet;
	size_t len;
	int i, n;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (n = 1; n <= 64; n++) {
			chain(build, kinds[i], n);
			KUNIT_EXPECT_EQ_MSG(test,
					    n <= MAX_EXTENSION_HEADERS ? MSEG_PACKET_FLOW :
									 MSEG_PACKET_HEADERS,
					    parse(test, build, build->len, false, &packet),
					    "%d headers of kind %u", n, kinds[i]);
			if (n > MAX_EXTENSION_HEADERS)
				continue;
			KUNIT_EXPECT_EQ(test, IPPROTO_TCP, packet.protocol);
			KUNIT_EXPECT_EQ(test, 2000, packet.service);
		}
	}
	chain(build, 0, 5);
	for (len = 0; len < build->len; len++) {
		class = parse(test, build, len, false, &packet);
		/* Half a fragment header is a fragment. */
		KUNIT_EXPECT_TRUE_MSG(test,
				      class == MSEG_PACKET_TRUNCATED ||
					      class == MSEG_PACKET_FRAGMENT,
				      "%zu bytes", len);
	}
}

/* An extension header that reaches beyond the packet leaves no upper layer. */
static void extension_beyond_the_end(struct kunit *test)
{
	static const u8 protocols[] = { IPPROTO_UDP, IPPROTO_GRE, NEXTHDR_NONE };
	struct build *build = new_build(test);
	struct mseg_packet packet;
	u8 *header;
	int i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		ip(build, MSEG_FAMILY_IPV6, NEXTHDR_DEST, false);
		header = put(build, 8);
		header[0] = protocols[i];
		header[1] = 200;
		KUNIT_EXPECT_EQ_MSG(test, MSEG_PACKET_TRUNCATED,
				    parse(test, build, build->len, false, &packet), "protocol %u",
				    protocols[i]);
	}
}

static void fragments(struct kunit *test)
{
	static const u16 fields[] = { IP_MF, 1, IP_MF | 1, IP_OFFSET };
	struct build *build = new_build(test);
	struct mseg_packet packet;
	struct frag_hdr *fragment;
	int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		ip(build, MSEG_FAMILY_IPV4, IPPROTO_UDP, false);
		((struct iphdr *)build->bytes)->frag_off = htons(fields[i]);
		ports(build, 1000, 53, 8);
		KUNIT_EXPECT_EQ(test, MSEG_PACKET_FRAGMENT,
				parse(test, build, build->len, false, &packet));
	}
	ip(build, MSEG_FAMILY_IPV4, IPPROTO_UDP, false);
	((struct iphdr *)build->bytes)->frag_off = htons(IP_DF);
	ports(build, 1000, 53, 8);
	KUNIT_EXPECT_EQ(test, MSEG_PACKET_FLOW, parse(test, build, build->len, false, &packet));
	for (i = 0; i < 3; i++) {
		ip(build, MSEG_FAMILY_IPV6, NEXTHDR_FRAGMENT, false);
		fragment = put(build, sizeof(*fragment));
		fragment->nexthdr = IPPROTO_UDP;
		fragment->frag_off = htons(i == 0 ? 0 : i == 1 ? IP6_MF : 8);
		ports(build, 1000, 53, 8);
		/* RFC 6946: whole in spite of the header. */
		KUNIT_EXPECT_EQ(test, i ? MSEG_PACKET_FRAGMENT : MSEG_PACKET_FLOW,
				parse(test, build, build->len, false, &packet));
	}
}

/* POLICY.md: what passes, where it is valid on the link. */
static bool passes(u8 type, u8 hop_limit, bool link_local)
{
	if ((type >= 133 && type <= 136) || type == 141 || type == 142)
		return hop_limit == 255;
	if ((type >= 130 && type <= 132) || type == 143 || (type >= 151 && type <= 153))
		return hop_limit == 1 && link_local;
	return false;
}

static void link_messages(struct kunit *test)
{
	static const u8 limits[] = { 0, 1, 2, 64, 254, 255 };
	struct build *build = new_build(test);
	enum mseg_packet_class class;
	struct mseg_packet packet;
	int type, i, local;

	for (type = 128; type < 256; type++) {
		for (i = 0; i < ARRAY_SIZE(limits); i++) {
			for (local = 0; local < 2; local++) {
				build->len = 0;
				ipv6(build, IPPROTO_ICMPV6, local ? &link6 : &there6, &all_nodes6)
					->hop_limit = limits[i];
				icmp(build, type, 0, 0);
				put(build, 16);
				class = parse(test, build, build->len, false, &packet);
				KUNIT_EXPECT_EQ_MSG(test,
						    passes(type, limits[i], local) ?
							    MSEG_PACKET_LINK :
							    MSEG_PACKET_FLOW,
						    class, "type %d, hop limit %u", type, limits[i]);
			}
		}
	}
	/* The same type is nothing in the other family. */
	ip(build, MSEG_FAMILY_IPV4, IPPROTO_ICMP, false);
	((struct iphdr *)build->bytes)->ttl = 255;
	icmp(build, 135, 0, 0);
	KUNIT_EXPECT_EQ(test, MSEG_PACKET_FLOW, parse(test, build, build->len, false, &packet));
}

static void igmp(struct kunit *test)
{
	struct build *build = new_build(test);
	enum mseg_packet_class class;
	struct mseg_packet packet;
	int type, ttl, group;
	bool pass;

	for (type = 0; type < 256; type++) {
		for (ttl = 1; ttl <= 2; ttl++) {
			for (group = 0; group < 2; group++) {
				build->len = 0;
				ipv4(build, IPPROTO_IGMP, THERE, group ? htonl(0xe0000016) : HERE)
					->ttl = ttl;
				*(u8 *)put(build, 8) = type;
				class = parse(test, build, build->len, false, &packet);
				pass = (type == 0x11 || type == 0x12 || type == 0x16 ||
					type == 0x17 || type == 0x22) &&
				       ttl == 1 && group;
				KUNIT_EXPECT_EQ_MSG(test, pass ? MSEG_PACKET_LINK : MSEG_PACKET_FLOW,
						    class, "type %d, TTL %d", type, ttl);
			}
		}
	}
}

/* Both directions of a connection have one key, and no byte is left undefined. */
static void one_key(struct kunit *test)
{
	static const u8 families[] = { MSEG_FAMILY_IPV4, MSEG_FAMILY_IPV6 };
	struct build *build = new_build(test);
	struct mseg_packet there, back;
	int i;

	for (i = 0; i < 2; i++) {
		ip(build, families[i], IPPROTO_TCP, true);
		tcp(build, 1000, 80);
		parse(test, build, build->len, true, &there);
		ip(build, families[i], IPPROTO_TCP, false);
		tcp(build, 80, 1000);
		parse(test, build, build->len, false, &back);
		KUNIT_EXPECT_MEMEQ(test, &there.key, &back.key, sizeof(there.key));
		KUNIT_EXPECT_EQ(test, 0, there.key.path);
		ip(build, families[i], IPPROTO_TCP, false);
		tcp(build, 81, 1000);
		parse(test, build, build->len, false, &back);
		KUNIT_EXPECT_MEMNEQ(test, &there.key, &back.key, sizeof(there.key));
	}
}

static void icmp_exchanges(struct kunit *test)
{
	struct mseg_packet request, reply, other;
	struct build *build = new_build(test);

	ip(build, MSEG_FAMILY_IPV4, IPPROTO_ICMP, true);
	icmp(build, ICMP_ECHO, 0, 7);
	parse(test, build, build->len, true, &request);
	KUNIT_EXPECT_FALSE(test, request.icmp_reply);
	KUNIT_EXPECT_EQ(test, ICMP_ECHO << 8, request.service);
	ip(build, MSEG_FAMILY_IPV4, IPPROTO_ICMP, false);
	icmp(build, ICMP_ECHOREPLY, 0, 7);
	parse(test, build, build->len, false, &reply);
	KUNIT_EXPECT_TRUE(test, reply.icmp_reply);
	KUNIT_EXPECT_MEMEQ(test, &request.key, &reply.key, sizeof(reply.key));
	/* Another identifier, or a request of the peer's, is another exchange. */
	ip(build, MSEG_FAMILY_IPV4, IPPROTO_ICMP, false);
	icmp(build, ICMP_ECHOREPLY, 0, 8);
	parse(test, build, build->len, false, &other);
	KUNIT_EXPECT_MEMNEQ(test, &request.key, &other.key, sizeof(other.key));
	ip(build, MSEG_FAMILY_IPV4, IPPROTO_ICMP, false);
	icmp(build, ICMP_ECHO, 0, 7);
	parse(test, build, build->len, false, &other);
	KUNIT_EXPECT_MEMNEQ(test, &request.key, &other.key, sizeof(other.key));
	mseg_packet_to_single(&reply);
	KUNIT_EXPECT_EQ(test, MSEG_CONN_SINGLE_IN, reply.key.kind);
}

/* A forwarded connection is one from either end; what is no exchange has none. */
static void turning(struct kunit *test)
{
	struct build *build = new_build(test);
	struct mseg_packet request, reply;

	ip(build, MSEG_FAMILY_IPV6, IPPROTO_TCP, true);
	tcp(build, 1000, 80);
	parse(test, build, build->len, true, &request);
	ip(build, MSEG_FAMILY_IPV6, IPPROTO_TCP, false);
	tcp(build, 80, 1000);
	parse(test, build, build->len, true, &reply);
	KUNIT_EXPECT_MEMNEQ(test, &request.key, &reply.key, sizeof(reply.key));
	KUNIT_EXPECT_TRUE(test, mseg_packet_turn(&reply.key));
	KUNIT_EXPECT_MEMEQ(test, &request.key, &reply.key, sizeof(reply.key));
	ip(build, MSEG_FAMILY_IPV4, IPPROTO_ICMP, true);
	icmp(build, ICMP_ECHO, 0, 7);
	parse(test, build, build->len, true, &request);
	ip(build, MSEG_FAMILY_IPV4, IPPROTO_ICMP, false);
	icmp(build, ICMP_ECHOREPLY, 0, 7);
	parse(test, build, build->len, true, &reply);
	KUNIT_EXPECT_TRUE(test, mseg_packet_turn(&reply.key));
	KUNIT_EXPECT_MEMEQ(test, &request.key, &reply.key, sizeof(reply.key));
	mseg_packet_to_single(&reply);
	KUNIT_EXPECT_FALSE(test, mseg_packet_turn(&reply.key));
}

static void scopes(struct kunit *test)
{
	struct build *build = new_build(test);
	struct mseg_packet packet;

	build->len = 0;
	ipv6(build, IPPROTO_UDP, &link6, &here6);
	ports(build, 1000, 546, 8);
	parse(test, build, build->len, false, &packet);
	KUNIT_EXPECT_EQ(test, init_net.loopback_dev->ifindex, packet.key.scope);
	ip(build, MSEG_FAMILY_IPV6, IPPROTO_UDP, false);
	ports(build, 1000, 546, 8);
	parse(test, build, build->len, false, &packet);
	KUNIT_EXPECT_EQ(test, 0, packet.key.scope);
}

/* An error from a router that quotes what this host sent to its peer. */
static void error_about(struct build *build, u8 family, u8 protocol)
{
	static const struct in6_addr router6 = { .s6_addr = { 0x20, 0x01, 0xd, 0xb8, [15] = 9 } };

	build->len = 0;
	if (family == MSEG_FAMILY_IPV4) {
		ipv4(build, IPPROTO_ICMP, htonl(0xc0000209), HERE);
		icmp(build, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 0);
		ipv4(build, protocol, HERE, THERE);
	} else {
		ipv6(build, IPPROTO_ICMPV6, &router6, &here6);
		icmp(build, ICMPV6_PKT_TOOBIG, 0, 0);
		ipv6(build, protocol, &here6, &there6);
	}
	transport(build, family, protocol);
}

static void quotations(struct kunit *test)
{
	static const u8 protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_GRE };
	static const u8 families[] = { MSEG_FAMILY_IPV4, MSEG_FAMILY_IPV6 };
	struct build *build = new_build(test);
	struct mseg_packet sent, error;
	size_t len, outer, need;
	int f, p;

	for (f = 0; f < 2; f++) {
		outer = families[f] == MSEG_FAMILY_IPV4 ? 20 : 40;
		for (p = 0; p < ARRAY_SIZE(protocols); p++) {
			ip(build, families[f], protocols[p], true);
			transport(build, families[f], protocols[p]);
			parse(test, build, build->len, true, &sent);
			need = outer + 8 + outer + (protocols[p] == IPPROTO_GRE ? 0 : 4);
			error_about(build, families[f], protocols[p]);
			for (len = outer + 8; len <= build->len; len++) {
				KUNIT_EXPECT_EQ(test, MSEG_PACKET_ERROR,
						parse(test, build, len, false, &error));
				if (len < need)
					KUNIT_EXPECT_EQ_MSG(test, 0, error.quoted.family,
							    "%zu of %zu bytes", len, need);
				else
					KUNIT_EXPECT_MEMEQ(test, &sent.key, &error.quoted,
							   sizeof(sent.key));
				KUNIT_EXPECT_FALSE(test, error.quoted_forwarded);
			}
		}
	}
}

static void forged_quotations(struct kunit *test)
{
	struct build *build = new_build(test);
	struct mseg_packet packet;
	struct iphdr *inner;

	/* Quotes a packet that this host did not send. */
	error_about(build, MSEG_FAMILY_IPV4, IPPROTO_TCP);
	inner = (struct iphdr *)(build->bytes + 28);
	inner->saddr = htonl(0xc0000203);
	KUNIT_EXPECT_EQ(test, MSEG_PACKET_ERROR, parse(test, build, build->len, false, &packet));
	KUNIT_EXPECT_EQ(test, 0, packet.quoted.family);
	/* A later fragment holds no ports, whatever its bytes look like. */
	error_about(build, MSEG_FAMILY_IPV4, IPPROTO_UDP);
	inner->frag_off = htons(100);
	parse(test, build, build->len, false, &packet);
	KUNIT_EXPECT_EQ(test, 0, packet.quoted.family);
	/* The first one does. */
	inner->frag_off = htons(IP_MF);
	parse(test, build, build->len, false, &packet);
	KUNIT_EXPECT_EQ(test, MSEG_FAMILY_IPV4, packet.quoted.family);
	inner->version = 6;
	inner->frag_off = 0;
	parse(test, build, build->len, false, &packet);
	KUNIT_EXPECT_EQ(test, 0, packet.quoted.family);
	inner->version = 4;
	inner->ihl = 4;
	parse(test, build, build->len, false, &packet);
	KUNIT_EXPECT_EQ(test, 0, packet.quoted.family);
	inner->ihl = 15;
	parse(test, build, build->len, false, &packet);
	KUNIT_EXPECT_EQ(test, 0, packet.quoted.family);
	/* A program may not pass anything as an error about forwarded packets. */
	ip(build, MSEG_FAMILY_IPV4, IPPROTO_ICMP, true);
	icmp(build, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 0);
	ipv4(build, IPPROTO_UDP, THERE, htonl(0xc0000205));
	ports(build, 1000, 53, 8);
	parse(test, build, build->len, true, &packet);
	KUNIT_EXPECT_FALSE(test, packet.quoted_forwarded);
}

/* Whatever comes: nothing is read beyond the end, nothing left undefined. */
static void random_packets(struct kunit *test)
{
	static const u8 protocols[] = { 0, 1, 2, 6, 17, 43, 44, 51, 58, 59, 60, 132, 136 };
	struct build *build = new_build(test);
	u64 seed = get_random_u64();
	struct mseg_packet packet;
	struct rnd_state rnd;
	u32 i, flips;

	kunit_info(test, "seed %llu", seed);
	prandom_seed_state(&rnd, seed);
	for (i = 0; i < 4000; i++) {
		u8 protocol = protocols[prandom_u32_state(&rnd) % ARRAY_SIZE(protocols)];
		bool out = prandom_u32_state(&rnd) & 1;

		if (i % 3 == 0)
			error_about(build, i & 1 ? MSEG_FAMILY_IPV4 : MSEG_FAMILY_IPV6, protocol);
		else
			ip(build, i & 1 ? MSEG_FAMILY_IPV4 : MSEG_FAMILY_IPV6, protocol, out);
		prandom_bytes_state(&rnd, put(build, 64), 64);
		for (flips = prandom_u32_state(&rnd) % 4; flips; flips--)
			build->bytes[prandom_u32_state(&rnd) % build->len] ^=
				1 << prandom_u32_state(&rnd) % 8;
		parse(test, build, prandom_u32_state(&rnd) % (build->len + 1), out, &packet);
	}
}

static struct kunit_case cases[] = { KUNIT_CASE(every_protocol),
				     KUNIT_CASE(truncated),
				     KUNIT_CASE(bad_headers),
				     KUNIT_CASE(tcp_flags),
				     KUNIT_CASE(extension_chains),
				     KUNIT_CASE(extension_beyond_the_end),
				     KUNIT_CASE(fragments),
				     KUNIT_CASE_SLOW(link_messages),
				     KUNIT_CASE_SLOW(igmp),
				     KUNIT_CASE(one_key),
				     KUNIT_CASE(icmp_exchanges),
				     KUNIT_CASE(scopes),
				     KUNIT_CASE(turning),
				     KUNIT_CASE(quotations),
				     KUNIT_CASE(forged_quotations),
				     KUNIT_CASE_SLOW(random_packets),
				     {} };

static struct kunit_suite suite = {
	.name = "mseg_packet",
	.test_cases = cases,
};

kunit_test_suite(suite);
