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

/** enum formats - what a command can print, beside table, json, yaml and none */
enum formats {
	FORMATS_OBJECT = 0,
	/** a list, which jsonl can be made of */
	FORMATS_LIST,
	/** a list of things that have names, so wide and name too */
	FORMATS_NAMED,
};

/** Of a command's whole name, as in "api create". */
#define COMMAND_NAME_LEN 64

/**
 * struct context - how a command was called
 * @command: which
 * @name: its whole name
 * @format: what -o says
 * @socket: where msegd listens
 * @socket_given: somebody said so, and did not leave it at what is usual
 */
struct context {
	const struct command *command;
	char name[COMMAND_NAME_LEN];
	enum output_format format;
	const char *socket;
	bool socket_given;
};

/** enum option_val - options without a letter, beside a command's own from OPTION_OWN on */
enum option_val {
	OPTION_SOCKET = 256,
	OPTION_EXISTING,
	OPTION_CONFIRM_WITHIN,
	OPTION_REASON,
	OPTION_YES,
	OPTION_CHECK,
	OPTION_OWN,
};

/** enum operand - what a command's operands name */
enum operand {
	OPERAND_NONE,
	/** an identity, and then an object of it */
	OPERAND_OBJECT,
	/** an identity */
	OPERAND_IDENTITY,
	OPERAND_REVISION,
	OPERAND_CATALOGUE,
	OPERAND_REPORT,
	/** a query, or what is learned */
	OPERAND_LOOKUPS,
};

/**
 * struct command - a command
 * @name: as it is typed
 * @arguments: what follows it, for help; -o is added
 * @summary: a line
 * @help: what else is to be known, whole lines; may be NULL
 * @print_more: prints what help has behind that; may be NULL
 * @formats: what it can print
 * @operand: what kind of names completion offers for its operands; may be 0
 * @options: its own long options, ended by zeros; may be NULL. A val below 256 is a
 *	letter too, as in "-f FILE"
 * @repeats: letters of the options that may be given more than once; may be NULL
 * @sub: the commands that it consists of, ended by NULL; it has no @run then
 * @run: does it; its arguments begin with the name; returns an enum mctl_exit
 */
struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *help;
	void (*print_more)(void);
	enum formats formats;
	enum operand operand;
	const struct option *options;
	const char *repeats;
	const struct command *const *sub;
	int (*run)(struct context *context, int argc, char **argv);
};

extern const struct command api_command;
extern const struct command apply_command;
extern const struct command attach_command;
extern const struct command candidate_command;
extern const struct command catalogue_command;
extern const struct command complete_command;
extern const struct command confirm_command;
extern const struct command connections_command;
extern const struct command console_command;
extern const struct command coverage_command;
extern const struct command defaults_command;
extern const struct command describe_command;
extern const struct command detach_command;
extern const struct command diff_command;
extern const struct command discovery_command;
extern const struct command dns_command;
extern const struct command doctor_command;
extern const struct command explain_command;
extern const struct command flows_command;
extern const struct command get_command;
extern const struct command history_command;
extern const struct command list_command;
extern const struct command load_command;
extern const struct command lock_command;
extern const struct command monitor_command;
extern const struct command networks_command;
extern const struct command reportsquery_command;
extern const struct command rollback_command;
extern const struct command rules_command;
extern const struct command stats_command;
extern const struct command status_command;
extern const struct command top_command;

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
 * @take: given each of the command's own options
 * @arg: handed to @take
 *
 * Return: the index of the first operand, or -1 after help or a usage error;
 * the command then returns options_exit().
 */
int options_read(struct context *context, int argc, char **argv, option_taker *take, void *arg);

/**
 * options_next() - a second argument of the option that is being taken
 *
 * Return: the word behind the option's first argument, or NULL at the end.
 */
const char *options_next(void);

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
 * @word: table, json, ...
 *
 * Return: false, having said so, where it is none that the command prints.
 */
bool options_format(struct context *context, const char *word);

/**
 * options_format_word() - a word that -o takes
 * @command: of it; NULL is any
 * @index: from 0
 *
 * Return: the word, or NULL behind the last.
 */
const char *options_format_word(const struct command *command, size_t index);

/** options_common() - the options that every command takes, ended by zeros */
const struct option *options_common(void);

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
 * @context: the command
 */
void help_print(const struct context *context);

/** commands_all() - the table of commands, ended by NULL */
const struct command *const *commands_all(void);

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
