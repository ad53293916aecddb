// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl doctor: whether anything passes the enforcement by, or keeps it from working. */
#include <errno.h>
#include <inttypes.h>
#include <linux/mseg.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/bypass.h"
#include "lib/json.h"
#include "lib/kernel.h"
#include "lib/learned.h"
#include "lib/resolvers.h"
#include "mctl.h"
#include "status.h"

/* Per cent of the cache from which on it is worth a word. */
#define FULL_ENOUGH 90

enum state { OK, WARN, FAIL };

static const struct output_column columns[] = {
	{ .title = "CHECK", .key = "check" },
	{ .title = "STATE", .key = "state" },
	{ .title = "MESSAGE", .key = "message" },
};

struct doctor {
	struct output_list *list;
	bool failed;
	int err;
};

__attribute__((format(printf, 4, 5))) static void report(struct doctor *doctor, const char *check,
							 enum state state, const char *format, ...)
{
	static const char *const words[] = { "ok", "warn", "fail" };
	struct json_object *row = json_object_new_object();
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	json_add_string(row, "check", check);
	json_add_string(row, "state", words[state]);
	json_add_string(row, "message", message);
	doctor->failed |= state == FAIL;
	if (output_list_add(doctor->list, row))
		doctor->err = -ENOMEM;
}

/* --- the module ----------------------------------------------------------- */

struct losses {
	uint64_t flows;
	uint64_t full;
	uint64_t no_memory;
};

static int add_stat(const char *name, uint64_t value, void *arg)
{
	static const char lost[] = "flows_lost_";
	struct losses *losses = arg;

	if (!strncmp(name, lost, sizeof(lost) - 1))
		losses->flows += value;
	if (!strcmp(name, "conn_full"))
		losses->full = value;
	if (!strcmp(name, "conn_no_memory"))
		losses->no_memory = value;
	return 0;
}

static void check_losses(struct doctor *doctor, const struct losses *losses)
{
	if (losses->flows)
		report(doctor, "losses", WARN,
		       "%" PRIu64 " flow records were lost: see 'mctl stats'", losses->flows);
	else
		report(doctor, "losses", OK, "no flow record was lost");
}

static void check_cache(struct doctor *doctor, const struct kernel_status *status,
			const struct losses *losses)
{
	uint64_t percent = 0;

	if (status->connections_max)
		percent = (uint64_t)status->connections * 100 / status->connections_max;
	if (losses->full || losses->no_memory)
		report(doctor, "cache", WARN,
		       "%" PRIu64 " connections were not remembered: %" PRIu64
		       " for want of room, %" PRIu64 " of memory",
		       losses->full + losses->no_memory, losses->full, losses->no_memory);
	else
		report(doctor, "cache", percent >= FULL_ENOUGH ? WARN : OK,
		       "%u of %u connections, %" PRIu64 "%%", status->connections,
		       status->connections_max, percent);
}

static bool is_set(const char *path)
{
	FILE *file = fopen(path, "re");
	int value = 0;

	if (file && fscanf(file, "%d", &value) != 1)
		value = 0;
	if (file)
		fclose(file);
	return value != 0;
}

static void check_forward(struct doctor *doctor, const struct kernel_status *status)
{
	bool forwards = is_set("/proc/sys/net/ipv4/ip_forward") ||
			is_set("/proc/sys/net/ipv6/conf/all/forwarding");

	if (!forwards)
		report(doctor, "forward", OK, "the host forwards nothing");
	else if (status->forward == MSEG_MODE_ENFORCE)
		report(doctor, "forward", OK, "what the host forwards is judged");
	else if (status->forward == MSEG_MODE_OBSERVE)
		report(doctor, "forward", WARN,
		       "what the host forwards is observed, but passes (forward=observe)");
	else
		report(doctor, "forward", WARN,
		       "what the host forwards, for its containers say, is not seen (forward=off)");
}

static bool rejects(const struct kernel_status *status)
{
	return status->defaults[MSEG_DIRECTION_IN] == MSEG_ACTION_REJECT ||
	       status->defaults[MSEG_DIRECTION_OUT] == MSEG_ACTION_REJECT;
}

