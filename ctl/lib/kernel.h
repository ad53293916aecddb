/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the module knows, read back: status, statistics, the policy in force,
 * connections.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <linux/mseg.h>
#include <mseg/core.h>

#include "client.h"

#include <stdbool.h>
#include <stdint.h>

/** struct kernel_status - the module in this network namespace */
struct kernel_status {
	char version[64];
	bool attached;
	uint8_t defaults[2];
	uint8_t silent[2];
	uint32_t confirm_left;
	uint32_t generation;
	/** 0 where there is none */
	uint32_t candidate;
	/** enum mseg_mode */
	uint8_t forward;
	uint8_t raw;
	bool locked;
	uint32_t networks;
	uint32_t entries;
	uint32_t rules;
	uint32_t connections;
	uint32_t connections_max;
};

/**
 * kernel_status() - read the status
 * @client: a connection
 * @status: the result
 *
 * Return: 0 or an error of client_call().
 */
int kernel_status(struct client *client, struct kernel_status *status);

/**
 * kernel_candidate() - kernel_status(), but with generation, defaults, silence and
 *	counts of the candidate's policy
 *
 * Return: as that, and -ENOENT where there is none.
 */
int kernel_candidate(struct client *client, struct kernel_status *status);

/**
 * kernel_stats() - read the statistics
 * @client: a connection
 * @each: called with each; a non-zero return ends it and is returned
 * @arg: handed to @each
 *
 * Return: 0 or an error.
 */
int kernel_stats(struct client *client, int (*each)(const char *name, uint64_t value, void *arg),
		 void *arg);

/** enum kernel_part - what of which policy is wanted */
enum kernel_part {
	KERNEL_NAMES = 0,
	/** the networks' entries too */
	KERNEL_ENTRIES = 1,
	/** of the candidate, not of the policy in force */
	KERNEL_CANDIDATE = 2,
};

/** struct kernel_hits - what a rule has decided since it is in force */
struct kernel_hits {
	/** connections */
	uint64_t count;
	/** nanoseconds since 1970, 0 for never */
	uint64_t last;
};

/**
 * struct kernel_policy - a policy, read back
 * @policy: not compiled
 * @hits: by rule
 * @generation: its own
 */
struct kernel_policy {
	struct mseg_policy *policy;
	struct kernel_hits *hits;
	uint32_t generation;
};

/**
 * kernel_policy() - read the policy in force, or the candidate, all of one generation
 * @client: a connection
 * @parts: of enum kernel_part, or-ed
 * @policy: the result; to be freed even after an error
 *
 * It begins again when a commit comes between. Return: 0, -EAGAIN where commits
 * never stopped coming, -ENOENT where there is no candidate, or another error.
 */
int kernel_policy(struct client *client, unsigned int parts, struct kernel_policy *policy);

/**
 * kernel_policy_free() - free what was read
 * @policy: as kernel_policy() left it, or zeros
 */
void kernel_policy_free(struct kernel_policy *policy);

/**
 * kernel_connections() - read the connections that the module remembers
 * @client: a connection
 * @each: called with each and the seconds until it is forgotten; a non-zero
 *	return ends it and is returned
 * @arg: handed to @each
 *
 * Return: 0 or an error; -EAGAIN, after all was read, where the table changed
 * so that some may be missing or doubled.
 */
int kernel_connections(struct client *client,
		       int (*each)(const struct mseg_flow_record *record, uint32_t timeout,
				   void *arg),
		       void *arg);

/**
 * kernel_record() - take a flow record out of its attribute
 * @attr: MSEG_A_FLOW; a newer module's longer record is cut
 * @record: the result
 *
 * Return: false where it is too short.
 */
bool kernel_record(const struct nlattr *attr, struct mseg_flow_record *record);

#endif /* KERNEL_H */
