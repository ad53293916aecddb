// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What applies to a host, and why: namespaces, inheritance, propagation, fallback,
 * tags and selectors; and the policy that it makes.
 */
#include "model_fixture.h"

#include <errno.h>

#include "model/path.h"
#include "model/selector.h"

static const char tree[] =
	"data:\n"
	"  namespaces:\n"
	"  - {name: /, defaultPUOutgoingTrafficAction: Allow, outgoingRejects: Silent}\n"
	"  - {name: /acme, defaultPUIncomingTrafficAction: Reject, outgoingRejects: Answered, incomingRejects: Silent}\n"
	"  - {name: /acme/aws}\n"
	"  - {name: /acme/aws/vm, defaultPUOutgoingTrafficAction: Reject}\n"
	"  - {name: /acme/other}\n"
	"  externalnetworks:\n"
	"  - {name: near, namespace: /acme/aws/vm, entries: [10.1.0.0/16]}\n"
	"  - {name: far, namespace: /acme, entries: [10.2.0.0/16], propagate: true}\n"
	"  - {name: hidden, namespace: /acme, entries: [10.3.0.0/16]}\n"
	"  - {name: tagged, namespace: /acme/aws/vm, entries: [10.4.0.0/16], associatedTags: [zone=a, team=x]}\n"
	"  networkrulesetpolicies:\n";

#define SUBJECT "subject: [[role=web]]"
#define RULES(object) \
	"incomingRules: [{action: Allow, object: " object ", protocolPorts: [tcp/22]}]"
#define IN_VM "namespace: /acme/aws/vm"

struct scene {
	struct model *model;
	struct resolution *resolution;
	struct compiled *compiled;
};

static struct scene scene_of(const char *rulesets)
{
	struct scene scene = { 0 };
	char *document = NULL;
	struct told told;

	told_begin(&told);
	assert_true(asprintf(&document, "%s%s", tree, rulesets) > 0);
	scene.model = model_of("/acme/aws/vm", document);
	free(document);
	assert_true(model_check(scene.model, &told.diag));
	scene.resolution = resolve(scene.model, host_of(scene.model));
	assert_non_null(scene.resolution);
	scene.compiled = compile(scene.resolution, &told.diag);
	assert_non_null(scene.compiled);
	told_nothing(&told);
	return scene;
}

static void scene_end(struct scene *scene)
{
	compiled_free(scene->compiled);
	resolution_free(scene->resolution);
	model_free(scene->model);
}

static void test_defaults(void **state)
{
	struct scene scene = scene_of("");
	const struct resolved_default *defaults = scene.resolution->defaults;
	struct model *bare = model_of("/", "data: {}");

	(void)state;
	assert_int_equal(defaults[MSEG_DIRECTION_IN].action, MSEG_ACTION_REJECT);
	assert_string_equal(defaults[MSEG_DIRECTION_IN].space, "/acme");
	assert_int_equal(defaults[MSEG_DIRECTION_OUT].action, MSEG_ACTION_REJECT);
	assert_string_equal(defaults[MSEG_DIRECTION_OUT].space, "/acme/aws/vm");
	assert_int_equal(scene.compiled->policy->defaults[MSEG_DIRECTION_IN], MSEG_ACTION_REJECT);
	assert_int_equal(scene.compiled->policy->silent[MSEG_DIRECTION_IN], 1);
	assert_int_equal(scene.compiled->policy->silent[MSEG_DIRECTION_OUT], 0);
	scene_end(&scene);
	/* With nothing set, a host is in discovery mode. */
	assert_int_equal(resolve_default(bare, "/", MSEG_DIRECTION_IN).action, MSEG_ACTION_ALLOW);
	assert_string_equal(resolve_default(bare, "/", MSEG_DIRECTION_IN).space, "/");
	model_free(bare);
}

