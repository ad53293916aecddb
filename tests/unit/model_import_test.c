// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Documents that bring objects: the shapes that people have, templates and where their
 * errors are, and what hostile documents get.
 */
#include "model_fixture.h"

#include <time.h>

#include "lib/doc.h"
#include "model/export.h"

static const struct {
	const char *text;
	const char *messages;
} told_of[] = {
	{ "", "f: error: the document is empty\n" },
	{ "---\n---\n", "f: error: the document is empty\n" },
	{ "a: 1\n",
	  "f:1:1: error: neither an import document, which has 'data', nor an object with 'kind'\n" },
	{ "- {name: a}\n", "f:1:1: error: a document must be an object, not a list\n" },
	{ "APIVersion: 2\nlable: x\ndata: {}\n",
	  "f:2:1: error: unknown field 'lable' in an import document: did you mean 'label'?\n"
	  "f:1:13: error: 'APIVersion' is 0 or 1, not '2'\n" },
	{ "APIVersion: 0\nlabel: ''\n",
	  "f:1:1: error: an import document needs 'data': the lists of objects\n"
	  "f:2:8: error: a label has 1 to 255 bytes, and no control characters\n" },
	{ "data:\n  externalnetwrks: []\n",
	  "f:2:3: error: there is no kind of objects 'externalnetwrks': did you mean 'externalnetworks'?\n" },
	{ "data:\n  networkaccesspolicies: []\n  enforcers: []\n",
	  "f:2:3: error: there is no kind of objects 'networkaccesspolicies': did you mean 'networkrulesetpolicies'?\n"
	  "f:3:3: error: an enforcer cannot be brought by a document: namespaces, externalnetworks and networkrulesetpolicies can\n" },
	{ "data:\n  extnets: {}\n",
	  "f:2:12: error: 'externalnetworks' must be a list, not an object\n" },
	{ "identities: [externalnetwork, automation]\ndata: {}\n",
	  "f:1:31: warning: 'automation' are unknown here: nothing is imported\n" },
	{ "data:\n  externalnetworks:\n  - {name: a, entries: ['::/0']}\n  - {name: a, entries: ['::/0']}\n  - {name: b, namespace: ../x, entries: []}\n",
	  "f:4:5: error: externalnetwork 'a' is there already, on line 3: names are unique in a namespace\n"
	  "f:5:26: error: a namespace cannot be called '..'\n"
	  "f:5:41: warning: a network without entries holds nobody\n" },
	{ "kind: ExternalNetwrk\nmetadata: {name: a}\n",
	  "f:1:7: error: there is no kind of objects 'ExternalNetwrk': did you mean 'externalnetwork'?\n" },
	{ "kind: ExternalNetwork\nmetadata: {nam: a, labels: {}}\nspec: {entries: ['::/0'], description: a, desc: b}\n",
	  "f:2:12: error: unknown field 'nam' in 'metadata': did you mean 'name'?\n"
	  "f:2:20: warning: 'labels' means nothing here and is left out\n"
	  "f:2:11: error: 'metadata' needs 'name': the object's name\n"
	  "f:3:43: error: unknown field 'desc' in an external network\n"
	  "f:1:1: error: an external network needs 'name': its name, unique in its namespace\n" },
	{ "kind: ExternalNetwork\nmetadata: {name: a}\nspec: {entries: ['::/0'], name: b}\n",
	  "f:3:27: error: 'name' is there twice: on line 2, too\n" },
	{ "label: a\ndata: {}\n---\nlabel: b\ndata: {}\n",
	  "f:4:8: error: one label is expected: 'a' is on line 1, import the two one by one\n" },
	{ "data:\n  externalnetworks: [&a {name: x}, *a]\n",
	  "f:2:23: error: YAML anchors are not taken here\n" },
	{ "name: '{{ .Values.nmae }}'\n",
	  "f:1:8: error: {{ .Values.nmae }} has no value: give it with --set nmae=VALUE\n" },
	{ "name: '{{ .Values.x | quote }}'\n",
	  "f:1:8: error: only {{ .Values.KEY }} is filled here, nothing else of the kind\n" },
};

static void test_messages(void **state)
{
	const struct import_options options = { .space = "/" };
	unsigned int failed = 0;
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(told_of); i++) {
		struct import *import;
		struct told told;

		told_begin(&told);
		import = import_read(told_of[i].text, strlen(told_of[i].text), &options, &told.diag);
		if (strcmp(told_text(&told), told_of[i].messages) != 0) {
			print_error("%s\n%sis told, not\n%s", told_of[i].text, told_text(&told),
				    told_of[i].messages);
			failed++;
		}
		assert_int_equal(import == NULL, told.diag.errors != 0);
		import_free(import);
		told_end(&told);
	}
	assert_int_equal(failed, 0);
}

