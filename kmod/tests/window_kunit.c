// SPDX-License-Identifier: GPL-2.0
/*
 * TCP without a socket: whole lives of connections, and what forged segments do
 * to them in each state, which is nothing.
 */
#include "../window.c"

#include <linux/prandom.h>

#include "tests.h"

#define CLIENT 1000000
#define SERVER 4294967000U /* so that it wraps */
#define WINDOW 8192

enum flags { F = 1, S = 2, R = 4, A = 16 };

struct step {
	bool reply;
	u8 flags;
	u32 seq;
	u32 ack;
	u32 len;
};

static struct mseg_segment segment(const struct step *step)
{
	bool syn = step->flags & S, fin = step->flags & F;

	return (struct mseg_segment){
		.seq = step->seq,
		.end = step->seq + step->len + syn + fin,
		.ack = step->ack,
		.window = WINDOW,
		.scale = MSEG_SCALE_NONE,
		.syn = syn,
		.fin = fin,
		.rst = step->flags & R,
		.has_ack = step->flags & A,
	};
}

static bool follow(struct mseg_window *window, bool reply, u8 flags, u32 seq, u32 ack, u32 len)
{
	const struct step step = { reply, flags, seq, ack, len };
	const struct mseg_segment s = segment(&step);

	return mseg_window_follow(window, &s, reply);
}

