// SPDX-License-Identifier: GPL-2.0
/* Commands of transactions: parsing networks, rules and defaults. */
#include "nl.h"

#include <linux/err.h>
#include <linux/mm.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include <linux/mseg.h>

#include "audit.h"
#include "event.h"
#include "txn.h"

static const struct nla_policy entry_policy[MSEG_A_ENTRY_MAX + 1] = {
	[MSEG_A_ENTRY_ADDRESS] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[MSEG_A_ENTRY_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[MSEG_A_ENTRY_EXCLUDE] = { .type = NLA_FLAG },
	[MSEG_A_ENTRY_REMOVE] = { .type = NLA_FLAG },
};

static const struct nla_policy service_policy[MSEG_A_SERVICE_MAX + 1] = {
	[MSEG_A_SERVICE_PROTOCOL] = { .type = NLA_U8 },
	[MSEG_A_SERVICE_LOW] = { .type = NLA_U16 },
	[MSEG_A_SERVICE_HIGH] = { .type = NLA_U16 },
	[MSEG_A_SERVICE_ITEM] = { .type = NLA_U16 },
};

static const struct nla_policy network_policy[MSEG_A_DOMAIN + 1] = {
	[MSEG_A_TXN] = { .type = NLA_U32 },
	[MSEG_A_ID] = { .type = NLA_U32 },
	[MSEG_A_NAME] = { .type = NLA_NUL_STRING, .len = MSEG_MAX_NAME_LEN },
	[MSEG_A_ENTRY] = NLA_POLICY_NESTED(entry_policy),
	[MSEG_A_DOMAIN] = { .type = NLA_NUL_STRING, .len = MSEG_MAX_DOMAIN_LEN },
};

static const struct nla_policy rule_policy[MSEG_A_OBSERVED + 1] = {
	[MSEG_A_TXN] = { .type = NLA_U32 },
	[MSEG_A_ID] = { .type = NLA_U32 },
	[MSEG_A_NAME] = { .type = NLA_NUL_STRING, .len = MSEG_MAX_NAME_LEN },
	[MSEG_A_DIRECTION] = NLA_POLICY_MAX(NLA_U8, MSEG_DIRECTION_OUT),
	[MSEG_A_ACTION] = NLA_POLICY_MAX(NLA_U8, MSEG_ACTION_REJECT),
	[MSEG_A_NETWORK] = { .type = NLA_U32 },
	[MSEG_A_SERVICE] = NLA_POLICY_NESTED(service_policy),
	[MSEG_A_COOKIE] = { .type = NLA_U64 },
	[MSEG_A_OBSERVED] = { .type = NLA_FLAG },
};

static const struct nla_policy defaults_policy[MSEG_A_SILENT_OUT + 1] = {
	[MSEG_A_TXN] = { .type = NLA_U32 },
	[MSEG_A_DEFAULT_IN] = NLA_POLICY_MAX(NLA_U8, MSEG_ACTION_REJECT),
	[MSEG_A_DEFAULT_OUT] = NLA_POLICY_MAX(NLA_U8, MSEG_ACTION_REJECT),
	[MSEG_A_SILENT_IN] = NLA_POLICY_MAX(NLA_U8, 1),
	[MSEG_A_SILENT_OUT] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* The policy to start with a copy of, NULL for none. */
static int policy_to_clone(struct mseg_net *mnet, struct genl_info *info,
			   const struct mseg_policy **policy)
{
	const struct mseg_generation *generation = mseg_net_generation(mnet);

	*policy = NULL;
	if (info->attrs[MSEG_A_CANDIDATE])
		generation = mseg_net_candidate(mnet);
	if (!generation)
		return mseg_nl_refuse(info, -ENOENT, "there is no candidate");
	if (info->attrs[MSEG_A_CLONE])
		*policy = generation->policy;
	else if (info->attrs[MSEG_A_CANDIDATE])
		return mseg_nl_refuse(info, -EINVAL, "only a clone is one of the candidate");
	return 0;
}

static int begin_locked(struct mseg_net *mnet, struct genl_info *info, struct sk_buff *skb)
{
	const struct mseg_policy *from;
	struct mseg_txn *txn;
	int err;

	if (!mnet->attached)
		return mseg_nl_not_attached(info->extack);
	err = policy_to_clone(mnet, info, &from);
	if (err)
		return err;
	txn = mseg_txn_begin(mnet, info->snd_portid, from);
	if (txn == ERR_PTR(-EMFILE))
		return mseg_nl_refuse(info, -EMFILE, "too many open transactions");
	if (IS_ERR(txn))
		return mseg_nl_no_memory(info);
	if (nla_put_u32(skb, MSEG_A_TXN, txn->id) ||
	    nla_put_u32(skb, MSEG_A_GENERATION, mseg_net_generation(mnet)->number)) {
		mseg_txn_abort(mnet, txn);
		return -EMSGSIZE;
	}
	return 0;
}

int mseg_nl_txn_begin(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct sk_buff *skb;
	void *header;
	int err;

	skb = mseg_nl_reply_new(info, NLMSG_GOODSIZE, MSEG_C_TXN_BEGIN, &header);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	err = begin_locked(mnet, info, skb);
	mutex_unlock(&mnet->lock);
	return mseg_nl_reply_send(info, skb, header, err);
}

static struct mseg_txn *find_txn(struct mseg_net *mnet, struct genl_info *info,
				 const struct nlattr *id)
{
	struct mseg_txn *txn;

	if (!id || nla_len(id) != sizeof(u32)) {
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, MSEG_A_TXN);
		NL_SET_ERR_MSG(info->extack, "no transaction given");
		return ERR_PTR(-EINVAL);
	}
	txn = mseg_txn_find(mnet, info->snd_portid, nla_get_u32(id));
	if (txn)
		return txn;
	NL_SET_ERR_MSG_ATTR(info->extack, id, "this socket has no such transaction");
	return ERR_PTR(-ENOENT);
}

/* The transaction that a part names, whatever else is wrong with the part. */
static const struct nlattr *txn_of_part(struct genl_info *info)
{
	const struct nlattr *attr, *id = NULL;
	int rest;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest)
		if (nla_type(attr) == MSEG_A_TXN)
			id = attr;
	return id;
}

