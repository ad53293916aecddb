// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reader of DNS answers and the search for networks by name. What is malformed
 * is made by hand here; tests/fuzz/dns_fuzz.c does the rest.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mseg/core.h>
#include <mseg/dns.h>

#define A 1
#define CNAME 5
#define AAAA 28
#define ANSWER 0x8180

/* A message that grows, on the heap, so that reading past its end is seen. */
struct message {
	uint8_t bytes[8192];
	uint32_t len;
};

static void put(struct message *message, const void *bytes, uint32_t len)
{
	memcpy(message->bytes + message->len, bytes, len);
	message->len += len;
}

static void put_u16(struct message *message, unsigned int value)
{
	put(message, (uint8_t[]){ (uint8_t)(value >> 8), (uint8_t)value }, 2);
}

static void put_name(struct message *message, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");

		put(message, &(uint8_t){ (uint8_t)len }, 1);
		put(message, name, (uint32_t)len);
		name += len + (name[len] == '.');
	}
	put(message, "", 1);
}

static struct message begin(unsigned int flags, const char *name, unsigned int type,
			    unsigned int answers)
{
	struct message message = { .len = 0 };
	unsigned int i, head[] = { 0x1234, flags, 1, answers, 0, 0 };

	for (i = 0; i < 6; i++)
		put_u16(&message, head[i]);
	put_name(&message, name);
	put_u16(&message, type);
	put_u16(&message, 1);
	return message;
}

/* What stands behind a record's name. */
static void put_data(struct message *message, unsigned int type, uint32_t ttl, const void *data,
		     uint32_t len)
{
	put_u16(message, type);
	put_u16(message, 1);
	put_u16(message, ttl >> 16);
	put_u16(message, ttl & 0xffff);
	put_u16(message, len);
	put(message, data, len);
}

static void put_address(struct message *message, const char *owner, uint8_t last, uint32_t ttl)
{
	put_name(message, owner);
	put_data(message, A, ttl, (uint8_t[]){ 192, 0, 2, last }, 4);
}

static void put_alias(struct message *message, const char *owner, const char *target, uint32_t ttl)
{
	struct message name = { .len = 0 };

	put_name(&name, target);
	put_name(message, owner);
	put_data(message, CNAME, ttl, name.bytes, name.len);
}

/* Read it from memory of its exact size. */
static int read_message(const struct message *message, uint32_t len, struct mseg_dns_answer *answer,
			char *name)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct mseg_dns_question question;
	int result = -1;

	memcpy(exact, message->bytes, len);
	memset(answer, 0xaa, sizeof(*answer));
	if (mseg_dns_read_question(exact, len, 1, &question)) {
		result = (int)mseg_dns_read_answer(exact, len, &question, answer);
		if (name && !mseg_dns_name(&question, name))
			name[0] = '\0';
	}
	free(exact);
	return result;
}

static void test_addresses(void **state)
{
	struct message message = begin(ANSWER, "Api.EXAMPLE.com", A, 4);
	char name[MSEG_MAX_DOMAIN_LEN + 1];
	struct mseg_dns_answer answer;

	(void)state;
	put_alias(&message, "api.example.COM", "b.test", 50);
	put_address(&message, "other.test", 1, 9);
	put_address(&message, "B.test", 2, 99);
	put_address(&message, "b.TEST", 3, 7);
	assert_int_equal(read_message(&message, message.len, &answer, name), MSEG_DNS_READ);
	assert_string_equal(name, "api.example.com");
	assert_int_equal(answer.n, 2);
	assert_int_equal(answer.family, MSEG_FAMILY_IPV4);
	assert_int_equal(answer.address[0][3], 2);
	assert_int_equal(answer.address[0][4], 0);
	assert_int_equal(answer.ttl[0], 50);
	assert_int_equal(answer.ttl[1], 7);
}

static void test_every_cut(void **state)
{
	struct message message = begin(ANSWER, "a.example.com", A, 2);
	struct mseg_dns_answer answer;
	uint32_t len, question = 12 + 15 + 4;

	(void)state;
	put_alias(&message, "a.example.com", "b.example.com", 60);
	put(&message, "\xc0\x2d", 2);
	message.bytes[message.len - 1] = (uint8_t)(question + 15 + 10);
	put_data(&message, A, 60, (uint8_t[]){ 192, 0, 2, 9 }, 4);
	for (len = 0; len < message.len; len++)
		assert_int_equal(read_message(&message, len, &answer, NULL),
				 len < question ? -1 : (int)MSEG_DNS_MALFORMED);
	assert_int_equal(read_message(&message, message.len, &answer, NULL), MSEG_DNS_READ);
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.address[0][3], 9);
	/* What is behind does not matter. */
	put(&message, "junk", 4);
	assert_int_equal(read_message(&message, message.len, &answer, NULL), MSEG_DNS_READ);
}

