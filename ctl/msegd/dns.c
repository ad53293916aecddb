// SPDX-License-Identifier: GPL-2.0-or-later
/* Names: resolvers, what is learned, what is looked up. */
#include "dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns_learned.h"
#include "dns_log.h"
#include "dns_names.h"
#include "dns_resolvers.h"
#include "dns_stream.h"
#include "lib/json.h"
#include "lib/learned.h"
#include "log.h"
#include "log_feed.h"
#include "plan.h"

/* Microseconds until what is learned is written down. */
#define SAVE_AFTER 5000000ULL

/* Looks, which come every few seconds, until resolvers are looked for once more. */
#define LOOKS_A_SEARCH 12

/* Seconds that are learned at least, as the module does by itself. */
#define TTL_LEAST 60

struct dns {
	struct service *service;
	struct dns_resolvers *resolvers;
	/* NULL without the module. */
	struct log_feed *feed;
	struct dns_log *log;
	struct dns_names *names;
	struct dns_streams *streams;
	sd_event_source *saver;
	char file[PATH_MAX];
	/* enforce_instance() of @feed, and of what knows again what was written down. */
	unsigned int instance;
	unsigned int restored;
	unsigned int looks;
	uint64_t lost;
	/* What kept the module from taking resolvers, so that it is said once. */
	int refused;
};

/* --- lookups -------------------------------------------------------------- */

static void remember_names(struct dns *dns, const struct dns_lookup_text *text, uint64_t lookup)
{
	size_t i;

	for (i = 0; i < text->message.n_addresses; i++)
		dns_names_put(dns->names, text->message.addresses[i], text->message.name, lookup);
}

static void save_soon(struct dns *dns)
{
	int enabled = SD_EVENT_OFF;

	sd_event_source_get_enabled(dns->saver, &enabled);
	if (enabled != SD_EVENT_OFF)
		return;
	sd_event_source_set_time_relative(dns->saver, SAVE_AFTER);
	sd_event_source_set_enabled(dns->saver, SD_EVENT_ONESHOT);
}

static void keep(struct dns *dns, const struct mseg_dns_record *record,
		 const struct dns_lookup_text *text, struct dns_lookup *lookup)
{
	struct service *service = dns->service;

	if (record->learned)
		save_soon(dns);
	dns_log_put(dns->log, lookup);
	remember_names(dns, text, lookup->id);
	if (events_hear_dns(service->events))
		events_tell_dns(service->events,
				dns_lookup_json(lookup, plan_enforcer(service->now.model)));
}

/* What the module could not read, since it came in pieces, it is told of. */
static void teach(struct dns *dns, struct mseg_dns_record *record, const struct dns_message *message)
{
	struct client *client = enforce_client(dns->service->enforce);
	uint64_t seconds = message->ttl > TTL_LEAST ? message->ttl : TTL_LEAST;
	struct learned *list = calloc(DNS_ADDRESSES_MAX, sizeof(*list));
	size_t i, n = 0;

	for (i = 0; list && i < message->n_addresses; i++) {
		if (mseg_name_check(message->name) ||
		    !resolver_parse(message->addresses[i], &list[n].address))
			continue;
		strcpy(list[n].name, message->name);
		list[n].resolver.family = record->family;
		memcpy(list[n].resolver.addr, record->server, sizeof(record->server));
		list[n].since = record->time;
		list[n++].until = record->time + seconds * 1000000000;
	}
	if (client && n && !learned_put(client, list, n))
		record->learned = (uint32_t)n;
	free(list);
}

static void on_segment(struct dns *dns, const struct mseg_dns_record *record, const uint8_t *data,
		       size_t len, struct dns_lookup_text *text)
{
	struct dns_stream_answer answer;
	struct dns_lookup lookup;

	if (!dns_streams_add(dns->streams, record, data, len, &answer) ||
	    dns_lookup_make(&answer.record, answer.data, answer.len, text, &lookup))
		return;
	if (answer.record.flags & MSEG_DNS_FLAG_RESOLVER && lookup.action == LOOKUP_RESOLVE)
		teach(dns, &answer.record, &text->message);
	lookup.learned = answer.record.learned;
	keep(dns, &answer.record, text, &lookup);
}

