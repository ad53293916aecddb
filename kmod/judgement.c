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

void mseg_judgement_ask(struct mseg_net *mnet, const struct mseg_generation *generation,
			struct mseg_judgement *judgement)
{
	mseg_stat(mnet->stats, judged);
	judgement->verdict = mseg_classify(generation->policy, &judgement->key);
	mseg_generation_hit(generation, judgement->verdict.rule);
}
