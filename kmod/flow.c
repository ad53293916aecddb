// SPDX-License-Identifier: GPL-2.0
/*
 * Records are stamped with a sequence number of their processor before it is
 * known whether there is room, so that a reader sees every loss as a hole.
 * Rejections may use the whole of a queue and allowances three quarters of it:
 * under pressure the rejections are what is left.
 */
#include "flow.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include <linux/mseg.h>
#include <mseg/core.h>

#include "tally.h"

/* Records in a queue, and in a message of some 9 kB. */
#define QUEUE_RECORDS 2048
#define ALLOWED_RECORDS (QUEUE_RECORDS / 4 * 3)
#define BATCH_RECORDS 64

/* Long enough for a message to fill, too short for a person to see. */
#define BATCH_DELAY (HZ / 100 ?: 1)

struct queue {
	spinlock_t lock; /* everything here; other processors empty it */
	u64 seq;
	u32 head;
	u32 count;
	struct mseg_flow_record *records;
};

struct mseg_flows {
	struct net *net;
	struct mseg_subscribers *subscribers;
	struct mseg_stats __percpu *stats;
	struct queue __percpu *queues;
	struct delayed_work send;
	/* Used by the worker alone. */
	struct mseg_flow_record batch[BATCH_RECORDS];
};

static const struct genl_family *flow_family;
static unsigned int flow_group;
static struct workqueue_struct *workqueue;

int mseg_flow_init(const struct genl_family *family, unsigned int group)
{
	flow_family = family;
	flow_group = group;
	workqueue = alloc_workqueue("mseg_flow", WQ_UNBOUND, 0);
	return workqueue ? 0 : -ENOMEM;
}

void mseg_flow_exit(void)
{
	destroy_workqueue(workqueue);
}

static_assert(sizeof(struct mseg_flow_record) == 192, "a record has no holes");

static void source_and_destination(struct mseg_flow_record *record, const struct mseg_conn *conn)
{
	const struct mseg_conn_key *key = &conn->key;
	bool ports = mseg_protocol_has_ports(key->protocol);
	bool icmp = mseg_protocol_is_icmp(key->protocol);
	bool out = !mseg_conn_is_reply(conn, true);
	__be16 client = mseg_packet_is_rejected(key) ? READ_ONCE(conn->client) :
						       mseg_packet_client(key, conn->direction);

	memcpy(record->source, out ? &key->local : &key->remote, 16);
	memcpy(record->destination, out ? &key->remote : &key->local, 16);
	if (mseg_conn_is_forwarded(conn))
		memcpy(record->destination, &mseg_conn_forwarded(conn)->destination, 16);
	record->source_port = ports || icmp ? ntohs(client) : 0;
	record->destination_port = ports ? conn->service : 0;
	record->icmp_type = icmp ? conn->service >> 8 : 0;
	record->icmp_code = icmp ? conn->service & 0xff : 0;
}

/* What belongs together is read together: under the entry's lock, with softirqs off. */
static void fill_verdict(struct mseg_flow_record *record, struct mseg_conn *conn)
{
	spin_lock(&conn->lock);
	record->cookie = conn->cookie;
	record->observed_cookie = conn->opinions.observed_cookie;
	record->observed_rule = conn->opinions.observed_rule;
	record->observed = conn->opinions.observed;
	record->candidate_generation = conn->opinions.candidate_generation;
	record->candidate_rule = conn->opinions.candidate_rule;
	record->candidate = conn->opinions.candidate;
	record->uid = conn->process.uid;
	record->cgroup = conn->process.cgroup;
	memcpy(record->command, conn->process.command, sizeof(record->command));
	record->generation = conn->generation;
	record->rule = conn->rule;
	record->network = conn->network;
	record->verdict = conn->verdict;
	record->flags = conn->flags;
	record->reason = conn->reason;
	record->state = READ_ONCE(conn->state);
	spin_unlock(&conn->lock);
}

