// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: bytes are what a client sends first. A name that comes out of it is
 * harmless text within its bounds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "msegd/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char harmless[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	char name[HEAD_NAME_LEN];

	if (head_read(data, size, name) != HEAD_NAMED)
		return 0;
	if (!memchr(name, '\0', sizeof(name)) || !*name || name[strspn(name, harmless)])
		abort();
	return 0;
}
