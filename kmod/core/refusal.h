/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saying why a policy is refused. */
#ifndef MSEG_REFUSAL_H
#define MSEG_REFUSAL_H

#include <mseg/core.h>
#include "port.h"

/**
 * mseg_refuse() - refuse a policy, for nothing of one network alone
 * @refusal: filled
 * @err: negative errno
 * @why: a sentence, in memory that never goes
 *
 * Return: @err.
 */
static inline int mseg_refuse(struct mseg_refusal *refusal, int err, const char *why)
{
	*refusal = (struct mseg_refusal){ why, MSEG_ID_NONE, MSEG_ID_NONE };
	return err;
}

/** mseg_refuse_no_memory() - the same for want of memory. Return: -ENOMEM. */
static inline int mseg_refuse_no_memory(struct mseg_refusal *refusal)
{
	return mseg_refuse(refusal, -ENOMEM, "out of memory");
}

#endif /* MSEG_REFUSAL_H */