static void shake_hands(struct kunit *test, struct mseg_window *window)
{
	mseg_window_begin(window, false);
	KUNIT_EXPECT_TRUE(test, follow(window, false, S, CLIENT, 0, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_NEW, window->state);
	KUNIT_EXPECT_TRUE(test, follow(window, true, S | A, SERVER, CLIENT + 1, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_REPLIED, window->state);
	KUNIT_EXPECT_TRUE(test, follow(window, false, A, CLIENT + 1, SERVER + 1, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, window->state);
}

/* Some data each way; afterwards the ends are at +101 and +1001. */
static void talk(struct kunit *test, struct mseg_window *window)
{
	KUNIT_EXPECT_TRUE(test, follow(window, false, A, CLIENT + 1, SERVER + 1, 100));
	KUNIT_EXPECT_TRUE(test, follow(window, true, A, SERVER + 1, CLIENT + 101, 1000));
	KUNIT_EXPECT_TRUE(test, follow(window, false, A, CLIENT + 101, SERVER + 1001, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, window->state);
}

static void life(struct kunit *test)
{
	struct mseg_window window;

	shake_hands(test, &window);
	talk(test, &window);
	/* The client ends; the server goes on for a while. */
	KUNIT_EXPECT_TRUE(test, follow(&window, false, F | A, CLIENT + 101, SERVER + 1001, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSING, window.state);
	KUNIT_EXPECT_TRUE(test, follow(&window, true, A, SERVER + 1001, CLIENT + 102, 500));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSING, window.state);
	KUNIT_EXPECT_TRUE(test, follow(&window, true, F | A, SERVER + 1501, CLIENT + 102, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSING, window.state);
	KUNIT_EXPECT_TRUE(test, follow(&window, false, A, CLIENT + 102, SERVER + 1502, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSED, window.state);
	/* Nothing opens it again. */
	KUNIT_EXPECT_FALSE(test, follow(&window, false, S, CLIENT + 99999, 0, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSED, window.state);
}

static void resets_in_window(struct kunit *test)
{
	struct mseg_window window;

	/* Of the server, in answer to the SYN. */
	mseg_window_begin(&window, false);
	follow(&window, false, S, CLIENT, 0, 0);
	KUNIT_EXPECT_TRUE(test, follow(&window, true, R | A, 0, CLIENT + 1, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSING, window.state);
	/* Of either, where the other awaits its next number. */
	shake_hands(test, &window);
	talk(test, &window);
	KUNIT_EXPECT_TRUE(test, follow(&window, true, R, SERVER + 1001, 0, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSING, window.state);
	shake_hands(test, &window);
	talk(test, &window);
	KUNIT_EXPECT_TRUE(test, follow(&window, false, R | A, CLIENT + 101, SERVER + 1001, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSING, window.state);
	/* What comes after one disproves it, but not what is forged. */
	follow(&window, true, A, SERVER + 500000, CLIENT + 101, 10);
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSING, window.state);
	KUNIT_EXPECT_TRUE(test, follow(&window, true, A, SERVER + 1001, CLIENT + 101, 10));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, window.state);
}

/* Of each end of a connection with 101 and 1001 bytes behind it. */
static const struct step forged[] = {
	{ false, R, CLIENT + 100000 },
	{ false, R, CLIENT + 102 },
	{ false, R, CLIENT + 50 },
	{ false, R, 0 },
	{ true, R, SERVER + 100000 },
	{ true, R, SERVER + 1002 },
	{ true, R | A, SERVER + 1000, CLIENT + 101 },
	{ true, R | A, SERVER + 1001, CLIENT + 102 },
	{ true, R | A, SERVER + 1001, CLIENT - 70000 },
	{ false, F | A, CLIENT + 101 + WINDOW + 1, SERVER + 1001 },
	{ false, F | A, CLIENT - WINDOW, SERVER + 1001 },
	{ false, F | A, CLIENT + 101, SERVER + 1002 },
	{ true, F | A, SERVER + 1001, CLIENT + 102 },
	{ true, F | A, SERVER + 1001 + WINDOW + 1, CLIENT + 101 },
	{ false, S, CLIENT + 500 },
	{ true, S, SERVER + 500 },
	{ true, S | A, SERVER + 70000, CLIENT + 1 },
	{ true, S | A, 12345, CLIENT + 500000 },
	{ false, A, CLIENT + 101 + WINDOW + 1, SERVER + 1001, 100 },
	{ true, A, SERVER + 1001, CLIENT + 500, 100 },
};

static void forgeries(struct kunit *test)
{
	struct mseg_window window, before;
	struct mseg_segment s;
	int i;

	for (i = 0; i < ARRAY_SIZE(forged); i++) {
		shake_hands(test, &window);
		talk(test, &window);
		before = window;
		s = segment(&forged[i]);
		KUNIT_EXPECT_FALSE_MSG(test, mseg_window_follow(&window, &s, forged[i].reply),
				       "forgery %d", i);
		/* A SYN is remembered, and nothing else. */
		before.syn = window.syn;
		KUNIT_EXPECT_MEMEQ(test, &before, &window, sizeof(window));
		KUNIT_EXPECT_TRUE(test, follow(&window, true, A, SERVER + 1001, CLIENT + 101, 9));
		KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, window.state);
	}
}

/* A handshake needs the number that only who got the SYN-ACK knows. */
static void blind_handshake(struct kunit *test)
{
	struct mseg_window window;
	u32 ack;

	for (ack = 1; ack; ack <<= 1) {
		mseg_window_begin(&window, false);
		follow(&window, false, S, CLIENT, 0, 0);
		follow(&window, true, S | A, SERVER, CLIENT + 1, 0);
		KUNIT_EXPECT_FALSE(test, follow(&window, false, A, CLIENT + 1, SERVER + 1 + ack, 0));
		KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_REPLIED, window.state);
	}
	/* Nor does anything but the answer to the SYN make a reply. */
	mseg_window_begin(&window, false);
	follow(&window, false, S, CLIENT, 0, 0);
	KUNIT_EXPECT_FALSE(test, follow(&window, true, S | A, SERVER, CLIENT, 0));
	KUNIT_EXPECT_FALSE(test, follow(&window, true, S | A, SERVER, CLIENT + 2, 0));
	KUNIT_EXPECT_FALSE(test, follow(&window, true, A, SERVER, CLIENT + 2, 0));
	KUNIT_EXPECT_FALSE(test, follow(&window, true, R | A, 0, CLIENT, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_NEW, window.state);
}

/* The ends know that the former connection is over, and begin another. */
static void again(struct kunit *test)
{
	struct mseg_window window;
	const u32 client = CLIENT + 77000000, server = SERVER + 99000000;

	shake_hands(test, &window);
	talk(test, &window);
	/* Two segments that anyone may forge are no new connection. */
	KUNIT_EXPECT_FALSE(test, follow(&window, false, S, client, 0, 0));
	KUNIT_EXPECT_FALSE(test, follow(&window, true, S | A, server, client + 1, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, window.state);
	/* The server asks, and the client resets what it does not know. */
	KUNIT_EXPECT_TRUE(test, follow(&window, true, A, SERVER + 1001, CLIENT + 101, 0));
	KUNIT_EXPECT_TRUE(test, follow(&window, false, R, CLIENT + 101, 0, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSING, window.state);
	KUNIT_EXPECT_FALSE(test, follow(&window, false, S, client, 0, 0));
	KUNIT_EXPECT_TRUE(test, follow(&window, true, S | A, server, client + 1, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_REPLIED, window.state);
	KUNIT_EXPECT_TRUE(test, follow(&window, false, A, client + 1, server + 1, 10));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, window.state);
	KUNIT_EXPECT_TRUE(test, follow(&window, true, R, server + 1, 0, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSING, window.state);
}

static void both_at_once(struct kunit *test)
{
	struct mseg_window window;

	mseg_window_begin(&window, false);
	KUNIT_EXPECT_TRUE(test, follow(&window, false, S, CLIENT, 0, 0));
	KUNIT_EXPECT_TRUE(test, follow(&window, true, S, SERVER, 0, 0));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_REPLIED, window.state);
	KUNIT_EXPECT_TRUE(test, follow(&window, false, S | A, CLIENT, SERVER + 1, 0));
	KUNIT_EXPECT_TRUE(test, follow(&window, true, S | A, SERVER, CLIENT + 1, 0));
	KUNIT_EXPECT_TRUE(test, follow(&window, false, A, CLIENT + 1, SERVER + 1, 10));
	KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, window.state);
}

static void from_the_middle(struct kunit *test)
{
	struct mseg_window window;
	bool reply;

	for (reply = false;; reply = true) {
		mseg_window_begin(&window, true);
		KUNIT_EXPECT_TRUE(test, follow(&window, reply, A, CLIENT, SERVER, 100));
		KUNIT_EXPECT_TRUE(test, follow(&window, !reply, A, SERVER, CLIENT + 100, 60000));
		KUNIT_EXPECT_TRUE(test, follow(&window, reply, A, CLIENT + 100, SERVER + 60000, 0));
		KUNIT_EXPECT_TRUE(test, follow(&window, !reply, A, SERVER + 60000, CLIENT + 100, 1));
		KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, window.state);
		KUNIT_EXPECT_FALSE(test, follow(&window, reply, R, CLIENT + 5000, 0, 0));
		KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_ESTABLISHED, window.state);
		KUNIT_EXPECT_TRUE(test, follow(&window, reply, R, CLIENT + 100, 0, 0));
		KUNIT_EXPECT_EQ(test, MSEG_CONN_STATE_CLOSING, window.state);
		if (reply)
			break;
	}
}

/* Scaled windows: a transfer with as much on its way as they allow. */
static void scaled(struct kunit *test)
{
	struct mseg_segment syn = {
		.seq = CLIENT, .end = CLIENT + 1, .window = 65535, .scale = 7, .syn = true
	};
	struct mseg_segment syn_ack = { .seq = SERVER,
					.end = SERVER + 1,
					.ack = CLIENT + 1,
					.window = 65535,
					.scale = 7,
					.syn = true,
					.has_ack = true };
	struct mseg_segment ack = { .seq = CLIENT + 1,
				    .end = CLIENT + 1,
				    .ack = SERVER + 1,
				    .window = WINDOW,
				    .scale = MSEG_SCALE_NONE,
				    .has_ack = true };
	struct mseg_window window;
	u32 sent;

	mseg_window_begin(&window, false);
	KUNIT_EXPECT_TRUE(test, mseg_window_follow(&window, &syn, false));
	KUNIT_EXPECT_TRUE(test, mseg_window_follow(&window, &syn_ack, true));
	KUNIT_EXPECT_TRUE(test, mseg_window_follow(&window, &ack, false));
	for (sent = 0; sent < WINDOW << 7; sent += 1 << 12)
		KUNIT_EXPECT_TRUE(test,
				  follow(&window, true, A, SERVER + 1 + sent, CLIENT + 1, 1 << 12));
	KUNIT_EXPECT_FALSE(test, follow(&window, true, A, SERVER + 2 + sent, CLIENT + 1, 1));
	/* Where one does not scale, none does. */
	syn_ack.scale = MSEG_SCALE_NONE;
	mseg_window_begin(&window, false);
	mseg_window_follow(&window, &syn, false);
	mseg_window_follow(&window, &syn_ack, true);
	mseg_window_follow(&window, &ack, false);
	KUNIT_EXPECT_FALSE(test, follow(&window, true, A, SERVER + 100000, CLIENT + 1, 1));
}

static void segments(struct kunit *test)
{
	static const u8 bytes[] = { 0,	    1,	    0,	  2,	0, 0, 0, 100, 0,   0,	0,   200,
				    8 << 4, 2 | 16, 0x12, 0x34, 0, 0, 0, 0,   2,   4,	5,   0xb4,
				    1,	    3,	    3,	  200,	1, 1, 0, 0,   'd', 'a', 't', 'a' };
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);
	struct mseg_segment s;
	int len;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, bytes, sizeof(bytes));
	KUNIT_EXPECT_TRUE(test, mseg_segment_read(skb, 0, &s));
	KUNIT_EXPECT_EQ(test, 100, s.seq);
	KUNIT_EXPECT_EQ(test, 100 + 1 + 4, s.end);
	KUNIT_EXPECT_EQ(test, 200, s.ack);
	KUNIT_EXPECT_EQ(test, 0x1234, s.window);
	KUNIT_EXPECT_EQ(test, TCP_MAX_WSCALE, s.scale);
	KUNIT_EXPECT_TRUE(test, s.syn && s.has_ack && !s.fin && !s.rst);
	for (len = 0; len < 32; len++) {
		skb_trim(skb, len);
		KUNIT_EXPECT_FALSE(test, mseg_segment_read(skb, 0, &s));
		skb_trim(skb, 0);
		skb_put_data(skb, bytes, sizeof(bytes));
	}
	kfree_skb(skb);
}

/* Options of any bytes are read to their end and no further. */
static void random_options(struct kunit *test)
{
	u64 seed = get_random_u64();
	struct rnd_state rnd;
	u8 *options;
	int i, len;

	kunit_info(test, "seed %llu", seed);
	prandom_seed_state(&rnd, seed);
	for (i = 0; i < 20000; i++) {
		len = prandom_u32_state(&rnd) % 41;
		options = kmalloc(len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, options);
		prandom_bytes_state(&rnd, options, len);
		if (len)
			options[prandom_u32_state(&rnd) % len] = TCPOPT_WINDOW;
		read_scale(options, len);
		kfree(options);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(life),
	KUNIT_CASE(resets_in_window),
	KUNIT_CASE(forgeries),
	KUNIT_CASE(blind_handshake),
	KUNIT_CASE(again),
	KUNIT_CASE(both_at_once),
	KUNIT_CASE(from_the_middle),
	KUNIT_CASE(scaled),
	KUNIT_CASE(segments),
	KUNIT_CASE_SLOW(random_options),
	{},
};

static struct kunit_suite suite = {
	.name = "mseg_window",
	.test_cases = cases,
};

kunit_test_suite(suite);
