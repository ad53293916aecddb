/* SPDX-License-Identifier: GPL-2.0 */
/* The netfilter hooks. */
#ifndef MSEG_HOOK_H
#define MSEG_HOOK_H

#include "net.h"

/**
 * mseg_hook_register() - let packets of a namespace be judged
 * @mnet: ready for packets
 *
 * May sleep.
 *
 * Return: 0 or an error; then nothing is registered.
 */
int mseg_hook_register(struct mseg_net *mnet);

/**
 * mseg_hook_unregister() - let packets of a namespace pass unjudged again
 * @mnet: registered
 *
 * May sleep. After it returns no packet is being judged.
 */
void mseg_hook_unregister(struct mseg_net *mnet);

#endif /* MSEG_HOOK_H */