/* The attributes of a part, and what makes it. */
struct part {
	const struct nla_policy *policy;
	int max;
	int (*add)(struct mseg_policy *policy, struct genl_info *info);
};

static int parse_and_add(struct mseg_policy *policy, struct genl_info *info, const struct part *part)
{
	struct nlattr *attrs[MSEG_A_MAX + 1] = {};
	struct nlattr **given = info->attrs;
	int err;

	err = nlmsg_parse(info->nlhdr, GENL_HDRLEN, attrs, part->max, part->policy, info->extack);
	if (err)
		return err;
	info->attrs = attrs;
	err = part->add(policy, info);
	info->attrs = given;
	return err;
}

/*
 * Do a part of a transaction. One that is refused spoils the whole, so that a
 * careless client cannot commit the rest.
 */
static int txn_part(struct genl_info *info, const struct part *part)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct mseg_txn *txn;
	int err;

	mutex_lock(&mnet->lock);
	txn = find_txn(mnet, info, txn_of_part(info));
	err = PTR_ERR_OR_ZERO(txn);
	if (!err) {
		err = parse_and_add(txn->policy, info, part);
		if (err)
			txn->refused = true;
	}
	mutex_unlock(&mnet->lock);
	return err;
}

int mseg_nl_parse_entry(const struct nlattr *attr, struct mseg_delta *delta,
			struct netlink_ext_ack *extack)
{
	struct mseg_prefix *prefix = &delta->prefix;
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
	memset(delta, 0, sizeof(*delta));
	memcpy(prefix->addr, nla_data(address), nla_len(address));
	prefix->family = nla_len(address) == 4 ? MSEG_FAMILY_IPV4 : MSEG_FAMILY_IPV6;
	prefix->len = nla_get_u8(tb[MSEG_A_ENTRY_PREFIX_LEN]);
	prefix->exclude = !!tb[MSEG_A_ENTRY_EXCLUDE];
	delta->remove = !!tb[MSEG_A_ENTRY_REMOVE];
	return 0;
}

static int parse_new_entry(const struct nlattr *attr, struct mseg_prefix *prefix,
			   struct netlink_ext_ack *extack)
{
	struct mseg_delta delta;
	int err = mseg_nl_parse_entry(attr, &delta, extack);

	if (err)
		return err;
	if (delta.remove) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a transaction adds entries alone");
		return -EINVAL;
	}
	*prefix = delta.prefix;
	return 0;
}

const struct nlattr *mseg_nl_nth_attr(struct genl_info *info, int type, u32 n)
{
	const struct nlattr *attr;
	int rest;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest)
		if (nla_type(attr) == type && !n--)
			return attr;
	return NULL;
}

