// SPDX-License-Identifier: GPL-2.0-or-later
/* What a change of policy is about to do to whoever makes it, told before it is made. */
#include "foresee.h"

#include <arpa/inet.h>
#include <linux/mseg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/advice.h"
#include "lib/kernel.h"
#include "lib/text.h"

#define SSH_PORT 22

/* Peers that are named; of more, that there are more. */
#define PEERS_MAX 8

/* A policy that is about to come into force. */
struct coming {
	const struct mseg_policy *policy;
	uint8_t defaults[2];
	const struct txn_options *options;
	uint8_t peers[PEERS_MAX][MSEG_ADDR_LEN];
	unsigned int n_peers;
};

/* --- sessions ------------------------------------------------------------- */

static bool is_session(const struct mseg_flow_record *record)
{
	return record->direction == MSEG_DIRECTION_IN && record->protocol == IPPROTO_TCP &&
	       record->destination_port == SSH_PORT &&
	       !(record->flags & MSEG_FLOW_FLAG_FORWARDED) &&
	       (record->state == MSEG_CONN_STATE_REPLIED ||
		record->state == MSEG_CONN_STATE_ESTABLISHED);
}

/* Whether a peer was not named yet, nor are too many. */
static bool is_new_peer(struct coming *coming, const uint8_t *peer)
{
	unsigned int i;

	for (i = 0; i < coming->n_peers; i++)
		if (!memcmp(coming->peers[i], peer, MSEG_ADDR_LEN))
			return false;
	if (coming->n_peers == PEERS_MAX)
		return false;
	memcpy(coming->peers[coming->n_peers++], peer, MSEG_ADDR_LEN);
	return true;
}

static void warn_of_session(const struct coming *coming, const struct mseg_key *key,
			    const struct mseg_verdict *verdict)
{
	bool by_rule = verdict->rule != MSEG_ID_NONE;
	const char *rule = by_rule ? coming->policy->rules[verdict->rule].name : "";
	char address[INET6_ADDRSTRLEN];

	inet_ntop(key->family == MSEG_FAMILY_IPV6 ? AF_INET6 : AF_INET, key->peer, address,
		  sizeof(address));
	fprintf(stderr, "mctl: warning: %s, connected to tcp/%u now, is rejected by %s%s%s%s\n",
		address, key->service, by_rule ? "rule" : "the default", rule[0] ? " " : "",
		rule[0] ? text_show(rule, strlen(rule)).s : "",
		coming->options->confirm_within ?
			"" :
			": do this with --confirm-within 5m, if that is you");
}

static int look_at(const struct mseg_flow_record *record, uint32_t timeout, void *arg)
{
	struct coming *coming = arg;
	struct mseg_verdict verdict;
	struct mseg_key key = {
		.service = record->destination_port,
		.family = record->family,
		.protocol = record->protocol,
		.direction = record->direction,
	};

	(void)timeout;
	if (!is_session(record))
		return 0;
	memcpy(key.peer, record->source, sizeof(key.peer));
	verdict = mseg_classify(coming->policy, &key);
	if (verdict.rule == MSEG_ID_NONE)
		verdict.action = coming->defaults[key.direction];
	if (verdict.action == MSEG_ACTION_REJECT && is_new_peer(coming, key.peer))
		warn_of_session(coming, &key, &verdict);
	return 0;
}

/* --- defaults ------------------------------------------------------------- */

static bool enforces(const uint8_t defaults[2])
{
	return defaults[0] == MSEG_ACTION_REJECT || defaults[1] == MSEG_ACTION_REJECT;
}

static bool begins_to_reject(const uint8_t before[2], const uint8_t after[2])
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (before[i] == MSEG_ACTION_ALLOW && after[i] == MSEG_ACTION_REJECT)
			return true;
	return false;
}

/* A load has said so already where its file gives the defaults. */
static void warn_of_ipv6(const struct coming *coming, const uint8_t before[2])
{
	static const char *const words[2] = { "in", "out" };
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (before[i] == MSEG_ACTION_ALLOW && coming->defaults[i] == MSEG_ACTION_REJECT &&
		    advice_lacks_ipv6(coming->policy, i))
			fprintf(stderr,
				"mctl: warning: the default rejects, and no rule allows any IPv6 address %s: add ::/0 where 0.0.0.0/0 means everybody\n",
				words[i]);
}

static void tell(struct client *client, struct coming *coming, const struct kernel_status *before)
{
	if (enforces(before->defaults) && !enforces(coming->defaults))
		fputs("mctl: warning: this ends enforcement: both defaults allow\n", stderr);
	if (begins_to_reject(before->defaults, coming->defaults) && !coming->options->confirm_within)
		fputs("mctl: a default begins to reject: with --confirm-within 5m the former policy would come back by itself, should this lock you out\n",
		      stderr);
	/* What changed meanwhile may be missing: it is advice, no promise. */
	kernel_connections(client, look_at, coming);
}

void foresee_load(struct client *client, const struct flat *flat, const struct txn_options *options)
{
	struct coming coming = { .policy = flat->policy, .options = options };
	struct kernel_status before;
	unsigned int i;

	if (options->candidate || kernel_status(client, &before) || !before.attached)
		return;
	for (i = 0; i < 2; i++)
		coming.defaults[i] = flat->given[i] ? flat->policy->defaults[i] :
						      before.defaults[i];
	tell(client, &coming, &before);
}

void foresee_read(struct client *client, unsigned int parts, const int actions[2],
		  const struct txn_options *options)
{
	struct coming coming = { .options = options };
	struct kernel_policy read = { 0 };
	struct kernel_status before;
	struct mseg_refusal refusal;
	unsigned int i;

	if (kernel_status(client, &before) || !before.attached)
		return;
	if (!kernel_policy(client, parts | KERNEL_ENTRIES, &read) &&
	    !mseg_policy_compile(read.policy, &refusal)) {
		coming.policy = read.policy;
		for (i = 0; i < 2; i++)
			coming.defaults[i] = actions[i] < 0 ? read.policy->defaults[i] :
							      (uint8_t)actions[i];
		warn_of_ipv6(&coming, before.defaults);
		tell(client, &coming, &before);
	}
	kernel_policy_free(&read);
}
