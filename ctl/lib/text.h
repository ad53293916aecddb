/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from strangers: is it UTF-8, does it hold control characters, and how
 * is it shown without doing anything to the terminal.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of a sentence that says why a text was refused, NUL included. */
#define TEXT_WHY_LEN 256

/** struct text_shown - a text made fit to stand in a message */
struct text_shown {
	char s[112];
};

/**
 * text_decode() - take one character off UTF-8 (RFC 3629)
 * @s: the bytes
 * @len: how many, at least 1
 * @character: its code point
 *
 * Return: the bytes that it took, 0 where they are not UTF-8.
 */
size_t text_decode(const char *s, size_t len, uint32_t *character);

/**
 * text_is_control() - whether a character is a control character
 * @character: code point; C0, DEL, C1 and Unicode's line separators count
 */
bool text_is_control(uint32_t character);

/**
 * text_is_plain() - whether a text is UTF-8 without control characters
 * @s: the bytes
 * @len: how many
 */
bool text_is_plain(const char *s, size_t len);

/**
 * text_show() - a text in quotes, escaped, and cut when it is long
 * @s: any bytes
 * @len: how many
 *
 * Return: by value, for use as an argument: text_show(s, len).s
 */
struct text_shown text_show(const char *s, size_t len);

/**
 * text_clean() - replace what is not plain text, in place
 * @s: NUL-terminated; every offending byte becomes '?'
 */
void text_clean(char *s);

/**
 * text_nearest() - the word that a misspelt one was meant to be
 * @s: the misspelt word
 * @len: its bytes
 * @word: gives the candidate of an index, NULL behind the last
 * @arg: handed to @word
 *
 * Return: the nearest by edit distance, NULL where none is near.
 */
const char *text_nearest(const char *s, size_t len,
			 const char *(*word)(size_t index, const void *arg), const void *arg);

#endif /* TEXT_H */
