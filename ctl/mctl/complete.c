// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mctl _complete WORD...: what the last of the words can be, for the shells' completion.
 * A line for each, behind a tab what it is. The shells know nothing of mctl; this file
 * knows the table of commands, and asks msegd for the names of objects.
 */
#include <stdio.h>
#include <string.h>

#include "model/catalogue.h"
#include "objects.h"
#include "service.h"

/* Where among the words it is. */
struct completion {
	const struct command *command;
	const char *word;
	const char *namespace;
	const char *socket;
	/* The identity and how many operands there are before the word. */
	const char *identity;
	int operands;
	/* The option whose argument the word is, or NULL. */
	const struct option *option;
};

static void offer(const struct completion *completion, const char *word, const char *what)
{
	if (!strncmp(word, completion->word, strlen(completion->word)))
		printf("%s\t%s\n", word, what ? what : "");
}

static void offer_words(const struct completion *completion, const char *const *words)
{
	for (; *words; words++)
		offer(completion, *words, NULL);
}

/* --- names of objects ----------------------------------------------------- */

/* Whoever presses a key is told nothing: no error, and no waiting. */
static void offer_objects(const struct completion *completion, const char *collection,
			  const char *namespace, const char *key)
{
	struct api_path *path = api_path_new(collection);
	struct api_request request = { .method = "GET" };
	struct api_answer answer = { 0 };
	struct api *api;
	size_t i;

	api_path_query(path, "namespace", namespace);
	if (!strcmp(collection, "namespaces"))
		api_path_query(path, "recursive", "true");
	request.path = api_path_text(path);
	if (!api_open(&api, completion->socket)) {
		if (!api_call(api, &request, &answer) && answer.status == 200 &&
		    json_object_is_type(answer.body, json_type_array))
			for (i = 0; i < json_object_array_length(answer.body); i++) {
				struct json_object *object =
					json_object_array_get_idx(answer.body, i);

				offer(completion, service_field(object, key),
				      service_field(object, "description"));
			}
		api_answer_free(&answer);
		api_close(api);
	}
	api_path_free(path);
}

static void offer_identities(const struct completion *completion)
{
	const struct kind *kind;
	int i;

	for (i = 0; i < N_KINDS; i++) {
		kind = kind_get(i);
		offer(completion, kind->singular, kind->noun);
		offer(completion, kind->plural, kind->noun);
		if (kind->alias)
			offer(completion, kind->alias, kind->noun);
	}
}

static void offer_catalogue(const struct completion *completion)
{
	const struct catalogue_entry *entry;
	size_t i;

	for (i = 0; (entry = catalogue_at(i)); i++)
		offer(completion, entry->name, entry->summary);
}

static void offer_operand(const struct completion *completion)
{
	static const char *const reports[] = { "flows", "dnslookups", "enforcers", NULL };
	static const char *const lookups[] = { "cache", NULL };
	const struct kind *kind;

	switch (completion->command->operand) {
	case OPERAND_OBJECT:
		if (completion->operands == 1) {
			kind = kind_find(completion->identity, strlen(completion->identity));
			if (kind)
				offer_objects(completion, kind->plural, completion->namespace,
					      "name");
			break;
		}
		/* fallthrough */
	case OPERAND_IDENTITY:
		if (!completion->operands)
			offer_identities(completion);
		break;
	case OPERAND_REVISION:
		offer_objects(completion, "revisions", NULL, "revision");
		break;
	case OPERAND_REPORT:
		if (!completion->operands)
			offer_words(completion, reports);
		break;
	case OPERAND_LOOKUPS:
		if (!completion->operands)
			offer_words(completion, lookups);
		break;
	case OPERAND_CATALOGUE:
		offer_catalogue(completion);
		break;
	case OPERAND_NONE:
		break;
	}
}

/* --- options -------------------------------------------------------------- */

