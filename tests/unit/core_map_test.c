// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The map from addresses to classes against a list of runs, which is searched from
 * its start: many runs, close together, so that all kinds of nodes are there.
 *
 * MSEG_SEED repeats a run.
 */
#include "../../kmod/core/classes.h"
#include "core_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define MAPS 60
#define RUNS 20000
#define CHANGES 20
#define CLASSES 5

static struct mseg_class classes[CLASSES];
static struct mseg_run runs[RUNS], former[RUNS];
static unsigned int n_runs, n_former;

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

static const struct mseg_class *expected(const struct mseg_run *list, unsigned int n,
					 const struct mseg_run *at)
{
	unsigned int i;

	for (i = n - 1; order(&list[i], at) > 0; i--)
		;
	return list[i].class;
}

/* The map, and of two lists the one that it was made of. */
static void check(const struct mseg_map *map, unsigned int family, const struct mseg_run *list,
		  unsigned int n, struct mseg_run at)
{
	__u8 addr[MSEG_ADDR_LEN] = { 0 };

	put(addr, at.high, family ? 8 : 4);
	if (family)
		put(addr + 8, at.low, 8);
	if (mseg_map_find(map, family, addr) == expected(list, n, &at))
		return;
	fail_msg("family %u, %016llx %016llx of %u runs", family, (unsigned long long)at.high,
		 (unsigned long long)at.low, n);
}

/* Where a run begins, right before, right behind, and anywhere. */
static void check_some(const struct mseg_map *map, unsigned int family, const struct mseg_run *list,
		       unsigned int n, struct choices *choices)
{
	uint64_t most = family ? ~0ULL : 0xffffffff;
	struct mseg_run at;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		at = list[choose(choices, n)];
		check(map, family, list, n, at);
		if (family && choose(choices, 2))
			at.low += choose(choices, 3) - 1;
		else
			at.high = (at.high + choose(choices, 3) - 1) & most;
		check(map, family, list, n, at);
		at.high = value(choices, family ? 64 : 32);
		at.low = family ? value(choices, 64) : 0;
		check(map, family, list, n, at);
	}
	check(map, family, list, n, (struct mseg_run){ .high = most, .low = family ? ~0ULL : 0 });
}

/* The last address of a prefix, and the one behind it; false where there is none. */
static bool behind(const struct mseg_prefix *prefix, struct mseg_run *at)
{
	unsigned int bits = prefix->family == MSEG_FAMILY_IPV4 ? 32 : 128, i;
	__u8 addr[MSEG_ADDR_LEN];
	__uint128_t number = 0;

	memcpy(addr, prefix->addr, sizeof(addr));
	for (i = 0; i < bits / 8; i++)
		number = number << 8 | addr[i];
	number += prefix->len == 0 ? 0 : (__uint128_t)1 << (bits - prefix->len);
	if (!prefix->len || (bits == 32 ? number >> 32 != 0 : number == 0))
		return false;
	at->high = bits == 32 ? number : number >> 64;
	at->low = bits == 32 ? 0 : number;
	return true;
}

static struct mseg_prefix some_prefix(unsigned int family, struct choices *choices)
{
	static const unsigned int lengths[] = { 0, 1, 7, 8, 9, 15, 16, 17, 20, 24, 28, 31, 32 };
	struct mseg_run at = runs[choose(choices, n_runs)];
	unsigned int i;
	struct mseg_prefix prefix = {
		.family = family ? MSEG_FAMILY_IPV6 : MSEG_FAMILY_IPV4,
		.len = lengths[choose(choices, sizeof(lengths) / sizeof(*lengths))],
	};

	if (choose(choices, 3) == 0) {
		at.high = value(choices, 64) >> (family ? 0 : 32);
		at.low = value(choices, 64);
	}
	if (family)
		prefix.len = choose(choices, 2) ? choose(choices, 129) : 48 + choose(choices, 33);
	put(prefix.addr, at.high, family ? 8 : 4);
	if (family)
		put(prefix.addr + 8, at.low, 8);
	for (i = prefix.len; i < (family ? 128 : 32); i++)
		prefix.addr[i / 8] &= ~(0x80 >> i % 8);
	return prefix;
}

