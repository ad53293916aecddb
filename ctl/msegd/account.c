// SPDX-License-Identifier: GPL-2.0-or-later
/* What this host's own files know of a user. */
#include "account.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lines of a file that are looked at. */
#define LINES_MAX 65536

/* Where systemd says whom it gave a number to: a link for each name. */
#define DYNAMIC_USERS "/run/systemd/dynamic-uid/direct:"

static const struct passwd *find(bool (*is_it)(const struct passwd *entry, const void *arg),
				 const void *arg)
{
	FILE *in = fopen("/etc/passwd", "re");
	const struct passwd *entry = NULL;
	unsigned int n;

	for (n = 0; in && n < LINES_MAX; n++) {
		entry = fgetpwent(in);
		if (!entry || is_it(entry, arg))
			break;
		entry = NULL;
	}
	if (in)
		fclose(in);
	return entry;
}

static bool has_uid(const struct passwd *entry, const void *uid)
{
	return entry->pw_uid == *(const uid_t *)uid;
}

static bool has_name(const struct passwd *entry, const void *name)
{
	return !strcmp(entry->pw_name, name);
}

bool account_exists(uid_t uid)
{
	return find(has_uid, &uid);
}

bool account_read(const char *name, struct caller *caller)
{
	const struct passwd *user = find(has_name, name);

	if (!user || strlen(name) >= sizeof(caller->user))
		return false;
	*caller = (struct caller){ .uid = user->pw_uid, .gid = user->pw_gid };
	snprintf(caller->user, sizeof(caller->user), "%s", name);
	return true;
}

/* --- groups --------------------------------------------------------------- */

struct groups {
	gid_t *ids;
	unsigned int n;
	/* Those of the caller that /etc/group has. */
	bool *known;
	int err;
};

static void add(struct groups *groups, gid_t gid)
{
	gid_t *more = reallocarray(groups->ids, groups->n + 1, sizeof(*more));

	if (!more) {
		groups->err = -ENOMEM;
		return;
	}
	groups->ids = more;
	more[groups->n++] = gid;
}

static bool has_member(const struct group *entry, const char *name)
{
	char **member;

	for (member = entry->gr_mem; *member; member++)
		if (!strcmp(*member, name))
			return true;
	return false;
}

/* The process's own group is the last one. */
static gid_t group_at(const struct caller *caller, unsigned int i)
{
	return i < caller->n_groups ? caller->groups[i] : caller->gid;
}

static void take_group(const struct group *entry, const char *name, const struct caller *caller,
		       struct groups *groups)
{
	unsigned int i;

	for (i = 0; i <= caller->n_groups; i++)
		if (group_at(caller, i) == entry->gr_gid)
			groups->known[i] = true;
	if (has_member(entry, name))
		add(groups, entry->gr_gid);
}

static void read_groups(const char *name, const struct caller *caller, struct groups *groups)
{
	FILE *in = fopen("/etc/group", "re");
	const struct group *entry;
	unsigned int n;

	for (n = 0; in && n < LINES_MAX && !groups->err; n++) {
		entry = fgetgrent(in);
		if (!entry)
			break;
		take_group(entry, name, caller, groups);
	}
	if (in)
		fclose(in);
}

int account_refresh(struct caller *caller)
{
	const struct passwd *user = find(has_uid, &caller->uid);
	struct groups groups = { 0 };
	unsigned int i;
	gid_t gid;

	if (!user)
		return 0;
	gid = user->pw_gid;
	groups.known = calloc(caller->n_groups + 1, sizeof(*groups.known));
	if (!groups.known)
		return -ENOMEM;
	read_groups(user->pw_name, caller, &groups);
	for (i = 0; i <= caller->n_groups; i++)
		if (!groups.known[i])
			add(&groups, group_at(caller, i));
	free(groups.known);
	if (groups.err) {
		free(groups.ids);
		return groups.err;
	}
	free(caller->groups);
	caller->gid = gid;
	caller->groups = groups.ids;
	caller->n_groups = groups.n;
	return 0;
}

/* --- services ------------------------------------------------------------- */

static bool read_dynamic(const char *name, uid_t *uid)
{
	char path[sizeof(DYNAMIC_USERS) + CALLER_USER_SIZE], target[16], *end;
	unsigned long number;
	ssize_t len;

	if (strchr(name, '/') || strlen(name) >= CALLER_USER_SIZE)
		return false;
	snprintf(path, sizeof(path), DYNAMIC_USERS "%s", name);
	len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0)
		return false;
	target[len] = '\0';
	number = strtoul(target, &end, 10);
	*uid = (uid_t)number;
	return !*end && number && number < UINT32_MAX;
}

bool account_of_service(const char *name, uid_t *uid)
{
	const struct passwd *user = find(has_name, name);

	if (user)
		*uid = user->pw_uid;
	return user || read_dynamic(name, uid);
}
