// SPDX-License-Identifier: GPL-2.0
/* From a DNS message to the one that tells of it. */
#include "dnslog.h"

#include <linux/mseg.h>

static struct mseg_outbox_kind kind __ro_after_init = {
	.made = MSEG_STAT_dns_records_made,
	.sent = MSEG_STAT_dns_records_sent,
	.lost = MSEG_STAT_dns_records_lost,
};

static_assert(sizeof(struct mseg_dns_record) == 112, "a record has no holes");

void __init mseg_dnslog_init(const struct genl_family *family, unsigned int group)
{
	kind.family = family;
	kind.group = group;
}

struct mseg_outbox *mseg_dnslog_new(struct net *net, struct mseg_subscribers *subscribers,
				    struct mseg_stats __percpu *stats)
{
	return mseg_outbox_new(&kind, net, subscribers, stats);
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
	header = genlmsg_put(skb, 0, 0, kind.family, 0, MSEG_C_DNS_NTF);
	*attr = header ? nla_reserve(skb, MSEG_A_DNS, sizeof(*record)) : NULL;
	if (!*attr || nla_put(skb, MSEG_A_DNS_PAYLOAD, len, payload)) {
		nlmsg_free(skb);
		return NULL;
	}
	memcpy(nla_data(*attr), record, sizeof(*record));
	genlmsg_end(skb, header);
	return skb;
}

void mseg_dnslog_emit(struct mseg_outbox *log, const struct mseg_dns_record *record,
		      const void *payload, u32 len)
{
	struct nlattr *attr = NULL;
	struct sk_buff *skb;

	if (!mseg_outbox_wanted(log))
		return;
	skb = message_of(record, payload, len, &attr);
	mseg_outbox_put(log, skb,
			skb ? nla_data(attr) + offsetof(struct mseg_dns_record, seq) : NULL);
}
