/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is behind a connection: the owner of the local socket, and the task that
 * sends by it.
 */
#ifndef MSEG_PROCESS_H
#define MSEG_PROCESS_H

#include <linux/types.h>

#include <linux/mseg.h>

struct mseg_packet;
struct sock;

/**
 * struct mseg_process - who is behind a connection, as far as it is known
 * @cgroup: of the socket, in the unified hierarchy, or 0
 * @uid: of the socket, as the initial user namespace counts, or MSEG_ID_NONE
 * @command: of the task that sent, filled up with zeros; empty where unknown
 */
struct mseg_process {
	u64 cgroup;
	u32 uid;
	char command[16];
};

/** mseg_process_unknown() - make it say that nothing is known. */
static inline void mseg_process_unknown(struct mseg_process *process)
{
	*process = (struct mseg_process){ .uid = MSEG_ID_NONE };
}

/**
 * mseg_process_of_socket() - the owner of a socket
 * @process: filled, without a command
 * @sk: valid; may be a request or in TIME_WAIT
 *
 * Any context.
 *
 * Return: false when the kernel is the owner, or it has none any more.
 */
bool mseg_process_of_socket(struct mseg_process *process, struct sock *sk);

/**
 * mseg_process_of_packet() - who sends a packet
 * @process: filled
 * @packet: outgoing
 *
 * In its hook. The owner is told by the packet's socket; the command by the
 * running task, where that is what sends, and not an interrupt or a thread of
 * the kernel that acts for it.
 *
 * Return: false when the packet is sent by no process's socket.
 */
bool mseg_process_of_packet(struct mseg_process *process, const struct mseg_packet *packet);

/** mseg_process_sends() - whether an outgoing packet is sent by the running task. */
bool mseg_process_sends(const struct mseg_packet *packet);

/**
 * mseg_process_merge() - leave what two have in common
 * @process: changed
 * @other: the other one
 */
void mseg_process_merge(struct mseg_process *process, const struct mseg_process *other);

#endif /* MSEG_PROCESS_H */