static void why(const char *rulesets, const char *name, enum why expected)
{
	struct scene scene = scene_of(rulesets);
	bool found = false;
	size_t i;

	for (i = 0; i < scene.resolution->n_rulesets; i++) {
		const struct resolved_ruleset *resolved = &scene.resolution->rulesets[i];

		if (strcmp(resolved->ruleset->name, name) != 0)
			continue;
		assert_string_equal(resolve_why_word(resolved->why), resolve_why_word(expected));
		assert_int_equal(resolved->applies, expected <= WHY_FALLBACK);
		found = true;
	}
	assert_true(found);
	scene_end(&scene);
}

static void test_why(void **state)
{
	(void)state;
	why("  - {name: a, " IN_VM ", " SUBJECT "}", "a", WHY_NAMESPACE);
	why("  - {name: a, " IN_VM ", " SUBJECT ", disabled: true}", "a", WHY_DISABLED);
	why("  - {name: a, " IN_VM ", subject: [[role=db]]}", "a", WHY_SUBJECT);
	why("  - {name: a, namespace: /acme, " SUBJECT "}", "a", WHY_NOT_PROPAGATED);
	why("  - {name: a, namespace: /acme, " SUBJECT ", propagate: true}", "a", WHY_PROPAGATED);
	why("  - {name: a, " IN_VM ", " SUBJECT ", fallback: true}", "a", WHY_FALLBACK);
	/* A fallback gives way to what applies, and to nothing else. */
	why("  - {name: a, " IN_VM ", " SUBJECT ", fallback: true}\n  - {name: b, " IN_VM
	    ", " SUBJECT "}",
	    "a", WHY_NOT_NEEDED);
	why("  - {name: a, " IN_VM ", " SUBJECT ", fallback: true}\n  - {name: b, " IN_VM
	    ", " SUBJECT ", disabled: true}",
	    "a", WHY_FALLBACK);
	why("  - {name: a, " IN_VM ", " SUBJECT
	    ", fallback: true}\n  - {name: b, namespace: /acme, " SUBJECT
	    ", fallback: true, propagate: true}",
	    "a", WHY_FALLBACK);
}

/* A namespace beside the host's is none of its business. */
static void test_beside(void **state)
{
	struct scene scene =
		scene_of("  - {name: a, namespace: /acme/other, " SUBJECT ", propagate: true}");

	(void)state;
	assert_int_equal(scene.resolution->n_rulesets, 0);
	scene_end(&scene);
}

static void test_subjects(void **state)
{
	static const char *const choosing[] = {
		"[['$id=" HOST_ID "']]",
		"[['$enforcerid=" HOST_ID "']]",
		"[['$name=web-1']]",
		"[['$namespace=/acme/aws/vm']]",
		"[['$type=Host']]",
		"[['@os:host=web-1']]",
		"[['$identity=processingunit']]",
		"[[role=web, '$type=Host']]",
		"[[role=db], [role=web]]",
	};
	static const char *const others[] = {
		"[['$id=5f1f2ad0f0fe17061e24ed7e']]",
		"[[role=web, role=db]]",
		"[['$namespace=/acme']]",
		"[['$identity=enforcer']]",
		"[[role=Web]]",
	};
	char ruleset[256];
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(choosing); i++) {
		snprintf(ruleset, sizeof(ruleset), "  - {name: a, " IN_VM ", subject: %s}",
			 choosing[i]);
		why(ruleset, "a", WHY_NAMESPACE);
	}
	for (i = 0; i < N_OF(others); i++) {
		snprintf(ruleset, sizeof(ruleset), "  - {name: a, " IN_VM ", subject: %s}",
			 others[i]);
		why(ruleset, "a", WHY_SUBJECT);
	}
}

static void allows(const char *object, const char *peer, bool expected)
{
	char ruleset[512];
	struct scene scene;
	struct mseg_verdict verdict;

	snprintf(ruleset, sizeof(ruleset),
		 "  - {name: a, namespace: /acme, propagate: true, " SUBJECT ", " RULES("%s") "}",
		 object);
	scene = scene_of(ruleset);
	verdict = judge(scene.compiled->policy, MSEG_DIRECTION_IN, peer, 6, 22);
	if ((verdict.action == MSEG_ACTION_ALLOW) != expected)
		print_error("%s from %s\n", object, peer);
	assert_int_equal(verdict.action == MSEG_ACTION_ALLOW, expected);
	scene_end(&scene);
}

