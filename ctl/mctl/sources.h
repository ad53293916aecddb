/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Documents that are sent as they were written: of a file, of standard input, or of all
 * files of a directory as one.
 */
#ifndef SOURCES_H
#define SOURCES_H

#include <stddef.h>

/** Files of one change. */
#define SOURCES_MAX 4096

struct source;

/**
 * struct sources - documents, one behind the other
 * @data: their bytes, NUL-terminated
 * @len: how many
 * @files: where each begins
 * @n: how many
 */
struct sources {
	char *data;
	size_t len;
	struct source *files;
	size_t n;
};

/**
 * sources_add() - read one more
 * @sources: zeros at first; to be freed, also after an error
 * @name: a file, a directory, of which all files that end in .yaml, .yml or .json are
 *	read by name, those below it too; or - for standard input
 *
 * Several documents are parted by "---". Return: 0, or a negative errno, having said why.
 */
int sources_add(struct sources *sources, const char *name);

/**
 * sources_free() - free them
 * @sources: may be zeros
 */
void sources_free(struct sources *sources);

/** sources_name() - what messages call them before their lines are told apart */
const char *sources_name(const struct sources *sources);

/** sources_show_places() - let messages of msegd show the files that lines come from */
void sources_show_places(struct sources *sources);

#endif /* SOURCES_H */
