// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records as syslog messages (RFC 5424): all of a record stands in structured data, and
 * a sentence for people behind it. Over TCP, each has its length before it (RFC 6587).
 * At a UNIX socket the header is the one that syslog(3) writes, which daemons know there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "format.h"
#include "lib/flow.h"
#include "lib/prefix.h"
#include "lib/text.h"

/* Facility daemon; warning for what was rejected, else informational. */
#define FACILITY 3
#define WARNING 4
#define INFORMATIONAL 6

/* The number that RFC 5612 keeps for examples: the project has none of its own. */
#define SD_ID "mseg@32473"

struct syslog {
	char host[256];
	pid_t pid;
};

static bool is_for_header(char c)
{
	return c > ' ' && c < 127;
}

static void *syslog_open(void)
{
	struct syslog *syslog = calloc(1, sizeof(*syslog));
	char *c;

	if (!syslog)
		return NULL;
	syslog->pid = getpid();
	if (gethostname(syslog->host, sizeof(syslog->host) - 1) || !syslog->host[0])
		strcpy(syslog->host, "-");
	for (c = syslog->host; *c; c++)
		if (!is_for_header(*c))
			*c = '?';
	return syslog;
}

/* A name is data: what ends a value is escaped, what controls a terminal is no part of it. */
static void put_value(FILE *out, const char *text)
{
	size_t len = strlen(text), taken;
	uint32_t character;

	for (; len; text += taken, len -= taken) {
		taken = text_decode(text, len, &character);
		if (!taken || text_is_control(character)) {
			taken = taken ? taken : 1;
			fputc('?', out);
			continue;
		}
		if (strchr("\"\\]", *text))
			fputc('\\', out);
		fwrite(text, 1, taken, out);
	}
}

static int put_data(FILE *out, const struct record *record)
{
	struct json_object *object = record_json(record);

	if (!object)
		return -ENOMEM;
	fputs("[" SD_ID, out);
	json_object_object_foreach(object, key, value)
	{
		if (!value)
			continue;
		fprintf(out, " %.32s=\"", key);
		put_value(out, json_object_get_string(value));
		fputc('"', out);
	}
	fputc(']', out);
	json_object_put(object);
	return 0;
}

static void put_end(FILE *out, const struct mseg_flow_record *flow, const uint8_t *address,
		    uint16_t port)
{
	char text[INET6_ADDRSTRLEN + 8];

	address_format(address, flow->family, text);
	fputs(text, out);
	if (mseg_protocol_has_ports(flow->protocol))
		fprintf(out, " port %u", port);
}

static void put_sentence(FILE *out, const struct record *record)
{
	const struct mseg_flow_record *flow = &record->kernel;
	const char *rule = record->attribution->texts[ATTRIBUTION_RULE_NAME];
	char number[16];

	fprintf(out, " %s %s %s from ",
		flow->verdict == MSEG_ACTION_REJECT ? "rejected" : "accepted",
		flow->direction == MSEG_DIRECTION_IN ? "incoming" : "outgoing",
		flow_protocol(flow->protocol, number));
	put_end(out, flow, flow->source, flow->source_port);
	fputs(" to ", out);
	put_end(out, flow, flow->destination, flow->destination_port);
	fputs(*rule ? " by rule " : " by default", out);
	put_value(out, rule);
}

/* What daemons expect at their own socket, of programs that call syslog(3). */
static void put_local_header(FILE *out, const struct syslog *syslog, const struct record *record)
{
	time_t seconds = (time_t)(record->kernel.last_seen / 1000000000);
	char time[32];
	struct tm tm;

	strftime(time, sizeof(time), "%b %e %H:%M:%S", localtime_r(&seconds, &tm));
	fprintf(out, "%s msegd[%d]: ", time, (int)syslog->pid);
}

static void put_header(FILE *out, const struct syslog *syslog, const struct record *record)
{
	char time[40];

	flow_time(record->kernel.last_seen, time);
	/* Microseconds are the most that may stand there. */
	strcpy(time + strlen("2026-11-23T00:00:00.000000"), "Z");
	fprintf(out, "1 %s %s msegd %d flow ", time, syslog->host, (int)syslog->pid);
}

static int put_message(FILE *out, const struct syslog *syslog, bool local,
		       const struct record *record)
{
	bool rejected = record->kernel.verdict == MSEG_ACTION_REJECT;
	int err;

	fprintf(out, "<%d>", FACILITY * 8 + (rejected ? WARNING : INFORMATIONAL));
	(local ? put_local_header : put_header)(out, syslog, record);
	err = put_data(out, record);
	put_sentence(out, record);
	return err;
}

static int send_text(struct channel *channel, char *text, size_t len)
{
	char *framed = NULL;
	int err, size;

	if (channel_is_datagram(channel))
		return channel_send(channel, text, len);
	size = asprintf(&framed, "%zu %s", len, text);
	err = size < 0 ? -ENOMEM : channel_send(channel, framed, (size_t)size);
	free(framed);
	return err;
}

static int send_one(const struct syslog *syslog, struct channel *channel,
		    const struct record *record)
{
	bool local = channel->target->way == EXPORT_DATAGRAM;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err = out ? put_message(out, syslog, local, record) : -ENOMEM;

	if (out && fclose(out))
		err = -ENOMEM;
	if (!err)
		err = send_text(channel, text, len);
	free(text);
	return err;
}

static int syslog_send(void *state, struct channel *channel, const struct record *records,
		       unsigned int n, unsigned int *done)
{
	int err = 0;

	for (*done = 0; *done < n && !err; *done += !err)
		err = send_one(state, channel, &records[*done]);
	return err;
}

const struct format format_syslog = { syslog_open, free, NULL, syslog_send };
