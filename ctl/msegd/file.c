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

static int write_new(const char *path, int (*write)(FILE *out, void *arg), void *arg)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600), err;
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	errno = 0;
	err = write(out, arg);
	/* The writer need not tell why. */
	if (err == -EIO && errno)
		err = -errno;
	if (!err && (fflush(out) || fsync(fd)))
		err = -errno;
	return fclose(out) && !err ? -errno : err;
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

int file_replace(const char *path, int (*write)(FILE *out, void *arg), void *arg)
{
	char *new = NULL;
	int err;

	if (asprintf(&new, "%s.new", path) < 0)
		return -ENOMEM;
	err = write_new(new, write, arg);
	if (!err && rename(new, path))
		err = -errno;
	if (err)
		unlink(new);
	free(new);
	return err ? err : sync_directory(path);
}

static int write_json(FILE *out, void *arg)
{
	const char *text = json_object_to_json_string_ext(arg, JSON_C_TO_STRING_PRETTY);

	if (!text)
		return -ENOMEM;
	return fputs(text, out) < 0 || putc('\n', out) < 0 ? -EIO : 0;
}

int file_write(const char *path, struct json_object *value)
{
	return file_replace(path, write_json, value);
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
