// SPDX-License-Identifier: GPL-2.0
/*
 * The Generic Netlink family of include/mseg.yaml: parsing requests, filling
 * replies. Every operation asks for CAP_NET_ADMIN in the initial user namespace
 * (GENL_ADMIN_PERM), since it changes the policy or reveals traffic. Commands
 * of one network namespace are serialised by its lock.
 */
#include "netlink.h"

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include <linux/mseg.h>
#include <mseg/version.h>

#include "audit.h"
#include "event.h"
#include "net.h"
#include "txn.h"

/* Room for a rule with as many networks and services as there may be. */
#define DUMP_ALLOC (SZ_64K - 1)

static const struct genl_multicast_group groups[] = {
	[MSEG_NETLINK_FLOWS] = {
		.name = MSEG_MCGRP_FLOWS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
	[MSEG_NETLINK_POLICY] = {
		.name = MSEG_MCGRP_POLICY,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

static const struct nla_policy entry_policy[MSEG_A_ENTRY_MAX + 1] = {
	[MSEG_A_ENTRY_ADDRESS] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[MSEG_A_ENTRY_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[MSEG_A_ENTRY_EXCLUDE] = { .type = NLA_FLAG },
};

static const struct nla_policy service_policy[MSEG_A_SERVICE_MAX + 1] = {
	[MSEG_A_SERVICE_PROTOCOL] = { .type = NLA_U8 },
	[MSEG_A_SERVICE_LOW] = { .type = NLA_U16 },
	[MSEG_A_SERVICE_HIGH] = { .type = NLA_U16 },
	[MSEG_A_SERVICE_ITEM] = { .type = NLA_U16 },
};

static const struct nla_policy begin_policy[MSEG_A_CLONE + 1] = {
	[MSEG_A_CLONE] = { .type = NLA_FLAG },
};

static const struct nla_policy network_policy[MSEG_A_ENTRY + 1] = {
	[MSEG_A_TXN] = { .type = NLA_U32 },
	[MSEG_A_ID] = { .type = NLA_U32 },
	[MSEG_A_NAME] = { .type = NLA_NUL_STRING, .len = MSEG_MAX_NAME_LEN },
	[MSEG_A_ENTRY] = NLA_POLICY_NESTED(entry_policy),
};

static const struct nla_policy rule_policy[MSEG_A_COOKIE + 1] = {
	[MSEG_A_TXN] = { .type = NLA_U32 },
	[MSEG_A_ID] = { .type = NLA_U32 },
	[MSEG_A_NAME] = { .type = NLA_NUL_STRING, .len = MSEG_MAX_NAME_LEN },
	[MSEG_A_DIRECTION] = NLA_POLICY_MAX(NLA_U8, MSEG_DIRECTION_OUT),
	[MSEG_A_ACTION] = NLA_POLICY_MAX(NLA_U8, MSEG_ACTION_REJECT),
	[MSEG_A_NETWORK] = { .type = NLA_U32 },
	[MSEG_A_SERVICE] = NLA_POLICY_NESTED(service_policy),
	[MSEG_A_COOKIE] = { .type = NLA_U64 },
};

static const struct nla_policy defaults_policy[MSEG_A_SILENT_OUT + 1] = {
	[MSEG_A_TXN] = { .type = NLA_U32 },
	[MSEG_A_DEFAULT_IN] = NLA_POLICY_MAX(NLA_U8, MSEG_ACTION_REJECT),
	[MSEG_A_DEFAULT_OUT] = NLA_POLICY_MAX(NLA_U8, MSEG_ACTION_REJECT),
	[MSEG_A_SILENT_IN] = NLA_POLICY_MAX(NLA_U8, 1),
	[MSEG_A_SILENT_OUT] = NLA_POLICY_MAX(NLA_U8, 1),
};

static struct netlink_range_validation confirm_range = {
	.min = 1,
	.max = MSEG_MAX_CONFIRM_WITHIN,
};

static const struct nla_policy commit_policy[MSEG_A_EXISTING + 1] = {
	[MSEG_A_TXN] = { .type = NLA_U32 },
	[MSEG_A_GENERATION] = { .type = NLA_U32 },
	[MSEG_A_CONFIRM_WITHIN] = NLA_POLICY_FULL_RANGE(NLA_U32, &confirm_range),
	[MSEG_A_EXISTING] = NLA_POLICY_MAX(NLA_U8, MSEG_EXISTING_RESET),
};

static const struct nla_policy confirm_policy[MSEG_A_GENERATION + 1] = {
	[MSEG_A_GENERATION] = { .type = NLA_U32 },
};

static const struct nla_policy abort_policy[MSEG_A_TXN + 1] = {
	[MSEG_A_TXN] = { .type = NLA_U32 },
};

/* The core's reasons are whole sentences in memory that never goes. */
static int refuse(struct genl_info *info, int err, const char *why)
{
	if (info->extack)
		info->extack->_msg = why;
	return err;
}

static int not_attached(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "this network namespace is not policed; attach it first");
	return -ENODEV;
}

/* --- replies --------------------------------------------------------------- */

static struct sk_buff *reply_new(struct genl_info *info, size_t size, u8 cmd, void **header)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb)
		return NULL;
	*header = genlmsg_put_reply(skb, info, &mseg_netlink_family, 0, cmd);
	if (!*header) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

static int reply_send(struct genl_info *info, struct sk_buff *skb, void *header, int err)
{
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, header);
	return genlmsg_reply(skb, info);
}

static int put_status(struct sk_buff *skb, const struct mseg_net *mnet)
{
	const struct mseg_policy *policy;

	if (nla_put_string(skb, MSEG_A_VERSION, MSEG_VERSION))
		return -EMSGSIZE;
	if (!mnet->attached)
		return 0;
	policy = mseg_net_generation(mnet)->policy;
	if (nla_put_flag(skb, MSEG_A_ATTACHED) || mseg_event_put_generation(skb, mnet) ||
	    nla_put_u32(skb, MSEG_A_NETWORK_COUNT, policy->n_networks) ||
	    nla_put_u32(skb, MSEG_A_ENTRY_COUNT, policy->n_entries) ||
	    nla_put_u32(skb, MSEG_A_RULE_COUNT, policy->n_rules) ||
	    nla_put_u32(skb, MSEG_A_CONNECTION_COUNT, atomic_read(&mnet->conns->count)) ||
	    nla_put_u32(skb, MSEG_A_CONNECTION_MAX, mnet->conns->max))
		return -EMSGSIZE;
	return 0;
}

static int status_get(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct sk_buff *skb;
	void *header;
	int err;

	skb = reply_new(info, NLMSG_GOODSIZE, MSEG_C_STATUS_GET, &header);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	err = put_status(skb, mnet);
	mutex_unlock(&mnet->lock);
	return reply_send(info, skb, header, err);
}

static int put_stat(struct sk_buff *skb, const struct mseg_net *mnet, enum mseg_stat stat)
{
	struct nlattr *nest = nla_nest_start(skb, MSEG_A_STAT);

	if (!nest || nla_put_string(skb, MSEG_A_STAT_NAME, mseg_stat_names[stat]) ||
	    nla_put_u64_64bit(skb, MSEG_A_STAT_VALUE, mseg_stats_sum(mnet->stats, stat),
			      MSEG_A_STAT_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_stats(struct sk_buff *skb, const struct mseg_net *mnet)
{
	int i, err = 0;

	for (i = 0; i < MSEG_STAT_MAX && !err; i++)
		err = put_stat(skb, mnet, i);
	return err;
}

static int stats_get(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct sk_buff *skb;
	void *header;
	int err;

	skb = reply_new(info, 2 * NLMSG_GOODSIZE, MSEG_C_STATS_GET, &header);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	err = mnet->attached ? put_stats(skb, mnet) : not_attached(info->extack);
	mutex_unlock(&mnet->lock);
	return reply_send(info, skb, header, err);
}

/* --- attaching ------------------------------------------------------------- */

static u32 generation_number(const struct mseg_net *mnet)
{
	return mnet->attached ? mseg_net_generation(mnet)->number : 0;
}

static int attach(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	u32 before;
	int err;

	mutex_lock(&mnet->lock);
	before = generation_number(mnet);
	err = mseg_net_attach(mnet);
	mseg_audit("attach", before, generation_number(mnet), err);
	mutex_unlock(&mnet->lock);
	if (err == -EALREADY)
		return refuse(info, err, "this network namespace is policed already");
	return err;
}

static int detach(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	u32 before;
	int err = 0;

	mutex_lock(&mnet->lock);
	before = generation_number(mnet);
	if (mnet->attached)
		mseg_net_detach(mnet);
	else
		err = not_attached(info->extack);
	mseg_audit("detach", before, 0, err);
	mutex_unlock(&mnet->lock);
	return err;
}

/* --- transactions ---------------------------------------------------------- */

static int begin_locked(struct mseg_net *mnet, struct genl_info *info, struct sk_buff *skb)
{
	struct mseg_txn *txn;

	if (!mnet->attached)
		return not_attached(info->extack);
	txn = mseg_txn_begin(mnet, info->snd_portid, info->attrs[MSEG_A_CLONE]);
	if (txn == ERR_PTR(-EMFILE))
		return refuse(info, -EMFILE, "too many open transactions");
	if (IS_ERR(txn))
		return PTR_ERR(txn);
	if (nla_put_u32(skb, MSEG_A_TXN, txn->id) ||
	    nla_put_u32(skb, MSEG_A_GENERATION, mseg_net_generation(mnet)->number)) {
		mseg_txn_abort(mnet, txn);
		return -EMSGSIZE;
	}
	return 0;
}

static int txn_begin(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct sk_buff *skb;
	void *header;
	int err;

	skb = reply_new(info, NLMSG_GOODSIZE, MSEG_C_TXN_BEGIN, &header);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	err = begin_locked(mnet, info, skb);
	mutex_unlock(&mnet->lock);
	return reply_send(info, skb, header, err);
}

static struct mseg_txn *find_txn(struct mseg_net *mnet, struct genl_info *info)
{
	struct mseg_txn *txn;

	if (GENL_REQ_ATTR_CHECK(info, MSEG_A_TXN)) {
		NL_SET_ERR_MSG(info->extack, "no transaction given");
		return ERR_PTR(-EINVAL);
	}
	txn = mseg_txn_find(mnet, info->snd_portid, nla_get_u32(info->attrs[MSEG_A_TXN]));
	if (txn)
		return txn;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[MSEG_A_TXN],
			    "this socket has no such transaction");
	return ERR_PTR(-ENOENT);
}

/*
 * Do a part of a transaction. One that is refused spoils the whole, so that a
 * careless client cannot commit the rest.
 */
static int txn_part(struct genl_info *info,
		    int (*part)(struct mseg_policy *policy, struct genl_info *info))
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct mseg_txn *txn;
	int err;

	mutex_lock(&mnet->lock);
	txn = find_txn(mnet, info);
	err = PTR_ERR_OR_ZERO(txn);
	if (!err) {
		err = part(txn->policy, info);
		if (err)
			txn->refused = true;
	}
	mutex_unlock(&mnet->lock);
	return err;
}

static int parse_entry(const struct nlattr *attr, struct mseg_prefix *prefix,
		       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MSEG_A_ENTRY_MAX + 1];
	const struct nlattr *address;
	int err;

	err = nla_parse_nested(tb, MSEG_A_ENTRY_MAX, attr, entry_policy, extack);
	if (err)
		return err;
	address = tb[MSEG_A_ENTRY_ADDRESS];
	if (!address || !tb[MSEG_A_ENTRY_PREFIX_LEN]) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "an entry needs an address and a length");
		return -EINVAL;
	}
	if (nla_len(address) != 4 && nla_len(address) != 16) {
		NL_SET_ERR_MSG_ATTR(extack, address, "an address has 4 bytes or 16");
		return -EINVAL;
	}
	memset(prefix, 0, sizeof(*prefix));
	memcpy(prefix->addr, nla_data(address), nla_len(address));
	prefix->family = nla_len(address) == 4 ? MSEG_FAMILY_IPV4 : MSEG_FAMILY_IPV6;
	prefix->len = nla_get_u8(tb[MSEG_A_ENTRY_PREFIX_LEN]);
	prefix->exclude = !!tb[MSEG_A_ENTRY_EXCLUDE];
	return 0;
}

