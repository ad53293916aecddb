// SPDX-License-Identifier: GPL-2.0-or-later
/* What the module knows, read back. */
#include "kernel.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Seconds of dumps that commits broke into before it is called hopeless. */
#define PATIENCE 10

static uint32_t u32_of(struct nlattr **attrs, int type)
{
	return attrs[type] ? nla_get_u32(attrs[type]) : 0;
}

static uint8_t u8_of(struct nlattr **attrs, int type)
{
	return attrs[type] ? nla_get_u8(attrs[type]) : 0;
}

static uint64_t u64_of(struct nlattr **attrs, int type)
{
	return attrs[type] ? nla_get_u64(attrs[type]) : 0;
}

/* An attribute's string, NUL-terminated and fit to be printed. */
static void string_of(struct nlattr *attr, char *text, size_t size)
{
	text[0] = '\0';
	if (attr)
		nla_strlcpy(text, attr, size);
	text_clean(text);
}

static int on_status(struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	struct kernel_status *status = arg;

	(void)message;
	string_of(attrs[MSEG_A_VERSION], status->version, sizeof(status->version));
	status->attached = attrs[MSEG_A_ATTACHED] != NULL;
	status->defaults[MSEG_DIRECTION_IN] = u8_of(attrs, MSEG_A_DEFAULT_IN);
	status->defaults[MSEG_DIRECTION_OUT] = u8_of(attrs, MSEG_A_DEFAULT_OUT);
	status->silent[MSEG_DIRECTION_IN] = u8_of(attrs, MSEG_A_SILENT_IN);
	status->silent[MSEG_DIRECTION_OUT] = u8_of(attrs, MSEG_A_SILENT_OUT);
	status->confirm_left = u32_of(attrs, MSEG_A_CONFIRM_LEFT);
	status->generation = u32_of(attrs, MSEG_A_GENERATION);
	status->candidate = u32_of(attrs, MSEG_A_CANDIDATE_GENERATION);
	status->forward = u8_of(attrs, MSEG_A_FORWARD);
	status->raw = u8_of(attrs, MSEG_A_RAW);
	status->locked = attrs[MSEG_A_LOCKED] != NULL;
	status->networks = u32_of(attrs, MSEG_A_NETWORK_COUNT);
	status->entries = u32_of(attrs, MSEG_A_ENTRY_COUNT);
	status->rules = u32_of(attrs, MSEG_A_RULE_COUNT);
	status->connections = u32_of(attrs, MSEG_A_CONNECTION_COUNT);
	status->connections_max = u32_of(attrs, MSEG_A_CONNECTION_MAX);
	return 0;
}

int kernel_status(struct client *client, struct kernel_status *status)
{
	memset(status, 0, sizeof(*status));
	return client_do(client, MSEG_C_STATUS_GET, 0, on_status, status);
}

/* A command that can be asked of the candidate. */
static int ask(struct client *client, int command, int flags, bool candidate,
	       client_handler *handler, void *arg)
{
	struct nl_msg *message = client_message(client, command, flags);

	if (message && candidate && nla_put_flag(message, MSEG_A_CANDIDATE)) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return client_call(client, message, handler, arg);
}

int kernel_candidate(struct client *client, struct kernel_status *status)
{
	memset(status, 0, sizeof(*status));
	return ask(client, MSEG_C_STATUS_GET, 0, true, on_status, status);
}

/* --- statistics ----------------------------------------------------------- */

struct stats_call {
	int (*each)(const char *name, uint64_t value, void *arg);
	void *arg;
};

static int read_stat(struct nlattr *attr, const struct stats_call *call)
{
	static const struct nla_policy policy[MSEG_A_STAT_MAX + 1] = {
		[MSEG_A_STAT_NAME] = { .type = NLA_STRING },
		[MSEG_A_STAT_VALUE] = { .type = NLA_U64 },
	};
	struct nlattr *attrs[MSEG_A_STAT_MAX + 1];
	char name[64];

	if (nla_parse_nested(attrs, MSEG_A_STAT_MAX, attr, policy) || !attrs[MSEG_A_STAT_NAME] ||
	    !attrs[MSEG_A_STAT_VALUE])
		return -EBADMSG;
	string_of(attrs[MSEG_A_STAT_NAME], name, sizeof(name));
	return call->each(name, nla_get_u64(attrs[MSEG_A_STAT_VALUE]), call->arg);
}

static int on_stats(struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	struct nlattr *attr;
	int rest, err = 0;

	(void)attrs;
	client_for_each(attr, message, rest)
	{
		if (nla_type(attr) == MSEG_A_STAT)
			err = read_stat(attr, arg);
		if (err)
			break;
	}
	return err;
}

int kernel_stats(struct client *client, int (*each)(const char *name, uint64_t value, void *arg),
		 void *arg)
{
	struct stats_call call = { each, arg };

	return client_do(client, MSEG_C_STATS_GET, 0, on_stats, &call);
}

/* --- the policy ----------------------------------------------------------- */

struct policy_call {
	struct kernel_policy read;
	/* Rules that @read.hits has room for. */
	uint32_t rules;
	unsigned int parts;
};

