/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entries of all networks by network and prefix: whether one is there, where it
 * stands, and the next shorter one around it. Only who changes a policy asks.
 */
#ifndef MSEG_ENTRIES_H
#define MSEG_ENTRIES_H

#include <mseg/core.h>
#include "port.h"

/**
 * mseg_entries_build() - find entries of a policy from now on
 * @policy: its networks are complete; those that list a prefix twice are marked
 * @refusal: filled on error
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int mseg_entries_build(struct mseg_policy *policy, struct mseg_refusal *refusal);

/** mseg_entries_free() - free what finds entries; may be NULL. */
void mseg_entries_free(struct mseg_entries *entries);

/**
 * mseg_entries_find() - an entry of a network
 * @policy: its entries can be found
 * @network: index
 * @prefix: family, address and length of the entry
 *
 * Return: the entry, or NULL.
 */
const struct mseg_prefix *mseg_entries_find(const struct mseg_policy *policy, u32 network,
					    const struct mseg_prefix *prefix);

/**
 * mseg_entries_around() - the longest entry of a network that a prefix lies strictly in
 * @policy: its entries can be found
 * @network: index
 * @prefix: no entry needs to be like it
 *
 * Return: the entry, or NULL.
 */
const struct mseg_prefix *mseg_entries_around(const struct mseg_policy *policy, u32 network,
					      const struct mseg_prefix *prefix);

/**
 * mseg_entries_full() - whether no more entries can be found
 * @policy: its entries can be found
 *
 * Return: true where more are too many for what was built.
 */
bool mseg_entries_full(const struct mseg_policy *policy);

/**
 * mseg_entries_added() - an entry was added to the end of a network
 * @policy: not full
 * @network: index
 */
void mseg_entries_added(struct mseg_policy *policy, u32 network);

/**
 * mseg_entries_remove() - take an entry out of its network; the last takes its place
 * @policy: its entries can be found
 * @network: index
 * @prefix: of the entry, which is there
 */
void mseg_entries_remove(struct mseg_policy *policy, u32 network, const struct mseg_prefix *prefix);

#endif /* MSEG_ENTRIES_H */
