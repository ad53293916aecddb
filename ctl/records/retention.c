// SPDX-License-Identifier: GPL-2.0-or-later
/* What is kept of the days' files. */
#include "retention.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "schema.h"

#define DAMAGED ".damaged-"

/* Files that belong to one day, or to a damaged one. */
static const char *const suffixes[] = { "", "-wal", "-shm" };

struct kept {
	int64_t day;
	uint64_t bytes;
	char name[256];
};

static uint64_t size_of(const char *directory, const char *name)
{
	char path[PATH_MAX];
	struct stat stat_buffer;
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s%s", directory, name, suffixes[i]);
		if (!stat(path, &stat_buffer))
			bytes += (uint64_t)stat_buffer.st_size;
	}
	return bytes;
}

static void delete (const char *directory, const char *name)
{
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s%s", directory, name, suffixes[i]);
		unlink(path);
	}
}

/* Damaged ones count as older than all others; -1 is none of ours. */
static int64_t age_of(const char *name)
{
	size_t len = strlen(name);

	if (len > 13 && !strncmp(name + 13, DAMAGED, strlen(DAMAGED)) && name[len - 1] != 'l' &&
	    name[len - 1] != 'm')
		return 0;
	return schema_day(name);
}

static int compare(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return x->day < y->day ? -1 : x->day > y->day;
}

/* All files, oldest first. */
static struct kept *list(const char *directory, size_t *n)
{
	DIR *dir = opendir(directory);
	struct kept *kept = NULL, *more;
	struct dirent *entry;
	int64_t day;

	*n = 0;
	while (dir && (entry = readdir(dir))) {
		day = age_of(entry->d_name);
		if (day < 0)
			continue;
		more = reallocarray(kept, *n + 1, sizeof(*kept));
		if (!more)
			break;
		kept = more;
		kept[*n].day = day;
		kept[*n].bytes = size_of(directory, entry->d_name);
		snprintf(kept[*n].name, sizeof(kept[*n].name), "%s", entry->d_name);
		++*n;
	}
	if (dir)
		closedir(dir);
	if (*n)
		qsort(kept, *n, sizeof(*kept), compare);
	return kept;
}

static bool is_too_old(const struct kept *kept, int64_t today, unsigned int days)
{
	return days && kept->day && kept->day <= today - (int64_t)days;
}

uint64_t retention_tidy(const char *directory, int64_t today, unsigned int days, uint64_t bytes)
{
	size_t n, i;
	struct kept *kept = list(directory, &n);
	uint64_t sum = 0;

	for (i = 0; i < n; i++)
		sum += kept[i].bytes;
	for (i = 0; i < n; i++) {
		if (kept[i].day >= today ||
		    (!is_too_old(&kept[i], today, days) && (!bytes || sum <= bytes)))
			continue;
		delete (directory, kept[i].name);
		sum -= kept[i].bytes;
	}
	free(kept);
	return sum;
}

void retention_set_aside(const char *directory, int64_t day, char *text, size_t size)
{
	char path[PATH_MAX], from[PATH_MAX + 8], to[PATH_MAX + 64];
	long long now = (long long)time(NULL);
	size_t i;
	int err = 0;

	schema_file(directory, day, path);
	for (i = 0; i < 3; i++) {
		snprintf(from, sizeof(from), "%s%s", path, suffixes[i]);
		snprintf(to, sizeof(to), "%s" DAMAGED "%lld%s", path, now, suffixes[i]);
		if (rename(from, to) && !i)
			err = errno;
	}
	if (err)
		snprintf(text, size, "a file of flow records is damaged and stays: %s",
			 strerror(err));
	else
		snprintf(text, size,
			 "a damaged file of flow records was set aside as %s" DAMAGED "%lld",
			 strrchr(path, '/') + 1, now);
}
