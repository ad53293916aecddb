// SPDX-License-Identifier: GPL-2.0-or-later
/* Flow records with their names. */
#include "record.h"

#include <inttypes.h>
#include <stdio.h>
#include <mseg/core.h>
#include <stdlib.h>
#include <string.h>

#include "lib/flow.h"
#include "lib/json.h"

/* --- attributions --------------------------------------------------------- */

struct attribution *attribution_new(const char *const texts[N_ATTRIBUTION_TEXTS],
				    int32_t rule_index, enum peer_type type)
{
	struct attribution *attribution = calloc(1, sizeof(*attribution));
	unsigned int i;

	if (!attribution)
		return NULL;
	attribution->references = 1;
	attribution->rule_index = rule_index;
	attribution->type = type;
	for (i = 0; i < N_ATTRIBUTION_TEXTS; i++) {
		attribution->texts[i] = strdup(texts[i] ? texts[i] : "");
		if (!attribution->texts[i]) {
			attribution_put(attribution);
			return NULL;
		}
	}
	return attribution;
}

struct attribution *attribution_get(struct attribution *attribution)
{
	__atomic_add_fetch(&attribution->references, 1, __ATOMIC_RELAXED);
	return attribution;
}

void attribution_put(struct attribution *attribution)
{
	unsigned int i;

	if (!attribution || __atomic_sub_fetch(&attribution->references, 1, __ATOMIC_ACQ_REL))
		return;
	for (i = 0; i < N_ATTRIBUTION_TEXTS; i++)
		free(attribution->texts[i]);
	free(attribution);
}

/* --- records -------------------------------------------------------------- */

uint16_t record_port(const struct mseg_flow_record *record)
{
	if (mseg_protocol_is_icmp(record->protocol))
		return (uint16_t)(record->icmp_type << 8 | record->icmp_code);
	return record->destination_port;
}

const uint8_t *record_peer(const struct mseg_flow_record *record)
{
	return record->direction == MSEG_DIRECTION_IN ? record->source : record->destination;
}

const uint8_t *record_host(const struct mseg_flow_record *record)
{
	return record->direction == MSEG_DIRECTION_IN ? record->destination : record->source;
}

const char *record_type_name(enum peer_type type)
{
	static const char *const names[] = {
		[PEER_SOMEWHERE] = "Somewhere",
		[PEER_NETWORK] = "ExternalNetwork",
		[PEER_UNIT] = "ProcessingUnit",
	};

	return names[type < N_PEER_TYPES ? type : PEER_SOMEWHERE];
}

static void add_text(struct json_object *flow, const char *key, const char *value)
{
	if (value[0])
		json_add_string(flow, key, value);
}

static void add_peer(struct json_object *flow, const struct attribution *names, bool in)
{
	const char *const *texts = (const char *const *)names->texts;

	json_object_object_del(flow, in ? "sourceName" : "destinationName");
	json_add_string(flow, in ? "sourceType" : "destinationType", record_type_name(names->type));
	add_text(flow, in ? "sourceID" : "destinationID", texts[ATTRIBUTION_PEER_ID]);
	add_text(flow, in ? "sourceName" : "destinationName", texts[ATTRIBUTION_PEER_NAME]);
	add_text(flow, in ? "destinationID" : "sourceID", texts[ATTRIBUTION_ENFORCER_ID]);
	add_text(flow, in ? "destinationName" : "sourceName", texts[ATTRIBUTION_HOST_NAME]);
	add_text(flow, "destinationFQDN", texts[ATTRIBUTION_NAME]);
	add_text(flow, "observedName", texts[ATTRIBUTION_OBSERVED_NAME]);
}

static void add_decision(struct json_object *flow, const struct attribution *names)
{
	const char *const *texts = (const char *const *)names->texts;

	json_add_string(flow, "policyID", texts[ATTRIBUTION_POLICY_ID]);
	json_add_string(flow, "policyName", texts[ATTRIBUTION_POLICY_NAME]);
	json_add_string(flow, "policyNamespace", texts[ATTRIBUTION_POLICY_NAMESPACE]);
	json_add_string(flow, "ruleName", texts[ATTRIBUTION_RULE_NAME]);
	json_object_object_del(flow, "ruleIndex");
	if (names->rule_index >= 0)
		json_add_number(flow, "ruleIndex", (uint64_t)names->rule_index);
	add_text(flow, "namespace", texts[ATTRIBUTION_NAMESPACE]);
	add_text(flow, "enforcerID", texts[ATTRIBUTION_ENFORCER_ID]);
	json_add_bool(flow, "observed", texts[ATTRIBUTION_OBSERVED_ACTION][0]);
	if (texts[ATTRIBUTION_OBSERVED_ACTION][0]) {
		json_add_string(flow, "observedAction", texts[ATTRIBUTION_OBSERVED_ACTION]);
		json_add_string(flow, "observedPolicyID", texts[ATTRIBUTION_OBSERVED_POLICY_ID]);
		json_add_string(flow, "observedRuleName", texts[ATTRIBUTION_OBSERVED_RULE_NAME]);
	}
	if (texts[ATTRIBUTION_CANDIDATE_ACTION][0]) {
		json_add_string(flow, "candidateAction", texts[ATTRIBUTION_CANDIDATE_ACTION]);
		json_add_string(flow, "candidateRuleName", texts[ATTRIBUTION_CANDIDATE_RULE_NAME]);
	}
}

struct json_object *record_json(const struct record *record)
{
	struct json_object *flow = flow_json(&record->kernel, NULL);
	char text[24];

	if (!flow)
		return NULL;
	add_peer(flow, record->attribution, record->kernel.direction == MSEG_DIRECTION_IN);
	if (record->lookup) {
		snprintf(text, sizeof(text), "%" PRIu64, record->lookup);
		json_add_string(flow, "destinationLookup", text);
	}
	add_decision(flow, record->attribution);
	return flow;
}
