// SPDX-License-Identifier: GPL-2.0
/* Names and sums of the statistics. */
#include "stats.h"

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
