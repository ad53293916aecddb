// SPDX-License-Identifier: GPL-2.0-or-later
/* Documents that are sent as they were written. */
#include "sources.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/doc.h"
#include "service.h"

#define STDIN_NAME "<stdin>"

/* @first is the line of the whole that is the file's first. */
struct source {
	char *name;
	int first;
};

static int room_for(struct sources *sources, size_t more)
{
	char *data;

	if (more > DOC_SIZE_MAX - sources->len)
		return -EFBIG;
	data = realloc(sources->data, sources->len + more + 1);
	if (!data)
		return -ENOMEM;
	sources->data = data;
	return 0;
}

static int append(struct sources *sources, const char *data, size_t len)
{
	int err = room_for(sources, len);

	if (err)
		return err;
	memcpy(sources->data + sources->len, data, len);
	sources->len += len;
	sources->data[sources->len] = '\0';
	return 0;
}

static int lines_of(const struct sources *sources)
{
	int lines = 0;
	size_t i;

	for (i = 0; i < sources->len; i++)
		lines += sources->data[i] == '\n';
	return lines;
}

static int add_source(struct sources *sources, const char *name)
{
	static const char line_end[] = "\n", mark[] = "---\n";
	struct source *files = reallocarray(sources->files, sources->n + 1, sizeof(*files));
	int err = 0;

	if (!files)
		return -ENOMEM;
	sources->files = files;
	if (sources->n == SOURCES_MAX)
		return -EMFILE;
	if (sources->len && sources->data[sources->len - 1] != '\n')
		err = append(sources, line_end, 1);
	if (!err && sources->n)
		err = append(sources, mark, sizeof(mark) - 1);
	files[sources->n].name = strdup(name);
	files[sources->n].first = lines_of(sources);
	if (!files[sources->n].name)
		return -ENOMEM;
	sources->n++;
	return err;
}

static int read_stream(struct sources *sources, FILE *in)
{
	char piece[65536];
	size_t n;
	int err = 0;

	errno = 0;
	while (!err && (n = fread(piece, 1, sizeof(piece), in)))
		err = append(sources, piece, n);
	if (!err && ferror(in))
		err = errno ? -errno : -EIO;
	return err;
}

static int read_file(struct sources *sources, const char *name)
{
	bool is_stdin = !strcmp(name, "-");
	FILE *in = is_stdin ? stdin : fopen(name, "re");
	int err = in ? add_source(sources, is_stdin ? STDIN_NAME : name) : -errno;

	if (!err)
		err = read_stream(sources, in);
	if (!err && !sources->data)
		err = append(sources, "", 0);
	if (err == -EMFILE)
		fprintf(stderr, "mctl: cannot read %s: %d files are the most\n", name, SOURCES_MAX);
	else if (err)
		fprintf(stderr, "mctl: cannot read %s: %s\n", name, strerror(-err));
	if (in && in != stdin)
		fclose(in);
	return err;
}

static bool is_document(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml") || !strcmp(dot, ".json"));
}

static int add(struct sources *sources, const char *name, bool is_named);

static int read_directory(struct sources *sources, const char *name)
{
	struct dirent **entries;
	int i, err = 0, n = scandir(name, &entries, NULL, alphasort);
	char *path;

	if (n < 0) {
		fprintf(stderr, "mctl: cannot read %s: %s\n", name, strerror(errno));
		return -errno;
	}
	for (i = 0; i < n; i++) {
		if (!err && entries[i]->d_name[0] != '.') {
			err = asprintf(&path, "%s/%s", name, entries[i]->d_name) < 0 ? -ENOMEM : 0;
			if (!err) {
				err = add(sources, path, false);
				free(path);
			}
		}
		free(entries[i]);
	}
	free(entries);
	return err;
}

/* What is named is read whatever it is called. */
static int add(struct sources *sources, const char *name, bool is_named)
{
	struct stat info;

	if (strcmp(name, "-") != 0 && !stat(name, &info) && S_ISDIR(info.st_mode))
		return read_directory(sources, name);
	return is_named || is_document(name) ? read_file(sources, name) : 0;
}

int sources_add(struct sources *sources, const char *name)
{
	size_t before = sources->n;
	int err = add(sources, name, true);

	if (!err && sources->n == before) {
		fprintf(stderr, "mctl: %s holds no file that ends in .yaml, .yml or .json\n", name);
		return -ENOENT;
	}
	return err;
}

void sources_free(struct sources *sources)
{
	size_t i;

	for (i = 0; i < sources->n; i++)
		free(sources->files[i].name);
	free(sources->files);
	free(sources->data);
	memset(sources, 0, sizeof(*sources));
}

const char *sources_name(const struct sources *sources)
{
	return sources->n ? sources->files[0].name : "";
}

static const char *place(int *line, void *arg)
{
	const struct sources *sources = arg;
	size_t i = sources->n;

	while (i > 1 && sources->files[i - 1].first >= *line)
		i--;
	if (!i)
		return "";
	*line -= sources->files[i - 1].first;
	return sources->files[i - 1].name;
}

void sources_show_places(struct sources *sources)
{
	const struct service_map map = { place, sources };

	service_map_set(&map);
}
