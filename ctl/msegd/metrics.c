// SPDX-License-Identifier: GPL-2.0-or-later
/* Metrics, in Prometheus' text format. */
#include "metrics.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <mseg/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enforce.h"
#include "exports.h"
#include "httpd/loop.h"
#include "lib/kernel.h"
#include "records/writer.h"
#include "stats_list.h"

#define TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Of the port: connections, seconds without a byte, and how long an answer is good. */
#define CONNECTIONS_MAX 16
#define IDLE_TIMEOUT 10
#define FRESH 1000000ULL

struct metrics {
	struct service *service;
	struct MHD_Daemon *daemon;
	struct httpd_loop loop;
	/* The answer, and when it was made. */
	char *text;
	size_t len;
	uint64_t made;
};

/* --- the text ------------------------------------------------------------- */

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP mseg_%s %s\n# TYPE mseg_%s %s\n", name, help, name, type);
}

static void gauge(FILE *out, const char *name, uint64_t value, const char *help)
{
	head(out, name, "gauge", help);
	fprintf(out, "mseg_%s %" PRIu64 "\n", name, value);
}

static const char *describe(const char *name)
{
	static const struct {
		const char *name;
		const char *help;
	} stats[] = {
#define X(stat, doc) { #stat, doc },
		MSEG_STATS(X)
#undef X
	};
	size_t i;

	for (i = 0; i < sizeof(stats) / sizeof(stats[0]); i++)
		if (!strcmp(stats[i].name, name))
			return stats[i].help;
	return "of a newer module";
}

static int put_stat(const char *name, uint64_t value, void *arg)
{
	char full[96];

	snprintf(full, sizeof(full), "%s_total", name);
	head(arg, full, "counter", describe(name));
	fprintf(arg, "mseg_%s %" PRIu64 "\n", full, value);
	return 0;
}

static void put_kernel(FILE *out, const struct service *service)
{
	struct client *client = enforce_client(service->enforce);
	struct kernel_status status;
	bool loaded = !enforce_status(service->enforce, &status);

	gauge(out, "module_loaded", loaded, "Whether the kernel module is loaded");
	gauge(out, "policy_revision", store_newest(service->store), "The newest revision");
	gauge(out, "policy_enforced_revision", service->enforced,
	      "The revision that the kernel enforces, 0 for none");
	if (!loaded)
		return;
	gauge(out, "attached", status.attached, "Whether the module judges traffic");
	gauge(out, "policy_generation", status.generation, "The kernel's generation of the policy");
	gauge(out, "policy_networks", status.networks, "Networks in the kernel's policy");
	gauge(out, "policy_rules", status.rules, "Rules in the kernel's policy");
	gauge(out, "connections", status.connections, "Connections that the module remembers");
	if (client)
		kernel_stats(client, put_stat, out);
}

static void put_verdicts(FILE *out, const char *name, const char *labels, const uint64_t counts[2])
{
	fprintf(out, "mseg_%s{%sverdict=\"Accept\"} %" PRIu64 "\n", name, labels, counts[0]);
	fprintf(out, "mseg_%s{%sverdict=\"Reject\"} %" PRIu64 "\n", name, labels, counts[1]);
}

static void put_records(FILE *out, const struct service *service)
{
	struct writer_counts counts = { 0 };
	char labels[64];
	unsigned int i;

	if (service->writer)
		writer_counts(service->writer, &counts);
	head(out, "records_taken_total", "counter", "Flow records that came from the module");
	put_verdicts(out, "records_taken_total", "", counts.taken);
	head(out, "records_stored_total", "counter", "Flow records on the disk");
	put_verdicts(out, "records_stored_total", "", counts.stored);
	head(out, "records_lost_total", "counter", "Flow records lost, by where");
	for (i = 0; i < N_STAGES; i++) {
		snprintf(labels, sizeof(labels), "where=\"%s\",", stage_name(i));
		put_verdicts(out, "records_lost_total", labels, counts.lost[i]);
		fprintf(out, "mseg_records_lost_total{%sverdict=\"unknown\"} %" PRIu64 "\n", labels,
			counts.unknown[i]);
	}
}

/* A family's lines stand together. */
struct family {
	FILE *out;
	const char *name;
	size_t offset;
	bool is_flag;
};

static void put_export(const struct exporter_state *state, void *arg)
{
	const struct family *family = arg;
	const char *field = (const char *)state + family->offset;
	uint64_t value = family->is_flag ? *(const bool *)field : *(const uint64_t *)field;

	fprintf(family->out, "mseg_%s{export=\"%s\",type=\"%s\"} %" PRIu64 "\n", family->name,
		state->target->name, export_type_name(state->target->type), value);
}

