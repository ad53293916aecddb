// SPDX-License-Identifier: GPL-2.0-or-later
/* Who asks. */
#include "caller.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The kernel says how much room they need. */
static int read_groups(int fd, struct caller *caller)
{
	socklen_t len = 0;

	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len))
		return 0; /* none */
	if (errno != ERANGE)
		return -errno;
	caller->groups = malloc(len);
	if (!caller->groups)
		return -ENOMEM;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, caller->groups, &len))
		return -errno;
	caller->n_groups = len / sizeof(*caller->groups);
	return 0;
}

int caller_read(int fd, struct caller *caller)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);
	int err;

	memset(caller, 0, sizeof(*caller));
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len))
		return -errno;
	caller->uid = credentials.uid;
	caller->gid = credentials.gid;
	err = read_groups(fd, caller);
	if (err)
		caller_free(caller);
	else
		snprintf(caller->user, sizeof(caller->user), "%u", caller->uid);
	return err;
}

int caller_copy(struct caller *to, const struct caller *from)
{
	size_t size = from->n_groups * sizeof(*from->groups);

	*to = *from;
	to->groups = malloc(size ? size : 1);
	if (!to->groups) {
		memset(to, 0, sizeof(*to));
		return -ENOMEM;
	}
	if (size)
		memcpy(to->groups, from->groups, size);
	return 0;
}

void caller_free(struct caller *caller)
{
	free(caller->groups);
	memset(caller, 0, sizeof(*caller));
}

bool caller_in_group(const struct caller *caller, gid_t gid)
{
	unsigned int i;

	if (caller->gid == gid)
		return true;
	for (i = 0; i < caller->n_groups; i++)
		if (caller->groups[i] == gid)
			return true;
	return false;
}
