// SPDX-License-Identifier: GPL-2.0-or-later
/* Warnings of objects that are valid and do what nobody meant. */
#include "model_fixture.h"

#include "model/warnings.h"

#define NETWORK(name, entries) "{name: " name ", entries: [" entries "]}"
#define RULE(object, services) \
	"{action: Allow, object: [[" object "]], protocolPorts: [" services "]}"
#define RULESET(name, subject, rules) \
	"{name: " name ", subject: [[" subject "]], incomingRules: [" rules "]}"
#define DOCUMENT(networks, rulesets) \
	"data:\n  externalnetworks: [" networks "]\n  networkrulesetpolicies:\n  - " rulesets "\n"
#define EVERY_HOST "$identity=processingunit"

static const struct {
	const char *document;
	const char *messages;
} warned[] = {
	/* The procedure's own mistake. */
	{ DOCUMENT("{name: metadata, entries: [169.254.169.254]}, " NETWORK("ntp", "10.0.0.0/8"),
		   "{name: meta, subject: [[$enforcerid=" HOST_ID
		   "]], outgoingRules: [{action: Allow, object: [['externalnetwork:name=meta']], protocolPorts: [tcp/80]}]}"),
	  "f:4:5: warning: the selector matches nothing: nothing carries 'externalnetwork:name=meta': did you mean externalnetwork:name=metadata?\n" },
	/* The key is misspelt. */
	{ DOCUMENT(NETWORK("ssh", "10.0.0.0/8"),
		   RULESET("a", EVERY_HOST, RULE("externalnetworks:name=ssh", "tcp/22"))),
	  "f:4:5: warning: the selector matches nothing: nothing carries 'externalnetworks:name=ssh': did you mean externalnetwork:name=ssh?\n" },
	/* Each tag is there, but not on one object. */
	{ DOCUMENT(NETWORK("a", "10.0.0.0/8") ", " NETWORK("b", "11.0.0.0/8"),
		   RULESET("a", EVERY_HOST, RULE("'$name=a', '$name=b'", "tcp/22"))),
	  "f:4:5: warning: the selector matches nothing: nothing carries all of its tags\n" },
	/* Hosts. */
	{ DOCUMENT(NETWORK("a", "10.0.0.0/8"),
		   RULESET("a", "role=wbe", RULE("externalnetwork:name=a", "tcp/22"))),
	  "f:4:5: warning: the ruleset applies to no host: nothing carries 'role=wbe': did you mean role=web?\n" },
	{ DOCUMENT(NETWORK("a", "10.0.0.0/8"),
		   "{name: a, subject: [[role=web], [role=db]], incomingRules: [" RULE(
			   "externalnetwork:name=a", "tcp/22") "]}"),
	  "f:4:5: warning: a part of the subject chooses no host: nothing carries 'role=db'\n" },
	/* Families. */
	{ DOCUMENT(NETWORK("all", "0.0.0.0/0"),
		   RULESET("a", EVERY_HOST, RULE("externalnetwork:name=all", "tcp/22"))),
	  "f:2:22: warning: 0.0.0.0/0 does not cover IPv6: add ::/0 if everybody is meant\n" },
	{ DOCUMENT(NETWORK("a", "10.0.0.0/8"),
		   RULESET("a", EVERY_HOST, RULE("externalnetwork:name=a", "icmp6/128, icmp/8"))),
	  "f:4:5: warning: icmp6/128 can never match: icmp6 is IPv6's, and the networks hold IPv4 addresses only: add IPv6 entries, or write icmp/...\n" },
	/* Equal networks, in whatever order; those of everybody are no mistake. */
	{ DOCUMENT(NETWORK("a", "10.0.0.0/8, 192.0.2.1") ", " NETWORK("b", "192.0.2.1, 10.0.0.0/8") ", " NETWORK(
			   "c", "'::/0', 0.0.0.0/0") ", " NETWORK("d", "'::/0', 0.0.0.0/0"),
		   RULESET("a", EVERY_HOST, RULE("externalnetwork:name=a", "tcp/22"))),
	  "f:2:67: warning: the network holds the same addresses as 'a': use one of them for both\n" },
	/* Names. */
	{ DOCUMENT(NETWORK("a", "'*.Example.COM', 10.0.0.0/8"),
		   RULESET("a", EVERY_HOST, RULE("externalnetwork:name=a", "tcp/22"))),
	  "f:4:5: warning: '*.example.com' holds the addresses that this host has looked up: seldom those that connect to it: give the addresses of those who connect\n" },
	{ DOCUMENT(NETWORK("a", "api.example.com"),
		   "{name: a, subject: [[" EVERY_HOST
		   "]], outgoingRules: [{action: Allow, object: [['externalnetwork:name=a']], protocolPorts: [tcp/443, icmp, icmp6]}]}"),
	  "" },
	{ DOCUMENT(NETWORK("evil", "evil.example.com"),
		   "{name: a, subject: [[" EVERY_HOST
		   "]], outgoingRules: [{action: Reject, object: [['externalnetwork:name=evil']], protocolPorts: [any]}]}"),
	  "f:4:5: warning: the rule rejects those addresses of 'evil.example.com' alone that this host has looked up: reject by default, or give its addresses\n" },
	{ DOCUMENT("", "{name: a, subject: [[role=web]]}"),
	  "f:4:5: warning: the ruleset has no rules: give it incomingRules or outgoingRules\n" },
	{ DOCUMENT("", "{name: a, subject: [[role=none]], disabled: true}"), "" },
};

