/* SPDX-License-Identifier: GPL-2.0 */
/* What several suites need. */
#ifndef MSEG_TESTS_H
#define MSEG_TESTS_H

#include <kunit/test.h>
#include <net/genetlink.h>

#include <linux/mseg.h>
#include <mseg/core.h>

#include "conn.h"
#include "event.h"
#include "flow.h"
#include "generation.h"
#include "net.h"
#include "txn.h"

/** Stands in for the product's family, with one multicast group. */
extern struct genl_family mseg_test_family;

/**
 * mseg_test_net() - a namespace of the module's own, without hooks
 * @test: it lives as long as that
 * @max: connections at most
 *
 * Return: the namespace, with generation 1, which allows everything, in force.
 */
struct mseg_net *mseg_test_net(struct kunit *test, u32 max);

/**
 * mseg_test_policy() - put a policy of defaults alone in force
 * @test: the test
 * @mnet: the namespace
 * @in: enum mseg_action
 * @out: enum mseg_action
 */
void mseg_test_policy(struct kunit *test, struct mseg_net *mnet, u8 in, u8 out);

/** mseg_test_key() - the key of a UDP connection with one of many peers. */
struct mseg_conn_key mseg_test_key(u32 peer);

#endif /* MSEG_TESTS_H */
