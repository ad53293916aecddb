/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of all capabilities, msegd needs one. */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

/**
 * privileges_drop() - give up all capabilities but CAP_NET_ADMIN, for ever, and the
 *	way to new ones
 *
 * The user stays. Return: 0 or an error.
 */
int privileges_drop(void);

#endif /* PRIVILEGES_H */
