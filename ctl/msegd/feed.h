/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flow records as they come. The module makes them only while somebody asks for them. */
#ifndef FEED_H
#define FEED_H

#include <json-c/json.h>
#include <systemd/sd-event.h>

struct feed;

/**
 * feed_open() - ask for flow records
 * @event: the loop
 * @each: given each record, which it frees
 * @arg: handed to @each
 * @feed: the result
 *
 * Return: 0, -ENOENT without the module, or another error.
 */
int feed_open(sd_event *event, void (*each)(struct json_object *record, void *arg), void *arg,
	      struct feed **feed);

/**
 * feed_close() - ask for no more
 * @feed: may be NULL
 */
void feed_close(struct feed *feed);

#endif /* FEED_H */
