// SPDX-License-Identifier: GPL-2.0-or-later
/* Options of changes, and mctl confirm and mctl rollback, which end a trial. */
#include "change.h"

#include <errno.h>
#include <linux/mseg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/kernel.h"
#include "revisions.h"
#include "service.h"

struct txn_options change_options(void)
{
	return (struct txn_options){ .existing = MSEG_EXISTING_REMATCH, .silent = { -1, -1 } };
}

static bool take_existing(const struct context *context, const char *value, uint8_t *existing)
{
	static const char *const words[] = { "rematch", "keep", "reset" };
	uint8_t i;

	for (i = 0; i < 3; i++) {
		if (!strcasecmp(value, words[i])) {
			*existing = i;
			return true;
		}
	}
	usage_error(context, "--existing takes rematch, keep or reset, not '%s'", value);
	return false;
}

/* A number of seconds, or of what its letter says; 0 where it is neither. */
static unsigned long long seconds_of(const char *value)
{
	static const char units[] = "smh";
	static const unsigned int factors[] = { 1, 60, 3600 };
	unsigned long long number;
	const char *unit;
	char *end;

	if (*value < '0' || *value > '9')
		return 0;
	errno = 0;
	number = strtoull(value, &end, 10);
	if (errno || number > MSEG_MAX_CONFIRM_WITHIN || (*end && end[1]))
		return 0;
	unit = strchr(units, *end ? *end : 's');
	return unit ? number * factors[unit - units] : 0;
}

static bool take_confirm(const struct context *context, const char *value, uint32_t *seconds)
{
	unsigned long long number = seconds_of(value);

	if (!number || number > MSEG_MAX_CONFIRM_WITHIN) {
		usage_error(context,
			    "--confirm-within takes seconds as 60 or 60s, or 5m, or 1h, %dh at most, not '%s'",
			    MSEG_MAX_CONFIRM_WITHIN / 3600, value);
		return false;
	}
	*seconds = (uint32_t)number;
	return true;
}

bool change_take(const struct context *context, int option, const char *value,
		 struct txn_options *options)
{
	if (option == 'e')
		return take_existing(context, value, &options->existing);
	if (option == 'w')
		return take_confirm(context, value, &options->confirm_within);
	return true;
}

void change_tell_trial(const struct txn_options *options)
{
	if (options->confirm_within)
		fprintf(stderr,
			"mctl: on trial: run 'mctl confirm' within %u s, from a new connection; otherwise the former policy comes back\n",
			options->confirm_within);
}

int change_confirmed(const struct context *context, bool yes, const char *question)
{
	char answer[16] = "";

	if (yes)
		return MCTL_DONE;
	if (!isatty(STDIN_FILENO))
		return usage_error(context, "nobody can be asked: write --yes if it is meant");
	fprintf(stderr, "%s [y/N] ", question);
	if (fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
		return MCTL_DONE;
	fputs("mctl: nothing changes\n", stderr);
	return MCTL_FAILED;
}

static bool take_nothing(int option, const char *value, void *arg)
{
	(void)option; /* --yes, which every change accepts */
	(void)value;
	(void)arg;
	return true;
}

int change_print_generation(struct context *context, struct client *client)
{
	struct kernel_status status;
	struct json_object *object;
	int err = kernel_status(client, &status);

	if (err)
		return module_error(client, "read the status", err);
	object = json_object_new_object();
	json_add_number(object, "generation", status.generation);
	output_object(context->format, object);
	return MCTL_DONE;
}

static const struct option own_options[] = {
	{ "yes", no_argument, NULL, 'y' },
	{ 0 },
};

/* 0 where that cannot be read. */
static uint32_t in_force(struct client *client)
{
	struct kernel_status status;

	return kernel_status(client, &status) ? 0 : status.generation;
}

/* The generation in force where none is given. */
static int confirm_on(struct context *context, struct client *client, uint32_t generation)
{
	struct kernel_status status = { .generation = generation };
	int ended, err = generation ? 0 : kernel_status(client, &status);

	if (!err)
		err = txn_confirm(client, status.generation);
	if (!err)
		return change_print_generation(context, client);
	ended = module_error(client, "confirm the policy", err);
	if (err == -ESRCH)
		fprintf(stderr,
			"mctl: no policy is on trial (generation %u is in force): either it was confirmed already, or its time is over and the former policy came back: see 'mctl rules'\n",
			in_force(client));
	return ended;
}

bool change_generation(const char *text, uint32_t *generation)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(text, &end, 10);
	*generation = (uint32_t)number;
	return *text >= '1' && *text <= '9' && !*end && !errno && number <= UINT32_MAX;
}

