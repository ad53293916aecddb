// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Allocations that fail: each one, in turn, of building, compiling and cloning
 * random policies. Nothing may leak, and the error must say what happened.
 *
 * The linker sends the core's calloc() and free() here.
 */
#include "core_model.h"
#include "core_reference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define POLICIES 200

void *__real_calloc(size_t n, size_t size);
void __real_free(void *memory);
void *__wrap_calloc(size_t n, size_t size);
void __wrap_free(void *memory);

static long live;	  /* allocations that were not freed yet */
static long made;	  /* allocations since the last start */
static long fail_at = -1; /* the one that fails */

void *__wrap_calloc(size_t n, size_t size)
{
	void *memory;

	if (made++ == fail_at)
		return NULL;
	memory = __real_calloc(n, size);
	live += memory != NULL;
	return memory;
}

void __wrap_free(void *memory)
{
	live -= memory != NULL;
	__real_free(memory);
}

static void start(long failing)
{
	made = 0;
	fail_at = failing;
}

static void assert_out_of_memory(int err, const struct mseg_refusal *refusal)
{
	assert_int_equal(err, -ENOMEM);
	/* mseg_policy_new() fails without a refusal. */
	if (fail_at)
		assert_string_equal(refusal->why, "out of memory");
}

/* Fail every allocation of building in turn; returns the policy in the end. */
static struct mseg_policy *sweep_build(const struct model *model)
{
	struct mseg_refusal refusal = { 0 };
	struct mseg_policy *policy;
	long i;
	int err;

	for (i = 0;; i++) {
		start(i);
		err = model_build(model, &policy, &refusal);
		if (made <= i)
			break;
		assert_out_of_memory(err, &refusal);
		assert_null(policy);
		assert_int_equal(live, 0);
	}
	assert_int_equal(err, 0);
	assert_true(i > 3);
	return policy;
}

static void sweep_clone(const struct mseg_policy *policy)
{
	struct mseg_policy *clone;
	long before = live, i;

	for (i = 0;; i++) {
		start(i);
		clone = mseg_policy_clone(policy);
		if (made <= i)
			break;
		assert_null(clone);
		assert_int_equal(live, before);
	}
	assert_non_null(clone);
	mseg_policy_free(clone);
	assert_int_equal(live, before);
}

/* One change, which fails at each allocation; in the end it is made, or refused. */
static void sweep_change(const struct model *model, struct mseg_policy *policy,
			 struct choices *choices)
{
	struct mseg_delta deltas[MODEL_DELTAS];
	struct mseg_refusal refusal = { 0 };
	struct mseg_policy *successor;
	__u32 network;
	unsigned int n = model_change(model, &network, deltas, choices), entries;
	long i;
	int err;

	entries = policy->networks[network].n_prefixes;
	for (i = 0;; i++) {
		start(i);
		err = mseg_policy_change(policy, network, deltas, n, &successor, &refusal);
		if (made <= i)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_string_equal(refusal.why, "out of memory");
		assert_null(successor);
		assert_int_equal(policy->networks[network].n_prefixes, entries);
	}
	start(-1);
	mseg_policy_free(successor);
	assert_int_equal(policy->networks[network].n_prefixes, entries);
}

static void test_every_allocation(void **state)
{
	struct mseg_policy *policy;
	struct model model;
	unsigned int seed, tried = 0;

	(void)state;
	for (seed = 0; tried < POLICIES; seed++) {
		struct choices choices = { .state = seed };

		model_fill(&model, &choices);
		if (reference_refuses(&model))
			continue;
		tried++;
		policy = sweep_build(&model);
		sweep_clone(policy);
		sweep_change(&model, policy, &choices);
		start(-1);
		mseg_policy_free(policy);
		assert_int_equal(live, 0);
	}
}

/* A failed step leaves a policy that can be gone on with. */
static void test_going_on(void **state)
{
	const struct mseg_prefix prefix = { .family = MSEG_FAMILY_IPV4 };
	const __u32 first[] = { 0 };
	const struct mseg_service any = { .protocol = MSEG_PROTOCOL_ANY, .bare = 1 };
	const struct mseg_rule rule = {
		.name = "rule",
		.networks = first,
		.services = &any,
		.n_networks = 1,
		.n_services = 1,
	};
	struct mseg_policy *policy = mseg_policy_new();
	struct mseg_refusal refusal;
	int n, err;

	(void)state;
	for (n = 0;; n++) {
		start(n);
		err = mseg_policy_add_network(policy, "network", &refusal);
		if (!err)
			break;
		assert_out_of_memory(err, &refusal);
		assert_int_equal(policy->n_networks, 0);
	}
	for (n = 0;; n++) {
		start(n);
		err = mseg_policy_add_prefixes(policy, &prefix, 1, &refusal);
		if (!err)
			break;
		assert_int_equal(policy->networks[0].n_prefixes, 0);
		assert_int_equal(policy->n_entries, 0);
	}
	for (n = 0;; n++) {
		start(n);
		err = mseg_policy_add_rule(policy, &rule, &refusal);
		if (!err)
			break;
		assert_int_equal(policy->n_rules, 0);
	}
	start(-1);
	assert_int_equal(mseg_policy_compile(policy, &refusal), 0);
	assert_int_equal(policy->n_networks, 1);
	assert_int_equal(policy->n_rules, 1);
	mseg_policy_free(policy);
	assert_int_equal(live, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation),
		cmocka_unit_test(test_going_on),
	};

	return cmocka_run_group_tests_name("core: memory", tests, NULL, NULL);
}
