// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl candidate: forget the candidate policy, or put it in force. */
#include <errno.h>
#include <linux/mseg.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "lib/kernel.h"
#include "change.h"
#include "foresee.h"
#include "service.h"

struct candidate {
	const struct context *context;
	struct txn_options options;
	/* --existing or --confirm-within was given. */
	bool changes;
};

static bool take(int option, const char *value, void *arg)
{
	struct candidate *candidate = arg;

	candidate->changes |= option != 'y';
	return change_take(candidate->context, option, value, &candidate->options);
}

static int drop(struct context *context, struct client *client)
{
	int err = client_do(client, MSEG_C_CANDIDATE_DROP, 0, NULL, NULL);

	return err ? module_error(client, "drop the candidate", err) :
		     change_print_generation(context, client);
}

/*
 * A candidate that is in force for good has nothing to say any more. On trial it
 * stays, for the case that the former policy comes back.
 */
static int forget(struct client *client, uint32_t promoted)
{
	struct kernel_status status;
	int err = kernel_status(client, &status);

	if (!err && status.candidate == promoted)
		err = client_do(client, MSEG_C_CANDIDATE_DROP, 0, NULL, NULL);
	return err == -ESRCH ? 0 : err;
}

/* Without a number, the candidate of this moment is meant. */
static int promote(struct context *context, struct client *client, uint32_t candidate,
		   const struct txn_options *options)
{
	static const int own_defaults[2] = { -1, -1 };
	struct kernel_status before = { .candidate = candidate };
	uint32_t generation;
	int err = candidate ? 0 : kernel_status(client, &before);

	if (!err && before.candidate)
		foresee_read(client, KERNEL_CANDIDATE, own_defaults, options);
	if (!err)
		err = txn_promote(client, before.candidate, options, &generation);
	if (err)
		return module_error(client, "put the candidate in force", err);
	change_tell_trial(options);
	if (!options->confirm_within)
		err = forget(client, before.candidate);
	else
		fputs("mctl: the candidate stays until 'mctl candidate drop'\n", stderr);
	return err ? module_error(client, "forget the candidate", err) :
		     change_print_generation(context, client);
}

static const struct option own_options[] = { CHANGE_OPTIONS, { 0 } };

static int run(struct context *context, int argc, char **argv)
{
	struct candidate candidate = { .context = context, .options = change_options() };
	int status, first = options_read(context, argc, argv, take, &candidate);
	struct client *client = NULL;
	uint32_t generation = 0;
	bool promoting;

	if (first < 0)
		return options_exit();
	if (first == argc)
		return usage_error(context, "one of drop and promote is needed");
	promoting = !strcmp(argv[first], "promote");
	if (!promoting && strcmp(argv[first], "drop") != 0)
		return usage_error(context, "'%s' is neither drop nor promote", argv[first]);
	if (!promoting && candidate.changes)
		return usage_error(context, "--existing and --confirm-within are for promote");
	if (argc - first > 1 + promoting)
		return usage_error(context, "unexpected argument '%s'", argv[argc - 1]);
	if (argc - first == 2 && !change_generation(argv[first + 1], &generation))
		return usage_error(context, "'%s' is no generation: 'mctl status' shows it",
				   argv[first + 1]);
	status = promoting ? service_refuse(context, "'mctl apply'") : MCTL_DONE;
	if (status == MCTL_DONE)
		status = module_open(&client);
	if (status == MCTL_DONE)
		status = promoting ? promote(context, client, generation, &candidate.options) :
				     drop(context, client);
	client_close(client);
	return status;
}

const struct command candidate_command = {
	.name = "candidate",
	.arguments = "drop|promote [GENERATION] " CHANGE_ARGUMENTS,
	.summary = "Forget the candidate policy, or put it in force",
	.help = "'mctl load --candidate -f FILE' puts a policy beside the one in force. It decides\n"
		"nothing: new flows are judged by both, 'mctl flows' shows what it would have decided,\n"
		"and 'mctl rules', 'mctl networks' and 'mctl explain' take --candidate.\n"
		"\n"
		"  drop      forget it\n"
		"  promote   put it in force; with a generation, as 'mctl load' and 'mctl status' show it,\n"
		"            only if the candidate is that one still; it stays only for a trial\n" CHANGE_HELP,
	.options = own_options,
	.run = run,
};
