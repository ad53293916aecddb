// SPDX-License-Identifier: GPL-2.0
/* Questions to the policy in force. */
#include "judgement.h"

#include <linux/mseg.h>

#include "learned.h"

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

/* A function of its own, for the names are many. */
static noinline void classify_by_name(struct mseg_net *mnet, const struct mseg_policy *policy,
				      struct mseg_judgement *judgement)
{
	const struct mseg_verdict *verdict = &judgement->verdict;
	struct mseg_key *key = &judgement->key;
	struct mseg_names names;

	if (mseg_learned_find(mnet->learned, key->family, key->peer, &names))
		key->names = &names;
	judgement->verdict = mseg_classify(policy, key);
	key->names = NULL;
	if (verdict->learned && verdict->action == MSEG_ACTION_ALLOW)
		mseg_learned_use(mnet->learned, key->family, key->peer, policy, verdict->network);
}

void mseg_judgement_ask(struct mseg_net *mnet, const struct mseg_generation *generation,
			struct mseg_judgement *judgement)
{
	if (mseg_learned_any(mnet->learned) && generation->policy->domains)
		classify_by_name(mnet, generation->policy, judgement);
	else
		judgement->verdict = mseg_classify(generation->policy, &judgement->key);
	count_verdict(mnet->stats, &judgement->verdict);
	mseg_generation_hit(generation, judgement->verdict.rule);
}
