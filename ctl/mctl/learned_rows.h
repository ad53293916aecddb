/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the module has learned by name, in rows. */
#ifndef LEARNED_ROWS_H
#define LEARNED_ROWS_H

#include "mctl.h"

/**
 * learned_list() - print what the module has learned
 * @context: the command
 *
 * msegd is asked where it runs, since its users need not be root, and else the module.
 *
 * Return: MCTL_DONE, or how the program ends.
 */
int learned_list(const struct context *context);

#endif /* LEARNED_ROWS_H */
