// SPDX-License-Identifier: GPL-2.0-or-later
/* Records as JSON, one a line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

static void *json_open(void)
{
	return calloc(1, 1);
}

static int send_line(struct channel *channel, const struct record *record)
{
	struct json_object *object = record_json(record);
	char *line = NULL;
	size_t len;
	const char *text =
		object ? json_object_to_json_string_length(object,
							   JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE,
							   &len) :
			 NULL;
	int err = -ENOMEM;

	if (text)
		line = malloc(len + 1);
	if (line) {
		memcpy(line, text, len);
		line[len] = '\n';
		err = channel_send(channel, line, len + 1);
	}
	free(line);
	json_object_put(object);
	return err;
}

static int json_send(void *state, struct channel *channel, const struct record *records,
		     unsigned int n, unsigned int *done)
{
	int err = 0;

	(void)state;
	for (*done = 0; *done < n && !err; *done += !err)
		err = send_line(channel, &records[*done]);
	return err;
}

const struct format format_json = { json_open, free, NULL, json_send };
