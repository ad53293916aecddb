// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fill a store of flow records as a host would over some days, without a kernel:
 *
 *	synthesize [--days N] [--flows N] [--until SECONDS] [--seed N] [--peers N]
 *		   [--networks N] DIRECTORY
 *
 * Peers are addresses that nobody knows; networks are as many more as rules name.
 *
 * Until the last third, discovery mode holds: what no rule allows, the default does. Then
 * the default rejects.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "records/day.h"
#include "records/schema.h"

struct peer {
	/* With %u for a number below @peers. */
	const char *address;
	unsigned int peers;
	const char *network;
	const char *name;
};

/* What the host has to do with somebody, and how often. */
struct habit {
	unsigned int weight;
	uint8_t direction;
	uint8_t protocol;
	uint16_t port;
	struct peer peer;
	/* NULL where no rule is about it. */
	const char *ruleset;
	const char *rule;
	bool rejected;
	uint32_t uid;
	const char *command;
	uint32_t bytes;
};

#define IN MSEG_DIRECTION_IN
#define OUT MSEG_DIRECTION_OUT
#define NOBODY UINT32_MAX

static const struct habit habits[] = {
	{ 30,
	  IN,
	  IPPROTO_TCP,
	  22,
	  { "10.20.0.%u", 4, "ssh", NULL },
	  "ssh",
	  "from the jump hosts",
	  false,
	  0,
	  "sshd",
	  40000 },
	{ 60,
	  OUT,
	  IPPROTO_UDP,
	  123,
	  { "192.0.2.%u", 4, "ntp", "pool.ntp.org" },
	  "ntp",
	  "time",
	  false,
	  100,
	  "systemd-timesyn",
	  152 },
	{ 300,
	  OUT,
	  IPPROTO_UDP,
	  53,
	  { "10.0.0.%u", 2, "dns", NULL },
	  "dns",
	  "resolvers",
	  false,
	  101,
	  "systemd-resolve",
	  260 },
	{ 10,
	  OUT,
	  IPPROTO_UDP,
	  67,
	  { "10.20.0.25%u", 1, "dhcp", NULL },
	  "dhcp",
	  "lease",
	  false,
	  0,
	  "dhclient",
	  656 },
	{ 10,
	  IN,
	  IPPROTO_UDP,
	  68,
	  { "10.20.0.25%u", 1, NULL, NULL },
	  NULL,
	  NULL,
	  false,
	  0,
	  "dhclient",
	  656 },
	{ 80,
	  OUT,
	  IPPROTO_TCP,
	  389,
	  { "10.0.3.%u", 3, "ldap", NULL },
	  "ldap",
	  "directory",
	  false,
	  104,
	  "sssd_be",
	  3000 },
	{ 120,
	  IN,
	  IPPROTO_ICMP,
	  8 << 8,
	  { "10.20.1.%u", 20, "monitoring", NULL },
	  "ping",
	  "echo from monitoring",
	  false,
	  NOBODY,
	  "",
	  168 },
	{ 40,
	  OUT,
	  IPPROTO_TCP,
	  80,
	  { "169.254.169.25%u", 5, "metadata", NULL },
	  "metadata",
	  "instance metadata",
	  false,
	  0,
	  "cloud-init",
	  1800 },
	{ 60,
	  OUT,
	  IPPROTO_TCP,
	  443,
	  { "198.51.100.%u", 8, "snap store", "api.snapcraft.io" },
	  "updates",
	  "https",
	  false,
	  0,
	  "snapd",
	  90000 },
	{ 50,
	  OUT,
	  IPPROTO_TCP,
	  443,
	  { "2001:db8:1::%u", 6, NULL, "deb.debian.org" },
	  NULL,
	  NULL,
	  false,
	  0,
	  "https",
	  250000 },
	{ 25,
	  OUT,
	  IPPROTO_TCP,
	  443,
	  { "203.0.113.%u", 40, NULL, "example.com" },
	  NULL,
	  NULL,
	  false,
	  1000,
	  "curl",
	  12000 },
	{ 80,
	  IN,
	  IPPROTO_TCP,
	  443,
	  { "10.30.%u.7", 200, "office", NULL },
	  "web",
	  "https",
	  false,
	  33,
	  "nginx",
	  30000 },
	{ 45,
	  IN,
	  IPPROTO_TCP,
	  23,
	  { "203.0.113.%u", 250, "bad neighbours", NULL },
	  "blocklist",
	  "never",
	  true,
	  NOBODY,
	  "",
	  60 },
	{ 70,
	  IN,
	  IPPROTO_TCP,
	  445,
	  { "172.16.%u.9", 250, NULL, NULL },
	  NULL,
	  NULL,
	  false,
	  NOBODY,
	  "",
	  120 },
	{ 20,
	  OUT,
	  IPPROTO_TCP,
	  8140,
	  { "10.0.9.%u", 1, "host-b", NULL },
	  "no puppet",
	  "puppet",
	  true,
	  0,
	  "puppet",
	  60 },
};

