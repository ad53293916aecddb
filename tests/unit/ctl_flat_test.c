// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flat policy: what it means, where its errors are, and what hostile input
 * gets. Messages are compared whole where a table gives them.
 */
#include "ctl_cmocka.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/doc.h"
#include "lib/flat.h"

/* What came of reading a text. */
struct outcome {
	struct flat flat;
	struct diag diag;
	char *messages;
	size_t size;
	int err;
};

static struct outcome *read_bytes(const char *data, size_t len)
{
	struct outcome *outcome = calloc(1, sizeof(*outcome));

	assert_non_null(outcome);
	outcome->diag.out = open_memstream(&outcome->messages, &outcome->size);
	outcome->diag.file = "f";
	outcome->err = flat_read(data, len, &outcome->flat, &outcome->diag);
	fclose(outcome->diag.out);
	return outcome;
}

static struct outcome *read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void done(struct outcome *outcome)
{
	flat_free(&outcome->flat);
	free(outcome->messages);
	free(outcome);
}

#define RULE(members) \
	"{\"networks\": [{\"name\": \"n\", \"entries\": [\"::/0\"]}],\n\"rules\": [{" members "}]}"

static const struct {
	const char *text;
	const char *messages;
} errors[] = {
	{ "", "f: error: the document is empty\n" },
	{ "# nothing\n", "f: error: the document is empty\n" },
	{ "[]", "f:1:1: error: a policy must be an object, not a list\n" },
	{ "7", "f:1:1: error: a policy must be an object, not '7'\n" },
	{ "{\"rulez\": []}",
	  "f:1:2: error: unknown field 'rulez' in a policy, did you mean 'rules'?\n" },
	{ "frobnicate: 1\n",
	  "f:1:1: error: unknown field 'frobnicate' in a policy, which takes defaults, networks and rules\n" },
	{ "rules: []\nnetworks: []\nrules: []\n", "f:3:1: error: 'rules' is there twice\n" },
	{ "rules:\n", "f:1:1: error: 'rules' must be a list, not nothing\n" },
	{ "rules: {}\n", "f:1:8: error: 'rules' must be a list, not an object\n" },
	{ "defaults: {in: maybe, owt: allow}",
	  "f:1:23: error: unknown field 'owt' in 'defaults', did you mean 'out'?\n"
	  "f:1:16: error: 'maybe' is no action: write \"allow\" or \"reject\"\n" },
	{ "{\"defaults\": {\"in\": true}}",
	  "f:1:21: error: 'in' must be a string: put 'true' in quotation marks\n" },
	{ "networks:\n- name: a\n  entries: [10.0.0.0/33, x..example, 7, \"!x.example\"]\n- entries: []\n- {name: \"\", entries: [\"::/0\"]}\n",
	  "f:3:13: error: '33' is not a prefix length: IPv4 has 0 to 32\n"
	  "f:3:26: error: 'x..example' is neither an address nor a domain name: it has an empty part between dots\n"
	  "f:3:38: error: an entry must be a string: put '7' in quotation marks\n"
	  "f:3:41: error: '!x.example' excludes a name: only an address or a CIDR can be excluded\n"
	  "f:4:3: error: a network needs 'name'\n"
	  "f:4:12: warning: a network without entries holds nobody\n"
	  "f:5:10: error: a network's name cannot be empty\n" },
	{ "networks: [{name: n, entries: [\"10.0.0.0/8\", \"!11.0.0.0/8\",\n \"!10.0.0.0/8\"]}]",
	  "f:1:46: error: !11.0.0.0/8 excludes nothing: it must lie strictly inside another entry of its network\n"
	  "f:2:2: error: 10.0.0.0/8 is in this network both with and without '!'\n" },
	{ "networks:\n- name: n\n  entries:\n  - !10.0.0.0/8\n",
	  "f:4:5: error: '!10.0.0.0/8' is a YAML tag: a value that begins with ! stands in quotes\n" },
	{ "networks: [{name: n, entries: [\"::/0\"]}, {name: n, entries: [\"::/0\"]}]",
	  "f:1:49: error: 'n' is the name of another network, on line 1\n" },
	{ "networks: [{name: n, entries: [any, \"!10.0.0/8\"]}, {name: m, entries: 10.0.0.0/8}]",
	  "f:1:32: error: entry 'any': everybody is two entries: write 0.0.0.0/0 for IPv4 and ::/0 for IPv6\n"
	  "f:1:37: error: entry '!10.0.0/8': an IPv4 address has four numbers: write !10.0.0.0/8\n"
	  "f:1:71: error: 'entries' must be a list: put '10.0.0.0/8' in square brackets\n" },
	{ "networks: [{name: somewhere, entries: [\"::/0\"]}]",
	  "f:1:19: error: a network cannot be called 'somewhere': flows call peers in no network so\n" },
	{ "networks: [{name: \"a\\nb\", entries: [\"::/0\"]}]",
	  "f:1:19: error: the name 'a\\x0ab' holds a control character\n" },
	{ RULE(""), "f:2:11: error: a rule needs 'direction'\n"
		    "f:2:11: error: a rule needs 'networks'\n"
		    "f:2:11: error: a rule needs 'services'\n"
		    "f:2:11: error: a rule needs 'action'\n" },
	{ RULE("\"direction\": \"inn\", \"networks\": [\"m\"], \"services\": [\"tcp/0:0\"], \"action\": \"no\""),
	  "f:2:25: error: 'inn' is no direction: write \"in\" or \"out\"\n"
	  "f:2:86: error: 'no' is no action: write \"allow\" or \"reject\"\n"
	  "f:2:45: error: there is no network 'm'\n"
	  "f:2:64: error: service 'tcp/0:0': range '0:0' must go up: write its lower number first, or the number alone\n" },
	{ RULE("\"direction\": \"ingress\", \"networks\": [\"any\", \"10.0.0.0/8\"], \"services\": [\"22/tcp\"], \"action\": \"drop\""),
	  "f:2:25: error: 'ingress' is no direction: write \"in\"\n"
	  "f:2:105: error: 'drop' is no action: write \"reject\"\n"
	  "f:2:49: error: there is no network 'any': make one, with the entries 0.0.0.0/0 and ::/0\n"
	  "f:2:56: error: '10.0.0.0/8' is an address: make a network with that entry, and name it here\n"
	  "f:2:84: error: service '22/tcp': the protocol comes first: write tcp/22\n" },
	{ RULE("\"direction\": in, \"networks\": [Somewhere, \"externalnetwork:name=n\"], \"services\": [icmp/3/0,1,4:6, tcp/22, icmp/8,1], \"action\": allow"),
	  "f:2:42: error: 'Somewhere' is what no network holds: leave it to the default\n"
	  "f:2:53: error: 'externalnetwork:name=n' is a tag: write the network's name alone, 'n'\n"
	  "f:2:93: error: a service with commas stands in quotation marks: \"icmp/3/0,1,4:6\"\n"
	  "f:2:124: error: service 1: write tcp/1 for a port; the number of a protocol stands in quotation marks\n" },
	{ RULE("\"direction\": \"in\", \"networks\": [], \"services\": [], \"action\": \"allow\""),
	  "f:2:43: error: a rule needs a network at least\n"
	  "f:2:59: error: a rule needs a service at least, such as \"any\"\n" },
	{ RULE("\"direction\": \"in\", \"networks\": [\"n\", \"n\"], \"services\": [\"TCP/22\", \"tcp/22\", \"6\", \"tcp\", \"any\"], \"action\": \"allow\""),
	  "f:2:49: error: network 'n' is in this rule twice\n"
	  "f:2:78: error: service 'tcp/22' is in this rule twice\n"
	  "f:2:93: error: service 'tcp' is in this rule twice\n"
	  "f:2:100: error: service 'any': 'any' stands alone\n" },
	{ RULE("\"direction\": \"in\", \"networks\": [\"n\"], \"services\": [\"any\"], \"action\": \"allow\", \"cookie\": 0"),
	  "f:2:100: error: '0' is no cookie: write a number from 1 to 18446744073709551615\n" },
	{ RULE("\"direction\": \"in\", \"networks\": [\"n\"], \"services\": [\"any\"], \"action\": \"allow\", \"cookie\": 18446744073709551616"),
	  "f:2:100: error: '18446744073709551616' is no cookie: write a number from 1 to 18446744073709551615\n" },
	{ RULE("\"direction\": \"in\", \"networks\": [\"n\"], \"services\": [\"any\"], \"action\": \"allow\", \"observationEnabled\": \"yes\""),
	  "f:2:112: error: 'observationEnabled' must be true or false, not 'yes'\n" },
	{ "a: &x 1\n", "f:1:5: error: YAML anchors are not taken here\n" },
	{ "a: *x\n", "f:1:5: error: YAML aliases are not taken here\n" },
	{ "{}\n---\n{}\n", "f:2:1: error: one document is expected, here a second one begins\n" },
	{ "{[1]: 2}", "f:1:2: error: a field's name must be a string, not a list\n" },
	{ "a: \"b\\0c\"\n", "f:1:4: error: the text holds a NUL character\n" },
	{ "a:\n  \"\x01\"\n", "f:2:4: error: control character U+0001\n" },
	{ "a: \x7f\n", "f:1:4: error: control character U+007F\n" },
	{ "\xc3\xa9: \xff\n", "f:1:4: error: byte 0xff is not UTF-8\n" },
	{ "{\"a\": \"\\ud83d\"}", NULL },
	{ "{\"a\": 1", NULL },
	{ "a: [1, }\n", NULL },
	{ "a: 'b\n", NULL },
	{ "\t- a\n b: c", NULL },
	{ "%YAML 9.9\n---\n{}\n", NULL },
};

