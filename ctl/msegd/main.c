// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * msegd: owns the policy objects of this host, and has the kernel enforce them.
 *
 * One loop: requests, the module's messages and signals come one after the other. What
 * may take long, storing records and reading them, has threads of its own. Without systemd
 * it runs in the foreground all the same.
 */
#include <errno.h>
#include <getopt.h>
#include <mseg/version.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "api.h"
#include "dns.h"
#include "exports.h"
#include "feed.h"
#include "fresh.h"
#include "log.h"
#include "metrics.h"
#include "oidc_nonce.h"
#include "privileges.h"
#include "readers.h"
#include "reconcile.h"
#include "records/writer.h"
#include "server.h"
#include "sessions.h"
#include "staged.h"

#define CONFIG_FILE "/etc/mseg/mseg.conf"
#define STATE_DIRECTORY "/var/lib/mseg"
#define SOCKET_PATH "/run/mseg/api.sock"

/* Microseconds between looks whether all is as it should be. */
#define LOOK_EVERY 5000000ULL

struct options {
	const char *config;
	const char *state;
	const char *socket;
	bool config_given;
};

static const char usage[] =
	"usage: msegd [--config FILE] [--state DIRECTORY] [--socket PATH]\n"
	"\n"
	"Owns the policy of this host: keeps its objects and their revisions, has the\n"
	"kernel module mseg enforce them, and serves the API that mctl uses.\n"
	"\n"
	"  --config FILE      who may do what (" CONFIG_FILE ")\n"
	"  --state DIRECTORY  where objects are kept (" STATE_DIRECTORY ")\n"
	"  --socket PATH      where the API is served (" SOCKET_PATH ")\n"
	"  --help, --version\n"
	"\n"
	"It runs in the foreground, and never loads the module.\n";

/* --- options -------------------------------------------------------------- */

/* -1 to go on, else what to exit with. */
static int read_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "state", required_argument, NULL, 's' },
		{ "socket", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "hV", known, NULL)) != -1) {
		if (option == 'c') {
			options->config = optarg;
			options->config_given = true;
		} else if (option == 's') {
			options->state = optarg;
		} else if (option == 'l') {
			options->socket = optarg;
		} else if (option == 'h') {
			fputs(usage, stdout);
			return 0;
		} else if (option == 'V') {
			printf("msegd %s\n", MSEG_VERSION);
			return 0;
		} else {
			return 2;
		}
	}
	if (optind < argc)
		fprintf(stderr, "msegd: unexpected argument '%s'\n", argv[optind]);
	return optind < argc ? 2 : -1;
}

/* --- parts ---------------------------------------------------------------- */

static int fail(const char *what, int err)
{
	log_error("%s: %s", what, strerror(-err));
	return err;
}

/* A directory and those above it. */
static int make_directories(const char *path, mode_t mode)
{
	char *copy = strdup(path), *slash;
	int err = 0;

	if (!copy)
		return -ENOMEM;
	for (slash = strchr(copy + 1, '/'); slash && !err; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST && errno != EROFS)
			err = -errno;
		*slash = '/';
	}
	if (!err && mkdir(copy, mode) && errno != EEXIST && errno != EROFS)
		err = -errno;
	free(copy);
	return err;
}

static void explain_store(int err, const char *why)
{
	log_error("%s", why ? why : strerror(-err));
	if (err == -EUCLEAN)
		log_error(
			"the store is damaged, and is left as it is; what the kernel enforces stays in force. Put a copy in its place, or move it away to begin anew");
	else if (err == -EBUSY)
		log_error("another msegd has it open");
}

static int open_store(struct service *service, const char *directory)
{
	char *why = NULL;
	int err = make_directories(directory, 0700);

	if (err)
		return fail(directory, err);
	err = store_open(directory, &service->store, &why);
	if (err)
		explain_store(err, why);
	free(why);
	if (!err && !store_newest(service->store)) {
		err = fresh_fill(service->store);
		if (err)
			log_error("%s: %s", directory, store_error(service->store));
	}
	if (err)
		return err;
	err = draft_load(service->store, &service->now);
	if (err)
		explain_store(err, "an object in the store makes no sense");
	return err;
}

static void set_exports(struct service *service)
{
	const struct export_target *targets;
	unsigned int n;

	targets = config_exports(service->config, &n);
	exports_set(service->exports, targets, n);
}

/* A host is protected without them, too. */
static int open_records(struct service *service, const char *directory)
{
	const struct writer_limits limits = config_records(service->config);
	int err;

	service->exports = exports_new();
	if (!service->exports || asprintf(&service->records, "%s/flows", directory) < 0)
		return -ENOMEM;
	set_exports(service);
	err = writer_open(service->records, &limits, &service->writer);
	if (err)
		log_error("%s: %s; flow records are not stored", service->records, strerror(-err));
	err = readers_open(service->event, &service->readers);
	if (err)
		log_error("reading flow records: %s", strerror(-err));
	return feed_open(service, &service->feed);
}

static void on_kernel(void *arg)
{
	struct service *service = arg;

	reconcile_follow(service);
	dns_look(service);
}

/* A disk that is full now has room later. */
static void forget_history(struct service *service)
{
	const struct store_limits limits = config_history(service->config);

	store_prune(service->store, &limits, time(NULL));
}

