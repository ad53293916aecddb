/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing the core with the reference, for the unit test and the fuzzer. */
#ifndef CORE_COMPARE_H
#define CORE_COMPARE_H

#include "core_model.h"

/**
 * struct compared - what comparing came across
 * @refused: policies that both refuse
 * @by_rule: keys that a rule decided
 * @by_default: keys that a default decided
 * @observed: keys that a rule under observation would have decided
 * @changed: changes that both made
 * @unchanged: changes that both refuse
 */
struct compared {
	unsigned int refused;
	unsigned int by_rule;
	unsigned int by_default;
	unsigned int observed;
	unsigned int changed;
	unsigned int unchanged;
};

/**
 * compare() - make one policy, some changes of it and some keys, and judge them in both
 *	ways, the policy before a change, too, while there is one after it
 * @choices: what to make
 * @keys: how many
 * @compared: counted up
 *
 * Return: whether all is equal; where it is not, the policy and the key are
 * printed.
 */
bool compare(struct choices *choices, unsigned int keys, struct compared *compared);

#endif /* CORE_COMPARE_H */