static void test_errors(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(errors); i++) {
		struct outcome *outcome = read_text(errors[i].text);

		if (!outcome->err || !outcome->diag.errors)
			fail_msg("was accepted:\n%s", errors[i].text);
		if (errors[i].messages && strcmp(outcome->messages, errors[i].messages))
			fail_msg("%s\ngave\n%snot\n%s", errors[i].text, outcome->messages,
				 errors[i].messages);
		done(outcome);
	}
}

static const char *const same[] = {
	"{\"defaults\": {\"in\": \"allow\", \"out\": \"reject\"},\n"
	" \"networks\": [{\"name\": \"ssh\", \"entries\": [\"0.0.0.0/0\", \"!10.9.0.0/16\", \"::/0\"]}],\n"
	" \"rules\": [{\"name\": \"Allow SSH\", \"direction\": \"in\", \"networks\": [\"ssh\"],\n"
	"            \"services\": [\"tcp/22\", \"icmp/3/0,4\"], \"action\": \"allow\"}]}\n",
	/* tabs, a byte order mark, no line break, rules before networks */
	"\xef\xbb\xbf{\t\"rules\":[\n\t{\"name\":\"Allow SSH\",\"direction\":\"IN\",\"networks\":[\"ssh\"],"
	"\"services\":[\"TCP/22\",\"icmp/3/4,0\"],\"action\":\"Allow\"}],"
	"\"networks\":[{\"name\":\"ssh\",\"entries\":[\"0.0.0.0/0\",\"!10.9.0.0/16\",\"::/0\"]}],"
	"\"defaults\":{\"out\":\"Reject\",\"in\":\"ALLOW\"}}",
	"# YAML\n"
	"defaults:\n  in: allow\n  out: reject\n"
	"networks:\n- name: ssh\n  entries:\n  - 0.0.0.0/0\n  - '!10.9.0.0/16'\n  - ::/0\n"
	"rules:\n- name: Allow SSH\n  direction: in\n  networks: [ssh]\n"
	"  services:\n  - tcp/22\n  - icmp/3/0,4\n  action: allow\n  cookie: 1\n",
	"---\r\ndefaults: {in: allow, out: reject}\r\nnetworks: [\r\n"
	"{name: ssh, entries: [\"0.0.0.0/0\", \"!10.9.0.0/16\", \"::/0\"]}\r\n]\r\n"
	"rules: [{name: Allow SSH, direction: in, networks: [ssh],\r\n"
	"  services: [tcp/22, \"icmp/3/0,4\"], action: allow}]\r\n...\r\n",
};

