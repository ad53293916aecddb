// SPDX-License-Identifier: GPL-2.0
/*
 * The KUnit suites: a module of their own, which holds the product's parts but
 * registers none of them. A suite includes the file that it tests.
 */
#include <linux/module.h>

#include "tests.h"

#include "dns.h"
#include "dnslog.h"
#include "head.h"

static const struct genl_multicast_group groups[] = {
	{ .name = "records" },
};

struct genl_family mseg_test_family __ro_after_init = {
	.name = "mseg_kunit",
	.version = 1,
	.module = THIS_MODULE,
	.netnsok = true,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

static int __init mseg_kunit_init(void)
{
	int err = mseg_conn_init();

	if (err)
		return err;
	err = genl_register_family(&mseg_test_family);
	if (err)
		goto conn_exit;
	err = mseg_flow_init(&mseg_test_family, 0);
	if (err)
		goto unregister;
	mseg_event_init(&mseg_test_family, 0);
	mseg_dnslog_init(&mseg_test_family, 0);
	mseg_head_init(&mseg_test_family, 0);
	err = mseg_dns_init();
	if (err)
		goto flow_exit;
	return 0;

flow_exit:
	mseg_flow_exit();
unregister:
	genl_unregister_family(&mseg_test_family);
conn_exit:
	mseg_conn_exit();
	return err;
}

static void __exit mseg_kunit_exit(void)
{
	mseg_dns_exit();
	mseg_flow_exit();
	genl_unregister_family(&mseg_test_family);
	mseg_conn_exit();
}

module_init(mseg_kunit_init);
module_exit(mseg_kunit_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The mseg developers");
MODULE_DESCRIPTION("KUnit suites of the mseg module");
