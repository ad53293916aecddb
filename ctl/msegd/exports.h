/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exports of mseg.conf, all together. */
#ifndef EXPORTS_H
#define EXPORTS_H

#include <json-c/json.h>

#include "export/exporter.h"

struct exports;

/** exports_new() - none yet; NULL without memory */
struct exports *exports_new(void);

/**
 * exports_free() - end all
 * @exports: may be NULL
 */
void exports_free(struct exports *exports);

/**
 * exports_set() - have others
 * @exports: those that stay as they are go on
 * @targets: which
 * @n: how many, EXPORTS_MAX at most
 */
void exports_set(struct exports *exports, const struct export_target *targets, unsigned int n);

/** exports_put() - export a record; never waits */
void exports_put(struct exports *exports, const struct record *record);

/**
 * exports_each() - go through them
 * @exports: all
 * @each: called with the state of each
 * @arg: handed to @each
 */
void exports_each(struct exports *exports,
		  void (*each)(const struct exporter_state *state, void *arg), void *arg);

/** exports_json() - how they fare: a list; NULL without memory */
struct json_object *exports_json(struct exports *exports);

#endif /* EXPORTS_H */
