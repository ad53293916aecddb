// SPDX-License-Identifier: GPL-2.0-or-later
/* Options, help and usage errors. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mctl.h"

#define OWN_MAX 24

/* Options without a letter have a val from 256 on. */
#define VALS 512

/* What getopt_long() reads, for options_next(). */
static char **words;
static int n_words;

static bool help_wanted;

static const struct {
	const char *word;
	enum output_format format;
	enum formats from;
} formats[] = {
	{ "table", OUTPUT_TABLE, FORMATS_OBJECT }, { "json", OUTPUT_JSON, FORMATS_OBJECT },
	{ "yaml", OUTPUT_YAML, FORMATS_OBJECT },   { "none", OUTPUT_NONE, FORMATS_OBJECT },
	{ "jsonl", OUTPUT_JSONL, FORMATS_LIST },   { "wide", OUTPUT_WIDE, FORMATS_NAMED },
	{ "name", OUTPUT_NAME, FORMATS_NAMED },
};

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

int usage_error(const struct context *context, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "mctl %s: ", context->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry 'mctl help %s'.\n", context->name);
	return MCTL_USAGE;
}

/* "table|json|yaml", as far as the command prints them. */
static const char *format_words(const struct command *command, char *text, size_t size)
{
	size_t i, used = 0;

	text[0] = '\0';
	for (i = 0; i < N_FORMATS && used < size; i++)
		if (formats[i].from <= command->formats)
			used += (size_t)snprintf(text + used, size - used, "%s%s", i ? "|" : "",
						 formats[i].word);
	return text;
}

const char *options_format_word(const struct command *command, size_t index)
{
	size_t i;

	for (i = 0; i < N_FORMATS; i++)
		if ((!command || formats[i].from <= command->formats) && !index--)
			return formats[i].word;
	return NULL;
}

static void print_sub(const struct command *command)
{
	const struct command *const *sub;

	putchar('\n');
	for (sub = command->sub; *sub; sub++)
		printf("  %-11s %s\n", (*sub)->name, (*sub)->summary);
}

void help_print(const struct context *context)
{
	const struct command *command = context->command;
	char text[64];

	if (command->sub)
		printf("Usage: mctl %s COMMAND [ARGUMENT...]\n\n%s.\n", context->name,
		       command->summary);
	else
		printf("Usage: mctl %s %s%s[-o %s]\n\n%s.\n", context->name, command->arguments,
		       command->arguments[0] ? " " : "", format_words(command, text, sizeof(text)),
		       command->summary);
	if (command->sub)
		print_sub(command);
	if (command->help)
		printf("\n%s", command->help);
	if (command->print_more)
		command->print_more();
	if (command->sub)
		printf("\n'mctl help %s COMMAND' explains one.\n", context->name);
}

bool options_format(struct context *context, const char *word)
{
	char text[64];
	size_t i;

	for (i = 0; i < N_FORMATS; i++) {
		if (!strcmp(word, formats[i].word) && formats[i].from <= context->command->formats) {
			context->format = formats[i].format;
			return true;
		}
	}
	usage_error(context, "-o takes %s, not '%s'",
		    format_words(context->command, text, sizeof(text)), word);
	return false;
}

#define N_COMMON 3

/* What every command takes. */
static const struct option common_options[N_COMMON + 1] = {
	{ "output", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ 0 },
};

const struct option *options_common(void)
{
	return common_options;
}

/* The common options, and behind them the command's own. */
static const struct option *all_options(const struct option *own, char *letters)
{
	static struct option all[OWN_MAX + N_COMMON + 1];
	size_t n = 0;

	memset(all, 0, sizeof(all));
	memcpy(all, common_options, sizeof(common_options));
	strcpy(letters, ":ho:");
	letters += strlen(letters);
	for (; own && own->name && n < OWN_MAX; own++, n++) {
		all[N_COMMON + n] = *own;
		if (own->val > UCHAR_MAX)
			continue;
		*letters++ = (char)own->val;
		if (own->has_arg == required_argument)
			*letters++ = ':';
	}
	*letters = '\0';
	return all;
}

static bool is_format(const char *option)
{
	return !strcmp(option, "--json") || !strcmp(option, "--jsonl") ||
	       !strcmp(option, "--table");
}

static void bad_option(const struct context *context, int kind, char **argv)
{
	const char *given = argv[optind - 1];
	char letter[3] = { '-', (char)optopt, '\0' };

	/* A letter may stand among others; a long option has no letter. */
	if (strncmp(given, "--", 2) && optopt)
		given = letter;
	if (kind == ':')
		usage_error(context, "%s needs an argument", given);
	else if (is_format(given))
		usage_error(context, "unknown option %s: write -o %s", given, given + 2);
	else
		usage_error(context, "unknown option %s", given);
}

/* Which of an option's values is meant, nobody knows. */
static bool is_second(const struct context *context, int option, const char *value, bool *seen)
{
	const char *repeats = context->command->repeats;
	bool second = value && seen[option] && !(repeats && strchr(repeats, option));

	if (second)
		usage_error(context, "an option is given twice: '%s' is its second value", value);
	seen[option] = true;
	return second;
}

const char *options_next(void)
{
	return optind < n_words ? words[optind++] : NULL;
}

int options_read(struct context *context, int argc, char **argv, option_taker *take, void *arg)
{
	char letters[2 * OWN_MAX + 8];
	const struct option *all = all_options(context->command->options, letters);
	bool seen[VALS] = { false };
	int option;

	words = argv;
	n_words = argc;
	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, letters, all, NULL)) != -1) {
		if (option != ':' && option != '?' && is_second(context, option, optarg, seen))
			return -1;
		switch (option) {
		case 'h':
			help_print(context);
			help_wanted = true;
			return -1;
		case 'o':
			if (!options_format(context, optarg))
				return -1;
			break;
		case OPTION_SOCKET:
			context->socket = optarg;
			context->socket_given = true;
			break;
		case '?':
		case ':':
			bad_option(context, option, argv);
			return -1;
		default:
			if (!take(option, optarg, arg))
				return -1;
		}
	}
	return optind;
}

int options_exit(void)
{
	return help_wanted ? MCTL_DONE : MCTL_USAGE;
}

bool options_only(struct context *context, int argc, char **argv)
{
	int first = options_read(context, argc, argv, NULL, NULL);

	if (first >= 0 && first < argc)
		usage_error(context, "unexpected argument '%s'", argv[first]);
	return first == argc;
}
