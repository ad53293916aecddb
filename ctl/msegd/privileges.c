// SPDX-License-Identifier: GPL-2.0-or-later
/* Giving up capabilities. */
#include "privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/prctl.h>

int privileges_drop(void)
{
	bool has_it, may_bound;

	if (capng_get_caps_process())
		return -EPERM;
	has_it = capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN);
	/* The bounding set is for those who may; nobody else gains anything by it. */
	may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(CAPNG_SELECT_ALL);
	if (has_it)
		capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
			      CAP_NET_ADMIN, -1);
	if (capng_apply(may_bound ? CAPNG_SELECT_ALL : CAPNG_SELECT_CAPS))
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}
