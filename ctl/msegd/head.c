// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TLS: RFC 8446, sections 4.1.2 and 5.1, and RFC 6066, section 3. HTTP: RFC 9112,
 * sections 2 to 5. GnuTLS reads a ClientHello in a session alone, which would have to be
 * fed with whatever anybody sends, and Debian's libhttp-parser is no longer kept: this
 * reads two fields.
 */
#include "head.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define RECORD_HANDSHAKE 22
#define CLIENT_HELLO 1
#define EXTENSION_SERVER_NAME 0
#define NAME_TYPE_HOST 0

#define LABEL_MAX 63
#define METHOD_MAX 32

/* Bytes that are left of what is read; once one was missing, it stays so. */
struct bytes {
	const uint8_t *at;
	size_t left;
	bool missing;
};

static const uint8_t *take(struct bytes *bytes, size_t n)
{
	const uint8_t *at = bytes->at;

	if (bytes->missing || n > bytes->left) {
		bytes->missing = true;
		return NULL;
	}
	bytes->at += n;
	bytes->left -= n;
	return at;
}

/* A number of so many bytes, or 0 where they are missing. */
static size_t number(struct bytes *bytes, size_t n)
{
	const uint8_t *at = take(bytes, n);
	size_t i, value = 0;

	for (i = 0; at && i < n; i++)
		value = value << 8 | at[i];
	return value;
}

/* What follows its length, which has so many bytes. */
static struct bytes vector(struct bytes *bytes, size_t n)
{
	size_t len = number(bytes, n);
	struct bytes inner = { .left = len, .at = take(bytes, len) };

	inner.missing = bytes->missing;
	return inner;
}

static bool is_of_label(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* An address in any of the ways to write one ends in a number. */
static bool ends_in_number(const char *name)
{
	const char *last = strrchr(name, '.');

	last = last ? last + 1 : name;
	return is_digit((uint8_t)*last) &&
	       (!last[strspn(last, "0123456789")] || (last[0] == '0' && last[1] == 'x'));
}

static bool has_good_labels(const char *name)
{
	const char *label;
	size_t n;

	for (label = name;; label += n + 1) {
		n = strcspn(label, ".");
		if (!n || n > LABEL_MAX || label[0] == '-' || label[n - 1] == '-')
			return false;
		if (!label[n])
			return true;
	}
}

static bool read_name(const uint8_t *text, size_t len, char name[HEAD_NAME_LEN])
{
	size_t i;

	if (len && text[len - 1] == '.')
		len--;
	if (!len || len >= HEAD_NAME_LEN)
		return false;
	for (i = 0; i < len; i++) {
		uint8_t c = text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i];

		if (c != '.' && !is_of_label(c))
			return false;
		name[i] = (char)c;
	}
	name[len] = '\0';
	return has_good_labels(name) && !ends_in_number(name);
}

static enum head_outcome read_server_name(struct bytes extension, char name[HEAD_NAME_LEN])
{
	struct bytes list = vector(&extension, 2);
	size_t type = number(&list, 1);
	struct bytes host = vector(&list, 2);

	/* One name of that type is all that may be there. */
	if (host.missing || type != NAME_TYPE_HOST || list.left || extension.left)
		return HEAD_OTHER;
	return read_name(host.at, host.left, name) ? HEAD_NAMED : HEAD_OTHER;
}

/* That they may end early is told by @cut. */
static enum head_outcome read_extensions(struct bytes *extensions, bool cut,
					 char name[HEAD_NAME_LEN])
{
	while (extensions->left) {
		size_t type = number(extensions, 2);
		struct bytes extension = vector(extensions, 2);

		if (extensions->missing)
			return cut ? HEAD_CUT : HEAD_OTHER;
		if (type == EXTENSION_SERVER_NAME)
			return read_server_name(extension, name);
	}
	return cut ? HEAD_CUT : HEAD_NAMELESS;
}

/* What is there of so many bytes, and whether that is not all. */
static struct bytes part(struct bytes *bytes, size_t len, bool *cut)
{
	struct bytes inner = { .left = len };

	if (len > bytes->left) {
		*cut = true;
		inner.left = bytes->left;
	}
	inner.at = take(bytes, inner.left);
	inner.missing = bytes->missing;
	return inner;
}

static enum head_outcome read_hello(struct bytes hello, bool cut, char name[HEAD_NAME_LEN])
{
	struct bytes extensions;
	size_t len;

