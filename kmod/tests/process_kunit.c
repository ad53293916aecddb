// SPDX-License-Identifier: GPL-2.0
/* Who is behind a connection: which sockets and tasks are told, and which are not. */
#include "../process.c"

#include <net/request_sock.h>

#include "tests.h"

#define UID 1234

/* A socket of a user's, as far as it is looked at. */
static struct sock *socket_of(struct kunit *test, u16 family, u16 type, u16 protocol, u16 port)
{
	struct inet_sock *inet = kunit_kzalloc(test, sizeof(*inet), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, inet);
	inet->sk.sk_family = family;
	inet->sk.sk_type = type;
	inet->sk.sk_protocol = protocol;
	inet->sk.sk_state = TCP_ESTABLISHED;
	inet->sk.sk_uid = KUIDT_INIT(UID);
	inet->inet_sport = htons(port);
#ifdef CONFIG_SOCK_CGROUP_DATA
	inet->sk.sk_cgrp_data.cgroup = &cgrp_dfl_root.cgrp;
#endif
	return &inet->sk;
}

static bool is_unknown(const struct mseg_process *process)
{
	static const char nothing[sizeof(process->command)];

	return process->uid == MSEG_ID_NONE && !process->cgroup &&
	       !memcmp(process->command, nothing, sizeof(nothing));
}

static void the_owner_of_a_socket(struct kunit *test)
{
	struct sock *sk = socket_of(test, AF_INET, SOCK_STREAM, IPPROTO_TCP, 80);
	struct mseg_process process;

	KUNIT_EXPECT_TRUE(test, mseg_process_of_socket(&process, sk));
	KUNIT_EXPECT_EQ(test, UID, process.uid);
	KUNIT_EXPECT_EQ(test, 0, process.command[0]);
#ifdef CONFIG_SOCK_CGROUP_DATA
	KUNIT_EXPECT_EQ(test, cgroup_id(&cgrp_dfl_root.cgrp), process.cgroup);
#endif
}

static void who_has_no_owner(struct kunit *test)
{
	struct sock *sk = socket_of(test, AF_INET, SOCK_STREAM, IPPROTO_TCP, 80);
	struct mseg_process process;

	KUNIT_EXPECT_FALSE(test, mseg_process_of_socket(&process, NULL));
	KUNIT_EXPECT_TRUE(test, is_unknown(&process));
	sk->sk_state = TCP_TIME_WAIT;
	KUNIT_EXPECT_FALSE(test, mseg_process_of_socket(&process, sk));
	KUNIT_EXPECT_TRUE(test, is_unknown(&process));
	sk->sk_state = TCP_ESTABLISHED;
	sk->sk_kern_sock = 1;
	KUNIT_EXPECT_FALSE(test, mseg_process_of_socket(&process, sk));
	KUNIT_EXPECT_TRUE(test, is_unknown(&process));
}

static void a_request_speaks_by_its_listener(struct kunit *test)
{
	struct request_sock *request = kunit_kzalloc(test, sizeof(*request), GFP_KERNEL);
	struct mseg_process process;

	KUNIT_ASSERT_NOT_NULL(test, request);
	request->__req_common.skc_state = TCP_NEW_SYN_RECV;
	request->rsk_listener = socket_of(test, AF_INET, SOCK_STREAM, IPPROTO_TCP, 80);
	KUNIT_EXPECT_TRUE(test, mseg_process_of_socket(&process, req_to_sk(request)));
	KUNIT_EXPECT_EQ(test, UID, process.uid);
	/* The listener was closed meanwhile. */
	request->rsk_listener = NULL;
	KUNIT_EXPECT_FALSE(test, mseg_process_of_socket(&process, req_to_sk(request)));
}

static bool tells(struct sock *sk, u8 protocol, bool raw)
{
	struct mseg_packet packet = {
		.key.lport = htons(80),
		.protocol = protocol,
		.sk = sk,
		.raw = raw,
		.out = true,
	};
	struct mseg_process process;
	bool told = mseg_process_of_packet(&process, &packet);

	return told ? process.uid == UID : !is_unknown(&process);
}

