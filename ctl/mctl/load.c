// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl load: put a flat policy in force, or only check it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/doc.h"
#include "lib/flat.h"
#include "lib/json.h"
#include "change.h"
#include "foresee.h"
#include "service.h"
#include "status.h"

struct load {
	const char *file;
	bool check;
	/* --existing or --confirm-within was given. */
	bool changes;
	const struct context *context;
	struct txn_options options;
};

struct bytes {
	char *data;
	size_t len;
};

static bool take_change(struct load *load, int option, const char *value)
{
	load->changes |= option != 'y';
	return change_take(load->context, option, value, &load->options);
}

static bool take(int option, const char *value, void *arg)
{
	struct load *load = arg;

	if (option == 'f')
		load->file = value;
	else if (option == 'c')
		load->check = true;
	else if (option == 'd')
		load->options.candidate = true;
	else
		return take_change(load, option, value);
	return true;
}

/* All of a stream, up to one byte more than a document may have. */
static int read_stream(FILE *in, struct bytes *bytes)
{
	size_t n, room = 0;
	char *more;

	do {
		if (bytes->len == room) {
			room = room ? room * 2 : 64 << 10;
			more = realloc(bytes->data, room);
			if (!more)
				return -ENOMEM;
			bytes->data = more;
		}
		n = fread(bytes->data + bytes->len, 1, room - bytes->len, in);
		bytes->len += n;
	} while (n && bytes->len <= DOC_SIZE_MAX);
	/* Of a directory it is EISDIR, which says more than EIO. */
	return ferror(in) ? (errno ? -errno : -EIO) : 0;
}

static int read_file(const char *name, struct bytes *bytes)
{
	FILE *in = strcmp(name, "-") ? fopen(name, "re") : stdin;
	int err = in ? read_stream(in, bytes) : -errno;

	if (err)
		fprintf(stderr, "mctl: cannot read %s: %s\n", name, strerror(-err));
	if (in && in != stdin)
		fclose(in);
	return err;
}

static struct place place_of(const struct flat *flat, const struct txn_fault *fault)
{
	switch (fault->part) {
	case TXN_NETWORK:
		return fault->entry == MSEG_ID_NONE ?
			       flat->networks[fault->index].place :
			       flat->networks[fault->index].entries[fault->entry];
	case TXN_RULE:
		return flat->rules[fault->index];
	case TXN_DEFAULTS:
		return flat->defaults;
	case TXN_WHOLE:
		break;
	}
	return (struct place){ 0 };
}

/* A refusal of the module is shown where its cause stands in the file. */
static int refused(const struct client *client, const struct flat *flat,
		   const struct txn_fault *fault, int err, struct diag *diag)
{
	const char *text = client_refusal(client)->text;

	if (!text[0] || err == -ENODEV || err == -ESTALE || err == -EBUSY || err == -EPERM)
		return module_error(client, "load the policy", err);
	diag_error(diag, place_of(flat, fault), "the module refused: %s", text);
	return module_exit(err);
}

/* What the host is like from now on, unless somebody else was faster. */
static void add_status(struct json_object *result, struct client *client)
{
	struct kernel_status status;

	if (kernel_status(client, &status))
		return;
	json_add_string(result, "mode", status_mode(&status));
	json_add(result, "defaults", status_defaults(&status));
}

static void add_result(struct json_object *result, uint32_t generation,
		       const struct txn_options *options)
{
	json_add_number(result, "generation", generation);
	json_add_number(result, "confirmLeft", options->confirm_within);
	json_add_bool(result, "candidate", options->candidate);
}

static int load_policy(const struct load *load, const struct flat *flat, struct diag *diag,
		       struct json_object *result)
{
	struct txn_fault fault;
	struct client *client;
	uint32_t generation;
	int err, status = module_open(&client);

	if (status != MCTL_DONE)
		return status;
	foresee_load(client, flat, &load->options);
	err = txn_load(client, flat->policy, flat->given, &load->options, &generation, &fault);
	if (err) {
		status = refused(client, flat, &fault, err, diag);
	} else {
		add_result(result, generation, &load->options);
		if (!load->options.candidate)
			add_status(result, client);
		change_tell_trial(&load->options);
	}
	client_close(client);
	return status;
}

static int use(struct context *context, const struct load *load, const struct flat *flat,
	       struct diag *diag)
{
	struct json_object *result = json_object_new_object();
	int status = MCTL_DONE;

