// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that are made here, shown to the hooks that they would meet, and never
 * sent. A few buffers take turns, with the addresses of another connection each
 * time: a buffer for each connection would measure the buffers.
 */
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/nsproxy.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/sock.h>

#include "bench.h"

/* What tests/bench/guest.py gave the addresses to. */
#define DEVICE "bench0"

#define BUFFERS 8
#define PAYLOAD 64

/* In the flags of TCP. */
#define TCP_SYN 0x02
#define TCP_ACK 0x10

#define SERVICE 443
#define FIRST_PORT 16384
#define PORTS 16384

static const __be32 local4 = cpu_to_be32(0xc0000201); /* 192.0.2.1 */
static const u32 remote4 = 0xc6120000;		      /* 198.18.0.0/15 */
static const struct in6_addr local6 = { { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } } };
static const struct in6_addr remote6 = { { { 0x20, 0x01, 0x0d, 0xb8, 0, 2, [15] = 1 } } };

/* What is sent. */
struct traffic {
	struct net *net;
	struct net_device *dev;
	struct socket *socket;
	struct sk_buff *buffers[BUFFERS];
	u8 pf;
	u8 protocol;
	bool out;
	bool outgoing; /* this host began */
	u8 flags;
	u32 from;
	u32 flows;
	u32 slices;
	u32 packets;
	u32 sent;
	u32 refused;
};

static unsigned int empty_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return NF_ACCEPT;
}

static const struct nf_hook_ops hooks[] = {
	{ .hook = empty_hook, .pf = NFPROTO_IPV4, .hooknum = NF_INET_LOCAL_IN },
	{ .hook = empty_hook, .pf = NFPROTO_IPV4, .hooknum = NF_INET_LOCAL_OUT },
	{ .hook = empty_hook, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_IN },
	{ .hook = empty_hook, .pf = NFPROTO_IPV6, .hooknum = NF_INET_LOCAL_OUT },
};

static struct net *hooked;

static int unhook(void)
{
	if (!hooked)
		return 0;
	nf_unregister_net_hooks(hooked, hooks, ARRAY_SIZE(hooks));
	put_net(hooked);
	hooked = NULL;
	return 0;
}

int bench_packets_hook(const char *arguments, char *answer, size_t size)
{
	int err;

	if (strcmp(arguments, "on") || hooked)
		return unhook();
	hooked = get_net(current->nsproxy->net_ns);
	err = nf_register_net_hooks(hooked, hooks, ARRAY_SIZE(hooks));
	if (err) {
		put_net(hooked);
		hooked = NULL;
	}
	return err;
}

void bench_packets_exit(void)
{
	unhook();
}

static bool is_ipv4(const struct traffic *traffic)
{
	return traffic->pf == NFPROTO_IPV4;
}

static int parse(struct traffic *traffic, const char *arguments)
{
	char direction[4], began[4];
	u32 family;

	if (sscanf(arguments, "%u %hhu %3s %3s %hhx %u %u %u %u", &family, &traffic->protocol,
		   direction, began, &traffic->flags, &traffic->from, &traffic->flows,
		   &traffic->slices, &traffic->packets) != 9)
		return -EINVAL;
	traffic->pf = family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	traffic->out = !strcmp(direction, "out");
	traffic->outgoing = !strcmp(began, "out");
	return 0;
}

static int open_socket(struct traffic *traffic)
{
	bool tcp = traffic->protocol == IPPROTO_TCP;

	/* Of the caller, a process: packets of the kernel itself are none's. */
	return sock_create(is_ipv4(traffic) ? AF_INET : AF_INET6, tcp ? SOCK_STREAM : SOCK_DGRAM,
			   traffic->protocol, &traffic->socket);
}

/* What opens a connection carries none. */
static int payload_of(const struct traffic *traffic)
{
	return traffic->flags & TCP_SYN ? 0 : PAYLOAD;
}

static void put_network_header(const struct traffic *traffic, struct sk_buff *skb, int len)
{
	struct iphdr *ip;
	struct ipv6hdr *ip6;

	skb_reset_network_header(skb);
	if (is_ipv4(traffic)) {
		ip = skb_put_zero(skb, sizeof(*ip));
		*ip = (struct iphdr){ .version = 4, .ihl = 5, .ttl = 64 };
		ip->tot_len = htons(sizeof(*ip) + len);
		ip->frag_off = htons(IP_DF);
		ip->protocol = traffic->protocol;
	} else {
		ip6 = skb_put_zero(skb, sizeof(*ip6));
		*ip6 = (struct ipv6hdr){ .version = 6, .hop_limit = 64 };
		ip6->payload_len = htons(len);
		ip6->nexthdr = traffic->protocol;
	}
	skb_set_transport_header(skb, skb->len);
}

