// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DNS messages.
 *
 * ldns takes the records apart. They are read one by one, so that what stands before
 * the damage of a message still counts. Work is bounded by the message's length, which
 * a record takes eleven bytes of, and by the lengths of a chain of aliases.
 */
#include "dns_message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

/* Records that are looked at: no answer of use has more. */
#define RECORDS_MAX 256

/* The most that a label takes in text, with a dot and a NUL. */
#define LABEL_TEXT_LEN (63 * 4 + 2)

struct reader {
	const uint8_t *data;
	size_t len;
	size_t at;
	ldns_rr *records[RECORDS_MAX];
	size_t n;
	/* Its end is missing, or no records. */
	bool damaged;
	/* The upper bits of the response code (RFC 6891, section 6.1.3). */
	unsigned int extended;
};

/* --- text ----------------------------------------------------------------- */

static bool is_harmless(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
	       byte == '_';
}

static char *write_byte(char *at, uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		byte |= 0x20;
	if (is_harmless(byte))
		*at++ = (char)byte;
	else
		at += sprintf(at, "\\%03u", byte);
	return at;
}

static void write_name(const ldns_rdf *name, char *text)
{
	const uint8_t *bytes = ldns_rdf_data(name), *end = bytes + ldns_rdf_size(name);
	const char *last = text + DNS_NAME_LEN - LABEL_TEXT_LEN;
	char *at = text;
	size_t i;

	for (; bytes < end && *bytes && bytes + *bytes < end && at < last; bytes += *bytes + 1) {
		if (at > text)
			*at++ = '.';
		for (i = 1; i <= *bytes; i++)
			at = write_byte(at, bytes[i]);
	}
	if (at == text)
		*at++ = '.';
	*at = '\0';
}

static void write_type(ldns_rr_type type, char *text, size_t size)
{
	char *word = ldns_rr_type2str(type);

	snprintf(text, size, "%s", word ? word : "");
	LDNS_FREE(word);
}

static void write_code(unsigned int code, char *text, size_t size)
{
	static const struct {
		unsigned int code;
		const char *word;
	} words[] = {
		{ 1, "FORMERR" },    { 2, "SERVFAIL" }, { 3, "NXDOMAIN" },   { 4, "NOTIMP" },
		{ 5, "REFUSED" },    { 6, "YXDOMAIN" }, { 7, "YXRRSET" },    { 8, "NXRRSET" },
		{ 9, "NOTAUTH" },    { 10, "NOTZONE" }, { 11, "DSOTYPENI" }, { 16, "BADVERS" },
		{ 23, "BADCOOKIE" },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].code == code) {
			snprintf(text, size, "%s", words[i].word);
			return;
		}
	snprintf(text, size, "RCODE%u", code);
}

/* --- records -------------------------------------------------------------- */

static ldns_rr *next(struct reader *reader, ldns_pkt_section section)
{
	ldns_rr *record = NULL;

	if (reader->at < reader->len && ldns_wire2rr(&record, reader->data, reader->len,
						     &reader->at, section) == LDNS_STATUS_OK)
		return record;
	reader->damaged = true;
	return NULL;
}

static void read_answers(struct reader *reader)
{
	unsigned int i, n = LDNS_ANCOUNT(reader->data);

	for (i = 0; i < n && !reader->damaged && reader->n < RECORDS_MAX; i++) {
		ldns_rr *record = next(reader, LDNS_SECTION_ANSWER);

		if (record)
			reader->records[reader->n++] = record;
	}
	reader->damaged |= n > RECORDS_MAX;
}

/* What else there is: of use for the response code alone, and missing is no damage. */
static void read_extended_code(struct reader *reader)
{
	unsigned int i, n = LDNS_NSCOUNT(reader->data) + (unsigned int)LDNS_ARCOUNT(reader->data);
	bool damaged = reader->damaged;

	for (i = 0; i < n && i < RECORDS_MAX && !reader->damaged; i++) {
		ldns_rr *record = next(reader, LDNS_SECTION_ADDITIONAL);

		if (record && ldns_rr_get_type(record) == LDNS_RR_TYPE_OPT)
			reader->extended = ldns_rr_ttl(record) >> 24;
		ldns_rr_free(record);
	}
	reader->damaged = damaged;
}

static bool is_of(const ldns_rr *record, const ldns_rdf *owner, ldns_rr_type type)
{
	return ldns_rr_get_type(record) == type && ldns_rr_rd_count(record) == 1 &&
	       !ldns_dname_compare(ldns_rr_owner(record), owner);
}

