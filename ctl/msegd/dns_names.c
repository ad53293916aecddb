// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of addresses: a table of sets, each of which forgets for itself. */
#include "dns_names.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/resolvers.h"

#define SETS 8192
#define WAYS 8

struct entry {
	struct resolver address;
	/* NULL where the place is free. */
	char *name;
	uint64_t lookup;
};

struct dns_names {
	struct entry sets[SETS][WAYS];
	/* So that nobody who answers chooses what gives way. */
	uint64_t key;
};

struct dns_names *dns_names_new(void)
{
	struct dns_names *names = calloc(1, sizeof(*names));

	if (names && getrandom(&names->key, sizeof(names->key), 0) != sizeof(names->key)) {
		free(names);
		names = NULL;
	}
	return names;
}

void dns_names_free(struct dns_names *names)
{
	size_t i, j;

	for (i = 0; names && i < SETS; i++)
		for (j = 0; j < WAYS; j++)
			free(names->sets[i][j].name);
	free(names);
}

static size_t set_of(const struct dns_names *names, const struct resolver *address)
{
	uint64_t half[2], hash = names->key;
	size_t i;

	memcpy(half, address->addr, sizeof(half));
	for (i = 0; i < 2; i++) {
		hash = (hash ^ half[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return (hash * 0xbf58476d1ce4e5b9ULL >> 40) % SETS;
}

static struct entry *find(struct entry *set, const struct resolver *address)
{
	size_t i;

	for (i = 0; i < WAYS; i++)
		if (set[i].name && resolver_is_same(&set[i].address, address))
			return &set[i];
	return NULL;
}

static struct entry *oldest(struct entry *set)
{
	struct entry *best = set;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		if (!set[i].name)
			return &set[i];
		if (set[i].lookup < best->lookup)
			best = &set[i];
	}
	return best;
}

void dns_names_put(struct dns_names *names, const char *address, const char *name, uint64_t lookup)
{
	struct resolver key;
	struct entry *set, *entry;
	char *copy;

	if (!resolver_parse(address, &key))
		return;
	set = names->sets[set_of(names, &key)];
	entry = find(set, &key);
	if (entry && !strcmp(entry->name, name)) {
		entry->lookup = lookup;
		return;
	}
	copy = strdup(name);
	if (!copy)
		return;
	if (!entry)
		entry = oldest(set);
	free(entry->name);
	entry->address = key;
	entry->name = copy;
	entry->lookup = lookup;
}

const char *dns_names_get(const struct dns_names *names, const uint8_t *address, uint8_t family,
			  uint64_t *lookup)
{
	struct resolver key = { .family = family };
	const struct entry *entry;

	if (!names)
		return NULL;
	memcpy(key.addr, address, family == MSEG_FAMILY_IPV4 ? 4 : 16);
	entry = find((struct entry *)names->sets[set_of(names, &key)], &key);
	if (!entry)
		return NULL;
	if (lookup)
		*lookup = entry->lookup;
	return entry->name;
}