static void check_same(const struct flat *flat)
{
	static const struct mseg_service services[] = {
		{ .protocol = 6, .low = 22, .high = 22, .item = 0 },
		{ .protocol = 1, .low = 768, .high = 768, .item = 1 },
		{ .protocol = 1, .low = 772, .high = 772, .item = 1 },
	};
	const struct mseg_policy *policy = flat->policy;

	assert_true(flat->given[MSEG_DIRECTION_IN]);
	assert_true(flat->given[MSEG_DIRECTION_OUT]);
	assert_int_equal(policy->defaults[MSEG_DIRECTION_IN], MSEG_ACTION_ALLOW);
	assert_int_equal(policy->defaults[MSEG_DIRECTION_OUT], MSEG_ACTION_REJECT);
	assert_int_equal(policy->n_networks, 1);
	assert_string_equal(policy->networks[0].name, "ssh");
	assert_int_equal(policy->networks[0].n_prefixes, 3);
	assert_true(policy->networks[0].prefixes[1].exclude);
	assert_int_equal(policy->n_rules, 1);
	assert_string_equal(policy->rules[0].name, "Allow SSH");
	assert_int_equal(policy->rules[0].cookie, 1);
	assert_int_equal(policy->rules[0].n_services, N_OF(services));
	assert_memory_equal(policy->rules[0].services, services, sizeof(services));
}

