// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of DNS answers, as the kernel compiles it, on what an outsider may
 * send. tests/unit has more of them.
 */
#include <mseg/dns.h>

#include "tests.h"

/* A header with one question, for the addresses of "a.b", and so many answers. */
#define HEAD(n)                               \
	"\x12\x34\x81\x80\0\1\0" n "\0\0\0\0" \
	"\1a\1b\0\0\1\0\1"

/* Behind a name: an A record for a minute. */
#define DATA "\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7"

struct vector {
	const char *what;
	const char *bytes;
	u32 len;
	int result; /* -1 where there is no question */
	u32 addresses;
};

#define VECTOR(what, bytes, result, addresses)                    \
	{                                                         \
		what, bytes, sizeof(bytes) - 1, result, addresses \
	}

static const struct vector vectors[] = {
	VECTOR("an address", HEAD("\1") "\xc0\x0c" DATA, MSEG_DNS_READ, 1),
	VECTOR("in other case", HEAD("\1") "\1A\1B\0" DATA, MSEG_DNS_READ, 1),
	VECTOR("of another name", HEAD("\1") "\1a\1c\0" DATA, MSEG_DNS_READ, 0),
	VECTOR("trailing junk", HEAD("\1") "\xc0\x0c" DATA "junk", MSEG_DNS_READ, 1),
	VECTOR("answers to nothing",
	       "\x12\x34\x81\x80\0\0\0\1\0\0\0\0"
	       "\1a\1b\0" DATA,
	       -1, 0),
	VECTOR("two questions",
	       "\x12\x34\x81\x80\0\2\0\0\0\0\0\0"
	       "\1a\1b\0\0\1\0\1",
	       -1, 0),
	VECTOR("more answers promised", HEAD("\2") "\xc0\x0c" DATA, MSEG_DNS_MALFORMED, 0),
	VECTOR("none promised", HEAD("\0") "\xc0\x0c" DATA, MSEG_DNS_READ, 0),
	VECTOR("a pointer to itself", HEAD("\1") "\xc0\x15" DATA, MSEG_DNS_MALFORMED, 0),
	VECTOR("a loop by a label", HEAD("\1") "\1a\xc0\x15" DATA, MSEG_DNS_MALFORMED, 0),
	VECTOR("a pointer forwards", HEAD("\1") "\xc0\x17" DATA, MSEG_DNS_MALFORMED, 0),
	VECTOR("a pointer out of it", HEAD("\1") "\xff\xff" DATA, MSEG_DNS_MALFORMED, 0),
	VECTOR("a label of no kind", HEAD("\1") "\101a\0" DATA, MSEG_DNS_MALFORMED, 0),
	VECTOR("a label that is cut", HEAD("\1") "\077a", MSEG_DNS_MALFORMED, 0),
	VECTOR("data that is cut",
	       HEAD("\1") "\xc0\x0c"
			  "\0\1\0\1\0\0\0\x3c\xff\xff\xc0",
	       MSEG_DNS_MALFORMED, 0),
	VECTOR("an address too short",
	       HEAD("\1") "\xc0\x0c"
			  "\0\1\0\1\0\0\0\x3c\0\3\xc0\0\2",
	       MSEG_DNS_MALFORMED, 0),
	VECTOR("a chain to itself",
	       HEAD("\1") "\xc0\x0c"
			  "\0\5\0\1\0\0\0\x3c\0\2\xc0\x0c",
	       MSEG_DNS_CHAIN, 0),
	VECTOR("a chain and less",
	       HEAD("\1") "\xc0\x0c"
			  "\0\5\0\1\0\0\0\x3c\0\3\xc0\x0c\0",
	       MSEG_DNS_MALFORMED, 0),
	VECTOR("no header", "\x12\x34\x81\x80\0\1\0\0\0\0\0", -1, 0),
	VECTOR("nothing", "", -1, 0),
};

static int read_vector(const u8 *bytes, u32 len, struct mseg_dns_answer *answer)
{
	struct mseg_dns_question question;

	if (!mseg_dns_read_question(bytes, len, 1, &question))
		return -1;
	return mseg_dns_read_answer(bytes, len, &question, answer);
}

/* From memory of its exact size, which KASAN guards. */
static void hostile_answers(struct kunit *test)
{
	struct mseg_dns_answer *answer = kunit_kzalloc(test, sizeof(*answer), GFP_KERNEL);
	const struct vector *vector;
	int result;
	u8 *bytes;

	KUNIT_ASSERT_NOT_NULL(test, answer);
	for (vector = vectors; vector < vectors + ARRAY_SIZE(vectors); vector++) {
		bytes = kmemdup(vector->bytes, max(vector->len, 1u), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, bytes);
		result = read_vector(bytes, vector->len, answer);
		KUNIT_EXPECT_EQ_MSG(test, vector->result, result, "%s", vector->what);
		if (result == MSEG_DNS_READ)
			KUNIT_EXPECT_EQ_MSG(test, vector->addresses, answer->n, "%s", vector->what);
		kfree(bytes);
	}
}

/* Three labels of 63 bytes and one: what is left of 255 for it, and one more. */
static void overlong_names(struct kunit *test)
{
	struct mseg_dns_question question;
	u32 i, last;
	u8 *bytes;

	for (last = 61; last <= 62; last++) {
		bytes = kunit_kzalloc(test, MSEG_DNS_HEADER_LEN + 3 * 64 + 1 + last + 5, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, bytes);
		bytes[2] = 0x80;
		bytes[5] = 1;
		for (i = 0; i < 4; i++)
			bytes[MSEG_DNS_HEADER_LEN + 64 * i] = i < 3 ? 63 : last;
		KUNIT_EXPECT_EQ(test, last == 61,
				mseg_dns_read_question(bytes,
						       MSEG_DNS_HEADER_LEN + 3 * 64 + 1 + last + 5,
						       1, &question));
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(hostile_answers),
	KUNIT_CASE(overlong_names),
	{},
};

static struct kunit_suite suite = {
	.name = "mseg_dns",
	.test_cases = cases,
};

kunit_test_suite(suite);
