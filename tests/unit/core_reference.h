/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a policy says, worked out in the dumbest way: for each key, look at
 * every rule, every network and every entry, bit by bit. It shares nothing with
 * the classifier but the types, and is only there to be compared with it.
 */
#ifndef CORE_REFERENCE_H
#define CORE_REFERENCE_H

#include "core_model.h"

/** reference_refuses() - whether a policy is illegal. */
bool reference_refuses(const struct model *model);

/** reference_rule_at_fault() - whether a rule is one that a policy is illegal for. */
bool reference_rule_at_fault(const struct model_rule *rule);

/** reference_at_fault() - whether an entry is one that a policy is illegal for. */
bool reference_at_fault(const struct model_network *network, unsigned int entry);

/** reference_classify() - what a legal policy says of a key. */
struct mseg_verdict reference_classify(const struct model *model, const struct mseg_key *key);

/**
 * reference_observe() - the rule under observation that would decide a key, if
 *	those decided
 *
 * Return: its index, or MSEG_ID_NONE.
 */
__u32 reference_observe(const struct model *model, const struct mseg_key *key);

#endif /* CORE_REFERENCE_H */
