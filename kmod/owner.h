/* SPDX-License-Identifier: GPL-2.0 */
/* What a netlink port holds ends with its socket. */
#ifndef MSEG_OWNER_H
#define MSEG_OWNER_H

/** mseg_owner_init() - once, after mseg_net_init(). Return: 0 or an error. */
int mseg_owner_init(void);

/** mseg_owner_exit() - once. */
void mseg_owner_exit(void);

#endif /* MSEG_OWNER_H */
