// SPDX-License-Identifier: GPL-2.0-or-later
/* Server-sent events. */
#include "events.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "server.h"

/* A comment comes that often, so that both ends learn when the other has gone. */
#define ALIVE_EVERY 15000000ULL

/* Events, and bytes of their text, that are held for who comes back. */
#define HELD_MAX 512
#define HELD_BYTES (256U << 10)
/* What who comes back is told at once, at most: a stream holds twice that. */
#define RESUMED_MAX (128U << 10)
/* Seconds for which lookups are held, once nobody listens for them. */
#define LINGER 60

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

/* Whom something is for. */
enum audience {
	ALL,
	/* Who may see all of a revision, and who may not. */
	WHOLE,
	PART,
	DNS,
	FLOWS,
};

struct held {
	enum audience audience;
	/* NULL of flows, whose text is made for who wants it. */
	char *text;
	size_t len;
	struct record record;
};

struct events {
	struct listener *listeners;
	sd_event_source *alive;
	/* Tells IDs from those of another process. */
	uint32_t epoch;
	/* Numbers of the oldest that is held, and of the next; by number modulo HELD_MAX. */
	uint64_t first, next;
	struct held held[HELD_MAX];
	size_t bytes;
	/* From here on lookups were held. */
	uint64_t dns_from;
	time_t dns_until;
};

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* --- what is held --------------------------------------------------------- */

static struct held *held_at(struct events *events, uint64_t number)
{
	return &events->held[number % HELD_MAX];
}

static void drop_oldest(struct events *events)
{
	struct held *held = held_at(events, events->first++);

	events->bytes -= held->len;
	free(held->text);
	attribution_put(held->record.attribution);
	*held = (struct held){ 0 };
}

static struct held *hold(struct events *events, enum audience audience)
{
	struct held *held;

	if (events->next - events->first == HELD_MAX)
		drop_oldest(events);
	held = held_at(events, events->next++);
	held->audience = audience;
	return held;
}

static int print(const struct events *events, uint64_t number, const char *type,
		 struct json_object *data, char **text)
{
	const char *json =
		data ? json_object_to_json_string_ext(data, JSON_C_TO_STRING_PLAIN |
								    JSON_C_TO_STRING_NOSLASHESCAPE) :
		       NULL;

	*text = NULL;
	return json ? asprintf(text, "event: %s\ndata: %s\nid: %08" PRIx32 "-%" PRIu64 "\n\n", type,
			       json, events->epoch, number) :
		      -1;
}

static int print_flow(const struct events *events, uint64_t number, const struct record *record,
		      char **text)
{
	struct json_object *json = record_json(record);
	int len = print(events, number, "flow", json, text);

	json_object_put(json);
	return len;
}

static bool hears(const struct listener *listener, const struct held *held)
{
	switch (held->audience) {
	case WHOLE:
		return listener->whole;
	case PART:
		return !listener->whole;
	case DNS:
		return listener->dns;
	case FLOWS:
		return listener->query && query_matches(listener->query, &held->record);
	default:
		return true;
	}
}

static void write_all(struct events *events, const struct held *held, const char *text, size_t len)
{
	struct listener *listener;

	for (listener = events->listeners; listener; listener = listener->next)
		if (hears(listener, held))
			stream_write(listener->stream, text, len);
}

/* --- coming back ---------------------------------------------------------- */

/* The number behind that of an ID; false where what followed it is not held. */
static bool find_place(const struct events *events, const struct listener *listener, const char *id,
		       uint64_t *number)
{
	uint32_t epoch;
	int end = 0;

	if (sscanf(id, "%8" SCNx32 "-%20" SCNu64 "%n", &epoch, number, &end) != 2 || id[end] ||
	    epoch != events->epoch || *number >= events->next)
		return false;
	++*number;
	return *number >= events->first && (!listener->dns || *number >= events->dns_from);
}

