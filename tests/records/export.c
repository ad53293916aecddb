// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Export made-up flow records to a receiver, without a kernel:
 *
 *	export TYPE TO
 *
 * does what its input says, line by line: "put N" exports so many, "state" prints how the
 * export fares, as msegd does. It ends with its input.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "export/exporter.h"
#include "lib/json.h"
#include "lib/text.h"

static struct attribution *attribute(void)
{
	const char *const texts[N_ATTRIBUTION_TEXTS] = {
		[ATTRIBUTION_PEER_ID] = "000000000000000000000001",
		[ATTRIBUTION_PEER_NAME] = "net",
		[ATTRIBUTION_POLICY_NAME] = "ssh",
		[ATTRIBUTION_POLICY_NAMESPACE] = "/",
		/* Whoever may write rules may not write the log. */
		[ATTRIBUTION_RULE_NAME] = "a\"]\n<12>1 b\x1b[31m\\ \xc3\xbc",
		[ATTRIBUTION_HOST_NAME] = "demo",
	};

	return attribution_new(texts, 0, PEER_NETWORK);
}

/* By turns TCP that is accepted, UDP over IPv6 that goes out, and ICMP that is rejected. */
static void fill(unsigned int number, struct mseg_flow_record *flow)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	flow->id = number + 1;
	flow->last_seen = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	flow->first_seen = flow->last_seen - 1000000000;
	flow->uid = flow->observed_rule = flow->candidate_rule = UINT32_MAX;
	flow->rule = flow->network = 0;
	flow->count = 1;
	flow->family = MSEG_FAMILY_IPV4;
	flow->event = MSEG_FLOW_EVENT_END;
	flow->packets_in = 3;
	flow->bytes_in = 300;
	flow->packets_out = 2;
	flow->bytes_out = 2000;
	inet_pton(AF_INET, "192.0.2.7", flow->source);
	inet_pton(AF_INET, "198.51.100.9", flow->destination);
	if (number % 3 == 0) {
		flow->protocol = IPPROTO_TCP;
		flow->source_port = (uint16_t)(10000 + number % 50000);
		flow->destination_port = 22;
		memcpy(flow->command, "ss\x07hd", 5);
	} else if (number % 3 == 1) {
		flow->family = MSEG_FAMILY_IPV6;
		flow->direction = MSEG_DIRECTION_OUT;
		flow->protocol = IPPROTO_UDP;
		flow->source_port = 40000;
		flow->destination_port = 53;
		inet_pton(AF_INET6, "2001:db8::7", flow->source);
		inet_pton(AF_INET6, "2001:db8::9", flow->destination);
	} else {
		flow->protocol = IPPROTO_ICMP;
		flow->icmp_type = 8;
		flow->verdict = MSEG_ACTION_REJECT;
		flow->packets_out = flow->bytes_out = 0;
	}
}

static void put(struct exporter *exporter, struct attribution *attribution, unsigned int n)
{
	static unsigned int number;

	for (; n; n--) {
		struct record record = { .attribution = attribution };

		fill(number++, &record.kernel);
		exporter_put(exporter, &record);
	}
}

static void tell(struct exporter *exporter)
{
	struct json_object *object = json_object_new_object();
	struct exporter_state state;

	exporter_state(exporter, &state);
	json_add_number(object, "sent", state.sent);
	json_add_number(object, "lost", state.lost);
	json_add_number(object, "waiting", state.waiting);
	json_add_number(object, "failures", state.failures);
	json_add_bool(object, "connected", state.connected);
	json_add_string(object, "problem", state.problem);
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	fflush(stdout);
	json_object_put(object);
}

int main(int argc, char **argv)
{
	static struct export_target target = { .name = "test" };
	struct attribution *attribution = attribute();
	struct exporter *exporter;
	char line[64], why[TEXT_WHY_LEN];

	if (argc != 3)
		return 2;
	target.type = export_type_find(argv[1]);
	if (target.type == N_EXPORT_TYPES || !export_target_parse(argv[2], &target, why)) {
		fprintf(stderr, "export: %s\n", target.type == N_EXPORT_TYPES ? "type" : why);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (!attribution || exporter_open(&target, &exporter))
		return 1;
	while (fgets(line, sizeof(line), stdin)) {
		if (!strncmp(line, "put ", 4))
			put(exporter, attribution, (unsigned int)atoi(line + 4));
		else
			tell(exporter);
	}
	exporter_close(exporter);
	attribution_put(attribution);
	return 0;
}
