/* SPDX-License-Identifier: GPL-2.0 */
/* Looking after connections between their packets. */
#ifndef MSEG_SWEEP_H
#define MSEG_SWEEP_H

#include "net.h"

/**
 * mseg_sweep_start() - begin to sweep a namespace's cache
 * @mnet: its cache and records are ready
 */
void mseg_sweep_start(struct mseg_net *mnet);

/**
 * mseg_sweep_stop() - stop it, and wait until it has stopped
 * @mnet: started
 *
 * May sleep.
 */
void mseg_sweep_stop(struct mseg_net *mnet);

#endif /* MSEG_SWEEP_H */