/* The same objects in each of the shapes. */
static const char *const shapes[] = {
	"APIVersion: 0\nlabel: l\ndata:\n  externalnetworks:\n  - {name: ssh, entries: [10.0.0.0/8]}\n",
	"APIVersion: 1\nidentities: [extnet]\ndata:\n  extnet: [{name: ssh, entries: [10.0.0.0/8]}]\n",
	"{\"APIVersion\": 1, \"label\": \"l\", \"data\": {\"externalnetworks\": [{\"name\": \"ssh\", \"entries\": [\"10.0.0.0/8\"], \"propagate\": false}]}}",
	"apiVersion: mseg/v1\nkind: ExternalNetwork\nmetadata:\n  name: ssh\nspec:\n  entries: [10.0.0.0/8]\n",
	"---\n---\nkind: externalnetwork\nmetadata: {name: ssh, namespace: /}\nspec: {entries: [10.0.0.0/8]}\n---\n",
	"name: ssh\nentries: [10.0.0.0/8]\n",
	"[{name: ssh, entries: [10.0.0.0/8]}]\n",
};

static void test_shapes(void **state)
{
	const struct import_options options = {
		.space = "/",
		.kind = kind_get(KIND_EXTERNALNETWORK),
	};
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(shapes); i++) {
		struct import *import;
		struct told told;

		told_begin(&told);
		import = import_read(shapes[i], strlen(shapes[i]), &options, &told.diag);
		told_nothing(&told);
		assert_int_equal(import->n, 1);
		assert_string_equal(import->objects[0].space, "/");
		assert_string_equal(
			json_object_to_json_string_ext(import->objects[0].json,
						       JSON_C_TO_STRING_PLAIN |
							       JSON_C_TO_STRING_NOSLASHESCAPE),
			"{\"name\":\"ssh\",\"namespace\":\"/\",\"description\":\"\",\"entries\":[\"10.0.0.0/8\"],\"associatedTags\":[],\"propagate\":false}");
		import_free(import);
	}
}

/* Names of namespaces, from where the import is. */
static void test_namespaces(void **state)
{
	static const char text[] =
		"data:\n"
		"  externalnetworks: [{name: n, namespace: vm, entries: ['::/0']}]\n"
		"  namespaces: [{name: vm/deep}, {name: /acme/vm}, {name: other, namespace: /acme}]\n";
	static const char outside[] =
		"data: {externalnetworks: [{name: n, namespace: /, entries: ['::/0']}], namespaces: [{name: /x}, {name: /acme}]}";
	const struct import_options options = { .space = "/acme" };
	struct import *import;
	struct told told;

	(void)state;
	told_begin(&told);
	import = import_read(text, strlen(text), &options, &told.diag);
	told_nothing(&told);
	assert_int_equal(import->n, 4);
	assert_string_equal(import->objects[0].name, "/acme/other");
	assert_string_equal(import->objects[1].name, "/acme/vm");
	assert_string_equal(import->objects[1].space, "/acme");
	assert_string_equal(import->objects[2].name, "/acme/vm/deep");
	assert_string_equal(import->objects[2].space, "/acme/vm");
	assert_string_equal(import->objects[3].space, "/acme/vm");
	import_free(import);
	told_begin(&told);
	assert_null(import_read(outside, strlen(outside), &options, &told.diag));
	assert_string_equal(
		told_text(&told),
		"f:1:27: error: the object's namespace is neither that of the request nor below it\n"
		"f:1:85: error: a namespace's path begins with that of the namespace above it\n"
		"f:1:97: error: a namespace is an object of the namespace above it, not of itself\n");
	told_end(&told);
}

static void fill(const char *text, const char *messages, const char *entry)
{
	const struct template_value values[] = { { "name", "a-rather-long-name" },
						 { "net", "10.0.0.0/8" },
						 { "e", "" } };
	const struct import_options options = {
		.space = "/",
		.kind = kind_get(KIND_EXTERNALNETWORK),
		.values = values,
		.n_values = N_OF(values),
	};
	struct import *import;
	struct told told;

	told_begin(&told);
	import = import_read(text, strlen(text), &options, &told.diag);
	assert_string_equal(told_text(&told), messages);
	told_end(&told);
	assert_int_equal(import != NULL, entry != NULL);
	if (import)
		assert_string_equal(object_text(import->objects[0].json, "name"), entry);
	import_free(import);
}

