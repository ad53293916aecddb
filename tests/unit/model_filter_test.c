// SPDX-License-Identifier: GPL-2.0-or-later
/* Filters of lists: what they choose, and what is said of those that are wrong. */
#include "ctl_cmocka.h"

#include <string.h>

#include "lib/text.h"
#include "model/filter.h"

static const char object[] =
	"{\"name\": \"ssh\", \"description\": \"a \\\"b\\\"\", \"propagate\": true, \"count\": 17,"
	"\"entries\": [\"10.0.0.0/8\", \"::/0\"], \"inner\": {\"a\": {\"b\": \"c\"}}, \"x.y\": 1,"
	"\"nothing\": null, \"sourceType\": \"ProcessingUnit\"}";

static const struct {
	const char *filter;
	bool chosen;
} filters[] = {
	{ "", true },
	{ "  ", true },
	{ "name == \"ssh\"", true },
	{ "name == 'ssh'", true },
	{ "name == ssh", true },
	{ "name==\"ssh\"", true },
	{ "name == \"SSH\"", false },
	{ "name != \"ssh\"", false },
	{ "name != \"ntp\"", true },
	{ "sourceType == \"ProcessingUnit\"", true },
	{ "propagate == true", true },
	{ "propagate == false", false },
	{ "count == 17", true },
	{ "count > 9", true },
	{ "count >= 17 and count <= 17", true },
	{ "count < 17", false },
	{ "count < 17.5", true },
	{ "name > \"ssg\"", true },
	{ "name == \"ntp\" or name == \"ssh\"", true },
	{ "name == \"ssh\" OR name == \"ntp\" AND count == 1", true },
	{ "(name == \"ssh\" or name == \"ntp\") and count == 1", false },
	{ "not name == \"ssh\"", false },
	{ "not (name == \"a\" or name == \"b\")", true },
	{ "name in [\"ntp\", \"ssh\"]", true },
	{ "name not in [\"ntp\", \"ssh\"]", false },
	{ "entries contains \"::/0\"", true },
	{ "entries contains [\"a\", \"10.0.0.0/8\"]", true },
	{ "entries contains \"10.0.0.0\"", false },
	{ "entries not contains \"::/0\"", false },
	{ "name contains \"sh\"", true },
	{ "name matches \"^s+h$\"", true },
	{ "name matches [\"x\", \"^s\"]", true },
	{ "name matches \"^h\"", false },
	{ "name not matches \"^h\"", true },
	{ "inner.a.b == \"c\"", true },
	{ "inner.a exists", true },
	{ "inner.b exists", false },
	{ "inner.b not exists", true },
	{ "x.y == 1", true },
	{ "description == \"a \\\"b\\\"\"", true },
	{ "description == 'a \"b\"'", true },
	{ "missing == \"\"", false },
	{ "missing != \"x\"", true },
	{ "nothing == null", true },
	{ "name.x == 1", false },
};

static void test_filters(void **state)
{
	struct json_object *json = json_tokener_parse(object);
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(filters); i++) {
		char why[TEXT_WHY_LEN] = "";
		struct filter *filter;

		if (filter_parse(filters[i].filter, &filter, why))
			fail_msg("%s: %s", filters[i].filter, why);
		if (filter_matches(filter, json) != filters[i].chosen)
			fail_msg("%s", filters[i].filter);
		filter_free(filter);
	}
	json_object_put(json);
}

static const struct {
	const char *filter;
	const char *why;
} wrong[] = {
	{ "name", "==, !=, <, <=, >, >=, in, contains, matches or exists is expected behind name" },
	{ "name = \"ssh\"", "= stands alone: write ==" },
	{ "name == \"ssh", "the text 'ssh' lacks its closing quotation mark" },
	{ "name ==", "a value is expected behind name, not 'the end'" },
	{ "== 1", "a field is expected, not '=='" },
	{ "name == 1 count == 2", "the filter ends before 'count': and or or is expected" },
	{ "(name == 1", "a closing parenthesis is expected, not 'the end'" },
	{ "name == 1)", "the filter ends before ')': and or or is expected" },
	{ "name in [1, 2", "the list behind name lacks its ]" },
	{ "name not == 1",
	  "==, !=, <, <=, >, >=, in, contains, matches or exists is expected behind name" },
	{ "name matches \"(\"", "'(' is no regular expression: Unmatched ( or \\(" },
	{ "name matches \"a{1,255}\"",
	  "'a{1,255}': a pattern has no bounds in braces and no back references" },
	{ "name matches \"(a)\\\\1\"",
	  "'(a)\\1': a pattern has no bounds in braces and no back references" },
	{ "name % 1", "'% 1' is nothing that a filter knows" },
	{ "and", "==, !=, <, <=, >, >=, in, contains, matches or exists is expected behind and" },
	{ "name == 1 and", "a field is expected, not 'the end'" },
};

static void test_wrong(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(wrong); i++) {
		char why[TEXT_WHY_LEN] = "";
		struct filter *filter;

		assert_int_not_equal(filter_parse(wrong[i].filter, &filter, why), 0);
		assert_null(filter);
		assert_string_equal(why, wrong[i].why);
	}
}

static void too_much(const char *part, size_t times, const char *reason)
{
	char text[2 * FILTER_MAX_LEN] = "", why[TEXT_WHY_LEN];
	struct filter *filter;
	size_t i;

	for (i = 0; i < times; i++)
		strcat(text, part);
	assert_int_not_equal(filter_parse(text, &filter, why), 0);
	assert_non_null(strstr(why, reason));
}

static void test_too_much(void **state)
{
	(void)state;
	too_much("(", 1000, "nested deeper than 32 levels");
	too_much("not ", 1000, "nested deeper than 32 levels");
	too_much("x", FILTER_MAX_LEN + 1, "4096 bytes at most");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_too_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
