// SPDX-License-Identifier: GPL-2.0-or-later
/* Text from strangers. */
#include "ctl_cmocka.h"

#include <string.h>

#include "lib/text.h"

static void test_decode(void **state)
{
	static const struct {
		const char *s;
		size_t len;
		size_t taken;
		uint32_t character;
	} table[] = {
		{ "a", 1, 1, 'a' },
		{ "\0", 1, 1, 0 },
		{ "\xc3\xa9", 2, 2, 0xe9 },
		{ "\xe2\x82\xac", 3, 3, 0x20ac },
		{ "\xf0\x9f\x98\x80", 4, 4, 0x1f600 },
		{ "\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff },
		{ "\xc3", 1, 0, 0 },	 /* cut */
		{ "\xc0\x80", 2, 0, 0 }, /* longer than it need be */
		{ "\xe0\x80\x80", 3, 0, 0 },
		{ "\xf0\x80\x80\x80", 4, 0, 0 },
		{ "\xed\xa0\x80", 3, 0, 0 },	 /* a surrogate */
		{ "\xf4\x90\x80\x80", 4, 0, 0 }, /* behind the last character */
		{ "\x80", 1, 0, 0 },
		{ "\xff", 1, 0, 0 },
		{ "\xc3(", 2, 0, 0 },
	};
	uint32_t character;
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(table); i++) {
		character = 0;
		assert_int_equal(text_decode(table[i].s, table[i].len, &character), table[i].taken);
		assert_int_equal(character, table[i].character);
	}
}

static void test_show(void **state)
{
	char huge[5000];

	(void)state;
	assert_string_equal(text_show("tcp/22", 6).s, "'tcp/22'");
	assert_string_equal(text_show("", 0).s, "''");
	assert_string_equal(text_show("\x1b[2J\n", 5).s, "'\\x1b[2J\\x0a'");
	assert_string_equal(text_show("\xff\xc3\xa9", 3).s, "'\\xff\xc3\xa9'");
	assert_string_equal(text_show("\xc2\x9b", 2).s, "'\\u009b'");
	assert_string_equal(text_show("a\0b", 3).s, "'a\\x00b'");
	memset(huge, 'x', sizeof(huge));
	assert_in_range(strlen(text_show(huge, sizeof(huge)).s), 64, sizeof(struct text_shown) - 1);
	assert_non_null(strstr(text_show(huge, sizeof(huge)).s, "...'"));
	memset(huge, '\x1b', sizeof(huge));
	assert_in_range(strlen(text_show(huge, sizeof(huge)).s), 64, sizeof(struct text_shown) - 1);
}

static void test_plain_and_clean(void **state)
{
	char text[] = "a\x1b\xff\xc3\xa9\n";

	(void)state;
	assert_true(text_is_plain("caf\xc3\xa9", 5));
	assert_false(text_is_plain("a\tb", 3));
	assert_false(text_is_plain("a\x7f", 2));
	assert_false(text_is_plain("\xe2\x80\xa8", 3));
	text_clean(text);
	assert_string_equal(text, "a??\xc3\xa9?");
}

static const char *word_at(size_t index, const void *arg)
{
	static const char *const words[] = { "services", "networks", "name", "in", NULL };

	(void)arg;
	return words[index];
}

static const char *nearest(const char *s)
{
	return text_nearest(s, strlen(s), word_at, NULL);
}

static void test_nearest(void **state)
{
	char huge[2000];

	(void)state;
	assert_string_equal(nearest("servics"), "services");
	assert_string_equal(nearest("Services"), "services");
	assert_string_equal(nearest("network"), "networks");
	assert_string_equal(nearest("nmae"), "name");
	assert_string_equal(nearest("ni"), "in");
	assert_null(nearest("color"));
	assert_null(nearest("x"));
	assert_null(nearest(""));
	memset(huge, 'n', sizeof(huge));
	assert_null(text_nearest(huge, sizeof(huge), word_at, NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_plain_and_clean),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
