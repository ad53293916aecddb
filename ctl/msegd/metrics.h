/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How all fares, in numbers, in Prometheus' text format: at /metrics of the API's socket,
 * and of a port of loopback where mseg.conf says so. There are no names of peers, rules
 * or users in it: whoever is on the host may read it.
 */
#ifndef METRICS_H
#define METRICS_H

#include "request.h"
#include "service.h"

struct metrics;

/** metrics_get() - GET /metrics */
void metrics_get(struct service *service, struct request *request);

/**
 * metrics_open() - listen where mseg.conf says
 * @service: the service
 * @metrics: the result; NULL where nothing is said
 *
 * Return: 0 or an error.
 */
int metrics_open(struct service *service, struct metrics **metrics);

/**
 * metrics_close() - listen no more
 * @metrics: may be NULL
 */
void metrics_close(struct metrics *metrics);

#endif /* METRICS_H */
