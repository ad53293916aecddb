// SPDX-License-Identifier: GPL-2.0
/*
 * The owner of a network namespace may be root of a container, and may write its
 * sysctls: so these are read-only where that owner is not the host's, and ask
 * for CAP_NET_ADMIN in the initial user namespace. So does reading: detaching
 * waits for readers, and one may make his own memory wait.
 */
#include "sysctl.h"

#include <linux/capability.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/sysctl.h>

#include "audit.h"
#include "compat.h"
#include "dns.h"
#include "egress.h"
#include "forward.h"
#include "mode.h"

static const char *const timeout_names[MSEG_TIMEOUT_MAX] = {
#define X(name, seconds, doc) "timeout_" #name,
	MSEG_TIMEOUTS(X)
#undef X
};

static int timeout_limit = MSEG_TIMEOUT_LIMIT;

static int ttl_limit = MSEG_MAX_DNS_TTL;

static int set_bounded(const struct mseg_net *mnet, mseg_ctl_table *table, int write, void *buffer,
		       size_t *len, loff_t *pos, int *low, int *high)
{
	struct ctl_table bounded = *table;

	if (!capable(CAP_NET_ADMIN) || (write && READ_ONCE(mnet->locked)))
		return -EPERM;
	bounded.extra1 = low;
	bounded.extra2 = high;
	return proc_dointvec_minmax(&bounded, write, buffer, len, pos);
}

static int set_number(mseg_ctl_table *table, int write, void *buffer, size_t *len, loff_t *pos)
{
	return set_bounded(table->extra1, table, write, buffer, len, pos, SYSCTL_ONE,
			   &timeout_limit);
}

static int set_ttl_floor(mseg_ctl_table *table, int write, void *buffer, size_t *len, loff_t *pos)
{
	return set_bounded(table->extra1, table, write, buffer, len, pos, SYSCTL_ONE, &ttl_limit);
}

static int set_flag(mseg_ctl_table *table, int write, void *buffer, size_t *len, loff_t *pos)
{
	return set_bounded(table->extra1, table, write, buffer, len, pos, SYSCTL_ZERO, SYSCTL_ONE);
}

static void describe_number(struct ctl_table *entry, struct mseg_net *mnet, const char *name,
			    unsigned int *value, proc_handler *handler)
{
	entry->procname = name;
	entry->data = value;
	entry->maxlen = sizeof(*value);
	entry->mode = mnet->net->user_ns == &init_user_ns ? 0600 : 0400;
	entry->proc_handler = handler;
	entry->extra1 = mnet;
}

static void describe_timeout(struct ctl_table *entry, struct mseg_net *mnet, enum mseg_timeout i)
{
	describe_number(entry, mnet, timeout_names[i], &mnet->conns->timeouts[i], set_number);
}

/* Entries of describe_dns(). */
#define DNS_SETTINGS 2

static void describe_dns(struct ctl_table *entries, struct mseg_net *mnet)
{
	describe_number(&entries[0], mnet, "dns_ttl_floor", &mnet->dns->ttl_floor, set_ttl_floor);
	describe_number(&entries[1], mnet, "dns_refuse_private", &mnet->dns->refuse_private,
			set_flag);
}

/* What is set by a word: NAME, in NAME_WORD of audit records. */
struct mode_setting {
	const char *name;
	size_t offset;
	int (*set)(struct mseg_net *mnet, u8 mode);
};

static const struct mode_setting mode_settings[] = {
	{ "forward", offsetof(struct mseg_net, forward), mseg_forward_set },
	{ "raw", offsetof(struct mseg_net, raw), mseg_egress_set },
};

/* Caller must try again where the namespace is busy: it may be waiting for him. */
static int change_mode(struct mseg_net *mnet, const struct mode_setting *setting, u8 mode)
{
	char op[24];
	u32 in_force;
	int err;

	if (!mutex_trylock(&mnet->lock))
		return restart_syscall();
	in_force = mseg_net_generation(mnet)->number;
	err = mnet->locked ? -EPERM : setting->set(mnet, mode);
	mutex_unlock(&mnet->lock);
	snprintf(op, sizeof(op), "%s_%s", setting->name, mseg_mode_name(mode));
	mseg_audit(op, mnet->net, in_force, in_force, err);
	return err;
}

static int set_mode(mseg_ctl_table *table, int write, void *buffer, size_t *len, loff_t *pos)
{
	const struct mode_setting *setting = table->extra2;
	struct mseg_net *mnet = table->extra1;
	char name[16];
	struct ctl_table text = { .data = name, .maxlen = sizeof(name) };
	int err;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	strscpy(name, mseg_mode_name(READ_ONCE(*(u8 *)((void *)mnet + setting->offset))),
		sizeof(name));
	err = proc_dostring(&text, write, buffer, len, pos);
	if (err || !write)
		return err;
	err = mseg_mode_parse(name);
	return err < 0 ? err : change_mode(mnet, setting, err);
}

static void describe_mode(struct ctl_table *entry, struct mseg_net *mnet,
			  const struct mode_setting *setting)
{
	entry->procname = setting->name;
	entry->mode = mnet->net->user_ns == &init_user_ns ? 0600 : 0400;
	entry->proc_handler = set_mode;
	entry->extra1 = mnet;
	entry->extra2 = (void *)setting;
}

int mseg_sysctl_add(struct mseg_net *mnet)
{
	/* Older kernels want an empty entry at the end. */
	const size_t entries = MSEG_TIMEOUT_MAX + ARRAY_SIZE(mode_settings) + DNS_SETTINGS;
	struct ctl_table *table = kcalloc(entries + 1, sizeof(*table), GFP_KERNEL);
	int i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < MSEG_TIMEOUT_MAX; i++)
		describe_timeout(&table[i], mnet, i);
	for (i = 0; i < ARRAY_SIZE(mode_settings); i++)
		describe_mode(&table[MSEG_TIMEOUT_MAX + i], mnet, &mode_settings[i]);
	describe_dns(&table[entries - DNS_SETTINGS], mnet);
	mnet->sysctl = register_net_sysctl_sz(mnet->net, "net/mseg", table, entries);
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
