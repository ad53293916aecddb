// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: any bytes are read as a DNS query and as an answer. What is
 * read must be what the types promise, whatever it was read from; what a name is
 * written as must be canonical, and searching for it must end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mseg/core.h>
#include <mseg/dns.h>

#define HEAD 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mseg_policy *policy_of_names(void)
{
	static const char *const domains[] = { "a.b", "*.b", "*.example.com", "x" };
	const struct mseg_service any = { .protocol = MSEG_PROTOCOL_ANY, .bare = 1 };
	const struct mseg_rule rule = { .name = "",
					.networks = (uint32_t[]){ 0 },
					.services = &any,
					.n_networks = 1,
					.n_services = 1 };
	struct mseg_policy *policy = mseg_policy_new();
	struct mseg_refusal refusal;

	if (mseg_policy_add_network(policy, "n", &refusal) ||
	    mseg_policy_add_domains(policy, domains, 4, &refusal) ||
	    mseg_policy_add_rule(policy, &rule, &refusal) || mseg_policy_compile(policy, &refusal))
		abort();
	return policy;
}

static void check(int holds)
{
	if (!holds)
		abort();
}

static void search(const char *name)
{
	static struct mseg_policy *policy;
	struct mseg_name_search names;
	int n = 0;

	if (!policy)
		policy = policy_of_names();
	mseg_name_search(&names, policy, name);
	while (mseg_name_next(&names) != MSEG_ID_NONE)
		check(++n <= 4);
}

static void read_question(const uint8_t *message, uint32_t len, int answer)
{
	struct mseg_dns_question question;
	char name[MSEG_MAX_DOMAIN_LEN + 1];

	if (!mseg_dns_read_question(message, len, answer, &question))
		return;
	check(question.bytes == message + HEAD && question.len >= 5 &&
	      question.len <= MSEG_DNS_MAX_QUESTION && question.len <= len - HEAD);
	if (!mseg_dns_name(&question, name))
		return;
	check(!mseg_name_check(name));
	search(name);
}

static void read_answer(const uint8_t *message, uint32_t len)
{
	struct mseg_dns_question question;
	struct mseg_dns_answer answer;
	uint32_t i;

	if (!mseg_dns_read_question(message, len, 1, &question) ||
	    mseg_dns_read_answer(message, len, &question, &answer) != MSEG_DNS_READ)
		return;
	check(answer.n <= MSEG_DNS_MAX_ADDRESSES);
	check(answer.family == MSEG_FAMILY_IPV4 || answer.family == MSEG_FAMILY_IPV6);
	for (i = 0; i < answer.n; i++) {
		check(answer.ttl[i] <= MSEG_MAX_DNS_TTL);
		mseg_dns_may_learn(answer.family, answer.address[i]);
		mseg_dns_is_private(answer.family, answer.address[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its exact size, so that reading past its end is seen. */
	uint8_t *message = malloc(size ? size : 1);
	int answer;

	if (!message)
		return 0;
	if (size)
		memcpy(message, data, size);
	for (answer = 0; answer < 2; answer++)
		read_question(message, (uint32_t)size, answer);
	read_answer(message, (uint32_t)size);
	free(message);
	return 0;
}
