/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing a day's file. One writer has it open; readers need not wait (WAL). */
#ifndef RECORDS_DAY_H
#define RECORDS_DAY_H

#include <stdint.h>

#include "open.h"
#include "record.h"

struct day;

/** enum stage - where a record was lost on its way */
enum stage {
	STAGE_KERNEL,
	STAGE_NETLINK,
	STAGE_STOPPED,
	STAGE_QUEUE,
	STAGE_DISK,
	STAGE_DAMAGED,
	N_STAGES,
};

/** stage_name() - as POLICY.md's readers see it */
const char *stage_name(enum stage stage);

/**
 * struct hole - records that are missing
 * @begin: nanoseconds since 1970
 * @end: likewise
 * @stage: where they were lost
 * @lost: how many, whatever their verdict; -1 where nobody knows
 * @accept: of them, known to be of allowed connections
 * @reject: of rejected ones
 */
struct hole {
	uint64_t begin;
	uint64_t end;
	enum stage stage;
	int64_t lost;
	uint64_t accept;
	uint64_t reject;
};

/**
 * day_open() - open a day's file, or make it
 * @directory: of all files
 * @number: days since 1970
 * @open: connections; those of the file are added
 * @day: the result
 *
 * Return: 0, or as schema_error().
 */
int day_open(const char *directory, int64_t number, struct open_flows *open, struct day **day);

/**
 * day_close() - close it; what was not committed is lost
 * @day: may be NULL
 */
void day_close(struct day *day);

/** day_number() - days since 1970 */
int64_t day_number(const struct day *day);

/**
 * day_put() - write a record
 * @day: of @record's arrival
 * @record: the record
 *
 * Return: 0 or an error, after which what was put since the last commit is lost.
 */
int day_put(struct day *day, const struct record *record);

/** day_put_hole() - write a hole; as day_put() */
int day_put_hole(struct day *day, const struct hole *hole);

/** day_commit() - make what was put last; as day_put() */
int day_commit(struct day *day);

/** day_set() - keep a number beside the records; as day_put() */
int day_set(struct day *day, const char *name, int64_t value);

/** day_add() - day_set(), added to what is there */
int day_add(struct day *day, const char *name, int64_t value);

/**
 * day_get() - read a number; stays where there is none
 * @day: the day
 * @name: a plain word
 * @value: the result
 */
int day_get(struct day *day, const char *name, int64_t *value);

/** day_found() - how many records that the kernel still held were not known, since it was asked */
uint64_t day_found(struct day *day);

#endif /* RECORDS_DAY_H */