static void test_objects(void **state)
{
	(void)state;
	allows("[['externalnetwork:name=near']]", "10.1.0.1", true);
	allows("[['externalnetwork:name=near']]", "10.2.0.1", false);
	allows("[['externalnetwork:name=far']]", "10.2.0.1", true);
	allows("[['externalnetwork:name=hidden']]", "10.3.0.1", false);
	allows("[[zone=a, team=x]]", "10.4.0.1", true);
	allows("[[zone=a, team=y]]", "10.4.0.1", false);
	allows("[[zone=b], [team=x]]", "10.4.0.1", true);
	allows("[['$identity=externalnetwork']]", "10.4.0.1", true);
	allows("[['$identity=externalnetwork', '$namespace=/acme']]", "10.4.0.1", false);
	allows("[['$identity=externalnetwork', '$namespace=/acme']]", "10.2.0.1", true);
	/* Hosts, by their addresses. */
	allows("[['$identity=processingunit']]", "192.0.2.1", true);
	allows("[['$identity=processingunit']]", "10.2.0.1", false);
	allows("[[role=web]]", "192.0.2.1", true);
}

/* A host is a peer only below the namespace of the rule. */
static void test_hosts_elsewhere(void **state)
{
	struct model *model =
		model_of("/acme",
			 "data:\n  namespaces: [{name: /acme, defaultPUIncomingTrafficAction: Reject}, {name: /else}]\n"
			 "  networkrulesetpolicies: [{name: a, namespace: /acme, " SUBJECT
			 ", " RULES("[[role=db]]") "}]\n");
	struct resolution *resolution;

	(void)state;
	add_json(model, KIND_ENFORCER, "/else",
		 "{\"ID\": \"000000000000000000000001\", \"name\": \"db-1\","
		 "\"associatedTags\": [\"role=db\"], \"addresses\": [\"192.0.2.2\"]}");
	resolution = resolve(model, host_of(model));
	assert_int_equal(resolution->n_rules, 1);
	assert_int_equal(resolution->rules[0].peers.n, 0);
	resolution_free(resolution);
	model_free(model);
}

/* Equals go to the first by namespace, ruleset name and index. */
static void test_attribution(void **state)
{
	struct scene scene = scene_of("  - {name: b, " IN_VM ", " SUBJECT ", " RULES(
		"[[zone=a]]") "}\n"
			      "  - {name: B, " IN_VM ", " SUBJECT ", " RULES(
				      "[[zone=a]]") "}\n"
						    "  - {name: z, namespace: /acme, propagate: true, subject: [[role=web]], " RULES(
							    "[[zone=a]]") "}\n");
	const struct compiled *compiled = scene.compiled;
	struct mseg_verdict verdict;

	(void)state;
	assert_int_equal(compiled->policy->n_rules, 3);
	assert_string_equal(compiled->rules[0].rule->ruleset->name, "z");
	assert_string_equal(compiled->rules[1].rule->ruleset->name, "B");
	assert_string_equal(compiled->rules[2].rule->ruleset->name, "b");
	verdict = judge(compiled->policy, MSEG_DIRECTION_IN, "10.4.0.1", 6, 22);
	assert_int_equal(verdict.rule, 0);
	scene_end(&scene);
}

/* A cookie stays with its rule, whatever comes beside it. */
static void test_cookies(void **state)
{
	static const char one[] = "  - {name: r, " IN_VM ", " SUBJECT
				  ", " RULES("[[zone=a]]") "}\n";
	static const char two[] = "  - {name: a, " IN_VM ", " SUBJECT
				  ", " RULES("[[zone=a]]") "}\n"
							   "  - {name: r, " IN_VM ", " SUBJECT
							   ", " RULES("[[zone=a]]") "}\n";
	struct scene first = scene_of(one), second = scene_of(two);
	uint64_t cookie = first.compiled->rules[0].cookie;

	(void)state;
	assert_true(cookie && cookie < 1ULL << 53);
	assert_int_equal(first.compiled->policy->rules[0].cookie, cookie);
	assert_string_equal(compiled_find(second.compiled, cookie)->ruleset->name, "r");
	assert_int_not_equal(second.compiled->rules[0].cookie, second.compiled->rules[1].cookie);
	assert_null(compiled_find(second.compiled, cookie ^ 1));
	scene_end(&first);
	scene_end(&second);
}