static void on_record(const void *found, const uint8_t *data, size_t len, void *arg)
{
	static struct dns_lookup_text text;
	const struct mseg_dns_record *record = found;
	struct dns_lookup lookup;

	if (record->event == MSEG_DNS_EVENT_SEGMENT)
		on_segment(arg, record, data, len, &text);
	else if (!dns_lookup_make(record, data, len, &text, &lookup))
		keep(arg, record, &text, &lookup);
}

static void on_lost(uint64_t n, void *arg)
{
	struct dns *dns = arg;

	if (!dns->lost)
		log_warning("DNS records were lost between the module and msegd");
	dns->lost += n;
}

/* --- what is learned ------------------------------------------------------ */

static void save(struct dns *dns)
{
	struct client *client = enforce_client(dns->service->enforce);
	int err;

	/* Before it knows again what it knew, what is written down counts. */
	if (!client || dns->restored != enforce_instance(dns->service->enforce))
		return;
	err = dns_learned_save(client, dns->file);
	if (err)
		log_warning("%s: %s", dns->file, strerror(-err));
}

static int on_save(sd_event_source *source, uint64_t time, void *arg)
{
	(void)source;
	(void)time;
	save(arg);
	return 0;
}

/* Once the policy is in force, which says what is worth knowing. */
static void restore(struct dns *dns)
{
	struct service *service = dns->service;
	unsigned int instance = enforce_instance(service->enforce);
	int err;

	if (dns->restored == instance || !service->enforced)
		return;
	dns->restored = instance;
	err = dns_learned_restore(enforce_client(service->enforce), dns->file);
	if (err)
		log_warning("what was learned by name is not known again: %s",
			    enforce_why(service->enforce, err));
}

/* --- resolvers ------------------------------------------------------------ */

static size_t wanted(const struct dns *dns, const struct resolver **list)
{
	const struct resolvers *found = dns_resolvers_now(dns->resolvers);
	size_t n = 0;

	*list = config_resolvers(dns->service->config, &n);
	if (*list)
		return n;
	*list = found->list;
	return found->n;
}

static bool is_same(const struct resolver *a, size_t n_a, const struct resolver *b, size_t n_b)
{
	size_t i;

	if (n_a != n_b)
		return false;
	for (i = 0; i < n_a; i++)
		if (!resolver_is_same(&a[i], &b[i]))
			return false;
	return true;
}

static void set_resolvers(struct dns *dns)
{
	struct client *client = enforce_client(dns->service->enforce);
	struct resolver now[MSEG_MAX_RESOLVERS];
	const struct resolver *list;
	size_t n = wanted(dns, &list), n_now;
	int err = resolvers_get(client, now, &n_now);

	if (!err && !is_same(list, n, now, n_now))
		err = resolvers_set(client, list, n);
	if (err && err != dns->refused)
		log_warning("the module does not learn from this host's resolvers: %s",
			    enforce_why(dns->service->enforce, err));
	dns->refused = err;
}

static void on_resolvers(void *arg)
{
	struct dns *dns = arg;

	dns_look(dns->service);
}

/* --- the module ----------------------------------------------------------- */

static void hear(struct dns *dns)
{
	const struct log_feed_calls calls = { on_record, on_lost, dns };
	unsigned int instance = enforce_instance(dns->service->enforce);
	int err;

	if (dns->feed && dns->instance == instance)
		return;
	log_feed_close(dns->feed);
	err = log_feed_open(dns->service->event, &log_feed_dns, &calls, &dns->feed);
	if (err && dns->instance != instance)
		log_warning("no DNS lookup is recorded: %s", strerror(-err));
	dns->instance = instance;
}

