// SPDX-License-Identifier: GPL-2.0-or-later
/* A flow record as JSON. */
#include "flow.h"
#include "cgroup.h"
#include "json.h"
#include "prefix.h"
#include "protocols.h"
#include "text.h"

#include <inttypes.h>
#include <mseg/core.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WORD(words, index) \
	((index) < sizeof(words) / sizeof((words)[0]) ? (words)[index] : "unknown")

const char *flow_protocol(unsigned int protocol, char *text)
{
	const char *name = protocol_name(protocol);

	if (name)
		return name;
	snprintf(text, 16, "%u", protocol);
	return text;
}

const char *flow_time(uint64_t time, char *text)
{
	time_t seconds = (time_t)(time / 1000000000);
	struct tm tm;
	size_t used;

	gmtime_r(&seconds, &tm);
	used = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + used, 40 - used, ".%09uZ", (unsigned int)(time % 1000000000));
	return text;
}

static const char *host_name(void)
{
	static _Thread_local char name[256];

	if (!name[0] && gethostname(name, sizeof(name) - 1))
		name[0] = '\0';
	return name;
}

static void add_times(struct json_object *flow, const struct mseg_flow_record *record)
{
	char text[40];

	json_add_string(flow, "timestamp", flow_time(record->last_seen, text));
	json_add_string(flow, "firstSeen", flow_time(record->first_seen, text));
	json_add_string(flow, "lastSeen", flow_time(record->last_seen, text));
}

static void add_end(struct json_object *flow, const char *end, const char *what, const char *value)
{
	char key[32];

	snprintf(key, sizeof(key), "%s%s", end, what);
	json_add_string(flow, key, value);
}

static void add_port(struct json_object *flow, const struct mseg_flow_record *record,
		     const char *key, uint16_t port)
{
	if (mseg_protocol_has_ports(record->protocol))
		json_add_number(flow, key, port);
}

/* The host is one end of every flow, its peer the other. */
static void add_host(struct json_object *flow, const char *end)
{
	add_end(flow, end, "Type", "ProcessingUnit");
	add_end(flow, end, "Name", host_name());
}

static void add_peer(struct json_object *flow, const struct mseg_flow_record *record,
		     const char *end, const struct names *names)
{
	const char *name = NULL;

	if (record->network == MSEG_ID_NONE) {
		add_end(flow, end, "Type", "Somewhere");
		return;
	}
	name = names_network(names, record->generation, record->network);
	add_end(flow, end, "Type", "ExternalNetwork");
	add_end(flow, end, "Name", name);
}

static void add_ends(struct json_object *flow, const struct mseg_flow_record *record,
		     const struct names *names)
{
	bool in = record->direction == MSEG_DIRECTION_IN;
	char text[PREFIX_TEXT_LEN];

	address_format(record->source, record->family, text);
	json_add_string(flow, "sourceIP", text);
	add_port(flow, record, "sourcePort", record->source_port);
	if (in)
		add_peer(flow, record, "source", names);
	else
		add_host(flow, "source");
	address_format(record->destination, record->family, text);
	json_add_string(flow, "destinationIP", text);
	add_port(flow, record, "destinationPort", record->destination_port);
	if (in)
		add_host(flow, "destination");
	else
		add_peer(flow, record, "destination", names);
	if (mseg_protocol_is_icmp(record->protocol)) {
		json_add_number(flow, "icmpType", record->icmp_type);
		json_add_number(flow, "icmpCode", record->icmp_code);
	}
}

static void add_interface(struct json_object *flow, const struct mseg_flow_record *record)
{
	char name[IF_NAMESIZE];

	if (!record->ifindex)
		return;
	if (if_indextoname(record->ifindex, name))
		json_add_string(flow, "interface", name);
	else
		json_add_number(flow, "interface", record->ifindex);
}

static void add_counters(struct json_object *flow, const struct mseg_flow_record *record)
{
	json_add_number(flow, "value", record->count);
	json_add_number(flow, "bytesIn", record->bytes_in);
	json_add_number(flow, "bytesOut", record->bytes_out);
	json_add_number(flow, "packetsIn", record->packets_in);
	json_add_number(flow, "packetsOut", record->packets_out);
}

