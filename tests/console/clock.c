// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded into msegd: hours that a test does not have pass at once. The time since the
 * machine's start goes on by as many seconds as the file $TEST_CLOCK says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int err = (int)syscall(SYS_clock_gettime, clock, now);
	FILE *in = clock == CLOCK_BOOTTIME ? fopen(getenv("TEST_CLOCK"), "re") : NULL;
	long more = 0;

	if (in && fscanf(in, "%ld", &more) == 1)
		now->tv_sec += more;
	if (in)
		fclose(in);
	return err;
}
