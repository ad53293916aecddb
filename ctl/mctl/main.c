// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl: the table of commands, and what holds for all of them. */
#include <errno.h>
#include <locale.h>
#include <mseg/version.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/api.h"
#include "lib/text.h"
#include "mctl.h"
#include "pager.h"

static const struct command *const commands[] = {
	&status_command,       &api_command,	   &get_command,
	&list_command,	       &describe_command,  &apply_command,
	&diff_command,	       &confirm_command,   &rollback_command,
	&history_command,      &discovery_command, &catalogue_command,
	&reportsquery_command, &monitor_command,   &dns_command,
	&top_command,	       &coverage_command,  &flows_command,
	&explain_command,      &rules_command,	   &networks_command,
	&connections_command,  &console_command,   &stats_command,
	&doctor_command,       &load_command,	   &defaults_command,
	&candidate_command,    &attach_command,	   &detach_command,
	&lock_command,	       &complete_command,  NULL,
};

const struct command *const *commands_all(void)
{
	return commands;
}

/* What stays within the program is not told of. */
static bool is_hidden(const struct command *command)
{
	return command->name[0] == '_';
}

/* The hidden one comes last. */
static const char *command_name(size_t index, const void *arg)
{
	const struct command *const *table = arg;

	return table[index] && !is_hidden(table[index]) ? table[index]->name : NULL;
}

static const struct command *find(const struct command *const *table, const char *name)
{
	for (; *table; table++)
		if (!strcmp((*table)->name, name))
			return *table;
	return NULL;
}

/* Of a command's own commands, or, where there is none, of all. */
static int unknown(const struct context *of, const char *name)
{
	const struct command *const *table = of->command ? of->command->sub : commands;
	const char *nearest = text_nearest(name, strlen(name), command_name, table);

	fprintf(stderr, "mctl%s%s: unknown command %s", of->command ? " " : "", of->name,
		text_show(name, strlen(name)).s);
	if (nearest)
		fprintf(stderr, ", did you mean '%s'?", nearest);
	fprintf(stderr, "\nTry 'mctl help%s%s'.\n", of->command ? " " : "", of->name);
	return MCTL_USAGE;
}

static void print_commands(FILE *out)
{
	const struct command *const *command;

	fputs("Usage: mctl [-o FORMAT] [--socket PATH] COMMAND [ARGUMENT...]\n\nCommands:\n", out);
	for (command = commands; *command; command++)
		if (!is_hidden(*command))
			fprintf(out, "  %-12s %s\n", (*command)->name, (*command)->summary);
	fputs("  help         Explain a command: mctl help COMMAND\n\n"
	      "FORMAT is table (the default), json, yaml or none; lists also take jsonl, an object\n"
	      "a line; lists of objects also wide, for more columns, and name.\n"
	      "PATH is the socket of msegd, " API_SOCKET " unless MSEG_SOCKET has it.\n"
	      "\n"
	      "Exit status:\n"
	      "  0  done\n"
	      "  1  failed, or a file did not pass its check: stderr says what is wrong, and the\n"
	      "     policy in force stays; or something differs, or a question was answered with no\n"
	      "  2  called wrongly: an unknown command or option, or one that is missing; or there\n"
	      "     is no terminal to ask on, and no --yes\n"
	      "  3  the module is not loaded, or this network namespace is not policed\n"
	      "     ('mctl attach' does that); or msegd does not run\n"
	      "  4  not permitted: run it as root of the host, or it is locked; or a role is missing\n"
	      "  5  conflict: another change came between, or a policy awaits 'mctl confirm' or\n"
	      "     'mctl rollback'; or the policy is msegd's, and the command would go past it\n"
	      "'mctl doctor' ends with 0 or 1 alone; 'mctl status' with 0 where nothing is policed.\n",
	      out);
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return !strcmp(word, a) || !strcmp(word, b);
}

/*
 * The command that words name, and perhaps one of its own; false, having said so, where
 * there is none. @used is how many words its name has.
 */
static bool resolve(struct context *context, int argc, char **argv, int *used)
{
	const struct command *const *table = commands;

	context->command = NULL;
	for (*used = 0; *used < argc && table; (*used)++) {
		const struct command *command = find(table, argv[*used]);
		size_t len = strlen(context->name);

		if (!command) {
			unknown(context, argv[*used]);
			return false;
		}
		snprintf(context->name + len, sizeof(context->name) - len, "%s%s", len ? " " : "",
			 command->name);
		context->command = command;
		table = command->sub;
	}
	return true;
}