/* What decided; a silent rejection says so in its reason. */
static void add_decision(struct json_object *flow, const struct mseg_flow_record *record,
			 const struct names *names)
{
	static const char *const reasons[] = {
		[MSEG_REASON_RULE] = "rule",
		[MSEG_REASON_DEFAULT] = "default",
	};
	bool by_rule = record->rule != MSEG_ID_NONE;
	bool silent = record->flags & MSEG_FLOW_FLAG_SILENT;
	const char *reason = WORD(reasons, record->reason);
	char text[24];

	json_add_string(flow, "reason", reason);
	snprintf(text, sizeof(text), "%" PRIu64, (uint64_t)record->cookie);
	json_add_string(flow, "policyID", by_rule ? text : "");
	json_add_string(flow, "ruleName",
			by_rule ? names_rule(names, record->generation, record->rule) : "");
	if (by_rule)
		json_add_number(flow, "ruleIndex", record->rule);
	if (record->verdict == MSEG_ACTION_REJECT) {
		snprintf(text, sizeof(text), "%s%s", reason, silent ? " (silent)" : "");
		json_add_string(flow, "dropReason", text);
	}
	json_add_bool(flow, "existing", record->flags & MSEG_FLOW_FLAG_EXISTING);
	json_add_bool(flow, "forwarded", record->flags & MSEG_FLOW_FLAG_FORWARDED);
	json_add_bool(flow, "raw", record->flags & MSEG_FLOW_FLAG_RAW);
}

static const char *opinion_word(uint8_t opinion)
{
	return opinion == MSEG_OPINION_REJECT ? "Reject" : "Accept";
}

/* What rules under observation and the candidate would have decided. */
static void add_opinions(struct json_object *flow, const struct mseg_flow_record *record,
			 const struct names *names)
{
	bool by_rule = record->observed_rule != MSEG_ID_NONE;
	char text[24] = "";

	json_add_bool(flow, "observed", record->observed != MSEG_OPINION_NONE);
	if (record->observed != MSEG_OPINION_NONE) {
		if (by_rule)
			snprintf(text, sizeof(text), "%" PRIu64, (uint64_t)record->observed_cookie);
		json_add_string(flow, "observedAction", opinion_word(record->observed));
		json_add_string(flow, "observedPolicyID", text);
		json_add_string(flow, "observedRuleName",
				by_rule ? names_rule(names, record->generation,
						     record->observed_rule) :
					  "");
	}
	if (record->candidate == MSEG_OPINION_NONE)
		return;
	json_add_string(flow, "candidateAction", opinion_word(record->candidate));
	json_add_string(flow, "candidateRuleName",
			record->candidate_rule != MSEG_ID_NONE ?
				names_rule(names, record->candidate_generation,
					   record->candidate_rule) :
				"");
	json_add_number(flow, "candidateGeneration", record->candidate_generation);
}

/* Who is behind it, as far as the kernel knew. Any user chooses his commands' names. */
static void add_owner(struct json_object *flow, const struct mseg_flow_record *record)
{
	char command[sizeof(record->command) + 1] = "", path[256];

	if (record->uid != MSEG_ID_NONE)
		json_add_number(flow, "uid", record->uid);
	memcpy(command, record->command, sizeof(record->command));
	text_clean(command);
	if (command[0])
		json_add_string(flow, "command", command);
	if (!record->cgroup)
		return;
	json_add_number(flow, "cgroup", record->cgroup);
	if (cgroup_path(record->cgroup, path, sizeof(path)))
		json_add_string(flow, "cgroupPath", path);
}

static void add_origin(struct json_object *flow, const struct mseg_flow_record *record)
{
	static const char *const events[] = {
		[MSEG_FLOW_EVENT_BEGIN] = "begin",
		[MSEG_FLOW_EVENT_UPDATE] = "update",
		[MSEG_FLOW_EVENT_END] = "end",
	};
	static const char *const states[] = {
		[MSEG_CONN_STATE_NEW] = "new",
		[MSEG_CONN_STATE_REPLIED] = "replied",
		[MSEG_CONN_STATE_ESTABLISHED] = "established",
		[MSEG_CONN_STATE_CLOSING] = "closing",
		[MSEG_CONN_STATE_CLOSED] = "closed",
		[MSEG_CONN_STATE_REJECTED] = "rejected",
	};

	json_add_number(flow, "generation", record->generation);
	json_add_string(flow, "event", WORD(events, record->event));
	json_add_string(flow, "state", WORD(states, record->state));
	json_add_number(flow, "cpu", record->cpu);
	json_add_number(flow, "seq", record->seq);
}

struct json_object *flow_json(const struct mseg_flow_record *record, const struct names *names)
{
	struct json_object *flow = json_object_new_object();
	bool rejected = record->verdict == MSEG_ACTION_REJECT;
	bool in = record->direction == MSEG_DIRECTION_IN;
	char text[24];

	if (!flow)
		return NULL;
	snprintf(text, sizeof(text), "%" PRIu64, (uint64_t)record->id);
	json_add_string(flow, "ID", text);
	add_times(flow, record);
	json_add_string(flow, "action", rejected ? "Reject" : "Accept");
	json_add_string(flow, "direction", in ? "in" : "out");
	json_add_string(flow, "protocol", flow_protocol(record->protocol, text));
	add_ends(flow, record, names);
	add_interface(flow, record);
	add_counters(flow, record);
	add_decision(flow, record, names);
	add_opinions(flow, record, names);
	add_owner(flow, record);
	add_origin(flow, record);
	return flow;
}
