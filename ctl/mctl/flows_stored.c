// SPDX-License-Identifier: GPL-2.0-or-later
/* Flows as msegd has stored them, and as it hears them. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flows.h"
#include "lib/json.h"
#include "service.h"

/* Unless --last says something else; all of them where a time is given. */
#define LAST 200
#define LAST_MAX 1000000
#define PAGE_MAX 1000

static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static void add_question(const struct flow_question *question, struct api_path *path)
{
	api_path_query(path, "q", question->query && *question->query ? question->query : NULL);
	api_path_query(path, "since", question->since);
	api_path_query(path, "until", question->until);
}

/* One page, behind those that are there; the next cursor, to be freed, or NULL. */
static int get_page(const struct flow_question *question, unsigned long limit,
		    struct json_object *flows, char **cursor)
{
	struct json_object *page = NULL, *list = NULL;
	struct api_path *path = api_path_new("flows");
	char text[24];
	int status;
	size_t i;

	snprintf(text, sizeof(text), "%lu", limit < PAGE_MAX ? limit : PAGE_MAX);
	add_question(question, path);
	api_path_query(path, "limit", text);
	api_path_query(path, "cursor", *cursor);
	free(*cursor);
	*cursor = NULL;
	status = service_get(question->context, path, "read the flows", &page);
	if (status == MCTL_DONE) {
		list = service_object(page, "flows");
		if (service_field(page, "cursor")[0])
			*cursor = strdup(service_field(page, "cursor"));
	}
	for (i = 0; list && i < json_object_array_length(list); i++)
		json_object_array_add(flows, json_object_get(json_object_array_get_idx(list, i)));
	json_object_put(page);
	return status;
}

static unsigned long limit_of(const struct flow_question *question)
{
	if (question->last)
		return question->last;
	return question->since || question->until ? LAST_MAX : LAST;
}

/* The latest at the end, where a terminal shows it. */
static int print(struct json_object *flows, struct output_list *list)
{
	size_t i = json_object_array_length(flows);
	int err = 0;

	while (i-- > 0 && !err)
		err = output_list_add(list, json_object_get(json_object_array_get_idx(flows, i)));
	return err;
}

static int show(const struct flow_question *question, struct output_list *list)
{
	struct json_object *flows = json_object_new_array();
	unsigned long limit = limit_of(question), n = 0;
	char *cursor = NULL;
	int status;

	do {
		status = get_page(question, limit - n, flows, &cursor);
		n = json_object_array_length(flows);
	} while (status == MCTL_DONE && cursor && n < limit);
	free(cursor);
	if (status == MCTL_DONE && print(flows, list))
		status = MCTL_FAILED;
	json_object_put(flows);
	return status;
}

struct listening {
	struct output_list *list;
	uint64_t lost;
};

static void tell_of_lost(struct listening *listening, struct json_object *data)
{
	struct json_object *where = service_object(data, "where");
	uint64_t lost = json_object_get_uint64(service_object(data, "lost"));

	listening->lost += lost;
	fprintf(stderr, "mctl: lost %" PRIu64 " records: %s\n", lost,
		where ? json_object_get_string(where) : "nobody knows where");
}

static bool on_event(const char *name, struct json_object *data, void *arg)
{
	struct listening *listening = arg;

	if (!name)
		fputs("listening\n", stderr);
	else if (!strcmp(name, "lost"))
		tell_of_lost(listening, data);
	else if (!strcmp(name, "flow") && output_list_add(listening->list, json_object_get(data)))
		return false;
	return !fflush(stdout);
}

static int follow(const struct flow_question *question, struct output_list *list)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct api_path *path = api_path_new("events");
	struct api_answer answer = { 0 };
	struct listening listening = { .list = list };
	struct api *api;
	int err, status = service_open(question->context, &api);

	api_path_query(path, "flows", "true");
	api_path_query(path, "q", question->query && *question->query ? question->query : NULL);
	if (status == MCTL_DONE) {
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
		api_stop_on(api, &stopped);
		err = api_listen(api, api_path_text(path), on_event, &listening, &answer);
		if (err || (answer.status != 200 && !stopped))
			status = service_error(question->context, "listen to flow records", err,
					       &answer);
		api_answer_free(&answer);
		api_close(api);
	}
	if (listening.lost)
		fprintf(stderr, "mctl: lost %" PRIu64 " records in all\n", listening.lost);
	api_path_free(path);
	return status;
}

int flows_stored(const struct flow_question *question)
{
	struct output_list *list =
		flows_list(question->context, question->follow ? NULL : "no flows in that time");
	int status = list ? MCTL_DONE : MCTL_FAILED;

	if (list && (!question->follow || question->last || question->since))
		status = show(question, list);
	if (status == MCTL_DONE && question->follow)
		status = follow(question, list);
	if (output_list_close(list))
		status = MCTL_FAILED;
	return status;
}