static void test_wrong_heads(void **state)
{
	static const struct {
		unsigned int at;
		uint8_t value;
		int result;
	} changes[] = {
		{ 2, 0x01, -1 },		   /* a query */
		{ 2, 0xa9, -1 },		   /* an update */
		{ 2, 0x83, MSEG_DNS_TRUNCATED },   /* truncated */
		{ 3, 0x83, MSEG_DNS_NOTHING },	   /* no such name */
		{ 5, 0, -1 },			   /* no question */
		{ 5, 2, -1 },			   /* two */
		{ 6, 1, MSEG_DNS_MALFORMED },	   /* 257 answers */
		{ 7, 0, MSEG_DNS_READ },	   /* none */
		{ 12, 0xc0, -1 },		   /* a compressed question */
		{ 12, 0x40, -1 },		   /* a label of no kind */
		{ 12 + 16, 16, MSEG_DNS_NOTHING }, /* another type */
		{ 12 + 18, 3, MSEG_DNS_NOTHING },  /* another class */
	};
	struct message good = begin(ANSWER, "a.example.com", A, 1), message;
	struct mseg_dns_answer answer;
	unsigned int i;

	(void)state;
	put_address(&good, "a.example.com", 1, 60);
	assert_int_equal(read_message(&good, good.len, &answer, NULL), MSEG_DNS_READ);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		message = good;
		message.bytes[changes[i].at] = changes[i].value;
		assert_int_equal(read_message(&message, message.len, &answer, NULL),
				 changes[i].result);
	}
}

/* An answer whose record's name is these bytes. */
static int read_owner(const char *bytes, uint32_t len)
{
	struct message message = begin(ANSWER, "a.example.com", A, 1);
	struct mseg_dns_answer answer;
	int result;

	put(&message, bytes, len);
	put_data(&message, A, 60, (uint8_t[]){ 192, 0, 2, 9 }, 4);
	result = read_message(&message, message.len, &answer, NULL);
	return result == MSEG_DNS_READ ? (int)answer.n : -result;
}

static void test_pointers(void **state)
{
	(void)state;
	/* The record's name is at 31. */
	assert_int_equal(read_owner("\xc0\x0c", 2), 1);
	assert_int_equal(read_owner("\1a\xc0\x0e", 4), 1);
	assert_int_equal(read_owner("\1b\xc0\x0e", 4), 0);
	assert_int_equal(read_owner("\1A\xc0\x0e", 4), 1);
	assert_int_equal(read_owner("\xc0\x1f", 2), -MSEG_DNS_MALFORMED); /* itself */
	assert_int_equal(read_owner("\1a\xc0\x1f", 4), -MSEG_DNS_MALFORMED);
	assert_int_equal(read_owner("\xc0\x21", 2), -MSEG_DNS_MALFORMED); /* behind */
	assert_int_equal(read_owner("\xc0\x00", 2), -MSEG_DNS_MALFORMED); /* the header */
	assert_int_equal(read_owner("\xff\xff", 2), -MSEG_DNS_MALFORMED);
	assert_int_equal(read_owner("\x80\x0c", 2), -MSEG_DNS_MALFORMED);
	assert_int_equal(read_owner("\x40\x0c", 2), -MSEG_DNS_MALFORMED);
}

/* Pointers to pointers, backwards all of them: so many are followed. */
static int follow_pointers(unsigned int n)
{
	struct message message = begin(ANSWER, "a.example.com", A, 2);
	struct mseg_dns_answer answer;
	unsigned int i, at;
	int result;

	put_name(&message, "x.test");
	at = message.len + 10;
	put_u16(&message, 99);
	put_u16(&message, 1);
	put_u16(&message, 0);
	put_u16(&message, 0);
	put_u16(&message, 2 * n);
	put_u16(&message, 0xc00c);
	for (i = 1; i < n; i++)
		put_u16(&message, 0xc000 | (at + 2 * (i - 1)));
	put_u16(&message, 0xc000 | (at + 2 * (n - 1)));
	put_data(&message, A, 60, (uint8_t[]){ 192, 0, 2, 9 }, 4);
	result = read_message(&message, message.len, &answer, NULL);
	return result == MSEG_DNS_READ ? (int)answer.n : -result;
}

