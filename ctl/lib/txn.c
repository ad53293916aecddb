// SPDX-License-Identifier: GPL-2.0-or-later
/* Changing the policy in force. */
#include "txn.h"
#include "kernel.h"

#include <errno.h>
#include <linux/mseg.h>
#include <netlink/genl/genl.h>
#include <string.h>

/* Entries of one message; the module takes 16 KiB easily. */
#define ENTRIES_A_MESSAGE 400
/* Likewise domains, at their longest. */
#define DOMAINS_A_MESSAGE 40

struct txn {
	struct client *client;
	const struct txn_options *options;
	struct txn_fault *fault;
	uint32_t id;
	uint32_t generation;
};

/* A command of the transaction; NULL without memory. */
static struct nl_msg *begin_message(const struct txn *txn, int command)
{
	struct nl_msg *message = client_message(txn->client, command, 0);

	if (message && nla_put_u32(message, MSEG_A_TXN, txn->id)) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

/* Send it, unless putting something into it failed. */
static int send_message(const struct txn *txn, struct nl_msg *message, int put_err)
{
	if (put_err) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return client_call(txn->client, message, NULL, NULL);
}

static int on_begin(struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	struct txn *txn = arg;

	(void)message;
	if (!attrs[MSEG_A_TXN])
		return -EBADMSG;
	txn->id = nla_get_u32(attrs[MSEG_A_TXN]);
	if (attrs[MSEG_A_GENERATION])
		txn->generation = nla_get_u32(attrs[MSEG_A_GENERATION]);
	return 0;
}

/* With a copy of the policy in force or of the candidate, or with nothing. */
enum origin { EMPTY, IN_FORCE, CANDIDATE };

static int begin(struct txn *txn, enum origin origin)
{
	struct nl_msg *message = client_message(txn->client, MSEG_C_TXN_BEGIN, 0);
	int err = 0;

	if (message && origin != EMPTY)
		err = nla_put_flag(message, MSEG_A_CLONE);
	if (message && !err && origin == CANDIDATE)
		err = nla_put_flag(message, MSEG_A_CANDIDATE);
	if (err) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return client_call(txn->client, message, on_begin, txn);
}

/* Keep the first refusal: it is what the user is to be told. */
static void give_up(struct txn *txn)
{
	struct client_refusal *kept = (struct client_refusal *)client_refusal(txn->client);
	struct client_refusal refusal = *kept;
	struct nl_msg *message = begin_message(txn, MSEG_C_TXN_ABORT);

	if (message)
		client_call(txn->client, message, NULL, NULL);
	*kept = refusal;
}

static int on_commit(struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	struct txn *txn = arg;
	int type = txn->options->candidate ? MSEG_A_CANDIDATE_GENERATION : MSEG_A_GENERATION;

	(void)message;
	if (attrs[type])
		txn->generation = nla_get_u32(attrs[type]);
	return 0;
}

static int put_options(struct nl_msg *message, const struct txn_options *options)
{
	int err;

	if (options->candidate)
		return nla_put_flag(message, MSEG_A_CANDIDATE);
	err = nla_put_u8(message, MSEG_A_EXISTING, options->existing);

	if (!err && options->confirm_within)
		err = nla_put_u32(message, MSEG_A_CONFIRM_WITHIN, options->confirm_within);
	return err;
}

static int commit(struct txn *txn, bool guarded)
{
	struct nl_msg *message = begin_message(txn, MSEG_C_TXN_COMMIT);
	int err;

	if (!message)
		return -ENOMEM;
	err = put_options(message, txn->options);
	if (!err && guarded)
		err = nla_put_u32(message, MSEG_A_GENERATION, txn->generation);
	if (err) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return client_call(txn->client, message, on_commit, txn);
}

/* --- networks ------------------------------------------------------------- */

static int put_entry(struct nl_msg *message, const struct mseg_prefix *prefix)
{
	struct nlattr *nest = nla_nest_start(message, MSEG_A_ENTRY | NLA_F_NESTED);
	int len = prefix->family == MSEG_FAMILY_IPV4 ? 4 : MSEG_ADDR_LEN;
	int err;

	if (!nest)
		return -ENOMEM;
	err = nla_put(message, MSEG_A_ENTRY_ADDRESS, len, prefix->addr);
	if (!err)
		err = nla_put_u8(message, MSEG_A_ENTRY_PREFIX_LEN, prefix->len);
	if (!err && prefix->exclude)
		err = nla_put_flag(message, MSEG_A_ENTRY_EXCLUDE);
	nla_nest_end(message, nest);
	return err;
}

/*
 * Which entry of a message the module meant: the refused message is not kept,
 * but entries follow each other from a known offset.
 */
static uint32_t entry_at(const struct mseg_prefix *prefixes, uint32_t first, uint32_t last,
			 uint32_t start, uint32_t offset)
{
	uint32_t i, end = start;

	for (i = first; i < last; i++) {
		bool ipv4 = prefixes[i].family == MSEG_FAMILY_IPV4;
		int len = nla_total_size(ipv4 ? 4 : MSEG_ADDR_LEN) + nla_total_size(sizeof(uint8_t));

		if (prefixes[i].exclude)
			len += nla_total_size(0);
		end += (uint32_t)nla_total_size(len);
		if (offset >= start && offset < end)
			return i;
	}
	return MSEG_ID_NONE;
}

/* Send a network's entries from @first on, as many as a message takes. */
static int send_entries(struct txn *txn, const struct mseg_network *network, uint32_t index,
			uint32_t first, uint32_t last)
{
	struct nl_msg *message = begin_message(txn, MSEG_C_TXN_NETWORK);
	uint32_t i, start;
	int err;

	if (!message)
		return -ENOMEM;
	err = nla_put_u32(message, MSEG_A_ID, index);
	if (!err && !first)
		err = nla_put_string(message, MSEG_A_NAME, network->name);
	start = nlmsg_hdr(message)->nlmsg_len;
	for (i = first; !err && i < last; i++)
		err = put_entry(message, &network->prefixes[i]);
	err = send_message(txn, message, err);
	if (err)
		txn->fault->entry = entry_at(network->prefixes, first, last, start,
					     client_refusal(txn->client)->offset);
	return err;
}

/* Likewise its domains, behind its entries. */
static int send_domains(struct txn *txn, const struct mseg_network *network, uint32_t index,
			uint32_t first)
{
	struct nl_msg *message = begin_message(txn, MSEG_C_TXN_NETWORK);
	uint32_t i, last = first + DOMAINS_A_MESSAGE;
	int err;

	if (!message)
		return -ENOMEM;
	err = nla_put_u32(message, MSEG_A_ID, index);
	for (i = first; !err && i < last && i < network->n_domains; i++)
		err = nla_put_string(message, MSEG_A_DOMAIN, network->domains[i]);
	return send_message(txn, message, err);
}

static int send_network(struct txn *txn, const struct mseg_network *network, uint32_t index)
{
	uint32_t first = 0, last;
	int err;

	*txn->fault = (struct txn_fault){ TXN_NETWORK, index, MSEG_ID_NONE };
	do {
		last = first + ENTRIES_A_MESSAGE;
		if (last > network->n_prefixes)
			last = network->n_prefixes;
		err = send_entries(txn, network, index, first, last);
		first = last;
	} while (!err && first < network->n_prefixes);
	for (first = 0; !err && first < network->n_domains; first += DOMAINS_A_MESSAGE)
		err = send_domains(txn, network, index, first);
	return err;
}

/* --- rules ---------------------------------------------------------------- */

static int put_service(struct nl_msg *message, const struct mseg_service *service)
{
	struct nlattr *nest = nla_nest_start(message, MSEG_A_SERVICE | NLA_F_NESTED);
	int err = 0;

	if (!nest)
		return -ENOMEM;
	if (service->protocol != MSEG_PROTOCOL_ANY)
		err = nla_put_u8(message, MSEG_A_SERVICE_PROTOCOL, (uint8_t)service->protocol);
	if (!err && !service->bare)
		err = nla_put_u16(message, MSEG_A_SERVICE_LOW, service->low);
	if (!err && !service->bare)
		err = nla_put_u16(message, MSEG_A_SERVICE_HIGH, service->high);
	if (!err)
		err = nla_put_u16(message, MSEG_A_SERVICE_ITEM, service->item);
	/* Ended even where it is empty, which libnl would take back. */
	nla_nest_end_keep_empty(message, nest);
	return err;
}

static int put_rule(struct nl_msg *message, const struct mseg_rule *rule)
{
	uint32_t i;
	int err = nla_put_u8(message, MSEG_A_DIRECTION, rule->direction);

	if (!err)
		err = nla_put_u8(message, MSEG_A_ACTION, rule->action);
	if (!err)
		err = nla_put_u64(message, MSEG_A_COOKIE, rule->cookie);
	if (!err && rule->observed)
		err = nla_put_flag(message, MSEG_A_OBSERVED);
	if (!err && rule->name[0])
		err = nla_put_string(message, MSEG_A_NAME, rule->name);
	for (i = 0; !err && i < rule->n_networks; i++)
		err = nla_put_u32(message, MSEG_A_NETWORK, rule->networks[i]);
	for (i = 0; !err && i < rule->n_services; i++)
		err = put_service(message, &rule->services[i]);
	return err;
}

static int send_rule(struct txn *txn, const struct mseg_rule *rule, uint32_t index)
{
	struct nl_msg *message = begin_message(txn, MSEG_C_TXN_RULE);
	int err;

	*txn->fault = (struct txn_fault){ TXN_RULE, index, MSEG_ID_NONE };
	if (!message)
		return -ENOMEM;
	err = nla_put_u32(message, MSEG_A_ID, index);
	if (!err)
		err = put_rule(message, rule);
	return send_message(txn, message, err);
}

/* --- the whole ------------------------------------------------------------ */

static int send_defaults(struct txn *txn, const int actions[2], const int silent[2])
{
	static const int types[] = { MSEG_A_DEFAULT_IN, MSEG_A_DEFAULT_OUT };
	static const int silent_types[] = { MSEG_A_SILENT_IN, MSEG_A_SILENT_OUT };
	struct nl_msg *message = begin_message(txn, MSEG_C_TXN_DEFAULTS);
	int i, err = 0;

	*txn->fault = (struct txn_fault){ TXN_DEFAULTS, 0, MSEG_ID_NONE };
	if (!message)
		return -ENOMEM;
	for (i = 0; i < 2; i++) {
		if (!err && actions[i] >= 0)
			err = nla_put_u8(message, types[i], (uint8_t)actions[i]);
		if (!err && silent[i] >= 0)
			err = nla_put_u8(message, silent_types[i], (uint8_t)silent[i]);
	}
	return send_message(txn, message, err);
}

static int send_policy(struct txn *txn, const struct mseg_policy *policy, const int actions[2],
		       const int silent[2])
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < policy->n_networks; i++)
		err = send_network(txn, &policy->networks[i], i);
	for (i = 0; !err && i < policy->n_rules; i++)
		err = send_rule(txn, &policy->rules[i], i);
	if (!err)
		err = send_defaults(txn, actions, silent);
	return err;
}

