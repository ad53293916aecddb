// SPDX-License-Identifier: GPL-2.0-or-later
/* Records that come one by one. */
#include "log_feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/client.h"

/* Messages that are read before others have their turn. */
#define MESSAGES_A_TURN 64

/* The longest of the records. */
union record {
	uint64_t seq;
	struct mseg_dns_record dns;
	struct mseg_head_record head;
};

const struct log_feed_kind log_feed_dns = {
	.group = MSEG_MCGRP_DNS,
	.subscribe = MSEG_C_DNS_SUBSCRIBE,
	.notify = MSEG_C_DNS_NTF,
	.record = MSEG_A_DNS,
	.payload = MSEG_A_DNS_PAYLOAD,
	.size = sizeof(struct mseg_dns_record),
};

const struct log_feed_kind log_feed_heads = {
	.group = MSEG_MCGRP_HEADS,
	.subscribe = MSEG_C_HEADS_SUBSCRIBE,
	.notify = MSEG_C_HEAD_NTF,
	.record = MSEG_A_HEAD,
	.payload = MSEG_A_HEAD_PAYLOAD,
	.size = sizeof(struct mseg_head_record),
};

struct log_feed {
	const struct log_feed_kind *kind;
	struct client *client;
	sd_event_source *source;
	struct log_feed_calls calls;
	/* The number of the record before; 0 before the first. */
	uint64_t seq;
};

/* Records are numbered, so that a hole is a loss. */
static void note_seq(struct log_feed *feed, uint64_t seq)
{
	if (feed->seq && seq > feed->seq + 1)
		feed->calls.lost(seq - feed->seq - 1, feed->calls.arg);
	feed->seq = seq;
}

static int on_message(int command, struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	struct log_feed *feed = arg;
	const struct log_feed_kind *kind = feed->kind;
	const struct nlattr *payload = attrs[kind->payload];
	union record record;

	(void)message;
	if (command != kind->notify || !attrs[kind->record] ||
	    nla_len(attrs[kind->record]) < (int)kind->size)
		return 0;
	memcpy(&record, nla_data(attrs[kind->record]), kind->size);
	note_seq(feed, record.seq);
	feed->calls.each(&record, payload ? nla_data(payload) : NULL,
			 payload ? (size_t)nla_len(payload) : 0, feed->calls.arg);
	return 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct log_feed *feed = arg;
	unsigned int i;
	int err = 0;

	(void)source;
	(void)fd;
	(void)events;
	for (i = 0; (!err || err == -ENOBUFS) && i < MESSAGES_A_TURN; i++)
		err = client_receive(feed->client, on_message, feed);
	return 0;
}

static int subscribe(struct log_feed *feed, sd_event *event)
{
	int err = client_open(&feed->client);

	if (!err)
		err = client_subscribe(feed->client, feed->kind->group);
	if (!err)
		err = client_do(feed->client, feed->kind->subscribe, 0, NULL, NULL);
	if (!err)
		err = sd_event_add_io(event, &feed->source, client_fd(feed->client), EPOLLIN,
				      on_readable, feed);
	/* A flow is to find the name that was looked up for it, or that it said itself. */
	if (err >= 0)
		err = sd_event_source_set_priority(feed->source, SD_EVENT_PRIORITY_NORMAL - 10);
	return err < 0 ? err : 0;
}

int log_feed_open(sd_event *event, const struct log_feed_kind *kind,
		  const struct log_feed_calls *calls, struct log_feed **result)
{
	struct log_feed *feed = calloc(1, sizeof(*feed));
	int err;

	*result = NULL;
	if (!feed)
		return -ENOMEM;
	feed->kind = kind;
	feed->calls = *calls;
	err = subscribe(feed, event);
	if (err)
		log_feed_close(feed);
	else
		*result = feed;
	return err;
}

void log_feed_close(struct log_feed *feed)
{
	if (!feed)
		return;
	sd_event_source_disable_unref(feed->source);
	client_close(feed->client);
	free(feed);
}
