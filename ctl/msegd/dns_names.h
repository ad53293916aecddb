/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * By which name this host came to know an address: of the last answer that named it.
 * As many as there is room for; the one that is known longest gives way.
 */
#ifndef DNS_NAMES_H
#define DNS_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct dns_names;

/** dns_names_new() - know nothing; NULL without memory */
struct dns_names *dns_names_new(void);

/**
 * dns_names_free() - forget all
 * @names: may be NULL
 */
void dns_names_free(struct dns_names *names);

/**
 * dns_names_put() - an answer named an address
 * @names: what is known
 * @address: in text, as inet_ntop() writes it
 * @name: that was asked for
 * @lookup: its number
 */
void dns_names_put(struct dns_names *names, const char *address, const char *name, uint64_t lookup);

/**
 * dns_names_get() - the name of an address
 * @names: what is known; may be NULL
 * @address: network order, an IPv4 address in the first four bytes
 * @family: MSEG_FAMILY_IPV4 or MSEG_FAMILY_IPV6
 * @lookup: its number; may be NULL
 *
 * Return: the name, until the next call of dns_names_put(); NULL where it has none.
 */
const char *dns_names_get(const struct dns_names *names, const uint8_t *address, uint8_t family,
			  uint64_t *lookup);

#endif /* DNS_NAMES_H */
