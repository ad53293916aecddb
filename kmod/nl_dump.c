// SPDX-License-Identifier: GPL-2.0
/* Dumps of networks, rules and connections. */
#include "nl.h"

#include <linux/err.h>
#include <linux/mm.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include <linux/mseg.h>

#include "compat.h"

/* Room for a rule with as many networks and services as there may be. */
#define DUMP_ALLOC (SZ_64K - 1)

/* The third of cb->args of a dump of the policy. */
#define OF_CANDIDATE 2

int mseg_nl_dump_start(struct netlink_callback *cb)
{
	cb->args[OF_CANDIDATE] = !!mseg_dump_attrs(cb)[MSEG_A_CANDIDATE];
	cb->min_dump_alloc = DUMP_ALLOC;
	return 0;
}

static int put_entry(struct sk_buff *skb, const struct mseg_prefix *prefix)
{
	int len = prefix->family == MSEG_FAMILY_IPV4 ? 4 : 16;
	struct nlattr *nest = nla_nest_start(skb, MSEG_A_ENTRY);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put(skb, MSEG_A_ENTRY_ADDRESS, len, prefix->addr) ||
	    nla_put_u8(skb, MSEG_A_ENTRY_PREFIX_LEN, prefix->len) ||
	    (prefix->exclude && nla_put_flag(skb, MSEG_A_ENTRY_EXCLUDE))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* The entries stand before the domains. */
static int put_member(struct sk_buff *skb, const struct mseg_network *network, u32 member)
{
	if (member < network->n_prefixes)
		return put_entry(skb, &network->prefixes[member]);
	return nla_put_string(skb, MSEG_A_DOMAIN, network->domains[member - network->n_prefixes]);
}

/*
 * One message with as many of a network's entries and domains as fit, from *member on.
 * Return: 0 when the network is done, else -EMSGSIZE.
 */
static int put_network(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct mseg_generation *generation, u32 id, long *member)
{
	const struct mseg_network *network = &generation->policy->networks[id];
	void *header = mseg_nl_dump_put(skb, cb, MSEG_C_NETWORK_GET);
	long members = network->n_prefixes + network->n_domains;
	long first = *member;

	if (!header)
		return -EMSGSIZE;
	if (nla_put_u32(skb, MSEG_A_GENERATION, generation->number) ||
	    nla_put_u32(skb, MSEG_A_ID, id) || nla_put_string(skb, MSEG_A_NAME, network->name))
		goto cancel;
	while (*member < members && !put_member(skb, network, *member))
		++*member;
	if (*member == first && first < members)
		goto cancel;
	genlmsg_end(skb, header);
	if (*member < members)
		return -EMSGSIZE;
	*member = 0;
	return 0;
cancel:
	genlmsg_cancel(skb, header);
	return -EMSGSIZE;
}

/* Call a dump's function with the generation that is asked for, under the lock. */
static int dump_policy(struct sk_buff *skb, struct netlink_callback *cb,
		       void (*dump)(struct sk_buff *skb, struct netlink_callback *cb,
				    const struct mseg_generation *generation))
{
	struct mseg_net *mnet = mseg_net_of(sock_net(skb->sk));
	const struct mseg_generation *generation;
	int err = 0;

	mutex_lock(&mnet->lock);
	if (!mnet->attached) {
		err = mseg_nl_not_attached(cb->extack);
		goto out;
	}
	generation = mseg_net_generation(mnet);
	if (cb->args[OF_CANDIDATE])
		generation = mseg_net_candidate(mnet);
	if (!generation) {
		NL_SET_ERR_MSG(cb->extack, "there is no candidate");
		err = -ENOENT;
		goto out;
	}
	cb->seq = generation->number;
	dump(skb, cb, generation);
out:
	mutex_unlock(&mnet->lock);
	return err ?: skb->len;
}

static void dump_networks(struct sk_buff *skb, struct netlink_callback *cb,
			  const struct mseg_generation *generation)
{
	while (cb->args[0] < generation->policy->n_networks &&
	       !put_network(skb, cb, generation, cb->args[0], &cb->args[1]))
		cb->args[0]++;
}

static int put_service(struct sk_buff *skb, const struct mseg_service *service)
{
	struct nlattr *nest = nla_nest_start(skb, MSEG_A_SERVICE);

	if (!nest || nla_put_u16(skb, MSEG_A_SERVICE_ITEM, service->item))
		return -EMSGSIZE;
	if (service->protocol != MSEG_PROTOCOL_ANY &&
	    nla_put_u8(skb, MSEG_A_SERVICE_PROTOCOL, service->protocol))
		return -EMSGSIZE;
	if (!service->bare && (nla_put_u16(skb, MSEG_A_SERVICE_LOW, service->low) ||
			       nla_put_u16(skb, MSEG_A_SERVICE_HIGH, service->high)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_rule_attrs(struct sk_buff *skb, const struct mseg_rule *rule)
{
	u32 i;

	if (nla_put_string(skb, MSEG_A_NAME, rule->name) ||
	    nla_put_u8(skb, MSEG_A_DIRECTION, rule->direction) ||
	    nla_put_u8(skb, MSEG_A_ACTION, rule->action) ||
	    nla_put_u64_64bit(skb, MSEG_A_COOKIE, rule->cookie, MSEG_A_PAD) ||
	    (rule->observed && nla_put_flag(skb, MSEG_A_OBSERVED)))
		return -EMSGSIZE;
	for (i = 0; i < rule->n_networks; i++)
		if (nla_put_u32(skb, MSEG_A_NETWORK, rule->networks[i]))
			return -EMSGSIZE;
	for (i = 0; i < rule->n_services; i++)
		if (put_service(skb, &rule->services[i]))
			return -EMSGSIZE;
	return 0;
}

static int put_hits(struct sk_buff *skb, const struct mseg_hits *hits)
{
	if (nla_put_u64_64bit(skb, MSEG_A_HITS, atomic64_read(&hits->count), MSEG_A_PAD) ||
	    nla_put_u64_64bit(skb, MSEG_A_LAST_HIT, READ_ONCE(hits->last), MSEG_A_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_rule(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct mseg_generation *generation, u32 id)
{
	void *header = mseg_nl_dump_put(skb, cb, MSEG_C_RULE_GET);

	if (!header)
		return -EMSGSIZE;
	if (nla_put_u32(skb, MSEG_A_GENERATION, generation->number) ||
	    nla_put_u32(skb, MSEG_A_ID, id) || put_rule_attrs(skb, &generation->policy->rules[id]) ||
	    put_hits(skb, &generation->hits[id])) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

static void dump_rules(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct mseg_generation *generation)
{
	while (cb->args[0] < generation->policy->n_rules &&
	       !put_rule(skb, cb, generation, cb->args[0]))
		cb->args[0]++;
}

int mseg_nl_network_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_policy(skb, cb, dump_networks);
}

int mseg_nl_rule_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_policy(skb, cb, dump_rules);
}

static int put_connection(struct sk_buff *skb, struct netlink_callback *cb,
			  const struct mseg_conns *conns, struct mseg_conn *conn)
{
	void *header = mseg_nl_dump_put(skb, cb, MSEG_C_CONNECTION_GET);
	struct mseg_flow_record record;
	unsigned long end;
	long left;

	if (!header)
		return -EMSGSIZE;
	mseg_flow_fill(&record, conn, MSEG_FLOW_EVENT_UPDATE);
	end = READ_ONCE(conn->last_seen) + mseg_conn_timeout(conns, conn);
	left = max_t(long, end - jiffies, 0);
	if (nla_put(skb, MSEG_A_FLOW, sizeof(record), &record) ||
	    nla_put_u32(skb, MSEG_A_TIMEOUT, left / HZ)) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

/* A bucket from its args[1]-th entry on; false when the message is full. */
static bool dump_bucket(struct sk_buff *skb, struct netlink_callback *cb,
			const struct mseg_conns *conns)
{
	const struct mseg_conn_bucket *bucket = &conns->buckets[cb->args[0]];
	struct mseg_conn *conn;
	long i = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(conn, &bucket->chain, node) {
		if (i++ < cb->args[1])
			continue;
		if (put_connection(skb, cb, conns, conn)) {
			rcu_read_unlock();
			return false;
		}
		cb->args[1]++;
	}
	rcu_read_unlock();
	cb->args[1] = 0;
	return true;
}

int mseg_nl_connection_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct mseg_net *mnet = mseg_net_of(sock_net(skb->sk));
	struct mseg_conns *conns;
	int err = 0;

	mutex_lock(&mnet->lock);
	if (!mnet->attached) {
		err = mseg_nl_not_attached(cb->extack);
		goto out;
	}
	conns = mnet->conns;
	/* Attached anew, the namespace has another cache. */
	cb->seq = mnet->times_attached;
	for (; cb->args[0] <= conns->mask; cb->args[0]++) {
		if (!dump_bucket(skb, cb, conns))
			break;
		cond_resched();
	}
out:
	mutex_unlock(&mnet->lock);
	return err ?: skb->len;
}
