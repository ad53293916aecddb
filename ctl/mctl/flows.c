// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mctl flows: what msegd has stored, or hears. Where it is not there, the module is asked:
 * what flows now, or, with --follow, records as they are made.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/flow.h"
#include "lib/json.h"
#include "lib/kernel.h"
#include "records/query.h"
#include "flow_rows.h"
#include "flows.h"
#include "service.h"

/* No machine has more processors; beyond it holes are not looked for. */
#define CPUS_MAX 8192

struct follower {
	struct client *client;
	struct names *names;
	struct output_list *list;
	const struct query *query;
	/* The last record of every processor. */
	uint64_t *seqs;
	uint64_t lost;
	/* Records were lost, and no hole was found yet. */
	bool overrun;
};

static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

/* To the millisecond, which is what a line has room for. */
static void time_cell(struct json_object *row, char *text, size_t size)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(row, "timestamp", &value);
	snprintf(text, size, "%.23sZ", json_object_get_string(value));
}

/* The peer's network, or that it is in none. */
static void peer_cell(struct json_object *row, char *text, size_t size)
{
	struct json_object *direction = NULL, *name = NULL;

	json_object_object_get_ex(row, "direction", &direction);
	if (!strcmp(json_object_get_string(direction), "in"))
		json_object_object_get_ex(row, "sourceName", &name);
	else
		json_object_object_get_ex(row, "destinationName", &name);
	snprintf(text, size, "%s", name ? json_object_get_string(name) : "Somewhere");
}

/* As the destination was looked up, or as the connection itself says. */
static void name_cell(struct json_object *row, char *text, size_t size)
{
	struct json_object *name = NULL;

	if (!json_object_object_get_ex(row, "destinationFQDN", &name))
		json_object_object_get_ex(row, "observedName", &name);
	snprintf(text, size, "%s", name ? json_object_get_string(name) : "");
}

static const struct output_column columns[] = {
	{ .title = "TIME", .cell = time_cell, .width = 24 },
	{ .title = "EVENT", .key = "event", .width = 6 },
	{ .title = "ACTION", .key = "action", .width = 6 },
	{ .title = "DIRECTION", .cell = flow_row_direction, .width = 9 },
	{ .title = "PROTOCOL", .key = "protocol", .width = 8 },
	{ .title = "SOURCE", .cell = flow_row_source, .width = 24 },
	{ .title = "DESTINATION", .cell = flow_row_destination, .width = 24 },
	{ .title = "COUNT", .key = "value", .width = 5, .right = true },
	{ .title = "PACKETS IN/OUT", .cell = flow_row_packets, .width = 14, .right = true },
	{ .title = "PEER", .cell = peer_cell, .width = 16 },
	{ .title = "NAME", .cell = name_cell, .width = 20 },
	{ .title = "COMMAND", .key = "command", .width = 15 },
	{ .title = "RULE", .cell = flow_row_rule },
};

struct output_list *flows_list(const struct context *context, const char *none)
{
	return output_list_open(context->format, columns, sizeof(columns) / sizeof(columns[0]),
				none);
}

/* --- following ------------------------------------------------------------ */

/* Sequence numbers count by processor, so that a hole is a loss. */
static void note_seq(struct follower *follower, const struct mseg_flow_record *record)
{
	uint64_t *last, holes;

	if (record->cpu >= CPUS_MAX)
		return;
	last = &follower->seqs[record->cpu];
	/* A smaller one comes after the namespace was attached anew. */
	if (*last && record->seq > *last + 1) {
		holes = record->seq - *last - 1;
		follower->lost += holes;
		follower->overrun = false;
		fprintf(stderr, "mctl: lost %" PRIu64 " records of processor %u\n", holes,
			record->cpu);
	}
	*last = record->seq;
}

/* Names are the module's own: of rulesets and other objects it knows nothing. */
static bool is_chosen(const struct follower *follower, const struct mseg_flow_record *kernel)
{
	bool has_network = kernel->network != MSEG_ID_NONE;
	const char *texts[N_ATTRIBUTION_TEXTS] = {
		[ATTRIBUTION_PEER_NAME] = has_network ?
						  names_network(follower->names, kernel->generation,
								kernel->network) :
						  NULL,
		[ATTRIBUTION_RULE_NAME] =
			kernel->rule != MSEG_ID_NONE ?
				names_rule(follower->names, kernel->generation, kernel->rule) :
				NULL,
	};
	struct record record = {
		.kernel = *kernel,
		.attribution =
			attribution_new(texts, -1, has_network ? PEER_NETWORK : PEER_SOMEWHERE),
	};
	bool chosen = record.attribution && query_matches(follower->query, &record);

	attribution_put(record.attribution);
	return chosen;
}

static int print_chosen(struct follower *follower, const struct mseg_flow_record *record)
{
	if (!is_chosen(follower, record))
		return 0;
	return output_list_add(follower->list, flow_json(record, follower->names));
}

