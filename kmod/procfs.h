/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/net/mseg: statistics, rules and connections to read. */
#ifndef MSEG_PROCFS_H
#define MSEG_PROCFS_H

#include "net.h"

/**
 * mseg_procfs_add() - add the files of a namespace
 * @mnet: its parts are there
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM; then nothing was added.
 */
int mseg_procfs_add(struct mseg_net *mnet);

/**
 * mseg_procfs_remove() - remove them, and wait for who reads them
 * @mnet: added
 *
 * May sleep.
 */
void mseg_procfs_remove(struct mseg_net *mnet);

#endif /* MSEG_PROCFS_H */
