// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A connection's record and what it sends first come by different sockets, in either
 * order. Numbers of connections ascend: of two that share a place, the newer has it.
 */
#include "heads.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "head.h"
#include "log.h"
#include "log_feed.h"

/* Connections whose names are known at a time. */
#define NAMES 65536
/* Those whose names may still come. */
#define WAITING 1024

struct name {
	uint64_t connection;
	char *text;
};

struct heads {
	sd_event *event;
	void (*named)(const struct mseg_flow_record *record, void *arg);
	void *arg;
	struct log_feed *feed;
	/* enforce_instance() of what is known. */
	unsigned int instance;
	/* What kept the module from telling, so that it is said once. */
	int refused;
	uint64_t lost;
	struct mseg_flow_record waiting[WAITING];
	struct name names[NAMES];
};

static struct name *name_at(struct heads *heads, uint64_t connection)
{
	return &heads->names[connection % NAMES];
}

static struct mseg_flow_record *waiting_at(struct heads *heads, uint64_t connection)
{
	return &heads->waiting[connection % WAITING];
}

static void forget_name(struct name *name)
{
	free(name->text);
	*name = (struct name){ 0 };
}

static void on_head(const void *found, const uint8_t *data, size_t len, void *arg)
{
	const struct mseg_head_record *record = found;
	struct heads *heads = arg;
	struct name *name = name_at(heads, record->connection);
	struct mseg_flow_record *waiting = waiting_at(heads, record->connection);
	struct mseg_flow_record last = *waiting;
	char text[HEAD_NAME_LEN];

	if (head_read(data, len, text) != HEAD_NAMED)
		return;
	forget_name(name);
	name->text = strdup(text);
	name->connection = record->connection;
	if (last.id != record->connection)
		return;
	memset(waiting, 0, sizeof(*waiting));
	heads->named(&last, heads->arg);
}

static void on_lost(uint64_t n, void *arg)
{
	struct heads *heads = arg;

	if (!heads->lost)
		log_warning("names of connections were lost between the module and msegd");
	heads->lost += n;
}

struct heads *heads_new(sd_event *event,
			void (*named)(const struct mseg_flow_record *record, void *arg), void *arg)
{
	struct heads *heads = calloc(1, sizeof(*heads));

	if (!heads)
		return NULL;
	heads->event = event;
	heads->named = named;
	heads->arg = arg;
	return heads;
}

static void forget_all(struct heads *heads)
{
	size_t i;

	for (i = 0; i < NAMES; i++)
		forget_name(&heads->names[i]);
	memset(heads->waiting, 0, sizeof(heads->waiting));
}

static void leave(struct heads *heads)
{
	log_feed_close(heads->feed);
	heads->feed = NULL;
}

void heads_free(struct heads *heads)
{
	if (!heads)
		return;
	leave(heads);
	forget_all(heads);
	free(heads);
}

static void begin(struct heads *heads)
{
	const struct log_feed_calls calls = { on_head, on_lost, heads };
	int err = log_feed_open(heads->event, &log_feed_heads, &calls, &heads->feed);

	if (err && err != heads->refused)
		log_warning("no names of TLS and HTTP are recorded: %s", strerror(-err));
	heads->refused = err;
}

void heads_hear(struct heads *heads, unsigned int instance, bool wanted)
{
	if (!wanted || heads->instance != instance)
		leave(heads);
	/* Who is not heard any more keeps its name; another module counts anew. */
	if (instance && heads->instance != instance)
		forget_all(heads);
	heads->instance = instance ? instance : heads->instance;
	if (!heads->feed && wanted && instance)
		begin(heads);
}

void heads_note(struct heads *heads, const struct mseg_flow_record *record)
{
	struct mseg_flow_record *waiting = waiting_at(heads, record->id);
	struct name *name = name_at(heads, record->id);
	bool over = record->event == MSEG_FLOW_EVENT_END;
	bool named = name->connection == record->id;

	if (named && over)
		forget_name(name);
	if (over && waiting->id == record->id)
		memset(waiting, 0, sizeof(*waiting));
	if (!over && !named && record->verdict == MSEG_ACTION_ALLOW &&
	    record->protocol == IPPROTO_TCP && record->direction == MSEG_DIRECTION_OUT)
		*waiting = *record;
}

const char *heads_name(const struct heads *heads, uint64_t connection)
{
	const struct name *name = &heads->names[connection % NAMES];

	return name->connection == connection ? name->text : NULL;
}
