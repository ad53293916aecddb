/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flow record with the names that it had when it happened: what the module says of
 * a connection, and whose rule and which peer that meant under the policy of then.
 */
#ifndef RECORDS_RECORD_H
#define RECORDS_RECORD_H

#include <json-c/json.h>
#include <linux/mseg.h>
#include <stdbool.h>
#include <stdint.h>

/** enum peer_type - what a peer is (POLICY.md) */
enum peer_type {
	PEER_SOMEWHERE,
	PEER_NETWORK,
	PEER_UNIT,
	N_PEER_TYPES,
};

/** enum attribution_text - the names of an attribution */
enum attribution_text {
	/** of the peer; empty for Somewhere */
	ATTRIBUTION_PEER_ID,
	ATTRIBUTION_PEER_NAME,
	/** of the ruleset that decided; empty where the default did */
	ATTRIBUTION_POLICY_ID,
	ATTRIBUTION_POLICY_NAMESPACE,
	ATTRIBUTION_POLICY_NAME,
	ATTRIBUTION_RULE_NAME,
	/** of the host */
	ATTRIBUTION_NAMESPACE,
	ATTRIBUTION_ENFORCER_ID,
	ATTRIBUTION_HOST_NAME,
	/** Accept or Reject, or empty; of the rules under observation */
	ATTRIBUTION_OBSERVED_ACTION,
	ATTRIBUTION_OBSERVED_POLICY_ID,
	ATTRIBUTION_OBSERVED_RULE_NAME,
	/** likewise of the candidate policy */
	ATTRIBUTION_CANDIDATE_ACTION,
	ATTRIBUTION_CANDIDATE_RULE_NAME,
	/** the name by which the peer's address was learned, or empty */
	ATTRIBUTION_NAME,
	/** whom the connection itself says that it is for (TLS, HTTP), or empty */
	ATTRIBUTION_OBSERVED_NAME,
	N_ATTRIBUTION_TEXTS,
};

/**
 * struct attribution - names of a record; a text never is NULL
 * @texts: by enum attribution_text
 * @rule_index: in its ruleset's list; -1 where the default decided
 * @type: enum peer_type
 * @references: for attribution_get()
 */
struct attribution {
	char *texts[N_ATTRIBUTION_TEXTS];
	int32_t rule_index;
	uint8_t type;
	unsigned int references;
};

/**
 * attribution_new() - names of records
 * @texts: copied; NULL counts as empty
 * @rule_index: as struct attribution has it
 * @type: likewise
 *
 * Return: with one reference, or NULL without memory.
 */
struct attribution *attribution_new(const char *const texts[N_ATTRIBUTION_TEXTS],
				    int32_t rule_index, enum peer_type type);

/** attribution_get() - one more reference; from any thread */
struct attribution *attribution_get(struct attribution *attribution);

/**
 * attribution_put() - give a reference up; from any thread
 * @attribution: may be NULL
 */
void attribution_put(struct attribution *attribution);

/**
 * struct record - a flow record
 * @kernel: what the module said
 * @attribution: what that meant then
 * @arrived: when it came, nanoseconds since 1970
 * @lookup: by which the peer's name was learned, as the DNS log numbers it, or 0
 * @held: it is no record that the module made, but a connection that it remembers
 * @again: it was taken before, and its connection's names are known better now
 */
struct record {
	struct mseg_flow_record kernel;
	struct attribution *attribution;
	uint64_t arrived;
	uint64_t lookup;
	bool held;
	bool again;
};

/**
 * record_port() - a connection's service
 * @record: the record
 *
 * Return: the destination port, or ICMP type * 256 + code, or 0.
 */
uint16_t record_port(const struct mseg_flow_record *record);

/** record_peer() - the peer's address */
const uint8_t *record_peer(const struct mseg_flow_record *record);

/** record_host() - the address at the host's end */
const uint8_t *record_host(const struct mseg_flow_record *record);

/**
 * record_json() - a record for people and programs
 * @record: the record
 *
 * Return: an object with the names of POLICY.md, or NULL without memory.
 */
struct json_object *record_json(const struct record *record);

/** record_type_name() - a peer's type in words */
const char *record_type_name(enum peer_type type);

#endif /* RECORDS_RECORD_H */
