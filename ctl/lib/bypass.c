// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What passes the module's hooks by, asked of the kernel itself. Four dumps: links,
 * queueing disciplines, the filters of those that have any, and flowtables.
 */
#include "bypass.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Disciplines that hold filters for all packets; more than anybody has. */
#define HOOKS_MAX 1024

/* Where filters are asked for. */
struct hook {
	int ifindex;
	uint32_t parent;
};

struct search {
	bypass_found *found;
	void *arg;
	struct hook hooks[HOOKS_MAX];
	size_t n_hooks;
	/* Whose filters are being read: shared ones do not name it. */
	int ifindex;
};

__attribute__((format(printf, 3, 4))) static void tell(const struct search *search,
						       enum bypass kind, const char *format, ...)
{
	char what[160];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	search->found(kind, what, search->arg);
}

static int is_done(struct nl_msg *message, void *arg)
{
	(void)message;
	(void)arg;
	return NL_STOP;
}

/* Ask for a dump, and have @each called with its messages. */
static int dump(int protocol, int type, void *header, size_t len, nl_recvmsg_msg_cb_t each,
		void *arg)
{
	struct nl_sock *socket = nl_socket_alloc();
	int err = socket ? nl_connect(socket, protocol) : -NLE_NOMEM;

	if (!err) {
		nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, each, arg);
		nl_socket_modify_cb(socket, NL_CB_FINISH, NL_CB_CUSTOM, is_done, NULL);
		err = nl_send_simple(socket, type, NLM_F_DUMP, header, len);
	}
	if (err >= 0)
		err = nl_recvmsgs_default(socket);
	if (socket)
		nl_socket_free(socket);
	if (err == -NLE_PERM || err == -NLE_NOACCESS)
		return -EPERM;
	return err < 0 ? -EIO : 0;
}

static void name_of(int ifindex, char *name)
{
	if (!if_indextoname((unsigned int)ifindex, name))
		snprintf(name, IF_NAMESIZE, "#%d", ifindex);
}

/* --- devices -------------------------------------------------------------- */

static bool has_xdp(struct nlattr *attr)
{
	struct nlattr *attrs[IFLA_XDP_MAX + 1];

	return attr && !nla_parse_nested(attrs, IFLA_XDP_MAX, attr, NULL) &&
	       attrs[IFLA_XDP_ATTACHED] &&
	       nla_get_u8(attrs[IFLA_XDP_ATTACHED]) != XDP_ATTACHED_NONE;
}

static const char *kind_of(struct nlattr *attr)
{
	struct nlattr *attrs[IFLA_INFO_MAX + 1];

	if (!attr || nla_parse_nested(attrs, IFLA_INFO_MAX, attr, NULL) || !attrs[IFLA_INFO_KIND])
		return "";
	return nla_get_string(attrs[IFLA_INFO_KIND]);
}

static bool goes_below(const char *kind)
{
	return !strcmp(kind, "macvlan") || !strcmp(kind, "macvtap") || !strcmp(kind, "ipvlan") ||
	       !strcmp(kind, "ipvtap");
}

static int on_link(struct nl_msg *message, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	struct ifinfomsg *link = nlmsg_data(header);
	struct nlattr *attrs[IFLA_MAX + 1];
	char name[IF_NAMESIZE];
	const char *kind;

	if (nlmsg_parse(header, sizeof(*link), attrs, IFLA_MAX, NULL))
		return NL_SKIP;
	name_of(link->ifi_index, name);
	kind = kind_of(attrs[IFLA_LINKINFO]);
	if (goes_below(kind))
		tell(arg, BYPASS_DEVICE, "%s (%s)", name, kind);
	if (has_xdp(attrs[IFLA_XDP]))
		tell(arg, BYPASS_XDP, "%s", name);
	return NL_OK;
}

static int find_links(struct search *search)
{
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC };

	return dump(NETLINK_ROUTE, RTM_GETLINK, &link, sizeof(link), on_link, search);
}

/* --- filters of traffic control ------------------------------------------- */

static void add_hook(struct search *search, int ifindex, uint32_t parent)
{
	if (search->n_hooks < HOOKS_MAX)
		search->hooks[search->n_hooks++] = (struct hook){ ifindex, parent };
}

static int on_qdisc(struct nl_msg *message, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	struct tcmsg *qdisc = nlmsg_data(header);
	struct nlattr *attrs[TCA_MAX + 1];
	const char *kind;

	if (nlmsg_parse(header, sizeof(*qdisc), attrs, TCA_MAX, NULL) || !attrs[TCA_KIND])
		return NL_SKIP;
	kind = nla_get_string(attrs[TCA_KIND]);
	if (!strcmp(kind, "clsact")) {
		add_hook(arg, qdisc->tcm_ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS));
		add_hook(arg, qdisc->tcm_ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS));
	} else {
		/* The ingress one has its filters at its handle, as all others. */
		add_hook(arg, qdisc->tcm_ifindex, qdisc->tcm_handle);
	}
	return NL_OK;
}