static void put_transport_header(const struct traffic *traffic, struct sk_buff *skb)
{
	struct tcphdr *tcp;
	struct udphdr *udp;

	if (traffic->protocol == IPPROTO_TCP) {
		tcp = skb_put_zero(skb, sizeof(*tcp));
		tcp->doff = sizeof(*tcp) / 4;
		((u8 *)tcp)[13] = traffic->flags;
		/* As the other end expects it, so that no window refuses it. */
		tcp->seq = htonl(traffic->flags & TCP_SYN ? 0 : 1);
		tcp->ack_seq = htonl(traffic->flags & TCP_ACK ? 1 : 0);
		tcp->window = htons(65535);
	} else {
		udp = skb_put_zero(skb, sizeof(*udp));
		udp->len = htons(sizeof(*udp) + payload_of(traffic));
	}
}

static int route(const struct traffic *traffic, struct sk_buff *skb)
{
	struct flowi4 fl4 = { .daddr = htonl(remote4), .saddr = local4 };
	struct flowi6 fl6 = { .daddr = remote6, .saddr = local6 };
	struct dst_entry *dst;
	struct rtable *rt;
	int err = 0;

	if (!traffic->out) {
		if (!is_ipv4(traffic))
			return 0;
		rcu_read_lock();
		err = ip_route_input_noref(skb, local4, htonl(remote4), 0, traffic->dev);
		if (!err && !skb_dst_force(skb))
			err = -EHOSTUNREACH;
		rcu_read_unlock();
		return err;
	}
	if (is_ipv4(traffic)) {
		rt = ip_route_output_key(traffic->net, &fl4);
		if (IS_ERR(rt))
			return PTR_ERR(rt);
		dst = &rt->dst;
	} else {
		dst = ip6_route_output(traffic->net, NULL, &fl6);
		err = dst->error;
	}
	skb_dst_set(skb, dst);
	return err;
}

static int make_buffer(const struct traffic *traffic, struct sk_buff **buffer)
{
	int payload = payload_of(traffic);
	int header = traffic->protocol == IPPROTO_TCP ? sizeof(struct tcphdr) :
							sizeof(struct udphdr);
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);

	if (!skb)
		return -ENOMEM;
	*buffer = skb;
	skb_reserve(skb, ETH_HLEN);
	skb_reset_mac_header(skb);
	put_network_header(traffic, skb, header + payload);
	put_transport_header(traffic, skb);
	skb_put_zero(skb, payload);
	skb->protocol = htons(is_ipv4(traffic) ? ETH_P_IP : ETH_P_IPV6);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->dev = traffic->dev;
	return route(traffic, skb);
}

/* The addresses of one connection among many. */
static void address(const struct traffic *traffic, struct sk_buff *skb, u32 flow)
{
	__be16 *ports = (__be16 *)skb_transport_header(skb);
	__be16 client = htons(FIRST_PORT + flow % PORTS), server = htons(SERVICE);
	bool from_client = traffic->out == traffic->outgoing;
	u32 host = flow / PORTS;
	struct ipv6hdr *ip6;
	struct in6_addr peer = remote6;
	struct iphdr *ip;

	ports[!from_client] = client;
	ports[from_client] = server;
	if (is_ipv4(traffic)) {
		ip = ip_hdr(skb);
		ip->saddr = traffic->out ? local4 : htonl(remote4 + host);
		ip->daddr = traffic->out ? htonl(remote4 + host) : local4;
	} else {
		ip6 = ipv6_hdr(skb);
		peer.s6_addr32[2] = htonl(host);
		ip6->saddr = traffic->out ? local6 : peer;
		ip6->daddr = traffic->out ? peer : local6;
	}
	inet_sk(traffic->socket->sk)->inet_sport = traffic->out ? ports[0] : ports[1];
}

static bool meets(const struct traffic *traffic, struct sk_buff *skb, unsigned int hook)
{
	struct net_device *in = traffic->out ? NULL : traffic->dev;
	struct net_device *out = traffic->out ? traffic->dev : NULL;
	struct sock *sk = traffic->out ? traffic->socket->sk : NULL;

	return nf_hook(traffic->pf, hook, traffic->net, sk, skb, in, out, NULL) == 1;
}

static void send(struct traffic *traffic)
{
	struct sk_buff *skb = traffic->buffers[traffic->sent % BUFFERS];
	/* An odd factor reaches all flows of a power of two, and none soon again. */
	u32 flow = traffic->flows ? traffic->sent * 40503 % traffic->flows : traffic->sent;

	traffic->sent++;
	address(traffic, skb, traffic->from + flow);
	if (traffic->out ? meets(traffic, skb, NF_INET_LOCAL_OUT) &&
				   meets(traffic, skb, NF_INET_POST_ROUTING) :
			   meets(traffic, skb, NF_INET_PRE_ROUTING) &&
				   meets(traffic, skb, NF_INET_LOCAL_IN)) {
		nf_reset_ct(skb);
		return;
	}
	/* Whoever refused it has let go of it. */
	nf_reset_ct(skb);
	skb_get(skb);
	traffic->refused++;
}

