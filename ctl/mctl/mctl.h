/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the commands of mctl share: how they are called, how they take options,
 * how they fail.
 */
#ifndef MCTL_H
#define MCTL_H

#include <getopt.h>
#include <stdbool.h>

#include "lib/client.h"
#include "lib/names.h"
#include "lib/output.h"

/** enum mctl_exit - how the program ends */
enum mctl_exit {
	MCTL_DONE = 0,
	/** something failed, differs or did not pass a check */
	MCTL_FAILED = 1,
	MCTL_USAGE = 2,
	/** the module is not loaded, or does not police this namespace */
	MCTL_NO_MODULE = 3,
	MCTL_NOT_PERMITTED = 4,
	/** somebody else's change came between */
	MCTL_CONFLICT = 5,
};

/** struct context - how a command was called */
struct context {
	const struct command *command;
	enum output_format format;
};

/**
 * struct command - a command
 * @name: as it is typed
 * @arguments: what follows it, for help; -o is added
 * @summary: a line
 * @help: what else is to be known, whole lines; may be NULL
 * @print_more: prints what help has behind that; may be NULL
 * @is_list: prints a list, which jsonl can be made of
 * @run: does it; its arguments begin with the name; returns an enum mctl_exit
 */
struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *help;
	void (*print_more)(void);
	bool is_list;
	int (*run)(struct context *context, int argc, char **argv);
};

extern const struct command attach_command;
extern const struct command candidate_command;
extern const struct command confirm_command;
extern const struct command connections_command;
extern const struct command defaults_command;
extern const struct command detach_command;
extern const struct command doctor_command;
extern const struct command explain_command;
extern const struct command flows_command;
extern const struct command load_command;
extern const struct command lock_command;
extern const struct command networks_command;
extern const struct command rollback_command;
extern const struct command rules_command;
extern const struct command stats_command;
extern const struct command status_command;

/**
 * typedef option_taker - takes one of a command's own options
 * @option: the val of its struct option
 * @value: its argument, or NULL
 * @arg: the command's
 *
 * Return: whether it was acceptable; if not, it has said why.
 */
typedef bool option_taker(int option, const char *value, void *arg);

/**
 * options_read() - read a command's options
 * @context: its format is set by -o
 * @argc: how many arguments there are
 * @argv: the arguments; operands are moved behind the options
 * @own: the command's own long options, ended by zeros; may be NULL
 * @take: given each of them; a letter is one too, as in "-f FILE"
 * @arg: handed to @take
 *
 * Return: the index of the first operand, or -1 after help or a usage error;
 * the command then returns options_exit().
 */
int options_read(struct context *context, int argc, char **argv, const struct option *own,
		 option_taker *take, void *arg);

/** options_exit() - how the program ends after options_read() returned -1 */
int options_exit(void);

/**
 * options_only() - options_read() for a command without options and operands
 * @context: as there
 * @argc: as there
 * @argv: as there
 *
 * Return: false after help or a usage error.
 */
bool options_only(struct context *context, int argc, char **argv);

/**
 * options_format() - read the argument of -o
 * @context: its format is set
 * @word: table, json or jsonl
 *
 * Return: false, having said so, where it is none that the command prints.
 */
bool options_format(struct context *context, const char *word);

/**
 * usage_error() - complain about how a command was called
 * @context: the command
 * @format: a sentence without a full stop; printf's
 *
 * Return: MCTL_USAGE.
 */
int usage_error(const struct context *context, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * help_print() - print a command's help
 * @command: the command
 */
void help_print(const struct command *command);

/**
 * module_open() - connect to the module, saying why where that fails
 * @client: the connection
 *
 * Return: MCTL_DONE, or how the program ends.
 */
int module_open(struct client **client);

/** typedef module_user - does a command's work; returns an enum mctl_exit */
typedef int module_user(struct context *context, struct client *client);

/**
 * module_run() - a command without options and operands, on the module
 * @context: the command
 * @argc: its arguments
 * @argv: the same
 * @use: called with the connection
 *
 * Return: how the program ends.
 */
int module_run(struct context *context, int argc, char **argv, module_user *use);

/**
 * module_names() - learn the names in force, over a connection of their own
 * @names: the names; to be freed, even after an error
 *
 * Return: MCTL_DONE, or how the program ends, having said why.
 */
int module_names(struct names **names);

/**
 * module_error() - report that something failed
 * @client: what it failed on, for the module's own words; may be NULL
 * @what: what could not be done, as in "cannot ..."
 * @err: negative errno
 *
 * Return: how the program ends.
 */
int module_error(const struct client *client, const char *what, int err);

/**
 * module_exit() - how the program ends after an error
 * @err: negative errno, or 0
 */
int module_exit(int err);

#endif /* MCTL_H */