static void test_same_policy(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(same); i++) {
		struct outcome *outcome = read_text(same[i]);

		if (outcome->err)
			fail_msg("%s\ngave\n%s", same[i], outcome->messages);
		/* They reject what goes out, and allow none of it. */
		assert_non_null(strstr(outcome->messages, "no rule allows anything out"));
		assert_null(strstr(outcome->messages, "error"));
		check_same(&outcome->flat);
		done(outcome);
	}
}

static void test_places(void **state)
{
	struct outcome *outcome = read_text(same[0]);
	const struct flat *flat = &outcome->flat;

	(void)state;
	assert_int_equal(flat->defaults.line, 1);
	assert_int_equal(flat->defaults.column, 14);
	assert_int_equal(flat->networks[0].place.line, 2);
	assert_int_equal(flat->networks[0].place.column, 15);
	assert_int_equal(flat->networks[0].entries[1].line, 2);
	assert_int_equal(flat->networks[0].entries[1].column, 56);
	assert_int_equal(flat->rules[0].line, 3);
	assert_int_equal(flat->rules[0].column, 12);
	done(outcome);
}

static void test_left_out(void **state)
{
	struct outcome *outcome = read_text("{}");

	(void)state;
	assert_int_equal(outcome->err, 0);
	assert_int_equal(outcome->flat.policy->n_networks, 0);
	assert_int_equal(outcome->flat.policy->n_rules, 0);
	assert_false(outcome->flat.given[0]);
	assert_false(outcome->flat.given[1]);
	done(outcome);
	outcome = read_text("defaults: {out: reject}");
	assert_int_equal(outcome->err, 0);
	assert_false(outcome->flat.given[MSEG_DIRECTION_IN]);
	assert_true(outcome->flat.given[MSEG_DIRECTION_OUT]);
	done(outcome);
}

