// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Objects: their canonical form, and what is said of those that are wrong. Messages
 * are compared whole.
 */
#include "model_fixture.h"

#include "model/findings.h"

static struct json_object *read_text(enum kind_id id, const char *text, struct json_object *old,
				     struct diag *diag)
{
	struct doc *doc = doc_read(text, strlen(text), diag);
	struct json_object *object;

	assert_non_null(doc);
	object = old ? object_update(kind_get(id), old, doc_root(doc), diag) :
		       object_read(kind_get(id), doc_root(doc), diag);
	doc_free(doc);
	return object;
}

static const struct {
	enum kind_id kind;
	const char *text;
	const char *canonical;
} good[] = {
	{ KIND_EXTERNALNETWORK, "{name: ssh, entries: [0.0.0.0/0]}",
	  "{\"name\":\"ssh\",\"description\":\"\",\"entries\":[\"0.0.0.0/0\"],\"associatedTags\":[],\"propagate\":false}" },
	/* Entries in one way; names behind addresses, each once. */
	{ KIND_EXTERNALNETWORK,
	  "{propagate: True, entries: [API.Example.COM., 10.0.0.0/8, '!10.9.0.0/16', 192.0.2.1/32, '2001:DB8:0::/32', '*.example.org'], name: n, associatedTags: [a=b, 'a=b', c=d=e]}",
	  "{\"name\":\"n\",\"description\":\"\",\"entries\":[\"10.0.0.0/8\",\"!10.9.0.0/16\",\"192.0.2.1\",\"2001:db8::/32\",\"api.example.com\",\"*.example.org\"],\"associatedTags\":[\"a=b\",\"c=d=e\"],\"propagate\":true}" },
	{ KIND_NAMESPACE,
	  "{name: vm, incomingRejects: silent, defaultPUIncomingTrafficAction: reject, namespace: /acme}",
	  "{\"name\":\"vm\",\"namespace\":\"/acme\",\"description\":\"\",\"defaultPUIncomingTrafficAction\":\"Reject\",\"defaultPUOutgoingTrafficAction\":\"Inherit\",\"incomingRejects\":\"Silent\",\"outgoingRejects\":\"Inherit\"}" },
	/* Rules: services in one way, action in any case. */
	{ KIND_RULESET,
	  "{name: r, subject: [[a=b, c=d], ['$id=5']], incomingRules: [{action: ALLOW, object: [[x=y]], protocolPorts: [TCP/22, 'icmp/3/0,1,4:6', GRE, '58']}], fallback: true}",
	  "{\"name\":\"r\",\"description\":\"\",\"subject\":[[\"a=b\",\"c=d\"],[\"$id=5\"]],\"incomingRules\":[{\"name\":\"\",\"action\":\"Allow\",\"object\":[[\"x=y\"]],\"protocolPorts\":[\"tcp/22\",\"icmp/3/0:1,4:6\",\"gre\",\"icmp6\"],\"logsDisabled\":false,\"observationEnabled\":false}],\"outgoingRules\":[],\"disabled\":false,\"propagate\":false,\"fallback\":true}" },
	/* What holds nothing was left out. */
	{ KIND_RULESET, "{name: r, subject: [[a=b]], incomingRules: , outgoingRules: null}",
	  "{\"name\":\"r\",\"description\":\"\",\"subject\":[[\"a=b\"]],\"incomingRules\":[],\"outgoingRules\":[],\"disabled\":false,\"propagate\":false,\"fallback\":false}" },
	{ KIND_ENFORCER,
	  "{ID: 5f1f2ad0f0fe17061e24ed7d, name: h, addresses: [192.0.2.1, '2001:DB8::1']}",
	  "{\"ID\":\"5f1f2ad0f0fe17061e24ed7d\",\"name\":\"h\",\"description\":\"\",\"associatedTags\":[],\"addresses\":[\"192.0.2.1\",\"2001:db8::1\"]}" },
};

static void test_good(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(good); i++) {
		struct json_object *object;
		struct told told;

		told_begin(&told);
		object = read_text(good[i].kind, good[i].text, NULL, &told.diag);
		told_nothing(&told);
		assert_string_equal(json_object_to_json_string_ext(object,
								   JSON_C_TO_STRING_PLAIN |
									   JSON_C_TO_STRING_NOSLASHESCAPE),
				    good[i].canonical);
		json_object_put(object);
	}
}

#define IN_RULE(members) "{name: r, subject: [[a=b]], incomingRules: [{" members "}]}"