/* A change: every class becomes the next one, or all become the first. */
struct turn {
	bool all;
	unsigned int left; /* before it gives up */
};

static const struct mseg_class *turned(struct turn *turn, const struct mseg_class *class)
{
	return turn->all ? &classes[0] : &classes[(class - classes + 1) % CLASSES];
}

static const struct mseg_class *move(void *context, const struct mseg_class *class)
{
	struct turn *turn = context;

	return turn->left-- ? turned(turn, class) : NULL;
}

static void add_run(struct mseg_run at, const struct mseg_class *class)
{
	if (n_runs && runs[n_runs - 1].class == class)
		return;
	if (n_runs && !order(&runs[n_runs - 1], &at))
		n_runs--;
	at.class = class;
	runs[n_runs++] = at;
}

/* The same with the list of runs; the one before is kept. */
static void move_runs(const struct mseg_prefix *prefix, unsigned int family, struct turn *turn)
{
	struct mseg_run first = { 0 }, end = { 0 };
	bool ends = behind(prefix, &end);
	unsigned int i;
	bool inside;

	for (i = 0; i < (family ? 8 : 4); i++) {
		first.high = first.high << 8 | prefix->addr[i];
		first.low = family ? first.low << 8 | prefix->addr[i + 8] : 0;
	}
	memcpy(former, runs, sizeof(runs));
	n_former = n_runs;
	n_runs = 0;
	for (i = 0; i < n_former; i++) {
		const struct mseg_run *next = i + 1 < n_former ? &former[i + 1] : NULL;

		inside = order(&former[i], &first) >= 0 && (!ends || order(&former[i], &end) < 0);
		add_run(former[i], inside ? turned(turn, former[i].class) : former[i].class);
		if (order(&former[i], &first) < 0 && (!next || order(next, &first) > 0))
			add_run(first, turned(turn, former[i].class));
		if (ends && order(&former[i], &end) < 0 && (!next || order(next, &end) > 0))
			add_run(end, former[i].class);
	}
}

static void change(struct mseg_map *map, unsigned int family, struct choices *choices)
{
	struct mseg_prefix prefix = some_prefix(family, choices);
	struct turn turn = { choose(choices, 3) == 0,
			     choose(choices, 10) ? ~0U : choose(choices, 5) };
	struct mseg_map_change changes = { 0 };
	struct mseg_map before = *map;
	int err = mseg_map_move(map, &changes, &prefix, move, &turn);

	if (err) {
		assert_int_equal(err, -ECANCELED);
		assert_memory_equal(map, &before, sizeof(before));
		check_some(map, family, runs, n_runs, choices);
		mseg_nodes_free(&changes.fresh);
		free(changes.retired.node);
		return;
	}
	move_runs(&prefix, family, &turn);
	check_some(map, family, runs, n_runs, choices);
	check_some(&before, family, former, n_former, choices);
	if (choose(choices, 4)) {
		mseg_nodes_free(&changes.retired);
		free(changes.fresh.node);
		return;
	}
	/* Back again. */
	*map = before;
	memcpy(runs, former, sizeof(runs));
	n_runs = n_former;
	mseg_nodes_free(&changes.fresh);
	free(changes.retired.node);
}

static void test_random_maps(void **state)
{
	const char *given = getenv("MSEG_SEED");
	struct choices choices = { .state = given ? strtoul(given, NULL, 0) : (uint64_t)time(NULL) };
	unsigned int i, k, family;
	struct mseg_map map;

	(void)state;
	printf("# MSEG_SEED=%llu\n", (unsigned long long)choices.state);
	for (i = 0; i < MAPS; i++) {
		family = i % 2;
		fill_runs(&choices, family);
		assert_int_equal(mseg_map_build(&map, family, runs, n_runs), 0);
		check_some(&map, family, runs, n_runs, &choices);
		for (k = 0; k < CHANGES && n_runs < RUNS - 2; k++)
			change(&map, family, &choices);
		mseg_map_free(&map, family);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_maps),
	};

	return cmocka_run_group_tests_name("core: map", tests, NULL, NULL);
}
