// SPDX-License-Identifier: GPL-2.0-or-later
/* Events: one stream from msegd for all browsers of a session. */
#include "hub.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* Streams from msegd altogether, and of one user. */
#define HUBS_MAX 32
#define HUBS_A_USER 8

/* Text that is held for who is slow or comes back, and of one event. */
#define TEXT_MAX (512U << 10)
#define EVENT_MAX (256U << 10)

#define ALIVE_EVERY 15000000ULL

/* Until msegd is asked again; a hub that nobody reads waits as long for who reloads. */
#define RETRY_FIRST 500000ULL
#define RETRY_MOST 5000000ULL
#define LINGER 30000000ULL

/* "id: ", 8 digits, "-", 20 digits, and a line's end. */
#define ID_LINE 34

struct hub {
	struct hub *next;
	struct hubs *hubs;
	struct subscriber *subscribers;
	char *token;
	uint64_t uid;
	bool flows, dns;
	/* Tells its IDs from those of another. */
	uint32_t epoch;
	/* What is held; its first byte was the stream's @base-th. */
	char *text;
	size_t len, room;
	uint64_t base;
	/* An event that is not complete, and whether it is dropped. */
	char *pending;
	size_t n_pending;
	bool too_long;
	struct upstream_call *call;
	bool lost;
	bool over;
	uint64_t retry;
	sd_event_source *timer;
	sd_event_source *alive;
};

struct hubs {
	struct hub *list;
	sd_event *event;
	struct upstream *upstream;
};

struct subscriber {
	struct subscriber *next;
	struct hub *hub;
	void (*wake)(void *arg);
	void *arg;
	uint64_t position;
	bool gap;
	bool waits;
};

/* --- the text ------------------------------------------------------------- */

static void wake_all(struct hub *hub)
{
	struct subscriber *subscriber;

	for (subscriber = hub->subscribers; subscriber; subscriber = subscriber->next)
		if (subscriber->waits) {
			subscriber->waits = false;
			subscriber->wake(subscriber->arg);
		}
}

/* Half of it goes at once, in whole events: seldom, then. */
static void make_room(struct hub *hub)
{
	const char *cut = hub->len > TEXT_MAX / 2 ? memmem(hub->text + hub->len - TEXT_MAX / 2,
							   TEXT_MAX / 2, "\n\n", 2) :
						    NULL;
	size_t gone = cut ? (size_t)(cut + 2 - hub->text) : hub->len;

	memmove(hub->text, hub->text + gone, hub->len - gone);
	hub->len -= gone;
	hub->base += gone;
}

static bool reserve(struct hub *hub, size_t more)
{
	size_t room = hub->room ? hub->room : 4096;
	char *text;

	if (hub->len + more > TEXT_MAX)
		make_room(hub);
	while (room < hub->len + more)
		room *= 2;
	if (room == hub->room)
		return true;
	text = realloc(hub->text, room);
	if (!text)
		return false;
	hub->text = text;
	hub->room = room;
	return true;
}

/* An event's lines, without the empty one behind them. */
static void put_event(struct hub *hub, const char *lines, size_t len)
{
	uint64_t end = hub->base + hub->len + len + ID_LINE + 1;
	char id[ID_LINE + 2];

	if (!reserve(hub, len + ID_LINE + 1))
		return;
	snprintf(id, sizeof(id), "id: %08" PRIx32 "-%020" PRIu64 "\n\n", hub->epoch, end);
	memcpy(hub->text + hub->len, lines, len);
	memcpy(hub->text + hub->len + len, id, ID_LINE + 1);
	hub->len += len + ID_LINE + 1;
	wake_all(hub);
}

static void put_text(struct hub *hub, const char *text)
{
	put_event(hub, text, strlen(text));
}

/* Where an ID says that a browser is; false where that is not held. */
static bool find_place(const struct hub *hub, const char *id, uint64_t *position)
{
	uint64_t place;
	uint32_t epoch;
	size_t at;
	int end = 0;

	if (sscanf(id, "%8" SCNx32 "-%20" SCNu64 "%n", &epoch, &place, &end) != 2 || id[end] ||
	    epoch != hub->epoch || place < hub->base || place > hub->base + hub->len)
		return false;
	at = (size_t)(place - hub->base);
	if (at && (at < 2 || memcmp(hub->text + at - 2, "\n\n", 2) != 0))
		return false;
	*position = place;
	return true;
}

/* --- what msegd sends ----------------------------------------------------- */

