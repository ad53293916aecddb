/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records that the module sends one by one, with bytes beside them, as they come: of
 * DNS messages, and of what connections send first. It makes them only for who asks.
 */
#ifndef LOG_FEED_H
#define LOG_FEED_H

#include <linux/mseg.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct log_feed;

/**
 * struct log_feed_kind - which records
 * @group: multicast group
 * @subscribe: command that asks for them
 * @notify: command that they come by
 * @record: attribute of the record
 * @payload: attribute of the bytes
 * @size: of the record, which begins with its number
 */
struct log_feed_kind {
	const char *group;
	int subscribe;
	int notify;
	int record;
	int payload;
	size_t size;
};

/** Of DNS messages: struct mseg_dns_record. */
extern const struct log_feed_kind log_feed_dns;

/** Of what connections send first: struct mseg_head_record. */
extern const struct log_feed_kind log_feed_heads;

/**
 * struct log_feed_calls - what is told
 * @each: of each record, aligned, with the bytes beside it
 * @lost: that so many records were lost on their way
 * @arg: handed to both
 */
struct log_feed_calls {
	void (*each)(const void *record, const uint8_t *data, size_t len, void *arg);
	void (*lost)(uint64_t n, void *arg);
	void *arg;
};

/**
 * log_feed_open() - ask for records
 * @event: the loop; they have their turn before others
 * @kind: which; outlives the feed
 * @calls: copied
 * @feed: the result
 *
 * Return: 0, -ENOENT without the module, -EOPNOTSUPP where it has none, or another error.
 */
int log_feed_open(sd_event *event, const struct log_feed_kind *kind,
		  const struct log_feed_calls *calls, struct log_feed **feed);

/**
 * log_feed_close() - ask for no more
 * @feed: may be NULL
 */
void log_feed_close(struct log_feed *feed);

#endif /* LOG_FEED_H */