static void put_exports(FILE *out, const struct service *service)
{
#define OF(member) offsetof(struct exporter_state, member)
	static const struct {
		const char *name;
		const char *type;
		const char *help;
		size_t offset;
		bool is_flag;
	} families[] = {
		{ "export_sent_total", "counter", "Flow records exported", OF(sent), false },
		{ "export_lost_total", "counter",
		  "Flow records not exported: the queue had no room", OF(lost), false },
		{ "export_failures_total", "counter",
		  "Times that a receiver could not be reached, or went", OF(failures), false },
		{ "export_waiting", "gauge", "Flow records in the queue", OF(waiting), false },
		{ "export_connected", "gauge", "Whether the receiver is there", OF(connected),
		  true },
	};
#undef OF
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		struct family family = { out, families[i].name, families[i].offset,
					 families[i].is_flag };

		head(out, families[i].name, families[i].type, families[i].help);
		exports_each(service->exports, put_export, &family);
	}
}

static char *make(const struct service *service, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	head(out, "build_info", "gauge", "The version of msegd");
	fputs("mseg_build_info{version=\"" MSEG_VERSION "\"} 1\n", out);
	put_kernel(out, service);
	put_records(out, service);
	put_exports(out, service);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* --- the API -------------------------------------------------------------- */

void metrics_get(struct service *service, struct request *request)
{
	struct reply *reply = &request->reply;

	reply->text = make(service, &reply->len);
	if (!reply->text) {
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "no memory");
		return;
	}
	reply->status = MHD_HTTP_OK;
	reply->type = TYPE;
}

/* --- the port ------------------------------------------------------------- */

/* Whoever asks all the time hears the same for a second. */
static bool refresh(struct metrics *metrics)
{
	uint64_t now = 0;

	sd_event_now(metrics->service->event, CLOCK_MONOTONIC, &now);
	if (metrics->text && now - metrics->made < FRESH)
		return true;
	free(metrics->text);
	metrics->text = make(metrics->service, &metrics->len);
	metrics->made = now;
	return metrics->text;
}

static enum MHD_Result reply_text(struct MHD_Connection *connection, unsigned int status,
				  const char *text, size_t len)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, (void *)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, TYPE);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **state)
{
	static const char nothing[] = "there is GET /metrics alone\n";
	struct metrics *metrics = arg;

	(void)version;
	(void)data;
	/* First comes the head; what is sent behind it is of no interest. */
	if (!*state || *size) {
		*state = metrics;
		*size = 0;
		return MHD_YES;
	}
	if (strcmp(url, "/metrics") != 0 || strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		return reply_text(connection, MHD_HTTP_NOT_FOUND, nothing, sizeof(nothing) - 1);
	if (!refresh(metrics))
		return MHD_NO;
	return reply_text(connection, MHD_HTTP_OK, metrics->text, metrics->len);
}

static int listen_at(struct metrics *metrics, const struct sockaddr_storage *address)
{
	unsigned int flags = MHD_USE_EPOLL | (address->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0);

	errno = 0;
	metrics->daemon =
		MHD_start_daemon(flags, 0, NULL, NULL, on_request, metrics, MHD_OPTION_SOCK_ADDR,
				 (const struct sockaddr *)address, MHD_OPTION_CONNECTION_LIMIT,
				 (unsigned int)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
				 (unsigned int)IDLE_TIMEOUT, MHD_OPTION_END);
	if (!metrics->daemon)
		return errno ? -errno : -EIO;
	return httpd_loop_open(&metrics->loop, metrics->service->event, metrics->daemon);
}

int metrics_open(struct service *service, struct metrics **result)
{
	socklen_t length;
	const struct sockaddr_storage *address = config_metrics(service->config, &length);
	struct metrics *metrics;
	int err;

	*result = NULL;
	if (!address)
		return 0;
	metrics = calloc(1, sizeof(*metrics));
	if (!metrics)
		return -ENOMEM;
	metrics->service = service;
	err = listen_at(metrics, address);
	if (err)
		metrics_close(metrics);
	else
		*result = metrics;
	return err;
}

void metrics_close(struct metrics *metrics)
{
	if (!metrics)
		return;
	httpd_loop_close(&metrics->loop);
	if (metrics->daemon)
		MHD_stop_daemon(metrics->daemon);
	free(metrics->text);
	free(metrics);
}
