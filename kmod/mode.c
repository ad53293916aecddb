// SPDX-License-Identifier: GPL-2.0
/* Names of modes, for parameters and sysctls, and changing them. */
#include "mode.h"

#include <linux/string.h>
#include <linux/sysfs.h>

#include <linux/mseg.h>

static const char *const names[] = {
	[MSEG_MODE_OFF] = "off",
	[MSEG_MODE_OBSERVE] = "observe",
	[MSEG_MODE_ENFORCE] = "enforce",
};

const char *mseg_mode_name(u8 mode)
{
	return names[mode];
}

int mseg_mode_parse(const char *name)
{
	return sysfs_match_string(names, name);
}

int mseg_mode_set(struct mseg_net *mnet, u8 *mode, u8 to, const struct mseg_mode_hooks *hooks)
{
	u8 before = *mode;
	int err = 0;

	lockdep_assert_held(&mnet->lock);
	if (to == before)
		return 0;
	WRITE_ONCE(*mode, to);
	if (before == MSEG_MODE_OFF)
		err = hooks->add(mnet);
	else if (to == MSEG_MODE_OFF)
		hooks->remove(mnet);
	if (err)
		WRITE_ONCE(*mode, before);
	/* Unregistering does not wait for hooks that run. */
	synchronize_net();
	return err;
}

static int set(const char *value, const struct kernel_param *param)
{
	int mode = mseg_mode_parse(value);

	if (mode < 0)
		return mode;
	*(u8 *)param->arg = mode;
	return 0;
}

static int get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%s\n", mseg_mode_name(*(u8 *)param->arg));
}

const struct kernel_param_ops mseg_mode_param_ops = {
	.set = set,
	.get = get,
};
