/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service's parts, and what it knows of the kernel's state. */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "config.h"
#include "digest.h"
#include "draft.h"
#include "enforce.h"
#include "events.h"
#include "store.h"

struct dns;
struct exports;
struct metrics;
struct oidc_nonces;
struct readers;
struct sessions;
struct staged;

/**
 * struct service - the service
 * @event: the loop
 * @config: who may do what
 * @store: objects and revisions
 * @now: what the newest revision holds
 * @enforce: the kernel
 * @events: who listens to what happens
 * @dns: names; NULL where it could not be opened
 * @sessions: for whom the console stands
 * @nonces: of logins by OpenID Connect
 * @staged: a document that was prepared
 * @records: directory of the flow records' files
 * @readers: read them
 * @writer: stores them
 * @exports: send them elsewhere
 * @feed: hears them
 * @metrics: who listens for those who want to know how all fares, or NULL
 * @enforced: the revision that the kernel enforces, 0 for none
 * @generation: the kernel's number for it
 * @digest: of the policy that is in force, where it is known
 * @instance: enforce_instance() then
 * @on_trial: @enforced awaits confirmation
 * @overdue: its time is over, which the store does not know yet
 * @unsettled: the newest revision could not be put in force; to be tried again
 * @problem: what keeps the kernel from enforcing the newest revision, or ""
 */
struct service {
	sd_event *event;
	struct config *config;
	struct store *store;
	struct draft now;
	struct enforce *enforce;
	struct events *events;
	struct dns *dns;
	struct sessions *sessions;
	struct oidc_nonces *nonces;
	struct staged *staged;
	char *records;
	struct readers *readers;
	struct writer *writer;
	struct exports *exports;
	struct feed *feed;
	struct metrics *metrics;
	uint64_t enforced;
	uint32_t generation;
	struct digest digest;
	unsigned int instance;
	bool on_trial;
	bool overdue;
	bool unsettled;
	char problem[256];
};

#endif /* SERVICE_H */
