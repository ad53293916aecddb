/* SPDX-License-Identifier: GPL-2.0 */
/* What the host forwards: the FORWARD hooks. */
#ifndef MSEG_FORWARD_H
#define MSEG_FORWARD_H

#include "net.h"

/**
 * mseg_forward_start() - begin with what the module parameter forward= says
 * @mnet: ready for packets, its lock held
 *
 * May sleep.
 *
 * Return: 0 or an error; then nothing is registered.
 */
int mseg_forward_start(struct mseg_net *mnet);

/**
 * mseg_forward_stop() - let what is forwarded pass unseen again
 * @mnet: started, its lock held
 *
 * May sleep. After it returns no packet is being judged.
 */
void mseg_forward_stop(struct mseg_net *mnet);

/**
 * mseg_forward_set() - change what is done about what is forwarded
 * @mnet: attached, its lock held
 * @mode: enum mseg_mode
 *
 * May sleep. After it returns no packet is treated as before; connections that
 * were only observed are judged at their next packet. Switched off, they are
 * forgotten.
 *
 * Return: 0 or an error; then nothing has changed.
 */
int mseg_forward_set(struct mseg_net *mnet, u8 mode);

#endif /* MSEG_FORWARD_H */
