// SPDX-License-Identifier: GPL-2.0
/*
 * Packet sockets: where the IP header of a frame is, and which devices have a hook,
 * also when there is no memory for one.
 */
#include <linux/netfilter.h>
#include <linux/slab.h>

static int fake_error;

static int fake_register(struct net *net, const struct nf_hook_ops *ops)
{
	return fake_error;
}

#define nf_register_net_hook(net, ops) fake_register(net, ops)
#define nf_unregister_net_hook(net, ops) ((void)(net), (void)(ops))
#include "../egress.c"

#include "tests.h"

static const struct header_ops some_header = { .create = eth_header };

static struct net_device *device(struct kunit *test, u16 type, u16 len, const struct header_ops *ops)
{
	struct net_device *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev->type = type;
	dev->hard_header_len = len;
	dev->header_ops = ops;
	return dev;
}

struct found {
	u8 family;
	int offset;
};

static struct found look(struct kunit *test, const struct net_device *dev, const u8 *frame,
			 size_t len)
{
	struct sk_buff *skb = alloc_skb(len, GFP_KERNEL);
	struct found found = { .offset = -1 };

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, frame, len);
	found.family = find_ip(skb, dev, &found.offset);
	kfree_skb(skb);
	return found;
}

#define EXPECT_FOUND(test, found_family, found_offset, dev, frame)           \
	do {                                                                 \
		struct found found_ = look(test, dev, frame, sizeof(frame)); \
		KUNIT_EXPECT_EQ(test, found_family, found_.family);          \
		KUNIT_EXPECT_EQ(test, found_offset, found_.offset);          \
	} while (0)

static void ethernet(struct kunit *test)
{
	const struct net_device *dev = device(test, ARPHRD_ETHER, ETH_HLEN, &some_header);
	static const u8 plain[20] = { [12] = 8, 0 }, six[20] = { [12] = 0x86, 0xdd },
			tagged[24] = { [12] = 0x81, 0, 0, 1, 8, 0 },
			twice[28] = { [12] = 0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 0x86, 0xdd },
			snap[24] = { [12] = 0, 10, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0 };

	EXPECT_FOUND(test, NFPROTO_IPV4, 14, dev, plain);
	EXPECT_FOUND(test, NFPROTO_IPV6, 14, dev, six);
	EXPECT_FOUND(test, NFPROTO_IPV4, 18, dev, tagged);
	EXPECT_FOUND(test, NFPROTO_IPV6, 22, dev, twice);
	EXPECT_FOUND(test, NFPROTO_IPV4, 22, dev, snap);
}

static void more_tags_than_are_read(struct kunit *test)
{
	const struct net_device *dev = device(test, ARPHRD_ETHER, ETH_HLEN, &some_header);
	u8 frame[14 + 4 * (MAX_TAGS + 1) + 4] = {};
	int i;

	for (i = 0; i <= MAX_TAGS; i++)
		frame[12 + 4 * i] = 0x81;
	frame[12 + 4 * i] = 8;
	KUNIT_EXPECT_EQ(test, HIDDEN, look(test, dev, frame, sizeof(frame)).family);
}

/*
 * A device that has a header of its own puts it before the packet; others name a
 * length that is room for what they will add, and there is nothing before.
 */
static void other_devices(struct kunit *test)
{
	const struct net_device *ppp = device(test, ARPHRD_PPP, 4, NULL);
	const struct net_device *gre = device(test, ARPHRD_IPGRE, 24, NULL);
	const struct net_device *headed = device(test, ARPHRD_IPGRE, 24, &some_header);
	static const u8 four[40] = { 0x45 }, six[40] = { 0x60 }, other[40] = { 0xc0 },
			behind[44] = { 0x60, [24] = 0x45 };

	EXPECT_FOUND(test, NFPROTO_IPV4, 0, ppp, four);
	EXPECT_FOUND(test, NFPROTO_IPV6, 0, ppp, six);
	EXPECT_FOUND(test, NFPROTO_UNSPEC, 0, ppp, other);
	EXPECT_FOUND(test, NFPROTO_IPV4, 0, gre, four);
	EXPECT_FOUND(test, NFPROTO_IPV4, 24, headed, behind);
}

static int event(struct mseg_net *mnet, struct net_device *dev, unsigned long event)
{
	struct netdev_notifier_info info = { .dev = dev };

	return notifier_to_errno(device_changed(&mnet->raw_notifier, event, &info));
}

/* One that moved in while memory was short gets its hook before it is up, or stays down. */
static void short_of_memory(struct kunit *test)
{
	struct net_device *dev = device(test, ARPHRD_ETHER, ETH_HLEN, &some_header);
	struct mseg_net *mnet = mseg_test_net(test, 16);

	INIT_LIST_HEAD(&mnet->raw_devices);
	fake_error = -ENOMEM;
	KUNIT_EXPECT_EQ(test, -ENOMEM, event(mnet, dev, NETDEV_REGISTER));
	KUNIT_EXPECT_NULL(test, find_device(mnet, dev));
	KUNIT_EXPECT_EQ(test, -ENOMEM, event(mnet, dev, NETDEV_PRE_UP));
	KUNIT_EXPECT_NULL(test, find_device(mnet, dev));
	fake_error = 0;
	KUNIT_EXPECT_EQ(test, 0, event(mnet, dev, NETDEV_PRE_UP));
	KUNIT_EXPECT_NOT_NULL(test, find_device(mnet, dev));
	/* Once only. */
	fake_error = -EEXIST;
	KUNIT_EXPECT_EQ(test, 0, event(mnet, dev, NETDEV_PRE_UP));
	fake_error = 0;
	KUNIT_EXPECT_EQ(test, 0, event(mnet, dev, NETDEV_UNREGISTER));
	KUNIT_EXPECT_TRUE(test, list_empty(&mnet->raw_devices));
}

static struct kunit_case cases[] = { KUNIT_CASE(ethernet),
				     KUNIT_CASE(more_tags_than_are_read),
				     KUNIT_CASE(other_devices),
				     KUNIT_CASE(short_of_memory),
				     {} };

static struct kunit_suite suite = {
	.name = "mseg_egress",
	.test_cases = cases,
};

kunit_test_suite(suite);
