/* SPDX-License-Identifier: GPL-2.0 */
/* DNS records on their way to user space. */
#ifndef MSEG_DNSLOG_H
#define MSEG_DNSLOG_H

#include "outbox.h"

struct mseg_dns_record;

/**
 * mseg_dnslog_init() - once, at module load, before any namespace is attached
 * @family: that the records are sent by, registered later
 * @group: index of its multicast group for DNS
 */
void mseg_dnslog_init(const struct genl_family *family, unsigned int group);

/**
 * mseg_dnslog_new() - the queue of a namespace
 * @net: the namespace
 * @subscribers: outlive the queue
 * @stats: outlives the queue
 *
 * May sleep.
 *
 * Return: the queue, or NULL without memory.
 */
struct mseg_outbox *mseg_dnslog_new(struct net *net, struct mseg_subscribers *subscribers,
				    struct mseg_stats __percpu *stats);

/**
 * mseg_dnslog_emit() - tell who listens of a DNS message
 * @log: of the namespace
 * @record: complete, but for its sequence number
 * @payload: the message
 * @len: bytes of it, at most MSEG_MAX_DNS_PAYLOAD
 *
 * Any context. A record for which there is no room is counted as lost.
 */
void mseg_dnslog_emit(struct mseg_outbox *log, const struct mseg_dns_record *record,
		      const void *payload, u32 len);

#endif /* MSEG_DNSLOG_H */
