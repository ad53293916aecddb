/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The application's files: a table that is made when the console is built. What is asked
 * for is looked up in it; no file is ever opened.
 */
#ifndef ASSETS_H
#define ASSETS_H

#include <stdbool.h>

/** struct asset_bytes - from @begin to before @end */
struct asset_bytes {
	const unsigned char *begin;
	const unsigned char *end;
};

/**
 * struct asset - a file
 * @path: as it is asked for
 * @type: media type
 * @plain: the file
 * @packed: the same, by gzip
 * @etag: changes with it
 * @immutable: whether another file will have another name
 */
struct asset {
	const char *path;
	const char *type;
	struct asset_bytes plain;
	struct asset_bytes packed;
	const char *etag;
	bool immutable;
};

/**
 * assets_find() - look a path up
 * @path: as it was sent, without the query
 *
 * Paths without a dot are the application's own: they all have its first page.
 *
 * Return: the file, or NULL.
 */
const struct asset *assets_find(const char *path);

#endif /* ASSETS_H */
