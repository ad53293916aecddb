/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of a packet, whichever hook it came to, and the count of it. */
#ifndef MSEG_OUTCOME_H
#define MSEG_OUTCOME_H

#include "net.h"
#include "packet.h"

/**
 * enum mseg_outcome - what becomes of a packet
 * @MSEG_OUTCOME_ALLOW: it passes
 * @MSEG_OUTCOME_REJECT: the policy refuses it
 * @MSEG_OUTCOME_DROP: it could not be judged
 */
enum mseg_outcome {
	MSEG_OUTCOME_ALLOW,
	MSEG_OUTCOME_REJECT,
	MSEG_OUTCOME_DROP,
};

/**
 * mseg_outcome_count() - count what becomes of a packet
 * @mnet: its namespace, attached
 * @packet: parsed
 * @outcome: that
 *
 * Any context.
 *
 * Return: @outcome.
 */
enum mseg_outcome mseg_outcome_count(struct mseg_net *mnet, const struct mseg_packet *packet,
				     enum mseg_outcome outcome);

/**
 * mseg_outcome_find() - judge a packet of any class, and count what becomes of it
 * @mnet: its namespace, attached
 * @packet: parsed; its key may change
 * @class: that parsing found
 *
 * Under RCU.
 *
 * Return: the outcome. What is only observed is never dropped.
 */
enum mseg_outcome mseg_outcome_find(struct mseg_net *mnet, struct mseg_packet *packet,
				    enum mseg_packet_class class);

/**
 * mseg_outcome_enforce() - the same, and what the policy refuses is answered
 * @mnet: its namespace, attached
 * @skb: the packet
 * @state: of its hook
 * @packet: parsed; its key may change
 * @class: that parsing found
 *
 * Under RCU.
 *
 * Return: the verdict for netfilter.
 */
unsigned int mseg_outcome_enforce(struct mseg_net *mnet, struct sk_buff *skb,
				  const struct nf_hook_state *state, struct mseg_packet *packet,
				  enum mseg_packet_class class);

#endif /* MSEG_OUTCOME_H */