/* The n-th attribute of a type in the request, to say which was refused. */
static const struct nlattr *nth_attr(struct genl_info *info, int type, u32 n)
{
	const struct nlattr *attr;
	int rest;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest)
		if (nla_type(attr) == type && !n--)
			return attr;
	return NULL;
}

static u32 count_attrs(struct genl_info *info, int type)
{
	const struct nlattr *attr;
	u32 n = 0;
	int rest;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest)
		n += nla_type(attr) == type;
	return n;
}

static int add_entries(struct mseg_policy *policy, struct genl_info *info)
{
	u32 n = count_attrs(info, MSEG_A_ENTRY);
	struct mseg_refusal refusal = { .entry = MSEG_ID_NONE };
	struct mseg_prefix *prefixes;
	const struct nlattr *attr;
	int rest, err = 0;
	u32 i = 0;

	if (!n)
		return 0;
	prefixes = kvcalloc(n, sizeof(*prefixes), GFP_KERNEL);
	if (!prefixes)
		return -ENOMEM;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
		if (nla_type(attr) != MSEG_A_ENTRY)
			continue;
		err = parse_entry(attr, &prefixes[i++], info->extack);
		if (err)
			goto out;
	}
	err = mseg_policy_add_prefixes(policy, prefixes, n, &refusal);
	if (err) {
		if (refusal.entry != MSEG_ID_NONE)
			NL_SET_BAD_ATTR(info->extack, nth_attr(info, MSEG_A_ENTRY, refusal.entry));
		refuse(info, err, refusal.why);
	}
