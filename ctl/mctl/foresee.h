/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a change of policy is about to do to whoever makes it, told before it is made. */
#ifndef FORESEE_H
#define FORESEE_H

#include <mseg/core.h>

#include "lib/client.h"
#include "lib/flat.h"
#include "lib/txn.h"

/**
 * foresee_load() - tell of the policy of a file
 * @client: a connection
 * @flat: what is about to be loaded
 * @options: how
 *
 * On standard error: that a direction begins to reject without a trial, that
 * enforcement ends, and who is connected by SSH and would be rejected. What cannot be
 * read is left for the change itself to fail on.
 */
void foresee_load(struct client *client, const struct flat *flat, const struct txn_options *options);

/**
 * foresee_read() - as foresee_load(), of a policy that the module has
 * @client: a connection
 * @parts: KERNEL_CANDIDATE or 0, which is the policy in force
 * @actions: by direction, the default that it is about to get; negative where it keeps
 *	its own
 * @options: how
 */
void foresee_read(struct client *client, unsigned int parts, const int actions[2],
		  const struct txn_options *options);

#endif /* FORESEE_H */