/* No finer than the jiffies that it is known in, but that a connection begins with a packet. */
static u64 last_seen(const struct mseg_conn *conn, u8 event)
{
	long idle;

	if (event == MSEG_FLOW_EVENT_BEGIN)
		return conn->first_seen;
	idle = jiffies - READ_ONCE(conn->last_seen);
	return max(conn->first_seen, ktime_get_coarse_real_ns() - jiffies64_to_nsecs(max(idle, 0L)));
}

/* Every member but those of the queue; with softirqs off. */
static void fill(struct mseg_flow_record *record, struct mseg_conn *conn,
		 const struct mseg_carried *carried, u8 event)
{
	/* Of forwarded connections those are counted as out that come from who began. */
	bool out = !mseg_conn_is_forwarded(conn) || conn->direction == MSEG_DIRECTION_OUT;

	record->id = conn->id;
	record->first_seen = conn->first_seen;
	record->last_seen = last_seen(conn, event);
	record->packets_in = carried->packets[!out];
	record->packets_out = carried->packets[out];
	record->bytes_in = carried->bytes[!out];
	record->bytes_out = carried->bytes[out];
	record->ifindex = conn->ifindex;
	record->family = conn->key.family;
	record->protocol = conn->key.protocol;
	record->direction = conn->direction;
	record->event = event;
	fill_verdict(record, conn);
	source_and_destination(record, conn);
}

void mseg_flow_fill(struct mseg_flow_record *record, struct mseg_conn *conn, u8 event)
{
	struct mseg_carried carried;

	mseg_tally_sum(conn, &carried);
	local_bh_disable();
	fill(record, conn, &carried, event);
	local_bh_enable();
	record->seq = 0;
	record->cpu = 0;
	record->count = 0;
}

static void count_lost(struct mseg_flows *flows, u8 verdict)
{
	if (verdict == MSEG_ACTION_REJECT)
		mseg_stat(flows->stats, flows_lost_reject);
	else
		mseg_stat(flows->stats, flows_lost_accept);
}

/* Where the next record goes, or NULL. */
static struct mseg_flow_record *take_slot(struct queue *queue, u8 verdict)
{
	u32 limit = verdict == MSEG_ACTION_REJECT ? QUEUE_RECORDS : ALLOWED_RECORDS;

	queue->seq++;
	if (queue->count >= limit)
		return NULL;
	return &queue->records[(queue->head + queue->count++) % QUEUE_RECORDS];
}

/* Filled in where it is queued: the entry's lock is taken inside the queue's. */
static void fill_slot(struct mseg_flow_record *slot, u64 seq, struct mseg_conn *conn,
		      const struct mseg_carried *carried, u8 event)
{
	fill(slot, conn, carried, event);
	slot->seq = seq;
	slot->cpu = smp_processor_id();
	slot->count = atomic_xchg(&conn->attempts, 0);
	WRITE_ONCE(conn->reported_packets, slot->packets_in + slot->packets_out);
}

void mseg_flow_emit(struct mseg_flows *flows, struct mseg_conn *conn, u8 event)
{
	u8 verdict = READ_ONCE(conn->verdict);
	struct mseg_carried carried __uninitialized;
	struct mseg_flow_record *slot;
	struct queue *queue;
	bool first;

	WRITE_ONCE(conn->reported, jiffies);
	if (!mseg_subscriber_any(flows->subscribers))
		return;
	mseg_stat(flows->stats, flows_made);
	/* Before the queue is locked, for it may take a while. */
	mseg_tally_sum(conn, &carried);

	local_bh_disable();
	queue = this_cpu_ptr(flows->queues);
	spin_lock(&queue->lock);
	first = !queue->count;
	slot = take_slot(queue, verdict);
	if (slot)
		fill_slot(slot, queue->seq, conn, &carried, event);
	spin_unlock(&queue->lock);
	/* Before others add to the queue, who rely on it: nobody is preempted here. */
	if (first)
		queue_delayed_work(workqueue, &flows->send, BATCH_DELAY);
	local_bh_enable();
	/* Of a lost one's attempts the next record tells. */
	if (!slot)
		count_lost(flows, verdict);
}

