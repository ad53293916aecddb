// SPDX-License-Identifier: GPL-2.0
/*
 * A packet is sent by the running task from system calls alone, where softirqs
 * are on: replies to what came, retransmissions and what a TUN device writes into
 * the stack are not, although a task may run meanwhile.
 */
#include "process.h"

#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include <linux/mseg.h>
#include <mseg/core.h>

#include "packet.h"

static_assert(sizeof_field(struct mseg_process, command) == TASK_COMM_LEN);

static u64 cgroup_of(struct sock *sk)
{
#ifdef CONFIG_SOCK_CGROUP_DATA
	struct cgroup *cgroup = sock_cgroup_ptr(&sk->sk_cgrp_data);

	return cgroup ? cgroup_id(cgroup) : 0;
#else
	return 0;
#endif
}

/* A request speaks by its listener. */
static struct sock *process_socket(struct sock *sk)
{
	sk = sk_to_full_sk(sk);
	return sk && sk_fullsock(sk) && !sk->sk_kern_sock ? sk : NULL;
}

bool mseg_process_of_socket(struct mseg_process *process, struct sock *sk)
{
	mseg_process_unknown(process);
	sk = process_socket(sk);
	if (!sk)
		return false;
	/* As the initial user namespace counts, which maps each to itself. */
	process->uid = __kuid_val(sk->sk_uid);
	process->cgroup = cgroup_of(sk);
	return true;
}

/* A tunnel's packet may still name the socket whose packet it carries. */
static bool made_packet(const struct sock *sk, const struct mseg_packet *packet)
{
	if (sk->sk_family == PF_PACKET)
		return packet->raw;
	if (sk->sk_family != AF_INET && sk->sk_family != AF_INET6)
		return false;
	if (sk->sk_type == SOCK_RAW)
		return true;
	return sk->sk_protocol == packet->protocol && (!mseg_protocol_has_ports(packet->protocol) ||
						       inet_sk(sk)->inet_sport == packet->key.lport);
}

bool mseg_process_sends(const struct mseg_packet *packet)
{
	/* Packet sockets send from system calls alone, and with softirqs off. */
	return in_task() && (packet->raw || !in_softirq()) && !(current->flags & PF_KTHREAD);
}

/* The kernel keeps it filled up with zeroes, the last byte of all among them. */
static void copy_command(char *command)
{
	memcpy(command, current->comm, TASK_COMM_LEN);
	command[TASK_COMM_LEN - 1] = '\0';
}

bool mseg_process_of_packet(struct mseg_process *process, const struct mseg_packet *packet)
{
	struct sock *sk = process_socket(packet->sk);

	mseg_process_unknown(process);
	if (!sk || !made_packet(sk, packet))
		return false;
	mseg_process_of_socket(process, sk);
	if (mseg_process_sends(packet))
		copy_command(process->command);
	return true;
}

void mseg_process_merge(struct mseg_process *process, const struct mseg_process *other)
{
	if (process->uid != other->uid)
		process->uid = MSEG_ID_NONE;
	if (process->cgroup != other->cgroup)
		process->cgroup = 0;
	if (memcmp(process->command, other->command, sizeof(process->command)))
		memset(process->command, 0, sizeof(process->command));
}