#define N_HABITS (sizeof(habits) / sizeof(habits[0]))

struct options {
	const char *directory;
	unsigned long long flows;
	unsigned int days;
	unsigned int seed;
	unsigned int peers;
	unsigned int networks;
	uint64_t until;
};

struct state {
	struct options options;
	struct open_flows *open;
	struct day *day;
	uint64_t random;
	uint64_t connection;
	unsigned int weights;
	/* By habit, and whether the default rejects. */
	struct attribution *attributions[N_HABITS];
	/* Of a rule that names many networks. */
	struct attribution **networks;
};

static uint32_t chance(struct state *state, uint32_t below)
{
	state->random = state->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)((state->random >> 33) % below);
}

static const struct habit *choose(struct state *state)
{
	uint32_t left = chance(state, state->weights);
	const struct habit *habit = habits;

	while (left >= habit->weight)
		left -= habit++->weight;
	return habit;
}

static struct attribution *attribute(const struct habit *habit, const char *peer)
{
	const char *texts[N_ATTRIBUTION_TEXTS] = {
		[ATTRIBUTION_PEER_NAME] = peer,
		[ATTRIBUTION_NAMESPACE] = "/",
		[ATTRIBUTION_ENFORCER_ID] = "5f1e6c0a9b3d4e5f6a7b8c9d",
		[ATTRIBUTION_HOST_NAME] = "demo",
		[ATTRIBUTION_NAME] = habit->peer.name,
	};
	enum peer_type type = PEER_SOMEWHERE;
	char id[25], network[25];

	snprintf(id, sizeof(id), "6a%022zx", (size_t)(habit - habits));
	snprintf(network, sizeof(network), "6b%022zx", (size_t)(habit - habits));
	if (habit->ruleset) {
		texts[ATTRIBUTION_PEER_ID] = network;
		texts[ATTRIBUTION_POLICY_ID] = id;
		texts[ATTRIBUTION_POLICY_NAMESPACE] = "/";
		texts[ATTRIBUTION_POLICY_NAME] = habit->ruleset;
		texts[ATTRIBUTION_RULE_NAME] = habit->rule;
		type = !strcmp(habit->peer.network, "host-b") ? PEER_UNIT : PEER_NETWORK;
	}
	return attribution_new(texts, habit->ruleset ? 0 : -1, type);
}

static void set_addresses(struct state *state, const struct habit *habit,
			  struct mseg_flow_record *kernel)
{
	uint8_t *peer = habit->direction == IN ? kernel->source : kernel->destination;
	uint8_t *host = habit->direction == IN ? kernel->destination : kernel->source;
	bool is_ipv6 = strchr(habit->peer.address, ':');
	unsigned int peers = habit->peer.peers;
	char text[64];

	snprintf(text, sizeof(text), habit->peer.address,
		 peers == 1 ? 4 : chance(state, peers) + (peers < 200));
	kernel->family = is_ipv6 ? MSEG_FAMILY_IPV6 : MSEG_FAMILY_IPV4;
	if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, text, peer) != 1 ||
	    inet_pton(is_ipv6 ? AF_INET6 : AF_INET, is_ipv6 ? "2001:db8::10" : "10.20.0.10",
		      host) != 1)
		abort();
	/* As many as are wanted, of those whom nobody knows. */
	if (!habit->ruleset && !is_ipv6 && state->options.peers) {
		peer[1] = (uint8_t)(chance(state, state->options.peers) >> 8);
		peer[2] = (uint8_t)chance(state, state->options.peers);
	}
}

/* One of many, each a /24 of its own. */
static void set_network(struct state *state, struct record *record)
{
	uint32_t i = chance(state, state->options.networks);
	uint8_t *peer = record->kernel.direction == IN ? record->kernel.source :
							 record->kernel.destination;

	record->attribution = state->networks[i];
	peer[0] = 10;
	peer[1] = (uint8_t)(30 + i / 256);
	peer[2] = (uint8_t)i;
}

static void fill(struct state *state, const struct habit *habit, uint64_t time, bool rejects,
		 struct record *record)
{
	struct mseg_flow_record *kernel = &record->kernel;

