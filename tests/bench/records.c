// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What storing a record costs: the same records as msegd takes them from the module, put
 * through its writer as fast as it takes them.
 *
 *	records [--flows N] [--peers N] DIRECTORY
 *
 * Each connection has two records, its begin and its end. Prints records a second of
 * processor time and of time, and the memory that it took.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "records/writer.h"

/* As many as come between two pauses, so that the queue never is full. */
#define BURST 8192

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fill(struct mseg_flow_record *kernel, unsigned long i, unsigned int peers)
{
	uint32_t peer = (uint32_t)((i * 2654435761UL >> 7) % peers);
	static const uint16_t ports[] = { 22, 53, 80, 123, 389, 443, 8140, 9100 };

	kernel->id = i + 1;
	kernel->family = MSEG_FAMILY_IPV4;
	kernel->protocol = 6;
	kernel->direction = i & 1;
	kernel->destination_port = ports[i % 8];
	kernel->source_port = (uint16_t)(32768 + i % 28000);
	kernel->source[0] = kernel->destination[0] = 10;
	memcpy((kernel->direction ? kernel->destination : kernel->source) + 1, &peer, 3);
	kernel->uid = 0;
	kernel->generation = 1;
	kernel->reason = MSEG_REASON_RULE;
	memcpy(kernel->command, "bench", 5);
}

static void put(struct writer *writer, struct record *record, bool end)
{
	struct mseg_flow_record *kernel = &record->kernel;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	record->arrived = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	kernel->last_seen = record->arrived;
	kernel->first_seen = 1000000000000000000 + kernel->id * 1000000;
	kernel->event = end ? MSEG_FLOW_EVENT_END : MSEG_FLOW_EVENT_BEGIN;
	kernel->count = !end;
	kernel->packets_in = kernel->packets_out = end ? 10 : 1;
	kernel->bytes_in = kernel->bytes_out = end ? 9000 : 60;
	writer_put(writer, record);
}

static void run(struct writer *writer, unsigned long flows, unsigned int peers)
{
	const char *texts[N_ATTRIBUTION_TEXTS] = { [ATTRIBUTION_PEER_NAME] = "bench" };
	struct record record = { .attribution = attribution_new(texts, 0, PEER_NETWORK) };
	unsigned long i, k;

	for (i = 0; i < flows; i += BURST) {
		for (k = i; k < i + BURST && k < flows; k++) {
			memset(&record.kernel, 0, sizeof(record.kernel));
			fill(&record.kernel, k, peers);
			put(writer, &record, false);
		}
		writer_flush(writer);
		for (k = i; k < i + BURST && k < flows; k++) {
			memset(&record.kernel, 0, sizeof(record.kernel));
			fill(&record.kernel, k, peers);
			put(writer, &record, true);
		}
		writer_flush(writer);
	}
	attribution_put(record.attribution);
}

int main(int argc, char **argv)
{
	static const struct option known[] = { { "flows", required_argument, NULL, 'f' },
					       { "peers", required_argument, NULL, 'p' },
					       { 0 } };
	const struct writer_limits limits = { 0 };
	unsigned long flows = 500000;
	unsigned int peers = 1000;
	struct writer_counts counts;
	struct writer *writer;
	struct rusage usage;
	double began, cpu;
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'f')
			flows = strtoul(optarg, NULL, 10);
		else if (option == 'p')
			peers = (unsigned int)atoi(optarg);
		else
			return 2;
	}
	if (optind + 1 != argc || !flows || !peers || writer_open(argv[optind], &limits, &writer))
		return 2;
	began = seconds(CLOCK_MONOTONIC);
	run(writer, flows, peers);
	writer_counts(writer, &counts);
	writer_close(writer);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	getrusage(RUSAGE_SELF, &usage);
	printf("%lu records, %lu stored: %.0f a second of processor time (%.1f us each), %.0f of time; %ld MB\n",
	       2 * flows, (unsigned long)(counts.stored[0] + counts.stored[1]), 2 * flows / cpu,
	       cpu * 1e6 / (2 * flows), 2 * flows / (seconds(CLOCK_MONOTONIC) - began),
	       usage.ru_maxrss / 1024);
	return counts.stored[0] + counts.stored[1] != 2 * flows;
}
