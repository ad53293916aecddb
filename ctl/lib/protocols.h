/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of IP protocols, after IANA's registry. The table is compiled in, so
 * that a policy means the same on hosts with different /etc/protocols.
 */
#ifndef PROTOCOLS_H
#define PROTOCOLS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * protocol_number() - find a protocol by name
 * @name: IANA's keyword, or another name in use; case does not matter
 * @len: its bytes
 *
 * Return: the number, or -1.
 */
int protocol_number(const char *name, size_t len);

/**
 * protocol_name() - a protocol's name
 * @number: 0 to 255
 *
 * Return: in lower case, NULL where it has none.
 */
const char *protocol_name(unsigned int number);

/**
 * protocol_nearest() - the name that a misspelt one was meant to be
 * @name: the misspelt name
 * @len: its bytes
 *
 * Return: a name, or NULL where none is near.
 */
const char *protocol_nearest(const char *name, size_t len);

#endif /* PROTOCOLS_H */
