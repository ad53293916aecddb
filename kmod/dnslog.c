// SPDX-License-Identifier: GPL-2.0
/*
 * A record is stamped with its number in the queue's order, before it is known
 * whether there is room, so that a reader sees every loss as a hole.
 */
#include "dnslog.h"

#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <linux/mseg.h>

/* Messages of some hundred bytes, 4 kB at most. */
#define QUEUE_RECORDS 2048

struct mseg_dnslog {
	struct net *net;
	struct mseg_subscribers *subscribers;
	struct mseg_stats __percpu *stats;
	struct sk_buff_head queue; /* its lock guards @seq, too */
	u64 seq;
	struct work_struct send;
};

static const struct genl_family *dns_family;
static unsigned int dns_group;

static_assert(sizeof(struct mseg_dns_record) == 112, "a record has no holes");

void mseg_dnslog_init(const struct genl_family *family, unsigned int group)
{
	dns_family = family;
	dns_group = group;
}

bool mseg_dnslog_wanted(const struct mseg_dnslog *log)
{
	return mseg_subscriber_any(log->subscribers);
}

/* The message, and where its record is in it. */
static struct sk_buff *message_of(const struct mseg_dns_record *record, const void *payload,
				  u32 len, struct nlattr **attr)
{
	size_t size = nla_total_size(sizeof(*record)) + nla_total_size(len);
	struct sk_buff *skb = genlmsg_new(size, GFP_ATOMIC);
	void *header;

	if (!skb)
		return NULL;
	header = genlmsg_put(skb, 0, 0, dns_family, 0, MSEG_C_DNS_NTF);
	*attr = header ? nla_reserve(skb, MSEG_A_DNS, sizeof(*record)) : NULL;
	if (!*attr || nla_put(skb, MSEG_A_DNS_PAYLOAD, len, payload)) {
		nlmsg_free(skb);
		return NULL;
	}
	memcpy(nla_data(*attr), record, sizeof(*record));
	genlmsg_end(skb, header);
	return skb;
}

static bool enqueue(struct mseg_dnslog *log, struct sk_buff *skb, struct nlattr *attr)
{
	bool queued;

	spin_lock_bh(&log->queue.lock);
	log->seq++;
	queued = skb && skb_queue_len(&log->queue) < QUEUE_RECORDS;
	if (queued) {
		memcpy(nla_data(attr) + offsetof(struct mseg_dns_record, seq), &log->seq,
		       sizeof(log->seq));
		__skb_queue_tail(&log->queue, skb);
	}
	spin_unlock_bh(&log->queue.lock);
	return queued;
}

void mseg_dnslog_emit(struct mseg_dnslog *log, const struct mseg_dns_record *record,
		      const void *payload, u32 len)
{
	struct nlattr *attr;
	struct sk_buff *skb;

	if (!mseg_dnslog_wanted(log))
		return;
	skb = message_of(record, payload, len, &attr);
	mseg_stat(log->stats, dns_records_made);
	if (enqueue(log, skb, attr)) {
		queue_work(system_unbound_wq, &log->send);
		return;
	}
	mseg_stat(log->stats, dns_records_lost);
	kfree_skb(skb);
}

static void send_all(struct work_struct *work)
{
	struct mseg_dnslog *log = container_of(work, struct mseg_dnslog, send);
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&log->queue))) {
		if (mseg_subscriber_send(log->subscribers, log->net, dns_family, dns_group, skb))
			mseg_stat(log->stats, dns_records_lost);
		else
			mseg_stat(log->stats, dns_records_sent);
		cond_resched();
	}
}

struct mseg_dnslog *mseg_dnslog_new(struct net *net, struct mseg_subscribers *subscribers,
				    struct mseg_stats __percpu *stats)
{
	struct mseg_dnslog *log = kzalloc(sizeof(*log), GFP_KERNEL);

	if (!log)
		return NULL;
	log->net = net;
	log->subscribers = subscribers;
	log->stats = stats;
	skb_queue_head_init(&log->queue);
	INIT_WORK(&log->send, send_all);
	return log;
}

void mseg_dnslog_free(struct mseg_dnslog *log)
{
	if (!log)
		return;
	flush_work(&log->send);
	kfree(log);
}