static bool all(const bool given[2])
{
	return given[0] && given[1];
}

/* One attempt; the generation that the kept defaults are of guards it. */
static int try_load(struct txn *txn, const struct mseg_policy *policy, const bool given[2])
{
	struct kernel_status status = { .generation = 0 };
	int i, err, actions[2], silent[2];

	*txn->fault = (struct txn_fault){ TXN_WHOLE, 0, MSEG_ID_NONE };
	err = kernel_status(txn->client, &status);
	if (!err)
		err = begin(txn, EMPTY);
	if (err)
		return err;
	for (i = 0; i < 2; i++) {
		actions[i] = given[i] ? policy->defaults[i] : status.defaults[i];
		silent[i] = txn->options->silent[i] < 0 ? status.silent[i] :
							  txn->options->silent[i];
	}
	err = send_policy(txn, policy, actions, silent);
	if (!err) {
		*txn->fault = (struct txn_fault){ TXN_WHOLE, 0, MSEG_ID_NONE };
		txn->generation = status.generation;
		err = commit(txn, !all(given));
	}
	if (err)
		give_up(txn);
	return err;
}

int txn_load(struct client *client, const struct mseg_policy *policy, const bool given[2],
	     const struct txn_options *options, uint32_t *generation, struct txn_fault *fault)
{
	struct txn txn = { .client = client, .options = options, .fault = fault };
	int tries, err = -ESTALE;

	for (tries = 0; err == -ESTALE && tries < TXN_TRIES; tries++)
		err = try_load(&txn, policy, given);
	if (!err)
		*generation = txn.generation;
	return err;
}