static u32 dequeue(struct queue *queue, struct mseg_flow_record *to, u32 max)
{
	u32 n = 0;

	spin_lock_bh(&queue->lock);
	while (n < max && queue->count) {
		to[n++] = queue->records[queue->head];
		queue->head = (queue->head + 1) % QUEUE_RECORDS;
		queue->count--;
	}
	spin_unlock_bh(&queue->lock);
	return n;
}

static int send_batch(struct mseg_flows *flows, u32 n)
{
	struct sk_buff *skb;
	void *header;
	u32 i;

	skb = genlmsg_new(n * nla_total_size(sizeof(struct mseg_flow_record)), GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	header = genlmsg_put(skb, 0, 0, flow_family, 0, MSEG_C_FLOW_NTF);
	for (i = 0; header && i < n; i++) {
		if (nla_put(skb, MSEG_A_FLOW, sizeof(flows->batch[i]), &flows->batch[i]))
			header = NULL;
	}
	if (!header) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return mseg_subscriber_send(flows->subscribers, flows->net, flow_family, flow_group, skb);
}

/*
 * Sent is what reached one listener at least. Another whose socket is full is
 * told by ENOBUFS and finds the hole: the kernel cannot know which one it was.
 */
static void send_or_count(struct mseg_flows *flows, u32 n)
{
	int err = send_batch(flows, n);
	u32 i;

	if (!err) {
		mseg_stat_add(flows->stats, flows_sent, n);
		return;
	}
	for (i = 0; i < n; i++)
		count_lost(flows, flows->batch[i].verdict);
}

static void send_all(struct work_struct *work)
{
	struct mseg_flows *flows = container_of(to_delayed_work(work), struct mseg_flows, send);
	u32 n, total;
	int cpu;

	do {
		total = 0;
		n = 0;
		for_each_possible_cpu(cpu) {
			n += dequeue(per_cpu_ptr(flows->queues, cpu), flows->batch + n,
				     BATCH_RECORDS - n);
			if (n < BATCH_RECORDS)
				continue;
			send_or_count(flows, n);
			total += n;
			n = 0;
		}
		if (n)
			send_or_count(flows, n);
		cond_resched();
	} while (total);
}

static void free_queues(struct mseg_flows *flows)
{
	int cpu;

	if (flows->queues)
		for_each_possible_cpu(cpu)
			kvfree(per_cpu_ptr(flows->queues, cpu)->records);
	free_percpu(flows->queues);
}

struct mseg_flows *mseg_flows_new(struct net *net, struct mseg_subscribers *subscribers,
				  struct mseg_stats __percpu *stats)
{
	struct mseg_flows *flows = kzalloc(sizeof(*flows), GFP_KERNEL);
	struct queue *queue;
	int cpu;

	if (!flows)
		return NULL;
	flows->net = net;
	flows->subscribers = subscribers;
	flows->stats = stats;
	INIT_DELAYED_WORK(&flows->send, send_all);
	flows->queues = alloc_percpu(struct queue);
	if (!flows->queues)
		goto fail;
	for_each_possible_cpu(cpu) {
		queue = per_cpu_ptr(flows->queues, cpu);
		spin_lock_init(&queue->lock);
		queue->records = kvcalloc(QUEUE_RECORDS, sizeof(*queue->records), GFP_KERNEL);
		if (!queue->records)
			goto fail;
	}
	return flows;
fail:
	free_queues(flows);
	kfree(flows);
	return NULL;
}

void mseg_flows_free(struct mseg_flows *flows)
{
	if (!flows)
		return;
	flush_delayed_work(&flows->send);
	free_queues(flows);
	kfree(flows);
}