static void test_long_names(void **state)
{
	char label[64], name[300] = "";
	struct mseg_dns_answer answer;
	struct message message;
	unsigned int i;

	(void)state;
	memset(label, 'x', 63);
	label[63] = '\0';
	for (i = 0; i < 3; i++)
		strcat(strcat(name, label), ".");
	/* 3 * 64 + 62 + 1 bytes are 255. */
	strncat(name, label, 61);
	message = begin(ANSWER, name, A, 1);
	put(&message, "\xc0\x0c", 2);
	put_data(&message, A, 60, (uint8_t[]){ 192, 0, 2, 9 }, 4);
	assert_int_equal(read_message(&message, message.len, &answer, name), MSEG_DNS_READ);
	assert_int_equal(answer.n, 1);
	assert_int_equal(strlen(name), 253);
	assert_null(mseg_name_check(name));
	strcat(name, "x");
	assert_non_null(mseg_name_check(name));
	message = begin(ANSWER, name, A, 0);
	assert_int_equal(read_message(&message, message.len, &answer, NULL), -1);
	assert_int_equal(follow_pointers(31), 1);
	assert_int_equal(follow_pointers(32), -MSEG_DNS_MALFORMED);
}

/* A chain of so many names, in order or the other way round. */
static int follow_chain(int n, int backwards)
{
	struct message message = begin(ANSWER, "n0.test", A, (unsigned int)n + 1);
	struct mseg_dns_answer answer;
	char owner[16], target[16];
	int i, k, result;

	for (k = 0; k <= n; k++) {
		i = backwards ? n - k : k;
		snprintf(owner, sizeof(owner), "n%d.test", i);
		snprintf(target, sizeof(target), "n%d.test", i + 1);
		if (i == n)
			put_address(&message, owner, 7, 60);
		else
			put_alias(&message, owner, target, 60);
	}
	result = read_message(&message, message.len, &answer, NULL);
	return result == MSEG_DNS_READ ? (int)answer.n : -result;
}

static void test_chains(void **state)
{
	int n, backwards;

	(void)state;
	for (backwards = 0; backwards < 2; backwards++) {
		for (n = 0; n <= MSEG_MAX_DNS_CHAIN; n++)
			assert_int_equal(follow_chain(n, backwards), 1);
		assert_int_equal(follow_chain(n, backwards), -MSEG_DNS_CHAIN);
		assert_int_equal(follow_chain(100, backwards), -MSEG_DNS_CHAIN);
	}
}

/* So many records, each with the longest name there is, which is the one asked for. */
static int read_costly(unsigned int n)
{
	char name[256] = "a";
	struct mseg_dns_answer answer;
	struct message message;
	unsigned int i;

	for (i = 1; i < 127; i++)
		strcat(name, ".a");
	message = begin(ANSWER, name, A, n);
	for (i = 0; i < n; i++) {
		put(&message, "\xc0\x0c", 2);
		put_data(&message, 99, 0, "", 0);
	}
	return read_message(&message, message.len, &answer, NULL);
}

static void test_budget(void **state)
{
	(void)state;
	assert_int_equal(read_costly(200), MSEG_DNS_READ);
	assert_int_equal(read_costly(300), MSEG_DNS_MALFORMED);
}

static void test_too_many_addresses(void **state)
{
	struct message message = begin(ANSWER, "a.test", A, MSEG_DNS_MAX_ADDRESSES + 9);
	struct mseg_dns_answer answer;
	unsigned int i;

	(void)state;
	for (i = 0; i < MSEG_DNS_MAX_ADDRESSES + 9; i++) {
		put(&message, "\xc0\x0c", 2);
		put_data(&message, A, i, (uint8_t[]){ 192, 0, 2, 9 }, 4);
	}
	assert_int_equal(read_message(&message, message.len, &answer, NULL), MSEG_DNS_READ);
	assert_int_equal(answer.n, MSEG_DNS_MAX_ADDRESSES);
	assert_int_equal(answer.ttl[MSEG_DNS_MAX_ADDRESSES - 1], MSEG_DNS_MAX_ADDRESSES - 1);
}

/* --- names and networks ---------------------------------------------------- */

static void test_canonical(void **state)
{
	static const char *const good[] = { "a", "a.b", "xn--caf-dma.example", "_srv._tcp.a-1.b" };
	static const char *const bad[] = { "",	".",   "a.",  ".a",  "a..b",
					   "A", "a b", "*.a", "a/b", "caf\303\251" };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(mseg_name_check(good[i]));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(mseg_name_check(bad[i]));
}

