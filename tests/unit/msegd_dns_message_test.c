// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS messages: what honest and other servers answer. */
#include "ctl_cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "msegd/dns_message.h"
#include "msegd/dns_stream.h"

/* A header, with one question. */
#define HEADER(flags1, flags2, answers) "\x12\x34" flags1 flags2 "\0\1" answers "\0\0\0\0"
#define ANSWER(answers) HEADER("\x81", "\x80", answers)
/* www.Example.com, at 12 */
#define WWW "\3www\7Example\3com\0"
#define A "\0\1\0\1"
#define AAAA "\0\x1c\0\1"
#define CNAME "\0\5\0\1"
#define TTL(text) "\0\0" text

struct vector {
	const char *what;
	const char *data;
	size_t len;
	int outcome;
	const char *reason;
	const char *name;
	const char *type;
	const char *addresses;
	const char *aliases;
	uint32_t ttl;
};

#define VECTOR(what, data, ...)                           \
	{                                                 \
		what, data, sizeof(data) - 1, __VA_ARGS__ \
	}

static const struct vector vectors[] = {
	VECTOR("an address", ANSWER("\0\1") WWW A "\xc0\x0c" A TTL("\1\0") "\0\4\xc0\0\2\7",
	       DNS_RESOLVED, "", "www.example.com", "A", "192.0.2.7 ", "", 256),
	VECTOR("IPv6, two of them, the shorter TTL",
	       ANSWER("\0\2") WWW AAAA "\xc0\x0c" AAAA TTL(
		       "\1\0") "\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
			       "\xc0\x0c" AAAA TTL(
				       "\0\7") "\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2",
	       DNS_RESOLVED, "", "www.example.com", "AAAA", "2001:db8::1 2001:db8::2 ", "", 7),
	VECTOR("a chain, its links in the wrong order",
	       ANSWER("\0\3") WWW A "\1b\xc0\x10" A TTL(
		       "\0\x3c") "\0\4\xc0\0\2\7"
				 "\1a\xc0\x10" CNAME TTL(
					 "\0\x1e") "\0\4\1b\xc0\x10"
						   "\xc0\x0c" CNAME TTL("\0\x2d") "\0\4\1a\xc0\x10",
	       DNS_RESOLVED, "", "www.example.com", "A", "192.0.2.7 ",
	       "a.example.com b.example.com ", 30),
	VECTOR("an address of somebody else",
	       ANSWER("\0\1") WWW A "\4evil\xc0\x10" A TTL("\1\0") "\0\4\xc0\0\2\7", DNS_RESOLVED,
	       "NODATA", "www.example.com", "A", "", "", 0),
	VECTOR("an alias that leads to itself",
	       ANSWER("\0\1") "\1a\0" A "\xc0\x0c" CNAME TTL("\1\0") "\0\2\xc0\x0c", DNS_RESOLVED,
	       "NODATA", "a", "A", "", "a a a a a a a a ", 256),
	VECTOR("no such name", HEADER("\x81", "\x83", "\0\0") WWW A, DNS_FAILED, "NXDOMAIN",
	       "www.example.com", "A", "", "", 0),
	VECTOR("the resolver's trouble", HEADER("\x81", "\x82", "\0\0") WWW AAAA, DNS_FAILED,
	       "SERVFAIL", "www.example.com", "AAAA", "", "", 0),
	VECTOR("refused", HEADER("\x81", "\x85", "\0\0") WWW A, DNS_FAILED, "REFUSED",
	       "www.example.com", "A", "", "", 0),
	VECTOR("a code of nobody", HEADER("\x81", "\x8e", "\0\0") WWW A, DNS_FAILED, "RCODE14",
	       "www.example.com", "A", "", "", 0),
	VECTOR("a code of EDNS",
	       "\x12\x34\x81\x80\0\1\0\0\0\0\0\1" WWW A "\0\0\x29\4\xd0\1\0\0\0\0\0", DNS_FAILED,
	       "BADVERS", "www.example.com", "A", "", "", 0),
	VECTOR("truncated", HEADER("\x83", "\x80", "\0\0") WWW A, DNS_RESOLVED, "TRUNCATED",
	       "www.example.com", "A", "", "", 0),
	VECTOR("a type without addresses",
	       ANSWER("\0\1") WWW "\0\x10\0\1\xc0\x0c\0\x10\0\1" TTL("\1\0") "\0\3\2hi",
	       DNS_RESOLVED, "", "www.example.com", "TXT", "", "", 0),
	VECTOR("a type of nobody", HEADER("\x81", "\x80", "\0\0") WWW "\xff\0\0\1", DNS_RESOLVED,
	       "NODATA", "www.example.com", "TYPE65280", "", "", 0),
	VECTOR("the root", HEADER("\x81", "\x80", "\0\0") "\0" A, DNS_RESOLVED, "NODATA", ".", "A",
	       "", "", 0),
	VECTOR("a name that would be more",
	       HEADER("\x81", "\x83", "\0\0") "\x0c<b>\"'\\\n.\x1b[1m\3com\0" A, DNS_FAILED,
	       "NXDOMAIN", "\\060b\\062\\034\\039\\092\\010\\046\\027\\0911m.com", "A", "", "", 0),
	VECTOR("an end that is missing",
	       ANSWER("\0\2") WWW A "\xc0\x0c" A TTL("\1\0") "\0\4\xc0\0\2\7\xc0\x0c\0",
	       DNS_RESOLVED, "MALFORMED", "www.example.com", "A", "192.0.2.7 ", "", 256),
	VECTOR("records that are lied about", ANSWER("\xff\xff") WWW A, DNS_FAILED, "MALFORMED",
	       "www.example.com", "A", "", "", 0),
	VECTOR("an address of three bytes",
	       ANSWER("\0\1") WWW A "\xc0\x0c" A TTL("\1\0") "\0\3\xc0\0\2", DNS_FAILED,
	       "MALFORMED", "www.example.com", "A", "", "", 0),
	VECTOR("a TTL below zero",
	       ANSWER("\0\1") WWW A "\xc0\x0c" A "\xff\xff\xff\xff\0\4\xc0\0\2\7", DNS_RESOLVED, "",
	       "www.example.com", "A", "192.0.2.7 ", "", 0),
};