static void check_raw(struct doctor *doctor, const struct kernel_status *status)
{
	static const char *const messages[] = {
		[MSEG_MODE_OFF] = "what packet sockets send is not seen (raw=off)",
		[MSEG_MODE_OBSERVE] =
			"what packet sockets send is observed, and passes (raw=observe)",
		[MSEG_MODE_ENFORCE] = "what packet sockets send is judged (raw=enforce)",
	};

	bool passes = status->raw == MSEG_MODE_OFF ||
		      (status->raw == MSEG_MODE_OBSERVE && rejects(status));

	if (status->raw <= MSEG_MODE_ENFORCE)
		report(doctor, "raw", passes ? WARN : OK, "%s", messages[status->raw]);
}

static void check_policy(struct doctor *doctor, const struct kernel_status *status)
{
	if (rejects(status))
		report(doctor, "policy", OK, "the mode is %s, with %u rules", status_mode(status),
		       status->rules);
	else
		report(doctor, "policy", WARN,
		       "the mode is discovery: what no rule rejects is allowed");
}

static void check_locked(struct doctor *doctor, const struct kernel_status *status)
{
	report(doctor, "locked", OK, "%s",
	       status->locked ? "nothing can be changed until the machine starts anew" :
				"it is not locked: root may change everything ('mctl lock')");
}

static void check_trial(struct doctor *doctor, const struct kernel_status *status)
{
	if (status->confirm_left)
		report(doctor, "trial", WARN,
		       "the policy is taken back in %u seconds, unless 'mctl confirm' comes",
		       status->confirm_left);
}

static void check_attached(struct doctor *doctor, struct client *client,
			   const struct kernel_status *status)
{
	struct losses losses = { 0 };

	if (!status->attached) {
		report(doctor, "attached", FAIL,
		       "this network namespace is not policed ('mctl attach')");
		return;
	}
	report(doctor, "attached", OK, "this network namespace is policed");
	doctor->err = kernel_stats(client, add_stat, &losses);
	check_policy(doctor, status);
	check_trial(doctor, status);
	check_locked(doctor, status);
	check_losses(doctor, &losses);
	check_cache(doctor, status, &losses);
	check_forward(doctor, status);
	check_raw(doctor, status);
}

/* --- names ---------------------------------------------------------------- */

static bool is_among(const struct resolver *resolver, const struct resolver *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (resolver_is_same(resolver, &list[i]))
			return true;
	return false;
}

/* Whether rules go by names; where that cannot be told, they may. */
static bool has_names(struct client *client)
{
	struct kernel_policy read;
	bool has = kernel_policy(client, KERNEL_ENTRIES, &read) || read.policy->n_domains;

	kernel_policy_free(&read);
	return has;
}

/* Whether the module hears all that this host asks. */
static void check_resolvers(struct doctor *doctor, struct client *client)
{
	struct resolver followed[MSEG_MAX_RESOLVERS];
	struct resolvers found;
	char text[256];
	size_t i, n;

	/* A module without names has none. */
	if (resolvers_get(client, followed, &n))
		return;
	resolvers_find("", &found);
	resolvers_format(followed, n, text, sizeof(text));
	for (i = 0; i < found.n; i++)
		if (!is_among(&found.list[i], followed, n))
			break;
	if (!n && !has_names(client))
		report(doctor, "resolvers", OK,
		       "the module learns from none, and no rule needs one");
	else if (!n)
		report(doctor, "resolvers", WARN,
		       "the module learns from no resolver: rules by name hold nobody");
	else if (i < found.n)
		report(doctor, "resolvers", WARN,
		       "this host asks others than %s, which rules by name follow alone", text);
	else
		report(doctor, "resolvers", OK, "rules by name follow %s", text);
}

/* What nobody can read on its way. */
static void check_encrypted(struct doctor *doctor)
{
	struct resolvers found;
	size_t i;

	resolvers_find("", &found);
	for (i = 0; i < found.n_encrypted; i++)
		report(doctor, "encrypted", WARN,
		       "%s sets the resolver up for DNS over TLS or HTTPS: rules by name and 'mctl dns' cannot see its answers",
		       found.encrypted[i]);
	if (found.local && !found.n && !found.n_encrypted)
		report(doctor, "encrypted", WARN,
		       "the resolver on this host asks servers that no file names: rules by name follow those in mseg.conf alone");
	else if (!found.n_encrypted)
		report(doctor, "encrypted", OK,
		       "no resolver is set up for DNS over TLS or HTTPS; what browsers do by themselves is not known");
}