	take(&hello, 2 + 32); /* version and random */
	vector(&hello, 1);    /* session */
	vector(&hello, 2);    /* cipher suites */
	vector(&hello, 1);    /* compression methods */
	if (hello.missing)
		return cut ? HEAD_CUT : HEAD_OTHER;
	if (!hello.left)
		return cut ? HEAD_CUT : HEAD_NAMELESS;
	len = number(&hello, 2);
	if (hello.missing || (!cut && len != hello.left))
		return cut ? HEAD_CUT : HEAD_OTHER;
	extensions = part(&hello, len, &cut);
	return read_extensions(&extensions, cut, name);
}

static enum head_outcome read_tls(struct bytes head, char name[HEAD_NAME_LEN])
{
	struct bytes record;
	bool cut = false;
	size_t len;

	take(&head, 3); /* type and version */
	len = number(&head, 2);
	if (head.missing)
		return HEAD_CUT;
	record = part(&head, len, &cut);
	if (number(&record, 1) != CLIENT_HELLO)
		return record.missing ? HEAD_CUT : HEAD_OTHER;
	len = number(&record, 3);
	if (record.missing)
		return HEAD_CUT;
	return read_hello(part(&record, len, &cut), cut, name);
}

/* A line without its end, which is taken as well; missing where there is no end. */
static struct bytes line(struct bytes *bytes)
{
	const uint8_t *end = bytes->left ? memchr(bytes->at, '\n', bytes->left) : NULL;
	struct bytes inner = { .missing = !end };

	if (!end)
		return inner;
	inner.left = (size_t)(end - bytes->at);
	inner.at = take(bytes, inner.left + 1);
	if (inner.left && inner.at[inner.left - 1] == '\r')
		inner.left--;
	return inner;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Without its port: what is in brackets is an address. */
static bool read_host(struct bytes value, char name[HEAD_NAME_LEN])
{
	const uint8_t *port;
	size_t i;

	while (value.left && is_blank(value.at[0]))
		take(&value, 1);
	while (value.left && is_blank(value.at[value.left - 1]))
		value.left--;
	port = value.left ? memchr(value.at, ':', value.left) : NULL;
	if (port) {
		size_t host = (size_t)(port - value.at);

		for (i = host + 1; i < value.left; i++)
			if (!is_digit(value.at[i]))
				return false;
		value.left = host;
	}
	return read_name(value.at, value.left, name);
}

static bool is_host(const struct bytes *field)
{
	return field->left >= 5 && !strncasecmp((const char *)field->at, "host:", 5);
}

static bool is_request(const struct bytes *request)
{
	static const char version[] = " HTTP/1.";
	size_t n = sizeof(version) - 1, method = 0;

	while (method < request->left && request->at[method] >= 'A' && request->at[method] <= 'Z')
		method++;
	return method && method <= METHOD_MAX && request->left > method + n + 1 &&
	       request->at[method] == ' ' && is_digit(request->at[request->left - 1]) &&
	       !memcmp(request->at + request->left - 1 - n, version, n);
}

/* A second Host is against the rules (RFC 9112, section 3.2), and names nobody. */
static enum head_outcome read_http(struct bytes head, char name[HEAD_NAME_LEN])
{
	struct bytes field = line(&head);
	bool found = false;

	if (field.missing)
		return HEAD_CUT;
	if (!is_request(&field))
		return HEAD_OTHER;
	for (;;) {
		field = line(&head);
		if (field.missing)
			return found ? HEAD_NAMED : HEAD_CUT;
		if (!field.left)
			return found ? HEAD_NAMED : HEAD_NAMELESS;
		if (!is_host(&field))
			continue;
		take(&field, 5);
		if (found || !read_host(field, name))
			return HEAD_OTHER;
		found = true;
	}
}

enum head_outcome head_read(const uint8_t *data, size_t len, char name[HEAD_NAME_LEN])
{
	struct bytes head = { .at = data, .left = len };

	if (!len)
		return HEAD_OTHER;
	if (data[0] == RECORD_HANDSHAKE)
		return len > 1 && data[1] != 3 ? HEAD_OTHER : read_tls(head, name);
	if (data[0] >= 'A' && data[0] <= 'Z')
		return read_http(head, name);
	return HEAD_OTHER;
}
