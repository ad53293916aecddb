/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cutting connections that a new policy no longer allows (POLICY.md, "A change
 * of policy", reset).
 */
#ifndef MSEG_CUT_H
#define MSEG_CUT_H

#include <linux/types.h>

struct mseg_net;

/** mseg_cut_setup() - once for a namespace. */
void mseg_cut_setup(struct mseg_net *mnet);

/**
 * mseg_cut_start() - judge every connection by the policy in force, and end the
 *	local sockets of those that it rejects
 * @mnet: attached, its lock held
 *
 * Returns at once; the work goes on by itself.
 */
void mseg_cut_start(struct mseg_net *mnet);

/** mseg_cut_stop() - stop it, and wait until it has stopped. May sleep. */
void mseg_cut_stop(struct mseg_net *mnet);

/**
 * mseg_cut_resetting() - whether a packet is a reset of a connection being cut
 *
 * In LOCAL_OUT. Such a reset is the module's own and is not judged.
 *
 * Return: true when it is one.
 */
bool mseg_cut_resetting(void);

#endif /* MSEG_CUT_H */