/* The core refuses what the module never sends. */
static int added(int err)
{
	return err && err != -ENOMEM ? -EBADMSG : err;
}

static int read_entry(struct nlattr *attr, struct mseg_policy *to)
{
	static const struct nla_policy policy[MSEG_A_ENTRY_MAX + 1] = {
		[MSEG_A_ENTRY_PREFIX_LEN] = { .type = NLA_U8 },
	};
	struct nlattr *attrs[MSEG_A_ENTRY_MAX + 1], *address;
	struct mseg_prefix prefix = { .len = 0 };
	struct mseg_refusal refusal;

	if (nla_parse_nested(attrs, MSEG_A_ENTRY_MAX, attr, policy) ||
	    !attrs[MSEG_A_ENTRY_ADDRESS] || !attrs[MSEG_A_ENTRY_PREFIX_LEN])
		return -EBADMSG;
	address = attrs[MSEG_A_ENTRY_ADDRESS];
	if (nla_len(address) != 4 && nla_len(address) != MSEG_ADDR_LEN)
		return -EBADMSG;
	memcpy(prefix.addr, nla_data(address), (size_t)nla_len(address));
	prefix.family = nla_len(address) == 4 ? MSEG_FAMILY_IPV4 : MSEG_FAMILY_IPV6;
	prefix.len = nla_get_u8(attrs[MSEG_A_ENTRY_PREFIX_LEN]);
	prefix.exclude = attrs[MSEG_A_ENTRY_EXCLUDE] != NULL;
	return added(mseg_policy_add_prefixes(to, &prefix, 1, &refusal));
}

static int read_domain(struct nlattr *attr, struct mseg_policy *to)
{
	char text[MSEG_MAX_DOMAIN_LEN + 1];
	const char *domain = text;
	struct mseg_refusal refusal;

	nla_strlcpy(text, attr, sizeof(text));
	return added(mseg_policy_add_domains(to, &domain, 1, &refusal));
}

static int read_entries(struct nlmsghdr *message, struct mseg_policy *policy)
{
	struct nlattr *attr;
	int rest, err = 0;

	client_for_each(attr, message, rest)
	{
		err = 0;
		if (nla_type(attr) == MSEG_A_ENTRY)
			err = read_entry(attr, policy);
		else if (nla_type(attr) == MSEG_A_DOMAIN)
			err = read_domain(attr, policy);
		if (err)
			break;
	}
	return err;
}

static int on_network(struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	struct policy_call *call = arg;
	struct mseg_policy *policy = call->read.policy;
	char name[MSEG_MAX_NAME_LEN + 1];
	struct mseg_refusal refusal;
	uint32_t id = u32_of(attrs, MSEG_A_ID);
	int err = 0;

	if (u32_of(attrs, MSEG_A_GENERATION) != call->read.generation)
		return -EAGAIN;
	/* A large network comes in several messages. */
	if (id == policy->n_networks) {
		string_of(attrs[MSEG_A_NAME], name, sizeof(name));
		err = added(mseg_policy_add_network(policy, name, &refusal));
	} else if (id + 1 != policy->n_networks) {
		return -EBADMSG;
	}
	if (!err && (call->parts & KERNEL_ENTRIES))
		err = read_entries(message, policy);
	return err;
}

static int read_service(struct nlattr *attr, struct mseg_service *service)
{
	static const struct nla_policy policy[MSEG_A_SERVICE_MAX + 1] = {
		[MSEG_A_SERVICE_PROTOCOL] = { .type = NLA_U8 },
		[MSEG_A_SERVICE_LOW] = { .type = NLA_U16 },
		[MSEG_A_SERVICE_HIGH] = { .type = NLA_U16 },
		[MSEG_A_SERVICE_ITEM] = { .type = NLA_U16 },
	};
	struct nlattr *attrs[MSEG_A_SERVICE_MAX + 1];

	if (nla_parse_nested(attrs, MSEG_A_SERVICE_MAX, attr, policy))
		return -EBADMSG;
	memset(service, 0, sizeof(*service));
	service->protocol = attrs[MSEG_A_SERVICE_PROTOCOL] ?
				    nla_get_u8(attrs[MSEG_A_SERVICE_PROTOCOL]) :
				    MSEG_PROTOCOL_ANY;
	service->bare = !attrs[MSEG_A_SERVICE_LOW] || !attrs[MSEG_A_SERVICE_HIGH];
	if (!service->bare) {
		service->low = nla_get_u16(attrs[MSEG_A_SERVICE_LOW]);
		service->high = nla_get_u16(attrs[MSEG_A_SERVICE_HIGH]);
	}
	if (attrs[MSEG_A_SERVICE_ITEM])
		service->item = nla_get_u16(attrs[MSEG_A_SERVICE_ITEM]);
	return 0;
}

struct rule_lists {
	__u32 networks[MSEG_MAX_RULE_NETWORKS];
	struct mseg_service services[MSEG_MAX_RULE_SERVICES];
};