static int on_look(sd_event_source *source, uint64_t time, void *arg)
{
	struct service *service = arg;

	sessions_look(service);
	forget_history(service);
	if (service->unsettled)
		reconcile(service);
	else
		reconcile_follow(service);
	dns_look(service);
	sd_event_source_set_time(source, time + LOOK_EVERY);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* The socket that systemd listens on, or our own. */
static int listening_socket(const char *path)
{
	int err, n = sd_listen_fds(1);
	char *directory, *slash;

	if (n > 1)
		return fail("socket activation", -E2BIG);
	if (n == 1)
		return SD_LISTEN_FDS_START;
	directory = strdup(path);
	slash = directory ? strrchr(directory, '/') : NULL;
	err = directory ? 0 : -ENOMEM;
	if (slash && slash != directory) {
		*slash = '\0';
		err = make_directories(directory, 0755);
	}
	free(directory);
	if (!err)
		err = server_listen(path);
	return err < 0 ? fail(path, err) : err;
}

static void limit_records(struct service *service)
{
	const struct writer_limits limits = config_records(service->config);

	if (service->writer)
		writer_limit(service->writer, &limits);
}

/* A port that is taken is no reason not to protect the host. */
static void set_metrics(struct service *service)
{
	int err;

	metrics_close(service->metrics);
	err = metrics_open(service, &service->metrics);
	if (err)
		log_error("metrics: %s", strerror(-err));
}

struct program {
	struct options options;
	struct service service;
	struct server *server;
};

/* Who may do what; a file with mistakes changes nothing. */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	struct program *program = arg;
	struct config *config =
		config_read(program->options.config, program->options.config_given, stderr);

	(void)source;
	(void)info;
	if (config) {
		config_free(program->service.config);
		program->service.config = config;
		events_end_sessions(program->service.events);
		limit_records(&program->service);
		set_exports(&program->service);
		set_metrics(&program->service);
		dns_look(&program->service);
	}
	return 0;
}

static int add_signals(struct program *program)
{
	sd_event *event = program->service.event;
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* A file that may not grow is refused what is written, as on a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	err = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(event, NULL, SIGHUP, on_reload, program);
	return err;
}

static int open_loop(struct program *program)
{
	struct service *service = &program->service;
	int err = sd_event_default(&service->event);

	if (err >= 0)
		err = add_signals(program);
	if (err >= 0)
		err = sd_event_set_watchdog(service->event, true);
	if (err >= 0)
		err = events_open(service->event, &service->events);
	if (err >= 0)
		err = enforce_open(service->event, on_kernel, service, &service->enforce);
	if (err >= 0)
		err = sd_event_add_time_relative(service->event, NULL, CLOCK_MONOTONIC, LOOK_EVERY,
						 LOOK_EVERY / 4, on_look, service);
	return err < 0 ? fail("the event loop", err) : 0;
}

static void name_caller(struct caller *caller, void *arg)
{
	const struct service *service = arg;

	config_name_caller(service->config, caller);
}

static int serve(struct program *program)
{
	const struct server_calls calls = { api_may_ask, api_is_console, api_act,
					    name_caller, api_handle,	 &program->service };
	int err, fd = listening_socket(program->options.socket);

	if (fd < 0)
		return fd;
	err = server_open(program->service.event, fd, &calls, &program->server);
	if (err)
		return fail("the server", err);
	sd_notify(0, "READY=1");
	err = sd_event_loop(program->service.event);
	sd_notify(0, "STOPPING=1");
	return err;
}

static int start(struct program *program)
{
	struct service *service = &program->service;
	int err;

	service->config =
		config_read(program->options.config, program->options.config_given, stderr);
	if (!service->config)
		return -EINVAL;
	err = privileges_drop();
	if (err)
		return fail("giving up capabilities", err);
	err = open_store(service, program->options.state);
	if (!err)
		err = sessions_open(program->options.state, &service->sessions);
	if (!err)
		err = staged_open(program->options.state, &service->staged);
	service->nonces = oidc_nonces_new();
	if (!err && !service->nonces)
		err = -ENOMEM;
	if (!err)
		err = open_loop(program);
	if (err)
		return err;
	reconcile(service);
	err = open_records(service, program->options.state);
	if (err)
		return fail("flow records", err);
	err = dns_open(service, program->options.state);
	if (err)
		return fail("the log of DNS lookups", err);
	dns_look(service);
	set_metrics(service);
	return serve(program);
}

static void stop(struct program *program)
{
	struct service *service = &program->service;

	metrics_close(service->metrics);
	service->metrics = NULL;
	feed_close(service->feed);
	exports_free(service->exports);
	service->exports = NULL;
	readers_close(service->readers);
	service->readers = NULL;
	writer_close(service->writer);
	events_end(service->events);
	server_close(program->server);
	dns_close(service->dns);
	enforce_close(service->enforce);
	events_close(service->events);
	sessions_close(service->sessions);
	oidc_nonces_free(service->nonces);
	staged_close(service->staged);
	free(service->records);
	draft_clear(&service->now);
	store_close(service->store);
	config_free(service->config);
	sd_event_unref(service->event);
}

int main(int argc, char **argv)
{
	struct program program = {
		.options = { CONFIG_FILE, STATE_DIRECTORY, SOCKET_PATH, false },
	};
	int status = read_options(argc, argv, &program.options);

	if (status >= 0)
		return status;
	status = start(&program) < 0;
	stop(&program);
	return status;
}
