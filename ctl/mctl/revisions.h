/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Revisions of msegd's policy: confirming, going back. */
#ifndef REVISIONS_H
#define REVISIONS_H

#include "service.h"

/**
 * revisions_confirm() - keep the revision that is on trial
 * @context: the command
 * @generation: of it, or 0 for whichever it is
 *
 * Return: how the program ends.
 */
int revisions_confirm(const struct context *context, uint32_t generation);

/**
 * revisions_rollback() - make an earlier revision the newest again
 * @context: the command
 * @revision: its number; NULL is the one before
 * @change: options
 *
 * Return: how the program ends.
 */
int revisions_rollback(const struct context *context, const char *revision,
		       const struct service_change *change);

#endif /* REVISIONS_H */
