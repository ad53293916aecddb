// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records as IPFIX (RFC 7011), by libfixbuf. A connection sends several, each with what
 * was added since the last (deltas), both ways in one (RFC 5103). Messages are made in
 * memory, and sent as all else: libfixbuf would wait for the receiver.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fixbuf/public.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "records/open.h"

/* Bytes of a message: what passes everywhere in one piece. */
#define MESSAGE_MAX 1400
/* Sets of connections of which is known what they sent before. */
#define OPEN_SETS 4096
/* Each with 20 to 90 bytes; so few that the message holds them. */
#define RECORDS_A_MESSAGE 10

#define T_IPV4 0x4d34
#define T_IPV6 0x4d36

/* As the templates below have it; numbers in host order. */
struct ipfix_record {
	uint64_t begin;
	uint64_t end;
	uint64_t octets;
	uint64_t packets;
	uint64_t reverse_octets;
	uint64_t reverse_packets;
	uint64_t flow;
	uint64_t count;
	union {
		uint8_t ipv6[2][16];
		uint32_t ipv4[2];
	} address;
	uint32_t ifindex;
	uint16_t ports[2];
	uint16_t icmp;
	uint8_t protocol;
	uint8_t direction;
	uint8_t event;
	uint8_t padding[3];
};

#define SPECS(family, length)                                                                    \
	{                                                                                        \
		{ "flowStartMilliseconds", 8, 0 }, { "flowEndMilliseconds", 8, 0 },              \
			{ "octetDeltaCount", 8, 0 }, { "packetDeltaCount", 8, 0 },               \
			{ "reverseOctetDeltaCount", 8, 0 }, { "reversePacketDeltaCount", 8, 0 }, \
			{ "flowId", 8, 0 }, { "deltaFlowCount", 8, 0 },                          \
			{ "source" family "Address", length, 0 },                                \
			{ "destination" family "Address", length, 0 },                           \
			{ "paddingOctets", 32 - 2 * (length), INTERNAL },                        \
			{ "ingressInterface", 4, 0 }, { "sourceTransportPort", 2, 0 },           \
			{ "destinationTransportPort", 2, 0 }, { "icmpTypeCode" family, 2, 0 },   \
			{ "protocolIdentifier", 1, 0 }, { "flowDirection", 1, 0 },               \
			{ "firewallEvent", 1, 0 }, { "paddingOctets", 3, INTERNAL },             \
			FB_IESPEC_NULL                                                           \
	}

/* What stands in memory alone. */
#define INTERNAL 1

static fbInfoElementSpec_t specs_ipv4[] = SPECS("IPv4", 4);
static fbInfoElementSpec_t specs_ipv6[] = {
	{ "flowStartMilliseconds", 8, 0 },
	{ "flowEndMilliseconds", 8, 0 },
	{ "octetDeltaCount", 8, 0 },
	{ "packetDeltaCount", 8, 0 },
	{ "reverseOctetDeltaCount", 8, 0 },
	{ "reversePacketDeltaCount", 8, 0 },
	{ "flowId", 8, 0 },
	{ "deltaFlowCount", 8, 0 },
	{ "sourceIPv6Address", 16, 0 },
	{ "destinationIPv6Address", 16, 0 },
	{ "ingressInterface", 4, 0 },
	{ "sourceTransportPort", 2, 0 },
	{ "destinationTransportPort", 2, 0 },
	{ "icmpTypeCodeIPv6", 2, 0 },
	{ "protocolIdentifier", 1, 0 },
	{ "flowDirection", 1, 0 },
	{ "firewallEvent", 1, 0 },
	{ "paddingOctets", 3, INTERNAL },
	FB_IESPEC_NULL,
};

/* firewallEvent(233). */
enum event {
	EVENT_CREATED = 1,
	EVENT_DELETED = 2,
	EVENT_DENIED = 3,
	EVENT_ALERT = 4,
	EVENT_UPDATE = 5,
};