static void test_templates(void **state)
{
	(void)state;
	fill("{name: {{ .Values.name }}, entries: [{{.Values.net}}], description: '{{- .Values.e -}}'}",
	     "", "a-rather-long-name");
	/* Places are those of what was written. */
	fill("{name: {{.Values.name}}{{.Values.e}}, entries: [{{.Values.net}}, x], {{.Values.e}}nope: 1}",
	     "f:1:83: error: unknown field 'nope' in an external network: did you mean 'name'?\n"
	     "f:1:66: error: 'x' is neither an address nor a domain name: a domain name has a dot at least, as in host.example.com\n",
	     NULL);
	fill("name: '\xc3\xbc{{.Values.name}}{{.Values.net}}{{.Values.e}}'\nentries: [{{.Values.name}}]\n",
	     "f:2:11: error: 'a-rather-long-name' is neither an address nor a domain name: a domain name has a dot at least, as in host.example.com\n",
	     NULL);
	fill("name: a\nentries: [{{.Values.nte}}, '{{.Values.e}}', '{{.Values.name}}']",
	     "f:2:11: error: {{ .Values.nte }} has no value: did you mean .Values.net?\n", NULL);
	fill("name: {{.Values.name}}\nentries: [{{.Values.net}}]",
	     "f: warning: nothing takes the value of e: there is no {{ .Values.e }}\n",
	     "a-rather-long-name");
}

static void test_bad_values(void **state)
{
	const struct template_value values[] = { { "a b", "x" }, { "a", "x\ny" } };
	const struct import_options options = { .space = "/", .values = values, .n_values = 2 };
	struct told told;

	(void)state;
	told_begin(&told);
	assert_null(import_read("data: {}", 8, &options, &told.diag));
	assert_int_equal(told.diag.errors, 2);
	told_end(&told);
}

/* What is exported brings the same objects, here and in another namespace. */
static void test_export(void **state)
{
	struct model *model = model_of(
		"/",
		"label: l\n"
		"data:\n"
		"  namespaces: [{name: /, defaultPUIncomingTrafficAction: Reject}, {name: /a}, {name: /a/b, description: x}]\n"
		"  externalnetworks: [{name: n, entries: ['::/0', '!2001:db8::/32', a.example.com], associatedTags: [a=b]}]\n"
		"  networkrulesetpolicies:\n"
		"  - {name: r, namespace: a/b, subject: [[x=y]], propagate: true, outgoingRules: [{action: Reject, object: [[a=b]], protocolPorts: ['icmp/3/0,4'], observationEnabled: true}]}\n");
	const struct export_options whole = { .space = "/", .label = "l" };
	const struct export_options part = { .space = "/a" };
	struct json_object *first = export_document(model, &whole), *second;
	struct import *import;
	struct model *copy;

	(void)state;
	assert_string_equal(
		json_object_to_json_string_ext(first, JSON_C_TO_STRING_PLAIN |
							      JSON_C_TO_STRING_NOSLASHESCAPE),
		"{\"APIVersion\":1,\"label\":\"l\",\"identities\":[\"namespace\",\"externalnetwork\",\"networkrulesetpolicy\"],"
		"\"data\":{\"namespaces\":[{\"name\":\"/\",\"defaultPUIncomingTrafficAction\":\"Reject\"},{\"name\":\"a\"},{\"name\":\"a/b\",\"description\":\"x\"}],"
		"\"externalnetworks\":[{\"name\":\"n\",\"entries\":[\"::/0\",\"!2001:db8::/32\",\"a.example.com\"],\"associatedTags\":[\"a=b\"]}],"
		"\"networkrulesetpolicies\":[{\"name\":\"r\",\"subject\":[[\"x=y\"]],\"outgoingRules\":[{\"action\":\"Reject\",\"object\":[[\"a=b\"]],\"protocolPorts\":[\"icmp/3/0,4\"],\"observationEnabled\":true}],\"propagate\":true,\"namespace\":\"a/b\"}]}}");
	copy = model_of("/", json_object_to_json_string(first));
	second = export_document(copy, &whole);
	assert_true(json_object_equal(first, second));
	json_object_put(first);
	json_object_put(second);
	first = export_document(model, &part);
	import = import_text(json_object_to_json_string(first), "");
	assert_int_equal(import->n, 2);
	assert_string_equal(import->objects[0].name, "/b");
	import_free(import);
	json_object_put(first);
	model_free(copy);
	model_free(model);
}

/* --- hostile documents ---------------------------------------------------- */

static void refused(const char *text, size_t len, const char *reason)
{
	const struct import_options options = { .space = "/" };
	struct timespec before, after;
	struct told told;

	told_begin(&told);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	assert_null(import_read(text, len, &options, &told.diag));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	assert_true(after.tv_sec - before.tv_sec <= 2);
	assert_non_null(strstr(told_text(&told), reason));
	assert_true(told.size < 100000);
	told_end(&told);
}

