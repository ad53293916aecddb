// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The classifier against the reference on random policies.
 *
 * MSEG_SEED repeats a run; MSEG_POLICIES sets how many policies are tried.
 */
#include "core_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define KEYS 32

static unsigned long from_environment(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

static unsigned long a_new_seed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (unsigned long)now.tv_sec * 1000000000 + (unsigned long)now.tv_nsec;
}

static void test_random_policies(void **state)
{
	unsigned long policies = from_environment("MSEG_POLICIES", 40000), i;
	unsigned long seed = from_environment("MSEG_SEED", a_new_seed());
	struct compared compared = { 0 };

	(void)state;
	printf("# MSEG_SEED=%lu\n", seed);
	for (i = 0; i < policies; i++) {
		struct choices choices = { .state = seed + i };

		if (!compare(&choices, KEYS, &compared))
			fail_msg("policy %lu differs: MSEG_SEED=%lu MSEG_POLICIES=1 repeats it", i,
				 seed + i);
	}
	printf("# %lu policies: %u refused; keys: %u by rule, %u by default, %u observed\n",
	       policies, compared.refused, compared.by_rule, compared.by_default, compared.observed);
	printf("# changes: %u made, %u refused\n", compared.changed, compared.unchanged);
	/* The generator is worth something only if it reaches all of these. */
	if (policies >= 1000) {
		assert_in_range(compared.refused, policies / 20, policies / 2);
		assert_true(compared.by_rule > policies * 4);
		assert_true(compared.by_default > policies * 4);
		assert_true(compared.observed > policies / 2);
		assert_true(compared.changed > policies / 2);
		assert_true(compared.unchanged > policies / 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_policies),
	};

	return cmocka_run_group_tests_name("core: classify", tests, NULL, NULL);
}
