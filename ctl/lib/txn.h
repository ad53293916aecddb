/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing the policy in force: a transaction that commits whole or not at all.
 * Should the process die in its middle, the module drops what was begun.
 */
#ifndef TXN_H
#define TXN_H

#include <mseg/core.h>

#include "client.h"

#include <stdbool.h>
#include <stdint.h>

/** Times that a change is tried again when another one comes between. */
#define TXN_TRIES 10

/** enum txn_part - what a refusal is about */
enum txn_part {
	TXN_WHOLE,
	TXN_NETWORK,
	TXN_RULE,
	TXN_DEFAULTS,
};

/**
 * struct txn_fault - the part that was refused
 * @part: of what kind
 * @index: of the network or rule
 * @entry: of the network's entry, or MSEG_ID_NONE
 */
struct txn_fault {
	enum txn_part part;
	uint32_t index;
	uint32_t entry;
};

/**
 * struct txn_options - how a change comes into force
 * @existing: enum mseg_existing, what happens to connections
 * @confirm_within: seconds until the former policy comes back unless the change
 *	is confirmed; 0 for a change that needs no confirmation
 * @silent: by direction, whether what is rejected gets no answer; negative where
 *	it stays
 * @candidate: the policy comes beside the one in force instead, where it affects no
 *	connection and needs no confirmation
 */
struct txn_options {
	uint8_t existing;
	uint32_t confirm_within;
	int silent[2];
	bool candidate;
};

/**
 * txn_load() - replace the policy in force
 * @client: a connection
 * @policy: the new policy
 * @given: by direction, whether the policy's default counts; else it stays
 * @options: how
 * @generation: the new policy's
 * @fault: filled on error
 *
 * Return: 0; -ESTALE where the defaults that are to stay never held still; or
 * what the module refused with, the policy in force being untouched.
 */
int txn_load(struct client *client, const struct mseg_policy *policy, const bool given[2],
	     const struct txn_options *options, uint32_t *generation, struct txn_fault *fault);

/**
 * txn_defaults() - change the defaults of the policy in force
 * @client: a connection
 * @actions: by direction; negative where it stays
 * @options: how
 * @generation: the one that came into force
 *
 * Return: as txn_load().
 */
int txn_defaults(struct client *client, const int actions[2], const struct txn_options *options,
		 uint32_t *generation);

/**
 * txn_promote() - put a copy of the candidate in force; it stays where it is
 * @client: a connection
 * @candidate: the generation that is meant
 * @options: how
 * @generation: the one that came into force
 *
 * Return: 0, -ENOENT where there is none, -ESTALE where it is another, or as txn_load().
 */
int txn_promote(struct client *client, uint32_t candidate, const struct txn_options *options,
		uint32_t *generation);

/**
 * txn_confirm() - keep a policy that awaits confirmation
 * @client: a connection
 * @generation: the one that is meant
 *
 * Return: 0, -ESRCH where none awaits it, or -ESTALE where another does.
 */
int txn_confirm(struct client *client, uint32_t generation);

#endif /* TXN_H */
