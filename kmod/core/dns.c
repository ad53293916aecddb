// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A name is walked label by label. Each pointer in it must lead to before the
 * place where the walk came to last, so that no walk comes by a place twice, and
 * all walks of one answer together have a budget. Names are compared in their
 * canonical form (RFC 4034, 6.2): in one piece, lower case.
 */
#include <mseg/dns.h>
#include "port.h"

#define MAX_NAME 255
#define MAX_LABEL 63
#define MAX_POINTERS 32

/* Bytes of names that one answer may make us walk along: 16 names a hundred times. */
#define BUDGET 65536

#define TYPE_A 1
#define TYPE_CNAME 5
#define TYPE_AAAA 28
#define CLASS_IN 1
#define RECORD_LEN 10 /* without its name and its data */

#define FLAG_ANSWER 0x8000
#define FLAG_TRUNCATED 0x0200
#define MASK_OPCODE 0x7800
#define MASK_RCODE 0x000f

struct reader {
	const u8 *message;
	u32 len;
	u32 budget;
};

/* Along a name. */
struct walk {
	u32 at;	  /* the next label */
	u32 from; /* of what is in one piece */
	u32 end;  /* behind the name, where it began; 0 until that is known */
	u32 pointers;
	u32 len; /* of the name so far */
};

enum step { STEP_LABEL, STEP_END, STEP_MALFORMED };

struct record {
	u16 type;
	u16 class;
	u32 ttl;
	u32 data;
	u32 len;
};

static u16 get_u16(const u8 *at)
{
	return (u16)(at[0] << 8 | at[1]);
}

static u32 get_u32(const u8 *at)
{
	return (u32)get_u16(at) << 16 | get_u16(at + 2);
}

