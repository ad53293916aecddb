// SPDX-License-Identifier: GPL-2.0-or-later
/* libmicrohttpd as a part of an event loop. */
#include "loop.h"

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>

static int on_io(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	const struct httpd_loop *loop = arg;

	(void)source;
	(void)fd;
	(void)events;
	MHD_run(loop->daemon);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t time, void *arg)
{
	const struct httpd_loop *loop = arg;

	(void)source;
	(void)time;
	MHD_run(loop->daemon);
	return 0;
}

static uint64_t now_of(const struct httpd_loop *loop)
{
	uint64_t now = 0;

	sd_event_now(loop->event, CLOCK_MONOTONIC, &now);
	return now;
}

/* Behind every event: when libmicrohttpd wants to be run again by itself. */
static int on_after(sd_event_source *source, void *arg)
{
	struct httpd_loop *loop = arg;
	MHD_UNSIGNED_LONG_LONG wait;

	(void)source;
	/* What is resumed within MHD_run() is acted on by the next, of which it says nothing. */
	while (loop->resumed) {
		loop->resumed = false;
		MHD_run(loop->daemon);
	}
	if (MHD_get_timeout(loop->daemon, &wait) == MHD_YES) {
		sd_event_source_set_time(loop->timer, now_of(loop) + wait * 1000);
		sd_event_source_set_enabled(loop->timer, SD_EVENT_ONESHOT);
	} else {
		sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF);
	}
	return 0;
}

int httpd_loop_open(struct httpd_loop *loop, sd_event *event, struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int err;

	if (!info)
		return -EIO;
	loop->event = event;
	loop->daemon = daemon;
	err = sd_event_add_io(event, &loop->io, info->epoll_fd, EPOLLIN, on_io, loop);
	if (err >= 0)
		err = sd_event_add_time_relative(event, &loop->timer, CLOCK_MONOTONIC, 0, 1000,
						 on_timer, loop);
	if (err >= 0)
		err = sd_event_add_post(event, &loop->after, on_after, loop);
	return err < 0 ? err : 0;
}

void httpd_loop_close(struct httpd_loop *loop)
{
	loop->after = sd_event_source_disable_unref(loop->after);
	loop->timer = sd_event_source_disable_unref(loop->timer);
	loop->io = sd_event_source_disable_unref(loop->io);
}

void httpd_loop_resume(struct httpd_loop *loop, struct MHD_Connection *connection)
{
	loop->resumed = true;
	MHD_resume_connection(connection);
}
