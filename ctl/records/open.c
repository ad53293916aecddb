// SPDX-License-Identifier: GPL-2.0-or-later
/* Connections that may send another record. */
#include "open.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 4

struct open_flows {
	uint64_t clock;
	uint32_t sets;
	struct open_flow flows[][WAYS];
};

struct open_flows *open_new(uint32_t sets)
{
	struct open_flows *open = calloc(1, sizeof(*open) + sets * sizeof(open->flows[0]));

	if (open)
		open->sets = sets;
	return open;
}

void open_free(struct open_flows *open)
{
	free(open);
}

struct open_flow *open_get(struct open_flows *open, uint64_t connection, uint64_t first)
{
	/* Numbers are the module's own, and ascend: they spread evenly. */
	struct open_flow *set = open->flows[connection % open->sets], *oldest = set;
	unsigned int i;

	for (i = 0; i < WAYS; i++) {
		if (set[i].connection == connection && set[i].first == first) {
			set[i].used = ++open->clock;
			return &set[i];
		}
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->connection = connection;
	oldest->first = first;
	oldest->used = ++open->clock;
	return oldest;
}
