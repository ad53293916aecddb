// SPDX-License-Identifier: GPL-2.0
/*
 * The Generic Netlink family of include/mseg.yaml, and the commands that are
 * short. Every operation asks for CAP_NET_ADMIN in the initial user namespace
 * (GENL_ADMIN_PERM), since it changes the policy or reveals traffic. Commands
 * of one network namespace are serialised by its lock.
 */
#include "netlink.h"

#include <linux/module.h>
#include <net/genetlink.h>

#include <linux/mseg.h>
#include <mseg/version.h>

#include "audit.h"
#include "event.h"
#include "net.h"
#include "nl.h"
#include "subscriber.h"

static const struct genl_multicast_group groups[] = {
	[MSEG_NETLINK_FLOWS] = {
		.name = MSEG_MCGRP_FLOWS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
	[MSEG_NETLINK_POLICY] = {
		.name = MSEG_MCGRP_POLICY,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
	[MSEG_NETLINK_DNS] = {
		.name = MSEG_MCGRP_DNS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
	[MSEG_NETLINK_HEADS] = {
		.name = MSEG_MCGRP_HEADS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

static const struct nla_policy begin_policy[MSEG_A_CANDIDATE + 1] = {
	[MSEG_A_CLONE] = { .type = NLA_FLAG },
	[MSEG_A_CANDIDATE] = { .type = NLA_FLAG },
};

/*
 * Parts of a transaction are parsed by nl_txn.c, so that a part that is refused
 * for its attributes spoils the transaction like any other. Here every attribute
 * passes. A policy without attributes would do that, too, but anyone may ask
 * genetlink for a family's policies, and it warns of one that has none.
 */
static const struct nla_policy part_policy[MSEG_A_MAX + 1];

static struct netlink_range_validation confirm_range = {
	.min = 1,
	.max = MSEG_MAX_CONFIRM_WITHIN,
};

static const struct nla_policy entry_policy[MSEG_A_ENTRY_MAX + 1] = {
	[MSEG_A_ENTRY_ADDRESS] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[MSEG_A_ENTRY_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[MSEG_A_ENTRY_EXCLUDE] = { .type = NLA_FLAG },
	[MSEG_A_ENTRY_REMOVE] = { .type = NLA_FLAG },
};

static const struct nla_policy change_policy[MSEG_A_EXISTING + 1] = {
	[MSEG_A_GENERATION] = { .type = NLA_U32 },
	[MSEG_A_ID] = { .type = NLA_U32 },
	[MSEG_A_ENTRY] = NLA_POLICY_NESTED(entry_policy),
	[MSEG_A_CONFIRM_WITHIN] = NLA_POLICY_FULL_RANGE(NLA_U32, &confirm_range),
	[MSEG_A_EXISTING] = NLA_POLICY_MAX(NLA_U8, MSEG_EXISTING_RESET),
};

static const struct nla_policy commit_policy[MSEG_A_CANDIDATE + 1] = {
	[MSEG_A_TXN] = { .type = NLA_U32 },
	[MSEG_A_GENERATION] = { .type = NLA_U32 },
	[MSEG_A_CONFIRM_WITHIN] = NLA_POLICY_FULL_RANGE(NLA_U32, &confirm_range),
	[MSEG_A_EXISTING] = NLA_POLICY_MAX(NLA_U8, MSEG_EXISTING_RESET),
	[MSEG_A_CANDIDATE] = { .type = NLA_FLAG },
};

static const struct nla_policy get_policy[MSEG_A_CANDIDATE + 1] = {
	[MSEG_A_CANDIDATE] = { .type = NLA_FLAG },
};

static const struct nla_policy confirm_policy[MSEG_A_GENERATION + 1] = {
	[MSEG_A_GENERATION] = { .type = NLA_U32 },
};

static const struct nla_policy abort_policy[MSEG_A_TXN + 1] = {
	[MSEG_A_TXN] = { .type = NLA_U32 },
};

static const struct nla_policy resolvers_policy[MSEG_A_RESOLVER + 1] = {
	[MSEG_A_RESOLVER] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
};

static const struct nla_policy lesson_policy[MSEG_A_LEARNED_RESOLVER + 1] = {
	[MSEG_A_LEARNED_NAME] = { .type = NLA_NUL_STRING, .len = MSEG_MAX_DOMAIN_LEN },
	[MSEG_A_LEARNED_ADDRESS] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[MSEG_A_LEARNED_SINCE] = { .type = NLA_U64 },
	[MSEG_A_LEARNED_UNTIL] = { .type = NLA_U64 },
	[MSEG_A_LEARNED_RESOLVER] = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
};

static const struct nla_policy learn_policy[MSEG_A_LEARNED + 1] = {
	[MSEG_A_LEARNED] = NLA_POLICY_NESTED(lesson_policy),
};

static int put_counts(struct sk_buff *skb, const struct mseg_policy *policy)
{
	if (nla_put_u32(skb, MSEG_A_NETWORK_COUNT, policy->n_networks) ||
	    nla_put_u32(skb, MSEG_A_ENTRY_COUNT, policy->n_entries) ||
	    nla_put_u32(skb, MSEG_A_RULE_COUNT, policy->n_rules))
		return -EMSGSIZE;
	return 0;
}

/* What the status has of the candidate where that is asked for. */
static int put_candidate(struct sk_buff *skb, const struct mseg_net *mnet, struct genl_info *info)
{
	const struct mseg_generation *candidate = NULL;

	if (mnet->attached)
		candidate = mseg_net_candidate(mnet);
	if (!candidate)
		return mseg_nl_refuse(info, -ENOENT, "there is no candidate");
	if (mseg_event_put_policy(skb, candidate) || put_counts(skb, candidate->policy))
		return -EMSGSIZE;
	return 0;
}

static int put_status(struct sk_buff *skb, const struct mseg_net *mnet)
{
	if (nla_put_string(skb, MSEG_A_VERSION, MSEG_VERSION))
		return -EMSGSIZE;
	if (!mnet->attached)
		return 0;
	if (nla_put_flag(skb, MSEG_A_ATTACHED) || mseg_event_put_generation(skb, mnet) ||
	    nla_put_u8(skb, MSEG_A_FORWARD, mnet->forward) ||
	    nla_put_u8(skb, MSEG_A_RAW, mnet->raw) ||
	    (mnet->locked && nla_put_flag(skb, MSEG_A_LOCKED)) ||
	    put_counts(skb, mseg_net_generation(mnet)->policy) ||
	    nla_put_u32(skb, MSEG_A_CONNECTION_COUNT, atomic_read(&mnet->conns->count)) ||
	    nla_put_u32(skb, MSEG_A_CONNECTION_MAX, mnet->conns->places.own))
		return -EMSGSIZE;
	return 0;
}

static int status_get(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	struct sk_buff *skb;
	void *header;
	int err;

	skb = mseg_nl_reply_new(info, NLMSG_GOODSIZE, MSEG_C_STATUS_GET, &header);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	if (info->attrs[MSEG_A_CANDIDATE])
		err = put_candidate(skb, mnet, info);
	else
		err = put_status(skb, mnet);
	mutex_unlock(&mnet->lock);
	return mseg_nl_reply_send(info, skb, header, err);
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

	skb = mseg_nl_reply_new(info, 2 * NLMSG_GOODSIZE, MSEG_C_STATS_GET, &header);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&mnet->lock);
	err = mnet->attached ? put_stats(skb, mnet) : mseg_nl_not_attached(info->extack);
	mutex_unlock(&mnet->lock);
	return mseg_nl_reply_send(info, skb, header, err);
}

static const char *attach_refusal(int err)
{
	switch (err) {
	case -EALREADY:
		return "this network namespace is policed already";
	case -ESHUTDOWN:
	case -ENOMEM:
		return mseg_generation_refusal(err);
	}
	return "the netfilter hooks cannot be registered";
}

static int attach(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	u32 before, after;
	int err;

	mutex_lock(&mnet->lock);
	before = mseg_nl_generation(mnet);
	err = mseg_net_attach(mnet);
	after = mseg_nl_generation(mnet);
	mutex_unlock(&mnet->lock);
	mseg_audit("attach", mnet->net, before, after, err);
	return err ? mseg_nl_refuse(info, err, attach_refusal(err)) : 0;
}

static int detach(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	u32 before, after;
	int err = 0;

	mutex_lock(&mnet->lock);
	before = mseg_nl_generation(mnet);
	if (!mnet->attached)
		err = mseg_nl_not_attached(info->extack);
	else if (mnet->locked)
		err = mseg_nl_refuse(info, -EPERM, mseg_generation_refusal(-EPERM));
	else
		mseg_net_detach(mnet);
	after = mseg_nl_generation(mnet);
	mutex_unlock(&mnet->lock);
	mseg_audit("detach", mnet->net, before, after, err);
	return err;
}

static const char *confirm_refusal(int err)
{
	return err == -ESTALE ? "another generation is in force" : "no policy awaits confirmation";
}

static int confirm(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	u32 number, in_force;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, MSEG_A_GENERATION))
		return mseg_nl_refuse(info, -EINVAL, "a confirmation names its generation");
	number = nla_get_u32(info->attrs[MSEG_A_GENERATION]);
	mutex_lock(&mnet->lock);
	err = mseg_generation_confirm(mnet, number);
	in_force = mseg_nl_generation(mnet);
	mutex_unlock(&mnet->lock);
	mseg_audit("confirm", mnet->net, in_force, in_force, err);
	return err ? mseg_nl_refuse(info, err, confirm_refusal(err)) : 0;
}

static int revert(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	u32 before, after;
	int err;

	mutex_lock(&mnet->lock);
	before = mseg_nl_generation(mnet);
	err = mseg_generation_revert(mnet);
	after = mseg_nl_generation(mnet);
	mutex_unlock(&mnet->lock);
	mseg_audit("revert", mnet->net, before, after, err);
	return err ? mseg_nl_refuse(info, err, confirm_refusal(err)) : 0;
}

static const char *candidate_refusal(int err)
{
	return err == -ESRCH ? "there is no candidate" : mseg_generation_refusal(err);
}

static int drop_candidate(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	u32 in_force;
	int err;

	mutex_lock(&mnet->lock);
	in_force = mseg_nl_generation(mnet);
	err = mnet->attached ? mseg_generation_withdraw(mnet) : -ESRCH;
	mutex_unlock(&mnet->lock);
	mseg_audit("withdraw", mnet->net, in_force, in_force, err);
	return err ? mseg_nl_refuse(info, err, candidate_refusal(err)) : 0;
}

static const char *lock_refusal(int err)
{
	return err == -EALREADY ? "locked already" : mseg_generation_refusal(err);
}

static int lock_attached(struct mseg_net *mnet, struct genl_info *info)
{
	int err = mseg_generation_lock(mnet);

	return err ? mseg_nl_refuse(info, err, lock_refusal(err)) : 0;
}

static int lock(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));
	u32 in_force;
	int err;

	mutex_lock(&mnet->lock);
	in_force = mseg_nl_generation(mnet);
	err = mnet->attached ? lock_attached(mnet, info) : mseg_nl_not_attached(info->extack);
	mutex_unlock(&mnet->lock);
	mseg_audit("lock", mnet->net, in_force, in_force, err);
	return err;
}

static int subscribe_to(struct mseg_net *mnet, struct mseg_subscribers *subscribers,
			struct genl_info *info)
{
	int err;

	mutex_lock(&mnet->lock);
	err = mseg_subscriber_add(subscribers, info->snd_portid);
	mutex_unlock(&mnet->lock);
	if (err == -EMFILE) {
		mseg_stat(mnet->stats, subscribers_refused);
		return mseg_nl_refuse(info, err, "too many subscribers");
	}
	return err ? mseg_nl_no_memory(info) : 0;
}

static int subscribe(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));

	return subscribe_to(mnet, &mnet->subscribers, info);
}

