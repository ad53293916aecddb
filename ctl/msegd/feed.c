// SPDX-License-Identifier: GPL-2.0-or-later
/* Flow records as they come. */
#include "feed.h"

#include <errno.h>
#include <linux/mseg.h>
#include <stdlib.h>

#include "lib/client.h"
#include "lib/flow.h"
#include "lib/kernel.h"
#include "lib/names.h"

/* Messages that are read before others have their turn. */
#define MESSAGES_A_TURN 64

struct feed {
	struct client *client;
	struct names *names;
	sd_event_source *source;
	void (*each)(struct json_object *record, void *arg);
	void *arg;
};

static void pass_on(struct feed *feed, const struct nlattr *attr)
{
	struct mseg_flow_record record;
	struct json_object *json;

	if (!kernel_record(attr, &record))
		return;
	names_want(feed->names, record.generation);
	json = flow_json(&record, feed->names);
	if (json)
		feed->each(json, feed->arg);
}

static int on_message(int command, struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	const struct nlattr *attr;
	int rest;

	(void)attrs;
	if (command != MSEG_C_FLOW_NTF)
		return 0;
	client_for_each(attr, message, rest)
	{
		if (nla_type(attr) == MSEG_A_FLOW)
			pass_on(arg, attr);
	}
	return 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct feed *feed = arg;
	unsigned int i;
	int err = 0;

	(void)source;
	(void)fd;
	(void)events;
	/* What was lost shows as a hole in the records' numbers. */
	for (i = 0; (!err || err == -ENOBUFS) && i < MESSAGES_A_TURN; i++)
		err = client_receive(feed->client, on_message, feed);
	return 0;
}

static int open_names(struct feed *feed)
{
	struct client *client;
	int err = client_open(&client);

	if (err)
		return err;
	feed->names = names_new(client);
	if (!feed->names)
		client_close(client);
	return feed->names ? names_refresh(feed->names) : -ENOMEM;
}

static int subscribe(struct feed *feed, sd_event *event)
{
	int err = client_open(&feed->client);

	if (!err)
		err = client_subscribe(feed->client, MSEG_MCGRP_FLOWS);
	if (!err)
		err = client_do(feed->client, MSEG_C_FLOW_SUBSCRIBE, 0, NULL, NULL);
	if (!err)
		err = sd_event_add_io(event, &feed->source, client_fd(feed->client), EPOLLIN,
				      on_readable, feed);
	return err < 0 ? err : 0;
}

int feed_open(sd_event *event, void (*each)(struct json_object *record, void *arg), void *arg,
	      struct feed **result)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	int err;

	*result = NULL;
	if (!feed)
		return -ENOMEM;
	feed->each = each;
	feed->arg = arg;
	err = open_names(feed);
	if (!err)
		err = subscribe(feed, event);
	if (err)
		feed_close(feed);
	else
		*result = feed;
	return err;
}

void feed_close(struct feed *feed)
{
	if (!feed)
		return;
	sd_event_source_disable_unref(feed->source);
	client_close(feed->client);
	names_free(feed->names);
	free(feed);
}
