/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Warnings about policies that are valid, and do what nobody meant. */
#ifndef ADVICE_H
#define ADVICE_H

#include "diag.h"
#include "flat.h"

#include <stdbool.h>

/**
 * advice_give() - warn of what a policy does to the surprise of its author
 * @flat: read without an error
 * @diag: told of defaults that reject where no rule allows anything, or no IPv6
 *	address, and of rules that allow what another one rejects
 *
 * What it does not warn of may be wrong all the same: a rule that several others
 * together reject is not found.
 */
void advice_give(const struct flat *flat, struct diag *diag);

/**
 * advice_lacks_ipv6() - whether rules allow IPv4 addresses and no IPv6 one
 * @policy: compiled or not
 * @direction: MSEG_DIRECTION_IN or MSEG_DIRECTION_OUT
 *
 * Return: true where a default that rejects leaves nothing to IPv6, which is seldom
 * meant.
 */
bool advice_lacks_ipv6(const struct mseg_policy *policy, unsigned int direction);

#endif /* ADVICE_H */
