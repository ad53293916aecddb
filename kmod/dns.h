/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DNS as the host's packets show it: which queries leave, and what their answers
 * say, read before who asked can read it, so that his first packet is judged by
 * it already.
 *
 * Learned is from the servers alone that the administrator names, and for names
 * alone that the policy in force or the candidate names. Where neither that nor a
 * listener is, a packet of port 53 costs a look at both, and any other the compare
 * of its port.
 */
#ifndef MSEG_DNS_PACKETS_H
#define MSEG_DNS_PACKETS_H

#include <linux/netfilter.h>

#include "learned.h"
#include "net.h"
#include "packet.h"

struct mseg_questions;
struct mseg_outbox;

/**
 * struct mseg_resolvers - DNS servers that are learned from
 * @rcu: frees them
 * @n: how many
 * @resolver: they
 */
struct mseg_resolvers {
	struct rcu_head rcu;
	u32 n;
	struct mseg_address resolver[] __counted_by(n);
};

/**
 * struct mseg_dns - of a namespace
 * @resolvers: NULL for none; replaced under the namespace's lock
 * @questions: queries whose answers are waited for
 * @log: records on their way
 * @ttl_floor: sysctl, seconds that an address is learned for at least
 * @refuse_private: sysctl, whether private addresses are not learned
 */
struct mseg_dns {
	struct mseg_resolvers __rcu *resolvers;
	struct mseg_questions *questions;
	struct mseg_outbox *log;
	unsigned int ttl_floor;
	unsigned int refuse_private;
};

/** mseg_dns_init() - once, at module load. Return: 0 or -ENOMEM. */
int mseg_dns_init(void);

/** mseg_dns_exit() - once, when no namespace is attached. */
void mseg_dns_exit(void);

/**
 * mseg_dns_new() - what a namespace needs
 * @mnet: its statistics are there
 *
 * May sleep.
 *
 * Return: it, or NULL without memory.
 */
struct mseg_dns *mseg_dns_new(struct mseg_net *mnet);

/**
 * mseg_dns_free() - send what is to be told, and forget the rest
 * @dns: no packet uses it any more; may be NULL
 *
 * May sleep.
 */
void mseg_dns_free(struct mseg_dns *dns);

/**
 * mseg_dns_packet() - look at a packet of port 53
 * @mnet: its namespace
 * @skb: the packet
 * @state: of its hook, LOCAL_IN or LOCAL_OUT
 * @packet: parsed
 * @allowed: it passes
 *
 * Under RCU. Nothing is changed.
 */
void mseg_dns_packet(struct mseg_net *mnet, struct sk_buff *skb, const struct nf_hook_state *state,
		     const struct mseg_packet *packet, bool allowed);

/**
 * mseg_dns_learn() - learn an address, if it may be learned and the policy wants it
 * @mnet: attached
 * @lesson: without its networks, which are filled
 *
 * Under RCU.
 *
 * Return: true when it was learned; what it was not for is counted.
 */
bool mseg_dns_learn(struct mseg_net *mnet, struct mseg_lesson *lesson);

/**
 * mseg_dns_set_resolvers() - learn from others
 * @mnet: attached, its lock held
 * @resolvers: who is learned from afterwards, or NULL for nobody; belongs to @mnet
 */
void mseg_dns_set_resolvers(struct mseg_net *mnet, struct mseg_resolvers *resolvers);

/**
 * mseg_dns_resolvers() - who is learned from
 * @mnet: attached, its lock held
 *
 * Return: they, or NULL for nobody.
 */
const struct mseg_resolvers *mseg_dns_resolvers(const struct mseg_net *mnet);

/**
 * mseg_dns_sweep() - look after queries without an answer
 * @mnet: attached
 *
 * May sleep.
 */
void mseg_dns_sweep(struct mseg_net *mnet);

#endif /* MSEG_DNS_PACKETS_H */
