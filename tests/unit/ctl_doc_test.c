// SPDX-License-Identifier: GPL-2.0-or-later
/* Documents on one long line: their values, and where they stand. */
#include "ctl_cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/doc.h"
#include "lib/wrap.h"

#define ITEMS 20000

static struct doc *read_text(const char *text, const char *messages)
{
	struct diag diag = { .file = "f" };
	char *told = NULL;
	size_t size;
	struct doc *doc;

	diag.out = open_memstream(&told, &size);
	doc = doc_read(text, strlen(text), &diag);
	fclose(diag.out);
	assert_string_equal(told, messages);
	free(told);
	return doc;
}

/* Every value of a list stands where the text has it. */
static void check_places(const char *text, const struct doc_value *list)
{
	const struct doc_value *value;
	unsigned int n = 0;

	for (value = list->first; value; value = value->next, n++) {
		const char *at = text + value->place.column - 1;

		assert_int_equal(value->place.line, 1);
		assert_int_equal(strncmp(at + (*at == '"' || *at == '\''), value->text, 3), 0);
	}
	assert_int_equal(n, ITEMS);
}

static void long_list(const char *item, bool is_cut)
{
	char *text = calloc(ITEMS + 2, strlen(item) + 2), *end = text;
	struct wrap wrap;
	struct doc *doc;
	int i;

	end += sprintf(end, "[");
	for (i = 0; i < ITEMS; i++)
		end += sprintf(end, "%s%s", i ? ", " : "", item);
	sprintf(end, "]");
	assert_int_equal(wrap_text(text, strlen(text), &wrap), 0);
	assert_int_equal(wrap.n > 10, is_cut);
	wrap_free(&wrap);
	doc = read_text(text, "");
	assert_non_null(doc);
	check_places(text, doc_root(doc));
	doc_free(doc);
	free(text);
}

static void test_places(void **state)
{
	(void)state;
	long_list("\"10.0.0.0/8\"", true);
	long_list("10.0.0.0/8", true);
	long_list("\"a, \\\", b\"", true);
	long_list("a\"b", true);
	long_list("'abc''d, e'", false);
}

/* Texts keep their commas, whatever stands around them. */
static void test_texts(void **state)
{
	static const char *const texts[] = { "x, y", "{x, [y", "\\\\\\\", x, y", "x: y, # z" };
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(texts); i++) {
		char *text = malloc(20000), *end = text;
		struct doc *doc;

		end += sprintf(end, "{\"a\": \"");
		memset(end, 'x', 9000);
		end += sprintf(end + 9000, "%s", texts[i]) + 9000;
		sprintf(end, "\", \"b\": \"%s\"}", texts[i]);
		doc = read_text(text, "");
		assert_non_null(doc);
		assert_int_equal(doc_root(doc)->first->len, 9000 + doc_root(doc)->first->next->len);
		doc_free(doc);
		free(text);
	}
}

/* Behind a cut, lines are numbered as before. */
static void test_lines(void **state)
{
	char *text = calloc(1, 40000), *end = text;
	struct doc *doc;
	int i;

	(void)state;
	end += sprintf(end, "[");
	for (i = 0; i < 3000; i++)
		end += sprintf(end, "\"a\",");
	sprintf(end, "\n\"b\",\n *c]");
	doc = read_text(text, "f:3:3: error: YAML aliases are not taken here\n");
	assert_null(doc);
	sprintf(end, "\n\"b\",\n\"c\"}");
	doc = read_text(text, "f:3:4: error: mismatched flow mapping end\n");
	assert_null(doc);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