static int run_confirm(struct context *context, int argc, char **argv)
{
	int first = options_read(context, argc, argv, take_nothing, NULL);
	struct client *client;
	uint32_t generation = 0;
	int status;

	if (first < 0)
		return options_exit();
	if (first + 1 < argc)
		return usage_error(context, "unexpected argument '%s'", argv[first + 1]);
	if (first < argc && !change_generation(argv[first], &generation))
		return usage_error(context, "'%s' is no generation: 'mctl status' shows it",
				   argv[first]);
	if (service_owns(context))
		return revisions_confirm(context, generation);
	status = module_open(&client);
	if (status == MCTL_DONE)
		status = confirm_on(context, client, generation);
	client_close(client);
	return status;
}

static int rollback_on(struct context *context, struct client *client)
{
	int status, err = client_do(client, MSEG_C_POLICY_REVERT, 0, NULL, NULL);

	if (!err)
		return change_print_generation(context, client);
	status = module_error(client, "go back", err);
	if (err == -ESRCH)
		fputs("mctl: only a policy that came with --confirm-within can be taken back: load the former one again\n",
		      stderr);
	return status;
}

static int rollback_module(struct context *context)
{
	struct client *client;
	int status = module_open(&client);

	if (status == MCTL_DONE)
		status = rollback_on(context, client);
	client_close(client);
	return status;
}

struct rollback {
	const struct context *context;
	struct service_change change;
	/* Something that the module alone cannot do was asked for. */
	bool needs_service;
};

static bool take_rollback(int option, const char *value, void *arg)
{
	struct rollback *rollback = arg;

	rollback->needs_service |= option != OPTION_YES;
	return service_take(rollback->context, option, value, &rollback->change);
}

/* Without msegd there are no revisions, but for the one before a trial. */
static int run_rollback(struct context *context, int argc, char **argv)
{
	struct rollback rollback = { .context = context, .change = service_change() };
	int first = options_read(context, argc, argv, take_rollback, &rollback);
	const char *revision;
	uint32_t number;

	if (first < 0)
		return options_exit();
	if (first + 1 < argc)
		return usage_error(context, "unexpected argument '%s'", argv[first + 1]);
	revision = first < argc ? argv[first] : NULL;
	if (revision && !change_generation(revision, &number))
		return usage_error(context, "'%s' is no revision: 'mctl history' shows them",
				   revision);
	if (revision || rollback.needs_service || service_owns(context))
		return revisions_rollback(context, revision, &rollback.change);
	return rollback_module(context);
}

static const struct option rollback_options[] = { CHECK_OPTION, SERVICE_CHANGE_OPTIONS, { 0 } };

const struct command confirm_command = {
	.name = "confirm",
	.arguments = "[GENERATION] [--yes]",
	.summary = "Keep the policy that awaits confirmation",
	.help = "Without a generation it confirms the one in force. It comes too late when the time\n"
		"given with --confirm-within is over.\n"
		"\n" YES_HELP,
	.options = own_options,
	.run = run_confirm,
};

const struct command rollback_command = {
	.name = "rollback",
	.arguments = "[REVISION] [--check] " SERVICE_CHANGE_ARGUMENTS,
	.summary = "Go back to an earlier policy, or from the one that awaits confirmation",
	.help = "The former policy comes into force as a new generation. With msegd, that is a new\n"
		"revision that equals REVISION, or the one before the newest; without it there are no\n"
		"revisions, and only a policy on trial can be taken back.\n"
		"\n"
		"  --check           say what would come of it, and change nothing\n" SERVICE_CHANGE_HELP,
	.operand = OPERAND_REVISION,
	.options = rollback_options,
	.run = run_rollback,
};
