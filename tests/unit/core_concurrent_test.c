// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Look-ups while entries of the policy in force are changed: each sees a change whole or
 * not at all, and touches nothing that is written or freed meanwhile. Threads stand for
 * processors, a count of rounds for RCU, and the thread sanitizer watches.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <mseg/core.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define READERS 3
#define ROUNDS 400
/* Entries that come and go together; far from one another, so that their ways part. */
#define TOGETHER 24
/* Entries that stay. */
#define OTHERS 2000

static _Atomic(struct mseg_policy *) in_force;
/* Counts policies that left; readers tell which count they have seen between look-ups. */
static atomic_uint now = 1;
static atomic_uint seen[READERS];
static atomic_bool ended;

struct reader {
	unsigned int number;
	unsigned long with, without, mixed, strange;
};

static struct mseg_prefix prefix_of(unsigned int i, unsigned int n)
{
	struct mseg_prefix prefix = { .family = i % 2 ? MSEG_FAMILY_IPV6 : MSEG_FAMILY_IPV4 };
	unsigned int spread = i * (65536 / n);

	prefix.len = i % 2 ? 64 : 24;
	prefix.addr[0] = (unsigned char)(spread >> 8);
	prefix.addr[1] = (unsigned char)spread;
	/* Those that stay lie beside those that come and go. */
	prefix.addr[2] = n == OTHERS;
	return prefix;
}

static struct mseg_verdict judge(const struct mseg_policy *policy, struct mseg_prefix prefix)
{
	struct mseg_key key = { .family = prefix.family, .protocol = 6, .service = 443 };

	memcpy(key.peer, prefix.addr, sizeof(key.peer));
	key.peer[prefix.len / 8] = 7;
	return mseg_classify(policy, &key);
}

static bool allows(const struct mseg_policy *policy, unsigned int i, unsigned int n)
{
	return judge(policy, prefix_of(i, n)).action == MSEG_ACTION_ALLOW;
}

static void read_once(struct reader *reader, unsigned int turn)
{
	const struct mseg_policy *policy = atomic_load(&in_force);
	unsigned int i, n = 0;

	for (i = 0; i < TOGETHER; i++)
		n += allows(policy, i, TOGETHER);
	reader->with += n == TOGETHER;
	reader->without += !n;
	reader->mixed += n && n < TOGETHER;
	reader->strange += !allows(policy, turn % OTHERS, OTHERS);
}

static void *read_on(void *arg)
{
	struct reader *reader = arg;
	unsigned int turn = reader->number;

	while (!atomic_load(&ended)) {
		read_once(reader, turn += READERS);
		atomic_store(&seen[reader->number], atomic_load(&now));
	}
	return NULL;
}

/* What synchronize_rcu() does. */
static void await_readers(void)
{
	unsigned int wanted = atomic_fetch_add(&now, 1) + 1, i;

	for (i = 0; i < READERS; i++)
		while (atomic_load(&seen[i]) < wanted)
			sched_yield();
}

static struct mseg_policy *build(void)
{
	static const __u32 networks[] = { 0 };
	static const struct mseg_service services[] = { { .protocol = 6, .low = 443, .high = 443 } };
	const struct mseg_rule rule = { .name = "",
					.networks = networks,
					.services = services,
					.n_networks = 1,
					.n_services = 1,
					.action = MSEG_ACTION_ALLOW };
	struct mseg_policy *policy = mseg_policy_new();
	struct mseg_refusal refusal;
	struct mseg_prefix prefix;
	unsigned int i;

	assert_non_null(policy);
	policy->defaults[0] = policy->defaults[1] = MSEG_ACTION_REJECT;
	assert_int_equal(mseg_policy_add_network(policy, "n", &refusal), 0);
	for (i = 0; i < OTHERS; i++) {
		prefix = prefix_of(i, OTHERS);
		assert_int_equal(mseg_policy_add_prefixes(policy, &prefix, 1, &refusal), 0);
	}
	assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), 0);
	assert_int_equal(mseg_policy_compile(policy, &refusal), 0);
	return policy;
}

static void change(bool remove)
{
	struct mseg_policy *policy = atomic_load(&in_force), *next;
	struct mseg_delta deltas[TOGETHER] = { 0 };
	struct mseg_refusal refusal;
	unsigned int i;

	for (i = 0; i < TOGETHER; i++) {
		deltas[i].prefix = prefix_of(i, TOGETHER);
		deltas[i].remove = remove;
	}
	assert_int_equal(mseg_policy_change(policy, 0, deltas, TOGETHER, &next, &refusal), 0);
	atomic_store(&in_force, next);
	mseg_policy_settle(next);
	await_readers();
	mseg_policy_free(policy);
}

static void test_old_or_new(void **state)
{
	struct reader readers[READERS] = { 0 };
	pthread_t threads[READERS];
	unsigned int i;

	(void)state;
	atomic_store(&in_force, build());
	for (i = 0; i < READERS; i++) {
		readers[i].number = i;
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
	}
	for (i = 0; i < ROUNDS; i++)
		change(i % 2);
	atomic_store(&ended, true);
	for (i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		print_message("# reader %u: %lu with them, %lu without\n", i, readers[i].with,
			      readers[i].without);
		assert_int_equal(readers[i].mixed, 0);
		assert_int_equal(readers[i].strange, 0);
		assert_true(readers[i].with && readers[i].without);
	}
	mseg_policy_free(atomic_load(&in_force));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_old_or_new) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
