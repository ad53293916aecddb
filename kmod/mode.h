/* SPDX-License-Identifier: GPL-2.0 */
/* What is done about a kind of traffic beside the host's own: enum mseg_mode. */
#ifndef MSEG_MODE_H
#define MSEG_MODE_H

#include <linux/moduleparam.h>

#include "net.h"

/**
 * mseg_mode_name() - what people call a mode
 * @mode: enum mseg_mode
 *
 * Return: its name.
 */
const char *mseg_mode_name(u8 mode);

/**
 * mseg_mode_parse() - a mode from its name
 * @name: perhaps with a newline at its end
 *
 * Return: enum mseg_mode, or -EINVAL.
 */
int mseg_mode_parse(const char *name);

/**
 * struct mseg_mode_hooks - how a kind of traffic comes to be seen
 * @add: see it from now on; 0, or an error, then nothing was added
 * @remove: see it no more; need not wait for packets that are being judged
 */
struct mseg_mode_hooks {
	int (*add)(struct mseg_net *mnet);
	void (*remove)(struct mseg_net *mnet);
};

/**
 * mseg_mode_set() - change a mode
 * @mnet: its lock is held
 * @mode: changed; read by packets
 * @to: enum mseg_mode
 * @hooks: there in every mode but MSEG_MODE_OFF
 *
 * May sleep. After it returns no packet is treated as before.
 *
 * Return: 0 or an error of adding hooks; then nothing has changed.
 */
int mseg_mode_set(struct mseg_net *mnet, u8 *mode, u8 to, const struct mseg_mode_hooks *hooks);

/* Of module parameters that are modes: of type u8. */
extern const struct kernel_param_ops mseg_mode_param_ops;

#endif /* MSEG_MODE_H */