static void test_objects(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(warned); i++) {
		struct model *model = model_of("/", warned[i].document);
		struct told told;

		told_begin(&told);
		assert_int_equal(warnings_find(model, NULL, &told.diag), 0);
		assert_string_equal(told_text(&told), warned[i].messages);
		told_end(&told);
		model_free(model);
	}
}

/* A network of the namespace above has to propagate. */
static void test_elsewhere(void **state)
{
	struct model *model = model_of(
		"/acme/vm",
		"data:\n"
		"  namespaces: [{name: /acme}, {name: /acme/vm}]\n"
		"  externalnetworks:\n"
		"  - {name: corp, namespace: /acme, entries: [10.0.0.0/8]}\n"
		"  networkrulesetpolicies:\n"
		"  - {name: a, namespace: /acme/vm, subject: [[role=web]], incomingRules: [" RULE(
			"externalnetwork:name=corp",
			"tcp/22") "]}\n"
				  "  - {name: b, namespace: /acme, subject: [[role=web]], incomingRules: [" RULE(
					  "externalnetwork:name=corp", "tcp/22") "]}\n");
	struct told told;

	(void)state;
	told_begin(&told);
	assert_int_equal(warnings_find(model, NULL, &told.diag), 0);
	assert_string_equal(
		told_text(&told),
		"f:7:5: warning: the ruleset applies to no host: nothing carries all of its tags in the namespace: hosts in namespaces below need 'propagate: true'\n"
		"f:6:5: warning: the selector matches nothing: nothing carries 'externalnetwork:name=corp': the network corp in /acme needs 'propagate: true'\n");
	told_end(&told);
	model_free(model);
}

#define REJECTING \
	"  namespaces: [{name: /, defaultPUIncomingTrafficAction: Reject, defaultPUOutgoingTrafficAction: Allow}]\n"

static void host_warnings(const char *document, const char *messages)
{
	struct model *model = model_of("/", document);
	struct resolution *resolution = resolve(model, host_of(model));
	struct compiled *compiled;
	struct told told;

	told_begin(&told);
	compiled = compile(resolution, &told.diag);
	assert_non_null(compiled);
	warnings_find_compiled(resolution, compiled, &told.diag);
	assert_string_equal(told_text(&told), messages);
	told_end(&told);
	compiled_free(compiled);
	resolution_free(resolution);
	model_free(model);
}

