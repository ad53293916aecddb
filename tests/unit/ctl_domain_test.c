// SPDX-License-Identifier: GPL-2.0-or-later
/* Domain names as people write them, and as they are asked for. */
#include "ctl_cmocka.h"

#include <string.h>

#include "lib/domain.h"
#include "lib/text.h"

static void test_names(void **state)
{
	static const struct {
		const char *text;
		const char *name;
	} vectors[] = {
		{ "api.snapcraft.io", "api.snapcraft.io" },
		{ "API.Snapcraft.IO.", "api.snapcraft.io" },
		{ "*.Example.com", "*.example.com" },
		{ "b\xc3\xbc"
		  "cher.example",
		  "xn--bcher-kva.example" },
		{ "*.B\xc3\x9c"
		  "CHER.example.",
		  "*.xn--bcher-kva.example" },
		{ "XN--BCHER-KVA.example", "xn--bcher-kva.example" },
		/* bu and a diaeresis of its own */
		{ "bu\xcc\x88"
		  "cher.example",
		  "xn--bcher-kva.example" },
		{ "stra\xc3\x9f"
		  "e.example",
		  "xn--strae-oqa.example" },
		{ "\xe4\xbe\x8b\xe3\x80\x82\xe6\xb5\x8b\xe8\xaf\x95", "xn--fsq.xn--0zwm56d" },
		{ "_sip._tcp.example.com", "_sip._tcp.example.com" },
	};
	char name[DOMAIN_LEN], why[TEXT_WHY_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(vectors); i++) {
		assert_true(domain_is_meant(vectors[i].text, strlen(vectors[i].text)));
		assert_int_equal(domain_parse(vectors[i].text, strlen(vectors[i].text), name, why),
				 0);
		assert_string_equal(name, vectors[i].name);
	}
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		".",
		"*.",
		"*.com",
		"example",
		"a..example",
		"a.*.example",
		"*.*.example.com",
		"a b.example",
		"-a.example",
		"a-.example",
		"192.0.2.1.5",
		"a.example..",
		"\xff.example",
		"\xe2\x80\x8b.example",
		"b\xc3\xbc"
		"cher",
		"<script>.example",
		"0123456789012345678901234567890123456789012345678901234567890123.example",
	};
	char name[DOMAIN_LEN], why[TEXT_WHY_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(texts); i++) {
		print_message("%s\n", texts[i]);
		assert_int_not_equal(domain_parse(texts[i], strlen(texts[i]), name, why), 0);
		assert_true(text_is_plain(why, strlen(why)));
	}
}

/* 253 bytes are a name's most, in ASCII. */
static void test_longest(void **state)
{
	char text[300] = "*.", name[DOMAIN_LEN], why[TEXT_WHY_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < 126; i++)
		strcat(text, "a.");
	strcat(text, "a");
	assert_int_equal(domain_parse(text, strlen(text), name, why), 0);
	assert_int_equal(strlen(name), 255);
	strcat(text, "a");
	assert_int_not_equal(domain_parse(text, strlen(text), name, why), 0);
	text[250] = '\xc3';
	text[251] = '\xbc';
	assert_int_not_equal(domain_parse(text, strlen(text), name, why), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