static int on_record(struct follower *follower, const struct nlattr *attr)
{
	struct mseg_flow_record record;

	if (!kernel_record(attr, &record))
		return -EBADMSG;
	note_seq(follower, &record);
	names_want(follower->names, record.generation);
	if (record.candidate_generation)
		names_want(follower->names, record.candidate_generation);
	return print_chosen(follower, &record);
}

static int on_event(int command, struct nlattr **attrs, struct nlmsghdr *message, void *arg)
{
	struct follower *follower = arg;
	struct nlattr *attr;
	int rest, err = 0;

	if (command == MSEG_C_POLICY_NTF && attrs[MSEG_A_GENERATION])
		names_want(follower->names, nla_get_u32(attrs[MSEG_A_GENERATION]));
	if (command == MSEG_C_POLICY_NTF && attrs[MSEG_A_CANDIDATE_GENERATION])
		names_want(follower->names, nla_get_u32(attrs[MSEG_A_CANDIDATE_GENERATION]));
	if (command != MSEG_C_FLOW_NTF)
		return 0;
	client_for_each(attr, message, rest)
	{
		if (nla_type(attr) == MSEG_A_FLOW)
			err = on_record(follower, attr);
		if (err)
			break;
	}
	return err;
}

/* All that is there; holes in the sequence tell what an overrun cost. */
static int receive_batch(struct follower *follower)
{
	int err;

	do {
		err = client_receive(follower->client, on_event, follower);
		if (err == -ENOBUFS) {
			fputs("mctl: records came faster than they were read\n", stderr);
			follower->overrun = true;
			err = 0;
		}
	} while (!err && !stopped);
	if (err == -EAGAIN || err == -EINTR)
		err = 0;
	if (fflush(stdout))
		err = -EPIPE;
	return err;
}

static int follow_loop(struct follower *follower)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct pollfd poll = { client_fd(follower->client), POLLIN, 0 };
	sigset_t blocked, before;
	int err = 0;

	/* Signals come in ppoll() alone, where they end the waiting. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	fputs("listening\n", stderr);
	fflush(stdout);
	while (!err && !stopped) {
		if (ppoll(&poll, 1, NULL, &before) > 0)
			err = receive_batch(follower);
		else if (errno != EINTR)
			err = -errno;
	}
	return err;
}

static int subscribe(struct client *client)
{
	int err = client_subscribe(client, MSEG_MCGRP_POLICY);

	if (!err)
		err = client_subscribe(client, MSEG_MCGRP_FLOWS);
	/* Records are made only for who asked for them. */
	return err ? err : client_do(client, MSEG_C_FLOW_SUBSCRIBE, 0, NULL, NULL);
}

/* What is lost behind the last record leaves no hole. */
static void report_losses(const struct follower *follower)
{
	if (follower->lost)
		fprintf(stderr, "mctl: lost %" PRIu64 " records in all\n", follower->lost);
	if (follower->overrun)
		fputs("mctl: lost records behind the last one too\n", stderr);
}

static int follow_on(const struct context *context, struct follower *follower)
{
	int err = subscribe(follower->client);

	if (err)
		return module_error(NULL, "listen to flow records", err);
	follower->list = flows_list(context, NULL);
	follower->seqs = calloc(CPUS_MAX, sizeof(*follower->seqs));
	err = -ENOMEM;
	if (follower->list && follower->seqs)
		err = follow_loop(follower);
	if (output_list_close(follower->list))
		err = -ENOMEM;
	free(follower->seqs);
	report_losses(follower);
	if (err == -EPIPE) /* main() says what cannot be written */
		return MCTL_FAILED;
	return err ? module_error(NULL, "follow the flows", err) : MCTL_DONE;
}

static int follow(const struct context *context, const struct query *query)
{
	struct follower follower = { .query = query };
	int status = module_names(&follower.names);

	if (status == MCTL_DONE)
		status = module_open(&follower.client);
	if (status == MCTL_DONE)
		status = follow_on(context, &follower);
	client_close(follower.client);
	names_free(follower.names);
	return status;
}

/* --- what flows now ------------------------------------------------------- */

/* All records, since they come in no order. */
struct pile {
	struct mseg_flow_record *records;
	size_t n, room;
};

