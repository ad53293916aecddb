/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cutting connections that a new policy no longer allows (POLICY.md, "Changing
 * it", reset).
 */
#ifndef MSEG_CUT_H
#define MSEG_CUT_H

#include <linux/types.h>

struct mseg_net;

/** mseg_cut_init() - once, at module load. Return: 0 or -ENOMEM. */
int mseg_cut_init(void);

/** mseg_cut_exit() - once, when no namespace is attached; waits for sockets. */
void mseg_cut_exit(void);

/**
 * mseg_cut_rejected() - judge every connection by the policy in force, and end
 *	the local sockets of those that it rejects
 * @mnet: attached, its lock held
 *
 * May sleep. The sockets are ended soon after it returns. Without memory for
 * that they end at their next packet.
 */
void mseg_cut_rejected(struct mseg_net *mnet);

/**
 * mseg_cut_resetting() - whether a packet is a reset of a connection being cut
 *
 * In LOCAL_OUT. Such a reset is the module's own and is not judged.
 *
 * Return: true when it is one.
 */
bool mseg_cut_resetting(void);

#endif /* MSEG_CUT_H */
