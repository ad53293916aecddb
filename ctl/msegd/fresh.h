/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a store begins with: the namespace "/", and in it the enforcer of this host. */
#ifndef FRESH_H
#define FRESH_H

#include "store.h"

/**
 * fresh_fill() - make the first revision
 * @store: without any
 *
 * Return: 0 or an error of the store's.
 */
int fresh_fill(struct store *store);

#endif /* FRESH_H */