void dns_look(struct service *service)
{
	struct dns *dns = service->dns;
	struct kernel_status status;

	if (!dns)
		return;
	if (++dns->looks % LOOKS_A_SEARCH == 0)
		dns_resolvers_look(dns->resolvers);
	if (enforce_status(service->enforce, &status)) {
		log_feed_close(dns->feed);
		dns->feed = NULL;
		return;
	}
	if (!status.attached)
		return;
	hear(dns);
	set_resolvers(dns);
	restore(dns);
}

/* --- opening -------------------------------------------------------------- */

static int open_parts(struct dns *dns, const char *state)
{
	sd_event *event = dns->service->event;
	char directory[PATH_MAX];
	int err;

	snprintf(dns->file, sizeof(dns->file), "%s/learned", state);
	snprintf(directory, sizeof(directory), "%s/dns", state);
	dns->names = dns_names_new();
	dns->streams = dns_streams_new();
	if (!dns->names || !dns->streams)
		return -ENOMEM;
	err = dns_log_open(event, directory, &dns->log);
	if (!err)
		err = dns_resolvers_open(event, on_resolvers, dns, &dns->resolvers);
	if (!err)
		err = sd_event_add_time_relative(event, &dns->saver, CLOCK_MONOTONIC, SAVE_AFTER, 0,
						 on_save, dns);
	if (err >= 0)
		err = sd_event_source_set_enabled(dns->saver, SD_EVENT_OFF);
	return err < 0 ? err : 0;
}

int dns_open(struct service *service, const char *state)
{
	struct dns *dns = calloc(1, sizeof(*dns));
	int err;

	if (!dns)
		return -ENOMEM;
	dns->service = service;
	err = open_parts(dns, state);
	if (err)
		dns_close(dns);
	else
		service->dns = dns;
	return err;
}

void dns_close(struct dns *dns)
{
	if (!dns)
		return;
	if (dns->service->dns)
		save(dns);
	log_feed_close(dns->feed);
	dns_log_close(dns->log);
	dns_names_free(dns->names);
	dns_streams_free(dns->streams);
	dns_resolvers_close(dns->resolvers);
	sd_event_source_disable_unref(dns->saver);
	dns->service->dns = NULL;
	free(dns);
}

/* --- asking --------------------------------------------------------------- */

const char *dns_name_of(const struct dns *dns, const uint8_t *address, uint8_t family,
			uint64_t *lookup)
{
	return dns ? dns_names_get(dns->names, address, family, lookup) : NULL;
}

struct dns_log *dns_log_of(const struct dns *dns)
{
	return dns ? dns->log : NULL;
}

static struct json_object *list_addresses(const struct resolver *list, size_t n)
{
	struct json_object *addresses = json_object_new_array();
	char text[INET6_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < n; i++) {
		inet_ntop(list[i].family == MSEG_FAMILY_IPV4 ? AF_INET : AF_INET6, list[i].addr,
			  text, sizeof(text));
		json_object_array_add(addresses, json_object_new_string(text));
	}
	return addresses;
}

struct json_object *dns_status(const struct service *service)
{
	const struct dns *dns = service->dns;
	struct json_object *object = json_object_new_object(), *files = json_object_new_array();
	const struct resolvers *found;
	const struct resolver *list;
	size_t i, n;

	if (dns) {
		n = wanted(dns, &list);
		found = dns_resolvers_now(dns->resolvers);
		json_add(object, "resolvers", list_addresses(list, n));
		json_add_bool(object, "configured", list != found->list);
		json_add_bool(object, "local", found->local);
		for (i = 0; i < found->n_encrypted; i++)
			json_object_array_add(files, json_object_new_string(found->encrypted[i]));
		json_add_bool(object, "learning", dns->feed && !dns->refused);
		json_add_number(object, "lost", dns->lost + dns_log_lost(dns->log));
	}
	json_add(object, "encrypted", files);
	return object;
}
