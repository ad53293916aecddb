// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS messages as they come. */
#include "dns_feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/client.h"

/* Messages that are read before others have their turn. */
#define MESSAGES_A_TURN 64

struct dns_feed {
	struct client *client;
	sd_event_source *source;
	struct dns_feed_calls calls;
	/* The number of the record before; 0 before the first. */
	uint64_t seq;
};

/* Records are numbered, so that a hole is a loss. */
static void note_seq(struct dns_feed *feed, uint64_t seq)
{
	if (feed->seq && seq > feed->seq + 1)
		feed->calls.lost(seq - feed->seq - 1, feed->calls.arg);
	feed->seq = seq;
}

static int on_message(int command, struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	const struct nlattr *payload = attrs[MSEG_A_DNS_PAYLOAD];
	struct dns_feed *feed = arg;
	struct mseg_dns_record record;

	(void)message;
	if (command != MSEG_C_DNS_NTF || !attrs[MSEG_A_DNS] ||
	    nla_len(attrs[MSEG_A_DNS]) < (int)sizeof(record))
		return 0;
	memcpy(&record, nla_data(attrs[MSEG_A_DNS]), sizeof(record));
	note_seq(feed, record.seq);
	feed->calls.each(&record, payload ? nla_data(payload) : NULL,
			 payload ? (size_t)nla_len(payload) : 0, feed->calls.arg);
	return 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct dns_feed *feed = arg;
	unsigned int i;
	int err = 0;

	(void)source;
	(void)fd;
	(void)events;
	for (i = 0; (!err || err == -ENOBUFS) && i < MESSAGES_A_TURN; i++)
		err = client_receive(feed->client, on_message, feed);
	return 0;
}

static int subscribe(struct dns_feed *feed, sd_event *event)
{
	int err = client_open(&feed->client);

	if (!err)
		err = client_subscribe(feed->client, MSEG_MCGRP_DNS);
	if (!err)
		err = client_do(feed->client, MSEG_C_DNS_SUBSCRIBE, 0, NULL, NULL);
	if (!err)
		err = sd_event_add_io(event, &feed->source, client_fd(feed->client), EPOLLIN,
				      on_readable, feed);
	/* A flow is to find the name that was looked up for it. */
	if (err >= 0)
		err = sd_event_source_set_priority(feed->source, SD_EVENT_PRIORITY_NORMAL - 10);
	return err < 0 ? err : 0;
}

int dns_feed_open(sd_event *event, const struct dns_feed_calls *calls, struct dns_feed **result)
{
	struct dns_feed *feed = calloc(1, sizeof(*feed));
	int err;

	*result = NULL;
	if (!feed)
		return -ENOMEM;
	feed->calls = *calls;
	err = subscribe(feed, event);
	if (err)
		dns_feed_close(feed);
	else
		*result = feed;
	return err;
}

void dns_feed_close(struct dns_feed *feed)
{
	if (!feed)
		return;
	sd_event_source_disable_unref(feed->source);
	client_close(feed->client);
	free(feed);
}
