// SPDX-License-Identifier: GPL-2.0-or-later
/* Flow records as JSON. */
#include "ctl_cmocka.h"

#include <arpa/inet.h>
#include <string.h>

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
		cmocka_unit_test(test_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
