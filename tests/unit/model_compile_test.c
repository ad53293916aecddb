// SPDX-License-Identifier: GPL-2.0-or-later
/* From documents to the policy that the kernel takes. */
#include "model_fixture.h"

static const char procedure[] =
	"APIVersion: 0\n"
	"label: procedure\n"
	"data:\n"
	"  externalnetworks:\n"
	"  - name: ssh\n"
	"    entries: [0.0.0.0/0]\n"
	"  - name: metadata\n"
	"    entries: [169.254.169.254]\n"
	"  networkrulesetpolicies:\n"
	"  - name: Allow incoming SSH connections\n"
	"    subject: [[$enforcerid=" HOST_ID "]]\n"
	"    incomingRules:\n"
	"    - action: Allow\n"
	"      object: [[externalnetwork:name=ssh]]\n"
	"      protocolPorts: [tcp/22]\n"
	"  - name: Allow outgoing metadata requests\n"
	"    subject: [[$id=" HOST_ID "]]\n"
	"    outgoingRules:\n"
	"    - name: meta\n"
	"      action: allow\n"
	"      object: [[externalnetwork:name=meta], [externalnetwork:name=metadata]]\n"
	"      protocolPorts: [TCP/80]\n"
	"  namespaces:\n"
	"  - name: /\n"
	"    defaultPUIncomingTrafficAction: Reject\n"
	"    defaultPUOutgoingTrafficAction: Reject\n";

struct built {
	struct model *model;
	struct resolution *resolution;
	struct compiled *compiled;
};

static struct built build(const char *space, const char *document)
{
	struct built built = { .model = model_of(space, document) };
	struct told told;

	told_begin(&told);
	built.resolution = resolve(built.model, host_of(built.model));
	assert_non_null(built.resolution);
	built.compiled = compile(built.resolution, &told.diag);
	assert_non_null(built.compiled);
	told_nothing(&told);
	return built;
}

static void unbuild(struct built *built)
{
	compiled_free(built->compiled);
	resolution_free(built->resolution);
	model_free(built->model);
}

static void test_procedure(void **state)
{
	struct built built = build("/", procedure);
	const struct mseg_policy *policy = built.compiled->policy;
	struct mseg_verdict verdict;
	const struct compiled_rule *rule;

	(void)state;
	assert_int_equal(policy->n_rules, 2);
	verdict = judge(policy, MSEG_DIRECTION_IN, "198.51.100.7", 6, 22);
	assert_int_equal(verdict.action, MSEG_ACTION_ALLOW);
	rule = &built.compiled->rules[verdict.rule];
	assert_string_equal(rule->rule->ruleset->name, "Allow incoming SSH connections");
	assert_ptr_equal(compiled_find(built.compiled, rule->cookie), rule->rule);
	assert_string_equal(built.compiled->networks[verdict.network]->name, "ssh");
	verdict = judge(policy, MSEG_DIRECTION_IN, "2001:db8::1", 6, 22);
	assert_int_equal(verdict.action, MSEG_ACTION_REJECT);
	verdict = judge(policy, MSEG_DIRECTION_OUT, "169.254.169.254", 6, 80);
	assert_int_equal(verdict.action, MSEG_ACTION_ALLOW);
	assert_string_equal(policy->rules[verdict.rule].name,
			    "Allow outgoing metadata requests: meta");
	unbuild(&built);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_procedure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
