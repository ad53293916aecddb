// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl reportsquery: what was seen, within a time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/flow.h"
#include "lib/json.h"
#include "lib/text.h"
#include "lib/times.h"
#include "model/filter.h"
#include "dns.h"
#include "flow_rows.h"
#include "request.h"

/* Records of a page, and those that are shown at most. */
#define PAGE "1000"
#define RECORDS_MAX 100000

/* --- what is asked for ---------------------------------------------------- */

enum option_report {
	OPTION_FROM_REL = OPTION_COMMAND,
	OPTION_TO_REL,
	OPTION_FROM_ABS,
	OPTION_TO_ABS,
};

struct report {
	struct request request;
	/* RFC 3339 in UTC, which sorts by time; or empty. */
	char from[40];
	char to[40];
};

static bool take_relative(struct report *report, const char *option, const char *value, char *text)
{
	unsigned long long seconds = time_seconds(value);
	struct timespec now;

	if (!seconds) {
		usage_error(report->request.context, "%s takes a time as 30m, 2h or 7d, not '%s'",
			    option, value);
		return false;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	flow_time(((uint64_t)now.tv_sec - seconds) * 1000000000, text);
	return true;
}

/* 2026-11-22, 2026-11-22T18:00 or with seconds; in UTC. */
static bool take_absolute(struct report *report, const char *option, const char *value, char *text)
{
	int64_t time;

	if (!time_seconds(value) && time_parse(value, &time)) {
		flow_time((uint64_t)time * 1000, text);
		return true;
	}
	usage_error(report->request.context,
		    "%s takes a time in UTC as 2026-11-22T18:00:00Z, not '%s'", option, value);
	return false;
}

static bool take(int option, const char *value, void *arg)
{
	struct report *report = arg;

	switch (option) {
	case OPTION_FROM_REL:
		return take_relative(report, "--from-rel", value, report->from);
	case OPTION_TO_REL:
		return take_relative(report, "--to-rel", value, report->to);
	case OPTION_FROM_ABS:
		return take_absolute(report, "--from-abs", value, report->from);
	case OPTION_TO_ABS:
		return take_absolute(report, "--to-abs", value, report->to);
	default:
		return request_take(option, value, &report->request);
	}
}

/* --- what is shown -------------------------------------------------------- */

static void time_cell(struct json_object *row, char *text, size_t size)
{
	snprintf(text, size, "%.19sZ", service_field(row, "timestamp"));
}

static const struct output_column flow_columns[] = {
	{ .title = "TIME", .cell = time_cell },
	{ .title = "ACTION", .key = "action" },
	{ .title = "DIRECTION", .cell = flow_row_direction },
	{ .title = "PROTOCOL", .key = "protocol" },
	{ .title = "SOURCE", .cell = flow_row_source },
	{ .title = "SOURCE NAME", .key = "sourceName" },
	{ .title = "DESTINATION", .cell = flow_row_destination },
	{ .title = "DESTINATION NAME", .key = "destinationName" },
	{ .title = "COUNT", .key = "value", .right = true },
	{ .title = "RULE", .cell = flow_row_rule },
};

static bool is_within(const struct report *report, struct json_object *record)
{
	const char *time = service_field(record, "timestamp");

	if (report->from[0] && strcmp(time, report->from) < 0)
		return false;
	return !report->to[0] || strcmp(time, report->to) <= 0;
}

/* Those of the time, and of the filter, that are asked for. */
static struct json_object *chosen(const struct report *report, const struct filter *filter,
				  struct json_object *records)
{
	struct json_object *kept = json_object_new_array(), *record;
	size_t i;

	for (i = 0; i < json_object_array_length(records); i++) {
		record = json_object_array_get_idx(records, i);
		if (is_within(report, record) && filter_matches(filter, record))
			json_object_array_add(kept, json_object_get(record));
	}
	return kept;
}

/* One page: its records go to @records; the cursor of the next, or NULL. */
static int get_page(struct report *report, struct json_object *records, char **cursor)
{
	struct request *request = &report->request;
	struct api_path *path = request_path(request, "flows", NULL);
	struct json_object *page = NULL, *list = NULL;
	const char *next;
	int status;
	size_t i;

	api_path_query(path, "limit", PAGE);
	api_path_query(path, "since", report->from[0] ? report->from : "1970-01-01");
	api_path_query(path, "until", report->to[0] ? report->to : NULL);
	api_path_query(path, "cursor", *cursor);
	free(*cursor);
	*cursor = NULL;
	status = service_get(request->context, path, "query the reports", &page);
	if (status == MCTL_DONE)
		json_object_object_get_ex(page, "flows", &list);
	for (i = 0; list && i < json_object_array_length(list); i++)
		json_object_array_add(records, json_object_get(json_object_array_get_idx(list, i)));
	next = status == MCTL_DONE ? service_field(page, "cursor") : "";
	if (*next && json_object_array_length(records) < RECORDS_MAX)
		*cursor = strdup(next);
	json_object_put(page);
	return status;
}

static int fetch_flows(struct report *report, struct json_object **records)
{
	char *cursor = NULL;
	int status;

	*records = json_object_new_array();
	do {
		status = get_page(report, *records, &cursor);
	} while (status == MCTL_DONE && cursor);
	free(cursor);
	return status;
}

static int fetch_lookups(struct report *report, struct json_object **records)
{
	const struct dns_search search = {
		.since = report->from[0] ? report->from : NULL,
		.until = report->to[0] ? report->to : NULL,
	};

	return dns_fetch(report->request.context, &search, records);
}

/* A query that can be made. */
struct query {
	const char *name;
	/* Records of the time, and perhaps others. */
	int (*fetch)(struct report *report, struct json_object **records);
	const struct columns *columns;
	const char *none;
};

static int show(struct report *report, const struct query *query, const struct filter *filter)
{
	struct request *request = &report->request;
	struct json_object *records = NULL, *kept;
	int status = query->fetch(report, &records);

	if (status == MCTL_DONE) {
		kept = chosen(report, filter, records);
		status = display_list(request->context, &request->display, *query->columns, kept,
				      query->none);
		json_object_put(kept);
	}
	json_object_put(records);
	return status;
}

static int answer(struct report *report, const struct query *query)
{
	const char *text = report->request.filter ? report->request.filter : "";
	struct filter *filter = NULL;
	char why[TEXT_WHY_LEN];
	int status, err = filter_parse(text, &filter, why);

	if (err)
		return usage_error(report->request.context, "--filter: %s", why);
	status = show(report, query, filter);
	filter_free(filter);
	return status;
}

static const struct columns flow_table = { flow_columns,
					   sizeof(flow_columns) / sizeof(flow_columns[0]) };

static const struct query queries[] = {
	{ "flows", fetch_flows, &flow_table, "no flows in that time" },
	{ "dnslookups", fetch_lookups, &dns_columns, "no DNS lookups in that time" },
};

/* Enforcers are objects, not records: they have no time. */
static int list_enforcers(struct report *report)
{
	const struct kind *kind = kind_get(KIND_ENFORCER);
	struct request *request = &report->request;
	struct api_path *path = request_path(request, kind->plural, NULL);
	struct json_object *objects;
	int status;

	api_path_query(path, "recursive", "true");
	api_path_query(path, "filter", request->filter);
	status = service_get(request->context, path, "query the reports", &objects);
	if (status == MCTL_DONE)
		status = display_list(request->context, &request->display, identity_columns(kind),
				      objects, "no enforcers");
	json_object_put(objects);
	return status;
}

static int query(struct report *report, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		if (!strcmp(name, queries[i].name))
			return answer(report, &queries[i]);
	if (!strcmp(name, "enforcers"))
		return list_enforcers(report);
	return usage_error(report->request.context,
			   "'%s' is none of flows, dnslookups and enforcers", name);
}

static int run(struct context *context, int argc, char **argv)
{
	struct report report = { .request = request_new(context) };
	int status, first = options_read(context, argc, argv, take, &report);

	if (first < 0)
		status = request_exit(&report.request);
	else if (first == argc)
		status = usage_error(context, "one of flows, dnslookups and enforcers is needed");
	else if (first + 1 < argc)
		status = usage_error(context, "unexpected argument '%s'", argv[argc - 1]);
	else
		status = query(&report, argv[first]);
	request_free(&report.request);
	return status;
}

static const struct option report_options[] = {
	NAMESPACE_OPTION,
	COLUMN_OPTION,
	RECURSIVE_OPTION,
	FILTER_OPTION,
	{ "from-rel", required_argument, NULL, OPTION_FROM_REL },
	{ "to-rel", required_argument, NULL, OPTION_TO_REL },
	{ "from-abs", required_argument, NULL, OPTION_FROM_ABS },
	{ "to-abs", required_argument, NULL, OPTION_TO_ABS },
	{ 0 },
};

const struct command reportsquery_command = {
	.name = "reportsquery",
	.arguments =
		"flows|dnslookups|enforcers [--from-rel TIME | --from-abs TIME] [--to-rel TIME | --to-abs TIME] [--filter TEXT] [-n NAMESPACE] [-r] [-c COLUMN]...",
	.summary = "Show flows, DNS lookups or enforcers of a time",
	.help = "Flows and lookups are those that msegd has stored; flows the newest first, 100000 at\n"
		"most.\n"
		"\n"
		"  --from-rel TIME   not older than that, as 30m, 2h or 7d\n"
		"  --to-rel TIME     not younger\n"
		"  --from-abs TIME   not before, as 2026-11-22 or 2026-11-22T18:00:00Z, in UTC\n"
		"  --to-abs TIME     not after\n"
		"  --filter TEXT     those alone for which it holds, as in\n"
		"                    'sourceType == \"ProcessingUnit\"'\n"
		"  -c COLUMN         print these fields alone\n",
	.formats = FORMATS_LIST,
	.operand = OPERAND_REPORT,
	.options = report_options,
	.repeats = "c",
	.run = run,
};
