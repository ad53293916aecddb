// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * msegd's API without HTTP, the module, or an event loop that turns: a request's
 * first line is METHOD URI, what follows is its body. Whatever comes, it is answered,
 * with a problem where the status says so, and the store stays as it was.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "msegd/api.h"
#include "msegd/fresh.h"
#include "msegd/reconcile.h"

#define LINE_MAX_LEN 4096

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct service service;

static void changed(void *arg)
{
	(void)arg;
}

/* What is open stays so. */
static void remove_names(const char *directory)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/store.db", directory);
	unlink(path);
	snprintf(path, sizeof(path), "%s/store.db-wal", directory);
	unlink(path);
	rmdir(directory);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char directory[] = "/tmp/msegd-fuzz-XXXXXX", *why = NULL;

	(void)argc;
	(void)argv;
	if (!mkdtemp(directory) || store_open(directory, &service.store, &why) ||
	    fresh_fill(service.store) || draft_load(service.store, &service.now) ||
	    sd_event_default(&service.event) < 0 || events_open(service.event, &service.events) ||
	    enforce_open(service.event, changed, NULL, &service.enforce))
		abort();
	remove_names(directory);
	service.config = config_read("/nonexistent", false, stderr);
	return service.config ? 0 : 1;
}

static void check(const struct request *request)
{
	const struct reply *reply = &request->reply;
	bool is_problem = reply->type && strstr(reply->type, "problem");

	if (reply->status < 200 || !reply->len || is_problem != (reply->status >= 400))
		abort();
	if (reply->status >= 500 && reply->status != 503)
		abort();
	if (store_newest(service.store) != 1)
		abort();
}

static void ask(const char *method, const char *uri, const uint8_t *body, size_t len)
{
	struct caller caller = { .uid = 0, .user = "root" };
	struct request request = { .method = method, .caller = &caller };
	int err = request_parse(&request, uri);

	request.body = malloc(len + 1);
	memcpy(request.body, body, len);
	request.body[len] = '\0';
	request.len = len;
	/* A stream needs its connection. */
	if (!err && !(request.n_path == 2 && !strcmp(request.path[1], "events"))) {
		api_handle(&request, &service);
		check(&request);
	}
	request_clear(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t len = end ? (size_t)(end - data) : 0;
	char line[LINE_MAX_LEN], *uri;

	if (!end || len >= sizeof(line))
		return 0;
	memcpy(line, data, len);
	line[len] = '\0';
	uri = strchr(line, ' ');
	if (!uri)
		return 0;
	*uri++ = '\0';
	ask(line, uri, end + 1, size - len - 1);
	return 0;
}
