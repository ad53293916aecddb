/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files of the state directory, replaced whole. */
#ifndef FILE_H
#define FILE_H

#include <json-c/json.h>
#include <stdio.h>

/**
 * file_replace() - put something else in the place of a file, for its owner alone to read
 * @path: of the file
 * @write: writes it; what it returns but 0 is an error
 * @arg: handed to @write
 *
 * Return: 0 once it is on the disk; an error leaves the old file.
 */
int file_replace(const char *path, int (*write)(FILE *out, void *arg), void *arg);

/** file_write() - file_replace() by JSON */
int file_write(const char *path, struct json_object *value);

/**
 * file_read() - read JSON
 * @path: of the file
 * @value: the result
 *
 * Return: 0, -ENOENT, -EUCLEAN where it is no JSON, or another error.
 */
int file_read(const char *path, struct json_object **value);

#endif /* FILE_H */