static int add_entries(struct mseg_policy *policy, struct genl_info *info)
{
	u32 n = mseg_nl_count_attrs(info, MSEG_A_ENTRY);
	struct mseg_refusal refusal = { .entry = MSEG_ID_NONE };
	struct mseg_prefix *prefixes;
	const struct nlattr *attr;
	int rest, err = 0;
	u32 i = 0;

	if (!n)
		return 0;
	prefixes = kvcalloc(n, sizeof(*prefixes), GFP_KERNEL);
	if (!prefixes)
		return mseg_nl_no_memory(info);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
		if (nla_type(attr) != MSEG_A_ENTRY)
			continue;
		err = parse_new_entry(attr, &prefixes[i++], info->extack);
		if (err)
			goto out;
	}
	err = mseg_policy_add_prefixes(policy, prefixes, n, &refusal);
	if (err) {
		if (refusal.entry != MSEG_ID_NONE)
			NL_SET_BAD_ATTR(info->extack,
					mseg_nl_nth_attr(info, MSEG_A_ENTRY, refusal.entry));
		mseg_nl_refuse(info, err, refusal.why);
	}
out:
	kvfree(prefixes);
	return err;
}

static int add_domains(struct mseg_policy *policy, struct genl_info *info)
{
	u32 n = mseg_nl_count_attrs(info, MSEG_A_DOMAIN);
	struct mseg_refusal refusal = { .entry = MSEG_ID_NONE };
	const struct nlattr *attr;
	const char **domains;
	int rest, err;
	u32 i = 0;

	if (!n)
		return 0;
	domains = kvcalloc(n, sizeof(*domains), GFP_KERNEL);
	if (!domains)
		return mseg_nl_no_memory(info);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest)
		if (nla_type(attr) == MSEG_A_DOMAIN)
			domains[i++] = nla_data(attr);
	err = mseg_policy_add_domains(policy, domains, n, &refusal);
	if (err) {
		if (refusal.entry != MSEG_ID_NONE)
			NL_SET_BAD_ATTR(info->extack,
					mseg_nl_nth_attr(info, MSEG_A_DOMAIN, refusal.entry));
		mseg_nl_refuse(info, err, refusal.why);
	}
	kvfree(domains);
	return err;
}

static int add_members(struct mseg_policy *policy, struct genl_info *info)
{
	int err = add_entries(policy, info);

	return err ?: add_domains(policy, info);
}

static int add_network(struct mseg_policy *policy, struct genl_info *info)
{
	struct mseg_refusal refusal;
	int err;
	u32 id;

	if (GENL_REQ_ATTR_CHECK(info, MSEG_A_ID))
		return mseg_nl_refuse(info, -EINVAL, "a network needs an index");
	id = nla_get_u32(info->attrs[MSEG_A_ID]);
	if (!info->attrs[MSEG_A_NAME]) {
		if (!policy->n_networks || id != policy->n_networks - 1)
			return mseg_nl_refuse(info, -EINVAL,
					      "only the last network takes more entries");
		return add_members(policy, info);
	}
	if (id != policy->n_networks)
		return mseg_nl_refuse(info, -EINVAL, "networks come in the order of their indices");
	err = mseg_policy_add_network(policy, nla_data(info->attrs[MSEG_A_NAME]), &refusal);
	if (err)
		return mseg_nl_refuse(info, err, refusal.why);
	return add_members(policy, info);
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
	rule->observed = !!info->attrs[MSEG_A_OBSERVED];
	err = mseg_policy_add_rule(policy, rule, &refusal);
	return err ? mseg_nl_refuse(info, err, refusal.why) : 0;
}

static int add_rule(struct mseg_policy *policy, struct genl_info *info)
{
	struct mseg_rule rule = {
		.n_networks = mseg_nl_count_attrs(info, MSEG_A_NETWORK),
		.n_services = mseg_nl_count_attrs(info, MSEG_A_SERVICE),
	};
	struct mseg_service *services;
	u32 *networks;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, MSEG_A_ID) ||
	    nla_get_u32(info->attrs[MSEG_A_ID]) != policy->n_rules)
		return mseg_nl_refuse(info, -EINVAL, "rules come in the order of their indices");
	if (GENL_REQ_ATTR_CHECK(info, MSEG_A_DIRECTION))
		return mseg_nl_refuse(info, -EINVAL, "a rule needs a direction");
	if (GENL_REQ_ATTR_CHECK(info, MSEG_A_ACTION))
		return mseg_nl_refuse(info, -EINVAL, "a rule needs an action");
	networks = kvcalloc(rule.n_networks + 1, sizeof(*networks), GFP_KERNEL);
	services = kvcalloc(rule.n_services + 1, sizeof(*services), GFP_KERNEL);
	if (networks && services)
		err = parse_rule_lists(info, networks, services);
	else
		err = mseg_nl_no_memory(info);
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
	return any ? 0 : mseg_nl_refuse(info, -EINVAL, "no default given");
}