static int try_defaults(struct txn *txn, const int actions[2])
{
	int err = begin(txn, IN_FORCE);

	if (err)
		return err;
	err = send_defaults(txn, actions, txn->options->silent);
	if (!err)
		err = commit(txn, true);
	if (err)
		give_up(txn);
	return err;
}

int txn_defaults(struct client *client, const int actions[2], const struct txn_options *options,
		 uint32_t *generation)
{
	struct txn_fault ignored;
	struct txn txn = { .client = client, .options = options, .fault = &ignored };
	int tries, err = -ESTALE;

	for (tries = 0; err == -ESTALE && tries < TXN_TRIES; tries++)
		err = try_defaults(&txn, actions);
	if (!err)
		*generation = txn.generation;
	return err;
}

/* The copy is of the candidate that is there before and after. */
static int try_promote(struct txn *txn, uint32_t candidate)
{
	struct kernel_status status;
	int err = begin(txn, CANDIDATE);

	if (err)
		return err;
	err = kernel_status(txn->client, &status);
	if (!err && status.candidate != candidate)
		err = -ESTALE;
	if (!err)
		err = commit(txn, true);
	if (err)
		give_up(txn);
	return err;
}

int txn_promote(struct client *client, uint32_t candidate, const struct txn_options *options,
		uint32_t *generation)
{
	struct txn txn = { .client = client, .options = options };
	int tries, err = -ESTALE;

	for (tries = 0; err == -ESTALE && tries < TXN_TRIES; tries++)
		err = try_promote(&txn, candidate);
	if (!err)
		*generation = txn.generation;
	return err;
}

int txn_confirm(struct client *client, uint32_t generation)
{
	struct nl_msg *message = client_message(client, MSEG_C_POLICY_CONFIRM, 0);

	if (message && nla_put_u32(message, MSEG_A_GENERATION, generation)) {
		nlmsg_free(message);
		return -ENOMEM;
	}
	return client_call(client, message, NULL, NULL);
}
