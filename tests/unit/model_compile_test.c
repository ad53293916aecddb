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

static void test_names(void **state)
{
	struct built built =
		build("/",
		      "data:\n"
		      "  externalnetworks:\n"
		      "  - name: store\n"
		      "    entries: [api.snapcraft.io, 192.0.2.0/24, '!192.0.2.9', '*.Example.org.']\n"
		      "  networkrulesetpolicies:\n"
		      "  - name: store\n"
		      "    subject: [[$enforcerid=" HOST_ID "]]\n"
		      "    outgoingRules:\n"
		      "    - action: Allow\n"
		      "      object: [[externalnetwork:name=store]]\n"
		      "      protocolPorts: [tcp/443]\n"
		      "  namespaces:\n"
		      "  - name: /\n"
		      "    defaultPUOutgoingTrafficAction: Reject\n");
	const struct mseg_policy *policy = built.compiled->policy;
	const struct mseg_names names = { 1, { "a.b.example.org" } };
	const struct mseg_names others = { 2, { "example.org", "snapcraft.io" } };
	struct mseg_key key = {
		.names = &names,
		.peer = { 198, 51, 100, 7 },
		.service = 443,
		.family = MSEG_FAMILY_IPV4,
		.protocol = 6,
		.direction = MSEG_DIRECTION_OUT,
	};

	(void)state;
	assert_int_equal(policy->n_domains, 2);
	assert_int_equal(mseg_classify(policy, &key).action, MSEG_ACTION_ALLOW);
	assert_true(mseg_classify(policy, &key).learned);
	key.names = &others;
	assert_int_equal(mseg_classify(policy, &key).action, MSEG_ACTION_REJECT);
	key.names = NULL;
	assert_int_equal(mseg_classify(policy, &key).action, MSEG_ACTION_REJECT);
	key.names = &names;
	memcpy(key.peer, (const uint8_t[]){ 192, 0, 2, 9 }, 4);
	assert_int_equal(mseg_classify(policy, &key).action, MSEG_ACTION_REJECT);
	unbuild(&built);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_procedure),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
