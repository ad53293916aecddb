/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mctl flows, mctl top and mctl coverage share: the question. */
#ifndef FLOWS_H
#define FLOWS_H

#include "mctl.h"
#include "records/query.h"

/**
 * struct flow_question - which flows
 * @context: the command
 * @query: words of the query language, from malloc(); "" for all
 * @since: as the API takes it, or NULL
 * @until: likewise
 * @last: so many at most; 0 where it was not said
 * @follow: those that come
 * @not: the next option is negated
 */
struct flow_question {
	const struct context *context;
	char *query;
	const char *since;
	const char *until;
	unsigned long last;
	bool follow;
	bool not ;
};

/** Their options. */
enum {
	OPTION_SINCE = OPTION_OWN,
	OPTION_UNTIL,
	OPTION_LAST,
	OPTION_FOLLOW,
	OPTION_NOT,
	/* One for each field of the query language. */
	OPTION_FIELD,
};

/**
 * flow_question_take() - take an option; an option_taker
 * @option: its val
 * @value: its argument, or NULL
 * @arg: the question, filled
 *
 * Return: false, having said why, where it is wrong.
 */
bool flow_question_take(int option, const char *value, void *arg);

/**
 * flow_question_read() - read a command's options, and its operands as words
 * @context: of the command
 * @argc: of the command
 * @argv: likewise
 * @question: filled; its query is to be freed
 *
 * Return: MCTL_DONE, or having said why, how the program ends.
 */
int flow_question_read(struct context *context, int argc, char **argv,
		       struct flow_question *question);

/** Options of a question about flows. */
#define FLOW_QUERY_OPTIONS                                                                \
	{ "not", no_argument, NULL, OPTION_NOT },                                         \
		{ "direction", required_argument, NULL, OPTION_FIELD + QUERY_DIRECTION }, \
		{ "verdict", required_argument, NULL, OPTION_FIELD + QUERY_VERDICT },     \
		{ "peer", required_argument, NULL, OPTION_FIELD + QUERY_PEER },           \
		{ "port", required_argument, NULL, OPTION_FIELD + QUERY_PORT },           \
		{ "proto", required_argument, NULL, OPTION_FIELD + QUERY_PROTO },         \
		{ "network", required_argument, NULL, OPTION_FIELD + QUERY_NETWORK },     \
	{                                                                                 \
		"rule", required_argument, NULL, OPTION_FIELD + QUERY_RULE                \
	}

#define FLOW_QUERY_ARGUMENTS \
	"[--direction in|out] [--verdict accept|reject] [--peer PEER] [--port PORT] [--proto PROTOCOL] [--network NAME] [--rule NAME] [--not OPTION] [QUERY]"

#define FLOW_QUERY_HELP                                                                               \
	"QUERY has words that all must hold:\n"                                                       \
	"\n"                                                                                          \
	"  port:67,68 proto:udp verdict:reject peer:Somewhere -peer:ssh\n"                            \
	"\n"                                                                                          \
	"A word is FIELD:VALUE, of whose values, with commas between, one must hold; - before it\n"   \
	"negates it. Without a field it is searched for in names, addresses and ports. Values\n"      \
	"with blanks stand in double quotes; * in names stands for any text; case does not matter.\n" \
	"Fields are port, proto, service (tcp/22, icmp/8/0), verdict (accept, reject), direction\n"   \
	"(in, out), reason (rule, default), peer (a network's name, Somewhere, an address or a\n"     \
	"CIDR), network, rule, ruleset, address (at either end), name (by DNS, TLS or HTTP), user,\n" \
	"command, type (Somewhere, ExternalNetwork, ProcessingUnit) and existing (true, false).\n"    \
	"--direction, --verdict, --peer, --port, --proto, --network and --rule are such words,\n"     \
	"too; --not before one negates it.\n"

/**
 * flows_stored() - show what msegd has stored, or what it hears
 * @question: which
 *
 * Return: how the program ends.
 */
int flows_stored(const struct flow_question *question);

/**
 * flows_list() - a list to print flows into
 * @context: the command
 * @none: said where there are none; NULL to print every row at once
 */
struct output_list *flows_list(const struct context *context, const char *none);

#endif /* FLOWS_H */
