// SPDX-License-Identifier: GPL-2.0
/*
 * Packets sent by packet sockets pass no LOCAL_OUT, but the egress hook of their
 * device. A notifier puts a hook on every device of a namespace and takes it
 * away again, whether devices come and go or the mode is changed: registering
 * and unregistering the notifier replays both for the devices that are there.
 *
 * A packet socket's packet is one whose socket says so, and is seen where it
 * enters: at the device that the socket names. Stacked devices (VLANs, bonds,
 * bridges) hand the same buffer, with its socket, to the devices below, which is
 * why it is marked as untracked there: no user of a packet socket can set that
 * mark, it needs no memory, and it is gone when the buffer is received
 * elsewhere. What has a route is not a packet socket's any more: a tunnel has
 * wrapped it, and LOCAL_OUT has judged it.
 *
 * The sender says what a frame is (sll_protocol) and where its network header
 * begins, and may lie. On Ethernet the frame itself is read, tags and all; on
 * other devices the first four bits behind the device's own header count.
 */
#include "egress.h"

#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/list.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter_netdev.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/l3mdev.h>
#include <net/route.h>
#include <net/sock.h>

#include <linux/mseg.h>

#include "judge.h"
#include "mode.h"
#include "outcome.h"

/* As many as anyone stacks; behind more nothing is looked for. */
#define MAX_TAGS 8

/* Where the IP header of a frame is hidden behind more. */
#define HIDDEN NFPROTO_NUMPROTO

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define DHCP6_CLIENT_PORT 546
#define DHCP6_SERVER_PORT 547

static u8 raw = MSEG_MODE_OBSERVE;
module_param_cb(raw, &mseg_mode_param_ops, &raw, 0444);
__MODULE_PARM_TYPE(raw, "off|observe|enforce");
MODULE_PARM_DESC(raw, "What is done about what packet sockets send (observe)");

/* A device with a hook; lives under the RTNL. */
struct hooked {
	struct list_head list;
	struct nf_hook_ops ops;
	struct rcu_head rcu;
};

/* Before other hooks of the egress, which may redirect or change the packet. */
#define PRIORITY INT_MIN

static bool is_marked(const struct sk_buff *skb)
{
	return skb_get_nfct(skb);
}

static void mark(struct sk_buff *skb)
{
	skb_set_nfct(skb, IP_CT_UNTRACKED);
}

/* Whether a packet socket of this namespace sends the packet, here and now. */
static bool enters_here(const struct mseg_net *mnet, const struct sk_buff *skb)
{
	return skb->sk && skb->sk->sk_family == PF_PACKET && net_eq(sock_net(skb->sk), mnet->net) &&
	       !skb_dst(skb) && !is_marked(skb);
}

static bool is_tag(__be16 type)
{
	switch (ntohs(type)) {
	case ETH_P_QINQ1:
	case ETH_P_QINQ2:
	case ETH_P_QINQ3:
		return true;
	}
	return eth_type_vlan(type);
}

/* RFC 1042: a length instead of a type, then LLC and SNAP, then the type. */
static __be16 type_behind_snap(const struct sk_buff *skb, int *offset)
{
	static const u8 snap[] = { 0xaa, 0xaa, 3, 0, 0, 0 };
	struct {
		u8 snap[sizeof(snap)];
		__be16 type;
	} buffer;
	const void *header = skb_header_pointer(skb, *offset, sizeof(buffer), &buffer);

	if (!header || memcmp(header, snap, sizeof(snap)))
		return 0;
	*offset += sizeof(buffer);
	return *(const __be16 *)(header + sizeof(snap));
}

/* The network protocol of an Ethernet frame, and where it begins. */
static __be16 ethernet_type(const struct sk_buff *skb, int *offset)
{
	const struct vlan_hdr *tag;
	struct vlan_hdr tag_buffer;
	const __be16 *header;
	__be16 buffer, type;
	int tags;

	header = skb_header_pointer(skb, 2 * ETH_ALEN, sizeof(buffer), &buffer);
	if (!header)
		return 0;
	type = *header;
	*offset = ETH_HLEN;
	for (tags = 0; is_tag(type) && tags < MAX_TAGS; tags++) {
		tag = skb_header_pointer(skb, *offset, sizeof(tag_buffer), &tag_buffer);
		if (!tag)
			return 0;
		type = tag->h_vlan_encapsulated_proto;
		*offset += VLAN_HLEN;
	}
	return eth_proto_is_802_3(type) ? type : type_behind_snap(skb, offset);
}

