// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS answers in several segments. */
#include "dns_stream.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the length that stands before a message (RFC 1035, section 4.2.2). */
#define LENGTH_LEN 2

struct stream {
	/* Of the first segment; its time is 0 where the place is free. */
	struct mseg_dns_record record;
	uint32_t next;
	size_t whole;
	size_t len;
	uint8_t *data;
};

struct dns_streams {
	struct stream streams[DNS_STREAMS];
	/* What was given out last. */
	uint8_t *given;
};

struct dns_streams *dns_streams_new(void)
{
	return calloc(1, sizeof(struct dns_streams));
}

static void forget(struct stream *stream)
{
	free(stream->data);
	memset(stream, 0, sizeof(*stream));
}

void dns_streams_free(struct dns_streams *streams)
{
	size_t i;

	if (!streams)
		return;
	for (i = 0; i < DNS_STREAMS; i++)
		forget(&streams->streams[i]);
	free(streams->given);
	free(streams);
}

static bool is_same(const struct mseg_dns_record *a, const struct mseg_dns_record *b)
{
	return a->family == b->family && a->client_port == b->client_port &&
	       a->server_port == b->server_port &&
	       !memcmp(a->client, b->client, sizeof(a->client)) &&
	       !memcmp(a->server, b->server, sizeof(a->server));
}

static struct stream *find(struct dns_streams *streams, const struct mseg_dns_record *record)
{
	size_t i;

	for (i = 0; i < DNS_STREAMS; i++)
		if (streams->streams[i].data && is_same(&streams->streams[i].record, record))
			return &streams->streams[i];
	return NULL;
}

static struct stream *oldest(struct dns_streams *streams)
{
	struct stream *best = streams->streams;
	size_t i;

	for (i = 1; i < DNS_STREAMS; i++)
		if (streams->streams[i].record.time < best->record.time)
			best = &streams->streams[i];
	return best;
}

/*
 * A segment that begins an answer, which its length stands before; or its length alone,
 * where it is a server that counts.
 */
static struct stream *begin(struct dns_streams *streams, const struct mseg_dns_record *record,
			    const uint8_t **data, size_t *len)
{
	struct stream *stream;

	if (record->asked ? *len <= LENGTH_LEN :
			    *len != LENGTH_LEN || !(record->flags & MSEG_DNS_FLAG_RESOLVER))
		return NULL;
	stream = find(streams, record);
	if (!stream)
		stream = oldest(streams);
	forget(stream);
	stream->whole = (size_t)(*data)[0] << 8 | (*data)[1];
	stream->data = malloc(stream->whole + !stream->whole);
	if (!stream->data)
		return NULL;
	stream->record = *record;
	stream->next = record->tcp_seq + LENGTH_LEN;
	*data += LENGTH_LEN;
	*len -= LENGTH_LEN;
	return stream;
}

/* One that goes on where the last one ended. */
static struct stream *resume(struct dns_streams *streams, const struct mseg_dns_record *record)
{
	struct stream *stream = find(streams, record);

	if (!stream || stream->next != record->tcp_seq || !!record->asked != !stream->len)
		return NULL;
	if (record->asked)
		stream->record = *record;
	return stream;
}

bool dns_streams_add(struct dns_streams *streams, const struct mseg_dns_record *record,
		     const uint8_t *data, size_t len, struct dns_stream_answer *answer)
{
	struct stream *stream = resume(streams, record);

	if (!stream)
		stream = begin(streams, record, &data, &len);
	if (!stream)
		return false;
	if (record->flags & MSEG_DNS_FLAG_CUT) {
		forget(stream);
		return false;
	}
	if (len > stream->whole - stream->len)
		len = stream->whole - stream->len;
	memcpy(stream->data + stream->len, data, len);
	stream->len += len;
	stream->next += (uint32_t)len;
	if (stream->len < stream->whole)
		return false;
	free(streams->given);
	streams->given = stream->data;
	*answer = (struct dns_stream_answer){ stream->record, stream->data, stream->len };
	answer->record.event = MSEG_DNS_EVENT_ANSWER;
	answer->record.time = record->time;
	stream->data = NULL;
	forget(stream);
	return true;
}