out:
	kvfree(prefixes);
	return err;
}

static int add_network(struct mseg_policy *policy, struct genl_info *info)
{
	struct mseg_refusal refusal;
	int err;
	u32 id;

	if (GENL_REQ_ATTR_CHECK(info, MSEG_A_ID))
		return refuse(info, -EINVAL, "a network needs an index");
	id = nla_get_u32(info->attrs[MSEG_A_ID]);
	if (!info->attrs[MSEG_A_NAME]) {
		if (!policy->n_networks || id != policy->n_networks - 1)
			return refuse(info, -EINVAL, "only the last network takes more entries");
		return add_entries(policy, info);
	}
	if (id != policy->n_networks)
		return refuse(info, -EINVAL, "networks come in the order of their indices");
	err = mseg_policy_add_network(policy, nla_data(info->attrs[MSEG_A_NAME]), &refusal);
	if (err)
		return refuse(info, err, refusal.why);
	return add_entries(policy, info);
}

static int parse_service(const struct nlattr *attr, struct mseg_service *service, u16 item,
			 struct netlink_ext_ack *extack)
{
	struct nlattr *tb[MSEG_A_SERVICE_MAX + 1];
	int err;

	err = nla_parse_nested(tb, MSEG_A_SERVICE_MAX, attr, service_policy, extack);
	if (err)
		return err;
	if (!tb[MSEG_A_SERVICE_LOW] != !tb[MSEG_A_SERVICE_HIGH]) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a range needs both ends");
		return -EINVAL;
	}
	memset(service, 0, sizeof(*service));
	service->item = item;
	service->protocol = MSEG_PROTOCOL_ANY;
	if (tb[MSEG_A_SERVICE_PROTOCOL])
		service->protocol = nla_get_u8(tb[MSEG_A_SERVICE_PROTOCOL]);
	if (tb[MSEG_A_SERVICE_ITEM])
		service->item = nla_get_u16(tb[MSEG_A_SERVICE_ITEM]);
	service->bare = !tb[MSEG_A_SERVICE_LOW];
	if (!service->bare) {
		service->low = nla_get_u16(tb[MSEG_A_SERVICE_LOW]);
		service->high = nla_get_u16(tb[MSEG_A_SERVICE_HIGH]);
	}
	return 0;
}