static u8 lower(u8 c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static struct walk walk_from(u32 at)
{
	return (struct walk){ .at = at, .from = at };
}

static bool follow_pointer(const struct reader *reader, struct walk *walk)
{
	u32 to;

	if (reader->len - walk->at < 2 || ++walk->pointers > MAX_POINTERS)
		return false;
	to = get_u16(reader->message + walk->at) & 0x3fff;
	if (!walk->end)
		walk->end = walk->at + 2;
	if (to >= walk->from || to < MSEG_DNS_HEADER_LEN)
		return false;
	walk->at = to;
	walk->from = to;
	return true;
}

/* A label, in the message and of a length that fits; or the name's end. */
static enum step next_label(struct reader *reader, struct walk *walk, const u8 **label)
{
	u32 len;

	for (;;) {
		if (walk->at >= reader->len || !reader->budget)
			return STEP_MALFORMED;
		reader->budget--;
		len = reader->message[walk->at];
		if (len <= MAX_LABEL)
			break;
		if (len < 0xc0 || !follow_pointer(reader, walk))
			return STEP_MALFORMED;
	}
	walk->len += len + 1;
	if (walk->len > MAX_NAME || len >= reader->len - walk->at || len > reader->budget)
		return STEP_MALFORMED;
	reader->budget -= len;
	*label = reader->message + walk->at;
	walk->at += len + 1;
	if (len)
		return STEP_LABEL;
	if (!walk->end)
		walk->end = walk->at;
	return STEP_END;
}

/* Write a name in canonical form, and say where it ends; 0 where it is none. */
static u32 read_name(struct reader *reader, u32 at, u8 *name)
{
	struct walk walk = walk_from(at);
	const u8 *label;
	enum step step;
	u32 i, to = 0;

	do {
		step = next_label(reader, &walk, &label);
		if (step == STEP_MALFORMED)
			return 0;
		for (i = 0; i <= *label; i++)
			name[to++] = lower(label[i]);
	} while (step == STEP_LABEL);
	return walk.end;
}

static bool same_label(const u8 *label, const u8 *canonical)
{
	u32 i;

	for (i = 0; i <= *label; i++)
		if (lower(label[i]) != canonical[i])
			return false;
	return true;
}

/*
 * Whether the name at a place is one in canonical form. Where that ends is written
 * for either answer, 0 where there is no name.
 */
static bool name_is(struct reader *reader, u32 at, const u8 *canonical, u32 *end)
{
	struct walk walk = walk_from(at);
	bool same = true;
	const u8 *label;
	enum step step;

	*end = 0;
	do {
		step = next_label(reader, &walk, &label);
		if (step == STEP_MALFORMED)
			return false;
		if (same && !same_label(label, canonical))
			same = false;
		/* Of another name only the end matters. */
		if (!same && walk.end)
			break;
		if (same)
			canonical += *label + 1;
	} while (step == STEP_LABEL);
	*end = walk.end;
	return same;
}

/* Questions are not compressed: there is nothing before them. */
int mseg_dns_read_question(const u8 *message, u32 len, int answer,
			   struct mseg_dns_question *question)
{
	struct reader reader = { message, len, BUDGET };
	struct walk walk = walk_from(MSEG_DNS_HEADER_LEN);
	const u8 *label;
	enum step step;
	u16 flags;

	if (len < MSEG_DNS_HEADER_LEN)
		return 0;
	flags = get_u16(message + 2);
	if (!(flags & FLAG_ANSWER) != !answer || flags & MASK_OPCODE || get_u16(message + 4) != 1)
		return 0;
	do {
		step = next_label(&reader, &walk, &label);
	} while (step == STEP_LABEL);
	if (step == STEP_MALFORMED || walk.pointers || len - walk.end < 4)
		return 0;
	question->bytes = message + MSEG_DNS_HEADER_LEN;
	question->len = walk.end + 4 - MSEG_DNS_HEADER_LEN;
	question->id = get_u16(message);
	return 1;
}

static bool is_of_name(u8 c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

int mseg_dns_name(const struct mseg_dns_question *question, char *text)
{
	const u8 *label = question->bytes;
	u32 i, to = 0;

	if (!*label)
		return 0;
	for (; *label; label += *label + 1) {
		for (i = 1; i <= *label; i++) {
			if (!is_of_name(lower(label[i])))
				return 0;
			text[to++] = (char)lower(label[i]);
		}
		text[to++] = '.';
	}
	text[to - 1] = '\0';
	return 1;
}

static u16 question_type(const struct mseg_dns_question *question)
{
	return get_u16(question->bytes + question->len - 4);
}

static u16 question_class(const struct mseg_dns_question *question)
{
	return get_u16(question->bytes + question->len - 2);
}

/* The record at a place, and whether it is one of that name; false where there is none. */
static bool read_record(struct reader *reader, u32 at, const u8 *name, struct record *record,
			bool *is_of_it)
{
	const u8 *fixed;
	u32 end;

	*is_of_it = name_is(reader, at, name, &end);
	if (!end || reader->len - end < RECORD_LEN)
		return false;
	fixed = reader->message + end;
	*record = (struct record){
		.type = get_u16(fixed),
		.class = get_u16(fixed + 2),
		.ttl = get_u32(fixed + 4),
		.data = end + RECORD_LEN,
		.len = get_u16(fixed + 8),
	};
	/* RFC 2181, 8: such a time is none. */
	if (record->ttl > 0x7fffffff)
		record->ttl = 0;
	return record->len <= reader->len - record->data;
}

static bool add_address(const struct reader *reader, const struct record *record, u32 ttl,
			struct mseg_dns_answer *answer)
{
	u32 len = answer->family == MSEG_FAMILY_IPV4 ? 4 : 16;

	if (record->len != len)
		return false;
	if (answer->n == MSEG_DNS_MAX_ADDRESSES)
		return true;
	memset(answer->address[answer->n], 0, 16);
	memcpy(answer->address[answer->n], reader->message + record->data, len);
	answer->ttl[answer->n++] = record->ttl < ttl ? record->ttl : ttl;
	return true;
}

/* A link of the chain. */
struct link {
	u16 type;  /* that is asked for */
	u32 first; /* record */
	u32 n;	   /* of them */
	u32 ttl;
	bool goes_on;
};

/* What all records say of one name. */
static bool read_link(struct reader *reader, struct mseg_dns_answer *answer, struct link *link)
{
	u32 i, ttl = link->ttl, at = link->first;
	struct record record;
	bool is_of_it;

	link->goes_on = false;
	for (i = 0; i < link->n; i++, at = record.data + record.len) {
		if (!read_record(reader, at, answer->name, &record, &is_of_it))
			return false;
		if (!is_of_it || record.class != CLASS_IN)
			continue;
		if (record.type == link->type && !add_address(reader, &record, ttl, answer))
			return false;
		if (record.type != TYPE_CNAME || link->goes_on)
			continue;
		if (read_name(reader, record.data, answer->next) != record.data + record.len)
			return false;
		link->goes_on = true;
		if (record.ttl < link->ttl)
			link->ttl = record.ttl;
	}
	return true;
}

static enum mseg_dns_result follow_chain(struct reader *reader, struct mseg_dns_answer *answer,
					 struct link *link)
{
	u32 i;

	for (i = 0; i <= MSEG_MAX_DNS_CHAIN; i++) {
		if (!read_link(reader, answer, link))
			return MSEG_DNS_MALFORMED;
		if (!link->goes_on)
			return MSEG_DNS_READ;
		memcpy(answer->name, answer->next, sizeof(answer->name));
	}
	return MSEG_DNS_CHAIN;
}

enum mseg_dns_result mseg_dns_read_answer(const u8 *message, u32 len,
					  const struct mseg_dns_question *question,
					  struct mseg_dns_answer *answer)
{
	struct reader reader = { message, len, BUDGET };
	u16 flags = get_u16(message + 2);
	struct link link = {
		.type = question_type(question),
		.first = MSEG_DNS_HEADER_LEN + question->len,
		.n = get_u16(message + 6),
		.ttl = MSEG_MAX_DNS_TTL,
	};

	if (question_class(question) != CLASS_IN || flags & MASK_RCODE ||
	    (link.type != TYPE_A && link.type != TYPE_AAAA))
		return MSEG_DNS_NOTHING;
	if (flags & FLAG_TRUNCATED)
		return MSEG_DNS_TRUNCATED;
	answer->n = 0;
	answer->family = link.type == TYPE_A ? MSEG_FAMILY_IPV4 : MSEG_FAMILY_IPV6;
	if (!read_name(&reader, MSEG_DNS_HEADER_LEN, answer->name))
		return MSEG_DNS_MALFORMED;
	return follow_chain(&reader, answer, &link);
}

static bool may_learn_ipv4(const u8 *addr)
{
	/* "This network", loopback, link-local; groups, reserved and broadcast. */
	return addr[0] && addr[0] != 127 && !(addr[0] == 169 && addr[1] == 254) && addr[0] < 224;
}

static bool may_learn_ipv6(const u8 *addr)
{
	static const u8 zero[12];

	/* No address, loopback, and IPv4 in two ways. */
	if (!memcmp(addr, zero, 10) &&
	    ((!addr[10] && !addr[11]) || (addr[10] == 0xff && addr[11] == 0xff)))
		return false;
	/* Link-local and groups. */
	return !(addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80) && addr[0] != 0xff;
}

int mseg_dns_may_learn(u8 family, const u8 *addr)
{
	return family == MSEG_FAMILY_IPV4 ? may_learn_ipv4(addr) : may_learn_ipv6(addr);
}

int mseg_dns_is_private(u8 family, const u8 *addr)
{
	if (family == MSEG_FAMILY_IPV6)
		return (addr[0] & 0xfe) == 0xfc || (addr[0] == 0xfe && (addr[1] & 0xc0) == 0xc0);
	return addr[0] == 10 || (addr[0] == 172 && (addr[1] & 0xf0) == 16) ||
	       (addr[0] == 192 && addr[1] == 168) || (addr[0] == 100 && (addr[1] & 0xc0) == 64);
}