/* What is held from a number on, as this listener hears it; false where it is too much. */
static bool tell_again(struct events *events, const struct listener *listener, uint64_t number,
		       FILE *out)
{
	const struct held *held;
	char *flow;

	for (; number < events->next; number++) {
		held = held_at(events, number);
		if (!hears(listener, held))
			continue;
		flow = NULL;
		if (!held->text && print_flow(events, number, &held->record, &flow) < 0)
			return false;
		fputs(flow ? flow : held->text, out);
		free(flow);
		if (ftell(out) > RESUMED_MAX)
			return false;
	}
	return true;
}

static void resume(struct events *events, const struct listener *listener, const char *id)
{
	char *text = NULL, reset[96];
	uint64_t number;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool all = out && find_place(events, listener, id, &number) &&
		   tell_again(events, listener, number, out);

	if (out)
		fclose(out);
	if (all) {
		stream_write(listener->stream, text, len);
	} else {
		snprintf(reset, sizeof(reset),
			 "event: reset\ndata: {}\nid: %08" PRIx32 "-%" PRIu64 "\n\n", events->epoch,
			 events->next - 1);
		stream_write(listener->stream, reset, strlen(reset));
	}
	free(text);
}

/* --- the streams ---------------------------------------------------------- */

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
	static const struct held everybody = { ALL };

	tell_of_lost(arg);
	write_all(arg, &everybody, comment, sizeof(comment) - 1);
	sd_event_source_set_time(source, time + ALIVE_EVERY);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int events_open(sd_event *event, struct events **result)
{
	struct events *events = calloc(1, sizeof(*events));
	int err;

	if (!events)
		return -ENOMEM;
	events->first = events->next = 1;
	if (getrandom(&events->epoch, sizeof(events->epoch), 0) != sizeof(events->epoch)) {
		free(events);
		return -EIO;
	}
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
	while (events->first < events->next)
		drop_oldest(events);
	free(events);
}

static void tell(struct events *events, enum audience audience, const char *type,
		 struct json_object *data)
{
	uint64_t number = events->next;
	struct held *held = hold(events, audience);
	int len = print(events, number, type, data, &held->text);

	json_object_put(data);
	/* What cannot be told is a hole behind which nobody goes on. */
	if (len < 0) {
		held->text = NULL;
		while (events->first < events->next)
			drop_oldest(events);
		return;
	}
	held->len = (size_t)len;
	events->bytes += held->len;
	write_all(events, held, held->text, held->len);
	while (events->bytes > HELD_BYTES)
		drop_oldest(events);
}

static void on_gone(struct stream *stream, void *arg)
{
	struct listener *listener = arg, **link = &listener->events->listeners;

	(void)stream;
	while (*link && *link != listener)
		link = &(*link)->next;
	if (*link)
		*link = listener->next;
	if (listener->dns)
		listener->events->dns_until = now() + LINGER;
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
	if (dns && !events_hear_dns(events))
		events->dns_from = events->next;
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
	if (request->last_event_id)
		resume(events, listener, request->last_event_id);
}

void events_tell(struct events *events, const char *type, struct json_object *data)
{
	tell(events, ALL, type, data);
}

bool events_hear_dns(const struct events *events)
{
	const struct listener *listener;

	for (listener = events->listeners; listener; listener = listener->next)
		if (listener->dns)
			return true;
	return now() < events->dns_until;
}

void events_tell_dns(struct events *events, struct json_object *data)
{
	if (data)
		tell(events, DNS, "dns", data);
}

void events_tell_revision(struct events *events, struct json_object *whole, struct json_object *part)
{
	tell(events, WHOLE, "revision", whole);
	tell(events, PART, "revision", part);
}

/* Written once, for the first who wants it. */
void events_tell_flow(struct events *events, const struct record *record)
{
	uint64_t number = events->next;
	struct held *held = hold(events, FLOWS);
	struct listener *listener;
	char *message = NULL;
	int len = 0;

	held->record = *record;
	attribution_get(record->attribution);
	for (listener = events->listeners; listener; listener = listener->next) {
		if (!hears(listener, held))
			continue;
		if (!message)
			len = print_flow(events, number, record, &message);
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
