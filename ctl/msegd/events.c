// SPDX-License-Identifier: GPL-2.0-or-later
/* Server-sent events. */
#include "events.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>

#include "server.h"

/* A comment comes that often, so that both ends learn when the other has gone. */
#define ALIVE_EVERY 15000000ULL

struct listener {
	struct listener *next;
	struct events *events;
	struct stream *stream;
	/* Of flow records; NULL for none. */
	struct query *query;
	bool dns;
	bool whole;
	uint64_t session;
	/* Flow records for which there was no room, and that it was not told of. */
	uint64_t lost;
};

struct events {
	struct listener *listeners;
	sd_event_source *alive;
};

/* Whom something is for. */
typedef bool hears(const struct listener *listener);

static bool is_any(const struct listener *listener)
{
	return listener != NULL;
}

static bool hears_dns(const struct listener *listener)
{
	return listener->dns;
}

static bool hears_whole(const struct listener *listener)
{
	return listener->whole;
}

static bool hears_part(const struct listener *listener)
{
	return !listener->whole;
}

static void write_all(struct events *events, hears *is_for, const char *text, size_t len)
{
	struct listener *listener;

	for (listener = events->listeners; listener; listener = listener->next)
		if (is_for(listener))
			stream_write(listener->stream, text, len);
}

static void write_lost(struct listener *listener, const char *where, uint64_t lost)
{
	char text[128];
	int len = snprintf(text, sizeof(text),
			   "event: lost\ndata: {\"lost\": %" PRIu64 ", \"where\": \"%s\"}\n\n",
			   lost, where);

	stream_write(listener->stream, text, (size_t)len);
}

/* It is told behind the next that there is room for, be it a comment. */
static void offer_flow(struct listener *listener, const char *text, size_t len)
{
	if (!stream_offer(listener->stream, text, len)) {
		listener->lost++;
		return;
	}
	if (listener->lost)
		write_lost(listener, "stream", listener->lost);
	listener->lost = 0;
}

static void tell_of_lost(struct events *events)
{
	static const char comment[] = ":\n\n";
	struct listener *listener;

	for (listener = events->listeners; listener; listener = listener->next)
		if (listener->lost)
			offer_flow(listener, comment, sizeof(comment) - 1);
}

static int on_alive(sd_event_source *source, uint64_t time, void *arg)
{
	static const char comment[] = ":\n\n";

	tell_of_lost(arg);
	write_all(arg, is_any, comment, sizeof(comment) - 1);
	sd_event_source_set_time(source, time + ALIVE_EVERY);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int events_open(sd_event *event, struct events **result)
{
	struct events *events = calloc(1, sizeof(*events));
	int err;

	if (!events)
		return -ENOMEM;
	err = sd_event_add_time_relative(event, &events->alive, CLOCK_MONOTONIC, ALIVE_EVERY,
					 ALIVE_EVERY / 8, on_alive, events);
	if (err < 0)
		free(events);
	else
		*result = events;
	return err < 0 ? err : 0;
}

void events_end(struct events *events)
{
	struct listener *listener;

	for (listener = events ? events->listeners : NULL; listener; listener = listener->next)
		stream_end(listener->stream);
}

void events_end_session(struct events *events, uint64_t session)
{
	struct listener *listener;

	for (listener = events->listeners; listener; listener = listener->next)
		if (listener->session == session)
			stream_end(listener->stream);
}

void events_end_sessions(struct events *events)
{
	struct listener *listener;

	for (listener = events->listeners; listener; listener = listener->next)
		if (listener->session)
			stream_end(listener->stream);
}

void events_close(struct events *events)
{
	if (!events)
		return;
	sd_event_source_disable_unref(events->alive);
	free(events);
}

static void tell(struct events *events, hears *is_for, const char *type, struct json_object *data)
{
	const char *text =
		json_object_to_json_string_ext(data, JSON_C_TO_STRING_PLAIN |
							     JSON_C_TO_STRING_NOSLASHESCAPE);
	char *message = NULL;
	int len = asprintf(&message, "event: %s\ndata: %s\n\n", type, text);

	if (len >= 0)
		write_all(events, is_for, message, (size_t)len);
	free(message);
	json_object_put(data);
}

static void on_gone(struct stream *stream, void *arg)
{
	struct listener *listener = arg, **link = &listener->events->listeners;

	(void)stream;
	while (*link && *link != listener)
		link = &(*link)->next;
	if (*link)
		*link = listener->next;
	query_free(listener->query);
	free(listener);
}

void events_join(struct events *events, struct request *request, struct query *query, bool dns,
		 bool whole)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (listener)
		listener->stream = stream_new(on_gone, listener);
	if (!listener || !listener->stream) {
		free(listener);
		query_free(query);
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "no memory");
		return;
	}
	listener->query = query;
	listener->dns = dns;
	listener->whole = whole;
	listener->session = request->session;
	listener->events = events;
	listener->next = events->listeners;
	events->listeners = listener;
	request->reply.status = MHD_HTTP_OK;
	request->reply.type = "text/event-stream";
	request->reply.stream = listener->stream;
	/* So that the headers are sent at once. */
	stream_write(listener->stream, ":\n\n", 3);
}

void events_tell(struct events *events, const char *type, struct json_object *data)
{
	tell(events, is_any, type, data);
}

bool events_hear_dns(const struct events *events)
{
	const struct listener *listener;

	for (listener = events->listeners; listener; listener = listener->next)
		if (listener->dns)
			return true;
	return false;
}

void events_tell_dns(struct events *events, struct json_object *data)
{
	if (data)
		tell(events, hears_dns, "dns", data);
}

void events_tell_revision(struct events *events, struct json_object *whole, struct json_object *part)
{
	tell(events, hears_whole, "revision", whole);
	tell(events, hears_part, "revision", part);
}

static int flow_message(const struct record *record, char **message)
{
	struct json_object *json = record_json(record);
	int len =
		json ? asprintf(message, "event: flow\ndata: %s\n\n",
				json_object_to_json_string_ext(json,
							       JSON_C_TO_STRING_PLAIN |
								       JSON_C_TO_STRING_NOSLASHESCAPE)) :
		       -1;

	json_object_put(json);
	return len;
}

/* Written once, for the first who wants it. */
void events_tell_flow(struct events *events, const struct record *record)
{
	struct listener *listener;
	char *message = NULL;
	int len = 0;

	for (listener = events->listeners; listener; listener = listener->next) {
		if (!listener->query || !query_matches(listener->query, record))
			continue;
		if (!message)
			len = flow_message(record, &message);
		if (len > 0)
			offer_flow(listener, message, (size_t)len);
	}
	free(message);
}

void events_tell_lost(struct events *events, const char *where, uint64_t lost)
{
	struct listener *listener;

	for (listener = events->listeners; listener; listener = listener->next)
		if (listener->query)
			write_lost(listener, where, lost);
}
