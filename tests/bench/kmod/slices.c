// SPDX-License-Identifier: GPL-2.0
/* What was measured, sorted. */
#include "bench.h"

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sort.h>

int bench_slices_new(struct bench_slices *slices, u32 n)
{
	if (!n || n > BENCH_MAX_SLICES)
		return -EINVAL;
	slices->n = 0;
	slices->ticks = kvcalloc(n, sizeof(*slices->ticks), GFP_KERNEL);
	return slices->ticks ? 0 : -ENOMEM;
}

void bench_slices_add(struct bench_slices *slices, u64 ticks)
{
	slices->ticks[slices->n++] = ticks;
}

static int compare(const void *a, const void *b)
{
	u64 left = *(const u64 *)a, right = *(const u64 *)b;

	return left < right ? -1 : left > right;
}

int bench_slices_print(struct bench_slices *slices, char *answer, size_t size)
{
	const u64 *ticks = slices->ticks;
	u32 n = slices->n;
	int len;

	sort(slices->ticks, n, sizeof(*slices->ticks), compare, NULL);
	len = scnprintf(answer, size, "%llu %llu %llu %llu %llu\n", ticks[0], ticks[n / 4],
			ticks[n / 2], ticks[n * 3 / 4], ticks[n - 1]);
	kvfree(slices->ticks);
	return len;
}

int bench_slices_worst(struct bench_slices *slices, char *answer, size_t size)
{
	const u64 *ticks = slices->ticks;
	u32 n = slices->n;
	int len;

	sort(slices->ticks, n, sizeof(*slices->ticks), compare, NULL);
	len = scnprintf(answer, size, "%llu %llu %llu\n", ticks[n / 2], ticks[n * 99 / 100],
			ticks[n - 1]);
	kvfree(slices->ticks);
	return len;
}