/* A policy with one rule for each network: TCP is allowed, or for the last rejected. */
static struct mseg_policy *policy_of(unsigned int n, const char *const domains[][3],
				     const struct mseg_prefix *prefixes, unsigned int n_prefixes)
{
	const struct mseg_service tcp = { .protocol = 6, .bare = 1 };
	struct mseg_policy *policy = mseg_policy_new();
	struct mseg_refusal refusal;
	unsigned int i, k;

	policy->defaults[MSEG_DIRECTION_OUT] = MSEG_ACTION_REJECT;
	for (i = 0; i < n; i++) {
		struct mseg_rule rule = {
			.name = "r",
			.networks = &i,
			.n_networks = 1,
			.services = &tcp,
			.n_services = 1,
			.direction = MSEG_DIRECTION_OUT,
			.action = i == 3 ? MSEG_ACTION_REJECT : MSEG_ACTION_ALLOW,
		};

		assert_int_equal(mseg_policy_add_network(policy, "n", &refusal), 0);
		for (k = 0; k < 3 && domains[i][k]; k++)
			assert_int_equal(mseg_policy_add_domains(policy, &domains[i][k], 1,
								 &refusal),
					 0);
		if (!i)
			assert_int_equal(mseg_policy_add_prefixes(policy, prefixes, n_prefixes,
								  &refusal),
					 0);
		assert_int_equal(mseg_policy_add_rule(policy, &rule, &refusal), 0);
	}
	assert_int_equal(mseg_policy_compile(policy, &refusal), 0);
	return policy;
}

static const char *const DOMAINS[][3] = {
	{ "api.example.com", "api.example.com", "*.example.net" },
	{ "*.example.com" },
	{ "b.a.example.com" },
	{ "bad.example.com" },
};

static const struct mseg_prefix PREFIXES[] = {
	{ { 10 }, MSEG_FAMILY_IPV4, 8, 0 },
	{ { 10, 1 }, MSEG_FAMILY_IPV4, 16, 1 },
	{ { 10, 1, 2 }, MSEG_FAMILY_IPV4, 24, 0 },
};

/* The networks that hold a name, as bits. */
static unsigned int networks_of(const struct mseg_policy *policy, const char *name)
{
	struct mseg_name_search search;
	unsigned int found = 0;
	uint32_t network;

	mseg_name_search(&search, policy, name);
	while ((network = mseg_name_next(&search)) != MSEG_ID_NONE)
		found |= 1U << network;
	return found;
}

static void test_search(void **state)
{
	struct mseg_policy *policy = policy_of(4, DOMAINS, PREFIXES, 3), *clone;
	struct mseg_refusal refusal;

	(void)state;
	assert_int_equal(networks_of(policy, "api.example.com"), 1 << 0 | 1 << 1);
	assert_int_equal(networks_of(policy, "b.a.example.com"), 1 << 1 | 1 << 2);
	assert_int_equal(networks_of(policy, "bad.example.com"), 1 << 1 | 1 << 3);
	assert_int_equal(networks_of(policy, "example.com"), 0);
	assert_int_equal(networks_of(policy, "xexample.com"), 0);
	assert_int_equal(networks_of(policy, "com"), 0);
	assert_int_equal(networks_of(policy, "example.net"), 0);
	assert_int_equal(networks_of(policy, "z.y.x.example.net"), 1 << 0);
	assert_int_equal(networks_of(policy, "*.example.net"), 1 << 0);
	clone = mseg_policy_clone(policy);
	assert_int_equal(clone->n_domains, policy->n_domains);
	assert_int_equal(mseg_policy_compile(clone, &refusal), 0);
	assert_int_equal(networks_of(clone, "api.example.com"), 1 << 0 | 1 << 1);
	mseg_policy_free(clone);
	mseg_policy_free(policy);
}