static void check_list(const char *wanted, const char *text, size_t len, size_t n)
{
	char all[8192] = "";
	size_t i;

	for (i = 0; i < n; i++) {
		strcat(all, text + i * len);
		strcat(all, " ");
	}
	assert_string_equal(all, wanted);
}

/* As the kernel hands it over: nothing may be read behind its end. */
static int read_exactly(const void *data, size_t len, struct dns_message *message)
{
	uint8_t *copy = malloc(len + !len);
	int err;

	assert_non_null(copy);
	memcpy(copy, data, len);
	err = dns_message_read(copy, len, message);
	free(copy);
	return err;
}

static void test_answers(void **state)
{
	struct dns_message *message = malloc(sizeof(*message));
	size_t i;

	(void)state;
	assert_non_null(message);
	for (i = 0; i < N_OF(vectors); i++) {
		const struct vector *vector = &vectors[i];

		print_message("%s\n", vector->what);
		assert_int_equal(read_exactly(vector->data, vector->len, message), 0);
		assert_true(message->is_answer);
		assert_int_equal(message->id, 0x1234);
		assert_int_equal(message->outcome, vector->outcome);
		assert_string_equal(message->reason, vector->reason);
		assert_string_equal(message->name, vector->name);
		assert_string_equal(message->type, vector->type);
		check_list(vector->addresses, message->addresses[0], sizeof(message->addresses[0]),
			   message->n_addresses);
		check_list(vector->aliases, message->aliases[0], sizeof(message->aliases[0]),
			   message->n_aliases);
		assert_int_equal(message->ttl, vector->ttl);
	}
	free(message);
}