static bool redirects(struct nlattr *action)
{
	struct nlattr *attrs[TCA_ACT_MAX + 1], *options[TCA_MIRRED_MAX + 1];
	struct tc_mirred mirred;

	if (nla_parse_nested(attrs, TCA_ACT_MAX, action, NULL) || !attrs[TCA_ACT_KIND])
		return false;
	if (!strcmp(nla_get_string(attrs[TCA_ACT_KIND]), "bpf"))
		return true;
	if (strcmp(nla_get_string(attrs[TCA_ACT_KIND]), "mirred") != 0 || !attrs[TCA_ACT_OPTIONS] ||
	    nla_parse_nested(options, TCA_MIRRED_MAX, attrs[TCA_ACT_OPTIONS], NULL) ||
	    !options[TCA_MIRRED_PARMS] || nla_len(options[TCA_MIRRED_PARMS]) < (int)sizeof(mirred))
		return false;
	memcpy(&mirred, nla_data(options[TCA_MIRRED_PARMS]), sizeof(mirred));
	return mirred.eaction == TCA_EGRESS_REDIR || mirred.eaction == TCA_INGRESS_REDIR;
}

/* Where each kind of filter has its actions. */
static int actions_at(const char *kind)
{
	static const struct {
		const char *kind;
		int type;
	} table[] = {
		{ "flower", TCA_FLOWER_ACT }, { "matchall", TCA_MATCHALL_ACT },
		{ "u32", TCA_U32_ACT },	      { "basic", TCA_BASIC_ACT },
		{ "fw", TCA_FW_ACT },	      { "flow", TCA_FLOW_ACT },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (!strcmp(table[i].kind, kind))
			return table[i].type;
	return 0;
}

/* A program may do anything with a packet. */
static bool may_redirect(const char *kind, struct nlattr *options)
{
	int rest, type = actions_at(kind);
	struct nlattr *attr, *action;
	int inner;

	if (!strcmp(kind, "bpf"))
		return true;
	if (!type || !options)
		return false;
	nla_for_each_nested(attr, options, rest) {
		if (nla_type(attr) != type)
			continue;
		nla_for_each_nested(action, attr, inner) {
			if (redirects(action))
				return true;
		}
	}
	return false;
}

static int on_filter(struct nl_msg *message, void *arg)
{
	struct nlattr *attrs[TCA_MAX + 1];
	struct search *search = arg;
	char name[IF_NAMESIZE];
	const char *kind;

	if (nlmsg_parse(nlmsg_hdr(message), sizeof(struct tcmsg), attrs, TCA_MAX, NULL) ||
	    !attrs[TCA_KIND] || !attrs[TCA_OPTIONS])
		return NL_SKIP;
	kind = nla_get_string(attrs[TCA_KIND]);
	if (may_redirect(kind, attrs[TCA_OPTIONS])) {
		name_of(search->ifindex, name);
		tell(search, BYPASS_TC, "%s (%s)", name, kind);
	}
	return NL_OK;
}

static int find_filters(struct search *search)
{
	struct tcmsg all = { .tcm_family = AF_UNSPEC };
	int err = dump(NETLINK_ROUTE, RTM_GETQDISC, &all, sizeof(all), on_qdisc, search);
	size_t i;

	for (i = 0; i < search->n_hooks; i++) {
		struct tcmsg of = {
			.tcm_family = AF_UNSPEC,
			.tcm_ifindex = search->hooks[i].ifindex,
			.tcm_parent = search->hooks[i].parent,
		};

		search->ifindex = of.tcm_ifindex;
		/* Most disciplines have no filters, and say so by an error. */
		dump(NETLINK_ROUTE, RTM_GETTFILTER, &of, sizeof(of), on_filter, search);
	}
	return err;
}

/* --- flowtables ----------------------------------------------------------- */

static int on_flowtable(struct nl_msg *message, void *arg)
{
	struct nlattr *attrs[NFTA_FLOWTABLE_MAX + 1];

	if (nlmsg_parse(nlmsg_hdr(message), sizeof(struct nfgenmsg), attrs, NFTA_FLOWTABLE_MAX,
			NULL) ||
	    !attrs[NFTA_FLOWTABLE_NAME] || !attrs[NFTA_FLOWTABLE_TABLE])
		return NL_SKIP;
	tell(arg, BYPASS_FLOWTABLE, "%s of table %s", nla_get_string(attrs[NFTA_FLOWTABLE_NAME]),
	     nla_get_string(attrs[NFTA_FLOWTABLE_TABLE]));
	return NL_OK;
}

static int find_flowtables(struct search *search)
{
	struct nfgenmsg all = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
	int err = dump(NETLINK_NETFILTER, (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETFLOWTABLE, &all,
		       sizeof(all), on_flowtable, search);

	/* Without nf_tables the kernel knows no such question, and has none. */
	return err == -EPERM ? err : 0;
}

int bypass_find(bypass_found *found, void *arg)
{
	static struct search search;
	int links, filters, flowtables;

	search = (struct search){ .found = found, .arg = arg };
	links = find_links(&search);
	filters = find_filters(&search);
	flowtables = find_flowtables(&search);
	if (links)
		return links;
	return filters ? filters : flowtables;
}
