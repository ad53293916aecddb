// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in for the product's module: it has one bug, on request, which the
 * debug kernel must find.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <net/net_namespace.h>

static char *bug = "none";
module_param(bug, charp, 0);

static int *volatile memory;
static volatile int one_too_many = 8;
static DEFINE_SPINLOCK(first);
static DEFINE_SPINLOCK(second);
static LIST_HEAD(list);

static void use_after_free(void)
{
	memory = kmalloc(8 * sizeof(int), GFP_KERNEL);
	kfree(memory);
	memory[0] = 1;
}

static void overflow(void)
{
	memory = kmalloc(8 * sizeof(int), GFP_KERNEL);
	memory[one_too_many] = 1;
	kfree(memory);
}

static void leak(void)
{
	int i;

	for (i = 0; i < 16; i++)
		memory = kmalloc(1000, GFP_KERNEL);
	memory = NULL;
}

static void lock_inversion(void)
{
	spin_lock(&first);
	spin_lock(&second);
	spin_unlock(&second);
	spin_unlock(&first);
	spin_lock(&second);
	spin_lock(&first);
	spin_unlock(&first);
	spin_unlock(&second);
}

static void sleep_in_atomic(void)
{
	spin_lock(&first);
	msleep(1);
	spin_unlock(&first);
}

static void unprotected_walk(void)
{
	struct net *net;

	list_for_each_entry_rcu(net, &list, list)
		memory = NULL;
}

static void bad_shift(void)
{
	one_too_many = 1 << (32 + one_too_many);
}

static void timer_function(struct timer_list *timer)
{
}

static void live_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	timer_setup(timer, timer_function, 0);
	mod_timer(timer, jiffies + 100 * HZ);
	kfree(timer);
}

static void module_reference(void)
{
	__module_get(THIS_MODULE);
}

static const struct {
	const char *name;
	void (*function)(void);
} bugs[] = {
	{ "use-after-free", use_after_free },
	{ "overflow", overflow },
	{ "leak", leak },
	{ "lock-inversion", lock_inversion },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "unprotected-walk", unprotected_walk },
	{ "bad-shift", bad_shift },
	{ "live-timer", live_timer },
	{ "module-reference", module_reference },
};

static int __init planted_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(bugs); i++)
		if (!strcmp(bug, bugs[i].name))
			bugs[i].function();
	return 0;
}

static void __exit planted_exit(void)
{
}

module_init(planted_init);
module_exit(planted_exit);
MODULE_DESCRIPTION("stand-in for the tests of tests/uml/run");
MODULE_LICENSE("GPL");
