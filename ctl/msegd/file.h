/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files of the state directory, replaced whole. */
#ifndef FILE_H
#define FILE_H

#include <json-c/json.h>

/**
 * file_write() - put JSON in the place of a file, for its owner alone to read
 * @path: of the file
 * @value: what
 *
 * Return: 0 once it is on the disk; an error leaves the old file.
 */
int file_write(const char *path, struct json_object *value);

/**
 * file_read() - read such a file
 * @path: of the file
 * @value: the result
 *
 * Return: 0, -ENOENT, -EUCLEAN where it is no JSON, or another error.
 */
int file_read(const char *path, struct json_object **value);

#endif /* FILE_H */
