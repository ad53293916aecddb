// SPDX-License-Identifier: GPL-2.0
/* Audit records. */
#include "audit.h"

#include <linux/audit.h>
#include <net/net_namespace.h>

void mseg_audit(const char *op, const struct net *net, u32 before, u32 after, int err)
{
	struct audit_buffer *record;

	if (audit_enabled == AUDIT_OFF)
		return;
	record = audit_log_start(audit_context(), GFP_KERNEL, AUDIT_NETFILTER_CFG);
	if (!record)
		return;
	audit_log_format(record, "op=mseg_%s net=%u old_generation=%u generation=%u", op,
			 net->ns.inum, before, after);
	audit_log_task_info(record);
	audit_log_format(record, " res=%d", !err);
	audit_log_end(record);
}
