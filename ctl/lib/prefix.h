/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of a network as text: "10.0.0.0/8", "!10.9.0.0/16", "2001:db8::1". */
#ifndef PREFIX_H
#define PREFIX_H

#include <mseg/core.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of an entry as text, NUL included. */
#define PREFIX_TEXT_LEN 52

/**
 * prefix_parse() - read an entry (POLICY.md, "Parts")
 * @text: an address or CIDR, "!" before it excludes; host bits are cleared
 * @len: its bytes
 * @prefix: the entry
 * @cleared: whether host bits were set
 * @why: TEXT_WHY_LEN bytes, filled on error
 *
 * Return: 0 or -EINVAL.
 */
int prefix_parse(const char *text, size_t len, struct mseg_prefix *prefix, bool *cleared, char *why);

/**
 * prefix_format() - write an entry, the reverse of prefix_parse()
 * @prefix: the entry
 * @text: PREFIX_TEXT_LEN bytes; a single address stands without its length
 */
void prefix_format(const struct mseg_prefix *prefix, char *text);

/**
 * address_format() - write an address
 * @addr: network order, an IPv4 address in the first four bytes
 * @family: MSEG_FAMILY_IPV4 or MSEG_FAMILY_IPV6
 * @text: PREFIX_TEXT_LEN bytes
 */
void address_format(const uint8_t *addr, uint8_t family, char *text);

#endif /* PREFIX_H */