static __be16 type_by_version(const struct sk_buff *skb, const struct net_device *dev, int *offset)
{
	const u8 *first;
	u8 buffer;

	*offset = dev_has_header(dev) ? dev->hard_header_len : 0;
	first = skb_header_pointer(skb, *offset, sizeof(buffer), &buffer);
	if (!first)
		return 0;
	return *first >> 4 == 4 ? htons(ETH_P_IP) : *first >> 4 == 6 ? htons(ETH_P_IPV6) : 0;
}

/* The IP family of a frame, and where its header begins; NFPROTO_UNSPEC of others. */
static u8 find_ip(const struct sk_buff *skb, const struct net_device *dev, int *offset)
{
	__be16 type = dev->type == ARPHRD_ETHER ? ethernet_type(skb, offset) :
						  type_by_version(skb, dev, offset);

	switch (ntohs(type)) {
	case ETH_P_IP:
		return NFPROTO_IPV4;
	case ETH_P_IPV6:
		return NFPROTO_IPV6;
	}
	return is_tag(type) ? HIDDEN : NFPROTO_UNSPEC;
}

/*
 * Leases are asked for by packet sockets, since there is no address yet: for the
 * same reason they are asked of a group.
 */
static bool is_dhcp(const struct mseg_packet *packet)
{
	u16 source = ntohs(packet->key.lport);

	if (packet->protocol != IPPROTO_UDP || !packet->to_group)
		return false;
	if (packet->family == MSEG_FAMILY_IPV4)
		return source == DHCP_CLIENT_PORT && packet->service == DHCP_SERVER_PORT;
	return source == DHCP6_CLIENT_PORT && packet->service == DHCP6_SERVER_PORT;
}

/* It passes, and leaves a record where it can be told what it is. */
static unsigned int observe(struct mseg_net *mnet, struct mseg_packet *packet,
			    enum mseg_packet_class class)
{
	packet->observed = true;
	packet->key.path = MSEG_PATH_RAW;
	switch (class) {
	case MSEG_PACKET_FLOW:
	case MSEG_PACKET_ERROR:
	case MSEG_PACKET_FRAGMENT:
		mseg_judge_flow(mnet, packet);
		break;
	default:
		break;
	}
	mseg_outcome_count(mnet, packet, MSEG_OUTCOME_ALLOW);
	return NF_ACCEPT;
}

/* As if this host had sent it, but that nobody waits for an answer. */
static unsigned int enforce(struct mseg_net *mnet, struct mseg_packet *packet,
			    enum mseg_packet_class class)
{
	if (mseg_outcome_find(mnet, packet, class) == MSEG_OUTCOME_ALLOW)
		return NF_ACCEPT;
	return NF_DROP;
}

/* What is sent to loopback comes back, and is forwarded if it is not for this host. */
static bool stays_here(struct net *net, const struct mseg_packet *packet)
{
	const struct in6_addr *addr = &packet->key.remote;

	if (packet->to_group)
		return true;
	if (packet->family == MSEG_FAMILY_IPV4)
		return inet_addr_type(net, addr->s6_addr32[0]) != RTN_UNICAST;
	return ipv6_addr_type(addr) & IPV6_ADDR_LINKLOCAL || ipv6_chk_addr(net, addr, NULL, 0);
}

static unsigned int judge(struct mseg_net *mnet, struct sk_buff *skb,
			  const struct nf_hook_state *state, u8 mode, u8 pf, int offset)
{
	enum mseg_packet_class class;
	struct nf_hook_state out = *state;
	struct mseg_packet packet;

	out.hook = NF_INET_LOCAL_OUT;
	out.pf = pf;
	out.sk = skb->sk;
	class = mseg_packet_parse(skb, &out, offset, &packet);
	packet.raw = true;
	if (state->out->flags & IFF_LOOPBACK && stays_here(mnet->net, &packet))
		return NF_ACCEPT;
	mseg_stat_packet(mnet->stats, MSEG_STAT_seen_in_ipv4, MSEG_STAT_RAW, pf == NFPROTO_IPV6);
	if (mode != MSEG_MODE_ENFORCE || (class == MSEG_PACKET_FLOW && is_dhcp(&packet)))
		return observe(mnet, &packet, class);
	return enforce(mnet, &packet, class);
}

