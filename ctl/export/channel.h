/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A way to a receiver, whom nobody waits for longer than for some seconds. */
#ifndef EXPORT_CHANNEL_H
#define EXPORT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target.h"

/**
 * struct channel - a way
 * @target: where it leads
 * @stop: readable once nothing may be waited for any more
 * @end_by: CLOCK_MONOTONIC in milliseconds, once @stop was seen; 0 before
 * @fd: -1 while it is closed
 */
struct channel {
	const struct export_target *target;
	int stop;
	int64_t end_by;
	int fd;
};

/**
 * channel_open() - open it
 * @channel: closed
 *
 * Return: 0 or an error.
 */
int channel_open(struct channel *channel);

/** channel_close() - close it, if it is open */
void channel_close(struct channel *channel);

/**
 * channel_check() - whether its other end is still there
 * @channel: open
 *
 * Return: 0; -ESTALE where a file was moved away; or an error.
 */
int channel_check(struct channel *channel);

/**
 * channel_send() - send a message
 * @channel: open
 * @data: the message; a datagram where it is sent by datagrams
 * @len: its bytes
 *
 * Return: 0, or an error behind which the channel is to be closed.
 */
int channel_send(struct channel *channel, const char *data, size_t len);

/** channel_is_datagram() - whether messages are sent by datagrams */
bool channel_is_datagram(const struct channel *channel);

#endif /* EXPORT_CHANNEL_H */