static void test_warnings(void **state)
{
	struct outcome *outcome = read_text(
		"networks:\n- name: n\n  entries: [10.1.2.3/8, 10.0.0.0/8, \"2001:db8::1/32\"]\n");

	(void)state;
	assert_int_equal(outcome->err, 0);
	assert_string_equal(outcome->messages,
			    "f:3:13: warning: '10.1.2.3/8' has bits set behind its prefix: taken as 10.0.0.0/8\n"
			    "f:3:37: warning: '2001:db8::1/32' has bits set behind its prefix: taken as 2001:db8::/32\n"
			    "f:3:25: warning: 10.0.0.0/8 is there already: taken once\n");
	assert_int_equal(outcome->flat.policy->n_entries, 2);
	assert_int_equal(outcome->flat.networks[0].entries[1].column, 37);
	done(outcome);
}

static void test_domains(void **state)
{
	struct outcome *outcome = read_text(
		"defaults: {in: allow, out: reject}\n"
		"networks:\n- name: n\n  entries: [\"*.Example.com.\", 192.0.2.1, b\xc3\xbc"
		"cher.example, \"*.example.com\"]\n"
		"rules: [{direction: out, networks: [n], services: [tcp/443], action: allow},\n"
		" {direction: out, networks: [n], services: [tcp/443], action: reject}]\n");
	const struct mseg_network *network = &outcome->flat.policy->networks[0];

	(void)state;
	assert_int_equal(outcome->err, 0);
	assert_string_equal(
		outcome->messages,
		"f:4:58: warning: *.example.com is there already: taken once\n"
		"f:5:9: warning: rule never decides: rule on line 6 rejects all of it; a rule that rejects beats every rule that allows, whatever the order: leave that one out, the default rejects already\n");
	assert_int_equal(network->n_prefixes, 1);
	assert_int_equal(network->n_domains, 2);
	assert_string_equal(network->domains[0], "*.example.com");
	assert_string_equal(network->domains[1], "xn--bcher-kva.example");
	done(outcome);
}

/* A name may have any address: it is not said that another network holds them all. */
static void test_domains_are_not_within(void **state)
{
	struct outcome *outcome = read_text(
		"networks:\n- {name: n, entries: [a.example, 192.0.2.1]}\n- {name: m, entries: [192.0.2.0/24]}\n"
		"rules: [{direction: out, networks: [n], services: [tcp/443], action: allow},\n"
		" {direction: out, networks: [m], services: [tcp/443], action: reject}]\n");

	(void)state;
	assert_int_equal(outcome->err, 0);
	assert_string_equal(outcome->messages, "");
	done(outcome);
}

/* One name may serve a direction each; twice in one it is refused. */
static void test_rule_names(void **state)
{
	static const char format[] =
		"networks: [{name: n, entries: [\"::/0\"]}]\n"
		"rules:\n"
		"- {name: a, direction: in, networks: [n], services: [any], action: allow}\n"
		"- {name: a, direction: %s, networks: [n], services: [any], action: allow}\n"
		"- {direction: in, networks: [n], services: [any], action: allow}\n"
		"- {name: \"\", direction: in, networks: [n], services: [any], action: reject}\n";
	struct outcome *outcome;
	char text[1024];

	(void)state;
	snprintf(text, sizeof(text), format, "out");
	outcome = read_text(text);
	assert_int_equal(outcome->err, 0);
	assert_int_equal(outcome->flat.policy->n_rules, 4);
	assert_int_equal(outcome->flat.policy->rules[3].cookie, 4);
	assert_int_equal(outcome->flat.rules[3].line, 6);
	done(outcome);
	snprintf(text, sizeof(text), format, "in");
	outcome = read_text(text);
	assert_string_equal(outcome->messages,
			    "f:4:10: error: 'a' is the name of another rule of this direction, on line 3\n");
	done(outcome);
}

/* Neither allows nor isolates. */
static void test_observed(void **state)
{
	struct outcome *outcome = read_text(
		"defaults: {in: reject}\n"
		"networks: [{name: n, entries: [\"::/0\"]}]\n"
		"rules:\n"
		"- {direction: in, networks: [n], services: [any], action: allow, observationEnabled: True}\n"
		"- {direction: out, networks: [n], services: [any], action: allow, observationEnabled: false}\n");

	(void)state;
	assert_int_equal(outcome->err, 0);
	assert_true(outcome->flat.policy->rules[0].observed);
	assert_false(outcome->flat.policy->rules[1].observed);
	assert_non_null(strstr(outcome->messages, "no rule allows anything in"));
	done(outcome);
}

