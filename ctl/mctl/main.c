// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl: the table of commands, and what holds for all of them. */
#include <errno.h>
#include <locale.h>
#include <mseg/version.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "lib/text.h"
#include "mctl.h"

static const struct command *const commands[] = {
	&status_command,   &load_command,      &defaults_command, &confirm_command,
	&rollback_command, &rules_command,     &networks_command, &connections_command,
	&flows_command,	   &stats_command,     &explain_command,  &attach_command,
	&detach_command,   &candidate_command, &lock_command,	  &doctor_command,
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const char *command_name(size_t index, const void *arg)
{
	(void)arg;
	return index < N_COMMANDS ? commands[index]->name : NULL;
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < N_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	const char *nearest = text_nearest(name, strlen(name), command_name, NULL);

	fprintf(stderr, "mctl: unknown command %s", text_show(name, strlen(name)).s);
	if (nearest)
		fprintf(stderr, ", did you mean '%s'?", nearest);
	fputs("\nTry 'mctl help'.\n", stderr);
	return MCTL_USAGE;
}

static void print_commands(FILE *out)
{
	size_t i;

	fputs("Usage: mctl [-o FORMAT] COMMAND [ARGUMENT...]\n\nCommands:\n", out);
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
	fputs("  help         Explain a command: mctl help COMMAND\n\n"
	      "FORMAT is table (the default) or json; lists also take jsonl, an object a line.\n"
	      "\n"
	      "Exit status:\n"
	      "  0  done\n"
	      "  1  failed, or a file did not pass its check: stderr says what is wrong, and the\n"
	      "     policy in force stays; or 'mctl lock' was answered with no\n"
	      "  2  called wrongly: an unknown command or option, or one that is missing; or there\n"
	      "     is no terminal to ask on, and no --yes\n"
	      "  3  the module is not loaded, or this network namespace is not policed\n"
	      "     ('mctl attach' does that)\n"
	      "  4  not permitted: run it as root of the host, or it is locked\n"
	      "  5  conflict: another change came between, or a policy awaits 'mctl confirm' or\n"
	      "     'mctl rollback'\n"
	      "'mctl doctor' ends with 0 or 1 alone; 'mctl status' with 0 where nothing is policed.\n",
	      out);
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return !strcmp(word, a) || !strcmp(word, b);
}

static int help(int argc, char **argv)
{
	const struct command *command;

	if (argc > 2) {
		fprintf(stderr, "mctl help: unexpected argument %s\nTry 'mctl help'.\n",
			text_show(argv[2], strlen(argv[2])).s);
		return MCTL_USAGE;
	}
	if (argc < 2 || is_one_of(argv[1], "help", "--help")) {
		print_commands(stdout);
		return MCTL_DONE;
	}
	command = find(argv[1]);
	if (!command)
		return unknown(argv[1]);
	help_print(command);
	return MCTL_DONE;
}

static int run(int argc, char **argv, const char *format)
{
	struct context context = { .command = find(argv[0]) };

	if (is_one_of(argv[0], "help", "--help") || !strcmp(argv[0], "-h"))
		return help(argc, argv);
	if (is_one_of(argv[0], "--version", "version") || !strcmp(argv[0], "-V")) {
		printf("mctl %s\n", MSEG_VERSION);
		return MCTL_DONE;
	}
	if (!context.command)
		return unknown(argv[0]);
	if (format && !options_format(&context, format))
		return MCTL_USAGE;
	return context.command->run(&context, argc, argv);
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

/* -o before the command, in its three forms; how many arguments it took. */
static int take_format(int argc, char **argv, const char **format)
{
	static const char long_form[] = "--output=";

	if (argc < 1)
		return 0;
	if (!strncmp(argv[0], long_form, sizeof(long_form) - 1))
		*format = argv[0] + sizeof(long_form) - 1;
	else if (!strncmp(argv[0], "-o", 2) && argv[0][2])
		*format = argv[0] + 2;
	else if (argc >= 2 && is_one_of(argv[0], "-o", "--output"))
		*format = argv[1];
	if (!*format)
		return 0;
	return *format == argv[1] ? 2 : 1;
}

int main(int argc, char **argv)
{
	const char *format = NULL;
	int taken;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	argv++;
	argc--;
	taken = take_format(argc, argv, &format);
	argv += taken;
	argc -= taken;
	if (argc < 1) {
		print_commands(stderr);
		return MCTL_USAGE;
	}
	return finish_output(run(argc, argv, format));
}
