/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storing records, in a thread of its own: the service's loop never waits for the disk.
 * What is lost on the way is counted, and stands in the store as a hole.
 */
#ifndef RECORDS_WRITER_H
#define RECORDS_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "day.h"

struct writer;

/**
 * struct writer_limits - what is kept
 * @days: whole days, today's among them; 0 for all
 * @bytes: of all files; 0 for any. Today's file stays; where it alone is larger,
 *	nothing more is stored, which is counted
 */
struct writer_limits {
	unsigned int days;
	uint64_t bytes;
};

/**
 * struct writer_counts - records since the writer was opened, by verdict: 0 allowed,
 *	1 rejected
 * @taken: by writer_put()
 * @stored: and on the disk
 * @lost: by enum stage; holes included
 * @unknown: lost by enum stage, of unknown verdict
 */
struct writer_counts {
	uint64_t taken[2];
	uint64_t stored[2];
	uint64_t lost[N_STAGES][2];
	uint64_t unknown[N_STAGES];
};

/**
 * writer_open() - begin to store
 * @directory: of the files; made
 * @limits: what is kept
 * @writer: the result
 *
 * Return: 0 or an error.
 */
int writer_open(const char *directory, const struct writer_limits *limits, struct writer **writer);

/**
 * writer_close() - store what was taken, and end
 * @writer: may be NULL
 */
void writer_close(struct writer *writer);

/** writer_limit() - keep something else from now on */
void writer_limit(struct writer *writer, const struct writer_limits *limits);

/**
 * writer_put() - store a record, soon
 * @writer: the writer
 * @record: copied; its attribution is referenced
 *
 * Where the queue is full, the record is counted as lost; rejections have more room. A
 * held record waits for room instead: it comes when the service begins. What is told again
 * is given up without a word.
 */
void writer_put(struct writer *writer, const struct record *record);

/**
 * writer_hole() - store that records are missing
 * @writer: the writer
 * @hole: one that follows another of its stage makes it longer
 */
void writer_hole(struct writer *writer, const struct hole *hole);

/**
 * writer_mark() - store how many connections the module has seen so far
 * @writer: the writer
 * @connections: the module's count
 */
void writer_mark(struct writer *writer, uint64_t connections);

/**
 * writer_began() - tell that all connections that the module remembers were put; what is
 *	missing since the last time is a hole
 * @writer: the writer
 * @connections: as writer_mark()
 */
void writer_began(struct writer *writer, uint64_t connections);

/** writer_flush() - wait until all that was put is stored */
void writer_flush(struct writer *writer);

/** writer_counts() - what became of records so far */
void writer_counts(struct writer *writer, struct writer_counts *counts);

/**
 * writer_problem() - what is wrong
 * @writer: the writer
 * @text: the result, "" where all is well
 * @size: its room
 */
void writer_problem(struct writer *writer, char *text, size_t size);

#endif /* RECORDS_WRITER_H */