#define EVERYBODY "- {name: all, entries: [0.0.0.0/0, \"::/0\"]}\n"
#define SOME "- {name: some, entries: [10.1.0.0/16, \"2001:db8:1::/48\"]}\n"
#define HOLED "- {name: holed, entries: [10.0.0.0/8, \"!10.1.2.0/24\", \"2001:db8::/32\"]}\n"
#define WIDER "- {name: wider, entries: [10.0.0.0/15, \"2001:db8::/47\"]}\n"

/* Of an allowing and a rejecting rule, whether it is told that the first is in vain. */
static void test_useless_rules(void **state)
{
	static const struct {
		const char *allow, *reject;
		bool told;
	} pairs[] = {
		{ "networks: [some], services: [tcp/22]", "networks: [all], services: [any]", true },
		{ "networks: [some], services: [tcp/22]", "networks: [wider], services: [tcp]",
		  true },
		{ "networks: [some, wider], services: [tcp/22, udp/5:7]",
		  "networks: [holed, wider], services: [udp/4:7, tcp/22:23]", true },
		{ "networks: [all], services: [any]", "networks: [all], services: [any]", true },
		{ "networks: [some], services: [icmp/3/0]", "networks: [some], services: [icmp/3]",
		  true },
		{ "networks: [some], services: [tcp/22]", "networks: [holed], services: [any]",
		  false },
		{ "networks: [all], services: [tcp/22]", "networks: [some], services: [any]",
		  false },
		{ "networks: [some], services: [tcp]", "networks: [all], services: [tcp/22]",
		  false },
		{ "networks: [some], services: [tcp/22:23]", "networks: [all], services: [tcp/22]",
		  false },
		{ "networks: [some], services: [tcp/22, udp/53]",
		  "networks: [all], services: [tcp]", false },
		{ "networks: [some], services: [any]", "networks: [all], services: [tcp]", false },
		{ "networks: [some], services: [tcp/22]",
		  "networks: [all], services: [any], observationEnabled: true", false },
	};
	struct outcome *outcome;
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(pairs); i++) {
		snprintf(text, sizeof(text),
			 "networks:\n" EVERYBODY SOME HOLED WIDER "rules:\n"
			 "- {name: a, direction: in, action: allow, %s}\n"
			 "- {name: b, direction: in, action: reject, %s}\n",
			 pairs[i].allow, pairs[i].reject);
		outcome = read_text(text);
		assert_int_equal(outcome->err, 0);
		if (outcome->diag.warnings != pairs[i].told)
			fail_msg("%s gave %s", text, outcome->messages);
		done(outcome);
	}
}

static void test_lockout(void **state)
{
	struct outcome *outcome = read_text(
		"defaults: {in: reject}\nnetworks:\n" EVERYBODY SOME "rules:\n"
		"- {name: ssh, direction: in, networks: [some], services: [tcp/22], action: allow}\n"
		"- {name: web, direction: out, networks: [some], services: [tcp/22], action: allow}\n"
		"- {name: rest, direction: in, networks: [all], services: [any], action: reject}\n");

	(void)state;
	assert_string_equal(
		outcome->messages,
		"f:6:3: warning: rule 'ssh' never decides: rule 'rest' on line 8 rejects all of it; a rule that rejects beats every rule that allows, whatever the order: leave 'rest' out, the default rejects already\n");
	done(outcome);
}

