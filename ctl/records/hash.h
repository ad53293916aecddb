/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SipHash-2-4 (Aumasson and Bernstein): who chooses what is hashed cannot choose the hash. */
#ifndef RECORDS_HASH_H
#define RECORDS_HASH_H

#include <stddef.h>
#include <stdint.h>

/** struct hash_key - a secret */
struct hash_key {
	uint64_t k[2];
};

/**
 * hash_bytes() - hash bytes
 * @key: the secret
 * @data: what
 * @len: its bytes
 */
uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len);

#endif /* RECORDS_HASH_H */
