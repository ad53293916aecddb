// SPDX-License-Identifier: GPL-2.0-or-later
/* Flow records as JSON. */
#include "ctl_cmocka.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/cgroup.h"
#include "lib/flow.h"

static struct mseg_flow_record record_in(void)
{
	struct mseg_flow_record record = {
		.seq = 3,
		.id = UINT64_C(18446744073709551615),
		.first_seen = UINT64_C(1735689600000000001),
		.last_seen = UINT64_C(1735689601500000000),
		.packets_in = 1,
		.bytes_in = 60,
		.count = 2,
		.generation = 4,
		.rule = MSEG_ID_NONE,
		.network = MSEG_ID_NONE,
		.uid = MSEG_ID_NONE,
		.observed_rule = MSEG_ID_NONE,
		.candidate_rule = MSEG_ID_NONE,
		.source_port = 40000,
		.destination_port = 22,
		.family = MSEG_FAMILY_IPV4,
		.protocol = 6,
		.direction = MSEG_DIRECTION_IN,
		.verdict = MSEG_ACTION_REJECT,
		.reason = MSEG_REASON_DEFAULT,
		.event = MSEG_FLOW_EVENT_BEGIN,
		.state = MSEG_CONN_STATE_REJECTED,
	};

	inet_pton(AF_INET, "192.0.2.7", record.source);
	inet_pton(AF_INET, "10.0.0.1", record.destination);
	return record;
}

static void expect(struct json_object *flow, const char *key, const char *text)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(flow, key, &value)) {
		if (text)
			fail_msg("%s is not there", key);
		return;
	}
	if (!text)
		fail_msg("%s is there: %s", key, json_object_get_string(value));
	if (strcmp(json_object_get_string(value), text))
		fail_msg("%s is %s, not %s", key, json_object_get_string(value), text);
}

static void test_rejected_by_default(void **state)
{
	struct mseg_flow_record record = record_in();
	struct names *names = names_new(NULL);
	struct json_object *flow = flow_json(&record, names);

	(void)state;
	expect(flow, "ID", "18446744073709551615");
	expect(flow, "firstSeen", "2025-01-01T00:00:00.000000001Z");
	expect(flow, "timestamp", "2025-01-01T00:00:01.500000000Z");
	expect(flow, "action", "Reject");
	expect(flow, "direction", "in");
	expect(flow, "protocol", "tcp");
	expect(flow, "sourceIP", "192.0.2.7");
	expect(flow, "sourcePort", "40000");
	expect(flow, "sourceType", "Somewhere");
	expect(flow, "sourceName", NULL);
	expect(flow, "destinationIP", "10.0.0.1");
	expect(flow, "destinationPort", "22");
	expect(flow, "destinationType", "ProcessingUnit");
	expect(flow, "value", "2");
	expect(flow, "reason", "default");
	expect(flow, "dropReason", "default");
	expect(flow, "ruleName", "");
	expect(flow, "policyID", "");
	expect(flow, "event", "begin");
	expect(flow, "state", "rejected");
	expect(flow, "icmpType", NULL);
	expect(flow, "existing", "false");
	expect(flow, "forwarded", "false");
	expect(flow, "raw", "false");
	expect(flow, "observed", "false");
	expect(flow, "observedAction", NULL);
	expect(flow, "candidateAction", NULL);
	expect(flow, "uid", NULL);
	expect(flow, "command", NULL);
	expect(flow, "cgroup", NULL);
	json_object_put(flow);
	names_free(names);
}

