/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether two policies are the same in everything that the kernel knows of them. */
#ifndef SAME_H
#define SAME_H

#include <mseg/core.h>
#include <stdbool.h>

/**
 * same_policy() - compare two policies
 * @a: a policy, compiled or not
 * @b: another one
 *
 * A network's prefixes may stand in any order. Return: false without memory, too.
 */
bool same_policy(const struct mseg_policy *a, const struct mseg_policy *b);

#endif /* SAME_H */