/* Cut anywhere, it is read as far as it goes, or not at all. */
static void test_cut(void **state)
{
	struct dns_message *message = malloc(sizeof(*message));
	size_t i, len;

	(void)state;
	for (i = 0; i < N_OF(vectors); i++)
		for (len = 0; len < vectors[i].len; len++)
			if (!read_exactly(vectors[i].data, len, message))
				assert_string_equal(message->name, vectors[i].name);
	free(message);
}

/* The name that is asked for is the alias of "a", that of "b", and so on. */
static size_t write_chain(char *data, unsigned int aliases)
{
	static const char head[] = ANSWER("\0\0") WWW A, first[] = "\xc0\x0c";
	static const char alias[] = CNAME TTL("\1\0") "\0\3",
			  address[] = A TTL("\1\0") "\0\4\xc0\0\2\7";
	size_t at = sizeof(head) - 1;
	unsigned int i;

	memcpy(data, head, at);
	data[7] = (char)(aliases + 1);
	for (i = 0; i <= aliases; i++) {
		const char owner[] = { 1, (char)('a' + i - 1), 0 },
			   target[] = { 1, (char)('a' + i), 0 };
		size_t len = i ? sizeof(owner) : sizeof(first) - 1;

		memcpy(data + at, i ? owner : first, len);
		at += len;
		if (i == aliases)
			break;
		memcpy(data + at, alias, sizeof(alias) - 1);
		at += sizeof(alias) - 1;
		memcpy(data + at, target, sizeof(target));
		at += sizeof(target);
	}
	memcpy(data + at, address, sizeof(address) - 1);
	return at + sizeof(address) - 1;
}

/* As many aliases as the module follows. */
static void test_chain(void **state)
{
	struct dns_message *message = malloc(sizeof(*message));
	char data[1024];

	(void)state;
	assert_int_equal(read_exactly(data, write_chain(data, MSEG_MAX_DNS_CHAIN), message), 0);
	assert_int_equal(message->n_aliases, MSEG_MAX_DNS_CHAIN);
	assert_int_equal(message->n_addresses, 1);
	assert_int_equal(read_exactly(data, write_chain(data, MSEG_MAX_DNS_CHAIN + 1), message), 0);
	assert_int_equal(message->n_addresses, 0);
	free(message);
}

static void test_not_one(void **state)
{
	static const char query[] = HEADER("\1", "\0", "\0\0") WWW A;
	static const char two[] = "\x12\x34\x81\x80\0\2\0\0\0\0\0\0" WWW A WWW A;
	static const char loop[] = ANSWER("\0\0") "\xc0\x0c" A;
	static const char forward[] = ANSWER("\0\0") "\xc0\x20" A;
	struct dns_message *message = malloc(sizeof(*message));

	(void)state;
	assert_int_equal(read_exactly(query, sizeof(query) - 1, message), 0);
	assert_false(message->is_answer);
	assert_string_equal(message->name, "www.example.com");
	assert_int_not_equal(read_exactly(two, sizeof(two) - 1, message), 0);
	assert_int_not_equal(read_exactly(loop, sizeof(loop) - 1, message), 0);
	assert_int_not_equal(read_exactly(forward, sizeof(forward) - 1, message), 0);
	assert_int_not_equal(read_exactly("", 0, message), 0);
	free(message);
}

/* The longest name, each byte of it one that is escaped. */
static void test_longest(void **state)
{
	struct dns_message *message = malloc(sizeof(*message));
	char data[512] = ANSWER("\0\0");
	size_t i, at = 12;

	(void)state;
	for (i = 0; i < 4; i++) {
		size_t len = i < 3 ? 63 : 61;

		data[at] = (char)len;
		memset(data + at + 1, '\n', len);
		at += len + 1;
	}
	data[at] = '\0';
	memcpy(data + at + 1, A, 4);
	assert_int_equal(read_exactly(data, at + 5, message), 0);
	assert_int_equal(strlen(message->name), 250 * 4 + 3);
	free(message);
}