/* In the direction whose default rejects, and only where IPv4 addresses are allowed. */
static void test_no_ipv6(void **state)
{
	static const char format[] = "defaults: {in: %s, out: allow}\n"
				     "networks: [{name: n, entries: [%s]}]\n"
				     "rules:\n- {direction: %s, networks: [n], services: [any], "
				     "action: allow}\n";
	static const struct {
		const char *action, *entries, *direction;
		bool told;
	} cases[] = {
		{ "reject", "0.0.0.0/0", "in", true },
		{ "reject", "0.0.0.0/0, \"::/0\"", "in", false },
		{ "reject", "\"::/0\"", "in", false },
		{ "reject", "0.0.0.0/0", "out", false },
		{ "allow", "0.0.0.0/0", "in", false },
	};
	struct outcome *outcome;
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(cases); i++) {
		snprintf(text, sizeof(text), format, cases[i].action, cases[i].entries,
			 cases[i].direction);
		outcome = read_text(text);
		assert_int_equal(outcome->err, 0);
		assert_int_equal(!!strstr(outcome->messages, "no rule allows any IPv6 address in"),
				 cases[i].told);
		done(outcome);
	}
}

static char *repeat(const char *head, const char *part, size_t n, const char *tail)
{
	size_t len = strlen(part), i, used = strlen(head);
	char *text = malloc(used + n * len + strlen(tail) + 1);

	assert_non_null(text);
	memcpy(text, head, used);
	for (i = 0; i < n; i++, used += len)
		memcpy(text + used, part, len);
	strcpy(text + used, tail);
	return text;
}

/* Refused, without a crash and with a message that holds a text. */
static void expect_refusal(char *text, size_t len, const char *message)
{
	struct outcome *outcome = read_bytes(text, len);

	if (!outcome->err)
		fail_msg("was accepted: %.60s...", text);
	if (!strstr(outcome->messages, message))
		fail_msg("%.60s... gave %s", text, outcome->messages);
	assert_in_range(outcome->size, 1, 20000);
	done(outcome);
	free(text);
}

static void expect_refused(char *text, const char *message)
{
	expect_refusal(text, strlen(text), message);
}

static void test_nasty(void **state)
{
	(void)state;
	expect_refused(repeat("", "[", 10000, ""), "nested deeper than 32 levels");
	expect_refused(repeat("", "{a: ", 10000, ""), "nested deeper than 32 levels");
	expect_refused(repeat("a:\n", "- ", 10000, "b"), "nested deeper than 32 levels");
	expect_refused(repeat("a: [\"", "x", 1000000, "\"]"), "unknown field 'a'");
	expect_refused(repeat("", "y", 1000000, ": 1"), "");
	expect_refused(repeat("{\"", "y", 1000000, "\": 1}"), "unknown field 'yyyy");
	expect_refused(repeat("a: &a [x,x]\nb: &b [", "*a,", 9, "*a]\nc: [*b,*b]\n"),
		       "anchors are not taken");
	expect_refused(repeat("networks: [{name: n, entries: [", "\"10.0.0.1/33\",", 1000, "]}]"),
		       "f: further errors are not shown\n");
	expect_refused(repeat("networks: [{name: \"", "n", 256, "\", entries: [\"::/0\"]}]"),
		       "the name of a network has 256 bytes: 255 are the most");
	expect_refused(repeat("rules: [", "[],", 100000, "]"), "a rule must be an object");
	expect_refusal(repeat("a: 'b", "\1", 1, "c'\n"), 10, "U+0001");
	expect_refusal(calloc(1, 100), 100, "f:1:1: error: control character U+0000");
}

static void test_too_large(void **state)
{
	char *text = malloc(DOC_SIZE_MAX + 1);

	(void)state;
	assert_non_null(text);
	memset(text, ' ', DOC_SIZE_MAX + 1);
	expect_refusal(text, DOC_SIZE_MAX + 1, "larger than 64 MiB");
}

/* A value of two bytes is the cheapest way to ask for memory. */
static void test_too_many_values(void **state)
{
	(void)state;
	expect_refused(repeat("a: [", "1,", DOC_VALUES_MAX + 10, "]"), "more than 8388608 values");
}

/* What was meant is a port; what is written is a protocol's number. */
static void test_bare_number(void **state)
{
	struct outcome *outcome = read_text("networks: [{name: n, entries: [\"::/0\"]}]\n"
					    "rules: [{direction: in, networks: [n],\n"
					    " services: [22], action: allow}]");

	(void)state;
	assert_non_null(strstr(outcome->messages, ":3:13: error: service 22: write tcp/22"));
	done(outcome);
}

