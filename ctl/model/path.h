/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces by their paths: "/" at the top, "/acme/aws-dev/vm" below. */
#ifndef MODEL_PATH_H
#define MODEL_PATH_H

#include <stdbool.h>
#include <stddef.h>

/** Bytes of a namespace's path, NUL included. */
#define PATH_LEN 1024

/**
 * path_check() - whether a text is the path or the name of a namespace
 * @text: absolute if it begins with "/", else below another one
 * @len: its bytes
 * @why: TEXT_WHY_LEN bytes, filled where it is not
 *
 * Return: 0 or -EINVAL.
 */
int path_check(const char *text, size_t len, char *why);

/**
 * path_resolve() - the absolute path that a name stands for
 * @base: the namespace of the request, absolute
 * @name: as path_check() takes it
 * @path: PATH_LEN bytes
 *
 * Return: 0, or -ENAMETOOLONG.
 */
int path_resolve(const char *base, const char *name, char *path);

/**
 * path_parent() - the namespace above one
 * @path: absolute
 * @parent: PATH_LEN bytes; "/" counts as its own parent
 */
void path_parent(const char *path, char *parent);

/**
 * path_is_within() - whether a namespace is another one or below it
 * @path: absolute
 * @top: absolute
 */
bool path_is_within(const char *path, const char *top);

#endif /* MODEL_PATH_H */
