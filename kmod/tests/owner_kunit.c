// SPDX-License-Identifier: GPL-2.0
/* Sockets that are closed: what they held goes, and nobody waits for it. */
#include "../owner.c"

#include <linux/completion.h>
#include <linux/kthread.h>

#include "tests.h"

struct closing {
	struct mseg_net *mnet;
	struct completion done;
};

static int close_port(void *data)
{
	struct closing *closing = data;

	forget_port(closing->mnet, 7);
	complete(&closing->done);
	return 0;
}

/* While a long commit holds the namespace's lock. */
static void closing_waits_for_no_commit(struct kunit *test)
{
	struct closing closing = { .mnet = mseg_test_net(test, 16) };
	struct mseg_net *mnet = closing.mnet;
	struct task_struct *task;
	unsigned long left;

	init_completion(&closing.done);
	mutex_lock(&mnet->lock);
	KUNIT_EXPECT_FALSE(test, IS_ERR(mseg_txn_begin(mnet, 7, NULL)));
	KUNIT_EXPECT_EQ(test, 0, mseg_subscriber_add(&mnet->subscribers, 7));
	KUNIT_EXPECT_EQ(test, 0, mseg_subscriber_add(&mnet->subscribers, 8));
	task = kthread_run(close_port, &closing, "mseg_close");
	if (IS_ERR(task))
		complete(&closing.done);
	left = wait_for_completion_timeout(&closing.done, 5 * HZ);
	KUNIT_EXPECT_GT_MSG(test, left, 0, "it waited");
	KUNIT_EXPECT_EQ(test, 1, mnet->subscribers.count);
	mutex_unlock(&mnet->lock);
	if (!left)
		wait_for_completion(&closing.done);
	KUNIT_EXPECT_FALSE(test, IS_ERR(task));
	flush_work(&mnet->orphans);
	KUNIT_EXPECT_EQ(test, 0, mnet->n_txns);
	KUNIT_EXPECT_EQ(test, 1, mnet->subscribers.count);
}

static struct kunit_case cases[] = { KUNIT_CASE(closing_waits_for_no_commit), {} };

static struct kunit_suite suite = {
	.name = "mseg_owner",
	.test_cases = cases,
};

kunit_test_suite(suite);
