/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The entries of a network, as a document lists them. */
#ifndef ENTRY_LIST_H
#define ENTRY_LIST_H

#include "doc.h"

#include <mseg/core.h>

#include <stdbool.h>
#include <stdint.h>

/**
 * entry_read() - read an entry
 * @value: should be a string
 * @prefix: the entry
 * @diag: told of what is wrong, and of host bits that were cleared
 *
 * Return: whether it is an address or CIDR, perhaps with "!" before it.
 */
bool entry_read(const struct doc_value *value, struct mseg_prefix *prefix, struct diag *diag);

/**
 * entry_is_domain() - whether an entry is rather a domain name than an address
 * @value: may be anything
 */
bool entry_is_domain(const struct doc_value *value);

/**
 * entry_read_domain() - read an entry that is a domain name
 * @value: of which entry_is_domain() is true
 * @name: DOMAIN_LEN bytes, the result
 * @diag: told of what is wrong
 *
 * Return: whether it is one.
 */
bool entry_read_domain(const struct doc_value *value, char *name, struct diag *diag);

/**
 * entries_sift() - judge the entries of a network by each other
 * @entries: the entries
 * @values: where they come from
 * @n: how many
 * @keep: false for those that are repeated or wrong
 * @diag: told of both, the first as a warning
 *
 * Return: 0 or -ENOMEM.
 */
int entries_sift(const struct mseg_prefix *entries, const struct doc_value *const *values,
		 uint32_t n, bool *keep, struct diag *diag);

#endif /* ENTRY_LIST_H */
