// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mseg-console: the web console. It has no privileges, and no rights of its own with
 * msegd: it stands for whoever is logged in.
 */
#include <cap-ng.h>
#include <errno.h>
#include <getopt.h>
#include <mseg/version.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "config.h"
#include "console.h"
#include "guard.h"
#include "http.h"
#include "hub.h"
#include "oidc.h"
#include "upstream.h"

#define CONFIG_FILE "/etc/mseg/mseg-console.conf"
#define SOCKET_PATH "/run/mseg/api.sock"
#define LISTEN "127.0.0.1:8543"

/* Files that it may have open: connections of browsers, and to msegd. */
#define FILES 4096

struct options {
	const char *config;
	const char *socket;
	const char *listen[CONFIG_LIST_MAX];
	unsigned int n_listen;
	bool config_given;
};

struct program {
	struct options options;
	struct config config;
	sd_event *event;
	struct upstream *upstream;
	struct upstream *provider;
	struct hubs *hubs;
	struct oidc *oidc;
	struct console *console;
	struct http *http;
};

static const char usage[] =
	"usage: mseg-console [--config FILE] [--socket PATH] [--listen ADDRESS:PORT]...\n"
	"\n"
	"Serves the web console of this host's policy, for who is logged in by\n"
	"'mctl console login'.\n"
	"\n"
	"  --config FILE          where it listens, TLS (" CONFIG_FILE ")\n"
	"  --socket PATH          of msegd (" SOCKET_PATH ")\n"
	"  --listen ADDRESS:PORT  instead of what the file has (" LISTEN ")\n"
	"  --help, --version\n"
	"\n"
	"It runs in the foreground. Beyond this host it listens with TLS alone.\n";

static int fail(const char *what, int err)
{
	fprintf(stderr, "mseg-console: %s: %s\n", what, strerror(-err));
	return err;
}

/* --- options -------------------------------------------------------------- */

static bool take_option(int option, struct options *options)
{
	switch (option) {
	case 'c':
		options->config = optarg;
		options->config_given = true;
		return true;
	case 's':
		options->socket = optarg;
		return true;
	case 'l':
		if (options->n_listen == CONFIG_LIST_MAX)
			return false;
		options->listen[options->n_listen++] = optarg;
		return true;
	default:
		return false;
	}
}

/* -1 to go on, else what to exit with. */
static int read_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, 's' },
		{ "listen", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "hV", known, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (option == 'V') {
			printf("mseg-console %s\n", MSEG_VERSION);
			return 0;
		}
		if (!take_option(option, options))
			return 2;
	}
	if (optind < argc)
		fprintf(stderr, "mseg-console: unexpected argument '%s'\n", argv[optind]);
	return optind < argc ? 2 : -1;
}

static int take_listen(struct program *program)
{
	const struct options *options = &program->options;
	struct config *config = &program->config;
	unsigned int i;

	if (options->n_listen)
		config->n_listen = 0;
	for (i = 0; i < options->n_listen; i++)
		if (!config_listen(config, options->listen[i])) {
			fprintf(stderr,
				"mseg-console: --listen %s: it is written as 127.0.0.1:8543 or [::1]:8543\n",
				options->listen[i]);
			return -EINVAL;
		}
	if (!config->n_listen)
		config_listen(config, LISTEN);
	return 0;
}

/* A session on the wire is anybody's. */
static int check_addresses(const struct config *config)
{
	unsigned int i;

	for (i = 0; i < config->n_listen && !config->certificate; i++)
		if (!guard_loopback((const struct sockaddr *)&config->listen[i].address)) {
			fprintf(stderr,
				"mseg-console: beyond this host it listens with TLS alone: 'tls' in mseg-console.conf\n");
			return -EINVAL;
		}
	return 0;
}

static int read_config(struct program *program)
{
	const struct options *options = &program->options;
	int err;

	if (!config_read(&program->config, options->config, options->config_given, stderr))
		return -EINVAL;
	err = take_listen(program);
	return err ? err : check_addresses(&program->config);
}

/* --- parts ---------------------------------------------------------------- */

/* Keys and tokens pass through here: nobody looks in, nor does a dump. */
static int drop_privileges(void)
{
	struct rlimit files;

	if (capng_get_caps_process())
		return -EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP)) {
		capng_clear(CAPNG_SELECT_ALL);
		if (capng_apply(CAPNG_SELECT_ALL))
			return -EPERM;
	}
	if (getrlimit(RLIMIT_NOFILE, &files))
		return -errno;
	files.rlim_cur = files.rlim_max < FILES ? files.rlim_max : FILES;
	return setrlimit(RLIMIT_NOFILE, &files) ? -errno : 0;
}

static int open_loop(sd_event **event)
{
	sigset_t set;
	int err = sd_event_default(event);

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (err >= 0)
		err = sd_event_add_signal(*event, NULL, SIGTERM, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(*event, NULL, SIGINT, NULL, NULL);
	if (err >= 0)
		err = sd_event_set_watchdog(*event, true);
	return err < 0 ? err : 0;
}

static int open_parts(struct program *program)
{
	const struct config *config = &program->config;
	const char *socket = program->options.socket;
	int err;

	if (!socket)
		socket = config->socket ? config->socket : SOCKET_PATH;
	err = upstream_open(program->event, socket, &program->upstream);
	if (!err)
		err = hubs_open(program->event, program->upstream, &program->hubs);
	if (!err)
		err = upstream_open(program->event, NULL, &program->provider);
	if (err)
		return err;
	program->oidc = oidc_new(config, program->upstream, program->provider);
	program->console = console_new(config, program->upstream, program->hubs, program->oidc);
	return program->oidc && program->console ? 0 : -ENOMEM;
}

static int start(struct program *program)
{
	struct http_calls calls;
	int err = read_config(program);

	if (err)
		return err;
	err = drop_privileges();
	if (err)
		return fail("giving up privileges", err);
	err = open_loop(&program->event);
	if (!err)
		err = open_parts(program);
	if (err)
		return fail("the event loop", err);
	calls = console_calls(program->console);
	err = http_open(program->event, &program->config, &calls, &program->http);
	if (err)
		return err;
	sd_notify(0, "READY=1");
	err = sd_event_loop(program->event);
	sd_notify(0, "STOPPING=1");
	return err;
}

static void stop(struct program *program)
{
	http_close(program->http);
	hubs_close(program->hubs);
	console_free(program->console);
	oidc_free(program->oidc);
	upstream_close(program->provider);
	upstream_close(program->upstream);
	sd_event_unref(program->event);
	config_clear(&program->config);
}

int main(int argc, char **argv)
{
	struct program program = { .options = { .config = CONFIG_FILE } };
	int status = read_options(argc, argv, &program.options);

	if (status >= 0)
		return status;
	status = start(&program) < 0;
	stop(&program);
	return status;
}
