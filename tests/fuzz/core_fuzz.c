// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: bytes choose a policy and keys, which the core and the
 * reference must judge alike.
 */
#include "../unit/core_compare.h"

#include <stdlib.h>

#define KEYS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choices choices = { .bytes = data, .left = size };
	struct compared compared = { 0 };

	if (!compare(&choices, KEYS, &compared))
		abort();
	return 0;
}
