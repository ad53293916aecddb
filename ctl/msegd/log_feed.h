/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS messages as they come. The module makes records of them only for who asks. */
#ifndef DNS_FEED_H
#define DNS_FEED_H

#include <linux/mseg.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct dns_feed;

/**
 * struct dns_feed_calls - what is told
 * @each: of each record, with the message's bytes
 * @lost: that so many records were lost on their way
 * @arg: handed to both
 */
struct dns_feed_calls {
	void (*each)(const struct mseg_dns_record *record, const uint8_t *data, size_t len,
		     void *arg);
	void (*lost)(uint64_t n, void *arg);
	void *arg;
};

/**
 * dns_feed_open() - ask for records
 * @event: the loop
 * @calls: copied
 * @feed: the result
 *
 * Return: 0, -ENOENT without the module, -EOPNOTSUPP where it has none, or another error.
 */
int dns_feed_open(sd_event *event, const struct dns_feed_calls *calls, struct dns_feed **feed);

/**
 * dns_feed_close() - ask for no more
 * @feed: may be NULL
 */
void dns_feed_close(struct dns_feed *feed);

#endif /* DNS_FEED_H */
