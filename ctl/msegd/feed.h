/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flow records as they come: they get their names here, and go to the store and to those
 * who listen. What the module, or the way from it, lost is counted and stored as a hole.
 */
#ifndef FEED_H
#define FEED_H

#include "service.h"

struct feed;

/**
 * feed_open() - ask for flow records for as long as the service lives
 * @service: with its writer, or without
 * @feed: the result
 *
 * The module may come later, and go.
 *
 * Return: 0 or an error.
 */
int feed_open(struct service *service, struct feed **feed);

/**
 * feed_close() - take what has come so far, and ask for no more
 * @feed: may be NULL
 */
void feed_close(struct feed *feed);

#endif /* FEED_H */