	memset(record, 0, sizeof(*record));
	record->arrived = time;
	record->attribution = state->attributions[habit - habits];
	kernel->id = ++state->connection;
	kernel->first_seen = time - time % 1000 - chance(state, 1000000) * 1000ULL;
	kernel->last_seen = time;
	kernel->direction = habit->direction;
	kernel->protocol = habit->protocol;
	kernel->verdict = habit->rejected || (!habit->ruleset && rejects) ? MSEG_ACTION_REJECT :
									    MSEG_ACTION_ALLOW;
	kernel->reason = habit->ruleset ? MSEG_REASON_RULE : MSEG_REASON_DEFAULT;
	kernel->count = 1;
	kernel->generation = rejects ? 2 : 1;
	kernel->uid = habit->uid;
	kernel->destination_port = habit->port;
	kernel->source_port = (uint16_t)(32768 + chance(state, 28000));
	if (habit->protocol == IPPROTO_ICMP) {
		kernel->icmp_type = (uint8_t)(habit->port >> 8);
		kernel->destination_port = 0;
	}
	memccpy(kernel->command, habit->command, 0, sizeof(kernel->command));
	set_addresses(state, habit, kernel);
	if (habit->ruleset && kernel->family == MSEG_FAMILY_IPV4 && state->options.networks)
		set_network(state, record);
	kernel->packets_in = 1 + habit->bytes / 2000;
	kernel->bytes_in = 60 + chance(state, habit->bytes);
	if (kernel->verdict == MSEG_ACTION_ALLOW) {
		kernel->packets_out = kernel->packets_in;
		kernel->bytes_out = 60 + chance(state, habit->bytes);
	}
	kernel->event = MSEG_FLOW_EVENT_END;
	kernel->state = kernel->verdict == MSEG_ACTION_ALLOW ? MSEG_CONN_STATE_CLOSED :
							       MSEG_CONN_STATE_REJECTED;
}

static int turn_day(struct state *state, uint64_t time)
{
	int64_t number = (int64_t)(time / 1000000000 / SCHEMA_DAY);
	int err = 0;

	if (state->day && day_number(state->day) == number)
		return 0;
	if (state->day)
		err = day_commit(state->day);
	day_close(state->day);
	state->day = NULL;
	return err ? err : day_open(state->options.directory, number, state->open, &state->day);
}

static int put(struct state *state, uint64_t time, bool rejects, unsigned long long i)
{
	const struct habit *habit = choose(state);
	struct record record;
	int err = turn_day(state, time);

	if (err)
		return err;
	fill(state, habit, time, rejects, &record);
	err = day_put(state->day, &record);
	if (!err)
		err = day_add(state->day, record.kernel.verdict ? "reject" : "accept", 1);
	if (!err && i % 100000 == 0)
		err = day_commit(state->day);
	return err;
}

static int name_networks(struct state *state)
{
	const struct habit *habit = habits;
	char name[32];
	unsigned int i;

	while (!habit->ruleset)
		habit++;
	state->networks = calloc(state->options.networks, sizeof(struct attribution *));
	for (i = 0; state->networks && i < state->options.networks; i++) {
		snprintf(name, sizeof(name), "branch-%04u", i);
		state->networks[i] = attribute(habit, name);
	}
	return state->networks ? 0 : -ENOMEM;
}

static int run(struct state *state)
{
	const struct options *options = &state->options;
	uint64_t span = options->days * 86400ULL * 1000000000, begin = options->until - span;
	unsigned long long i;
	int err = 0;

	for (i = 0; i < N_HABITS; i++) {
		state->weights += habits[i].weight;
		state->attributions[i] = attribute(&habits[i], habits[i].peer.network);
	}
	if (options->networks)
		err = name_networks(state);
	for (i = 0; i < options->flows && !err; i++)
		err = put(state, begin + span / options->flows * i, i > options->flows / 3 * 2, i);
	if (!err && state->day)
		err = day_commit(state->day);
	day_close(state->day);
	for (i = 0; i < N_HABITS; i++)
		attribution_put(state->attributions[i]);
	for (i = 0; state->networks && i < options->networks; i++)
		attribution_put(state->networks[i]);
	free(state->networks);
	return err;
}

static int usage(void)
{
	fputs("usage: synthesize [--days N] [--flows N] [--until SECONDS] [--seed N] [--peers N]\n"
	      "                  [--networks N] DIRECTORY\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "days", required_argument, NULL, 'd' },
		{ "flows", required_argument, NULL, 'f' },
		{ "until", required_argument, NULL, 'u' },
		{ "seed", required_argument, NULL, 's' },
		{ "peers", required_argument, NULL, 'p' },
		{ "networks", required_argument, NULL, 'n' },
		{ 0 },
	};
	static struct state state;
	struct options *options = &state.options;
	int option, err;

	*options = (struct options){ NULL, 20000, 7, 1, 0, 0, (uint64_t)time(NULL) * 1000000000 };
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'd')
			options->days = (unsigned int)atoi(optarg);
		else if (option == 'f')
			options->flows = strtoull(optarg, NULL, 10);
		else if (option == 'u')
			options->until = strtoull(optarg, NULL, 10) * 1000000000;
		else if (option == 's')
			options->seed = (unsigned int)atoi(optarg);
		else if (option == 'p')
			options->peers = (unsigned int)atoi(optarg);
		else if (option == 'n')
			options->networks = (unsigned int)atoi(optarg);
		else
			return usage();
	}
	if (optind + 1 != argc || !options->flows || !options->days)
		return usage();
	options->directory = argv[optind];
	state.random = options->seed;
	state.open = open_new(1U << 16);
	mkdir(options->directory, 0700);
	err = state.open ? run(&state) : -ENOMEM;
	open_free(state.open);
	if (err)
		fprintf(stderr, "synthesize: %s: %s\n", options->directory, strerror(-err));
	return !!err;
}
