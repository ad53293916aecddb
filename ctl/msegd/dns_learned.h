/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the module has learned, written down: a machine that starts anew knows it again
 * until its time is over.
 */
#ifndef DNS_LEARNED_H
#define DNS_LEARNED_H

#include "lib/client.h"

/**
 * dns_learned_save() - write down what the module has learned
 * @client: a connection
 * @file: where, replaced as a whole
 *
 * Return: 0 or an error; the file then stays as it was.
 */
int dns_learned_save(struct client *client, const char *file);

/**
 * dns_learned_restore() - have the module learn what was written down
 * @client: a connection
 * @file: where; none is no error
 *
 * What is over, and what is no such thing, is passed over.
 *
 * Return: 0 or an error.
 */
int dns_learned_restore(struct client *client, const char *file);

#endif /* DNS_LEARNED_H */