static int help(int argc, char **argv)
{
	struct context context = { 0 };
	int used;

	if (argc < 2 || is_one_of(argv[1], "help", "--help")) {
		print_commands(stdout);
		return MCTL_DONE;
	}
	if (!resolve(&context, argc - 1, argv + 1, &used))
		return MCTL_USAGE;
	if (used < argc - 1) {
		fprintf(stderr, "mctl help: unexpected argument %s\nTry 'mctl help'.\n",
			text_show(argv[used + 1], strlen(argv[used + 1])).s);
		return MCTL_USAGE;
	}
	help_print(&context);
	return MCTL_DONE;
}

/* A command that consists of others was called without one of them. */
static int lacks_command(const struct context *context, int argc, char **argv)
{
	if (argc > 1 && (is_one_of(argv[1], "-h", "--help") || !strcmp(argv[1], "help"))) {
		help_print(context);
		return MCTL_DONE;
	}
	if (argc > 1)
		return unknown(context, argv[1]);
	return usage_error(context, "one of its commands is needed");
}

/* How all commands are called. */
struct globals {
	const char *format;
	const char *socket;
};

static const char *default_socket(void)
{
	const char *socket = getenv("MSEG_SOCKET");

	return socket && socket[0] ? socket : NULL;
}

static int run(int argc, char **argv, const struct globals *globals)
{
	struct context context = { 0 };
	const char *socket = globals->socket ? globals->socket : default_socket();
	int used;

	if (is_one_of(argv[0], "help", "--help") || !strcmp(argv[0], "-h"))
		return help(argc, argv);
	if (is_one_of(argv[0], "--version", "version") || !strcmp(argv[0], "-V")) {
		printf("mctl %s\n", MSEG_VERSION);
		return MCTL_DONE;
	}
	context.command = find(commands, argv[0]);
	if (context.command && context.command->sub &&
	    (argc < 2 || !find(context.command->sub, argv[1]))) {
		snprintf(context.name, sizeof(context.name), "%s", context.command->name);
		return lacks_command(&context, argc, argv);
	}
	if (!resolve(&context, 1 + (context.command && context.command->sub), argv, &used))
		return MCTL_USAGE;
	context.socket = socket ? socket : API_SOCKET;
	context.socket_given = socket;
	if (globals->format && !options_format(&context, globals->format))
		return MCTL_USAGE;
	return context.command->run(&context, argc - used + 1, argv + used - 1);
}

/* What was not written was not done: a full disk, a closed pipe. */
static int finish_output(int status)
{
	bool failed = ferror(stdout);

	if (!fflush(stdout) && !failed)
		return status;
	if (errno != EPIPE)
		fprintf(stderr, "mctl: cannot write: %s\n",
			errno ? strerror(errno) : "output error");
	return status ? status : MCTL_FAILED;
}

/*
 * An option before the command, in its forms; how many arguments it took, 0 where it is
 * another.
 */
static int take_global(int argc, char **argv, const char *letter, const char *name,
		       const char **value)
{
	size_t len = strlen(name);

	if (!strncmp(argv[0], name, len) && argv[0][len] == '=') {
		*value = argv[0] + len + 1;
		return 1;
	}
	if (letter && !strncmp(argv[0], letter, 2) && argv[0][2]) {
		*value = argv[0] + 2;
		return 1;
	}
	if (argc < 2 || !(letter ? is_one_of(argv[0], letter, name) : !strcmp(argv[0], name)))
		return 0;
	*value = argv[1];
	return 2;
}

static int take_globals(int argc, char **argv, struct globals *globals)
{
	int taken, all = 0;

	while (all < argc) {
		taken = take_global(argc - all, argv + all, "-o", "--output", &globals->format);
		if (!taken)
			taken = take_global(argc - all, argv + all, NULL, "--socket",
					    &globals->socket);
		if (!taken)
			break;
		all += taken;
	}
	return all;
}

int main(int argc, char **argv)
{
	struct globals globals = { 0 };
	int taken, status;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	argv++;
	argc--;
	taken = take_globals(argc, argv, &globals);
	argv += taken;
	argc -= taken;
	if (argc < 1) {
		print_commands(stderr);
		return MCTL_USAGE;
	}
	status = finish_output(run(argc, argv, &globals));
	pager_end();
	return status;
}
