/* SPDX-License-Identifier: GPL-2.0 */
/* What a refused packet gets: POLICY.md, "Rejecting". */
#ifndef MSEG_REJECT_H
#define MSEG_REJECT_H

#include "net.h"
#include "packet.h"

/**
 * mseg_reject() - refuse a packet
 * @mnet: its namespace
 * @skb: the packet, not freed
 * @state: of the hook
 * @packet: parsed from @skb
 *
 * Under RCU. Answers with a reset or an ICMP error as far as the rate limit
 * goes, unless the policy rejects this direction silently.
 *
 * Return: the verdict for netfilter, with the error for a local sender.
 */
unsigned int mseg_reject(struct mseg_net *mnet, struct sk_buff *skb,
			 const struct nf_hook_state *state, const struct mseg_packet *packet);

/**
 * mseg_reject_answering() - whether a packet is an answer being sent
 * @mnet: its namespace
 *
 * In LOCAL_OUT, once a packet.
 *
 * Return: true for the first packet in the midst of mseg_reject() on this
 * processor.
 */
bool mseg_reject_answering(const struct mseg_net *mnet);

#endif /* MSEG_REJECT_H */
