// SPDX-License-Identifier: GPL-2.0-or-later
/* The rulesets out of the box: each can be imported, and opens what it says. */
#include "model_fixture.h"

#include "model/catalogue.h"
#include "model/warnings.h"

static struct import *read_entry(const char *name, const char *const *from, size_t n,
				 struct diag *diag)
{
	const struct catalogue_entry *entry = catalogue_find(name);
	const struct catalogue_options options = { "/", from, n };

	assert_non_null(entry);
	return catalogue_read(entry, &options, diag);
}

/* No entry has an error, a warning, or a name that another one has. */
static void test_all(void **state)
{
	struct model *model = model_of("/", "{data: {}}");
	const struct catalogue_entry *entry;
	struct told told;
	size_t i;

	(void)state;
	told_begin(&told);
	for (i = 0; (entry = catalogue_at(i)) != NULL; i++) {
		struct import *import = read_entry(entry->name, NULL, 0, &told.diag);
		char label[64];

		assert_non_null(import);
		snprintf(label, sizeof(label), "catalogue-%s", entry->name);
		assert_string_equal(import->label, label);
		assert_true(strlen(entry->summary) > 3);
		add_import(model, import);
		import_free(import);
	}
	assert_true(i >= 20);
	assert_null(catalogue_find("nonsense"));
	assert_string_equal(catalogue_nearest("shs"), "ssh");
	told_nothing(&told);
	model_free(model);
}

static void opens(const char *name, const char *const *from, size_t n, const char *expected)
{
	struct told told;
	struct import *import;
	struct json_object *list;

	told_begin(&told);
	import = read_entry(name, from, n, &told.diag);
	assert_non_null(import);
	list = catalogue_opens(import);
	assert_string_equal(json_object_to_json_string_ext(list,
							   JSON_C_TO_STRING_PLAIN |
								   JSON_C_TO_STRING_NOSLASHESCAPE),
			    expected);
	json_object_put(list);
	import_free(import);
	told_nothing(&told);
}

static void test_opens(void **state)
{
	static const char *const from[] = { "10.0.0.0/8", "2001:DB8::/32" };

	(void)state;
	opens("ssh", NULL, 0,
	      "[{\"ruleset\":\"Allow incoming SSH connections\",\"direction\":\"incoming\","
	      "\"action\":\"Allow\",\"services\":[\"tcp/22\"],\"networks\":[\"ssh\"],"
	      "\"entries\":[\"0.0.0.0/0\",\"::/0\"]}]");
	opens("SSH", from, 2,
	      "[{\"ruleset\":\"Allow incoming SSH connections\",\"direction\":\"incoming\","
	      "\"action\":\"Allow\",\"services\":[\"tcp/22\"],\"networks\":[\"ssh\"],"
	      "\"entries\":[\"10.0.0.0/8\",\"2001:db8::/32\"]}]");
}

static void test_bad_from(void **state)
{
	static const char *const from[] = { "10.0.0/8", "" };
	struct told told;

	(void)state;
	told_begin(&told);
	assert_null(read_entry("ssh", from, 2, &told.diag));
	assert_int_equal(told.diag.errors, 2);
	assert_non_null(strstr(told_text(&told), "write 10.0.0.0/8"));
	told_end(&told);
}

/* What each entry of the procedure opens, judged by the policy that it makes. */
static void test_procedure(void **state)
{
	static const struct {
		const char *entry;
		unsigned int direction;
		const char *peer;
		unsigned int protocol;
		unsigned int service;
	} opened[] = {
		{ "ssh", MSEG_DIRECTION_IN, "198.51.100.1", 6, 22 },
		{ "ssh", MSEG_DIRECTION_IN, "2001:db8::1", 6, 22 },
		{ "ntp", MSEG_DIRECTION_OUT, "198.51.100.1", 17, 123 },
		{ "dns", MSEG_DIRECTION_OUT, "198.51.100.1", 17, 53 },
		{ "dhcp", MSEG_DIRECTION_IN, "198.51.100.1", 17, 68 },
		{ "dhcp", MSEG_DIRECTION_OUT, "255.255.255.255", 17, 67 },
		{ "dhcp", MSEG_DIRECTION_OUT, "ff02::1:2", 17, 547 },
		{ "ldap", MSEG_DIRECTION_OUT, "198.51.100.1", 6, 389 },
		{ "ldaps", MSEG_DIRECTION_OUT, "198.51.100.1", 6, 3269 },
		{ "icmp", MSEG_DIRECTION_IN, "198.51.100.1", 1, 8 * 256 },
		{ "icmp", MSEG_DIRECTION_OUT, "198.51.100.1", 1, 0 },
		{ "icmp", MSEG_DIRECTION_IN, "198.51.100.1", 1, 11 * 256 },
		{ "icmp", MSEG_DIRECTION_IN, "198.51.100.1", 1, 3 * 256 + 4 },
		{ "icmp", MSEG_DIRECTION_IN, "2001:db8::1", 58, 128 * 256 },
		{ "metadata", MSEG_DIRECTION_OUT, "169.254.169.254", 6, 80 },
		{ "metadata", MSEG_DIRECTION_OUT, "fd00:ec2::254", 6, 80 },
		{ "https", MSEG_DIRECTION_OUT, "2001:db8::1", 6, 443 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(opened); i++) {
		struct model *model = model_of(
			"/",
			"{data: {namespaces: [{name: /, defaultPUIncomingTrafficAction: Reject, defaultPUOutgoingTrafficAction: Reject}]}}");
		struct resolution *resolution;
		struct compiled *compiled;
		struct import *import;
		struct told told;

		told_begin(&told);
		import = read_entry(opened[i].entry, NULL, 0, &told.diag);
		add_import(model, import);
		import_free(import);
		resolution = resolve(model, host_of(model));
		compiled = compile(resolution, &told.diag);
		assert_non_null(compiled);
		assert_int_equal(judge(compiled->policy, opened[i].direction, opened[i].peer,
				       opened[i].protocol, opened[i].service)
					 .action,
				 MSEG_ACTION_ALLOW);
		assert_int_equal(judge(compiled->policy, opened[i].direction, opened[i].peer, 6, 7)
					 .action,
				 MSEG_ACTION_REJECT);
		assert_int_equal(warnings_find(model, NULL, &told.diag), 0);
		compiled_free(compiled);
		resolution_free(resolution);
		model_free(model);
		told_nothing(&told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_opens),
		cmocka_unit_test(test_bad_from),
		cmocka_unit_test(test_procedure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
