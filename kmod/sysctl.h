/* SPDX-License-Identifier: GPL-2.0 */
/* net.mseg: what the host's root sets for a namespace without a policy. */
#ifndef MSEG_SYSCTL_H
#define MSEG_SYSCTL_H

#include "net.h"

/**
 * mseg_sysctl_add() - add the sysctls of a namespace
 * @mnet: its lock is held, its parts are there
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM; then nothing was added.
 */
int mseg_sysctl_add(struct mseg_net *mnet);

/**
 * mseg_sysctl_remove() - remove them, and wait for who reads or writes them
 * @mnet: added; its lock is held, so a handler that needs it may only try
 *
 * May sleep.
 */
void mseg_sysctl_remove(struct mseg_net *mnet);

#endif /* MSEG_SYSCTL_H */
