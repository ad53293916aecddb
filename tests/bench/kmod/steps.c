// SPDX-License-Identifier: GPL-2.0
/*
 * Where instructions go: what runs is stepped through, and each instruction is
 * counted for the function that it is in.
 */
#include <linux/kallsyms.h>
#include <linux/kdebug.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "bench.h"

#ifdef CONFIG_X86

#define MAX_STEPS 16384
#define MAX_FUNCTIONS 192

struct function {
	char name[KSYM_NAME_LEN];
	u32 steps;
};

static unsigned long *steps;
static u32 n_steps;

static int on_debug(struct notifier_block *block, unsigned long event, void *data)
{
	const struct die_args *args = data;

	if (event != DIE_DEBUG || n_steps == MAX_STEPS)
		return NOTIFY_DONE;
	steps[n_steps++] = args->regs->ip;
	return NOTIFY_STOP;
}

static struct notifier_block notifier = { .notifier_call = on_debug };

int bench_steps_begin(void)
{
	int err;

	steps = kvcalloc(MAX_STEPS, sizeof(*steps), GFP_KERNEL);
	if (!steps)
		return -ENOMEM;
	n_steps = 0;
	err = register_die_notifier(&notifier);
	if (err)
		kvfree(steps);
	return err;
}

static void count(struct function *functions, unsigned long ip)
{
	char name[KSYM_NAME_LEN];
	int i;

	sprint_symbol_no_offset(name, ip);
	for (i = 0; i < MAX_FUNCTIONS; i++) {
		if (!functions[i].steps)
			strscpy(functions[i].name, name, sizeof(functions[i].name));
		if (!strcmp(functions[i].name, name)) {
			functions[i].steps++;
			return;
		}
	}
}

int bench_steps_end(char *answer, size_t size)
{
	struct function *functions = kvcalloc(MAX_FUNCTIONS, sizeof(*functions), GFP_KERNEL);
	int i, len = 0;

	unregister_die_notifier(&notifier);
	if (functions) {
		for (i = 0; i < n_steps; i++)
			count(functions, steps[i]);
		for (i = 0; i < MAX_FUNCTIONS && functions[i].steps; i++)
			len += scnprintf(answer + len, size - len, "%u %s\n", functions[i].steps,
					 functions[i].name);
	}
	kvfree(functions);
	kvfree(steps);
	return functions ? len : -ENOMEM;
}

#else

int bench_steps_begin(void)
{
	return -EOPNOTSUPP;
}

int bench_steps_end(char *answer, size_t size)
{
	return 0;
}

#endif
