/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libmicrohttpd as a part of an event loop. It has an epoll descriptor of its own,
 * which is one event source here; it never waits by itself.
 */
#ifndef HTTPD_LOOP_H
#define HTTPD_LOOP_H

#include <microhttpd.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

/**
 * struct httpd_loop - a daemon in a loop
 * @event: the loop
 * @daemon: without threads, with MHD_USE_EPOLL
 * @io: its descriptor
 * @timer: when it wants to be run again by itself
 * @after: behind every event
 * @resumed: a connection was resumed that libmicrohttpd has not looked at since
 */
struct httpd_loop {
	sd_event *event;
	struct MHD_Daemon *daemon;
	sd_event_source *io;
	sd_event_source *timer;
	sd_event_source *after;
	bool resumed;
};

/**
 * httpd_loop_open() - run a daemon whenever it wants to be run
 * @loop: zeros; httpd_loop_close() it, after an error too
 * @event: the loop, which outlives it
 * @daemon: stays the caller's
 *
 * Return: 0 or an error.
 */
int httpd_loop_open(struct httpd_loop *loop, sd_event *event, struct MHD_Daemon *daemon);

/** httpd_loop_close() - run it no more */
void httpd_loop_close(struct httpd_loop *loop);

/**
 * httpd_loop_resume() - let a suspended connection go on, within MHD_run() too
 * @loop: its daemon's
 * @connection: suspended
 */
void httpd_loop_resume(struct httpd_loop *loop, struct MHD_Connection *connection);

#endif /* HTTPD_LOOP_H */