static void check_module(struct doctor *doctor)
{
	struct kernel_status status;
	struct client *client;
	int err = client_open(&client);

	if (!err)
		err = kernel_status(client, &status);
	if (err == -ENOENT) {
		report(doctor, "module", FAIL, "it is not loaded ('modprobe mseg')");
	} else if (err == -EPERM) {
		report(doctor, "module", FAIL, "it cannot be asked: run this as root");
	} else if (err) {
		report(doctor, "module", FAIL, "it cannot be asked: %s", strerror(-err));
	} else {
		report(doctor, "module", OK, "version %s is loaded", status.version);
		check_attached(doctor, client, &status);
		if (status.attached)
			check_resolvers(doctor, client);
	}
	client_close(client);
}

/* --- what passes it by ---------------------------------------------------- */

struct finds {
	char names[BYPASS_KINDS][256];
};

static void on_found(enum bypass kind, const char *what, void *arg)
{
	struct finds *finds = arg;
	char *names = finds->names[kind];
	size_t used = strlen(names);

	/* A filter is there once for each of its parts. */
	if (!strstr(names, what))
		snprintf(names + used, sizeof(finds->names[kind]) - used, "%s%s", used ? ", " : "",
			 what);
}

static void check_bypasses(struct doctor *doctor)
{
	static const struct {
		const char *check;
		const char *none;
		const char *some;
	} texts[BYPASS_KINDS] = {
		[BYPASS_FLOWTABLE] = { "flowtable", "nftables has no flowtables",
				       "what it has learnt is forwarded past every rule" },
		[BYPASS_XDP] = { "xdp", "no XDP program is attached",
				 "an XDP program there may redirect packets past the hooks" },
		[BYPASS_TC] = { "tc", "no tc filter redirects",
				"a tc filter there may redirect packets past the hooks" },
		[BYPASS_DEVICE] = { "macvlan", "no macvlan or ipvlan device in this namespace",
				    "whoever uses it sends past this namespace's hooks" },
	};
	struct finds finds = { 0 };
	int kind, err = bypass_find(on_found, &finds);

	for (kind = 0; kind < BYPASS_KINDS; kind++) {
		const char *names = finds.names[kind];

		if (names[0])
			report(doctor, texts[kind].check, WARN, "%s: %s", names, texts[kind].some);
		else if (!err)
			report(doctor, texts[kind].check, OK, "%s", texts[kind].none);
	}
	if (err)
		report(doctor, "devices", WARN,
		       "not everything could be asked for: run this as root");
}

static int run(struct context *context, int argc, char **argv)
{
	struct doctor doctor = { NULL, false, 0 };

	if (!options_only(context, argc, argv))
		return options_exit();
	doctor.list = output_list_open(context->format, columns,
				       sizeof(columns) / sizeof(columns[0]), "nothing to check");
	if (!doctor.list)
		return module_error(NULL, "look around", -ENOMEM);
	check_module(&doctor);
	check_encrypted(&doctor);
	check_bypasses(&doctor);
	if (output_list_close(doctor.list))
		doctor.err = -ENOMEM;
	if (doctor.err)
		return module_error(NULL, "look around", doctor.err);
	return doctor.failed ? MCTL_FAILED : MCTL_DONE;
}

const struct command doctor_command = {
	.name = "doctor",
	.arguments = "",
	.summary = "Tell what passes the enforcement by, or keeps it from working",
	.help = "It looks for what takes packets past the module's hooks (flowtables, tc and XDP\n"
		"redirection, macvlan and ipvlan devices, what is forwarded, what packet sockets send),\n"
		"for DNS that it cannot read (DNS over TLS or HTTPS), and for what the module lost. Devices of other network namespaces are not seen. It\n"
		"changes nothing. The exit status is 0 when no check failed, warnings or not, and else 1,\n"
		"also where the module is not loaded or root is needed.\n",
	.formats = FORMATS_LIST,
	.run = run,
};
