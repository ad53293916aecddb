// SPDX-License-Identifier: GPL-2.0-or-later
/* Flow records as they come. */
#include "feed.h"

#include <errno.h>
#include <linux/mseg.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"
#include "exports.h"
#include "heads.h"
#include "lib/client.h"
#include "lib/kernel.h"
#include "lib/names.h"
#include "lib/times.h"
#include "log.h"
#include "records/writer.h"

/* Messages that are read before others have their turn. */
#define MESSAGES_A_TURN 64
/* Microseconds between looks at what was lost, and whether the module is there. */
#define LOOK_EVERY 1000000ULL
/* No machine has more processors; beyond it holes are not looked for. */
#define CPUS_MAX 8192

/* What the module counts. */
struct counters {
	uint64_t lost[2];
	uint64_t connections;
};

struct feed {
	struct service *service;
	struct attributor *attributor;
	struct heads *heads;
	sd_event_source *look;
	/* NULL without the module. */
	struct client *client;
	struct names *names;
	sd_event_source *source;
	unsigned int instance;
	/* The last record of every processor. */
	uint64_t *seqs;
	/* Since it was subscribed: missing numbers, and of them those that are told of. */
	uint64_t missing;
	uint64_t told;
	/* The socket was full since the last look. */
	bool overrun;
	uint64_t looked;
	struct counters base;
	struct counters last;
};

/* --- records -------------------------------------------------------------- */

static void take(struct feed *feed, struct record *record)
{
	record->arrived = (uint64_t)time_now() * 1000;
	if (!attribute(feed->attributor, feed->names, heads_name(feed->heads, record->kernel.id),
		       record))
		return;
	if (feed->service->writer)
		writer_put(feed->service->writer, record);
	if (record->held || record->again)
		return;
	heads_note(feed->heads, &record->kernel);
	exports_put(feed->service->exports, record);
	events_tell_flow(feed->service->events, record);
}

static void take_again(const struct mseg_flow_record *kernel, void *arg)
{
	struct record record = { .kernel = *kernel, .again = true };

	take(arg, &record);
}

/* Numbers count by processor; a smaller one comes after the module began anew. */
static void note_seq(struct feed *feed, const struct mseg_flow_record *kernel)
{
	uint64_t *last;

	if (kernel->cpu >= CPUS_MAX)
		return;
	last = &feed->seqs[kernel->cpu];
	if (*last && kernel->seq > *last + 1)
		feed->missing += kernel->seq - *last - 1;
	*last = kernel->seq;
}

static int on_message(int command, struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	const struct nlattr *attr;
	struct record record;
	int rest;

	(void)attrs;
	if (command != MSEG_C_FLOW_NTF)
		return 0;
	client_for_each(attr, message, rest)
	{
		memset(&record, 0, sizeof(record));
		if (nla_type(attr) != MSEG_A_FLOW || !kernel_record(attr, &record.kernel))
			continue;
		note_seq(arg, &record.kernel);
		take(arg, &record);
	}
	return 0;
}

static int receive(struct feed *feed, unsigned int most)
{
	unsigned int i;
	int err = 0;

	for (i = 0; (!err || err == -ENOBUFS) && i < most; i++) {
		err = client_receive(feed->client, on_message, feed);
		feed->overrun |= err == -ENOBUFS;
	}
	return err;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	(void)source;
	(void)fd;
	(void)events;
	receive(arg, MESSAGES_A_TURN);
	return 0;
}

/* --- losses --------------------------------------------------------------- */

static int take_counter(const char *name, uint64_t value, void *arg)
{
	struct counters *counters = arg;

	if (!strcmp(name, "flows_lost_accept"))
		counters->lost[0] = value;
	else if (!strcmp(name, "flows_lost_reject"))
		counters->lost[1] = value;
	else if (!strcmp(name, "conn_added"))
		counters->connections = value;
	return 0;
}

static int read_counters(struct feed *feed, struct counters *counters)
{
	struct client *client = enforce_client(feed->service->enforce);

	memset(counters, 0, sizeof(*counters));
	return client ? kernel_stats(client, take_counter, counters) : -ENOENT;
}

static void tell_hole(struct feed *feed, enum stage stage, uint64_t accept, uint64_t reject,
		      uint64_t unknown, uint64_t now)
{
	const struct hole hole = { feed->looked, now,	stage, (int64_t)(accept + reject + unknown),
				   accept,	 reject };

	if (!hole.lost)
		return;
	if (feed->service->writer)
		writer_hole(feed->service->writer, &hole);
	events_tell_lost(feed->service->events, stage_name(stage), (uint64_t)hole.lost);
}

