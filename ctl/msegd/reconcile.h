/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bringing kernel and store together: at start, when the module appears, and when
 * a trial ends. What the kernel enforces stays in force until something newer is
 * ready.
 */
#ifndef RECONCILE_H
#define RECONCILE_H

#include "changes.h"
#include "request.h"
#include "service.h"

/** Seconds that the kernel waits for the store before it goes back by itself. */
#define RECONCILE_PATIENCE 30

/**
 * reconcile() - have the kernel enforce the newest revision
 * @service: the service
 *
 * A store that nobody has changed yet leaves the kernel alone.
 */
void reconcile(struct service *service);

/**
 * reconcile_follow() - see what happened to the kernel without our doing: the time
 *	of a trial may be over, the module gone or there at last
 * @service: the service
 */
void reconcile_follow(struct service *service);

/**
 * reconcile_confirm() - keep the revision that is on trial, and answer
 * @service: the service
 * @request: answered
 */
void reconcile_confirm(struct service *service, struct request *request);

/**
 * reconcile_end_trial() - go back from the revision that is on trial
 * @service: the service
 * @author: uid, user and reason of the revision that says so
 *
 * Return: 0 or an error.
 */
int reconcile_end_trial(struct service *service, const struct store_revision *author);

/**
 * reconcile_difference() - what leads from one revision to another
 * @service: the service
 * @from: a revision
 * @to: another one
 * @changes: added to
 *
 * Return: 0 or an error.
 */
int reconcile_difference(struct service *service, uint64_t from, uint64_t to,
			 struct changes *changes);

#endif /* RECONCILE_H */