static void test_classify(void **state)
{
	static const struct {
		uint8_t peer[4];
		const char *names[2];
		uint32_t rule;
		int learned;
	} cases[] = {
		{ { 192, 0, 2, 1 }, { "api.example.com" }, 0, 1 },
		{ { 192, 0, 2, 1 }, { "x.example.org" }, MSEG_ID_NONE, 0 },
		{ { 192, 0, 2, 1 }, { "x.example.org", "b.a.example.com" }, 1, 1 },
		/* A Reject beats what allows. */
		{ { 192, 0, 2, 1 }, { "api.example.com", "bad.example.com" }, 3, 1 },
		/* An exclusion of the same network, but not of another. */
		{ { 10, 1, 1, 1 }, { "z.example.net" }, MSEG_ID_NONE, 0 },
		{ { 10, 1, 1, 1 }, { "api.example.com" }, 1, 1 },
		/* Taken back in by a longer entry. */
		{ { 10, 1, 2, 1 }, { "z.example.net" }, 0, 1 },
		{ { 10, 9, 9, 9 }, { NULL }, 0, 0 },
	};
	struct mseg_policy *policy = policy_of(4, DOMAINS, PREFIXES, 3);
	struct mseg_key key = { .family = MSEG_FAMILY_IPV4,
				.protocol = 6,
				.service = 443,
				.direction = MSEG_DIRECTION_OUT };
	struct mseg_verdict verdict;
	struct mseg_names names;
	unsigned int i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(key.peer, cases[i].peer, 4);
		names.n = 0;
		for (k = 0; k < 2 && cases[i].names[k]; k++)
			names.name[names.n++] = cases[i].names[k];
		key.names = &names;
		verdict = mseg_classify(policy, &key);
		assert_int_equal(verdict.rule, cases[i].rule);
		assert_int_equal(verdict.learned, cases[i].learned);
		assert_int_equal(verdict.action, verdict.rule == 3 || verdict.rule == MSEG_ID_NONE ?
							 MSEG_ACTION_REJECT :
							 MSEG_ACTION_ALLOW);
	}
	mseg_policy_free(policy);
}

static void test_limits(void **state)
{
	struct mseg_policy *policy = mseg_policy_new();
	const char *const good = "a.b", *const bad[] = { "a.b", "A.b" };
	struct mseg_refusal refusal;
	uint32_t i;

	(void)state;
	assert_int_equal(mseg_policy_add_domains(policy, &good, 1, &refusal), -EINVAL);
	assert_int_equal(mseg_policy_add_network(policy, "n", &refusal), 0);
	assert_int_equal(mseg_policy_add_domains(policy, bad, 2, &refusal), -EINVAL);
	assert_int_equal(refusal.entry, 1);
	assert_int_equal(policy->n_domains, 0);
	for (i = 0; i < MSEG_MAX_DOMAINS; i++)
		assert_int_equal(mseg_policy_add_domains(policy, &good, 1, &refusal), 0);
	assert_int_equal(mseg_policy_add_domains(policy, &good, 1, &refusal), -E2BIG);
	mseg_policy_free(policy);
}

static void test_may_learn(void **state)
{
	static const uint8_t never4[][4] = { { 0 },	   { 0, 1 },
					     { 127 },	   { 127, 9 },
					     { 169, 254 }, { 224 },
					     { 239, 255 }, { 255, 255, 255, 255 } };
	static const uint8_t ever4[][4] = { { 1 },	  { 126, 255 }, { 128 },
					    { 169, 253 }, { 169, 255 }, { 223, 255 } };
	uint8_t addr[16] = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(never4) / 4; i++) {
		memcpy(addr, never4[i], 4);
		assert_int_equal(mseg_dns_may_learn(MSEG_FAMILY_IPV4, addr), 0);
	}
	for (i = 0; i < sizeof(ever4) / 4; i++) {
		memcpy(addr, ever4[i], 4);
		assert_int_equal(mseg_dns_may_learn(MSEG_FAMILY_IPV4, addr), 1);
	}
	memset(addr, 0, sizeof(addr));
	assert_int_equal(mseg_dns_may_learn(MSEG_FAMILY_IPV6, addr), 0);
	addr[15] = 1;
	assert_int_equal(mseg_dns_may_learn(MSEG_FAMILY_IPV6, addr), 0);
	addr[10] = 0xff;
	assert_int_equal(mseg_dns_may_learn(MSEG_FAMILY_IPV6, addr), 1);
	addr[11] = 0xff;
	assert_int_equal(mseg_dns_may_learn(MSEG_FAMILY_IPV6, addr), 0);
	addr[0] = 0x20;
	assert_int_equal(mseg_dns_may_learn(MSEG_FAMILY_IPV6, addr), 1);
	assert_int_equal(mseg_dns_is_private(MSEG_FAMILY_IPV6, addr), 0);
	addr[0] = 0xfd;
	assert_int_equal(mseg_dns_is_private(MSEG_FAMILY_IPV6, addr), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),   cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_wrong_heads), cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_long_names),  cmocka_unit_test(test_chains),
		cmocka_unit_test(test_budget),	    cmocka_unit_test(test_too_many_addresses),
		cmocka_unit_test(test_canonical),   cmocka_unit_test(test_search),
		cmocka_unit_test(test_classify),    cmocka_unit_test(test_limits),
		cmocka_unit_test(test_may_learn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