struct ipfix {
	fbInfoModel_t *model;
	fbExporter_t *exporter;
	fbSession_t *session;
	fBuf_t *buffer;
	struct open_flows *open;
	uint8_t message[MESSAGE_MAX];
};

static int failed(GError **error)
{
	g_clear_error(error);
	return -EIO;
}

/* --- beginning ------------------------------------------------------------ */

static bool add_template(struct ipfix *ipfix, uint16_t id, fbInfoElementSpec_t *specs)
{
	GError *error = NULL;
	unsigned int internal;

	for (internal = 0; internal < 2; internal++) {
		fbTemplate_t *template = fbTemplateAlloc(ipfix->model);

		if (!fbTemplateAppendSpecArray(template, specs, internal ? INTERNAL : 0, &error) ||
		    !fbSessionAddTemplate(ipfix->session, internal, id, template, &error)) {
			g_clear_error(&error);
			return false;
		}
	}
	return true;
}

/* Numbers of messages begin anew with a connection, as the receiver's do. */
static bool begin_session(struct ipfix *ipfix)
{
	if (ipfix->buffer)
		fBufFree(ipfix->buffer);
	ipfix->buffer = NULL;
	ipfix->session = fbSessionAlloc(ipfix->model);
	if (!add_template(ipfix, T_IPV4, specs_ipv4) || !add_template(ipfix, T_IPV6, specs_ipv6)) {
		fbSessionFree(ipfix->session);
		return false;
	}
	ipfix->exporter = fbExporterAllocBuffer(ipfix->message, sizeof(ipfix->message));
	ipfix->buffer = fBufAllocForExport(ipfix->session, ipfix->exporter);
	return true;
}

static void ipfix_close(void *state)
{
	struct ipfix *ipfix = state;

	if (!ipfix)
		return;
	if (ipfix->buffer)
		fBufFree(ipfix->buffer);
	if (ipfix->model)
		fbInfoModelFree(ipfix->model);
	open_free(ipfix->open);
	free(ipfix);
}

static void *ipfix_open(void)
{
	struct ipfix *ipfix = calloc(1, sizeof(*ipfix));

	if (!ipfix)
		return NULL;
	ipfix->model = fbInfoModelAlloc();
	ipfix->open = open_new(OPEN_SETS);
	if (ipfix->open && begin_session(ipfix))
		return ipfix;
	ipfix_close(ipfix);
	return NULL;
}

/* --- records -------------------------------------------------------------- */

static uint64_t grown(uint64_t *before, uint64_t count)
{
	uint64_t more = count >= *before ? count - *before : count;

	*before = count;
	return more;
}

/* What begins a connection is forward, whoever it was. */
static void fill_counts(struct open_flows *open, const struct mseg_flow_record *flow,
			struct ipfix_record *record)
{
	struct open_flow anew = { 0 };
	struct open_flow *known = flow->id ? open_get(open, flow->id, flow->first_seen) : &anew;
	uint64_t *in[] = { &record->octets, &record->packets };
	uint64_t *out[] = { &record->reverse_octets, &record->reverse_packets };
	bool incoming = flow->direction == MSEG_DIRECTION_IN;

	*(incoming ? in : out)[0] = grown(&known->count[0], flow->bytes_in);
	*(incoming ? out : in)[0] = grown(&known->count[1], flow->bytes_out);
	*(incoming ? in : out)[1] = grown(&known->count[2], flow->packets_in);
	*(incoming ? out : in)[1] = grown(&known->count[3], flow->packets_out);
}

static uint8_t event_of(const struct mseg_flow_record *flow)
{
	if (flow->verdict == MSEG_ACTION_REJECT)
		return EVENT_DENIED;
	if (flow->event == MSEG_FLOW_EVENT_BEGIN)
		return EVENT_CREATED;
	return flow->event == MSEG_FLOW_EVENT_END ? EVENT_DELETED : EVENT_UPDATE;
}

