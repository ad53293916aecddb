/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control groups by the number that flow records know them by. */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * cgroup_path() - where a control group is in the unified hierarchy
 * @id: its number
 * @path: the result, as /proc/PID/cgroup has it: "/system.slice/ssh.service"
 * @size: its room
 *
 * Needs CAP_DAC_READ_SEARCH. Return: false where the group is gone, or its hierarchy
 * is not mounted under /sys/fs/cgroup.
 */
bool cgroup_path(uint64_t id, char *path, size_t size);

#endif /* CGROUP_H */
