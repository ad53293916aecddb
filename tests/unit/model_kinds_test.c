// SPDX-License-Identifier: GPL-2.0-or-later
/* The kinds of objects by their names, and the documentation of what is left out. */
#include "model_fixture.h"

#include "model/kinds.h"

static void test_names(void **state)
{
	static const struct {
		const char *word;
		enum kind_id id;
	} words[] = {
		{ "namespace", KIND_NAMESPACE },
		{ "namespaces", KIND_NAMESPACE },
		{ "externalnetwork", KIND_EXTERNALNETWORK },
		{ "ExternalNetworks", KIND_EXTERNALNETWORK },
		{ "extnet", KIND_EXTERNALNETWORK },
		{ "networkrulesetpolicy", KIND_RULESET },
		{ "networkrulesetpolicies", KIND_RULESET },
		{ "netruleset", KIND_RULESET },
		{ "netrulesets", KIND_RULESET },
		{ "NetworkRulesetPolicy", KIND_RULESET },
		{ "enforcers", KIND_ENFORCER },
		{ "processingunit", KIND_PROCESSINGUNIT },
		{ "processingunits", KIND_PROCESSINGUNIT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(words); i++)
		assert_ptr_equal(kind_find(words[i].word, strlen(words[i].word)),
				 kind_get(words[i].id));
	assert_null(kind_find("network", 7));
	assert_string_equal(kind_nearest("externalnetworsk", 16), "externalnetworks");
	assert_string_equal(kind_nearest("externalnetwrk", 14), "externalnetwork");
	assert_string_equal(kind_nearest("netrulest", 9), "netruleset");
	assert_string_equal(kind_nearest("netrulestes", 11), "netrulesets");
}

static char *read_page(void)
{
	FILE *file = fopen("ctl/man/mseg-policy.5.scd", "r");
	char *page = calloc(1, 1 << 20);

	assert_non_null(file);
	assert_non_null(page);
	assert_true(fread(page, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return page;
}

static void check_page(const char *page, const struct kind *kind)
{
	const char *const *foreign;
	char text[64];

	for (foreign = kind->foreign; *foreign; foreign++) {
		snprintf(text, sizeof(text), "*%s*", *foreign);
		if (!strstr(page, text))
			fail_msg("mseg-policy(5) lacks %s of %s", *foreign, kind->noun);
		/* A field has one meaning. */
		assert_int_equal(kind_field_find(kind, *foreign, strlen(*foreign)), -1);
	}
}

/* What is left out is listed in the manual. */
static void test_manual(void **state)
{
	char *page = read_page();
	size_t i;

	(void)state;
	for (i = 0; i < N_KINDS; i++)
		check_page(page, kind_get((enum kind_id)i));
	check_page(page, kind_rule());
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