static void test_silent_icmp_by_rule(void **state)
{
	struct mseg_flow_record record = record_in();
	struct names *names = names_new(NULL);
	struct json_object *flow;

	(void)state;
	record.protocol = 58;
	record.family = MSEG_FAMILY_IPV6;
	record.icmp_type = 128;
	record.direction = MSEG_DIRECTION_OUT;
	record.rule = 0;
	record.network = 0;
	record.cookie = UINT64_C(9223372036854775808);
	record.reason = MSEG_REASON_RULE;
	record.flags = MSEG_FLOW_FLAG_SILENT | MSEG_FLOW_FLAG_EXISTING;
	record.event = 77;
	inet_pton(AF_INET6, "2001:db8::1", record.destination);
	flow = flow_json(&record, names);
	expect(flow, "protocol", "icmp6");
	expect(flow, "icmpType", "128");
	expect(flow, "icmpCode", "0");
	expect(flow, "sourcePort", NULL);
	expect(flow, "destinationIP", "2001:db8::1");
	expect(flow, "destinationType", "ExternalNetwork");
	expect(flow, "sourceType", "ProcessingUnit");
	expect(flow, "policyID", "9223372036854775808");
	expect(flow, "ruleIndex", "0");
	expect(flow, "dropReason", "rule (silent)");
	expect(flow, "existing", "true");
	expect(flow, "event", "unknown");
	json_object_put(flow);
	names_free(names);
}

/* What does not decide, and who is behind it. */
static void test_opinions_and_owner(void **state)
{
	struct mseg_flow_record record = record_in();
	struct names *names = names_new(NULL);
	struct json_object *flow;

	(void)state;
	record.flags = MSEG_FLOW_FLAG_FORWARDED | MSEG_FLOW_FLAG_RAW;
	record.observed = MSEG_OPINION_ALLOW;
	record.observed_rule = 1;
	record.observed_cookie = 77;
	record.candidate = MSEG_OPINION_REJECT;
	record.candidate_generation = 9;
	record.uid = 0;
	record.cgroup = UINT64_MAX;
	memcpy(record.command, "sshd\x1b[2J/0123456789", sizeof(record.command));
	flow = flow_json(&record, names);
	expect(flow, "forwarded", "true");
	expect(flow, "raw", "true");
	expect(flow, "observed", "true");
	expect(flow, "observedAction", "Accept");
	expect(flow, "observedPolicyID", "77");
	expect(flow, "candidateAction", "Reject");
	expect(flow, "candidateGeneration", "9");
	expect(flow, "candidateRuleName", "");
	expect(flow, "uid", "0");
	expect(flow, "command", "sshd?[2J/0123456");
	expect(flow, "cgroup", "18446744073709551615");
	expect(flow, "cgroupPath", NULL);
	json_object_put(flow);
	/* A packet socket's would have been rejected by the default. */
	record.observed = MSEG_OPINION_REJECT;
	record.observed_rule = MSEG_ID_NONE;
	flow = flow_json(&record, names);
	expect(flow, "observedAction", "Reject");
	expect(flow, "observedPolicyID", "");
	expect(flow, "observedRuleName", "");
	json_object_put(flow);
	names_free(names);
}

/* The hierarchy's root has a path, wherever there is a hierarchy. */
static void test_cgroup(void **state)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(uint64_t)];
	} root = { .handle = { .handle_bytes = sizeof(uint64_t) } };
	char path[256] = "";
	struct statfs fs;
	uint64_t id;
	int mount;

	(void)state;
	if (geteuid() || statfs("/sys/fs/cgroup", &fs) || fs.f_type != CGROUP2_SUPER_MAGIC ||
	    name_to_handle_at(AT_FDCWD, "/sys/fs/cgroup", &root.handle, &mount, 0))
		skip();
	memcpy(&id, root.room + sizeof(root.handle), sizeof(id));
	if (!cgroup_path(id, path, sizeof(path)))
		skip(); /* a container's root may not open by number */
	assert_string_equal(path, "/");
	assert_false(cgroup_path(UINT64_MAX - 1, path, sizeof(path)));
}

static void test_protocol(void **state)
{
	char text[16];

	(void)state;
	assert_string_equal(flow_protocol(17, text), "udp");
	assert_string_equal(flow_protocol(200, text), "200");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rejected_by_default),
		cmocka_unit_test(test_silent_icmp_by_rule),
		cmocka_unit_test(test_opinions_and_owner),
		cmocka_unit_test(test_cgroup),
		cmocka_unit_test(test_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
