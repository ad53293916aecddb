// SPDX-License-Identifier: GPL-2.0-or-later
/* Options, help and usage errors. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mctl.h"

#define OWN_MAX 8

static bool help_wanted;

int usage_error(const struct context *context, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "mctl %s: ", context->command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry 'mctl help %s'.\n", context->command->name);
	return MCTL_USAGE;
}

void help_print(const struct command *command)
{
	printf("Usage: mctl %s %s%s[-o table|json%s]\n\n%s.\n", command->name, command->arguments,
	       command->arguments[0] ? " " : "", command->is_list ? "|jsonl" : "", command->summary);
	if (command->help)
		printf("\n%s", command->help);
	if (command->print_more)
		command->print_more();
}

bool options_format(struct context *context, const char *word)
{
	if (!strcmp(word, "table")) {
		context->format = OUTPUT_TABLE;
	} else if (!strcmp(word, "json")) {
		context->format = OUTPUT_JSON;
	} else if (!strcmp(word, "jsonl") && context->command->is_list) {
		context->format = OUTPUT_JSONL;
	} else {
		usage_error(context, "-o takes table%s, not '%s'",
			    context->command->is_list ? ", json or jsonl" : " or json", word);
		return false;
	}
	return true;
}

/* The common options, and behind them the command's own. */
static const struct option *all_options(const struct option *own, char *letters)
{
	static struct option all[OWN_MAX + 3];
	static const struct option common[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
	};
	size_t n = 0;

	memset(all, 0, sizeof(all));
	memcpy(all, common, sizeof(common));
	strcpy(letters, ":ho:");
	letters += strlen(letters);
	for (; own && own->name && n < OWN_MAX; own++, n++) {
		all[2 + n] = *own;
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
	bool second = value && seen[option];

	if (second)
		usage_error(context, "an option is given twice: '%s' is its second value", value);
	seen[option] = true;
	return second;
}

int options_read(struct context *context, int argc, char **argv, const struct option *own,
		 option_taker *take, void *arg)
{
	char letters[2 * OWN_MAX + 8];
	const struct option *all = all_options(own, letters);
	bool seen[UCHAR_MAX + 1] = { false };
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, letters, all, NULL)) != -1) {
		if (option != ':' && option != '?' && is_second(context, option, optarg, seen))
			return -1;
		switch (option) {
		case 'h':
			help_print(context->command);
			help_wanted = true;
			return -1;
		case 'o':
			if (!options_format(context, optarg))
				return -1;
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
	int first = options_read(context, argc, argv, NULL, NULL, NULL);

	if (first >= 0 && first < argc)
		usage_error(context, "unexpected argument '%s'", argv[first]);
	return first == argc;
}