static void test_mapped_address(void **state)
{
	struct outcome *outcome =
		read_text("networks: [{name: n, entries: [\"::ffff:192.0.2.1\"]}]");

	(void)state;
	assert_non_null(strstr(outcome->messages, "IPv4-mapped address: write the IPv4 address"));
	done(outcome);
}

static void test_limits_of_a_rule(void **state)
{
	char *networks = malloc(200000), *names = malloc(200000), *text = malloc(500000);
	struct outcome *outcome;
	size_t n, used = 0, names_used = 0, i;

	(void)state;
	for (n = MSEG_MAX_RULE_NETWORKS; n <= MSEG_MAX_RULE_NETWORKS + 1; n++) {
		used = names_used = 0;
		for (i = 0; i < n; i++) {
			used += (size_t)sprintf(networks + used,
						"{name: n%zu, entries: [\"::/0\"]},", i);
			names_used += (size_t)sprintf(names + names_used, "n%zu,", i);
		}
		sprintf(text,
			"networks: [%s]\n"
			"rules: [{direction: in, networks: [%s], services: [any], action: allow}]",
			networks, names);
		outcome = read_text(text);
		if (n == MSEG_MAX_RULE_NETWORKS)
			assert_int_equal(outcome->err, 0);
		else
			assert_non_null(
				strstr(outcome->messages, "a rule has 512 networks at most"));
		done(outcome);
	}
	for (n = MSEG_MAX_RULE_SERVICES; n <= MSEG_MAX_RULE_SERVICES + 1; n++) {
		for (i = 0, used = 0; i < n; i++)
			used += (size_t)sprintf(names + used, "tcp/%zu,", i);
		sprintf(text,
			"networks: [{name: n, entries: [\"::/0\"]}]\n"
			"rules: [{direction: in, networks: [n], services: [%s], action: allow}]",
			names);
		outcome = read_text(text);
		if (n == MSEG_MAX_RULE_SERVICES)
			assert_int_equal(outcome->err, 0);
		else
			assert_non_null(strstr(outcome->messages,
					       "a rule has 512 ranges of services at most"));
		done(outcome);
	}
	free(networks);
	free(names);
	free(text);
}

/* Any damage to a good file gives a policy or a refusal, never worse. */
static void test_mutations(void **state)
{
	static const char bytes[] = "\"'{}[]:,-!&*#|>%@`\\\n\t 0a/\xc3\x00\x01";
	unsigned int round, seed = 99;
	char *text;

	(void)state;
	for (round = 0; round < 6000; round++) {
		const char *from = same[round % N_OF(same)];
		size_t len = strlen(from), i, n = 1 + (size_t)rand_r(&seed) % 4;

		text = malloc(len + 1);
		assert_non_null(text);
		memcpy(text, from, len + 1);
		for (i = 0; i < n; i++)
			text[(size_t)rand_r(&seed) % len] =
				bytes[(size_t)rand_r(&seed) % (sizeof(bytes) - 1)];
		if (rand_r(&seed) % 4 == 0)
			len = (size_t)rand_r(&seed) % len;
		text = realloc(text, len + 1); /* so that reading behind it is seen */
		struct outcome *outcome = read_bytes(text, len);

		assert_int_equal(outcome->err != 0, outcome->diag.errors != 0);
		done(outcome);
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_same_policy),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_domains_are_not_within),
		cmocka_unit_test(test_rule_names),
		cmocka_unit_test(test_useless_rules),
		cmocka_unit_test(test_lockout),
		cmocka_unit_test(test_no_ipv6),
		cmocka_unit_test(test_observed),
		cmocka_unit_test(test_nasty),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_too_many_values),
		cmocka_unit_test(test_limits_of_a_rule),
		cmocka_unit_test(test_bare_number),
		cmocka_unit_test(test_mapped_address),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