static void offer_formats(const struct completion *completion)
{
	const char *word;
	size_t i;

	for (i = 0; (word = options_format_word(completion->command, i)); i++)
		offer(completion, word, NULL);
}

static void offer_argument(const struct completion *completion)
{
	static const char *const existing[] = { "rematch", "keep", "reset", NULL };
	static const char *const actions[] = { "allow", "reject", NULL };
	const char *name = completion->option->name;

	if (!strcmp(name, "output"))
		offer_formats(completion);
	else if (!strcmp(name, "namespace"))
		offer_objects(completion, "namespaces", "/", "name");
	else if (!strcmp(name, "existing"))
		offer_words(completion, existing);
	else if (!strcmp(name, "in") || !strcmp(name, "out"))
		offer_words(completion, actions);
}

static bool is_option(const struct option *option, const char *word)
{
	char letter[3] = { '-', (char)option->val, '\0' };

	if (!strncmp(word, "--", 2))
		return !strcmp(word + 2, option->name);
	return option->val < OPTION_SOCKET && !strcmp(word, letter);
}

static const struct option *find_option(const struct option *options, const char *word)
{
	for (; options && options->name; options++)
		if (is_option(options, word))
			return options;
	return NULL;
}

static const struct option *option_of(const struct command *command, const char *word)
{
	const struct option *option = find_option(options_common(), word);

	return option || !command ? option : find_option(command->options, word);
}

static void offer_options(const struct completion *completion, const struct option *options)
{
	char word[64];

	for (; options && options->name; options++) {
		snprintf(word, sizeof(word), "--%s", options->name);
		offer(completion, word, NULL);
	}
}

/* --- commands ------------------------------------------------------------- */

static void offer_commands(const struct completion *completion,
			   const struct command *const *commands)
{
	for (; *commands; commands++)
		if ((*commands)->name[0] != '_')
			offer(completion, (*commands)->name, (*commands)->summary);
}

static const struct command *find(const struct command *const *commands, const char *word)
{
	for (; *commands; commands++)
		if (!strcmp((*commands)->name, word))
			return *commands;
	return NULL;
}

/* Take one of the words that stand before the one that is completed. */
static void pass(struct completion *completion, const char *word)
{
	const struct command *const *commands = completion->command ? completion->command->sub :
								      commands_all();

	if (completion->option) {
		if (!strcmp(completion->option->name, "namespace"))
			completion->namespace = word;
		if (!strcmp(completion->option->name, "socket"))
			completion->socket = word;
		completion->option = NULL;
	} else if (word[0] == '-' && word[1]) {
		completion->option = option_of(completion->command, word);
		if (completion->option && completion->option->has_arg == no_argument)
			completion->option = NULL;
	} else if (commands) {
		/* help takes the names of commands, as mctl itself does. */
		if (completion->command || strcmp(word, "help") != 0)
			completion->command = find(commands, word);
	} else {
		if (!completion->operands++)
			completion->identity = word;
	}
}

static void complete(const struct completion *completion)
{
	const struct command *command = completion->command;

	if (completion->option) {
		offer_argument(completion);
		return;
	}
	if (completion->word[0] == '-') {
		offer_options(completion, options_common());
		offer_options(completion, command ? command->options : NULL);
		return;
	}
	if (!command) {
		offer_commands(completion, commands_all());
		offer(completion, "help", "Explain a command");
	} else if (command->sub) {
		offer_commands(completion, command->sub);
	} else {
		offer_operand(completion);
	}
}

static int run(struct context *context, int argc, char **argv)
{
	struct completion completion = { .socket = context->socket };
	int i;

	for (i = 1; i < argc - 1; i++)
		pass(&completion, argv[i]);
	completion.word = argc > 1 ? argv[argc - 1] : "";
	complete(&completion);
	return MCTL_DONE;
}

const struct command complete_command = {
	.name = "_complete",
	.arguments = "WORD...",
	.summary = "Say what the last word can be",
	.run = run,
};
