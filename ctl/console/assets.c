// SPDX-License-Identifier: GPL-2.0-or-later
/* The application's files. */
#include "assets.h"

#include <string.h>

/* Each is put into the program twice, as it is and packed. */
#define ASSET(n, path, type, file, packed, etag, immutable)                             \
	__asm__(".section .rodata\n"                                                    \
		"asset_" #n ":\n.incbin \"" file "\"\nasset_" #n "_end:\n.byte 0\n"     \
		"packed_" #n ":\n.incbin \"" packed "\"\npacked_" #n "_end:\n.byte 0\n" \
		".previous\n");                                                         \
	extern const unsigned char asset_##n[], asset_##n##_end[], packed_##n[], packed_##n##_end[];
#include "console_assets.h"
#undef ASSET

#define ASSET(n, path, type, file, packed, etag, immutable)                                 \
	{ path, type,	  { asset_##n, asset_##n##_end }, { packed_##n, packed_##n##_end }, \
	  etag, immutable },
static const struct asset table[] = {
#include "console_assets.h"
	{ 0 },
};

const struct asset *assets_find(const char *path)
{
	const struct asset *asset;

	if (!strchr(path, '.'))
		path = "/index.html";
	for (asset = table; asset->path; asset++)
		if (!strcmp(asset->path, path))
			return asset;
	return NULL;
}
