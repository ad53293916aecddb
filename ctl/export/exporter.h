/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One export, in a thread of its own. Records wait for it in a queue that has an end;
 * what does not fit is lost, and counted. A receiver that is gone or hangs is tried
 * again, later and later.
 */
#ifndef EXPORT_EXPORTER_H
#define EXPORT_EXPORTER_H

#include <stdint.h>

#include "records/record.h"
#include "target.h"

struct exporter;

/**
 * struct exporter_state - how an export fares
 * @target: where it goes
 * @sent: records, since it began
 * @lost: likewise; there was no room
 * @waiting: in the queue
 * @failures: how often its receiver could not be reached, or went
 * @connected: it can be sent to
 * @problem: why not, or ""
 */
struct exporter_state {
	const struct export_target *target;
	uint64_t sent;
	uint64_t lost;
	uint64_t waiting;
	uint64_t failures;
	bool connected;
	char problem[256];
};

/**
 * exporter_open() - begin
 * @target: copied
 * @exporter: the result
 *
 * Return: 0 or an error; that nobody receives is none.
 */
int exporter_open(const struct export_target *target, struct exporter **exporter);

/**
 * exporter_stop() - have it end soon, before it is closed: several do so at the same time
 * @exporter: may be NULL
 */
void exporter_stop(struct exporter *exporter);

/**
 * exporter_close() - send what waits if that goes at once, and end
 * @exporter: may be NULL
 */
void exporter_close(struct exporter *exporter);

/**
 * exporter_put() - export a record; never waits
 * @exporter: the export
 * @record: copied
 */
void exporter_put(struct exporter *exporter, const struct record *record);

/** exporter_state() - how it fares */
void exporter_state(struct exporter *exporter, struct exporter_state *state);

#endif /* EXPORT_EXPORTER_H */