static void test_host(void **state)
{
	(void)state;
	host_warnings("data:\n" REJECTING,
		      "f: warning: namespace '/' rejects by default, and no rule allows anything incoming: allow at least how the host is administered\n");
	host_warnings(DOCUMENT(NETWORK("a", "0.0.0.0/0"),
			       RULESET("a", EVERY_HOST, RULE("externalnetwork:name=a", "tcp/22")))
			      REJECTING,
		      "f: warning: namespace '/' rejects by default, and no rule allows any IPv6 address incoming: add ::/0 where 0.0.0.0/0 means everybody\n");
	host_warnings(
		DOCUMENT(NETWORK("a", "10.0.0.0/8") ", " NETWORK("all", "0.0.0.0/0, '::/0'"),
			 RULESET("a", EVERY_HOST,
				 RULE("externalnetwork:name=a",
				      "tcp/22")) "\n"
						 "  - {name: b, subject: [[role=web]], incomingRules: [{name: no, action: Reject, object: [['externalnetwork:name=all']], protocolPorts: [any]}]}"),
		"f:4:5: warning: the rule never decides: ruleset 'b', incoming rule 1 ('no') rejects all of it, and Reject beats Allow however narrow that is: narrow the rule that rejects, or leave it out where the default rejects already\n");
}

/* A Reject of IPv4 takes half of what an Allow for both families says. */
static void test_part(void **state)
{
	static const char both[] =
		"data:\n"
		"  externalnetworks: [{name: all, entries: [0.0.0.0/0, '::/0']}, {name: v4, entries: [0.0.0.0/0]}, {name: some, entries: [10.9.0.0/16]}]\n"
		"  networkrulesetpolicies:\n"
		"  - {name: a, subject: [[role=web]], incomingRules: [{action: Allow, object: [['$name=all']], protocolPorts: [udp/1, tcp/22]}]}\n"
		"  - {name: b, subject: [[role=web]], incomingRules: [{action: Reject, object: [['$name=%s']], protocolPorts: [tcp/1:100]}]}\n";
	char document[1024];

	(void)state;
	snprintf(document, sizeof(document), both, "v4");
	host_warnings(document,
		      "f:4:5: warning: the rule does not decide for tcp/22 from or to 0.0.0.0/0: ruleset 'b', incoming rule 1 rejects that, and Reject beats Allow however narrow that is: narrow the rule that rejects, or leave it out where the default rejects already\n");
	/* What is narrower takes something out, as it is meant. */
	snprintf(document, sizeof(document), both, "some");
	host_warnings(document, "");
}

/* One object's warnings alone. */
static void test_only(void **state)
{
	struct model *model =
		model_of("/", DOCUMENT(NETWORK("a", "0.0.0.0/0") ", " NETWORK("b", "0.0.0.0/0"),
				       "{name: a, subject: [[role=none]]}"));
	struct told told;

	(void)state;
	told_begin(&told);
	assert_int_equal(warnings_find(model,
				       model_find(model, kind_get(KIND_EXTERNALNETWORK), "/", "b"),
				       &told.diag),
			 0);
	assert_int_equal(told.diag.warnings, 1);
	told_end(&told);
	model_free(model);
}

/* Of two equal networks each one's warning is about itself: told of both, none is told twice. */
static void test_only_equal(void **state)
{
	static const struct {
		const char *name;
		const char *messages;
	} cases[] = {
		{ "a",
		  "f:2:22: warning: the network holds the same addresses as 'b': use one of them for both\n" },
		{ "b",
		  "f:2:56: warning: the network holds the same addresses as 'a': use one of them for both\n" },
	};
	struct model *model =
		model_of("/", DOCUMENT(NETWORK("a", "10.0.0.0/8") ", " NETWORK("b", "10.0.0.0/8"),
				       "{name: a, subject: [[role=none]]}"));
	struct told told;
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(cases); i++) {
		const struct model_object *only =
			model_find(model, kind_get(KIND_EXTERNALNETWORK), "/", cases[i].name);

		told_begin(&told);
		assert_int_equal(warnings_find(model, only, &told.diag), 0);
		assert_string_equal(told_text(&told), cases[i].messages);
		told_end(&told);
	}
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects), cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_host),	cmocka_unit_test(test_part),
		cmocka_unit_test(test_only),	cmocka_unit_test(test_only_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
