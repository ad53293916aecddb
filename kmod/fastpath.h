/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The short way of what nearly all packets are: of an established connection that
 * the policy in force allowed. Whatever is out of the ordinary is left to who
 * judges, so that nothing is decided here that is not decided there.
 */
#ifndef MSEG_FASTPATH_H
#define MSEG_FASTPATH_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "net.h"

/**
 * mseg_fastpath() - let a packet of an established connection pass
 * @mnet: its namespace, attached
 * @skb: at LOCAL_IN or LOCAL_OUT
 * @state: of the hook
 *
 * Under RCU. Takes no lock.
 *
 * Return: true when it passes, and was counted, for its connection too; false
 * when nothing was done, and it is to be parsed and judged.
 */
bool mseg_fastpath(struct mseg_net *mnet, const struct sk_buff *skb,
		   const struct nf_hook_state *state);

#endif /* MSEG_FASTPATH_H */