static void put_alive(struct hub *hub)
{
	char text[96], date[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(text, sizeof(text), "event: alive\ndata: {\"time\": \"%s\"}\n", date);
	put_text(hub, text);
}

static void put_lost(struct hub *hub)
{
	put_text(hub, "event: lost\ndata: {\"detail\": \"msegd does not answer\"}\n");
}

static void end_of_event(struct hub *hub)
{
	if (hub->too_long)
		put_text(hub, "event: gap\ndata: {}\n");
	else if (hub->n_pending)
		put_event(hub, hub->pending, hub->n_pending);
	hub->n_pending = 0;
	hub->too_long = false;
}

static void add_pending(struct hub *hub, const char *data, size_t len)
{
	char *more = NULL;

	if (hub->n_pending + len <= EVENT_MAX)
		more = realloc(hub->pending, hub->n_pending + len);
	if (!more) {
		hub->too_long = true;
		return;
	}
	memcpy(more + hub->n_pending, data, len);
	hub->pending = more;
	hub->n_pending += len;
}

/* The last line of what is pending has ended: its IDs and comments stay here. */
static void end_of_line(struct hub *hub)
{
	size_t begin = hub->n_pending - 1;
	const char *line;

	while (begin && hub->pending[begin - 1] != '\n')
		begin--;
	line = hub->pending + begin;
	if (hub->n_pending - begin == 1) {
		hub->n_pending--;
		end_of_event(hub);
	} else if (line[0] == ':' || !strncmp(line, "id:", 3)) {
		hub->n_pending = begin;
	}
}

static void on_data(const char *data, size_t len, void *arg)
{
	struct hub *hub = arg;
	const char *end;

	if (!len && hub->lost) {
		hub->lost = false;
		put_text(hub, "event: back\ndata: {}\n");
	}
	if (!len)
		hub->retry = RETRY_FIRST;
	while (len) {
		end = memchr(data, '\n', len);
		add_pending(hub, data, end ? (size_t)(end - data) + 1 : len);
		if (end && !hub->too_long)
			end_of_line(hub);
		else if (end && end == data)
			end_of_event(hub);
		len -= end ? (size_t)(end - data) + 1 : len;
		data = end ? end + 1 : data + len;
	}
}

static void refuse(struct hub *hub, long status)
{
	char text[64];

	snprintf(text, sizeof(text), "event: refused\ndata: {\"status\": %ld}\n", status);
	put_text(hub, text);
	hub->over = true;
	wake_all(hub);
}

static void on_done(struct upstream_answer *answer, void *arg)
{
	struct hub *hub = arg;

	hub->call = NULL;
	hub->n_pending = 0;
	hub->too_long = false;
	if (answer->status >= 400 && answer->status < 500) {
		refuse(hub, answer->status);
		return;
	}
	if (!hub->lost)
		put_lost(hub);
	hub->lost = true;
	sd_event_source_set_time_relative(hub->timer, hub->retry);
	sd_event_source_set_enabled(hub->timer, SD_EVENT_ONESHOT);
	hub->retry = hub->retry * 2 < RETRY_MOST ? hub->retry * 2 : RETRY_MOST;
}

static void hub_connect(struct hub *hub)
{
	struct upstream_request request = { .method = "GET", .token = hub->token };
	char path[64];

	snprintf(path, sizeof(path), "/v1/events%s%s%s", hub->flows || hub->dns ? "?" : "",
		 hub->flows ? "flows=true" : "", hub->dns ? "&dns=true" : "");
	request.path = path;
	hub->call = upstream_ask(hub->hubs->upstream, &request, on_data, on_done, hub);
	if (!hub->call)
		refuse(hub, 503);
}

/* --- hubs ----------------------------------------------------------------- */

static void hub_free(struct hub *hub)
{
	struct hub **link = &hub->hubs->list;

	while (*link && *link != hub)
		link = &(*link)->next;
	if (*link)
		*link = hub->next;
	upstream_cancel(hub->call);
	sd_event_source_disable_unref(hub->timer);
	sd_event_source_disable_unref(hub->alive);
	if (hub->token)
		explicit_bzero(hub->token, strlen(hub->token));
	free(hub->token);
	free(hub->text);
	free(hub->pending);
	free(hub);
}

static int on_timer(sd_event_source *source, uint64_t time, void *arg)
{
	struct hub *hub = arg;

	(void)source;
	(void)time;
	if (!hub->subscribers)
		hub_free(hub);
	else if (!hub->call && !hub->over)
		hub_connect(hub);
	return 0;
}

static int on_alive(sd_event_source *source, uint64_t time, void *arg)
{
	struct hub *hub = arg;

	if (hub->lost)
		put_lost(hub);
	else
		put_alive(hub);
	sd_event_source_set_time(source, time + ALIVE_EVERY);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static bool start(struct hub *hub, const struct hub_request *request)
{
	sd_event *event = hub->hubs->event;

	hub->uid = request->uid;
	hub->flows = request->flows;
	hub->dns = request->dns;
	hub->retry = RETRY_FIRST;
	hub->token = strdup(request->token);
	if (!hub->token || getrandom(&hub->epoch, sizeof(hub->epoch), 0) != sizeof(hub->epoch) ||
	    sd_event_add_time_relative(event, &hub->timer, CLOCK_MONOTONIC, 0, 0, on_timer, hub) <
		    0 ||
	    sd_event_add_time_relative(event, &hub->alive, CLOCK_MONOTONIC, ALIVE_EVERY, 0,
				       on_alive, hub) < 0)
		return false;
	return true;
}

static struct hub *hub_new(struct hubs *hubs, const struct hub_request *request)
{
	struct hub *hub, *other;
	unsigned int n = 0, same = 0;

	for (other = hubs->list; other; other = other->next) {
		n++;
		same += other->uid == request->uid;
	}
	if (n >= HUBS_MAX || same >= HUBS_A_USER)
		return NULL;
	hub = calloc(1, sizeof(*hub));
	if (!hub)
		return NULL;
	hub->hubs = hubs;
	if (!start(hub, request)) {
		hub_free(hub);
		return NULL;
	}
	hub->next = hubs->list;
	hubs->list = hub;
	return hub;
}

static struct hub *hub_find(const struct hubs *hubs, const struct hub_request *request)
{
	struct hub *hub;

	for (hub = hubs->list; hub; hub = hub->next)
		if (!hub->over && hub->flows == request->flows && hub->dns == request->dns &&
		    !strcmp(hub->token, request->token))
			return hub;
	return NULL;
}

int hubs_open(sd_event *event, struct upstream *upstream, struct hubs **hubs)
{
	*hubs = calloc(1, sizeof(**hubs));
	if (!*hubs)
		return -ENOMEM;
	(*hubs)->event = sd_event_ref(event);
	(*hubs)->upstream = upstream;
	return 0;
}

void hubs_close(struct hubs *hubs)
{
	if (!hubs)
		return;
	while (hubs->list)
		hub_free(hubs->list);
	sd_event_unref(hubs->event);
	free(hubs);
}

/* --- subscribers ---------------------------------------------------------- */

struct subscriber *subscriber_new(struct hubs *hubs, const struct hub_request *request,
				  void (*wake)(void *arg), void *arg)
{
	struct subscriber *subscriber = calloc(1, sizeof(*subscriber));
	struct hub *hub = hub_find(hubs, request);

	if (!hub)
		hub = subscriber ? hub_new(hubs, request) : NULL;
	if (!hub || !subscriber) {
		free(subscriber);
		return NULL;
	}
	subscriber->hub = hub;
	subscriber->wake = wake;
	subscriber->arg = arg;
	subscriber->position = hub->base + hub->len;
	if (request->last_id)
		subscriber->gap = !find_place(hub, request->last_id, &subscriber->position);
	subscriber->next = hub->subscribers;
	hub->subscribers = subscriber;
	/* It may have been left alone while msegd was lost. */
	if (!hub->call) {
		sd_event_source_set_time_relative(hub->timer, 0);
		sd_event_source_set_enabled(hub->timer, SD_EVENT_ONESHOT);
	}
	return subscriber;
}

static ssize_t put_gap(struct subscriber *subscriber, char *room, size_t size)
{
	static const char gap[] = "event: gap\ndata: {}\n\n";

	if (size < sizeof(gap))
		return -1;
	subscriber->gap = false;
	memcpy(room, gap, sizeof(gap) - 1);
	return sizeof(gap) - 1;
}

ssize_t subscriber_read(struct subscriber *subscriber, char *room, size_t size)
{
	const struct hub *hub = subscriber->hub;
	size_t at, len;

	if (subscriber->gap)
		return put_gap(subscriber, room, size);
	/* Too slow: it comes back, and is told of the gap. */
	if (subscriber->position < hub->base)
		return -1;
	at = (size_t)(subscriber->position - hub->base);
	len = hub->len - at < size ? hub->len - at : size;
	if (!len && hub->over)
		return -1;
	subscriber->waits = !len;
	memcpy(room, hub->text + at, len);
	subscriber->position += len;
	return (ssize_t)len;
}

void subscriber_free(struct subscriber *subscriber)
{
	struct hub *hub = subscriber->hub;
	struct subscriber **link = &hub->subscribers;

	while (*link && *link != subscriber)
		link = &(*link)->next;
	if (*link)
		*link = subscriber->next;
	free(subscriber);
	if (hub->subscribers)
		return;
	sd_event_source_set_time_relative(hub->timer, hub->over ? 0 : LINGER);
	sd_event_source_set_enabled(hub->timer, SD_EVENT_ONESHOT);
}
