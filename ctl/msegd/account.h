/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this host's own files know of a user: /etc/passwd, /etc/group. Nothing that may
 * not answer soon is asked.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "caller.h"

/**
 * account_exists() - whether /etc/passwd has a user
 * @uid: the user
 */
bool account_exists(uid_t uid);

/**
 * account_read() - somebody, by the name in /etc/passwd
 * @name: the name
 * @caller: filled; account_refresh() knows the groups
 *
 * Return: whether there is one.
 */
bool account_read(const char *name, struct caller *caller);

/**
 * account_refresh() - give a user the groups of this moment
 * @caller: a user who connected at some time; groups that /etc/group has are those that
 *	it gives the user now, others stay as they were
 *
 * Return: 0, or -ENOMEM.
 */
int account_refresh(struct caller *caller);

/**
 * account_of_service() - who runs a service that has a user of its own
 * @name: of the user: in /etc/passwd, or, while the service runs, systemd's DynamicUser
 * @uid: the result
 *
 * Return: whether there is one.
 */
bool account_of_service(const char *name, uid_t *uid);

#endif /* ACCOUNT_H */
