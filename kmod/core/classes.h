/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of one family by what holds them: a class is a set of networks, each
 * with the length of its entry that decides. Many addresses share few classes.
 */
#ifndef MSEG_CLASSES_H
#define MSEG_CLASSES_H

#include <mseg/core.h>
#include "map.h"
#include "port.h"

/**
 * struct mseg_member - a network that a class's addresses are in, or taken out of
 * @network: its index
 * @state: the length of its longest entry that covers them, with MSEG_EXCLUDED if
 *	that is an exclusion
 */
struct mseg_member {
	u32 network;
	u32 state;
};

/**
 * struct mseg_class - what holds an address
 * @n: how many networks
 * @n_all: with those that exclude it
 * @member: they, those that exclude it last, and each kind by its index
 * @hash: of the members, in no order
 * @next: another class in the same bucket of the table
 */
struct mseg_class {
	u32 n;
	u32 n_all;
	u64 hash;
	struct mseg_class *next;
	struct mseg_member member[];
};

struct mseg_class_table;

/**
 * struct mseg_classes - the addresses of one family
 * @map: their classes
 * @table: all classes
 */
struct mseg_classes {
	struct mseg_map map;
	struct mseg_class_table *table;
};

/**
 * mseg_classes_build() - lay out the addresses of one family
 * @policy: its networks have their segments and rows
 * @family: 0 for IPv4, 1 for IPv6, as in struct mseg_network
 * @result: the classes
 * @refusal: filled on error
 *
 * Networks that no rule names are left out. May sleep.
 *
 * Return: 0, -E2BIG (MSEG_MAX_OVERLAP, MSEG_MAX_MEMBERS, MSEG_MAX_MAP_BYTES) or
 * -ENOMEM.
 */
int mseg_classes_build(const struct mseg_policy *policy, u32 family, struct mseg_classes **result,
		       struct mseg_refusal *refusal);

/**
 * struct mseg_move - what becomes of a network's addresses in a prefix
 * @network: index; a rule names it
 * @prefix: an entry that was added or removed
 * @removed: it was removed
 * @state: as in struct mseg_member, of the addresses that the entry decides for now,
 *	or after it was removed of those that it decided for; or MSEG_NOT_COVERED
 */
struct mseg_move {
	u32 network;
	const struct mseg_prefix *prefix;
	bool removed;
	int state;
};

/**
 * mseg_classes_move() - follow an entry that was added or removed
 * @classes: of the entry's family; the map gets another root
 * @change: the nodes are added to
 * @move: what becomes of it
 * @refusal: filled on error
 *
 * May sleep. Classes that were needed stay in the table.
 *
 * Return: 0, or as mseg_classes_build(); then the map is as it was.
 */
int mseg_classes_move(struct mseg_classes *classes, struct mseg_map_change *change,
		      const struct mseg_move *move, struct mseg_refusal *refusal);

/**
 * mseg_classes_free() - free classes
 * @classes: nobody reads them any more; may be NULL
 * @family: as they were built
 */
void mseg_classes_free(struct mseg_classes *classes, u32 family);

#endif /* MSEG_CLASSES_H */