/* Fill arrays that hold as many networks and services as the request does. */
static int parse_rule_lists(struct genl_info *info, u32 *networks, struct mseg_service *services)
{
	u32 n_networks = 0, n_services = 0;
	const struct nlattr *attr;
	u16 item = 0;
	int rest, err;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
		if (nla_type(attr) == MSEG_A_NETWORK)
			networks[n_networks++] = nla_get_u32(attr);
		if (nla_type(attr) != MSEG_A_SERVICE)
			continue;
		err = parse_service(attr, &services[n_services], item, info->extack);
		if (err)
			return err;
		item = services[n_services++].item + 1;
	}
	return 0;
}

static int add_parsed_rule(struct mseg_policy *policy, struct genl_info *info,
			   struct mseg_rule *rule)
{
	struct mseg_refusal refusal;
	int err;

	rule->direction = nla_get_u8(info->attrs[MSEG_A_DIRECTION]);
	rule->action = nla_get_u8(info->attrs[MSEG_A_ACTION]);
	rule->name = "";
	if (info->attrs[MSEG_A_NAME])
		rule->name = nla_data(info->attrs[MSEG_A_NAME]);
	if (info->attrs[MSEG_A_COOKIE])
		rule->cookie = nla_get_u64(info->attrs[MSEG_A_COOKIE]);
	err = mseg_policy_add_rule(policy, rule, &refusal);
	return err ? refuse(info, err, refusal.why) : 0;
}

