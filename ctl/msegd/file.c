// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that are replaced whole. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_all(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n = 0;

	while (len && (n = write(fd, text, len)) > 0) {
		text += n;
		len -= (size_t)n;
	}
	if (len)
		return n < 0 ? -errno : -EIO;
	return fsync(fd) ? -errno : 0;
}

static int write_new(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600), err;

	if (fd < 0)
		return -errno;
	err = write_all(fd, text);
	return close(fd) && !err ? -errno : err;
}

/* The name is on the disk when the directory is. */
static int sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd, err;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = fd < 0 || fsync(fd) ? -errno : 0;
	if (fd >= 0)
		close(fd);
	free(copy);
	return err;
}

int file_write(const char *path, struct json_object *value)
{
	char *new = NULL;
	int err;

	if (asprintf(&new, "%s.new", path) < 0)
		return -ENOMEM;
	err = write_new(new, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY));
	if (!err && rename(new, path))
		err = -errno;
	if (err)
		unlink(new);
	free(new);
	return err ? err : sync_directory(path);
}

int file_read(const char *path, struct json_object **value)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	*value = NULL;
	if (fd < 0)
		return -errno;
	*value = json_object_from_fd(fd);
	close(fd);
	return *value ? 0 : -EUCLEAN;
}
