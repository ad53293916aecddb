// SPDX-License-Identifier: GPL-2.0
/* What connections send first. */
#include "head.h"

#include <linux/tcp.h>
#include <linux/timekeeping.h>

#include <linux/mseg.h>

/* Packets without data that a connection may begin with; then nothing is waited for. */
#define PATIENCE 16

#define TLS_HANDSHAKE 22

static struct mseg_outbox_kind kind __ro_after_init = {
	.made = MSEG_STAT_heads_made,
	.sent = MSEG_STAT_heads_sent,
	.lost = MSEG_STAT_heads_lost,
};

static_assert(sizeof(struct mseg_head_record) == 32, "a record has no holes");

/* Of a segment, from skb->data. */
struct payload {
	u32 offset;
	u32 len;
};

void __init mseg_head_init(const struct genl_family *family, unsigned int group)
{
	kind.family = family;
	kind.group = group;
}

struct mseg_outbox *mseg_heads_new(struct mseg_net *mnet)
{
	return mseg_outbox_new(&kind, mnet->net, &mnet->head_subscribers, mnet->stats);
}

static bool find_payload(const struct sk_buff *skb, const struct mseg_packet *packet,
			 struct payload *payload)
{
	const struct tcphdr *tcp;
	struct tcphdr buffer;

	tcp = skb_header_pointer(skb, packet->transport, sizeof(buffer), &buffer);
	if (!tcp || tcp->doff < 5)
		return false;
	payload->offset = packet->transport + tcp->doff * 4;
	if (skb->len <= payload->offset)
		return false;
	payload->len = skb->len - payload->offset;
	return true;
}

/* A record of TLS, or a method of HTTP; what is of another kind is nobody's business. */
static bool may_name_somebody(const struct sk_buff *skb, const struct payload *payload)
{
	u8 buffer, *first = skb_header_pointer(skb, payload->offset, sizeof(buffer), &buffer);

	return first && (*first == TLS_HANDSHAKE || (*first >= 'A' && *first <= 'Z'));
}

/* The message, and where its record is in it. */
static struct sk_buff *message_of(const struct mseg_head_record *record, const struct sk_buff *sent,
				  const struct payload *payload, struct nlattr **attr)
{
	u32 len = min_t(u32, payload->len, MSEG_MAX_HEAD);
	size_t size = nla_total_size(sizeof(*record)) + nla_total_size(len);
	struct sk_buff *skb = genlmsg_new(size, GFP_ATOMIC);
	struct nlattr *copy;
	void *header;

	if (!skb)
		return NULL;
	header = genlmsg_put(skb, 0, 0, kind.family, 0, MSEG_C_HEAD_NTF);
	*attr = header ? nla_reserve(skb, MSEG_A_HEAD, sizeof(*record)) : NULL;
	copy = *attr ? nla_reserve(skb, MSEG_A_HEAD_PAYLOAD, len) : NULL;
	if (!copy || skb_copy_bits(sent, payload->offset, nla_data(copy), len)) {
		nlmsg_free(skb);
		return NULL;
	}
	memcpy(nla_data(*attr), record, sizeof(*record));
	genlmsg_end(skb, header);
	return skb;
}

static void tell(struct mseg_net *mnet, const struct mseg_conn *conn, const struct sk_buff *sent,
		 const struct payload *payload)
{
	const struct mseg_head_record record = {
		.time = ktime_get_real_ns(),
		.connection = conn->id,
		.length = payload->len,
	};
	struct nlattr *attr = NULL;
	struct sk_buff *skb = message_of(&record, sent, payload, &attr);

	mseg_outbox_put(mnet->heads, skb,
			skb ? nla_data(attr) + offsetof(struct mseg_head_record, seq) : NULL);
}

/* Whether it is this packet's turn to change it so. */
static bool change(struct mseg_conn *conn, enum mseg_conn_named from, enum mseg_conn_named to)
{
	bool changes;

	if (READ_ONCE(conn->named) != from)
		return false;
	spin_lock_bh(&conn->lock);
	changes = conn->named == from;
	if (changes)
		WRITE_ONCE(conn->named, to);
	spin_unlock_bh(&conn->lock);
	return changes;
}

static bool lost_patience(const struct mseg_conn *conn)
{
	return atomic64_read(&conn->packets[MSEG_DIRECTION_OUT]) > PATIENCE;
}

void mseg_head_look(struct mseg_net *mnet, const struct sk_buff *skb,
		    const struct mseg_packet *packet)
{
	struct mseg_conn *conn = mseg_conn_find(mnet->conns, &packet->key);
	struct payload payload;

	if (!conn || conn->direction != MSEG_DIRECTION_OUT)
		return;
	if (packet->tcp_syn)
		change(conn, MSEG_CONN_NAMED_TASK, MSEG_CONN_NAMED_UNHEARD);
	if (READ_ONCE(conn->named) != MSEG_CONN_NAMED_UNHEARD)
		return;
	if (!find_payload(skb, packet, &payload)) {
		if (lost_patience(conn))
			change(conn, MSEG_CONN_NAMED_UNHEARD, MSEG_CONN_NAMED_TASK);
		return;
	}
	if (change(conn, MSEG_CONN_NAMED_UNHEARD, MSEG_CONN_NAMED_TASK) &&
	    may_name_somebody(skb, &payload))
		tell(mnet, conn, skb, &payload);
}
