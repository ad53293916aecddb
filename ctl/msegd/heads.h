/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom outgoing connections say that they are for: read from the first bytes that they
 * send, and known as long as they live. Nothing is decided by it: whoever connects may
 * say what he likes.
 */
#ifndef HEADS_H
#define HEADS_H

#include <linux/mseg.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

struct heads;

/**
 * heads_new() - hear nothing yet
 * @event: the loop
 * @named: told the last record of a connection whose name was not known with it
 * @arg: handed to @named
 *
 * Return: NULL without memory.
 */
struct heads *heads_new(sd_event *event,
			void (*named)(const struct mseg_flow_record *record, void *arg), void *arg);

/**
 * heads_free() - end
 * @heads: may be NULL
 */
void heads_free(struct heads *heads);

/**
 * heads_hear() - hear what connections send first, or no more of it
 * @heads: which
 * @instance: enforce_instance(); 0 without the module
 * @wanted: the configuration's
 *
 * To be called now and then; what is as it should be stays so.
 */
void heads_hear(struct heads *heads, unsigned int instance, bool wanted);

/**
 * heads_note() - a connection's record was taken
 * @heads: which
 * @record: its last one is told when its name is known
 */
void heads_note(struct heads *heads, const struct mseg_flow_record *record);

/**
 * heads_name() - whom a connection says that it is for
 * @heads: which
 * @connection: the module's number of it
 *
 * Return: the name, until the next call of heads_note() or the loop's next turn; or NULL.
 */
const char *heads_name(const struct heads *heads, uint64_t connection);

#endif /* HEADS_H */