static void shorten(struct dns_message *message, const ldns_rr *record)
{
	/* A TTL with its upper bit set is none (RFC 2181, section 8). */
	uint32_t ttl = ldns_rr_ttl(record) > INT32_MAX ? 0 : ldns_rr_ttl(record);

	if ((!message->n_addresses && !message->n_aliases) || ttl < message->ttl)
		message->ttl = ttl;
}

/* The name behind all aliases. */
static const ldns_rdf *follow(const struct reader *reader, const ldns_rdf *name,
			      struct dns_message *message)
{
	size_t i;

	for (i = 0; i < reader->n && message->n_aliases < DNS_ALIASES_MAX; i++) {
		const ldns_rr *record = reader->records[i];

		if (!is_of(record, name, LDNS_RR_TYPE_CNAME))
			continue;
		shorten(message, record);
		name = ldns_rr_rdf(record, 0);
		write_name(name, message->aliases[message->n_aliases++]);
		/* Its own alias may stand anywhere. */
		i = (size_t)-1;
	}
	return name;
}

static void take_addresses(const struct reader *reader, const ldns_rdf *name, ldns_rr_type type,
			   struct dns_message *message)
{
	int family = type == LDNS_RR_TYPE_A ? AF_INET : AF_INET6;
	size_t i, size = family == AF_INET ? 4 : 16;

	for (i = 0; i < reader->n && message->n_addresses < DNS_ADDRESSES_MAX; i++) {
		const ldns_rr *record = reader->records[i];

		if (!is_of(record, name, type) || ldns_rdf_size(ldns_rr_rdf(record, 0)) != size)
			continue;
		shorten(message, record);
		inet_ntop(family, ldns_rdf_data(ldns_rr_rdf(record, 0)),
			  message->addresses[message->n_addresses++], sizeof(message->addresses[0]));
	}
}

/* Whether what was asked for is there; of other types than addresses it is not known which. */
static bool has_answer(const struct reader *reader, const struct dns_message *message,
		       ldns_rr_type type)
{
	if (type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_AAAA)
		return message->n_addresses > 0;
	return reader->n > message->n_aliases || (type == LDNS_RR_TYPE_CNAME && message->n_aliases);
}

static void judge(const struct reader *reader, ldns_rr_type type, struct dns_message *message)
{
	unsigned int code = LDNS_RCODE_WIRE(reader->data) | reader->extended << 4;
	const char *reason = "";

	if (code) {
		message->outcome = DNS_FAILED;
		write_code(code, message->reason, sizeof(message->reason));
		return;
	}
	if (LDNS_TC_WIRE(reader->data)) {
		reason = "TRUNCATED";
	} else if (reader->damaged) {
		reason = "MALFORMED";
		if (!message->n_addresses)
			message->outcome = DNS_FAILED;
	} else if (!has_answer(reader, message, type)) {
		reason = "NODATA";
	}
	snprintf(message->reason, sizeof(message->reason), "%s", reason);
}

static void read_answer(struct reader *reader, const ldns_rr *question, struct dns_message *message)
{
	ldns_rr_type type = ldns_rr_get_type(question);
	const ldns_rdf *name;

	read_answers(reader);
	read_extended_code(reader);
	name = follow(reader, ldns_rr_owner(question), message);
	if (type == LDNS_RR_TYPE_A || type == LDNS_RR_TYPE_ANY)
		take_addresses(reader, name, LDNS_RR_TYPE_A, message);
	if (type == LDNS_RR_TYPE_AAAA || type == LDNS_RR_TYPE_ANY)
		take_addresses(reader, name, LDNS_RR_TYPE_AAAA, message);
	judge(reader, type, message);
}

int dns_message_read(const uint8_t *data, size_t len, struct dns_message *message)
{
	struct reader reader = { .data = data, .len = len, .at = LDNS_HEADER_SIZE };
	ldns_rr *question;

	memset(message, 0, sizeof(*message));
	if (len < LDNS_HEADER_SIZE || LDNS_QDCOUNT(data) != 1)
		return -EBADMSG;
	question = next(&reader, LDNS_SECTION_QUESTION);
	if (!question)
		return -EBADMSG;
	message->id = LDNS_ID_WIRE(data);
	message->is_answer = LDNS_QR_WIRE(data);
	write_name(ldns_rr_owner(question), message->name);
	write_type(ldns_rr_get_type(question), message->type, sizeof(message->type));
	if (message->is_answer)
		read_answer(&reader, question, message);
	while (reader.n)
		ldns_rr_free(reader.records[--reader.n]);
	ldns_rr_free(question);
	return 0;
}
