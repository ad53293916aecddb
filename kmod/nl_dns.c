// SPDX-License-Identifier: GPL-2.0
/* Commands about names: resolvers, and what is learned. */
#include "nl.h"

#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include <linux/mseg.h>

#include "audit.h"
#include "dns.h"
#include "learned.h"

/* Networks that are named of one entry of a dump. */
#define MAX_NETWORKS 64

static int read_address(const struct nlattr *attr, struct mseg_address *address,
			struct netlink_ext_ack *extack)
{
	if (nla_len(attr) != 4 && nla_len(attr) != 16) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "an address has 4 bytes or 16");
		return -EINVAL;
	}
	memset(address, 0, sizeof(*address));
	memcpy(address->addr, nla_data(attr), nla_len(attr));
	address->family = nla_len(attr) == 4 ? MSEG_FAMILY_IPV4 : MSEG_FAMILY_IPV6;
	return 0;
}

static int put_address(struct sk_buff *skb, int type, const struct mseg_address *address)
{
	return nla_put(skb, type, address->family == MSEG_FAMILY_IPV4 ? 4 : 16, address->addr);
}

/* Why a command that changes what may be learned is not done. */
static int refuse_change(struct mseg_net *mnet, struct genl_info *info)
{
	if (!mnet->attached)
		return mseg_nl_not_attached(info->extack);
	if (mnet->locked)
		return mseg_nl_refuse(info, -EPERM, mseg_generation_refusal(-EPERM));
	return 0;
}

static int read_resolvers(struct genl_info *info, struct mseg_resolvers **result)
{
	u32 n = mseg_nl_count_attrs(info, MSEG_A_RESOLVER);
	struct mseg_resolvers *resolvers;
	const struct nlattr *attr;
	int rest, err;
	u32 i = 0;

	if (n > MSEG_MAX_RESOLVERS)
		return mseg_nl_refuse(info, -E2BIG, "too many resolvers");
	resolvers = kzalloc(struct_size(resolvers, resolver, n), GFP_KERNEL);
	if (!resolvers)
		return mseg_nl_no_memory(info);
	resolvers->n = n;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
		if (nla_type(attr) != MSEG_A_RESOLVER)
			continue;
		err = read_address(attr, &resolvers->resolver[i++], info->extack);
		if (err) {
			kfree(resolvers);
			return err;
		}
	}
	*result = resolvers;
	return 0;
}

int mseg_nl_resolvers_set(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct mseg_resolvers *resolvers;
	u32 in_force;
	int err;

	err = read_resolvers(info, &resolvers);
	if (err)
		return err;
	mutex_lock(&mnet->lock);
	in_force = mseg_nl_generation(mnet);
	err = refuse_change(mnet, info);
	if (!err)
		mseg_dns_set_resolvers(mnet, resolvers);
	mutex_unlock(&mnet->lock);
	if (err)
		kfree(resolvers);
	mseg_audit("resolvers", mnet->net, in_force, in_force, err);
	return err;
}

static int put_resolvers(struct sk_buff *skb, const struct mseg_net *mnet)
{
	const struct mseg_resolvers *resolvers = mseg_dns_resolvers(mnet);
	u32 i;

	for (i = 0; resolvers && i < resolvers->n; i++)
		if (put_address(skb, MSEG_A_RESOLVER, &resolvers->resolver[i]))
			return -EMSGSIZE;
	return 0;
}

int mseg_nl_resolvers_get(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct sk_buff *skb;
	void *header;
	int err;

	skb = mseg_nl_reply_new(info, NLMSG_GOODSIZE, MSEG_C_RESOLVERS_GET, &header);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	err = mnet->attached ? put_resolvers(skb, mnet) : mseg_nl_not_attached(info->extack);
	mutex_unlock(&mnet->lock);
	return mseg_nl_reply_send(info, skb, header, err);
}

/* Seconds from now until then, as many as may be learned; 0 where that is over. */
static u32 seconds_until(u64 until)
{
	u64 now = ktime_get_real_ns();

	if (until <= now)
		return 0;
	return min_t(u64, div_u64(until - now + NSEC_PER_SEC - 1, NSEC_PER_SEC), MSEG_MAX_DNS_TTL);
}

static int read_lesson(const struct nlattr *attr, struct mseg_lesson *lesson,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MSEG_A_LEARNED_RESOLVER + 1];
	const char *why;
	int err;

	/* The family's policy has seen the attributes within. */
	err = nla_parse_nested(tb, ARRAY_SIZE(tb) - 1, attr, NULL, extack);
	if (err)
		return err;
	if (!tb[MSEG_A_LEARNED_NAME] || !tb[MSEG_A_LEARNED_ADDRESS] || !tb[MSEG_A_LEARNED_UNTIL]) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "what is to be learned needs a name, an address and a time");
		return -EINVAL;
	}
	memset(lesson, 0, sizeof(*lesson));
	lesson->name = nla_data(tb[MSEG_A_LEARNED_NAME]);
	why = mseg_name_check(lesson->name);
	if (why) {
		NL_SET_BAD_ATTR(extack, tb[MSEG_A_LEARNED_NAME]);
		if (extack)
			extack->_msg = why;
		return -EINVAL;
	}
	lesson->since = ktime_get_real_ns();
	if (tb[MSEG_A_LEARNED_SINCE])
		lesson->since = min(lesson->since, nla_get_u64(tb[MSEG_A_LEARNED_SINCE]));
	lesson->seconds = seconds_until(nla_get_u64(tb[MSEG_A_LEARNED_UNTIL]));
	err = read_address(tb[MSEG_A_LEARNED_ADDRESS], &lesson->address, extack);
	if (!err && tb[MSEG_A_LEARNED_RESOLVER])
		err = read_address(tb[MSEG_A_LEARNED_RESOLVER], &lesson->resolver, extack);
	return err;
}

