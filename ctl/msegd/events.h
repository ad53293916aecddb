/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Server-sent events: what happens, for those who listen. The newest are held, so that who
 * comes back with the ID of what he had last goes on behind it, or hears of a reset.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "records/query.h"
#include "request.h"

struct events;

/**
 * events_open() - begin without listeners
 * @event: the loop
 * @events: the result
 *
 * Return: 0 or an error.
 */
int events_open(sd_event *event, struct events **events);

/**
 * events_end() - end all streams; before the server's end
 * @events: may be NULL
 */
void events_end(struct events *events);

/**
 * events_tell_lost() - tell who hears flow records of some that were lost
 * @events: which
 * @where: as coverage has it
 * @lost: how many
 */
void events_tell_lost(struct events *events, const char *where, uint64_t lost);

/**
 * events_close() - forget; after the server's end
 * @events: may be NULL
 */
void events_close(struct events *events);

/**
 * events_join() - answer a request with the stream of events
 * @events: which
 * @request: the request
 * @query: with the flow records that it chooses; taken over; NULL for none
 * @dns: with DNS records
 * @whole: who asks may see all of a revision
 */
void events_join(struct events *events, struct request *request, struct query *query, bool dns,
		 bool whole);

/**
 * events_end_sessions() - end the streams of all sessions: who may, asks again
 * @events: which
 */
void events_end_sessions(struct events *events);

/**
 * events_end_session() - end the streams of a session
 * @events: which
 * @session: request.session, not 0
 */
void events_end_session(struct events *events, uint64_t session);

/**
 * events_tell() - tell all listeners
 * @events: which
 * @type: of the event
 * @data: freed
 */
void events_tell(struct events *events, const char *type, struct json_object *data);

/**
 * events_hear_dns() - whether anybody listens for DNS records, or may come back
 * @events: which
 */
bool events_hear_dns(const struct events *events);

/**
 * events_tell_dns() - tell those who listen for them of a DNS record
 * @events: which
 * @data: freed; NULL is nothing
 */
void events_tell_dns(struct events *events, struct json_object *data);

/**
 * events_tell_revision() - tell all listeners of a revision
 * @events: which
 * @whole: what they hear who may see all of it; freed
 * @part: what the others hear; freed
 */
void events_tell_revision(struct events *events, struct json_object *whole,
			  struct json_object *part);

/**
 * events_tell_flow() - tell those who listen for such flow records
 * @events: which
 * @record: the record
 */
void events_tell_flow(struct events *events, const struct record *record);

#endif /* EVENTS_H */