/*
 * The module counts what it could not queue or send, by verdict. Numbers that are missing
 * beyond that were sent to others, and did not fit into our socket.
 */
static void count_losses(struct feed *feed, const struct counters *counters)
{
	uint64_t now = (uint64_t)time_now() * 1000, all, beyond;
	enum stage stage = feed->overrun ? STAGE_NETLINK : STAGE_KERNEL;

	tell_hole(feed, stage, counters->lost[0] - feed->last.lost[0],
		  counters->lost[1] - feed->last.lost[1], 0, now);
	all = counters->lost[0] + counters->lost[1] - feed->base.lost[0] - feed->base.lost[1];
	beyond = feed->missing > all ? feed->missing - all : 0;
	if (beyond > feed->told) {
		tell_hole(feed, STAGE_NETLINK, 0, 0, beyond - feed->told, now);
		feed->told = beyond;
	}
	feed->overrun = false;
	feed->looked = now;
	feed->last = *counters;
	if (feed->service->writer)
		writer_mark(feed->service->writer, counters->connections);
}

/* --- coming and going ----------------------------------------------------- */

static void leave(struct feed *feed)
{
	feed->source = sd_event_source_disable_unref(feed->source);
	client_close(feed->client);
	feed->client = NULL;
	names_free(feed->names);
	feed->names = NULL;
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

static int subscribe(struct feed *feed)
{
	int err = client_open(&feed->client);

	if (!err)
		err = client_subscribe(feed->client, MSEG_MCGRP_FLOWS);
	if (!err)
		err = client_do(feed->client, MSEG_C_FLOW_SUBSCRIBE, 0, NULL, NULL);
	if (!err)
		err = sd_event_add_io(feed->service->event, &feed->source, client_fd(feed->client),
				      EPOLLIN, on_readable, feed);
	return err < 0 ? err : 0;
}

static int take_held(const struct mseg_flow_record *kernel, uint32_t timeout, void *arg)
{
	struct record record = { .kernel = *kernel, .held = true };

	(void)timeout;
	take(arg, &record);
	return 0;
}

/* From now on nothing is missed; what was there before is asked for. */
static int begin(struct feed *feed)
{
	struct client *client = enforce_client(feed->service->enforce);
	int err = open_names(feed);

	if (!err)
		err = subscribe(feed);
	if (!err)
		err = read_counters(feed, &feed->base);
	if (err)
		return err;
	memset(feed->seqs, 0, CPUS_MAX * sizeof(*feed->seqs));
	feed->missing = feed->told = 0;
	feed->overrun = false;
	feed->last = feed->base;
	feed->looked = (uint64_t)time_now() * 1000;
	/* The table may change while it is read: what is new comes as a record. */
	kernel_connections(client, take_held, feed);
	if (feed->service->writer)
		writer_began(feed->service->writer, feed->base.connections);
	return 0;
}

static void look(struct feed *feed)
{
	unsigned int instance = enforce_instance(feed->service->enforce);
	struct counters counters;

	heads_hear(feed->heads, instance, config_observes_names(feed->service->config));
	if (feed->client && instance != feed->instance)
		leave(feed);
	if (!instance)
		return;
	if (feed->client) {
		if (!read_counters(feed, &counters))
			count_losses(feed, &counters);
		return;
	}
	feed->instance = instance;
	if (begin(feed))
		leave(feed);
}

static int on_look(sd_event_source *source, uint64_t time, void *arg)
{
	look(arg);
	sd_event_source_set_time(source, time + LOOK_EVERY);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int feed_open(struct service *service, struct feed **result)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	int err = -ENOMEM;

	*result = NULL;
	if (!feed)
		return -ENOMEM;
	feed->service = service;
	feed->attributor = attributor_new(service);
	feed->heads = heads_new(service->event, take_again, feed);
	feed->seqs = calloc(CPUS_MAX, sizeof(*feed->seqs));
	if (feed->attributor && feed->heads && feed->seqs)
		err = sd_event_add_time_relative(service->event, &feed->look, CLOCK_MONOTONIC,
						 LOOK_EVERY, LOOK_EVERY / 8, on_look, feed);
	if (err < 0) {
		feed_close(feed);
		return err;
	}
	look(feed);
	*result = feed;
	return 0;
}

void feed_close(struct feed *feed)
{
	struct counters counters;

	if (!feed)
		return;
	if (feed->client && receive(feed, UINT32_MAX) == -EAGAIN && !read_counters(feed, &counters))
		count_losses(feed, &counters);
	leave(feed);
	sd_event_source_disable_unref(feed->look);
	heads_free(feed->heads);
	attributor_free(feed->attributor);
	free(feed->seqs);
	free(feed);
}
