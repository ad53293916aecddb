/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS answers that came by TCP in several segments, put together. An answer begins with
 * a segment that the module has found a query for, its length in it or in a segment of its
 * own, and goes on with what follows it byte for byte; what comes in another order is
 * given up.
 */
#ifndef DNS_STREAM_H
#define DNS_STREAM_H

#include <linux/mseg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Answers that are waited for at a time; the oldest gives way. */
#define DNS_STREAMS 64

struct dns_streams;

/** dns_streams_new() - wait for nothing; NULL without memory */
struct dns_streams *dns_streams_new(void);

/**
 * dns_streams_free() - forget what is not whole
 * @streams: may be NULL
 */
void dns_streams_free(struct dns_streams *streams);

/**
 * struct dns_stream_answer - an answer that is whole
 * @record: of its first segment, as if it were of all
 * @data: the message, until the next call
 * @len: its bytes
 */
struct dns_stream_answer {
	struct mseg_dns_record record;
	const uint8_t *data;
	size_t len;
};

/**
 * dns_streams_add() - a segment came
 * @streams: what is waited for
 * @record: of it
 * @data: its bytes
 * @len: how many
 * @answer: filled where one is whole now
 *
 * Return: whether one is.
 */
bool dns_streams_add(struct dns_streams *streams, const struct mseg_dns_record *record,
		     const uint8_t *data, size_t len, struct dns_stream_answer *answer);

#endif /* DNS_STREAM_H */
