/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A DNS record of POLICY.md: what this host asked for, and what came of it. */
#ifndef DNS_LOOKUP_H
#define DNS_LOOKUP_H

#include <json-c/json.h>
#include <linux/mseg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns_message.h"
#include "model/model.h"

/** enum lookup_action - what became of a query, as the query language counts */
enum lookup_action {
	LOOKUP_RESOLVE,
	LOOKUP_FAIL,
	/** this host's policy rejected it */
	LOOKUP_REJECT,
};

/**
 * struct dns_lookup - a record
 * @id: microseconds since 1970 when it happened, or the next that was free
 * @value: times that the same happened
 * @ttl: seconds
 * @uid: of who asked; MSEG_ID_NONE where nobody knows
 * @learned: addresses that the module learned from the answer
 * @action: enum lookup_action
 * @protocol: IANA number
 * @reason: as struct dns_message has it; TIMEOUT or POLICY; or ""
 * @name: that was asked for
 * @type: that was asked for
 * @addresses: in text, blanks between them
 * @aliases: likewise
 * @client: address of this host
 * @server: address of who was asked
 * @command: that asked, or ""
 */
struct dns_lookup {
	uint64_t id;
	uint32_t value;
	uint32_t ttl;
	uint32_t uid;
	uint32_t learned;
	uint8_t action;
	uint8_t protocol;
	const char *reason;
	const char *name;
	const char *type;
	const char *addresses;
	const char *aliases;
	const char *client;
	const char *server;
	const char *command;
};

/** struct dns_lookup_text - where a lookup's texts are kept */
struct dns_lookup_text {
	char addresses[DNS_ADDRESSES_MAX * 46];
	char aliases[DNS_ALIASES_MAX * DNS_NAME_LEN];
	char client[46];
	char server[46];
	char command[17];
	struct dns_message message;
};

/**
 * dns_lookup_make() - from what the module says to a record
 * @record: from the module
 * @data: the message's bytes
 * @len: how many
 * @text: filled; outlives @lookup
 * @lookup: the result
 *
 * Return: 0, or -EBADMSG where no question can be read.
 */
int dns_lookup_make(const struct mseg_dns_record *record, const uint8_t *data, size_t len,
		    struct dns_lookup_text *text, struct dns_lookup *lookup);

/**
 * dns_lookup_json() - a record for people and programs
 * @lookup: the record
 * @enforcer: of this host, or NULL
 *
 * Return: an object with the names of POLICY.md, or NULL without memory.
 */
struct json_object *dns_lookup_json(const struct dns_lookup *lookup,
				    const struct model_object *enforcer);

#endif /* DNS_LOOKUP_H */
