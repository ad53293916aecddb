/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The query language of flows and of lookups, which the console and mctl share:
 *
 *	query  = { word }                    all of them hold
 *	word   = [ "-" ] [ FIELD ":" ] value { "," value }    one value does; - negates
 *	value  = "text with spaces" | text
 *
 * In quotes, \" and \\ stand for a quote and a backslash. What has no field is searched
 * for in names, addresses and ports; an address, with its colons, is such a word. Case
 * does not matter. In names, * stands for any text. tests/vectors/query.json says by
 * examples what each field takes and what queries choose.
 */
#ifndef RECORDS_QUERY_H
#define RECORDS_QUERY_H

#include <mseg/core.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/text.h"
#include "record.h"

/** Bytes of a query, words in it, and values in all of them. */
#define QUERY_MAX_LEN 4096
#define QUERY_MAX_VALUES 256

/** enum query_kind - what is asked for; each has fields of its own */
enum query_kind {
	QUERY_FLOWS = 1,
	QUERY_DNS = 2,
};

/** enum query_field - of a word */
enum query_field {
	/** a word without a field */
	QUERY_TEXT,
	QUERY_PORT,
	QUERY_PROTO,
	QUERY_SERVICE,
	QUERY_VERDICT,
	QUERY_DIRECTION,
	QUERY_PEER,
	QUERY_NETWORK,
	QUERY_RULE,
	QUERY_RULESET,
	QUERY_ADDRESS,
	QUERY_NAME,
	QUERY_USER,
	QUERY_COMMAND,
	/** of flows, the peer's: enum peer_type in number; of lookups text, as AAAA */
	QUERY_TYPE,
	QUERY_REASON,
	QUERY_EXISTING,
	/** of lookups: 0 Resolve, 1 Fail, 2 Reject, in number */
	QUERY_ACTION,
	QUERY_SERVER,
};

/**
 * struct query_value - one of a word's values
 * @text: as it was written, without quotes
 * @is_prefix: it is an address or CIDR, or a text that looks like the beginning of one
 * @is_number: @number holds it; of a text, too, that is a port
 * @number: a number, or an enumeration's: MSEG_ACTION_, MSEG_DIRECTION_, MSEG_REASON_,
 *	enum peer_type, 0 or 1
 * @prefix: where @is_prefix
 * @service: of ports and services; a port has protocol MSEG_PROTOCOL_ANY
 */
struct query_value {
	char *text;
	bool is_prefix;
	bool is_number;
	uint32_t number;
	struct mseg_prefix prefix;
	struct mseg_service service;
};

/**
 * struct query_term - one word
 * @field: what it is about
 * @not: whether it is negated
 * @values: any of them
 * @n: at least 1
 */
struct query_term {
	enum query_field field;
	bool not ;
	struct query_value *values;
	unsigned int n;
};

/**
 * struct query - all words
 * @terms: all of them hold
 * @n: 0 chooses everything
 */
struct query {
	struct query_term *terms;
	unsigned int n;
};

/**
 * struct query_error - what is wrong with a query
 * @column: in characters, from 1
 * @why: a sentence
 */
struct query_error {
	unsigned int column;
	char why[TEXT_WHY_LEN];
};

/**
 * query_parse() - read a query
 * @text: the query; blank chooses everything
 * @kind: whose fields
 * @query: the result, NULL after an error; query_free() it
 * @error: filled on error
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int query_parse(const char *text, enum query_kind kind, struct query **query,
		struct query_error *error);

/**
 * query_free() - free a query
 * @query: may be NULL
 */
void query_free(struct query *query);

/** query_field_name() - a field as it is written; NULL for QUERY_TEXT */
const char *query_field_name(enum query_field field);

/**
 * query_glob() - whether a name is what a value says
 * @pattern: * stands for any text
 * @text: the name
 */
bool query_glob(const char *pattern, const char *text);

/**
 * query_matches() - whether a query chooses a flow
 * @query: of QUERY_FLOWS
 * @record: the flow
 */
bool query_matches(const struct query *query, const struct record *record);

/* --- SQL ------------------------------------------------------------------ */

/**
 * struct query_sql - a condition with parameters
 * @text: SQL, whose parameters are ?; "1" where everything is chosen
 * @values: to be bound to them, in their order
 * @n: how many
 */
struct query_sql {
	char *text;
	struct query_sql_value {
		/** bytes of @blob, or 0 */
		unsigned int len;
		/** or @number where it is NULL and @len is 0 */
		const char *text;
		char *owned;
		uint8_t blob[16];
		int64_t number;
	} * values;
	unsigned int n;
};

/**
 * query_sql() - a query as a condition on the tables edge and attribution of a day
 *	(records/schema.h)
 * @query: of QUERY_FLOWS, outlives the result
 * @sql: the result; query_sql_clear() it, after an error too
 *
 * Return: 0 or -ENOMEM.
 */
int query_sql(const struct query *query, struct query_sql *sql);

/** query_sql_clear() - free a condition */
void query_sql_clear(struct query_sql *sql);

#endif /* RECORDS_QUERY_H */
