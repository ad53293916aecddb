/* SPDX-License-Identifier: GPL-2.0 */
/* What packet sockets send: the netdev egress hooks. */
#ifndef MSEG_EGRESS_H
#define MSEG_EGRESS_H

#include "net.h"

/**
 * mseg_egress_start() - begin with what the module parameter raw= says
 * @mnet: ready for packets, its lock held
 *
 * May sleep; takes the RTNL.
 *
 * Return: 0 or an error; then nothing is registered.
 */
int mseg_egress_start(struct mseg_net *mnet);

/**
 * mseg_egress_stop() - let what packet sockets send pass unseen again
 * @mnet: started, its lock held
 *
 * May sleep; takes the RTNL. After it returns no packet is being judged.
 */
void mseg_egress_stop(struct mseg_net *mnet);

/**
 * mseg_egress_set() - change what is done about what packet sockets send
 * @mnet: attached, its lock held
 * @mode: enum mseg_mode
 *
 * May sleep; takes the RTNL. After it returns no packet is treated as before.
 *
 * Return: 0 or an error; then nothing has changed.
 */
int mseg_egress_set(struct mseg_net *mnet, u8 mode);

#endif /* MSEG_EGRESS_H */