static int add_rule(struct mseg_policy *policy, struct genl_info *info)
{
	struct mseg_rule rule = {
		.n_networks = count_attrs(info, MSEG_A_NETWORK),
		.n_services = count_attrs(info, MSEG_A_SERVICE),
	};
	struct mseg_service *services;
	u32 *networks;
	int err = -ENOMEM;

	if (GENL_REQ_ATTR_CHECK(info, MSEG_A_ID) ||
	    nla_get_u32(info->attrs[MSEG_A_ID]) != policy->n_rules)
		return refuse(info, -EINVAL, "rules come in the order of their indices");
	if (GENL_REQ_ATTR_CHECK(info, MSEG_A_DIRECTION))
		return refuse(info, -EINVAL, "a rule needs a direction");
	if (GENL_REQ_ATTR_CHECK(info, MSEG_A_ACTION))
		return refuse(info, -EINVAL, "a rule needs an action");
	networks = kvcalloc(rule.n_networks + 1, sizeof(*networks), GFP_KERNEL);
	services = kvcalloc(rule.n_services + 1, sizeof(*services), GFP_KERNEL);
	if (networks && services)
		err = parse_rule_lists(info, networks, services);
	if (!err) {
		rule.networks = networks;
		rule.services = services;
		err = add_parsed_rule(policy, info, &rule);
	}
	kvfree(services);
	kvfree(networks);
	return err;
}

static int set_defaults(struct mseg_policy *policy, struct genl_info *info)
{
	static const struct {
		u16 attr;
		size_t offset;
	} settings[] = {
		{ MSEG_A_DEFAULT_IN, offsetof(struct mseg_policy, defaults[MSEG_DIRECTION_IN]) },
		{ MSEG_A_DEFAULT_OUT, offsetof(struct mseg_policy, defaults[MSEG_DIRECTION_OUT]) },
		{ MSEG_A_SILENT_IN, offsetof(struct mseg_policy, silent[MSEG_DIRECTION_IN]) },
		{ MSEG_A_SILENT_OUT, offsetof(struct mseg_policy, silent[MSEG_DIRECTION_OUT]) },
	};
	const struct nlattr *attr;
	bool any = false;
	int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		attr = info->attrs[settings[i].attr];
		if (!attr)
			continue;
		*((u8 *)policy + settings[i].offset) = nla_get_u8(attr);
		any = true;
	}
	return any ? 0 : refuse(info, -EINVAL, "no default given");
}

static int txn_network(struct sk_buff *request, struct genl_info *info)
{
	return txn_part(info, add_network);
}

static int txn_rule(struct sk_buff *request, struct genl_info *info)
{
	return txn_part(info, add_rule);
}

static int txn_defaults(struct sk_buff *request, struct genl_info *info)
{
	return txn_part(info, set_defaults);
}

static int txn_abort(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct mseg_txn *txn;
	int err;

	mutex_lock(&mnet->lock);
	txn = find_txn(mnet, info);
	err = PTR_ERR_OR_ZERO(txn);
	if (!err)
		mseg_txn_abort(mnet, txn);
	mutex_unlock(&mnet->lock);
	return err;
}

static int commit_locked(struct mseg_net *mnet, struct genl_info *info)
{
	const struct nlattr *expected = info->attrs[MSEG_A_GENERATION];
	struct mseg_txn *txn = find_txn(mnet, info);
	struct mseg_refusal refusal;
	u32 confirm_within = 0;
	u8 existing = MSEG_EXISTING_REMATCH;
	int err;

	if (IS_ERR(txn))
		return PTR_ERR(txn);
	if (txn->refused)
		return refuse(info, -EINVAL, "a part of the transaction was refused");
	if (expected && nla_get_u32(expected) != mseg_net_generation(mnet)->number)
		return refuse(info, -ESTALE, "another policy came into force meanwhile");
	if (info->attrs[MSEG_A_EXISTING])
		existing = nla_get_u8(info->attrs[MSEG_A_EXISTING]);
	if (info->attrs[MSEG_A_CONFIRM_WITHIN])
		confirm_within = nla_get_u32(info->attrs[MSEG_A_CONFIRM_WITHIN]);
	if (mseg_generation_left(mnet))
		return refuse(info, -EBUSY, "the policy in force awaits confirmation");
	err = mseg_txn_commit(mnet, txn, existing, confirm_within, &refusal);
	return err ? refuse(info, err, refusal.why) : 0;
}