	json_add_string(result, "file", diag->file);
	json_add_bool(result, "loaded", !load->check);
	json_add_number(result, "networks", flat->policy->n_networks);
	json_add_number(result, "entries", flat->policy->n_entries);
	json_add_number(result, "rules", flat->policy->n_rules);
	json_add_number(result, "warnings", diag->warnings);
	if (!load->check)
		status = load_policy(load, flat, diag, result);
	if (status == MCTL_DONE && load->check)
		fputs("mctl: check passed, nothing loaded\n", stderr);
	if (status == MCTL_DONE)
		output_object(context->format, result);
	else
		json_object_put(result);
	return status;
}

static int read_and_use(struct context *context, const struct load *load)
{
	bool is_stdin = !strcmp(load->file, "-");
	struct diag diag = { .out = stderr, .file = is_stdin ? "<stdin>" : load->file };
	struct bytes bytes = { NULL, 0 };
	int status = MCTL_FAILED;
	struct flat flat;

	if (!read_file(load->file, &bytes)) {
		if (!flat_read(bytes.data, bytes.len, &flat, &diag))
			status = use(context, load, &flat, &diag);
		else
			fprintf(stderr, "mctl: %s is not loaded, it has %u error%s\n", diag.file,
				diag.errors, diag.errors == 1 ? "" : "s");
		flat_free(&flat);
	}
	free(bytes.data);
	return status;
}

static int unexpected(const struct context *context, const struct load *load, const char *argument)
{
	if (load->file)
		return usage_error(context, "unexpected argument '%s'", argument);
	return usage_error(context, "the file needs -f: write 'mctl load -f %s'", argument);
}

static const struct option own_options[] = {
	{ "file", required_argument, NULL, 'f' },
	{ "check", no_argument, NULL, 'c' },
	{ "candidate", no_argument, NULL, 'd' },
	CHANGE_OPTIONS,
	{ 0 },
};

static int run(struct context *context, int argc, char **argv)
{
	struct load load = { .context = context, .options = change_options() };
	int first = options_read(context, argc, argv, take, &load);
	int status = MCTL_DONE;

	if (first < 0)
		return options_exit();
	if (first < argc)
		return unexpected(context, &load, argv[first]);
	if (!load.file)
		return usage_error(context, "-f FILE is needed");
	if (load.options.candidate && load.changes)
		return usage_error(
			context,
			"a candidate affects no connection: --existing and --confirm-within are for 'mctl candidate promote'");
	if (!load.check)
		status = service_refuse(context, "'mctl apply' or 'mctl api import'");
	return status == MCTL_DONE ? read_and_use(context, &load) : status;
}

const struct command load_command = {
	.name = "load",
	.arguments = "-f FILE [--check] [--candidate] " CHANGE_ARGUMENTS,
	.summary = "Put a flat policy (JSON or YAML) in force, whole or not at all",
	.help = "  -f FILE   the policy; - is standard input\n"
		"  --check   check and compile it, and load nothing; needs no module\n"
		"  --candidate   put it beside the policy in force instead, where it decides nothing:\n"
		"                    flows tell what it would have decided, see 'mctl help candidate'\n" CHANGE_HELP
		"\n"
		"It replaces all networks and rules: those that the file does not name are gone. A\n"
		"default that is left out stays, and so does what 'mctl defaults --silent' said.\n"
		"\n"
		"A flat policy is one JSON or YAML object:\n"
		"\n"
		"  defaults:\n"
		"    in: allow             # or reject; a default that is left out stays\n"
		"    out: reject\n"
		"  networks:\n"
		"    - name: ssh\n"
		"      entries: [\"10.0.0.0/8\", \"!10.9.0.0/16\", \"2001:db8::/32\"]\n"
		"  rules:\n"
		"    - name: Allow SSH     # may be left out\n"
		"      direction: in\n"
		"      networks: [ssh]\n"
		"      services: [tcp/22, \"icmp/3/0,4\"]   # quotes where there is a comma\n"
		"      action: allow\n"
		"      cookie: 7           # may be left out\n"
		"      observationEnabled: false\n"
		"\n"
		"Order does not matter: a rule that rejects beats every rule that allows. Everybody is\n"
		"two entries: 0.0.0.0/0 holds no IPv6 address, ::/0 does.\n"
		"\n"
		"A rule with observationEnabled: true decides nothing: flows tell what it would have\n"
		"decided.\n"
		"\n"
		"A cookie is a number of your own for a rule, by which a program knows it again: flow\n"
		"records have it as their policyID. Without one it is the rule's place in the file,\n"
		"from 1. A network cannot be called Somewhere.\n"
		"\n"
		"Services are any, tcp/PORT, udp/LOW:HIGH (sctp, udplite and dccp too), icmp/TYPE,\n"
		"icmp/TYPE/CODE,CODE,LOW:HIGH (icmp6 too), or a protocol's name or number alone.\n"
		"What is wrong is reported with file, line and column, and then nothing is loaded.\n",
	.options = own_options,
	.run = run,
};