/* The packet of a tunnel names the socket of what it carries, which did not make it. */
static void who_made_a_packet(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, tells(socket_of(test, AF_INET, SOCK_STREAM, IPPROTO_TCP, 80),
				      IPPROTO_TCP, false));
	KUNIT_EXPECT_TRUE(test, tells(socket_of(test, AF_INET6, SOCK_DGRAM, IPPROTO_UDP, 80),
				      IPPROTO_UDP, false));
	KUNIT_EXPECT_FALSE(test, tells(socket_of(test, AF_INET, SOCK_STREAM, IPPROTO_TCP, 81),
				       IPPROTO_TCP, false));
	KUNIT_EXPECT_FALSE(test, tells(socket_of(test, AF_INET, SOCK_STREAM, IPPROTO_TCP, 80),
				       IPPROTO_UDP, false));
	KUNIT_EXPECT_FALSE(test, tells(socket_of(test, AF_INET, SOCK_STREAM, IPPROTO_TCP, 80),
				       IPPROTO_ESP, false));
	/* Raw sockets send anything, those of ping what has no ports. */
	KUNIT_EXPECT_TRUE(test, tells(socket_of(test, AF_INET, SOCK_RAW, IPPROTO_RAW, 0),
				      IPPROTO_TCP, false));
	KUNIT_EXPECT_TRUE(test, tells(socket_of(test, AF_INET, SOCK_DGRAM, IPPROTO_ICMP, 7),
				      IPPROTO_ICMP, false));
	/* Packet sockets are seen elsewhere. */
	KUNIT_EXPECT_TRUE(test,
			  tells(socket_of(test, PF_PACKET, SOCK_RAW, 0, 0), IPPROTO_TCP, true));
	KUNIT_EXPECT_FALSE(test,
			   tells(socket_of(test, PF_PACKET, SOCK_RAW, 0, 0), IPPROTO_TCP, false));
	KUNIT_EXPECT_FALSE(test,
			   tells(socket_of(test, AF_UNIX, SOCK_STREAM, 0, 0), IPPROTO_TCP, false));
}

/* As the task of a process, which a test is not: it must not sleep meanwhile. */
static bool names_the_task(struct sock *sk, bool in_softirq, bool raw)
{
	struct mseg_packet packet = {
		.key.lport = htons(80),
		.protocol = IPPROTO_TCP,
		.sk = sk,
		.raw = raw,
		.out = true,
	};
	struct mseg_process process;

	preempt_disable();
	current->flags &= ~PF_KTHREAD;
	if (in_softirq)
		local_bh_disable();
	mseg_process_of_packet(&process, &packet);
	if (in_softirq)
		local_bh_enable();
	current->flags |= PF_KTHREAD;
	preempt_enable();
	return !strcmp(process.command, current->comm);
}

static void which_task_sends(struct kunit *test)
{
	struct sock *sk = socket_of(test, AF_INET, SOCK_STREAM, IPPROTO_TCP, 80);
	struct sock *packet = socket_of(test, PF_PACKET, SOCK_RAW, 0, 0);
	struct mseg_packet one = { .key.lport = htons(80), .protocol = IPPROTO_TCP, .sk = sk };
	struct mseg_process process;

	KUNIT_EXPECT_TRUE(test, names_the_task(sk, false, false));
	/* Replies and retransmissions are sent while some task runs. */
	KUNIT_EXPECT_FALSE(test, names_the_task(sk, true, false));
	KUNIT_EXPECT_TRUE(test, names_the_task(packet, true, true));
	/* A thread of the kernel's sends for somebody. */
	KUNIT_EXPECT_TRUE(test, mseg_process_of_packet(&process, &one));
	KUNIT_EXPECT_EQ(test, 0, process.command[0]);
}

static void what_two_have_in_common(struct kunit *test)
{
	const struct mseg_process one = { .cgroup = 7, .uid = 1000, .command = "curl" };
	struct mseg_process both = one, other = one;

	mseg_process_merge(&both, &other);
	KUNIT_EXPECT_MEMEQ(test, &both, &one, sizeof(one));
	other.uid = 1001;
	mseg_process_merge(&both, &other);
	KUNIT_EXPECT_EQ(test, MSEG_ID_NONE, both.uid);
	KUNIT_EXPECT_EQ(test, 7, both.cgroup);
	KUNIT_EXPECT_STREQ(test, "curl", both.command);
	other.cgroup = 8;
	mseg_process_merge(&both, &other);
	KUNIT_EXPECT_EQ(test, 0, both.cgroup);
	strscpy_pad(other.command, "curly", sizeof(other.command));
	mseg_process_merge(&both, &other);
	KUNIT_EXPECT_TRUE(test, is_unknown(&both));
}

static struct kunit_case cases[] = { KUNIT_CASE(the_owner_of_a_socket),
				     KUNIT_CASE(who_has_no_owner),
				     KUNIT_CASE(a_request_speaks_by_its_listener),
				     KUNIT_CASE(who_made_a_packet),
				     KUNIT_CASE(which_task_sends),
				     KUNIT_CASE(what_two_have_in_common),
				     {} };

static struct kunit_suite suite = {
	.name = "mseg_process",
	.test_cases = cases,
};

kunit_test_suite(suite);
