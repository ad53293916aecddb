/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing the entries of a compiled policy. */
#ifndef MSEG_CHANGE_H
#define MSEG_CHANGE_H

#include <mseg/core.h>
#include "port.h"

/** mseg_prefix_check() - refuse what is no prefix. Return: 0 or -EINVAL, with @refusal. */
int mseg_prefix_check(const struct mseg_prefix *prefix, struct mseg_refusal *refusal);

/**
 * mseg_network_add() - add entries to a network
 * @policy: the network is its own; who changes a compiled one sees to the rest
 * @index: of the network
 * @prefixes: copied
 * @n: how many
 * @refusal: filled on error
 *
 * Return: as mseg_policy_add_prefixes().
 */
int mseg_network_add(struct mseg_policy *policy, u32 index, const struct mseg_prefix *prefixes,
		     u32 n, struct mseg_refusal *refusal);

/**
 * mseg_change_free() - free one of two policies that share something, and the change
 * @policy: a successor, which is undone, or one that has a settled successor
 */
void mseg_change_free(struct mseg_policy *policy);

#endif /* MSEG_CHANGE_H */
