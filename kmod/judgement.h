/* SPDX-License-Identifier: GPL-2.0 */
/* Asking the policy, and what it says. */
#ifndef MSEG_JUDGEMENT_H
#define MSEG_JUDGEMENT_H

#include "net.h"
#include "packet.h"

/**
 * struct mseg_judgement - what is asked of the policy, and what it says
 * @key: the question that decided
 * @verdict: on it
 * @server: of what comes in, the local socket that waits for such, or NULL; under RCU
 * @opinions: of what does not decide
 * @existing: of a connection in its middle
 * @half_open: with @existing, of a handshake that is not over
 * @either: the direction could not be told, and one Allow is enough
 * @both: it is forwarded, and has to be allowed in both directions
 */
struct mseg_judgement {
	struct mseg_key key;
	struct mseg_verdict verdict;
	struct mseg_opinions opinions;
	struct sock *server;
	bool existing;
	bool half_open;
	bool either;
	bool both;
};

/**
 * mseg_judgement_key() - a question about a connection
 * @key: filled, every byte of it
 * @conn: whose remote end is the peer
 * @direction: enum mseg_direction
 * @service: host order
 */
void mseg_judgement_key(struct mseg_key *key, const struct mseg_conn_key *conn, u8 direction,
			u16 service);

/**
 * mseg_judgement_ask() - ask a policy a question
 * @mnet: attached
 * @generation: that decides
 * @judgement: with the question; gets the verdict
 *
 * Under RCU. Counts, as a hit of the rule, too.
 */
void mseg_judgement_ask(struct mseg_net *mnet, const struct mseg_generation *generation,
			struct mseg_judgement *judgement);

#endif /* MSEG_JUDGEMENT_H */
