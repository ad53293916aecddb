// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in for the product's module in the tests of the harness: it has the
 * same kind of dependencies, and on request it gets the kernel into trouble.
 */
#include <linux/module.h>
#include <linux/netfilter_ipv6.h>
#include <net/netfilter/ipv4/nf_defrag_ipv4.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/netfilter/ipv4/nf_reject.h>

static char *trouble = "none";
module_param(trouble, charp, 0);

static int __init planted_init(void)
{
	pr_debug("%p %p %p\n", nf_defrag_ipv4_enable, nf_defrag_ipv6_enable, nf_send_reset);
	if (!strcmp(trouble, "warning"))
		WARN(1, "planted warning\n");
	if (!strcmp(trouble, "oops"))
		*(volatile int *)8 = 0;
	if (!strcmp(trouble, "hang")) {
		local_irq_disable();
		for (;;)
			cpu_relax();
	}
	return 0;
}

static void __exit planted_exit(void)
{
}

module_init(planted_init);
module_exit(planted_exit);
MODULE_DESCRIPTION("stand-in for the tests of tests/vm/run");
MODULE_LICENSE("GPL");
