// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control groups by number. The number is the file handle that kernfs gives out
 * (name_to_handle_at(2)), so that the group is opened by it, not searched for.
 */
#include "cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* FILEID_KERNFS of the kernel's linux/exportfs.h, which no uapi header has. */
#define HANDLE_OF_KERNFS 0xfe

/* Groups that were asked for before: flows come from few. */
#define CACHED 64

struct cached {
	uint64_t id;
	bool known;
	char path[256];
};

/* The unified hierarchy, by itself or beside the older ones; -1 without one. */
static int open_mount(const char **mount)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs fs;
	size_t i;

	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		*mount = mounts[i];
		if (!statfs(mounts[i], &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
			return open(mounts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return -1;
}

static int open_group(int mount, uint64_t id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} group = { .handle = { .handle_bytes = sizeof(id), .handle_type = HANDLE_OF_KERNFS } };

	memcpy(group.room + sizeof(group.handle), &id, sizeof(id));
	return open_by_handle_at(mount, &group.handle, O_PATH | O_CLOEXEC);
}

/* The path of an open file, below where its hierarchy is mounted. */
static bool read_path(int group, const char *mount, char *path, size_t size)
{
	char link[64], whole[4096];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", group);
	len = readlink(link, whole, sizeof(whole) - 1);
	if (len < 0 || strncmp(whole, mount, strlen(mount)) != 0)
		return false;
	whole[len] = '\0';
	snprintf(path, size, "%s", whole[strlen(mount)] ? whole + strlen(mount) : "/");
	return true;
}

static bool find(uint64_t id, char *path, size_t size)
{
	const char *where;
	int mount = open_mount(&where);
	int group = mount < 0 ? -1 : open_group(mount, id);
	bool found = group >= 0 && read_path(group, where, path, size);

	if (group >= 0)
		close(group);
	if (mount >= 0)
		close(mount);
	return found;
}

bool cgroup_path(uint64_t id, char *path, size_t size)
{
	static _Thread_local struct cached cache[CACHED];
	struct cached *cached = &cache[id % CACHED];

	/* What was not found may be found later; what was keeps its path. */
	if (cached->id != id || !cached->known) {
		cached->id = id;
		cached->known = find(id, cached->path, sizeof(cached->path));
	}
	if (cached->known)
		snprintf(path, size, "%s", cached->path);
	return cached->known;
}