/* @head, so many of a character, @tail. */
static void refused_long(const char *head, char character, size_t n, const char *tail,
			 const char *reason)
{
	size_t len = strlen(head) + n + strlen(tail);
	char *text = malloc(len + 1);

	assert_non_null(text);
	strcpy(text, head);
	memset(text + strlen(head), character, n);
	strcpy(text + strlen(head) + n, tail);
	refused(text, len, reason);
	free(text);
}

static void test_hostile(void **state)
{
	static const char laughs[] =
		"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\ndata: {externalnetworks: [*b]}\n";
	static const char nul[] = "data: {externalnetworks: [{name: \"a\0b\", entries: []}]}";
	static const char escaped[] = "data: {externalnetworks: [{name: \"a\\0b\", entries: []}]}";

	(void)state;
	refused(laughs, strlen(laughs), "anchors");
	refused(nul, sizeof(nul) - 1, "control character");
	refused(escaped, sizeof(escaped) - 1, "NUL");
	refused("data: \xff\xfe", 8, "not UTF-8");
	refused_long("data: ", '[', 10000, "", "nested deeper");
	refused_long("data: ", '{', 10000, "", "must be a string");
	refused_long("data: {externalnetworks: [{name: ", 'x', 1 << 20, ", entries: []}]}",
		     "255 are the most");
	refused_long("data: {externalnetworks: [{", 'x', 1 << 20, ": 1}]}", "1:28: error: ");
	refused_long("data: {externalnetworks: [{name: a, entries: [", '1', 1 << 20, "]}]}",
		     "must be a string");
	refused_long("data: {{ .Values.", 'x', 1 << 20, " }}", "only {{ .Values.KEY }}");
	refused_long("data: [", ',', 1 << 20, "]", "error");
	/* What takes libfyaml minutes. */
	refused_long("", '%', 1 << 20, "", "cannot begin with %");
	refused_long("data: {}\n", '%', 1 << 20, "", "cannot begin with %");
	refused_long("%YAML 1", '1', 1 << 20, "", "cannot begin with %");
	refused_long("data: {a: ", ' ', 1 << 20, "", "blanks and line breaks in a row");
	refused_long("data: {a: ", '\t', 1 << 20, "", "blanks and line breaks in a row");
	refused_long("data: |\n ", '\n', 1 << 20, "", "blanks and line breaks in a row");
}

/* The last one of so many is one too many. */
static void test_many(void **state)
{
	char *text;
	size_t i, len, n;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	fputs("data: {externalnetworks: [", out);
	for (n = 0; n < IMPORT_OBJECTS_MAX; n++)
		fprintf(out, "{name: n%zu, entries: []}, ", n);
	fflush(out);
	for (i = 0; i < 2; i++) {
		const struct import_options options = { .space = "/" };
		struct import *import;
		struct told told;

		fputs(i ? "{name: one, entries: []}]}" : "]}", out);
		fflush(out);
		told_begin(&told);
		import = import_read(text, len, &options, &told.diag);
		assert_int_equal(import == NULL, i);
		assert_int_equal(strstr(told_text(&told), "16384 objects are the most") != NULL, i);
		import_free(import);
		told_end(&told);
		fseeko(out, -2, SEEK_CUR);
	}
	fclose(out);
	free(text);
}

/* Deep or long or many: each document of a stream counts. */
static void test_stream(void **state)
{
	static const char text[] = "a: 1\n---\n# nothing\n---\n[b]\n...\n---\nc\n";
	const struct doc_value *value;
	struct told told;
	struct doc *doc;

	(void)state;
	told_begin(&told);
	doc = doc_read_stream(text, strlen(text), &told.diag);
	assert_non_null(doc);
	value = doc_root(doc);
	assert_int_equal(value->kind, DOC_OBJECT);
	value = value->next;
	assert_int_equal(value->kind, DOC_NULL);
	value = value->next;
	assert_int_equal(value->kind, DOC_LIST);
	assert_int_equal(value->place.line, 5);
	value = value->next;
	assert_int_equal(value->kind, DOC_STRING);
	assert_null(value->next);
	doc_free(doc);
	assert_null(doc_read(text, strlen(text), &told.diag));
	assert_string_equal(told_text(&told),
			    "f:2:1: error: one document is expected, here a second one begins\n");
	told_end(&told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),   cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_namespaces), cmocka_unit_test(test_templates),
		cmocka_unit_test(test_bad_values), cmocka_unit_test(test_export),
		cmocka_unit_test(test_hostile),	   cmocka_unit_test(test_many),
		cmocka_unit_test(test_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
