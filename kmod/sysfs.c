// SPDX-License-Identifier: GPL-2.0
/*
 * There is one set of files, about the network namespace of who reads them, so
 * that another namespace costs nothing here. A file that was opened may be read
 * by another process, so that reading asks for CAP_NET_ADMIN, not opening.
 */
#include "sysfs.h"

#include <linux/capability.h>
#include <linux/kobject.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/sysfs.h>

#include "net.h"
#include "stats.h"

static struct kobject *directory;

static ssize_t show(struct kobject *kobj, struct kobj_attribute *attribute, char *page);

static struct kobj_attribute files[MSEG_STAT_MAX] = {
#define X(name, doc) __ATTR(name, 0400, show, NULL),
	MSEG_STATS(X)
#undef X
};

static struct attribute *attributes[MSEG_STAT_MAX + 1] = {
#define X(name, doc) &files[MSEG_STAT_##name].attr,
	MSEG_STATS(X)
#undef X
};

static const struct attribute_group statistics = {
	.name = "statistics",
	.attrs = attributes,
};

static ssize_t show(struct kobject *kobj, struct kobj_attribute *attribute, char *page)
{
	struct mseg_net *mnet = mseg_net_of(current->nsproxy->net_ns);
	ssize_t len = -ENODEV;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	mutex_lock(&mnet->lock);
	if (mnet->attached)
		len = sysfs_emit(page, "%llu\n", mseg_stats_sum(mnet->stats, attribute - files));
	mutex_unlock(&mnet->lock);
	return len;
}

int mseg_sysfs_init(void)
{
	int err;

	directory = kobject_create_and_add("mseg", kernel_kobj);
	if (!directory)
		return -ENOMEM;
	err = sysfs_create_group(directory, &statistics);
	if (err)
		kobject_put(directory);
	return err;
}

void mseg_sysfs_exit(void)
{
	sysfs_remove_group(directory, &statistics);
	kobject_put(directory);
}
