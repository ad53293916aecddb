// SPDX-License-Identifier: GPL-2.0-or-later
/* Domain names as entries of a network. */
#include "domain.h"
#include "hints.h"
#include "text.h"

#include <errno.h>
#include <idn2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a label and of a whole name (RFC 1035, section 2.3.4). */
#define LABEL_MAX 63
#define NAME_MAX_LEN 253

__attribute__((format(printf, 2, 3))) static int refuse(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, TEXT_WHY_LEN, format, args);
	va_end(args);
	return -EINVAL;
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool domain_is_meant(const char *text, size_t len)
{
	size_t i;

	if (!len || memchr(text, ':', len) || memchr(text, '/', len) || hint_is_everybody(text, len))
		return false;
	if (len > 1 && text[0] == '*' && text[1] == '.')
		return true;
	for (i = 0; i < len; i++)
		if (is_letter(text[i]) || (unsigned char)text[i] >= 0x80)
			return true;
	return false;
}

static int check_label(const char *label, size_t len, char *why)
{
	size_t i;

	if (!len)
		return refuse(why, "it has an empty part between dots");
	if (len > LABEL_MAX)
		return refuse(why, "%s is longer than %d bytes", text_show(label, len).s, LABEL_MAX);
	for (i = 0; i < len; i++) {
		if (label[i] == '*')
			return refuse(why,
				      "* stands for all names below at the beginning only, as in *.example.com");
		if (!is_letter(label[i]) && !is_digit(label[i]) && label[i] != '-' &&
		    label[i] != '_')
			return refuse(why, "%s holds what no domain name does",
				      text_show(label, len).s);
	}
	if (label[0] == '-' || label[len - 1] == '-')
		return refuse(why, "%s begins or ends with -", text_show(label, len).s);
	return 0;
}

/* Copy in lower case. */
static void fold(const char *text, size_t len, char *name)
{
	size_t i;

	for (i = 0; i < len; i++)
		name[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
	name[len] = '\0';
}

static bool is_ascii(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

static int check_labels(const char *text, size_t len, char *why)
{
	size_t at = 0, labels = 0;
	const char *dot;
	int err;

	do {
		dot = memchr(text + at, '.', len - at);
		err = check_label(text + at, dot ? (size_t)(dot - text) - at : len - at, why);
		if (err)
			return err;
		labels++;
		if (dot)
			at = (size_t)(dot - text) + 1;
	} while (dot);
	if (labels < 2)
		return refuse(why, "a domain name has a dot at least, as in host.example.com");
	if (is_digit(text[at]) && strspn(text + at, "0123456789") >= len - at)
		return refuse(why, "it ends in a number, as no domain name does");
	return 0;
}

/* A name in ASCII, without "*." before it. */
static int parse_ascii(const char *text, size_t len, char *name, char *why)
{
	int err;

	if (len && text[len - 1] == '.')
		len--;
	if (len > NAME_MAX_LEN)
		return refuse(why, "a domain name has %d bytes at most", NAME_MAX_LEN);
	err = check_labels(text, len, why);
	if (!err)
		fold(text, len, name);
	return err;
}

/* The name that is asked for in its place (IDNA 2008 behind the mapping of UTS 46). */
static int parse_international(const char *text, size_t len, char *name, char *why)
{
	char *unicode = strndup(text, len), *ascii = NULL;
	int result =
		unicode ? idn2_to_ascii_8z(unicode, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) :
			  IDN2_MALLOC;
	int err;

	if (result == IDN2_OK)
		err = parse_ascii(ascii, strlen(ascii), name, why);
	else
		err = refuse(why, "%s", idn2_strerror(result));
	free(unicode);
	idn2_free(ascii);
	return err;
}

int domain_parse(const char *text, size_t len, char *name, char *why)
{
	size_t skip = len > 1 && text[0] == '*' && text[1] == '.' ? 2 : 0;

	memcpy(name, text, skip);
	return (is_ascii(text, len) ? parse_ascii : parse_international)(text + skip, len - skip,
									 name + skip, why);
}
