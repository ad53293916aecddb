// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl console: who may use the web console, which asks msegd for its users. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_oidc.h"
#include "lib/json.h"
#include "listener.h"
#include "service.h"

struct wish {
	const struct context *context;
	const char *expires;
	const char *name;
	bool print;
};

/* A time as 600, 600s, 10m, 12h or 30d, in seconds; 0 where it is none. */
static uint64_t seconds_of(const char *text)
{
	static const struct {
		const char *unit;
		uint32_t seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	size_t digits = strspn(text, "0123456789"), i;

	if (!digits || digits > 9)
		return 0;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(text + digits, units[i].unit))
			return strtoull(text, NULL, 10) * units[i].seconds;
	return 0;
}

enum { OPTION_EXPIRES = OPTION_OWN, OPTION_NAME, OPTION_PRINT };

static bool take(int option, const char *value, void *arg)
{
	struct wish *wish = arg;

	if (option == OPTION_PRINT)
		wish->print = true;
	else if (option == OPTION_NAME)
		wish->name = value;
	else if (option == OPTION_EXPIRES)
		wish->expires = value;
	if (option != OPTION_EXPIRES || seconds_of(value))
		return true;
	usage_error(wish->context, "'%s' is no time: it is written as 600, 10m, 12h or 30d", value);
	return false;
}

/* --- making --------------------------------------------------------------- */

static int make(const struct wish *wish, const char *kind, struct api_answer *answer)
{
	struct json_object *body = json_object_new_object();
	struct api_request request = { .method = "POST", .path = "/v1/sessions" };
	struct api *api;
	int status;

	json_add_string(body, "kind", kind);
	if (wish->expires)
		json_add_number(body, "expiresIn", seconds_of(wish->expires));
	if (wish->name)
		json_add_string(body, "name", wish->name);
	request.body = json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN);
	request.len = strlen(request.body);
	status = service_open(wish->context, &api);
	if (status == MCTL_DONE) {
		status = service_call(wish->context, api, &request, "make a session", answer);
		api_close(api);
	}
	json_object_put(body);
	return status;
}

static void warn_of_console(struct json_object *console)
{
	if (!service_object(console, "uid"))
		fprintf(stderr,
			"mctl: the console does not run: there is no user %s ('systemctl start mseg-console')\n",
			service_field(console, "user"));
}

/*
 * Any user may take a port that nobody has. A certificate tells the console from him; over
 * plain HTTP nothing does, and the link would let him in.
 */
static bool is_taken(struct json_object *console)
{
	const char *url = service_field(console, "url");
	struct json_object *uid = service_object(console, "uid");
	uid_t found;

	if (!uid || listener_find(url, (uid_t)json_object_get_int64(uid), &found) != LISTENER_OTHER)
		return false;
	fprintf(stderr, "mctl: not the console, but the user %u listens at %s: no link is made\n",
		found, url);
	return true;
}

static int run_login(struct context *context, int argc, char **argv)
{
	struct wish wish = { .context = context };
	struct api_answer answer = { 0 };
	int status, first = options_read(context, argc, argv, take, &wish);
	struct json_object *console, *object;
	char *url = NULL;

	if (first < 0)
		return options_exit();
	if (first < argc)
		return usage_error(context, "unexpected argument '%s'", argv[first]);
	status = make(&wish, "link", &answer);
	if (status != MCTL_DONE) {
		api_answer_free(&answer);
		return status;
	}
	console = service_object(answer.body, "console");
	warn_of_console(console);
	if (is_taken(console)) {
		api_answer_free(&answer);
		return MCTL_FAILED;
	}
	if (asprintf(&url, "%s/login#%s", service_field(console, "url"),
		     service_field(answer.body, "code")) < 0)
		url = NULL;
	if (wish.print || context->format == OUTPUT_TABLE) {
		puts(url ? url : "");
		if (!wish.print)
			fprintf(stderr, "Open it in a browser; it is good once, until %s.\n",
				service_field(answer.body, "expires"));
	} else {
		object = json_object_new_object();
		json_add_string(object, "url", url);
		json_add_string(object, "expires", service_field(answer.body, "expires"));
		output_object(context->format, object);
	}
	free(url);
	api_answer_free(&answer);
	return MCTL_DONE;
}

static int create_token(const struct wish *wish)
{
	struct api_answer answer = { 0 };
	int status = make(wish, "token", &answer);
	struct json_object *object;

	if (status == MCTL_DONE && wish->context->format == OUTPUT_TABLE) {
		puts(service_field(answer.body, "token"));
		fprintf(stderr, "It is shown this once, and good until %s.\n",
			service_field(answer.body, "expires"));
	} else if (status == MCTL_DONE) {
		object = json_object_get(answer.body);
		json_object_object_del(object, "console");
		output_object(wish->context->format, object);
	}
	api_answer_free(&answer);
	return status;
}

/* --- showing -------------------------------------------------------------- */

static const struct output_column columns[] = {
	{ .title = "ID", .key = "id", .right = true },
	{ .title = "KIND", .key = "kind" },
	{ .title = "NAME", .key = "name" },
	{ .title = "CREATED", .key = "created" },
	{ .title = "USED", .key = "used" },
	{ .title = "UNTIL", .key = "expires" },
};

