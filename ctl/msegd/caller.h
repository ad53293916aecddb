/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks, as the kernel knows it of the socket. */
#ifndef CALLER_H
#define CALLER_H

#include <stdbool.h>
#include <sys/types.h>

/** Bytes of a user's name, with the NUL. */
#define CALLER_USER_SIZE 64

/**
 * struct caller - the process that connected
 * @uid: its effective user when it did
 * @gid: and group
 * @groups: its supplementary ones
 * @n_groups: how many
 * @user: the user's name, or its number where that is not known
 */
struct caller {
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	unsigned int n_groups;
	char user[CALLER_USER_SIZE];
};

/**
 * caller_read() - read who is at the other end of a UNIX socket
 * @fd: the connection
 * @caller: the result; caller_free() it. The user is its number until
 *	config_name_caller()
 *
 * Return: 0 or an error.
 */
int caller_read(int fd, struct caller *caller);

/**
 * caller_copy() - another one of the same
 * @to: the result; caller_free() it
 * @from: whom
 *
 * Return: 0 or -ENOMEM.
 */
int caller_copy(struct caller *to, const struct caller *from);

/**
 * caller_free() - free what caller_read() filled
 * @caller: may be zeros
 */
void caller_free(struct caller *caller);

/**
 * caller_in_group() - whether a caller is in a group
 * @caller: who
 * @gid: the group
 */
bool caller_in_group(const struct caller *caller, gid_t gid);

#endif /* CALLER_H */
