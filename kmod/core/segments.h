/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One network's addresses of one family as sorted, disjoint segments, each with
 * the length of the entry that decides for it.
 */
#ifndef MSEG_SEGMENTS_H
#define MSEG_SEGMENTS_H

#include <mseg/core.h>
#include "port.h"

/** No entry of the network covers the segment's addresses. */
#define MSEG_NOT_COVERED (-1)

/** Or'ed to the length of the entry that decides: it is an exclusion. */
#define MSEG_EXCLUDED 0x100

/**
 * mseg_segments_build() - lay out a network's prefixes of one family
 * @network: its prefixes are not changed
 * @family: MSEG_FAMILY_IPV4 or MSEG_FAMILY_IPV6
 * @result: the segments, NULL where the network has no such prefix
 * @refusal: why and entry are filled on -EINVAL
 *
 * Return: 0, -EINVAL (an exclusion that is not strictly inside an entry, or a
 * prefix both included and excluded) or -ENOMEM. May sleep.
 */
int mseg_segments_build(const struct mseg_network *network, u8 family,
			struct mseg_segments **result, struct mseg_refusal *refusal);

/**
 * mseg_segments_count() - how many segments
 * @segments: may be NULL
 *
 * Return: their number.
 */
u32 mseg_segments_count(const struct mseg_segments *segments);

/**
 * mseg_segments_get() - one segment
 * @segments: built
 * @i: less than their number; they ascend
 * @addr: set to its first address
 *
 * Return: the length of the entry that decides for it, with MSEG_EXCLUDED if that is an
 * exclusion, or MSEG_NOT_COVERED.
 */
int mseg_segments_get(const struct mseg_segments *segments, u32 i, u8 *addr);

/**
 * mseg_segments_free() - free segments
 * @segments: may be NULL
 */
void mseg_segments_free(struct mseg_segments *segments);

#endif /* MSEG_SEGMENTS_H */
