// SPDX-License-Identifier: GPL-2.0
/*
 * A benchmark takes commands through a file of debugfs: who writes one reads its
 * answer from the same open file.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "bench.h"

static struct dentry *file;
static DEFINE_MUTEX(lock); /* one command at a time */

/* What the counter counts is known here. */
static int nops(const char *arguments, char *answer, size_t size)
{
	struct bench_slices slices;
	u64 start;
	int i, err;

	err = bench_slices_new(&slices, 64);
	if (err)
		return err;
	for (i = 0; i < 64; i++) {
		start = bench_ticks();
		asm volatile(".rept 1000\n\tnop\n\t.endr");
		bench_slices_add(&slices, bench_ticks() - start);
	}
	return bench_slices_print(&slices, answer, size);
}

static const struct {
	const char *name;
	int (*run)(const char *arguments, char *answer, size_t size);
} commands[] = {
	{ "nops", nops },
	{ "hook", bench_packets_hook },
	{ "send", bench_packets_send },
	{ "transmit", bench_packets_transmit },
	{ "step", bench_packets_step },
	{ "load", bench_prefixes_load },
	{ "fill", bench_prefixes_fill },
	{ "trie", bench_prefixes_trie },
	{ "classify", bench_prefixes_classify },
	{ "none", bench_prefixes_none },
	{ "change", bench_prefixes_change },
};

static int run(char *command, char *answer, size_t size)
{
	char *arguments = strim(command);
	char *name = strsep(&arguments, " ");
	int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(name, commands[i].name))
			return commands[i].run(arguments ?: "", answer, size);
	}
	return -EINVAL;
}

static ssize_t write(struct file *file, const char __user *buffer, size_t size, loff_t *pos)
{
	char *command = simple_transaction_get(file, buffer, size);
	char *copy;
	int len;

	if (IS_ERR(command))
		return PTR_ERR(command);
	/* The answer takes the place of the question. */
	copy = kstrdup(command, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	mutex_lock(&lock);
	len = run(copy, command, SIMPLE_TRANSACTION_LIMIT);
	mutex_unlock(&lock);
	kfree(copy);
	if (len < 0)
		return len;
	simple_transaction_set(file, len);
	return size;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.write = write,
	.read = simple_transaction_read,
	.release = simple_transaction_release,
	.llseek = default_llseek,
};

static int __init bench_init(void)
{
	file = debugfs_create_file("mseg_bench", 0600, NULL, NULL, &operations);
	return PTR_ERR_OR_ZERO(file);
}

static void __exit bench_exit(void)
{
	debugfs_remove(file);
	bench_packets_exit();
	bench_prefixes_exit();
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("benchmark of mseg and of its peers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(BPF_INTERNAL);