static int read_rule_lists(struct nlmsghdr *message, struct mseg_rule *rule,
			   struct rule_lists *lists)
{
	struct nlattr *attr;
	int rest, err = 0;

	client_for_each(attr, message, rest)
	{
		if (nla_type(attr) == MSEG_A_NETWORK && rule->n_networks < MSEG_MAX_RULE_NETWORKS)
			lists->networks[rule->n_networks++] = nla_get_u32(attr);
		else if (nla_type(attr) == MSEG_A_SERVICE &&
			 rule->n_services < MSEG_MAX_RULE_SERVICES)
			err = read_service(attr, &lists->services[rule->n_services++]);
		if (err)
			break;
	}
	rule->networks = lists->networks;
	rule->services = lists->services;
	return err;
}

static int on_rule(struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	struct rule_lists lists;
	struct policy_call *call = arg;
	char name[MSEG_MAX_NAME_LEN + 1];
	struct mseg_refusal refusal;
	struct mseg_rule rule = {
		.name = name,
		.direction = u8_of(attrs, MSEG_A_DIRECTION),
		.action = u8_of(attrs, MSEG_A_ACTION),
		.cookie = u64_of(attrs, MSEG_A_COOKIE),
		.observed = attrs[MSEG_A_OBSERVED] != NULL,
	};
	uint32_t id = u32_of(attrs, MSEG_A_ID);
	int err;

	if (u32_of(attrs, MSEG_A_GENERATION) != call->read.generation)
		return -EAGAIN;
	if (id != call->read.policy->n_rules || id >= call->rules)
		return -EBADMSG;
	string_of(attrs[MSEG_A_NAME], name, sizeof(name));
	err = read_rule_lists(message, &rule, &lists);
	if (err)
		return err;
	call->read.hits[id].count = u64_of(attrs, MSEG_A_HITS);
	call->read.hits[id].last = u64_of(attrs, MSEG_A_LAST_HIT);
	return added(mseg_policy_add_rule(call->read.policy, &rule, &refusal));
}

static int read_status(struct client *client, bool candidate, struct kernel_status *status)
{
	return candidate ? kernel_candidate(client, status) : kernel_status(client, status);
}

/*
 * One attempt. Generations only grow, so that the same one before and after
 * means that no commit came between, even where the dumps are empty.
 */
static int read_policy(struct client *client, struct policy_call *call)
{
	bool candidate = call->parts & KERNEL_CANDIDATE;
	struct kernel_status before, after;
	int err = read_status(client, candidate, &before);

	if (err)
		return err;
	call->read.policy = mseg_policy_new();
	call->read.hits = calloc((size_t)before.rules + 1, sizeof(*call->read.hits));
	call->rules = before.rules;
	if (!call->read.policy || !call->read.hits)
		return -ENOMEM;
	call->read.generation = before.generation;
	memcpy(call->read.policy->defaults, before.defaults, sizeof(before.defaults));
	memcpy(call->read.policy->silent, before.silent, sizeof(before.silent));
	err = ask(client, MSEG_C_NETWORK_GET, NLM_F_DUMP, candidate, on_network, call);
	if (!err)
		err = ask(client, MSEG_C_RULE_GET, NLM_F_DUMP, candidate, on_rule, call);
	if (!err)
		err = read_status(client, candidate, &after);
	if (!err && after.generation != before.generation)
		err = -EAGAIN;
	return err;
}

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

int kernel_policy(struct client *client, unsigned int parts, struct kernel_policy *policy)
{
	struct policy_call call = { .parts = parts };
	time_t end = seconds() + PATIENCE;
	int err;

	do {
		kernel_policy_free(&call.read);
		err = read_policy(client, &call);
	} while (err == -EAGAIN && seconds() < end);
	*policy = call.read;
	return err;
}

void kernel_policy_free(struct kernel_policy *policy)
{
	mseg_policy_free(policy->policy);
	free(policy->hits);
	memset(policy, 0, sizeof(*policy));
}

/* --- connections ---------------------------------------------------------- */

struct connections_call {
	int (*each)(const struct mseg_flow_record *record, uint32_t timeout, void *arg);
	void *arg;
};

bool kernel_record(const struct nlattr *attr, struct mseg_flow_record *record)
{
	if (nla_len(attr) < (int)sizeof(*record))
		return false;
	memcpy(record, nla_data(attr), sizeof(*record));
	return true;
}

static int on_connection(struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	const struct connections_call *call = arg;
	struct mseg_flow_record record;

	(void)message;
	if (!attrs[MSEG_A_FLOW] || !kernel_record(attrs[MSEG_A_FLOW], &record))
		return -EBADMSG;
	/* What was counted was told of; a connection stands for itself. */
	if (!record.count)
		record.count = 1;
	return call->each(&record, u32_of(attrs, MSEG_A_TIMEOUT), call->arg);
}

int kernel_connections(struct client *client,
		       int (*each)(const struct mseg_flow_record *record, uint32_t timeout,
				   void *arg),
		       void *arg)
{
	struct connections_call call = { each, arg };

	return client_do(client, MSEG_C_CONNECTION_GET, NLM_F_DUMP, on_connection, &call);
}
