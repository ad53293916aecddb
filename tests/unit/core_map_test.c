// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The map from addresses to classes against a list of runs, which is searched from
 * its start: many runs, close together, so that all kinds of nodes are there.
 *
 * MSEG_SEED repeats a run.
 */
#include "../../kmod/core/classes.h"
#include "core_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define MAPS 150
#define RUNS 20000
#define CLASSES 5

static struct mseg_class classes[CLASSES];
static struct mseg_run runs[RUNS];
static unsigned int n_runs;

/* Few values, most of them next to each other: addresses that have much in common. */
static uint64_t value(struct choices *choices, unsigned int bits)
{
	uint64_t most = bits == 64 ? ~0ULL : (1ULL << bits) - 1, random;

	random = (uint64_t)choose(choices, 1U << 31) << 33 ^ (uint64_t)choose(choices, 1U << 31);
	switch (choose(choices, 8)) {
	case 0:
		return most - choose(choices, 300);
	case 1:
		return random & most;
	case 2:
		return ((random << 16 | choose(choices, 3)) << (bits / 2)) & most;
	default:
		return choose(choices, 30000);
	}
}

static int order(const void *a, const void *b)
{
	const struct mseg_run *x = a, *y = b;

	if (x->high != y->high)
		return x->high < y->high ? -1 : 1;
	return x->low < y->low ? -1 : x->low > y->low;
}

static void fill_runs(struct choices *choices, unsigned int family)
{
	unsigned int i, n = 1 + choose(choices, choose(choices, 2) ? RUNS : 200);
	const struct mseg_run *last;

	for (i = 1; i < n; i++) {
		runs[i].high = value(choices, family ? 64 : 32);
		runs[i].low = family && choose(choices, 2) ? value(choices, 64) : 0;
		if (family && choose(choices, 4) == 0)
			runs[i].high = choose(choices, 3);
	}
	runs[0] = (struct mseg_run){ 0 };
	qsort(runs, n, sizeof(*runs), order);
	n_runs = 1;
	runs[0].class = &classes[0];
	for (i = 1; i < n; i++) {
		last = &runs[n_runs - 1];
		if (!order(last, &runs[i]))
			continue;
		runs[n_runs] = runs[i];
		do {
			runs[n_runs].class = &classes[choose(choices, CLASSES)];
		} while (runs[n_runs].class == last->class);
		n_runs++;
	}
}

static void put(__u8 *addr, uint64_t number, unsigned int bytes)
{
	while (bytes--) {
		addr[bytes] = number & 0xff;
		number >>= 8;
	}
}

static const struct mseg_class *expected(const struct mseg_run *at)
{
	unsigned int i;

	for (i = n_runs - 1; order(&runs[i], at) > 0; i--)
		;
	return runs[i].class;
}

static void check(const struct mseg_map *map, unsigned int family, struct mseg_run at)
{
	__u8 addr[MSEG_ADDR_LEN] = { 0 };

	put(addr, at.high, family ? 8 : 4);
	if (family)
		put(addr + 8, at.low, 8);
	if (mseg_map_find(map, family, addr) == expected(&at))
		return;
	fail_msg("family %u, %016llx %016llx of %u runs", family, (unsigned long long)at.high,
		 (unsigned long long)at.low, n_runs);
}

/* Where a run begins, right before, right behind, and anywhere. */
static void check_some(const struct mseg_map *map, unsigned int family, struct choices *choices)
{
	uint64_t most = family ? ~0ULL : 0xffffffff;
	struct mseg_run at;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		at = runs[choose(choices, n_runs)];
		check(map, family, at);
		if (family && choose(choices, 2))
			at.low += choose(choices, 3) - 1;
		else
			at.high = (at.high + choose(choices, 3) - 1) & most;
		check(map, family, at);
		at.high = value(choices, family ? 64 : 32);
		at.low = family ? value(choices, 64) : 0;
		check(map, family, at);
	}
	check(map, family, (struct mseg_run){ .high = most, .low = family ? ~0ULL : 0 });
}

static void test_random_maps(void **state)
{
	const char *given = getenv("MSEG_SEED");
	struct choices choices = { .state = given ? strtoul(given, NULL, 0) : (uint64_t)time(NULL) };
	struct mseg_map map;
	unsigned int i;

	(void)state;
	printf("# MSEG_SEED=%llu\n", (unsigned long long)choices.state);
	for (i = 0; i < MAPS; i++) {
		fill_runs(&choices, i % 2);
		assert_int_equal(mseg_map_build(&map, i % 2, runs, n_runs), 0);
		check_some(&map, i % 2, &choices);
		mseg_map_free(&map, i % 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_maps),
	};

	return cmocka_run_group_tests_name("core: map", tests, NULL, NULL);
}
