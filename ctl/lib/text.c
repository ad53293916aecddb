// SPDX-License-Identifier: GPL-2.0-or-later
/* Text from strangers: UTF-8, escaping, and what a misspelt word meant. */
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Longer words are nobody's typing mistake. */
#define NEAREST_MAX 64

static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	if (first >= 0xf0 && first < 0xf5)
		return 4;
	return 0;
}

size_t text_decode(const char *s, size_t len, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, n = sequence_length((unsigned char)s[0]);
	uint32_t c;

	if (!n || n > len)
		return 0;
	c = n == 1 ? (unsigned char)s[0] : (unsigned char)s[0] & (0x7fU >> n);
	for (i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*character = c;
	return n;
}

bool text_is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x2028 ||
	       character == 0x2029;
}

bool text_is_plain(const char *s, size_t len)
{
	uint32_t character;
	size_t n;

	for (; len; s += n, len -= n) {
		n = text_decode(s, len, &character);
		if (!n || text_is_control(character))
			return false;
	}
	return true;
}

/* One character, or the escape that stands for it; bytes taken from @s. */
static size_t show_one(const char *s, size_t len, char *out, size_t size)
{
	uint32_t character;
	size_t n = text_decode(s, len, &character);

	if (!n || (n == 1 && text_is_control(character))) {
		snprintf(out, size, "\\x%02x", (unsigned char)s[0]);
		return 1;
	}
	if (text_is_control(character))
		snprintf(out, size, "\\u%04x", (unsigned int)character);
	else
		snprintf(out, size, "%.*s", (int)n, s);
	return n;
}

struct text_shown text_show(const char *s, size_t len)
{
	struct text_shown shown = { "'" };
	size_t used = 1, n;
	char one[8];

	for (; len; s += n, len -= n) {
		n = show_one(s, len, one, sizeof(one));
		if (used + strlen(one) + sizeof("...'") > sizeof(shown.s)) {
			memcpy(shown.s + used, "...", 3);
			used += 3;
			break;
		}
		memcpy(shown.s + used, one, strlen(one));
		used += strlen(one);
	}
	shown.s[used] = '\'';
	shown.s[used + 1] = '\0';
	return shown;
}

void text_clean(char *s)
{
	uint32_t character;
	size_t n, len = strlen(s);

	for (; len; s += n, len -= n) {
		n = text_decode(s, len, &character);
		if (n && !text_is_control(character))
			continue;
		n = n ? n : 1;
		memset(s, '?', n);
	}
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
	return !strncasecmp(&a, &b, 1);
}

/* Edit distance in which two letters that changed places count once. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t i, j;

	for (j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3];

		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			bool same = same_letter(a[i - 1], b[j - 1]);

			row[j] = smaller(above[j - 1] + !same, smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1]))
				row[j] = smaller(row[j], rows[(i + 1) % 3][j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

const char *text_nearest(const char *s, size_t len,
			 const char *(*word)(size_t index, const void *arg), const void *arg)
{
	const char *candidate, *nearest = NULL;
	size_t i, d, least = 1 + len / 3;

	if (!len || len > NEAREST_MAX)
		return NULL;
	for (i = 0; (candidate = word(i, arg)) != NULL; i++) {
		size_t n = strlen(candidate);

		if (n > NEAREST_MAX || n > len + least || len > n + least)
			continue;
		d = distance(s, len, candidate, n);
		/* Half of a short word changed is another word. */
		if (d <= least && d < n && (!nearest || d < least)) {
			least = d;
			nearest = candidate;
		}
	}
	return nearest;
}