int mseg_nl_txn_network(struct sk_buff *request, struct genl_info *info)
{
	static const struct part part = { network_policy, ARRAY_SIZE(network_policy) - 1,
					  add_network };

	return txn_part(info, &part);
}

int mseg_nl_txn_rule(struct sk_buff *request, struct genl_info *info)
{
	static const struct part part = { rule_policy, ARRAY_SIZE(rule_policy) - 1, add_rule };

	return txn_part(info, &part);
}

int mseg_nl_txn_defaults(struct sk_buff *request, struct genl_info *info)
{
	static const struct part part = { defaults_policy, ARRAY_SIZE(defaults_policy) - 1,
					  set_defaults };

	return txn_part(info, &part);
}

int mseg_nl_txn_abort(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct mseg_txn *txn;
	int err;

	mutex_lock(&mnet->lock);
	txn = find_txn(mnet, info, info->attrs[MSEG_A_TXN]);
	err = PTR_ERR_OR_ZERO(txn);
	if (!err)
		mseg_txn_abort(mnet, txn);
	mutex_unlock(&mnet->lock);
	return err;
}

/* Beside the policy in force, no connection is affected and nothing to confirm. */
static int propose(struct mseg_net *mnet, struct genl_info *info, struct mseg_txn *txn)
{
	struct mseg_refusal refusal;
	int err;

	if (info->attrs[MSEG_A_EXISTING] || info->attrs[MSEG_A_CONFIRM_WITHIN])
		return mseg_nl_refuse(info, -EINVAL, "a candidate affects no connection");
	err = mseg_txn_propose(mnet, txn, &refusal);
	return err ? mseg_nl_refuse(info, err, refusal.why) : 0;
}

static int put_in_force(struct mseg_net *mnet, struct genl_info *info, struct mseg_txn *txn)
{
	u8 existing = MSEG_EXISTING_REMATCH;
	struct mseg_refusal refusal;
	u32 confirm_within = 0;
	int err;

	if (info->attrs[MSEG_A_EXISTING])
		existing = nla_get_u8(info->attrs[MSEG_A_EXISTING]);
	if (info->attrs[MSEG_A_CONFIRM_WITHIN])
		confirm_within = nla_get_u32(info->attrs[MSEG_A_CONFIRM_WITHIN]);
	err = mseg_txn_commit(mnet, txn, existing, confirm_within, &refusal);
	return err ? mseg_nl_refuse(info, err, refusal.why) : 0;
}

static int commit_locked(struct mseg_net *mnet, struct genl_info *info)
{
	const struct nlattr *expected = info->attrs[MSEG_A_GENERATION];
	struct mseg_txn *txn = find_txn(mnet, info, info->attrs[MSEG_A_TXN]);

	if (IS_ERR(txn))
		return PTR_ERR(txn);
	if (txn->refused)
		return mseg_nl_refuse(info, -EINVAL, "a part of the transaction was refused");
	if (expected && nla_get_u32(expected) != mseg_net_generation(mnet)->number)
		return mseg_nl_refuse(info, -ESTALE, "another policy came into force meanwhile");
	if (info->attrs[MSEG_A_CANDIDATE])
		return propose(mnet, info, txn);
	return put_in_force(mnet, info, txn);
}

int mseg_nl_txn_commit(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	u32 before, after;
	struct sk_buff *skb;
	void *header;
	int err;

	/* Before the commit, which nothing may fail behind. */
	skb = mseg_nl_reply_new(info, NLMSG_GOODSIZE, MSEG_C_TXN_COMMIT, &header);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	before = mseg_nl_generation(mnet);
	err = commit_locked(mnet, info);
	if (!err)
		err = mseg_event_put_generation(skb, mnet);
	after = mseg_nl_generation(mnet);
	mutex_unlock(&mnet->lock);
	mseg_audit(info->attrs[MSEG_A_CANDIDATE] ? "propose" : "load", mnet->net, before, after,
		   err);
	return mseg_nl_reply_send(info, skb, header, err);
}