static int subscribe_dns(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));

	return subscribe_to(mnet, &mnet->dns_subscribers, info);
}

static int subscribe_heads(struct sk_buff *request, struct genl_info *info)
{
	struct mseg_net *mnet = mseg_net_of(genl_info_net(info));

	return subscribe_to(mnet, &mnet->head_subscribers, info);
}

#define POLICY(name) .policy = name, .maxattr = ARRAY_SIZE(name) - 1

/* Commands without attributes have none: genetlink refuses any. */
static const struct genl_ops ops[] = {
	{
		.cmd = MSEG_C_STATUS_GET,
		.doit = status_get,
		.flags = GENL_ADMIN_PERM,
		POLICY(get_policy),
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
		.doit = mseg_nl_txn_begin,
		.flags = GENL_ADMIN_PERM,
		POLICY(begin_policy),
	},
	{
		.cmd = MSEG_C_TXN_NETWORK,
		.doit = mseg_nl_txn_network,
		.flags = GENL_ADMIN_PERM,
		.validate = GENL_DONT_VALIDATE_STRICT,
		POLICY(part_policy),
	},
	{
		.cmd = MSEG_C_TXN_RULE,
		.doit = mseg_nl_txn_rule,
		.flags = GENL_ADMIN_PERM,
		.validate = GENL_DONT_VALIDATE_STRICT,
		POLICY(part_policy),
	},
	{
		.cmd = MSEG_C_TXN_DEFAULTS,
		.doit = mseg_nl_txn_defaults,
		.flags = GENL_ADMIN_PERM,
		.validate = GENL_DONT_VALIDATE_STRICT,
		POLICY(part_policy),
	},
	{
		.cmd = MSEG_C_TXN_COMMIT,
		.doit = mseg_nl_txn_commit,
		.flags = GENL_ADMIN_PERM,
		POLICY(commit_policy),
	},
	{
		.cmd = MSEG_C_TXN_ABORT,
		.doit = mseg_nl_txn_abort,
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
		.cmd = MSEG_C_CANDIDATE_DROP,
		.doit = drop_candidate,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_LOCK,
		.doit = lock,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_NETWORK_GET,
		.start = mseg_nl_dump_start,
		.dumpit = mseg_nl_network_get,
		.flags = GENL_ADMIN_PERM,
		POLICY(get_policy),
	},
	{
		.cmd = MSEG_C_RULE_GET,
		.start = mseg_nl_dump_start,
		.dumpit = mseg_nl_rule_get,
		.flags = GENL_ADMIN_PERM,
		POLICY(get_policy),
	},
	{
		.cmd = MSEG_C_CONNECTION_GET,
		.dumpit = mseg_nl_connection_get,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_STATS_GET,
		.doit = stats_get,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_FLOW_SUBSCRIBE,
		.doit = subscribe,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_RESOLVERS_SET,
		.doit = mseg_nl_resolvers_set,
		.flags = GENL_ADMIN_PERM,
		POLICY(resolvers_policy),
	},
	{
		.cmd = MSEG_C_RESOLVERS_GET,
		.doit = mseg_nl_resolvers_get,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_DNS_CACHE_GET,
		.dumpit = mseg_nl_dns_cache_get,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_DNS_LEARN,
		.doit = mseg_nl_dns_learn,
		.flags = GENL_ADMIN_PERM,
		POLICY(learn_policy),
	},
	{
		.cmd = MSEG_C_DNS_SUBSCRIBE,
		.doit = subscribe_dns,
		.flags = GENL_ADMIN_PERM,
	},
	{
		.cmd = MSEG_C_NETWORK_CHANGE,
		.doit = mseg_nl_network_change,
		.flags = GENL_ADMIN_PERM,
		POLICY(change_policy),
	},
	{
		.cmd = MSEG_C_HEADS_SUBSCRIBE,
		.doit = subscribe_heads,
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
	/* From here on no command may be lenient; before, only parts are. */
	.resv_start_op = MSEG_C_TXN_COMMIT,
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