/* Also where the rule before it names nobody, and the kernel does not get it. */
static void test_cookies_of_indices(void **state)
{
	static const char rules[] =
		"  - {name: r, " IN_VM ", " SUBJECT
		", incomingRules: [{action: Allow, object: [['$name=%s']], protocolPorts: [any]}, {action: Allow, object: [[zone=a]], protocolPorts: [any]}]}\n";
	char text[512];
	struct scene first, second;

	(void)state;
	snprintf(text, sizeof(text), rules, "near");
	first = scene_of(text);
	snprintf(text, sizeof(text), rules, "nowhere");
	second = scene_of(text);
	assert_int_equal(first.compiled->policy->n_rules, 2);
	assert_int_equal(second.compiled->policy->n_rules, 1);
	assert_int_equal(first.compiled->rules[1].cookie, second.compiled->rules[0].cookie);
	scene_end(&first);
	scene_end(&second);
}

/* More networks than the kernel takes in a rule, under one cookie. */
static void test_many_networks(void **state)
{
	struct model *model =
		model_of("/",
			 "data:\n  namespaces: [{name: /, defaultPUIncomingTrafficAction: Reject}]\n"
			 "  networkrulesetpolicies: [{name: a, " SUBJECT
			 ", " RULES("[['$identity=externalnetwork']]") "}]\n");
	struct resolution *resolution;
	struct compiled *compiled;
	struct told told;
	char text[128];
	int i;

	(void)state;
	for (i = 0; i < 1100; i++) {
		snprintf(text, sizeof(text), "{\"name\": \"n%d\", \"entries\": [\"10.0.%d.%d\"]}",
			 i, i / 256, i % 256);
		add_json(model, KIND_EXTERNALNETWORK, "/", text);
	}
	told_begin(&told);
	resolution = resolve(model, host_of(model));
	compiled = compile(resolution, &told.diag);
	assert_non_null(compiled);
	assert_int_equal(compiled->policy->n_rules, 3);
	assert_int_equal(compiled->rules[0].cookie, compiled->rules[2].cookie);
	assert_int_equal(judge(compiled->policy, MSEG_DIRECTION_IN, "10.0.4.75", 6, 22).action,
			 MSEG_ACTION_ALLOW);
	assert_int_equal(judge(compiled->policy, MSEG_DIRECTION_IN, "10.0.4.76", 6, 22).action,
			 MSEG_ACTION_REJECT);
	told_nothing(&told);
	compiled_free(compiled);
	resolution_free(resolution);
	model_free(model);
}

/* Selectors that would have to be held against networks millions of times are refused. */
static void test_too_wide(void **state)
{
	struct model *model = model_of("/", "data: {}");
	struct resolution *resolution;
	struct told told;
	char text[128], *json;
	size_t size;
	FILE *out = open_memstream(&json, &size);
	int i;

	(void)state;
	for (i = 0; i < 4200; i++) {
		snprintf(text, sizeof(text),
			 "{\"name\": \"n%d\", \"entries\": [], \"associatedTags\": [\"%s\"]}", i,
			 i % 2 ? "a=1" : "b=2");
		add_json(model, KIND_EXTERNALNETWORK, "/", text);
	}
	fprintf(out, "{\"name\": \"wide\", \"subject\": [[\"$identity=processingunit\"]], "
		     "\"incomingRules\": [");
	for (i = 0; i < 2100; i++)
		fprintf(out,
			"%s{\"action\": \"Allow\", \"object\": [[\"a=1\", \"b=2\"]], "
			"\"protocolPorts\": [\"tcp/%d\"]}",
			i ? ", " : "", i + 1);
	fprintf(out, "]}");
	fclose(out);
	add_json(model, KIND_RULESET, "/", json);
	free(json);
	told_begin(&told);
	resolution = resolve(model, host_of(model));
	assert_non_null(resolution);
	assert_string_equal(resolution->too_wide->name, "wide");
	assert_null(compile(resolution, &told.diag));
	assert_non_null(strstr(told_text(&told), "choose too much together"));
	told_end(&told);
	resolution_free(resolution);
	model_free(model);
}

