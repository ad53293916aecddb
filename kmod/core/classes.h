/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses of one family by what holds them: a class is a set of networks, each
 * with the length of its entry that decides. Many addresses share few classes.
 */
#ifndef MSEG_CLASSES_H
#define MSEG_CLASSES_H

#include <mseg/core.h>
#include "port.h"

/**
 * struct mseg_member - a network that holds a class's addresses
 * @network: its index
 * @len: of its longest entry that covers them
 */
struct mseg_member {
	u32 network;
	u32 len;
};

/**
 * struct mseg_class - what holds an address
 * @n: how many networks
 * @member: they, in no order
 */
struct mseg_class {
	u32 n;
	const struct mseg_member *member;
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
 * Return: 0, -E2BIG (MSEG_MAX_OVERLAP, MSEG_MAX_MEMBERS) or -ENOMEM.
 */
int mseg_classes_build(const struct mseg_policy *policy, u32 family, struct mseg_classes **result,
		       struct mseg_refusal *refusal);

/**
 * mseg_classes_find() - what holds an address
 * @classes: built
 * @addr: MSEG_ADDR_LEN bytes, network order
 *
 * Any context.
 *
 * Return: the class; of no network where none holds the address.
 */
struct mseg_class mseg_classes_find(const struct mseg_classes *classes, const u8 *addr);

/**
 * mseg_classes_free() - free classes
 * @classes: nobody reads them any more; may be NULL
 */
void mseg_classes_free(struct mseg_classes *classes);

#endif /* MSEG_CLASSES_H */