static const struct {
	enum kind_id kind;
	const char *text;
	const char *messages;
} told_of[] = {
	{ KIND_EXTERNALNETWORK, "[]",
	  "f:1:1: error: an external network must be an object, not a list\n" },
	{ KIND_EXTERNALNETWORK, "{name: n, entires: []}",
	  "f:1:11: error: unknown field 'entires' in an external network: did you mean 'entries'?\n"
	  "f:1:1: error: an external network needs 'entries': addresses, CIDRs and domain names; ! before an address or CIDR excludes it\n" },
	{ KIND_EXTERNALNETWORK, "{name: n, frobnicate: 1, entries: ['::/0']}",
	  "f:1:11: error: unknown field 'frobnicate' in an external network\n" },
	{ KIND_EXTERNALNETWORK, "{name: n, name: m, entries: ['::/0']}",
	  "f:1:11: error: 'name' is there twice\n" },
	{ KIND_EXTERNALNETWORK, "{name: 7, entries: 10.0.0.0/8, propagate: 'true'}",
	  "f:1:8: error: 'name' must be a string: put '7' in quotation marks\n"
	  "f:1:20: error: 'entries' must be a list: put '10.0.0.0/8' in square brackets\n"
	  "f:1:43: error: 'propagate' must be true or false, not 'true'\n" },
	{ KIND_EXTERNALNETWORK, "{name: Somewhere, entries: ['::/0']}",
	  "f:1:8: error: a network cannot be called 'Somewhere': flows call peers in no network so\n" },
	{ KIND_EXTERNALNETWORK, "{name: '', entries: ['::/0']}",
	  "f:1:8: error: a name cannot be empty, nor begin or end with a blank\n" },
	{ KIND_EXTERNALNETWORK,
	  "{name: n, entries: [10.0.0.0/8, 10.0.0.0/8, '!10.0.0.0/8', '!11.0.0.0/8', 10.1.2.3/16]}",
	  "f:1:75: warning: '10.1.2.3/16' has bits set behind its prefix: taken as 10.1.0.0/16\n"
	  "f:1:33: warning: 10.0.0.0/8 is there already: taken once\n"
	  "f:1:45: error: 10.0.0.0/8 is in this network both with and without '!'\n"
	  "f:1:60: error: !11.0.0.0/8 excludes nothing: it must lie strictly inside another entry of its network\n" },
	{ KIND_EXTERNALNETWORK,
	  "{name: n, entries: ['!a.example.com', a..example.com, '*', any, host, 'b\xc3\xbc.example', 300.1.2.3, a.*.example.com, a.example.com, A.example.com]}",
	  "f:1:21: error: '!a.example.com' excludes a name: only an address or a CIDR can be excluded\n"
	  "f:1:39: error: 'a..example.com' is neither an address nor a domain name: it has an empty part between dots\n"
	  "f:1:55: error: entry '*': everybody is two entries: write 0.0.0.0/0 for IPv4 and ::/0 for IPv6\n"
	  "f:1:60: error: entry 'any': everybody is two entries: write 0.0.0.0/0 for IPv4 and ::/0 for IPv6\n"
	  "f:1:65: error: 'host' is neither an address nor a domain name: a domain name has a dot at least, as in host.example.com\n"
	  "f:1:85: error: '300.1.2.3' is not an IPv4 or IPv6 address or CIDR, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32\n"
	  "f:1:96: error: 'a.*.example.com' is neither an address nor a domain name: * stands for all names below at the beginning only, as in *.example.com\n"
	  "f:1:128: warning: a.example.com is there already: taken once\n" },
	{ KIND_EXTERNALNETWORK,
	  "{name: n, entries: ['::/0'], associatedTags: [a, '=b', 'a=', '$id=1', '@os:host=x']}",
	  "f:1:47: error: 'a' is no tag: write it as key=value\n"
	  "f:1:50: error: '=b' is no tag: write it as key=value\n"
	  "f:1:56: error: 'a=' is no tag: write it as key=value\n"
	  "f:1:62: error: '$id=1' begins with $: such tags are the object's own and cannot be given\n"
	  "f:1:71: error: '@os:host=x' begins with @: such tags are the object's own and cannot be given\n" },
	{ KIND_EXTERNALNETWORK,
	  "{name: n, entries: ['::/0'], annotations: {a: [b]}, protected: true, createTime: x}",
	  "f:1:30: warning: 'annotations' means nothing here and is left out\n"
	  "f:1:53: warning: 'protected' means nothing here and is left out\n"
	  "f:1:70: warning: 'createTime' means nothing here and is left out\n" },
	{ KIND_NAMESPACE,
	  "{name: 'a b', defaultPUIncomingTrafficAction: Deny, defaultPUOutgoingTrafficAction: maybe}",
	  "f:1:8: error: 'a b' is no name of a namespace: it has letters, digits and - _ . @ + : only\n"
	  "f:1:47: error: 'Deny' is no action: write Reject\n"
	  "f:1:85: error: 'maybe' is no action: write Allow, Reject or Inherit\n" },
	{ KIND_NAMESPACE, "{name: a, incomingRejects: Drop}",
	  "f:1:28: error: 'Drop' is no way to reject: write Answered, Silent or Inherit\n" },
	{ KIND_NAMESPACE, "{name: /a//b}", "f:1:8: error: a namespace cannot be called ''\n" },
	{ KIND_NAMESPACE, "{name: /a/..}", "f:1:8: error: a namespace cannot be called '..'\n" },
	{ KIND_RULESET, "{name: r, subject: a=b}",
	  "f:1:20: error: 'a=b' stands for itself: a selector is a list of lists, write [['a=b']]\n" },
	{ KIND_RULESET, "{name: r, subject: [a=b]}",
	  "f:1:21: error: 'a=b' stands for itself: a selector is a list of lists, write [['a=b']]\n" },
	{ KIND_RULESET, "{name: r, subject: \"a\\x1b[b\"}",
	  "f:1:20: error: 'a\\x1b[b' stands for itself: a selector is a list of lists, write [['a\\x1b[b']]\n" },
	{ KIND_RULESET, "{name: r, subject: []}",
	  "f:1:20: error: an empty selector matches nothing: name a tag\n" },
	{ KIND_RULESET, "{name: r, subject: [[], [a=b, a=b]]}",
	  "f:1:21: error: an empty list of tags would match everything: name a tag\n"
	  "f:1:31: error: 'a=b' is there twice\n" },
	{ KIND_RULESET, IN_RULE("action: Allow"),
	  "f:1:45: error: a rule needs 'object': the peers, external networks or processing units\n"
	  "f:1:45: error: a rule needs 'protocolPorts': the services, such as tcp/22\n" },
	{ KIND_RULESET,
	  IN_RULE("action: Accept, object: [[a=b]], protocolPorts: [tcp/70000, 22, any, TCP/80, tcp/80, ssh]"),
	  "f:1:54: error: 'Accept' is no action: write Allow\n"
	  "f:1:95: error: service 'tcp/70000': '70000' is not a port: write a number from 0 to 65535\n"
	  "f:1:106: error: service 22: write tcp/22 for a port; the number of a protocol stands in quotation marks\n"
	  "f:1:115: error: service 'TCP/80': 'any' stands alone\n"
	  "f:1:123: error: service 'tcp/80': 'any' stands alone\n"
	  "f:1:131: error: service 'ssh': services are written by number: write tcp/22\n" },
	{ KIND_RULESET, IN_RULE("action: Allow, object: [[a=b]], protocolPorts: []"),
	  "f:1:93: error: a rule needs a service at least, such as \"any\"\n" },
	{ KIND_ENFORCER, "{ID: 5F1F, name: h, addresses: [10.0.0.0/8]}",
	  "f:1:6: error: '5F1F' is no ID: that is 24 hexadecimal digits in lower case\n"
	  "f:1:33: error: 10.0.0.0/8 is no single address\n" },
};

