// SPDX-License-Identifier: GPL-2.0
/* Names and sums of the statistics. */
#include "stats.h"

#include <linux/build_bug.h>

#include <linux/mseg.h>

static_assert(MSEG_STAT_state_rejected - MSEG_STAT_state_new == MSEG_CONN_STATE_REJECTED);

const char *const mseg_stat_names[MSEG_STAT_MAX] = {
#define X(name, doc) #name,
	MSEG_STATS(X)
#undef X
};

u64 mseg_stats_sum(const struct mseg_stats __percpu *stats, enum mseg_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(stats, cpu)->count[stat]);
	return sum;
}