/* As the stack would: what comes in with softirqs off, what a process sends with them on. */
static u64 send_slice(struct traffic *traffic)
{
	u64 ticks;
	u32 i;

	if (traffic->out)
		preempt_disable();
	else
		local_bh_disable();
	rcu_read_lock();
	ticks = bench_ticks();
	for (i = 0; i < traffic->packets; i++)
		send(traffic);
	ticks = bench_ticks() - ticks;
	rcu_read_unlock();
	if (traffic->out)
		preempt_enable();
	else
		local_bh_enable();
	return ticks;
}

static int send_slices(struct traffic *traffic, char *answer, size_t size)
{
	struct bench_slices slices;
	int err, len;
	u32 i;

	err = bench_slices_new(&slices, traffic->slices);
	if (err)
		return err;
	/* Once to warm up, but for what is new each time. */
	if (traffic->flows && traffic->slices > 1)
		send_slice(traffic);
	for (i = 0; i < traffic->slices; i++) {
		bench_slices_add(&slices, send_slice(traffic));
		/* Whoever waits for records takes them meanwhile. */
		if (traffic->flows)
			cond_resched();
		else
			schedule_timeout_uninterruptible(HZ / 20);
	}
	len = scnprintf(answer, size, "%u ", traffic->refused);
	return len + bench_slices_print(&slices, answer + len, size - len);
}

/* What a device is given to transmit; the dummy device throws it away. */
static u64 transmit_slice(struct traffic *traffic)
{
	struct sk_buff *skb;
	u64 ticks;
	u32 i;

	local_bh_disable();
	ticks = bench_ticks();
	for (i = 0; i < traffic->packets; i++) {
		skb = skb_clone(traffic->buffers[i % BUFFERS], GFP_ATOMIC);
		if (!skb || dev_queue_xmit(skb))
			traffic->refused++;
	}
	ticks = bench_ticks() - ticks;
	local_bh_enable();
	return ticks;
}

static int transmit_slices(struct traffic *traffic, char *answer, size_t size)
{
	struct bench_slices slices;
	int i, err, len;

	err = bench_slices_new(&slices, traffic->slices);
	if (err)
		return err;
	for (i = 0; i < BUFFERS; i++) {
		address(traffic, traffic->buffers[i], traffic->from);
		__skb_push(traffic->buffers[i], ETH_HLEN);
		eth_zero_addr(traffic->buffers[i]->data);
		eth_zero_addr(traffic->buffers[i]->data + ETH_ALEN);
		eth_hdr(traffic->buffers[i])->h_proto = traffic->buffers[i]->protocol;
	}
	for (i = 0; i < traffic->slices; i++) {
		bench_slices_add(&slices, transmit_slice(traffic));
		cond_resched();
	}
	len = scnprintf(answer, size, "%u ", traffic->refused);
	return len + bench_slices_print(&slices, answer + len, size - len);
}

static int make_buffers(struct traffic *traffic)
{
	int i, err = 0;

	for (i = 0; i < BUFFERS && !err; i++) {
		err = make_buffer(traffic, &traffic->buffers[i]);
		if (traffic->buffers[i])
			skb_get(traffic->buffers[i]);
	}
	return err;
}

static void free_buffers(struct traffic *traffic)
{
	int i;

	for (i = 0; i < BUFFERS && traffic->buffers[i]; i++) {
		kfree_skb(traffic->buffers[i]);
		kfree_skb(traffic->buffers[i]);
	}
}

static int run(const char *arguments, char *answer, size_t size,
	       int (*with)(struct traffic *traffic, char *answer, size_t size))
{
	struct traffic traffic = { .net = current->nsproxy->net_ns };
	int len = parse(&traffic, arguments);

	if (len)
		return len;
	traffic.dev = dev_get_by_name(traffic.net, DEVICE);
	if (!traffic.dev)
		return -ENODEV;
	len = open_socket(&traffic);
	if (len)
		goto put_device;
	len = make_buffers(&traffic);
	if (!len)
		len = with(&traffic, answer, size);
	free_buffers(&traffic);
	sock_release(traffic.socket);
put_device:
	dev_put(traffic.dev);
	return len;
}

static int step(struct traffic *traffic, char *answer, size_t size)
{
	unsigned long flags;
	int err;

	send_slice(traffic);
	err = bench_steps_begin();
	if (err)
		return err;
	rcu_read_lock();
	local_irq_save(flags);
	bench_step(true);
	send(traffic);
	bench_step(false);
	local_irq_restore(flags);
	rcu_read_unlock();
	return bench_steps_end(answer, size);
}

int bench_packets_step(const char *arguments, char *answer, size_t size)
{
	return run(arguments, answer, size, step);
}

int bench_packets_send(const char *arguments, char *answer, size_t size)
{
	return run(arguments, answer, size, send_slices);
}

int bench_packets_transmit(const char *arguments, char *answer, size_t size)
{
	return run(arguments, answer, size, transmit_slices);
}