static void test_messages(void **state)
{
	unsigned int failed = 0;
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(told_of); i++) {
		struct json_object *object;
		struct told told;

		told_begin(&told);
		object = read_text(told_of[i].kind, told_of[i].text, NULL, &told.diag);
		if (strcmp(told_text(&told), told_of[i].messages) != 0) {
			print_error("%s\n%sis told, not\n%s", told_of[i].text, told_text(&told),
				    told_of[i].messages);
			failed++;
		}
		assert_int_equal(object == NULL, told.diag.errors != 0);
		told_end(&told);
		json_object_put(object);
	}
	assert_int_equal(failed, 0);
}

/* What is not named stays as it is. */
static void test_update(void **state)
{
	struct json_object *old, *new;
	struct told told;

	(void)state;
	told_begin(&told);
	old = read_text(KIND_NAMESPACE,
			"{name: /a/b, namespace: /a, defaultPUIncomingTrafficAction: Allow, description: x}",
			NULL, &told.diag);
	new = read_text(KIND_NAMESPACE,
			"{name: /a/b, defaultPUOutgoingTrafficAction: Reject, description: null}",
			old, &told.diag);
	assert_string_equal(object_text(new, "defaultPUIncomingTrafficAction"), "Allow");
	assert_string_equal(object_text(new, "defaultPUOutgoingTrafficAction"), "Reject");
	assert_string_equal(object_text(new, "namespace"), "/a");
	assert_string_equal(object_text(new, "description"), "");
	assert_string_equal(object_text(old, "description"), "x");
	json_object_put(new);
	told_nothing(&told);
	told_begin(&told);
	assert_null(read_text(KIND_NAMESPACE, "{name: null}", old, &told.diag));
	assert_string_equal(told_text(&told),
			    "f:1:1: error: a namespace needs 'name': its path, such as /acme/aws-dev/vm\n");
	told_end(&told);
	json_object_put(old);
}

/* Findings as the API tells of them. */
static void test_findings(void **state)
{
	struct findings findings;
	struct diag diag = findings_begin(&findings, "net.yaml");

	(void)state;
	assert_null(read_text(KIND_RULESET,
			      IN_RULE("action: Allow, object: [[a=b]], protocolPorts: [tcp/x]"),
			      NULL, &diag));
	assert_string_equal(
		json_object_to_json_string_ext(findings.errors,
					       JSON_C_TO_STRING_PLAIN |
						       JSON_C_TO_STRING_NOSLASHESCAPE),
		"[{\"file\":\"net.yaml\",\"line\":1,\"column\":94,\"object\":\"networkrulesetpolicy r\",\"field\":\"incomingRules[0].protocolPorts\",\"value\":\"tcp/x\",\"message\":\"service 'tcp/x': 'x' is not a port: write a number from 0 to 65535\"}]");
	assert_int_equal(json_object_array_length(findings.warnings), 0);
	findings_end(&findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
