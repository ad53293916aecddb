/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the records in threads of their own, so that neither a page of flows nor
 * a map of ten million of them holds up the loop. Questions wait in a queue that has
 * an end; one that nobody waits for any more is given up.
 */
#ifndef READERS_H
#define READERS_H

#include "question.h"
#include "request.h"

struct readers;

/**
 * typedef reading - reads what a question asks for; runs in a thread
 * @question: the question
 * @result: the result
 *
 * Return: 0 or an error of records/reader.h.
 */
typedef int reading(const struct question *question, struct json_object **result);

/**
 * readers_open() - start the threads
 * @event: the loop
 * @readers: the result
 *
 * Return: 0 or an error.
 */
int readers_open(sd_event *event, struct readers **readers);

/**
 * readers_close() - give up what is asked, which is answered so, and end the threads
 * @readers: may be NULL
 */
void readers_close(struct readers *readers);

/**
 * readers_ask() - answer a request later
 * @readers: NULL where there are none: it is refused
 * @request: the request
 * @question: taken over
 * @read: what answers it
 */
void readers_ask(struct readers *readers, struct request *request, struct question *question,
		 reading *read);

#endif /* READERS_H */