/* An answer of 40 bytes, with its length before it, from byte 1000 on. */
static const char split[] = "\0\x31" ANSWER("\0\1") WWW A "\xc0\x0c" A TTL("\1\0") "\0\4\xc0\0\2\7";

/* The first port of servers that do not count. */
#define UNTRUSTED 1000

static bool add(struct dns_streams *streams, uint16_t port, size_t from, size_t to, bool asked,
		struct dns_stream_answer *answer)
{
	const struct mseg_dns_record record = {
		.time = 1000 + from,
		.asked = asked,
		.client_port = port,
		.tcp_seq = (uint32_t)(0xfffffff0 + from),
		.family = 4,
		.event = MSEG_DNS_EVENT_SEGMENT,
		.flags = port < UNTRUSTED ? MSEG_DNS_FLAG_RESOLVER : 0,
	};

	return dns_streams_add(streams, &record, (const uint8_t *)split + from, to - from, answer);
}

static void test_streams(void **state)
{
	struct dns_streams *streams = dns_streams_new();
	struct dns_message *message = malloc(sizeof(*message));
	const size_t whole = sizeof(split) - 1;
	struct dns_stream_answer answer;
	uint16_t port;

	(void)state;
	assert_non_null(streams);
	assert_int_equal(split[1], whole - 2);
	/* In pieces, with another stream between them, over the end of the numbers. */
	assert_false(add(streams, 1, 0, 30, true, &answer));
	assert_false(add(streams, 2, 0, 31, true, &answer));
	assert_false(add(streams, 1, 30, 40, false, &answer));
	assert_true(add(streams, 1, 40, whole, false, &answer));
	assert_int_equal(answer.record.event, MSEG_DNS_EVENT_ANSWER);
	assert_int_equal(answer.len, whole - 2);
	assert_int_equal(dns_message_read(answer.data, answer.len, message), 0);
	assert_string_equal(message->addresses[0], "192.0.2.7");
	/* A piece that is missing, one that comes twice, one that nobody waits for. */
	assert_false(add(streams, 2, 32, whole, false, &answer));
	assert_false(add(streams, 2, 0, 31, false, &answer));
	assert_false(add(streams, 3, 0, 31, false, &answer));
	assert_false(add(streams, 1, 40, whole, false, &answer));
	assert_true(add(streams, 2, 31, whole, false, &answer));
	/* A length by itself; what is asked for must follow it at once. */
	assert_false(add(streams, 4, 0, 2, false, &answer));
	assert_false(add(streams, 4, 2, 20, true, &answer));
	assert_true(add(streams, 4, 20, whole, false, &answer));
	assert_int_equal(answer.len, whole - 2);
	assert_int_equal(answer.record.asked, 1);
	assert_false(add(streams, 5, 0, 2, false, &answer));
	assert_false(add(streams, 5, 2, whole, false, &answer));
	assert_false(add(streams, UNTRUSTED, 0, 2, false, &answer));
	assert_false(add(streams, UNTRUSTED, 2, whole, true, &answer));
	/* Too many at once: the oldest gives way. */
	for (port = 0; port < DNS_STREAMS + 1; port++)
		assert_false(add(streams, (uint16_t)(100 + port), 0, (size_t)(20 + port % 2), true,
				 &answer));
	assert_true(add(streams, 100 + DNS_STREAMS, 20, whole, false, &answer));
	free(message);
	dns_streams_free(streams);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers), cmocka_unit_test(test_cut),
		cmocka_unit_test(test_not_one), cmocka_unit_test(test_longest),
		cmocka_unit_test(test_chain),	cmocka_unit_test(test_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