/* Each is read before the first is learned, so that a refusal changes nothing. */
static int learn_all(struct mseg_net *mnet, struct genl_info *info, bool only_read)
{
	struct mseg_lesson lesson;
	const struct nlattr *attr;
	int rest, err;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
		if (nla_type(attr) != MSEG_A_LEARNED)
			continue;
		err = read_lesson(attr, &lesson, info->extack);
		if (err)
			return err;
		if (only_read || !lesson.seconds)
			continue;
		rcu_read_lock();
		mseg_dns_learn(mnet, &lesson);
		rcu_read_unlock();
	}
	return 0;
}

int mseg_nl_dns_learn(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	u32 in_force;
	int err;

	mutex_lock(&mnet->lock);
	in_force = mseg_nl_generation(mnet);
	err = refuse_change(mnet, info);
	if (!err)
		err = learn_all(mnet, info, true);
	if (!err)
		err = learn_all(mnet, info, false);
	mutex_unlock(&mnet->lock);
	mseg_audit("learn", mnet->net, in_force, in_force, err);
	return err;
}

static int put_networks(struct sk_buff *skb, const struct mseg_policy *policy,
			const struct mseg_learned_entry *entry)
{
	u32 network, n = 0, last = MSEG_ID_NONE;
	struct mseg_name_search search;

	mseg_name_search(&search, policy, mseg_learned_text(entry));
	while (n < MAX_NETWORKS && (network = mseg_name_next(&search)) != MSEG_ID_NONE) {
		if (network == last ||
		    !mseg_policy_holds(policy, network, entry->address.family, entry->address.addr))
			continue;
		if (nla_put_u32(skb, MSEG_A_LEARNED_NETWORK, network))
			return -EMSGSIZE;
		last = network;
		n++;
	}
	return 0;
}

/* In nanoseconds since 1970. */
static u64 real_time(unsigned long jiffies_then)
{
	long left = jiffies_then - jiffies;
	u64 now = ktime_get_real_ns();

	return left >= 0 ? now + jiffies64_to_nsecs(left) : now - jiffies64_to_nsecs(-left);
}

static int put_learned_attrs(struct sk_buff *skb, const struct mseg_policy *policy,
			     const struct mseg_learned_entry *entry)
{
	bool in_use = time_before(jiffies, READ_ONCE(entry->used_until));
	u64 until = real_time(READ_ONCE(entry->until));

	if (nla_put_string(skb, MSEG_A_LEARNED_NAME, mseg_learned_text(entry)) ||
	    put_address(skb, MSEG_A_LEARNED_ADDRESS, &entry->address) ||
	    nla_put_u64_64bit(skb, MSEG_A_LEARNED_SINCE, entry->since, MSEG_A_LEARNED_PAD) ||
	    nla_put_u64_64bit(skb, MSEG_A_LEARNED_UNTIL, until, MSEG_A_LEARNED_PAD) ||
	    (in_use && nla_put_flag(skb, MSEG_A_LEARNED_IN_USE)))
		return -EMSGSIZE;
	if (entry->resolver.family && put_address(skb, MSEG_A_LEARNED_RESOLVER, &entry->resolver))
		return -EMSGSIZE;
	return put_networks(skb, policy, entry);
}

static int put_learned(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct mseg_generation *generation,
		       const struct mseg_learned_entry *entry)
{
	void *header = mseg_nl_dump_put(skb, cb, MSEG_C_DNS_CACHE_GET);
	struct nlattr *nest;

	if (!header)
		return -EMSGSIZE;
	if (nla_put_u32(skb, MSEG_A_GENERATION, generation->number))
		goto cancel;
	nest = nla_nest_start(skb, MSEG_A_LEARNED);
	if (!nest || put_learned_attrs(skb, generation->policy, entry))
		goto cancel;
	nla_nest_end(skb, nest);
	genlmsg_end(skb, header);
	return 0;
cancel:
	genlmsg_cancel(skb, header);
	return -EMSGSIZE;
}

/* A bucket from its args[1]-th entry on; false when the message is full. */
static bool dump_bucket(struct sk_buff *skb, struct netlink_callback *cb, struct mseg_net *mnet)
{
	const struct hlist_head *bucket = &mnet->learned->buckets[cb->args[0]];
	const struct mseg_generation *generation = mseg_net_generation(mnet);
	const struct mseg_learned_entry *entry;
	bool done = true;
	long i = 0;

	spin_lock_bh(&mnet->learned->lock);
	hlist_for_each_entry(entry, bucket, node) {
		if (i++ < cb->args[1] || !mseg_learned_is_valid(entry))
			continue;
		done = !put_learned(skb, cb, generation, entry);
		if (!done)
			break;
		cb->args[1] = i;
	}
	spin_unlock_bh(&mnet->learned->lock);
	if (done)
		cb->args[1] = 0;
	return done;
}

int mseg_nl_dns_cache_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct mseg_net *mnet = mseg_net_of(sock_net(skb->sk));
	int err = 0;

	mutex_lock(&mnet->lock);
	if (!mnet->attached) {
		err = mseg_nl_not_attached(cb->extack);
		goto out;
	}
	/* Networks are those of one generation; attached anew, there is another, too. */
	cb->seq = mseg_net_generation(mnet)->number;
	for (; cb->args[0] < MSEG_LEARNED_BUCKETS; cb->args[0]++) {
		if (!hlist_empty(&mnet->learned->buckets[cb->args[0]]) &&
		    !dump_bucket(skb, cb, mnet))
			break;
		cond_resched();
	}
out:
	mutex_unlock(&mnet->lock);
	return err ?: skb->len;
}
