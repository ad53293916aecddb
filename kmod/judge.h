/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Judging packets: from the cache where the connection is known, else by the
 * policy, and then remembered.
 */
#ifndef MSEG_JUDGE_H
#define MSEG_JUDGE_H

#include "net.h"
#include "packet.h"

/**
 * mseg_judge_flow() - judge a packet as part of its connection
 * @mnet: its namespace, attached
 * @packet: of class MSEG_PACKET_FLOW or MSEG_PACKET_ERROR; its key may change
 *
 * Under RCU.
 *
 * Return: enum mseg_action.
 */
u8 mseg_judge_flow(struct mseg_net *mnet, struct mseg_packet *packet);

/**
 * mseg_judge_known() - the verdict on a known connection under the policy in
 *	force
 * @mnet: its namespace, attached
 * @conn: in the cache; judged again where it is stale
 *
 * Under RCU.
 *
 * Return: enum mseg_action.
 */
u8 mseg_judge_known(struct mseg_net *mnet, struct mseg_conn *conn);

/**
 * mseg_judge_error() - judge an ICMP error
 * @mnet: its namespace, attached
 * @packet: of class MSEG_PACKET_ERROR
 *
 * Under RCU.
 *
 * Return: enum mseg_action.
 */
u8 mseg_judge_error(struct mseg_net *mnet, struct mseg_packet *packet);

#endif /* MSEG_JUDGE_H */