static int read_sessions(const struct context *context, struct json_object **answer)
{
	return service_get(context, api_path_new("sessions"), "read the sessions", answer);
}

/* Those of one kind; NULL is all. */
static int print_sessions(const struct context *context, struct json_object *answer,
			  const char *kind, const char *none)
{
	struct json_object *sessions = service_object(answer, "sessions"), *session;
	struct output_list *list = output_list_open(context->format, columns,
						    sizeof(columns) / sizeof(columns[0]), none);
	size_t i, n = json_object_is_type(sessions, json_type_array) ?
			      json_object_array_length(sessions) :
			      0;
	int err = list ? 0 : -1;

	for (i = 0; !err && i < n; i++) {
		session = json_object_array_get_idx(sessions, i);
		if (!kind || !strcmp(service_field(session, "kind"), kind))
			err = output_list_add(list, json_object_get(session));
	}
	if (output_list_close(list) || err) {
		fputs("mctl: no memory\n", stderr);
		return MCTL_FAILED;
	}
	return MCTL_DONE;
}

static int run_status(struct context *context, int argc, char **argv)
{
	struct json_object *answer, *console;
	int status;

	if (!options_only(context, argc, argv))
		return options_exit();
	status = read_sessions(context, &answer);
	if (status != MCTL_DONE)
		return status;
	if (context->format != OUTPUT_TABLE) {
		output_object(context->format, answer);
		return MCTL_DONE;
	}
	console = service_object(answer, "console");
	warn_of_console(console);
	output_object(OUTPUT_TABLE, json_object_get(console));
	putchar('\n');
	status = print_sessions(context, answer, NULL, "nobody is logged in as this user");
	json_object_put(answer);
	return status;
}

static int list_tokens(const struct context *context)
{
	struct json_object *answer;
	int status = read_sessions(context, &answer);

	if (status == MCTL_DONE)
		status = print_sessions(context, answer, "token", "no tokens");
	json_object_put(answer);
	return status;
}

static int end_session(const struct context *context, const char *id)
{
	struct api_path *path = api_path_new("sessions");
	struct api_request request = { .method = "DELETE" };
	struct api_answer answer = { 0 };
	struct api *api;
	int status;

	api_path_add(path, id);
	request.path = api_path_text(path);
	status = service_open(context, &api);
	if (status == MCTL_DONE) {
		status = service_call(context, api, &request, "revoke it", &answer);
		api_close(api);
	}
	if (status == MCTL_DONE)
		output_object(context->format, json_object_get(answer.body));
	api_answer_free(&answer);
	api_path_free(path);
	return status;
}

static int run_token(struct context *context, int argc, char **argv)
{
	struct wish wish = { .context = context };
	int first = options_read(context, argc, argv, take, &wish);
	const char *what;

	if (first < 0)
		return options_exit();
	what = first < argc ? argv[first] : "list";
	if (!strcmp(what, "create") && first + 1 == argc)
		return create_token(&wish);
	if (wish.expires || wish.name)
		return usage_error(context, "--expires and --name are for create alone");
	if (!strcmp(what, "list") && first + 1 >= argc)
		return list_tokens(context);
	if (!strcmp(what, "revoke") && first + 2 == argc)
		return end_session(context, argv[first + 1]);
	return usage_error(context, "it is create, list, or revoke with an ID");
}

/* --- the commands --------------------------------------------------------- */

static const struct option login_options[] = {
	{ "print", no_argument, NULL, OPTION_PRINT },
	{ "expires", required_argument, NULL, OPTION_EXPIRES },
	{ 0 },
};

static const struct option token_options[] = {
	{ "expires", required_argument, NULL, OPTION_EXPIRES },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "yes", no_argument, NULL, OPTION_YES },
	{ 0 },
};

static const struct command login_command = {
	.name = "login",
	.arguments = "[--expires TIME] [--print]",
	.summary = "Print a link that logs in once, as who runs this",
	.help = "  --expires TIME    for how long it is good: 1 to 10 minutes, as 60, 90s or 10m; else 5m\n"
		"  --print           print the link alone, whatever -o says\n",
	.options = login_options,
	.run = run_login,
};

static const struct command token_command = {
	.name = "token",
	.arguments = "create [--name NAME] [--expires TIME] [--yes] | list | revoke ID [--yes]",
	.summary = "Make, list or revoke tokens, for programs",
	.help = "A program sends its token as 'Authorization: Bearer TOKEN' to the console, and is who\n"
		"made it. It is shown once, when it is made. Sessions are revoked likewise.\n"
		"\n"
		"  --expires TIME    for how long it is good: up to 366d; else 30d\n"
		"  --name NAME       what it is for\n"
		"  --yes             accepted for scripts; has no effect here\n",
	.formats = FORMATS_LIST,
	.options = token_options,
	.run = run_token,
};

static const struct command console_status_command = {
	.name = "status",
	.arguments = "",
	.summary = "Show where the console is, and the sessions and tokens of who runs this",
	.run = run_status,
};

static const struct command *const console_commands[] = {
	&console_status_command, &login_command, &token_command, &oidc_keys_command, NULL,
};

const struct command console_command = {
	.name = "console",
	.arguments = "",
	.summary = "Log in to the web console, and make tokens for programs",
	.sub = console_commands,
};
