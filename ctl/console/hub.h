/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events: one stream from msegd for all browsers of a session, and a stretch of its
 * text that they share, from which each reads at its own pace.
 *
 * Every event gets an ID, its place in the text, so that a browser that comes back goes
 * on where it was. Beside msegd's events there are
 *
 *	alive	every 15 seconds: what is on screen is of now
 *	lost	msegd does not answer; again every 15 seconds
 *	back	it answers again, and what happened meanwhile is not told
 *	gap	what a browser had last is not held any more
 *	refused	the session is over, or its user has lost a role: the stream ends
 */
#ifndef HUB_H
#define HUB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "upstream.h"

struct hubs;
struct subscriber;

/**
 * struct hub_request - what a browser asks for
 * @token: of its session, which is good
 * @uid: whose that is
 * @flows: with flow records
 * @dns: with DNS records
 * @last_id: of the event that it had last, or NULL
 */
struct hub_request {
	const char *token;
	uint64_t uid;
	bool flows;
	bool dns;
	const char *last_id;
};

/**
 * hubs_open() - begin without streams
 * @event: the loop
 * @upstream: to msegd
 * @hubs: the result
 *
 * Return: 0 or an error.
 */
int hubs_open(sd_event *event, struct upstream *upstream, struct hubs **hubs);

/**
 * hubs_close() - end; there are no subscribers any more
 * @hubs: may be NULL
 */
void hubs_close(struct hubs *hubs);

/**
 * subscriber_new() - join, or begin, a stream
 * @hubs: all streams
 * @request: which
 * @wake: called when there is something to be read, though there was nothing
 * @arg: handed to @wake
 *
 * Return: the subscriber, or NULL where there are too many streams, or no memory.
 */
struct subscriber *subscriber_new(struct hubs *hubs, const struct hub_request *request,
				  void (*wake)(void *arg), void *arg);

/**
 * subscriber_read() - read on
 * @subscriber: who
 * @room: filled
 * @size: its bytes
 *
 * Return: bytes, 0 while there is nothing, -1 at the end.
 */
ssize_t subscriber_read(struct subscriber *subscriber, char *room, size_t size);

/** subscriber_free() - leave */
void subscriber_free(struct subscriber *subscriber);

#endif /* HUB_H */