static int add(const struct mseg_flow_record *record, uint32_t timeout, void *arg)
{
	struct pile *pile = arg;
	size_t room = pile->room ? pile->room * 2 : 256;
	struct mseg_flow_record *more = pile->records;

	(void)timeout;
	if (pile->n == pile->room) {
		more = reallocarray(pile->records, room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		pile->records = more;
		pile->room = room;
	}
	pile->records[pile->n++] = *record;
	return 0;
}

static int compare_times(const void *a, const void *b)
{
	const struct mseg_flow_record *x = a, *y = b;

	return x->last_seen < y->last_seen ? -1 : x->last_seen > y->last_seen;
}

/* The latest at the end, where a terminal shows it. */
static int print_pile(struct follower *follower, struct pile *pile)
{
	int err = 0;
	size_t i;

	if (pile->n)
		qsort(pile->records, pile->n, sizeof(*pile->records), compare_times);
	for (i = 0; i < pile->n && !err; i++)
		err = print_chosen(follower, &pile->records[i]);
	return err;
}

static int list_on(const struct context *context, struct follower *follower)
{
	struct pile pile = { 0 };
	int printed, err = -ENOMEM;

	follower->list = flows_list(context, "nothing flows");
	if (follower->list)
		err = kernel_connections(follower->client, add, &pile);
	printed = follower->list ? print_pile(follower, &pile) : 0;
	if (printed)
		err = printed;
	free(pile.records);
	if (output_list_close(follower->list))
		err = -ENOMEM;
	if (err == -EAGAIN) {
		fputs("mctl: the flows changed while they were read\n", stderr);
		err = 0;
	}
	return err ? module_error(follower->client, "read the flows", err) : MCTL_DONE;
}

static int list(const struct context *context, const struct query *query)
{
	struct follower follower = { .query = query };
	int status = module_names(&follower.names);

	if (status == MCTL_DONE)
		status = module_open(&follower.client);
	if (status == MCTL_DONE)
		status = list_on(context, &follower);
	client_close(follower.client);
	names_free(follower.names);
	return status;
}

static int ask_module(const struct flow_question *question)
{
	struct query_error error;
	struct query *query;
	int status;

	if (question->since || question->until || question->last)
		return usage_error(question->context,
				   "msegd is not there: the module keeps no flows of the past");
	if (query_parse(question->query ? question->query : "", QUERY_FLOWS, &query, &error))
		return MCTL_FAILED;
	status = question->follow ? follow(question->context, query) :
				    list(question->context, query);
	query_free(query);
	return status;
}

static const struct option own_options[] = {
	{ "follow", no_argument, NULL, OPTION_FOLLOW },
	{ "last", required_argument, NULL, OPTION_LAST },
	{ "since", required_argument, NULL, OPTION_SINCE },
	{ "until", required_argument, NULL, OPTION_UNTIL },
	FLOW_QUERY_OPTIONS,
	{ 0 },
};

static int run(struct context *context, int argc, char **argv)
{
	struct flow_question question = { 0 };
	int status = flow_question_read(context, argc, argv, &question);

	if (status == MCTL_DONE)
		status = service_owns(context) ? flows_stored(&question) : ask_module(&question);
	free(question.query);
	return status;
}

const struct command flows_command = {
	.name = "flows",
	.arguments = "[--follow] [--last N] [--since TIME] [--until TIME] " FLOW_QUERY_ARGUMENTS,
	.summary = "Show flows, as they were, are now or come",
	.help = "Where msegd runs, it shows the last 200 flows of a day, the latest at the end, or those\n"
		"of the time that is given; a long connection is there once for every hour. Where it\n"
		"does not run, the flows are those of the connections that the module remembers.\n"
		"\n"
		"  --follow      flow records as they come, until it is interrupted: \"listening\" on\n"
		"                stderr says that nothing is missed from then on. Records that were\n"
		"                lost on the way are counted there, too, and where\n"
		"  --last N      so many; before it follows, too\n"
		"  --since TIME  not before, as 2026-11-22, 2026-11-22T18:00:00Z, or 30m, 2h or 7d ago\n"
		"  --until TIME  not after\n"
		"\n" FLOW_QUERY_HELP "\n"
		"  TIME      when the last packet passed, of a rejected flow when it was rejected;\n"
		"            in UTC (in JSON timestamp, with firstSeen and lastSeen beside it)\n"
		"  EVENT     why the record was made: begin, end, or update, which comes every 30\n"
		"            seconds while packets do and when the verdict changes\n"
		"  DIRECTION of the first packet; (fwd) was forwarded, (raw) came from a packet socket\n"
		"  COUNT     connections, or attempts where they are rejected, since the flow's last\n"
		"            record (in JSON value); without --follow every connection is 1\n"
		"  PACKETS   towards the host and from it, since the connection began\n"
		"  PEER      the network that the peer was found in; Somewhere where no rule decided\n"
		"  NAME      by which the destination was looked up, or that the connection itself says\n"
		"            (in JSON destinationFQDN and observedName)\n"
		"  COMMAND   that began or accepted the connection, where the kernel knows it (in JSON\n"
		"            uid, too)\n"
		"  RULE      the rule that decided, #INDEX where it has no name, or (default); behind\n"
		"            it in brackets what a rule under observation would have decided, and what\n"
		"            the candidate says (in JSON observedAction, candidateAction and others)\n",
	.formats = FORMATS_LIST,
	.options = own_options,
	.repeats = NULL,
	.run = run,
};