static noinline unsigned int police(struct mseg_net *mnet, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	u8 mode = READ_ONCE(mnet->raw);
	int offset;
	u8 pf;

	/* The frames of a ring can still be changed by who sends them. */
	if (mode == MSEG_MODE_ENFORCE && skb_orphan_frags(skb, GFP_ATOMIC)) {
		mseg_stat(mnet->stats, raw_no_memory);
		return NF_DROP;
	}
	mark(skb);
	pf = find_ip(skb, state->out, &offset);
	if (pf == HIDDEN && mode == MSEG_MODE_ENFORCE) {
		mseg_stat(mnet->stats, drop_headers);
		return NF_DROP;
	}
	if (pf == NFPROTO_UNSPEC || pf == HIDDEN)
		return NF_ACCEPT;
	return judge(mnet, skb, state, mode, pf, offset);
}

static unsigned int hook(void *mnet, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return enters_here(mnet, skb) ? police(mnet, skb, state) : NF_ACCEPT;
}

/* What is sent to a VRF comes to LOCAL_OUT. */
static bool is_policed(const struct net_device *dev)
{
	return !netif_is_l3_master(dev);
}

static struct hooked *find_device(struct mseg_net *mnet, const struct net_device *dev)
{
	struct hooked *hooked;

	list_for_each_entry(hooked, &mnet->raw_devices, list)
		if (hooked->ops.dev == dev)
			return hooked;
	return NULL;
}

static int add_device(struct mseg_net *mnet, struct net_device *dev)
{
	struct hooked *hooked;
	int err;

	if (!is_policed(dev) || find_device(mnet, dev))
		return 0;
	hooked = kzalloc(sizeof(*hooked), GFP_KERNEL);
	if (!hooked)
		return -ENOMEM;
	hooked->ops.hook = hook;
	hooked->ops.dev = dev;
	hooked->ops.priv = mnet;
	hooked->ops.pf = NFPROTO_NETDEV;
	hooked->ops.hooknum = NF_NETDEV_EGRESS;
	hooked->ops.priority = PRIORITY;
	err = nf_register_net_hook(mnet->net, &hooked->ops);
	if (err)
		kfree(hooked);
	else
		list_add(&hooked->list, &mnet->raw_devices);
	return err;
}

static void remove_device(struct mseg_net *mnet, const struct net_device *dev)
{
	struct hooked *hooked = find_device(mnet, dev);

	if (!hooked)
		return;
	nf_unregister_net_hook(mnet->net, &hooked->ops);
	list_del(&hooked->list);
	/* Who lists hooks still reads it. */
	kfree_rcu(hooked, rcu);
}

/* A device that moves leaves one namespace and comes to another. */
static int device_changed(struct notifier_block *block, unsigned long event, void *data)
{
	struct mseg_net *mnet = container_of(block, struct mseg_net, raw_notifier);
	struct net_device *dev = netdev_notifier_info_to_dev(data);

	switch (event) {
	case NETDEV_REGISTER:
	case NETDEV_PRE_UP:
		/*
		 * One that cannot be policed is not let in, or stays down: nobody
		 * asks whether one may move here, which is down meanwhile.
		 */
		return notifier_from_errno(add_device(mnet, dev));
	case NETDEV_UNREGISTER:
		remove_device(mnet, dev);
	}
	return NOTIFY_DONE;
}

static int add_hooks(struct mseg_net *mnet)
{
	return register_netdevice_notifier_net(mnet->net, &mnet->raw_notifier);
}

static void remove_hooks(struct mseg_net *mnet)
{
	unregister_netdevice_notifier_net(mnet->net, &mnet->raw_notifier);
}

int mseg_egress_set(struct mseg_net *mnet, u8 mode)
{
	static const struct mseg_mode_hooks hooks = { add_hooks, remove_hooks };

	return mseg_mode_set(mnet, &mnet->raw, mode, &hooks);
}

int mseg_egress_start(struct mseg_net *mnet)
{
	INIT_LIST_HEAD(&mnet->raw_devices);
	mnet->raw_notifier = (struct notifier_block){ .notifier_call = device_changed };
	mnet->raw = MSEG_MODE_OFF;
	return mseg_egress_set(mnet, raw);
}

void mseg_egress_stop(struct mseg_net *mnet)
{
	/* It fails only on the way to another mode. */
	mseg_egress_set(mnet, MSEG_MODE_OFF);
}
