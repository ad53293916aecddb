/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/kernel/mseg: statistics to read, one value a file. */
#ifndef MSEG_SYSFS_H
#define MSEG_SYSFS_H

/**
 * mseg_sysfs_init() - once, at module load, when namespaces are there
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int mseg_sysfs_init(void);

/**
 * mseg_sysfs_exit() - once, while namespaces are still there; waits for readers
 *
 * May sleep.
 */
void mseg_sysfs_exit(void);

#endif /* MSEG_SYSFS_H */
