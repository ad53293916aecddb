// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mctl discovery: discovery mode, the guided way. Before it is disabled, it is told what
 * would break; then it comes on trial, so that a mistake mends itself.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/json.h"
#include "breakage.h"
#include "changes.h"
#include "pager.h"
#include "request.h"
#include "revisions.h"

/* What a host is given to be found unreachable, unless it is said otherwise. */
#define TRIAL_SECONDS 60

#define NAMESPACE_LEN 1024

static int get_discovery(struct request *request, struct json_object **discovery)
{
	return service_get(request->context, request_path(request, "discovery", NULL),
			   "read the defaults", discovery);
}

static bool allows(struct json_object *discovery, const char *direction)
{
	struct json_object *effective = service_object(discovery, "effective");

	return !strcmp(service_field(effective, direction), "Allow");
}

static const char *namespace_of(const struct request *request)
{
	return request->namespace ? request->namespace : "/";
}

/* --- changing ------------------------------------------------------------- */

static int put(struct request *request, struct api *api, const char *action,
	       struct api_answer *answer)
{
	struct api_path *path = request_path(request, "discovery", NULL);
	struct api_request call = { .method = "PUT" };
	char body[96];
	int status;

	service_query(path, &request->change);
	snprintf(body, sizeof(body), "{\"incoming\": \"%s\", \"outgoing\": \"%s\"}", action, action);
	call.path = api_path_text(path);
	call.body = body;
	call.len = strlen(body);
	status = service_call(request->context, api, &call, "change the defaults", answer);
	api_path_free(path);
	return status;
}

static int change(struct request *request, struct api *api, const char *action)
{
	struct api_answer answer = { 0 };
	int status = put(request, api, action, &answer);

	if (status == MCTL_DONE)
		status = changes_report(request->context, &request->change, answer.body);
	api_answer_free(&answer);
	return status;
}

/* --- the trial, where somebody can be asked ------------------------------- */

/* The answer to a question that waits @seconds at most: 'y', 'n', or 0. */
static char ask(const char *question, uint32_t seconds)
{
	struct pollfd in = { STDIN_FILENO, POLLIN, 0 };
	char answer[16] = "";

	/* What was typed before the question answers nothing. */
	tcflush(STDIN_FILENO, TCIFLUSH);
	fprintf(stderr, "%s [y/N] ", question);
	if (poll(&in, 1, (int)seconds * 1000) < 1 || !fgets(answer, sizeof(answer), stdin))
		return 0;
	return answer[0] == 'y' || answer[0] == 'Y' ? 'y' : 'n';
}

static int conclude(struct request *request)
{
	const struct service_change back = service_change();
	char answer = ask("Open a new connection to this host. Does it work, and is this to stay?",
			  request->change.options.confirm_within);

	if (answer == 'y')
		return revisions_confirm(request->context, 0);
	if (answer == 'n') {
		revisions_rollback(request->context, NULL, &back);
		return MCTL_FAILED;
	}
	fputs("\nmctl: nobody confirmed it: the former policy comes back\n", stderr);
	return MCTL_FAILED;
}

static int disable(struct request *request, struct api *api)
{
	struct service_change *options = &request->change;
	bool asks = !options->yes && !options->check;
	unsigned int broken;
	bool rejects[2];
	struct json_object *discovery;
	char question[NAMESPACE_LEN + 128];
	int status = get_discovery(request, &discovery);

	if (status != MCTL_DONE)
		return status;
	rejects[0] = allows(discovery, "incoming");
	rejects[1] = allows(discovery, "outgoing");
	json_object_put(discovery);
	if (!options->options.confirm_within)
		options->options.confirm_within = TRIAL_SECONDS;
	broken = breakage_tell(api, rejects);
	snprintf(question, sizeof(question),
		 "Disable discovery mode in %.*s%s, on trial for %" PRIu32 " s?", NAMESPACE_LEN,
		 namespace_of(request), broken ? " in spite of that" : "",
		 options->options.confirm_within);
	status = change_confirmed(request->context, !asks, question);
	if (asks)
		pager_forbid();
	if (status == MCTL_DONE)
		status = change(request, api, "Reject");
	return status == MCTL_DONE && asks ? conclude(request) : status;
}

static int enable(struct request *request, struct api *api)
{
	return change(request, api, "Allow");
}

/* --- the commands --------------------------------------------------------- */

static int show(struct request *request, struct api *api)
{
	struct json_object *discovery;
	int status = get_discovery(request, &discovery);

	(void)api;
	if (status == MCTL_DONE)
		output_object(request->context->format, discovery);
	return status;
}

static int run(struct context *context, int argc, char **argv,
	       int (*use)(struct request *request, struct api *api))
{
	struct request request;
	struct api *api;
	int status = MCTL_USAGE, first = request_read(&request, context, argc, argv);

	if (first < 0) {
		status = request_exit(&request);
	} else if (first < argc) {
		usage_error(context, "unexpected argument '%s': a namespace needs -n", argv[first]);
	} else {
		status = service_open(context, &api);
		if (status == MCTL_DONE) {
			status = use(&request, api);
			api_close(api);
		}
	}
	request_free(&request);
	return status;
}

static int run_status(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, show);
}

static int run_disable(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, disable);
}

static int run_enable(struct context *context, int argc, char **argv)
{
	return run(context, argc, argv, enable);
}

static const struct option status_options[] = { NAMESPACE_OPTION, { 0 } };

static const struct option disable_options[] = {
	NAMESPACE_OPTION,
	CHECK_OPTION,
	SERVICE_CHANGE_OPTIONS,
	{ 0 },
};

static const struct command discovery_status_command = {
	.name = "status",
	.arguments = "[-n NAMESPACE]",
	.summary = "Show a namespace's defaults, and what they come to",
	.options = status_options,
	.run = run_status,
};

static const struct command disable_command = {
	.name = "disable",
	.arguments = "[-n NAMESPACE] [--check] " SERVICE_CHANGE_ARGUMENTS,
	.summary = "Reject what no rule allows",
	.help = "It tells first which connections of this moment no rule allows, and asks. Then it is\n"
		"on trial, for 60 seconds unless --confirm-within has another time: open a new\n"
		"connection to the host, and answer the second question; or, with --yes, which asks\n"
		"nothing, run 'mctl confirm'. Else discovery mode comes back by itself.\n"
		"\n"
		"  -n NAMESPACE      where; / unless it is said\n"
		"  --check           say what would come of it, and change nothing\n" SERVICE_TRIAL_HELP
		"  --yes             do not ask\n",
	.options = disable_options,
	.run = run_disable,
};

static const struct command enable_command = {
	.name = "enable",
	.arguments = "[-n NAMESPACE] [--check] " SERVICE_CHANGE_ARGUMENTS,
	.summary = "Allow what no rule rejects",
	.help = "  -n NAMESPACE      where; / unless it is said\n"
		"  --check           say what would come of it, and change nothing\n" SERVICE_CHANGE_HELP,
	.options = disable_options,
	.run = run_enable,
};

static const struct command *const discovery_commands[] = {
	&discovery_status_command,
	&disable_command,
	&enable_command,
	NULL,
};

const struct command discovery_command = {
	.name = "discovery",
	.arguments = "",
	.summary = "Show, disable or enable discovery mode in a namespace, the guided way",
	.sub = discovery_commands,
};