static void fill_addresses(const struct mseg_flow_record *flow, struct ipfix_record *record)
{
	uint32_t ends[2];

	if (flow->family == MSEG_FAMILY_IPV4) {
		memcpy(&ends[0], flow->source, 4);
		memcpy(&ends[1], flow->destination, 4);
		record->address.ipv4[0] = ntohl(ends[0]);
		record->address.ipv4[1] = ntohl(ends[1]);
	} else {
		memcpy(record->address.ipv6[0], flow->source, 16);
		memcpy(record->address.ipv6[1], flow->destination, 16);
	}
}

static void fill(struct ipfix *ipfix, const struct mseg_flow_record *flow,
		 struct ipfix_record *record)
{
	memset(record, 0, sizeof(*record));
	record->begin = flow->first_seen / 1000000;
	record->end = flow->last_seen / 1000000;
	record->flow = flow->id;
	record->count = flow->count;
	record->ifindex = flow->ifindex;
	record->ports[0] = flow->source_port;
	record->ports[1] = flow->destination_port;
	record->icmp = (uint16_t)(flow->icmp_type << 8 | flow->icmp_code);
	record->protocol = flow->protocol;
	record->direction = flow->direction != MSEG_DIRECTION_IN;
	record->event = event_of(flow);
	fill_addresses(flow, record);
	fill_counts(ipfix->open, flow, record);
}

/* --- messages ------------------------------------------------------------- */

static int emit(struct ipfix *ipfix, struct channel *channel)
{
	GError *error = NULL;

	if (!fBufEmit(ipfix->buffer, &error))
		return failed(&error);
	return channel_send(channel, (const char *)ipfix->message,
			    fbExporterGetMsgLen(ipfix->exporter));
}

/* The templates, in a message of their own; over datagrams from time to time again. */
static int ipfix_begin(void *state, struct channel *channel)
{
	struct ipfix *ipfix = state;
	GError *error = NULL;

	if (!channel_is_datagram(channel) && !begin_session(ipfix))
		return -ENOMEM;
	if (!fbSessionExportTemplates(ipfix->session, &error))
		return failed(&error);
	return emit(ipfix, channel);
}

static int add(struct ipfix *ipfix, const struct mseg_flow_record *flow)
{
	uint16_t id = flow->family == MSEG_FAMILY_IPV4 ? T_IPV4 : T_IPV6;
	struct ipfix_record record;
	GError *error = NULL;

	fill(ipfix, flow, &record);
	if (!fBufSetInternalTemplate(ipfix->buffer, id, &error) ||
	    !fBufSetExportTemplate(ipfix->buffer, id, &error) ||
	    !fBufAppend(ipfix->buffer, (uint8_t *)&record, sizeof(record), &error))
		return failed(&error);
	return 0;
}

/* What was not sent is sent again: it counts from where it did. */
static void take_back(struct open_flows *open, const struct record *records,
		      const struct open_flow *before, unsigned int n)
{
	while (n--)
		if (records[n].kernel.id)
			memcpy(open_get(open, records[n].kernel.id, records[n].kernel.first_seen)
				       ->count,
			       before[n].count, sizeof(before[n].count));
}

static int send_message(struct ipfix *ipfix, struct channel *channel, const struct record *records,
			unsigned int n)
{
	struct open_flow before[RECORDS_A_MESSAGE] = { 0 };
	unsigned int i;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		const struct mseg_flow_record *flow = &records[i].kernel;

		if (flow->id)
			before[i] = *open_get(ipfix->open, flow->id, flow->first_seen);
		err = add(ipfix, flow);
	}
	if (!err)
		err = emit(ipfix, channel);
	if (err)
		take_back(ipfix->open, records, before, i);
	return err;
}

static int ipfix_send(void *state, struct channel *channel, const struct record *records,
		      unsigned int n, unsigned int *done)
{
	unsigned int more;
	int err = 0;

	for (*done = 0; *done < n && !err; *done += err ? 0 : more) {
		more = n - *done < RECORDS_A_MESSAGE ? n - *done : RECORDS_A_MESSAGE;
		err = send_message(state, channel, records + *done, more);
	}
	return err;
}

const struct format format_ipfix = { ipfix_open, ipfix_close, ipfix_begin, ipfix_send };
