// SPDX-License-Identifier: GPL-2.0
/*
 * A message is stamped with its number in the queue's order, before it is known
 * whether there is room, so that a reader sees every loss as a hole.
 */
#include "outbox.h"

#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

/* Messages of some hundred bytes, of a few kB at most. */
#define QUEUE_MESSAGES 2048

struct mseg_outbox {
	const struct mseg_outbox_kind *kind;
	struct net *net;
	struct mseg_subscribers *subscribers;
	struct mseg_stats __percpu *stats;
	struct sk_buff_head queue; /* its lock guards @seq, too */
	u64 seq;
	struct work_struct send;
};

bool mseg_outbox_wanted(const struct mseg_outbox *outbox)
{
	return mseg_subscriber_any(outbox->subscribers);
}

static bool enqueue(struct mseg_outbox *outbox, struct sk_buff *skb, void *seq)
{
	bool queued;

	spin_lock_bh(&outbox->queue.lock);
	outbox->seq++;
	queued = skb && skb_queue_len(&outbox->queue) < QUEUE_MESSAGES;
	if (queued) {
		memcpy(seq, &outbox->seq, sizeof(outbox->seq));
		__skb_queue_tail(&outbox->queue, skb);
	}
	spin_unlock_bh(&outbox->queue.lock);
	return queued;
}

void mseg_outbox_put(struct mseg_outbox *outbox, struct sk_buff *skb, void *seq)
{
	this_cpu_inc(outbox->stats->count[outbox->kind->made]);
	if (enqueue(outbox, skb, seq)) {
		queue_work(system_unbound_wq, &outbox->send);
		return;
	}
	this_cpu_inc(outbox->stats->count[outbox->kind->lost]);
	kfree_skb(skb);
}

static void send_all(struct work_struct *work)
{
	struct mseg_outbox *outbox = container_of(work, struct mseg_outbox, send);
	const struct mseg_outbox_kind *kind = outbox->kind;
	struct sk_buff *skb;
	int err;

	while ((skb = skb_dequeue(&outbox->queue))) {
		err = mseg_subscriber_send(outbox->subscribers, outbox->net, kind->family,
					   kind->group, skb);
		this_cpu_inc(outbox->stats->count[err ? kind->lost : kind->sent]);
		cond_resched();
	}
}

struct mseg_outbox *mseg_outbox_new(const struct mseg_outbox_kind *kind, struct net *net,
				    struct mseg_subscribers *subscribers,
				    struct mseg_stats __percpu *stats)
{
	struct mseg_outbox *outbox = kzalloc(sizeof(*outbox), GFP_KERNEL);

	if (!outbox)
		return NULL;
	outbox->kind = kind;
	outbox->net = net;
	outbox->subscribers = subscribers;
	outbox->stats = stats;
	skb_queue_head_init(&outbox->queue);
	INIT_WORK(&outbox->send, send_all);
	return outbox;
}

void mseg_outbox_free(struct mseg_outbox *outbox)
{
	if (!outbox)
		return;
	flush_work(&outbox->send);
	kfree(outbox);
}
