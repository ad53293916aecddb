// SPDX-License-Identifier: GPL-2.0
/*
 * The owner of a network namespace may be root of a container, and may write its
 * sysctls: so these are read-only where that owner is not the host's, and
 * writing asks for CAP_NET_ADMIN in the initial user namespace.
 */
#include "sysctl.h"

#include <linux/capability.h>
#include <linux/slab.h>
#include <linux/sysctl.h>

#include "compat.h"

static const char *const timeout_names[MSEG_TIMEOUT_MAX] = {
#define X(name, seconds, doc) "timeout_" #name,
	MSEG_TIMEOUTS(X)
#undef X
};

static int timeout_limit = MSEG_TIMEOUT_LIMIT;

static int set_number(mseg_ctl_table *table, int write, void *buffer, size_t *len, loff_t *pos)
{
	if (write && !capable(CAP_NET_ADMIN))
		return -EPERM;
	return proc_dointvec_minmax(table, write, buffer, len, pos);
}

static void describe_timeout(struct ctl_table *entry, struct mseg_net *mnet, enum mseg_timeout i)
{
	entry->procname = timeout_names[i];
	entry->data = &mnet->conns->timeouts[i];
	entry->maxlen = sizeof(mnet->conns->timeouts[i]);
	entry->mode = mnet->net->user_ns == &init_user_ns ? 0644 : 0444;
	entry->proc_handler = set_number;
	entry->extra1 = SYSCTL_ONE;
	entry->extra2 = &timeout_limit;
}

int mseg_sysctl_add(struct mseg_net *mnet)
{
	/* Older kernels want an empty entry at the end. */
	struct ctl_table *table = kcalloc(MSEG_TIMEOUT_MAX + 1, sizeof(*table), GFP_KERNEL);
	int i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < MSEG_TIMEOUT_MAX; i++)
		describe_timeout(&table[i], mnet, i);
	mnet->sysctl = register_net_sysctl_sz(mnet->net, "net/mseg", table, MSEG_TIMEOUT_MAX);
	if (mnet->sysctl)
		return 0;
	kfree(table);
	return -ENOMEM;
}

void mseg_sysctl_remove(struct mseg_net *mnet)
{
	const struct ctl_table *table = mnet->sysctl->ctl_table_arg;

	unregister_net_sysctl_table(mnet->sysctl);
	mnet->sysctl = NULL;
	kfree(table);
}
