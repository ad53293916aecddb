/* SPDX-License-Identifier: GPL-2.0 */
/* What is done about a kind of traffic beside the host's own: enum mseg_mode. */
#ifndef MSEG_MODE_H
#define MSEG_MODE_H

#include <linux/moduleparam.h>

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

/* Of module parameters that are modes: of type u8. */
extern const struct kernel_param_ops mseg_mode_param_ops;

#endif /* MSEG_MODE_H */
