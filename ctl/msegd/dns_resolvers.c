// SPDX-License-Identifier: GPL-2.0-or-later
/* Following the resolvers of this host. */
#include "dns_resolvers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#define PLACES_MAX 16

/* A file is written and closed, or another one takes its name. */
#define CHANGES (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)

/* Several files change at once: microseconds to wait for the last. */
#define SETTLE_AFTER 200000ULL

struct dns_resolvers {
	struct resolvers now;
	sd_event_source *watched[PLACES_MAX];
	sd_event_source *settled;
	void (*changed)(void *arg);
	void *arg;
};

static int on_change(sd_event_source *source, const struct inotify_event *change, void *arg)
{
	struct dns_resolvers *resolvers = arg;

	(void)source;
	(void)change;
	sd_event_source_set_time_relative(resolvers->settled, SETTLE_AFTER);
	sd_event_source_set_enabled(resolvers->settled, SD_EVENT_ONESHOT);
	return 0;
}

static int on_settled(sd_event_source *source, uint64_t time, void *arg)
{
	struct dns_resolvers *resolvers = arg;

	(void)source;
	(void)time;
	dns_resolvers_look(resolvers);
	return 0;
}

static void watch(struct dns_resolvers *resolvers, sd_event *event)
{
	const char *const *place = resolvers_places();
	size_t i;

	for (i = 0; i < PLACES_MAX && place[i]; i++)
		if (sd_event_add_inotify(event, &resolvers->watched[i], place[i], CHANGES,
					 on_change, resolvers) < 0)
			resolvers->watched[i] = NULL;
}

int dns_resolvers_open(sd_event *event, void (*changed)(void *arg), void *arg,
		       struct dns_resolvers **result)
{
	struct dns_resolvers *resolvers = calloc(1, sizeof(*resolvers));
	int err;

	*result = NULL;
	if (!resolvers)
		return -ENOMEM;
	resolvers->changed = changed;
	resolvers->arg = arg;
	err = sd_event_add_time_relative(event, &resolvers->settled, CLOCK_MONOTONIC, SETTLE_AFTER,
					 0, on_settled, resolvers);
	if (err < 0) {
		free(resolvers);
		return err;
	}
	sd_event_source_set_enabled(resolvers->settled, SD_EVENT_OFF);
	watch(resolvers, event);
	resolvers_find("", &resolvers->now);
	*result = resolvers;
	return 0;
}

void dns_resolvers_close(struct dns_resolvers *resolvers)
{
	size_t i;

	if (!resolvers)
		return;
	for (i = 0; i < PLACES_MAX; i++)
		sd_event_source_disable_unref(resolvers->watched[i]);
	sd_event_source_disable_unref(resolvers->settled);
	free(resolvers);
}

void dns_resolvers_look(struct dns_resolvers *resolvers)
{
	struct resolvers found;

	resolvers_find("", &found);
	if (!memcmp(&found, &resolvers->now, sizeof(found)))
		return;
	resolvers->now = found;
	resolvers->changed(resolvers->arg);
}

const struct resolvers *dns_resolvers_now(const struct dns_resolvers *resolvers)
{
	return &resolvers->now;
}
