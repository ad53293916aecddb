/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that commands which change the policy share. */
#ifndef CHANGE_H
#define CHANGE_H

#include "lib/txn.h"
#include "mctl.h"

/** The options, for a command's own; change_take() takes them. */
#define CHANGE_OPTIONS                                              \
	{ "existing", required_argument, NULL, 'e' },               \
		{ "confirm-within", required_argument, NULL, 'w' }, \
	{                                                           \
		"yes", no_argument, NULL, 'y'                       \
	}

#define YES_HELP "  --yes             accepted for scripts; has no effect here\n"

#define CHANGE_ARGUMENTS "[--existing rematch|keep|reset] [--confirm-within TIME] [--yes]"

#define CHANGE_HELP                                                                                        \
	"  --existing rematch|keep|reset   connections that exist are judged again at their\n"             \
	"                    next packet (rematch), left alone where they were allowed\n"                  \
	"                    (keep), or cut at once where they no longer are (reset)\n"                    \
	"  --confirm-within TIME   seconds, as 60 or 60s, or 5m, or 1h: the former policy comes back by\n" \
	"                    itself unless 'mctl confirm' is called in time\n" YES_HELP

/**
 * change_confirmed() - ask whether a change is really meant
 * @context: the command
 * @yes: --yes was given: do not ask
 * @question: a line without line break
 *
 * Return: MCTL_DONE, or how the program ends: nobody can be asked, or the answer is no.
 */
int change_confirmed(const struct context *context, bool yes, const char *question);

/**
 * change_print_generation() - print the generation in force as a command's result
 * @context: the command
 * @client: a connection
 *
 * Return: how the program ends.
 */
int change_print_generation(struct context *context, struct client *client);

/**
 * change_generation() - read the number of a generation
 * @text: an argument
 * @generation: the result
 *
 * Return: false where it is none.
 */
bool change_generation(const char *text, uint32_t *generation);

/**
 * change_tell_trial() - say how a policy on trial is kept
 * @options: of the change that was made
 */
void change_tell_trial(const struct txn_options *options);

/** change_options() - what a change does when nothing is said */
struct txn_options change_options(void);

/**
 * change_take() - take one of CHANGE_OPTIONS
 * @context: the command
 * @option: its letter
 * @value: its argument, or NULL
 * @options: filled
 *
 * Return: false, having said why, where the value is wrong.
 */
bool change_take(const struct context *context, int option, const char *value,
		 struct txn_options *options);

#endif /* CHANGE_H */
