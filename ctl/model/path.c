// SPDX-License-Identifier: GPL-2.0-or-later
/* Namespaces by their paths. */
#include "path.h"
#include "lib/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_path_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-_.@+:", c));
}

/* The part of a path up to the next slash. */
static int check_part(const char *part, size_t len, char *why)
{
	size_t i;

	if (!len || (len == 1 && part[0] == '.') || (len == 2 && !memcmp(part, "..", 2))) {
		snprintf(why, TEXT_WHY_LEN, "a namespace cannot be called %s",
			 text_show(part, len).s);
		return -EINVAL;
	}
	for (i = 0; i < len; i++) {
		if (is_path_character(part[i]))
			continue;
		snprintf(why, TEXT_WHY_LEN,
			 "%s is no name of a namespace: it has letters, digits and - _ . @ + : only",
			 text_show(part, len).s);
		return -EINVAL;
	}
	return 0;
}

int path_check(const char *text, size_t len, char *why)
{
	const char *slash;
	int err = 0;

	if (len >= PATH_LEN) {
		snprintf(why, TEXT_WHY_LEN, "a namespace's path has %d bytes at most", PATH_LEN - 1);
		return -EINVAL;
	}
	if (len == 1 && text[0] == '/')
		return 0;
	if (len && text[0] == '/') {
		text++;
		len--;
	}
	do {
		slash = memchr(text, '/', len);
		err = check_part(text, slash ? (size_t)(slash - text) : len, why);
		if (slash) {
			len -= (size_t)(slash + 1 - text);
			text = slash + 1;
		}
	} while (!err && slash);
	return err;
}

int path_resolve(const char *base, const char *name, char *path)
{
	int len;

	if (name[0] == '/')
		len = snprintf(path, PATH_LEN, "%s", name);
	else
		len = snprintf(path, PATH_LEN, "%s/%s", strcmp(base, "/") ? base : "", name);
	return len < PATH_LEN ? 0 : -ENAMETOOLONG;
}

void path_parent(const char *path, char *parent)
{
	const char *slash = strrchr(path, '/');
	int len = slash && slash != path ? (int)(slash - path) : 1;

	snprintf(parent, PATH_LEN, "%.*s", len, slash ? path : "/");
}

bool path_is_within(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (!strcmp(top, "/"))
		return true;
	return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}
