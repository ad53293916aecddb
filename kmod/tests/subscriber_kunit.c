// SPDX-License-Identifier: GPL-2.0
/* Subscribers: each is sent what there is, by port alone, up to a limit. */
#include "../subscriber.c"

#include <linux/netlink.h>
#include <net/sock.h>

#include "tests.h"

static struct mseg_subscribers *subscribers_new(struct kunit *test)
{
	struct mseg_subscribers *subscribers = kunit_kzalloc(test, sizeof(*subscribers), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, subscribers);
	mseg_subscriber_setup(subscribers);
	return subscribers;
}

static void ports(struct kunit *test)
{
	struct mseg_subscribers *subscribers = subscribers_new(test);
	u32 port;

	KUNIT_EXPECT_FALSE(test, mseg_subscriber_any(subscribers));
	for (port = 1; port <= MAX_SUBSCRIBERS; port++)
		KUNIT_EXPECT_EQ(test, 0, mseg_subscriber_add(subscribers, port));
	KUNIT_EXPECT_EQ(test, -EMFILE, mseg_subscriber_add(subscribers, port));
	/* Again is no more. */
	KUNIT_EXPECT_EQ(test, 0, mseg_subscriber_add(subscribers, 1));
	KUNIT_EXPECT_EQ(test, MAX_SUBSCRIBERS, subscribers->count);
	/* One that never was makes no place. */
	mseg_subscriber_remove(subscribers, 1000);
	KUNIT_EXPECT_EQ(test, -EMFILE, mseg_subscriber_add(subscribers, port));
	mseg_subscriber_remove(subscribers, 7);
	KUNIT_EXPECT_EQ(test, 0, mseg_subscriber_add(subscribers, port));
	for (port = 1; port <= MAX_SUBSCRIBERS + 1; port++)
		mseg_subscriber_remove(subscribers, port);
	KUNIT_EXPECT_FALSE(test, mseg_subscriber_any(subscribers));
	KUNIT_EXPECT_TRUE(test, list_empty(&subscribers->list));
}

static void teardown(struct kunit *test)
{
	struct mseg_subscribers *subscribers = subscribers_new(test);

	mseg_subscriber_add(subscribers, 1);
	mseg_subscriber_add(subscribers, 2);
	mseg_subscriber_teardown(subscribers);
	KUNIT_EXPECT_FALSE(test, mseg_subscriber_any(subscribers));
}

struct receiver {
	struct socket *socket;
	u32 port;
};

static void open_receiver(struct kunit *test, struct receiver *receiver, int room)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };

	KUNIT_ASSERT_EQ(test, 0,
			sock_create_kern(&init_net, AF_NETLINK, SOCK_RAW, NETLINK_GENERIC,
					 &receiver->socket));
	KUNIT_EXPECT_EQ(test, 0,
			kernel_bind(receiver->socket, (struct sockaddr *)&address, sizeof(address)));
	KUNIT_EXPECT_GT(test, kernel_getsockname(receiver->socket, (struct sockaddr *)&address), 0);
	receiver->port = address.nl_pid;
	receiver->socket->sk->sk_rcvbuf = room;
}

static int send_one(struct kunit *test, struct mseg_subscribers *subscribers)
{
	struct sk_buff *skb = genlmsg_new(1000, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_NOT_NULL(test, genlmsg_put(skb, 0, 0, &mseg_test_family, 0, 1));
	return send_each(subscribers, &init_net, skb);
}

static int received(struct receiver *receiver)
{
	return skb_queue_len(&receiver->socket->sk->sk_receive_queue);
}

static void each_is_sent(struct kunit *test)
{
	struct mseg_subscribers *subscribers = subscribers_new(test);
	struct receiver one, other, deaf, stranger;
	int i;

	open_receiver(test, &one, 1 << 20);
	open_receiver(test, &other, 1 << 20);
	open_receiver(test, &deaf, 0);
	open_receiver(test, &stranger, 1 << 20);
	KUNIT_EXPECT_EQ(test, -ESRCH, send_one(test, subscribers));
	mseg_subscriber_add(subscribers, deaf.port);
	/* The first message fits always. */
	for (i = 0; i < 3; i++)
		send_one(test, subscribers);
	KUNIT_EXPECT_EQ(test, -EAGAIN, send_one(test, subscribers));
	mseg_subscriber_add(subscribers, one.port);
	mseg_subscriber_add(subscribers, other.port);
	/* One who hears is enough, wherever it stands. */
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_EQ(test, 0, send_one(test, subscribers));
	mseg_subscriber_remove(subscribers, other.port);
	KUNIT_EXPECT_EQ(test, 0, send_one(test, subscribers));
	KUNIT_EXPECT_EQ(test, 6, received(&one));
	KUNIT_EXPECT_EQ(test, 5, received(&other));
	KUNIT_EXPECT_EQ(test, 0, received(&stranger));
	mseg_subscriber_teardown(subscribers);
	sock_release(one.socket);
	sock_release(other.socket);
	sock_release(deaf.socket);
	sock_release(stranger.socket);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(ports), KUNIT_CASE(teardown), KUNIT_CASE(each_is_sent), {}
};

static struct kunit_suite suite = {
	.name = "mseg_subscriber",
	.test_cases = cases,
};

kunit_test_suite(suite);
