// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl dns: what this host looked up, and which addresses were learned by name. */
#include "dns.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "learned_rows.h"
#include "service.h"

/* What is shown unless something is said about it, and what one answer has at most. */
#define LAST 200
#define PAGE 1000

static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static void time_cell(struct json_object *row, char *text, size_t size)
{
	snprintf(text, size, "%.19sZ", service_field(row, "timestamp"));
}

static const struct output_column columns[] = {
	{ .title = "TIME", .cell = time_cell, .width = 20 },
	{ .title = "ACTION", .key = "action", .width = 7 },
	{ .title = "NAME", .key = "resolvedName", .width = 32 },
	{ .title = "TYPE", .key = "queryType", .width = 5 },
	{ .title = "ADDRESSES", .key = "resolvedIPs", .width = 24 },
	{ .title = "COUNT", .key = "value", .width = 5, .right = true },
	{ .title = "SERVER", .key = "serverIP", .width = 15 },
	{ .title = "COMMAND", .key = "command", .width = 15 },
	{ .title = "REASON", .key = "reason" },
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

const struct columns dns_columns = { columns, N_COLUMNS };

/* --- asking --------------------------------------------------------------- */

static int fetch_page(const struct context *context, const struct dns_search *search,
		      const char *cursor, struct json_object **body)
{
	struct api_path *path = api_path_new("dns");
	char limit[24];

	snprintf(limit, sizeof(limit), "%llu",
		 search->last && search->last < PAGE ? search->last : PAGE);
	api_path_query(path, "q", search->query);
	api_path_query(path, "since", search->since);
	api_path_query(path, "until", search->until);
	api_path_query(path, "cursor", cursor);
	api_path_query(path, "limit", limit);
	return service_get(context, path, "read the lookups", body);
}

/* Records of a page behind those of newer ones; whether more are wanted. */
static bool take_page(struct json_object *body, const struct dns_search *search,
		      struct json_object *list)
{
	struct json_object *page = service_object(body, "lookups");
	size_t i, n = page ? json_object_array_length(page) : 0;

	for (i = 0; i < n; i++) {
		if (search->last && json_object_array_length(list) == search->last)
			return false;
		json_object_array_add(list, json_object_get(json_object_array_get_idx(page, i)));
	}
	return true;
}

static struct json_object *reversed(struct json_object *list)
{
	struct json_object *result = json_object_new_array();
	size_t i;

	for (i = json_object_array_length(list); i > 0; i--)
		json_object_array_add(result,
				      json_object_get(json_object_array_get_idx(list, i - 1)));
	json_object_put(list);
	return result;
}

int dns_fetch(const struct context *context, const struct dns_search *search,
	      struct json_object **result)
{
	struct json_object *list = json_object_new_array(), *body;
	char cursor[32] = "";
	int status;

	do {
		status = fetch_page(context, search, cursor[0] ? cursor : NULL, &body);
		if (status != MCTL_DONE)
			break;
		snprintf(cursor, sizeof(cursor), "%s", service_field(body, "cursor"));
		if (!take_page(body, search, list))
			cursor[0] = '\0';
		json_object_put(body);
	} while (cursor[0]);
	*result = reversed(list);
	return status;
}

/* --- what was looked up --------------------------------------------------- */

struct options {
	const struct context *context;
	struct dns_search search;
	char query[4096];
	bool follow;
};

static struct output_list *open_list(const struct context *context, const char *none)
{
	return output_list_open(context->format, columns, N_COLUMNS, none);
}

static int print(struct output_list *list, struct json_object *records)
{
	size_t i;
	int err = 0;

	for (i = 0; i < json_object_array_length(records) && !err; i++)
		err = output_list_add(list, json_object_get(json_object_array_get_idx(records, i)));
	return err;
}

static int show(const struct options *options)
{
	struct json_object *records;
	struct output_list *out;
	int err = -ENOMEM, status = dns_fetch(options->context, &options->search, &records);

	if (status == MCTL_DONE) {
		out = open_list(options->context, "nothing was looked up");
		if (out)
			err = print(out, records);
		if (output_list_close(out) || err)
			status = module_error(NULL, "print the lookups", -ENOMEM);
	}
	json_object_put(records);
	return status;
}

/* Those that are newer than the last one. */
static struct json_object *newer(struct json_object *records, unsigned long long *last)
{
	struct json_object *result = json_object_new_array();
	size_t i;

	for (i = 0; i < json_object_array_length(records); i++) {
		struct json_object *record = json_object_array_get_idx(records, i);
		unsigned long long id = strtoull(service_field(record, "ID"), NULL, 10);

		if (id <= *last)
			continue;
		*last = id;
		json_object_array_add(result, json_object_get(record));
	}
	json_object_put(records);
	return result;
}

/* Asked for again and again: nothing is missed where msegd or the connection has a break. */
static int follow_on(struct options *options, struct output_list *out)
{
	const struct timespec pause = { .tv_nsec = 500000000 };
	struct dns_search search = options->search;
	unsigned long long last = 0;
	struct json_object *records;
	char since[64] = "1s";
	int status = MCTL_DONE;

	search.last = 0;
	search.since = since;
	fputs("listening\n", stderr);
	while (!stopped && status == MCTL_DONE) {
		status = dns_fetch(options->context, &search, &records);
		records = newer(records, &last);
		if (json_object_array_length(records))
			snprintf(since, sizeof(since), "%s",
				 service_field(json_object_array_get_idx(records,
									 json_object_array_length(
										 records) -
										 1),
					       "timestamp"));
		if (print(out, records) || fflush(stdout))
			status = MCTL_FAILED;
		json_object_put(records);
		nanosleep(&pause, NULL);
	}
	return status;
}

static int follow(struct options *options)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct output_list *out = open_list(options->context, NULL);
	int status;

	if (!out)
		return module_error(NULL, "follow the lookups", -ENOMEM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	status = follow_on(options, out);
	output_list_close(out);
	return status;
}

/* --- called --------------------------------------------------------------- */

enum { OPTION_SINCE = OPTION_OWN, OPTION_UNTIL, OPTION_LAST, OPTION_FOLLOW };

static bool take_last(struct options *options, const char *value)
{
	char *end;

	errno = 0;
	options->search.last = strtoull(value, &end, 10);
	if (*value >= '0' && *value <= '9' && !*end && !errno && options->search.last)
		return true;
	usage_error(options->context, "--last takes a number, not '%s'", value);
	return false;
}

static bool take(int option, const char *value, void *arg)
{
	struct options *options = arg;

	if (option == OPTION_SINCE)
		options->search.since = value;
	else if (option == OPTION_UNTIL)
		options->search.until = value;
	else if (option == 'f')
		options->follow = true;
	else
		return take_last(options, value);
	return true;
}

/* The words of a query, as one. */
static bool join(struct options *options, int argc, char **argv)
{
	size_t used = 0;
	int i;

	for (i = 0; i < argc; i++) {
		used += (size_t)snprintf(options->query + used, sizeof(options->query) - used,
					 "%s%s", i ? " " : "", argv[i]);
		if (used >= sizeof(options->query)) {
			usage_error(options->context, "the query is too long");
			return false;
		}
	}
	options->search.query = argc ? options->query : NULL;
	return true;
}

static int run(struct context *context, int argc, char **argv)
{
	struct options options = { .context = context };
	int first = options_read(context, argc, argv, take, &options);

	if (first < 0)
		return options_exit();
	if (first + 1 == argc && !strcmp(argv[first], "cache"))
		return learned_list(context);
	if (!join(&options, argc - first, argv + first))
		return MCTL_USAGE;
	if (options.follow && (options.search.until || options.search.last))
		return usage_error(context, "--follow has no end: leave --until and --last out");
	if (!options.search.since && !options.search.last)
		options.search.last = LAST;
	return options.follow ? follow(&options) : show(&options);
}

static const struct option own_options[] = {
	{ "since", required_argument, NULL, OPTION_SINCE },
	{ "until", required_argument, NULL, OPTION_UNTIL },
	{ "last", required_argument, NULL, OPTION_LAST },
	{ "follow", no_argument, NULL, 'f' },
	{ 0 },
};

const struct command dns_command = {
	.name = "dns",
	.arguments = "[--since TIME] [--until TIME] [--last N] [--follow] [QUERY...] | cache",
	.summary = "Show what this host looked up, and what was learned by name",
	.help = "Every answer that came and every query that failed is kept by msegd for 30 days.\n"
		"QUERY chooses among them: words are searched for in names, addresses and commands;\n"
		"name:*.example.org, address:192.0.2.0/24, type:AAAA, action:fail,reject and\n"
		"server:192.0.2.53 say where; - before a word excludes, commas mean or. Names are\n"
		"in lower case, and what is no letter, digit, - or _ in them is written as \\DDD.\n"
		"\n"
		"  --since TIME   not older, as 2h, 7d, 2026-11-22 or 2026-11-22T18:00:00Z\n"
		"  --until TIME   not younger\n"
		"  --last N       the newest alone; 200 unless something is said\n"
		"  --follow       those that come, until it is interrupted\n"
		"\n"
		"ACTION is Resolve, Fail, with the resolver's REASON or TIMEOUT, or Reject, where the\n"
		"policy of this host rejected the query. NODATA says that the name has no such record.\n"
		"\n"
		"'mctl dns cache' shows the addresses that the module has learned by the names of\n"
		"networks: from whom, since when and until when, and whether a connection uses them.\n",
	.formats = FORMATS_LIST,
	.operand = OPERAND_LOOKUPS,
	.options = own_options,
	.run = run,
};
