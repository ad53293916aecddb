// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the module has learned, written down: a line each, of name, address, resolver or
 * "-", and two times in nanoseconds since 1970.
 */
#include "dns_learned.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "lib/learned.h"

/* What is told to the module in one go. */
#define BATCH 256

/* --- writing -------------------------------------------------------------- */

static void write_address(FILE *out, const struct resolver *address)
{
	char text[INET6_ADDRSTRLEN] = "-";

	if (address->family)
		inet_ntop(address->family == MSEG_FAMILY_IPV4 ? AF_INET : AF_INET6, address->addr,
			  text, sizeof(text));
	fprintf(out, " %s", text);
}

static int write_one(const struct learned *learned, void *arg)
{
	FILE *out = arg;

	fputs(learned->name, out);
	write_address(out, &learned->address);
	write_address(out, &learned->resolver);
	fprintf(out, " %" PRIu64 " %" PRIu64 "\n", learned->since, learned->until);
	return ferror(out) ? -EIO : 0;
}

static int write_all(FILE *out, void *arg)
{
	int err = learned_read(arg, write_one, out);

	/* What came and went while it was read is no loss. */
	return err == -EAGAIN ? 0 : err;
}

int dns_learned_save(struct client *client, const char *file)
{
	return file_replace(file, write_all, client);
}

/* --- reading -------------------------------------------------------------- */

static bool read_one(const char *line, struct learned *learned)
{
	char address[48], resolver[48];

	memset(learned, 0, sizeof(*learned));
	if (sscanf(line, "%255s %47s %47s %" SCNu64 " %" SCNu64, learned->name, address, resolver,
		   &learned->since, &learned->until) != 5)
		return false;
	if (strcmp(resolver, "-") != 0 && !resolver_parse(resolver, &learned->resolver))
		return false;
	return resolver_parse(address, &learned->address);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int restore_lines(struct client *client, FILE *in, struct learned *batch)
{
	uint64_t time = now();
	char line[512];
	size_t n = 0;
	int err = 0;

	while (!err && fgets(line, sizeof(line), in)) {
		if (!read_one(line, &batch[n]) || batch[n].until <= time)
			continue;
		if (++n < BATCH)
			continue;
		err = learned_put(client, batch, n);
		n = 0;
	}
	if (!err && n)
		err = learned_put(client, batch, n);
	return err;
}

int dns_learned_restore(struct client *client, const char *file)
{
	FILE *in = fopen(file, "re");
	struct learned *batch;
	int err = -ENOMEM;

	if (!in)
		return errno == ENOENT ? 0 : -errno;
	batch = calloc(BATCH, sizeof(*batch));
	if (batch)
		err = restore_lines(client, in, batch);
	free(batch);
	fclose(in);
	return err;
}
