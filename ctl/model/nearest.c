// SPDX-License-Identifier: GPL-2.0-or-later
/* Which tag was meant by one that nobody carries. */
#include "nearest.h"
#include "lib/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A shorter beginning says nothing. */
#define PREFIX_MIN 2

/* Candidates whose number bounds the work. */
#define CANDIDATES_MAX 4096
#define KEYS_MAX 64
#define KEY_LEN 64

struct candidates {
	const char *words[CANDIDATES_MAX];
	char keys[KEYS_MAX][KEY_LEN];
	size_t n;
};

static const char *word_at(size_t index, const void *arg)
{
	const struct candidates *candidates = arg;

	return index < candidates->n ? candidates->words[index] : NULL;
}

/* The shortest that begins with a text, in any case. */
static const char *longer(const struct candidates *candidates, const char *text)
{
	const char *best = NULL;
	size_t i, len = strlen(text);

	for (i = 0; len >= PREFIX_MIN && i < candidates->n; i++)
		if (!strncasecmp(candidates->words[i], text, len) &&
		    (!best || strlen(candidates->words[i]) < strlen(best)))
			best = candidates->words[i];
	return best;
}

static const char *near(const struct candidates *candidates, const char *text)
{
	const char *best = longer(candidates, text);

	return best ? best : text_nearest(text, strlen(text), word_at, candidates);
}

/* The values of a key. */
static void collect_values(struct candidates *candidates, const char *tag, size_t key_len,
			   const char *const *tags, size_t n)
{
	size_t i;

	candidates->n = 0;
	for (i = 0; i < n && candidates->n < CANDIDATES_MAX; i++)
		if (!strncmp(tags[i], tag, key_len + 1))
			candidates->words[candidates->n++] = tags[i] + key_len + 1;
}

static bool has_key(const struct candidates *candidates, const char *key)
{
	size_t i;

	for (i = 0; i < candidates->n; i++)
		if (!strcmp(candidates->words[i], key))
			return true;
	return false;
}

/* The keys, each once. */
static void collect_keys(struct candidates *candidates, const char *const *tags, size_t n)
{
	char key[KEY_LEN];
	size_t i, len;

	candidates->n = 0;
	for (i = 0; i < n && candidates->n < KEYS_MAX; i++) {
		len = strcspn(tags[i], "=");
		if (len >= sizeof(key))
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)len, tags[i]);
		if (has_key(candidates, key))
			continue;
		memcpy(candidates->keys[candidates->n], key, sizeof(key));
		candidates->words[candidates->n] = candidates->keys[candidates->n];
		candidates->n++;
	}
}

const char *nearest_tag(const char *tag, const char *const *tags, size_t n, char *text, size_t size)
{
	struct candidates candidates;
	size_t key_len = strcspn(tag, "=");
	char key[KEY_LEN];
	const char *best;

	if (!tag[key_len])
		return NULL;
	collect_values(&candidates, tag, key_len, tags, n);
	if (candidates.n) {
		best = near(&candidates, tag + key_len + 1);
		if (best)
			snprintf(text, size, "%.*s=%s", (int)key_len, tag, best);
		return best ? text : NULL;
	}
	if (key_len >= sizeof(key))
		return NULL;
	snprintf(key, sizeof(key), "%.*s", (int)key_len, tag);
	collect_keys(&candidates, tags, n);
	best = near(&candidates, key);
	if (best)
		snprintf(text, size, "%s%s", best, tag + key_len);
	return best ? text : NULL;
}