/* What the kernel refuses is said with the object. */
static void test_refused(void **state)
{
	struct model *model = model_of("/", "data:\n  networkrulesetpolicies: [{name: a, " SUBJECT
					    ", " RULES("[['$identity=externalnetwork']]") "}]\n");
	struct resolution *resolution;
	struct told told;
	char text[128];
	int i;

	(void)state;
	for (i = 0; i <= MSEG_MAX_OVERLAP; i++) {
		snprintf(text, sizeof(text), "{\"name\": \"n%d\", \"entries\": [\"10.0.0.1\"]}", i);
		add_json(model, KIND_EXTERNALNETWORK, "/", text);
	}
	told_begin(&told);
	resolution = resolve(model, host_of(model));
	assert_null(compile(resolution, &told.diag));
	assert_int_equal(told.diag.errors, 1);
	told_end(&told);
	resolution_free(resolution);
	model_free(model);
}

/* Rules under observation, names, and a name that is too long for the kernel. */
static void test_rest(void **state)
{
	char document[2048], name[241];
	struct model *model;
	struct resolution *resolution;
	struct compiled *compiled;
	struct json_object *json;
	struct told told;

	(void)state;
	memset(name, 'x', 240);
	name[240] = '\0';
	snprintf(document, sizeof(document),
		 "data:\n"
		 "  externalnetworks: [{name: n, entries: [10.0.0.0/8, a.example.com]}]\n"
		 "  networkrulesetpolicies: [{name: '%s', " SUBJECT
		 ", outgoingRules: [{name: '\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc', action: Reject, object: [['$name=n']], protocolPorts: [any], observationEnabled: true, logsDisabled: true}]}]\n",
		 name);
	model = model_of("/", document);
	told_begin(&told);
	resolution = resolve(model, host_of(model));
	compiled = compile(resolution, &told.diag);
	assert_non_null(compiled);
	assert_int_equal(compiled->policy->n_observed, 1);
	assert_int_equal(compiled->policy->n_domains, 1);
	assert_string_equal(compiled->policy->networks[0].domains[0], "a.example.com");
	assert_int_equal(compiled->policy->n_entries, 1);
	assert_int_equal(strlen(compiled->policy->rules[0].name), 240 + 2 + 12);
	json = compiled_describe_rule(compiled->rules[0].rule);
	assert_string_equal(object_text(json, "policyName"), name);
	assert_string_equal(object_text(json, "policyNamespace"), "/");
	assert_string_equal(object_text(json, "direction"), "outgoing");
	assert_true(object_flag(json, "logsDisabled"));
	json_object_put(json);
	told_nothing(&told);
	compiled_free(compiled);
	resolution_free(resolution);
	model_free(model);
}

static void test_describe(void **state)
{
	struct scene scene = scene_of("  - {name: a, " IN_VM ", subject: [[role=db], [role=web]]}\n"
				      "  - {name: b, namespace: /acme, " SUBJECT "}\n");
	struct json_object *json = resolution_describe(scene.resolution);

	(void)state;
	assert_string_equal(
		json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN |
							     JSON_C_TO_STRING_NOSLASHESCAPE),
		"{\"defaults\":{\"incoming\":{\"action\":\"Reject\",\"namespace\":\"/acme\"},\"outgoing\":{\"action\":\"Reject\",\"namespace\":\"/acme/aws/vm\"}},"
		"\"rulesets\":[{\"namespace\":\"/acme\",\"name\":\"b\",\"applies\":false,\"reason\":\"notPropagated\",\"why\":\"it is in a namespace above and does not propagate\",\"subject\":[\"role=web\"]},"
		"{\"namespace\":\"/acme/aws/vm\",\"name\":\"a\",\"applies\":true,\"reason\":\"namespace\",\"why\":\"it is in the host's namespace\",\"subject\":[\"role=web\"]}]}");
	json_object_put(json);
	json = model_processingunit(scene.resolution->enforcer);
	assert_string_equal(
		json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN |
							     JSON_C_TO_STRING_NOSLASHESCAPE),
		"{\"ID\":\"" HOST_ID
		"\",\"name\":\"web-1\",\"namespace\":\"/acme/aws/vm\",\"enforcerID\":\"" HOST_ID
		"\",\"type\":\"Host\",\"associatedTags\":[\"role=web\"],"
		"\"normalizedTags\":[\"$enforcerid=" HOST_ID "\",\"$id=" HOST_ID
		"\",\"$identity=processingunit\",\"$name=web-1\",\"$namespace=/acme/aws/vm\",\"$type=Host\",\"@os:host=web-1\",\"role=web\"]}");
	json_object_put(json);
	scene_end(&scene);
}

