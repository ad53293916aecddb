// SPDX-License-Identifier: GPL-2.0-or-later
/* Which flows are asked for, by options and words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/times.h"
#include "records/query.h"
#include "flows.h"

static bool needs_quotes(const char *value)
{
	return !*value || strpbrk(value, " \t\"\\");
}

/* As the query language wants a value that has anything in it. */
static void put_quoted(FILE *out, const char *value)
{
	fputc('"', out);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', out);
		fputc(*value, out);
	}
	fputc('"', out);
}

static bool add_word(struct flow_question *question, const char *field, const char *value)
{
	char *query = NULL;
	size_t size;
	FILE *out = open_memstream(&query, &size);

	if (!out)
		return false;
	fprintf(out, "%s%s", question->query ? question->query : "",
		question->query && *question->query ? " " : "");
	if (question->not )
		fputc('-', out);
	question->not = false;
	if (field)
		fprintf(out, "%s:", field);
	if (field && needs_quotes(value))
		put_quoted(out, value);
	else
		fputs(value, out);
	if (fclose(out))
		return false;
	free(question->query);
	question->query = query;
	return true;
}

static bool take_time(struct flow_question *question, const char *name, const char *value,
		      const char **time)
{
	int64_t unused;

	*time = value;
	if (time_parse(value, &unused))
		return true;
	usage_error(question->context, "%s takes a time as 2026-11-22T18:00:00Z or 2h, not '%s'",
		    name, value);
	return false;
}

static bool take_last(struct flow_question *question, const char *value)
{
	char *end;

	question->last = strtoul(value, &end, 10);
	if (*value >= '0' && *value <= '9' && !*end && question->last && question->last <= 1000000)
		return true;
	usage_error(question->context, "--last takes a number from 1 to 1000000, not '%s'", value);
	return false;
}

bool flow_question_take(int option, const char *value, void *arg)
{
	struct flow_question *question = arg;

	switch (option) {
	case OPTION_SINCE:
		return take_time(question, "--since", value, &question->since);
	case OPTION_UNTIL:
		return take_time(question, "--until", value, &question->until);
	case OPTION_LAST:
		return take_last(question, value);
	case OPTION_FOLLOW:
		question->follow = true;
		return true;
	case OPTION_NOT:
		question->not = true;
		return true;
	default:
		return add_word(question,
				query_field_name((enum query_field)(option - OPTION_FIELD)), value);
	}
}

static int check(const struct flow_question *question)
{
	struct query_error error;
	struct query *query;

	if (question->not )
		return usage_error(question->context, "--not stands before what it negates");
	if (query_parse(question->query ? question->query : "", QUERY_FLOWS, &query, &error))
		return usage_error(question->context, "%s: column %u: %s", question->query,
				   error.column, error.why);
	query_free(query);
	return MCTL_DONE;
}

int flow_question_read(struct context *context, int argc, char **argv,
		       struct flow_question *question)
{
	int first;

	question->context = context;
	first = options_read(context, argc, argv, flow_question_take, question);

	if (first < 0)
		return options_exit();
	while (first < argc)
		add_word(question, NULL, argv[first++]);
	return check(question);
}
