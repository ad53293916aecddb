// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a network's entries must be to each other.
 *
 * Sorted by address and then length, a prefix comes right behind those that
 * hold it, so that one pass with a stack of the open ones sees all pairs.
 */
#include "entries.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Prefixes that hold one address: at most one of each length. */
#define OPEN_MAX 129

struct sorted {
	const struct mseg_prefix *entry;
	uint32_t index;
};

static int compare(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	int order = x->entry->family - y->entry->family;

	if (!order)
		order = memcmp(x->entry->addr, y->entry->addr, MSEG_ADDR_LEN);
	if (!order)
		order = x->entry->len - y->entry->len;
	if (!order)
		order = x->index < y->index ? -1 : 1;
	return order;
}

static bool holds(const struct mseg_prefix *outer, const struct mseg_prefix *inner)
{
	unsigned int bytes = outer->len / 8, bits = outer->len % 8;

	if (outer->family != inner->family || outer->len > inner->len ||
	    memcmp(outer->addr, inner->addr, bytes))
		return false;
	return !bits || !((outer->addr[bytes] ^ inner->addr[bytes]) >> (8 - bits));
}

static bool same_prefix(const struct mseg_prefix *a, const struct mseg_prefix *b)
{
	return a->len == b->len && holds(a, b);
}

/* Judge one entry by those that hold it; only the first of equals is there. */
static enum entry_fault judge(const struct mseg_prefix *entry, const struct mseg_prefix **open,
			      unsigned int n)
{
	unsigned int i;

	if (n && same_prefix(open[n - 1], entry))
		return open[n - 1]->exclude == entry->exclude ? ENTRY_REPEATED : ENTRY_CONTRADICTED;
	if (!entry->exclude)
		return ENTRY_FINE;
	for (i = 0; i < n; i++)
		if (!open[i]->exclude)
			return ENTRY_FINE;
	return ENTRY_OUTSIDE;
}

int entries_check(const struct mseg_prefix *entries, uint32_t n, enum entry_fault *faults)
{
	struct sorted *sorted = calloc((size_t)n + 1, sizeof(*sorted));
	const struct mseg_prefix *open[OPEN_MAX];
	unsigned int n_open = 0;
	uint32_t i;

	if (!sorted)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		sorted[i] = (struct sorted){ &entries[i], i };
	qsort(sorted, n, sizeof(*sorted), compare);
	for (i = 0; i < n; i++) {
		const struct mseg_prefix *entry = sorted[i].entry;
		enum entry_fault *fault = &faults[sorted[i].index];

		while (n_open && !holds(open[n_open - 1], entry))
			n_open--;
		*fault = judge(entry, open, n_open);
		if (*fault == ENTRY_FINE || *fault == ENTRY_OUTSIDE)
			open[n_open++] = entry;
	}
	free(sorted);
	return 0;
}