/* --- the set of objects --------------------------------------------------- */

static void test_model(void **state)
{
	const struct kind *kind = kind_get(KIND_EXTERNALNETWORK);
	struct model *model =
		model_of("/", "data: {externalnetworks: [{name: a, entries: ['::/0']}]}");
	struct model_object *object = model_find(model, kind, "/", "a"), **list;
	struct json_object *json;
	struct model *copy;
	size_t n;

	(void)state;
	assert_non_null(object);
	errno = 0;
	assert_null(model_add(model, kind, "/", object->json));
	assert_int_equal(errno, EEXIST);
	json = json_tokener_parse("{\"name\": \"b\", \"ID\": \"000000000000000000000001\"}");
	object = model_set(model, object, json);
	assert_non_null(object);
	assert_null(model_find(model, kind, "/", "a"));
	assert_ptr_equal(model_find_id(model, kind, "000000000000000000000001"), object);
	copy = model_copy(model);
	add_json(model, kind->id, "/x", "{\"name\": \"a\"}");
	/* The name of another one is refused, and nothing changes. */
	assert_null(model_set(model, model_find(model, kind, "/x", "a"), json));
	assert_non_null(model_find(model, kind, "/x", "a"));
	list = model_list(model, kind, "/", true, &n);
	assert_int_equal(n, 2);
	assert_string_equal(list[0]->name, "b");
	free(list);
	model_remove(model, object);
	assert_null(model_find_id(model, kind, "000000000000000000000001"));
	assert_non_null(model_find_id(copy, kind, "000000000000000000000001"));
	model_objects(model, kind, &n);
	assert_int_equal(n, 1);
	json_object_put(json);
	model_free(copy);
	model_free(model);
}

static void test_homeless(void **state)
{
	struct model *model = model_of(
		"/",
		"data: {namespaces: [{name: /acme}, {name: /b/c}], externalnetworks: [{name: a, namespace: acne, entries: ['::/0']}]}");
	struct told told;

	(void)state;
	told_begin(&told);
	assert_false(model_check(model, &told.diag));
	assert_string_equal(told_text(&told),
			    "f:1:36: error: there is no namespace '/b'\n"
			    "f:1:70: error: there is no namespace '/acne': did you mean '/acme'?\n");
	told_end(&told);
	model_free(model);
}

static void test_paths(void **state)
{
	char path[PATH_LEN];

	(void)state;
	assert_true(path_is_within("/a/b", "/a"));
	assert_true(path_is_within("/a", "/a"));
	assert_true(path_is_within("/a", "/"));
	assert_false(path_is_within("/ab", "/a"));
	assert_false(path_is_within("/", "/a"));
	path_parent("/a/b", path);
	assert_string_equal(path, "/a");
	path_parent("/a", path);
	assert_string_equal(path, "/");
	path_parent("/", path);
	assert_string_equal(path, "/");
	assert_int_equal(path_resolve("/", "a", path), 0);
	assert_string_equal(path, "/a");
	assert_int_equal(path_resolve("/a", "b/c", path), 0);
	assert_string_equal(path, "/a/b/c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_beside),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_hosts_elsewhere),
		cmocka_unit_test(test_attribution),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_cookies_of_indices),
		cmocka_unit_test(test_many_networks),
		cmocka_unit_test(test_too_wide),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_homeless),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