static int put_committed(struct sk_buff *skb, struct mseg_net *mnet, struct genl_info *info)
{
	u32 before = generation_number(mnet);
	int err = commit_locked(mnet, info);

	mseg_audit("load", before, generation_number(mnet), err);
	return err ?: mseg_event_put_generation(skb, mnet);
}

static int txn_commit(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct sk_buff *skb;
	void *header;
	int err;

	/* Before the commit, which nothing may fail behind. */
	skb = reply_new(info, NLMSG_GOODSIZE, MSEG_C_TXN_COMMIT, &header);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	err = put_committed(skb, mnet, info);
	mutex_unlock(&mnet->lock);
	return reply_send(info, skb, header, err);
}

static int confirm(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	u32 number;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, MSEG_A_GENERATION))
		return refuse(info, -EINVAL, "a confirmation names its generation");
	number = nla_get_u32(info->attrs[MSEG_A_GENERATION]);
	mutex_lock(&mnet->lock);
	err = mseg_generation_confirm(mnet, number);
	mseg_audit("confirm", generation_number(mnet), generation_number(mnet), err);
	mutex_unlock(&mnet->lock);
	if (err == -ENOENT)
		return refuse(info, err, "no policy awaits confirmation");
	if (err == -ESTALE)
		return refuse(info, err, "another generation is in force");
	return 0;
}

static int revert(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	u32 before;
	int err;

	mutex_lock(&mnet->lock);
	before = generation_number(mnet);
	err = mseg_generation_revert(mnet);
	mseg_audit("revert", before, generation_number(mnet), err);
	mutex_unlock(&mnet->lock);
	return err ? refuse(info, err, "no policy awaits confirmation") : 0;
}

/* --- dumps ----------------------------------------------------------------- */

static int dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = DUMP_ALLOC;
	return 0;
}

static void *dump_put(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	void *header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				   &mseg_netlink_family, NLM_F_MULTI, cmd);

	if (header)
		genl_dump_check_consistent(cb, header);
	return header;
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

/*
 * One message with as many of a network's entries as fit, from *entry on.
 * Return: 0 when the network is done, else -EMSGSIZE.
 */
static int put_network(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct mseg_generation *generation, u32 id, long *entry)
{
	const struct mseg_network *network = &generation->policy->networks[id];
	void *header = dump_put(skb, cb, MSEG_C_NETWORK_GET);
	long first = *entry;

	if (!header)
		return -EMSGSIZE;
	if (nla_put_u32(skb, MSEG_A_GENERATION, generation->number) ||
	    nla_put_u32(skb, MSEG_A_ID, id) || nla_put_string(skb, MSEG_A_NAME, network->name))
		goto cancel;
	while (*entry < network->n_prefixes && !put_entry(skb, &network->prefixes[*entry]))
		++*entry;
	if (*entry == first && first < network->n_prefixes)
		goto cancel;
	genlmsg_end(skb, header);
	if (*entry < network->n_prefixes)
		return -EMSGSIZE;
	*entry = 0;
	return 0;
cancel:
	genlmsg_cancel(skb, header);
	return -EMSGSIZE;
}

/* Call a dump's function with the generation in force, under the lock. */
static int dump_policy(struct sk_buff *skb, struct netlink_callback *cb,
		       void (*dump)(struct sk_buff *skb, struct netlink_callback *cb,
				    const struct mseg_generation *generation))
{
	struct mseg_net *mnet = mseg_net_of(sock_net(skb->sk));
	int err = 0;

	mutex_lock(&mnet->lock);
	if (mnet->attached) {
		cb->seq = mseg_net_generation(mnet)->number;
		dump(skb, cb, mseg_net_generation(mnet));
	} else {
		err = not_attached(cb->extack);
	}
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
	    nla_put_u64_64bit(skb, MSEG_A_COOKIE, rule->cookie, MSEG_A_PAD))
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
	void *header = dump_put(skb, cb, MSEG_C_RULE_GET);

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

