// SPDX-License-Identifier: GPL-2.0-or-later
/* A query's parameters. */
#include "parameters.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "model/path.h"

static bool refuse(struct request *request, const char *name, const char *value, const char *what)
{
	reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "%s is %s, not %s", name, what,
		      text_show(value, strlen(value)).s);
	return false;
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
	return refuse(request, name, value, "another word");
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
		return refuse(request, name, value, "a number within limits");
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
