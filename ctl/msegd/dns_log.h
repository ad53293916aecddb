/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS records on disk: SQLite, a file a day (UTC), so that old ones go by whole days.
 * What repeats itself within a minute is one record that counts. A file that is damaged
 * is set aside, and the log goes on.
 */
#ifndef DNS_LOG_H
#define DNS_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "dns_lookup.h"

/** Days that are kept, and bytes of all of them. */
#define DNS_LOG_DAYS 30
#define DNS_LOG_BYTES (512ULL << 20)

struct dns_log;

/**
 * dns_log_open() - begin to write
 * @event: the loop
 * @directory: of the files; made where it is not there
 * @log: the result
 *
 * Return: 0 or an error.
 */
int dns_log_open(sd_event *event, const char *directory, struct dns_log **log);

/**
 * dns_log_close() - write what is not written yet
 * @log: may be NULL
 */
void dns_log_close(struct dns_log *log);

/**
 * dns_log_put() - write a record
 * @log: where to
 * @lookup: its id becomes its own, or that of the record that it repeats
 */
void dns_log_put(struct dns_log *log, struct dns_lookup *lookup);

/** dns_log_lost() - records that could not be written since the beginning */
uint64_t dns_log_lost(const struct dns_log *log);

/**
 * struct dns_log_search - what is wanted, newest first
 * @since: microseconds since 1970, the first that is wanted
 * @before: the first that is not
 * @limit: records
 * @wants: whether one is wanted; may be NULL
 * @each: given each; a non-zero return ends the search
 * @arg: handed to both
 */
struct dns_log_search {
	uint64_t since;
	uint64_t before;
	unsigned long long limit;
	bool (*wants)(const struct dns_lookup *lookup, void *arg);
	int (*each)(const struct dns_lookup *lookup, void *arg);
	void *arg;
};

/**
 * dns_log_read() - read records
 * @log: where from
 * @search: what is wanted
 * @next: @before to go on with; 0 where there are no more
 *
 * It looks at a bounded number of records, and finds perhaps fewer than the limit.
 *
 * Return: 0, an error, or what @each returned.
 */
int dns_log_read(struct dns_log *log, const struct dns_log_search *search, uint64_t *next);

#endif /* DNS_LOG_H */
