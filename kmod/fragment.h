/* SPDX-License-Identifier: GPL-2.0 */
/* Fragments are put together before they are judged. */
#ifndef MSEG_FRAGMENT_H
#define MSEG_FRAGMENT_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/net_namespace.h>

/**
 * mseg_fragment_gather() - put a fragment to the others of its datagram
 * @skb: at LOCAL_IN or LOCAL_OUT
 * @state: of the hook
 *
 * Under RCU.
 *
 * Return: NF_ACCEPT where @skb is no fragment, or the whole datagram now: its
 * headers have moved; NF_STOLEN where it waits for others, or was freed; NF_DROP
 * where it fits none, and only @state may still be read of it.
 */
unsigned int mseg_fragment_gather(struct sk_buff *skb, const struct nf_hook_state *state);

/**
 * mseg_fragment_gather_routed() - have fragments put together that are forwarded
 * @net: the namespace
 *
 * May sleep.
 *
 * Return: 0 or an error.
 */
int mseg_fragment_gather_routed(struct net *net);

/** mseg_fragment_leave_routed() - as if that had not been asked for. May sleep. */
void mseg_fragment_leave_routed(struct net *net);

#endif /* MSEG_FRAGMENT_H */
