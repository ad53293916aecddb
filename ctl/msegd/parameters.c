// SPDX-License-Identifier: GPL-2.0-or-later
/* A query's parameters. */
#include "parameters.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/text.h"
#include "lib/times.h"
#include "model/path.h"

static bool refuse(struct request *request, const char *name, const char *value, const char *what)
{
	reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "%s is %s, not %s", name, what,
		      text_show(value, strlen(value)).s);
	return false;
}

/* Room for the longest list of words. */
struct what {
	char text[128];
};

/* "rematch, keep or reset"; one that is empty is not told. */
static struct what list_words(const char *const *words)
{
	struct what what = { "" };
	size_t i, n = 0, used = 0;

	while (words[n] && *words[n])
		n++;
	for (i = 0; i < n && used < sizeof(what.text); i++)
		used += (size_t)snprintf(what.text + used, sizeof(what.text) - used, "%s%s",
					 !i	    ? "" :
					 i + 1 == n ? " or " :
						      ", ",
					 words[i]);
	return what;
}

static struct what tell_limits(unsigned long long min, unsigned long long max)
{
	struct what what;

	snprintf(what.text, sizeof(what.text), "a number from %llu to %llu", min, max);
	return what;
}

bool parameter_word(struct request *request, const char *name, const char *const *words,
		    unsigned int *index)
{
	const char *value = request_get(request, name);
	unsigned int i;

	if (!value)
		return true;
	for (i = 0; words[i]; i++) {
		if (!strcmp(value, words[i])) {
			*index = i;
			return true;
		}
	}
	return refuse(request, name, value, list_words(words).text);
}

bool parameter_number(struct request *request, const char *name, unsigned long long min,
		      unsigned long long max, unsigned long long *number)
{
	const char *value = request_get(request, name);
	unsigned long long result;
	char *end;

	if (!value)
		return true;
	errno = 0;
	result = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno)
		return refuse(request, name, value, "a number");
	if (result < min || result > max)
		return refuse(request, name, value, tell_limits(min, max).text);
	*number = result;
	return true;
}

bool parameter_bool(struct request *request, const char *name, bool *value)
{
	static const char *const words[] = { "false", "true", "", NULL };
	unsigned int index = *value;

	if (!parameter_word(request, name, words, &index))
		return false;
	*value = index;
	return true;
}

bool parameter_namespace(struct request *request, const char **namespace)
{
	const char *value = request_get(request, "namespace");
	char why[TEXT_WHY_LEN];

	*namespace = value ? value : "/";
	if (!value)
		return true;
	if (*value == '/' && !path_check(value, strlen(value), why))
		return true;
	return refuse(request, "namespace", value, "a path as /acme/vm");
}

bool parameter_filter(struct request *request, struct filter **filter)
{
	const char *text = request_get(request, "filter");
	char why[TEXT_WHY_LEN];

	*filter = NULL;
	if (!text || !filter_parse(text, filter, why))
		return true;
	reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "filter: %s", why);
	return false;
}

/* Where it is wrong stands in a notice, as where a document is. */
static void refuse_query(struct request *request, const char *text, const struct query_error *error)
{
	struct json_object *list = json_object_new_array(), *notice = json_object_new_object();

	json_add_string(notice, "field", "q");
	json_add_number(notice, "column", error->column);
	json_add_string(notice, "value", text);
	json_add_string(notice, "message", error->why);
	json_object_array_add(list, notice);
	reply_problem(request, MHD_HTTP_BAD_REQUEST, list, "q, column %u: %s", error->column,
		      error->why);
}

bool parameter_query(struct request *request, struct query **query)
{
	const char *text = request_get(request, "q");
	struct query_error error = { 0 };
	int err = query_parse(text ? text : "", QUERY_FLOWS, query, &error);

	if (err == -EINVAL)
		refuse_query(request, text, &error);
	else if (err)
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "no memory");
	return !err;
}

bool parameter_time(struct request *request, const char *name, int64_t *time)
{
	const char *value = request_get(request, name);

	if (!value || time_parse(value, time))
		return true;
	return refuse(request, name, value,
		      "a time as 2026-11-22T18:00:00Z, or ago as 30m, 2h or 7d");
}