static int network_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_policy(skb, cb, dump_networks);
}

static int rule_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_policy(skb, cb, dump_rules);
}

static int put_connection(struct sk_buff *skb, struct netlink_callback *cb, struct mseg_conn *conn)
{
	void *header = dump_put(skb, cb, MSEG_C_CONNECTION_GET);
	struct mseg_flow_record record;
	unsigned long end;
	long left;

	if (!header)
		return -EMSGSIZE;
	mseg_flow_fill(&record, conn, MSEG_FLOW_EVENT_UPDATE);
	end = READ_ONCE(conn->last_seen) + mseg_conn_timeout(conn);
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
			const struct mseg_conn_bucket *bucket)
{
	struct mseg_conn *conn;
	long i = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(conn, &bucket->chain, node) {
		if (i++ < cb->args[1])
			continue;
		if (put_connection(skb, cb, conn)) {
			rcu_read_unlock();
			return false;
		}
		cb->args[1]++;
	}
	rcu_read_unlock();
	cb->args[1] = 0;
	return true;
}

static int connection_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct mseg_net *mnet = mseg_net_of(sock_net(skb->sk));
	struct mseg_conns *conns;
	int err = 0;

	mutex_lock(&mnet->lock);
	if (!mnet->attached) {
		err = not_attached(cb->extack);
		goto out;
	}
	conns = mnet->conns;
	for (; cb->args[0] <= conns->mask; cb->args[0]++) {
		if (!dump_bucket(skb, cb, &conns->buckets[cb->args[0]]))
			break;
		cond_resched();
	}
out:
	mutex_unlock(&mnet->lock);
	return err ?: skb->len;
}

/* --- the family ------------------------------------------------------------ */

#define POLICY(name) .policy = name, .maxattr = ARRAY_SIZE(name) - 1

/* Commands without attributes have none: genetlink refuses any. */
static const struct genl_ops ops[] = {
	{
		.cmd = MSEG_C_STATUS_GET,
		.doit = status_get,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_ATTACH,
		.doit = attach,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_DETACH,
		.doit = detach,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_TXN_BEGIN,
		.doit = txn_begin,
		.flags = GENL_ADMIN_PERM,
		POLICY(begin_policy),
	},
	{
		.cmd = MSEG_C_TXN_NETWORK,
		.doit = txn_network,
		.flags = GENL_ADMIN_PERM,
		POLICY(network_policy),
	},
	{
		.cmd = MSEG_C_TXN_RULE,
		.doit = txn_rule,
		.flags = GENL_ADMIN_PERM,
		POLICY(rule_policy),
	},
	{
		.cmd = MSEG_C_TXN_DEFAULTS,
		.doit = txn_defaults,
		.flags = GENL_ADMIN_PERM,
		POLICY(defaults_policy),
	},
	{
		.cmd = MSEG_C_TXN_COMMIT,
		.doit = txn_commit,
		.flags = GENL_ADMIN_PERM,
		POLICY(commit_policy),
	},
	{
		.cmd = MSEG_C_TXN_ABORT,
		.doit = txn_abort,
		.flags = GENL_ADMIN_PERM,
		POLICY(abort_policy),
	},
	{
		.cmd = MSEG_C_POLICY_CONFIRM,
		.doit = confirm,
		.flags = GENL_ADMIN_PERM,
		POLICY(confirm_policy),
	},
	{
		.cmd = MSEG_C_POLICY_REVERT,
		.doit = revert,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_NETWORK_GET,
		.start = dump_start,
		.dumpit = network_get,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_RULE_GET,
		.start = dump_start,
		.dumpit = rule_get,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_CONNECTION_GET,
		.dumpit = connection_get,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_STATS_GET,
		.doit = stats_get,
		.flags = GENL_ADMIN_PERM,
	},
};

struct genl_family mseg_netlink_family __ro_after_init = {
	.name = MSEG_GENL_NAME,
	.version = MSEG_GENL_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	/* Every command validates strictly. */
	.resv_start_op = MSEG_C_STATUS_GET,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

int mseg_netlink_init(void)
{
	return genl_register_family(&mseg_netlink_family);
}

void mseg_netlink_exit(void)
{
	genl_unregister_family(&mseg_netlink_family);
}
