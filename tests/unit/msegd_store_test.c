// SPDX-License-Identifier: GPL-2.0-or-later
/* The store forgets: bounded by number, age and size; what is kept can be restored. */
#include "ctl_cmocka.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msegd/store.h"

#define ID "0123456789abcdef01234567"
#define BODY 20000
#define NONE UINT64_MAX

static char directory[] = "/tmp/store-test-XXXXXX";
static struct store *store;

static void open_store(void)
{
	char *why = NULL;

	assert_int_equal(store_open(directory, &store, &why), 0);
	free(why);
}

static void close_store(void)
{
	store_close(store);
	store = NULL;
}

static int begin(void **state)
{
	(void)state;
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	assert_non_null(mkdtemp(directory));
	open_store();
	return 0;
}

static int end(void **state)
{
	static const char *const names[] = { "store.db", "store.db-wal" };
	char path[64];
	int i;

	(void)state;
	store_close(store);
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
	return 0;
}

/* A body that tells its revision, and takes room. */
static char *body_of(uint64_t number)
{
	static char body[2][BODY];
	char *text = body[number & 1];

	memset(text, 'x', BODY - 1);
	text[BODY - 1] = '\0';
	text[snprintf(text, BODY, "%llu", (unsigned long long)number)] = ' ';
	return text;
}

/* Revisions at one second each. */
static void fill(uint64_t upto, enum store_state state)
{
	uint64_t n;

	for (n = store_newest(store) + 1; n <= upto; n++) {
		struct store_revision revision = {
			.time = (int64_t)n, .user = "u", .reason = "", .action = "a", .state = state
		};
		const struct store_change change = {
			.id = ID,
			.kind = "externalnetwork",
			.namespace = "/",
			.name = "n",
			.before = n > 1 ? body_of(n - 1) : NULL,
			.after = body_of(n),
		};

		assert_int_equal(store_begin(store, &revision), 0);
		assert_int_equal(store_change(store, &change), 0);
		assert_int_equal(store_commit(store, 1), 0);
	}
}

static void prune(uint64_t revisions, uint64_t seconds, uint64_t bytes, int64_t now)
{
	const struct store_limits limits = { revisions, seconds, bytes };

	assert_int_equal(store_prune(store, &limits, now), 0);
}

static int take_after(const struct store_change *change, void *arg)
{
	*(unsigned long long *)arg = strtoull(change->after, NULL, 10);
	return 0;
}

static unsigned long long restored(uint64_t to)
{
	unsigned long long number = 0;

	assert_int_equal(store_diff(store, store_newest(store), to, take_after, &number), 0);
	return number;
}

static off_t size_of_file(void)
{
	struct stat stat_of;
	char path[64];

	snprintf(path, sizeof(path), "%s/store.db", directory);
	assert_int_equal(stat(path, &stat_of), 0);
	return stat_of.st_size;
}

static void test_number(void **state)
{
	(void)state;
	fill(50, STORE_FINAL);
	prune(50, NONE, NONE, 0);
	assert_int_equal(store_oldest(store), 1);
	prune(20, NONE, NONE, 0);
	assert_int_equal(store_oldest(store), 31);
	assert_int_equal(restored(31), 31);
	assert_int_equal(restored(40), 40);
	fill(51, STORE_FINAL);
	close_store();
	open_store();
	assert_int_equal(store_newest(store), 51);
	assert_int_equal(store_oldest(store), 31);
	assert_int_equal(restored(31), 31);
}

static void test_age(void **state)
{
	(void)state;
	fill(30, STORE_FINAL);
	prune(NONE, INT64_MAX, NONE, 1000);
	assert_int_equal(store_oldest(store), 1);
	prune(NONE, 10, NONE, 30);
	assert_int_equal(store_oldest(store), 20);
}

/* However hard the limits: what is on trial, and what it goes back to. */
static void test_trial_stays(void **state)
{
	(void)state;
	fill(9, STORE_FINAL);
	fill(10, STORE_TRIAL);
	prune(1, 0, 0, 1000);
	assert_int_equal(store_oldest(store), 9);
	assert_int_equal(restored(9), 9);
}

static void test_room(void **state)
{
	off_t before;

	(void)state;
	fill(60, STORE_FINAL);
	close_store();
	before = size_of_file();
	open_store();
	prune(NONE, INT64_MAX, 200000, 0);
	assert_true(store_oldest(store) > 40);
	close_store();
	assert_true(size_of_file() < before / 4);
	open_store();
	assert_int_equal(restored(59), 59);
}

/* Of very many, no more than some at a time. */
static void test_work(void **state)
{
	int i;

	(void)state;
	fill(200, STORE_FINAL);
	prune(10, NONE, NONE, 0);
	assert_int_equal(store_oldest(store), 65);
	for (i = 0; i < 3; i++)
		prune(10, NONE, NONE, 0);
	assert_int_equal(store_oldest(store), 191);
}

/* What a disk tells of late, as a quota does: not "disk I/O error" alone. */
static void test_reason(void **state)
{
	const struct rlimit small = { 64 << 10, RLIM_INFINITY };
	struct store_revision revision = { .user = "u", .reason = "", .action = "a" };
	struct store_change change = { .id = ID,
				       .kind = "externalnetwork",
				       .namespace = "/",
				       .name = "n",
				       .after = body_of(1) };
	struct rlimit before;
	int err = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(store_begin(store, &revision), 0);
	assert_int_equal(store_change(store, &change), 0);
	err = store_flush(store);
	if (!err)
		err = store_commit(store, 1);
	else
		store_abort(store);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(err, -EIO);
	assert_non_null(strstr(store_error(store), strerror(EFBIG)));
	assert_int_equal(store_newest(store), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_number, begin, end),
		cmocka_unit_test_setup_teardown(test_age, begin, end),
		cmocka_unit_test_setup_teardown(test_trial_stays, begin, end),
		cmocka_unit_test_setup_teardown(test_room, begin, end),
		cmocka_unit_test_setup_teardown(test_work, begin, end),
		cmocka_unit_test_setup_teardown(test_reason, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
