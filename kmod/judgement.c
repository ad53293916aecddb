// SPDX-License-Identifier: GPL-2.0
/* Questions to the policy in force. */
#include "judgement.h"

#include <linux/mseg.h>

void mseg_judgement_key(struct mseg_key *key, const struct mseg_conn_key *conn, u8 direction,
			u16 service)
{
	memset(key, 0, sizeof(*key));
	memcpy(key->peer, &conn->remote, sizeof(key->peer));
	key->family = conn->family;
	key->protocol = conn->protocol;
	key->direction = direction;
	key->service = service;
}

static void count_verdict(struct mseg_stats __percpu *stats, const struct mseg_verdict *verdict)
{
	bool rule = verdict->reason == MSEG_REASON_RULE;

	mseg_stat(stats, judged);
	if (verdict->action == MSEG_ACTION_ALLOW && rule)
		mseg_stat(stats, judged_allow_rule);
	else if (verdict->action == MSEG_ACTION_ALLOW)
		mseg_stat(stats, judged_allow_default);
	else if (rule)
		mseg_stat(stats, judged_reject_rule);
	else
		mseg_stat(stats, judged_reject_default);
}

void mseg_judgement_ask(struct mseg_net *mnet, const struct mseg_generation *generation,
			struct mseg_judgement *judgement)
{
	judgement->verdict = mseg_classify(generation->policy, &judgement->key);
	count_verdict(mnet->stats, &judgement->verdict);
	mseg_generation_hit(generation, judgement->verdict.rule);
}
