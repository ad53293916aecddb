// SPDX-License-Identifier: GPL-2.0-or-later
/* What a request must be like before anything is made of it. */
#include "guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Logins of one address within a minute. */
#define LOGINS_A_MINUTE 20
#define MINUTE 60

#define SECRET_MAX 128

/* --- where to ------------------------------------------------------------- */

/* The name in "name:port" or "[address]:port"; false where that makes no sense. */
static bool name_of(const char *host, char *name, size_t size)
{
	const char *end = host[0] == '[' ? strchr(host, ']') : NULL;
	size_t len = end ? (size_t)(end - host) + 1 : strcspn(host, ":");
	const char *port = host + len;

	if (!len || len >= size || (host[0] == '[' && !end))
		return false;
	if (*port && (*port != ':' || !port[1] || port[1 + strspn(port + 1, "0123456789")]))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	return true;
}

static bool is_address(const char *name, const struct sockaddr *address)
{
	char text[INET6_ADDRSTRLEN], bracketed[INET6_ADDRSTRLEN + 2];

	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *four = (const struct sockaddr_in *)address;

		return inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text)) &&
		       !strcmp(name, text);
	}
	if (address->sa_family != AF_INET6 ||
	    !inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, text,
		       sizeof(text)))
		return false;
	snprintf(bracketed, sizeof(bracketed), "[%s]", text);
	return !strcasecmp(name, bracketed);
}

bool guard_host(const char *host, char *const *names, unsigned int n, const struct sockaddr *listen)
{
	char name[256];
	unsigned int i;

	if (!host || !name_of(host, name, sizeof(name)))
		return false;
	for (i = 0; i < n; i++)
		if (!strcasecmp(name, names[i]))
			return true;
	return !strcasecmp(name, "localhost") || !strcmp(name, "127.0.0.1") ||
	       !strcmp(name, "[::1]") || is_address(name, listen);
}

bool guard_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* --- where from ----------------------------------------------------------- */

bool guard_origin(const char *origin, bool tls, const char *host)
{
	const char *scheme = tls ? "https://" : "http://";
	size_t len = strlen(scheme);

	if (!origin)
		return true;
	return !strncmp(origin, scheme, len) && !strcasecmp(origin + len, host);
}

bool guard_fetch_site(const char *site)
{
	return !site || !strcmp(site, "same-origin") || !strcmp(site, "none");
}

/* --- what ----------------------------------------------------------------- */

/* "." or "..", where each dot may be escaped. */
static bool is_dots(const char *segment, size_t len)
{
	unsigned int dots = 0;

	while (len) {
		size_t n = len >= 3 && !strncasecmp(segment, "%2e", 3) ? 3 : *segment == '.';

		if (!n)
			return false;
		dots++;
		segment += n;
		len -= n;
	}
	return dots == 1 || dots == 2;
}

static int hex_digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* What needs no escape hides from who compares paths as they are written. */
static bool hides_plain(const char *path, size_t len)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";
	const char *escape = memchr(path, '%', len);

	while (escape) {
		char c = (char)(hex_digit(escape[1]) << 4 | hex_digit(escape[2]));

		if (c && strchr(unreserved, c))
			return true;
		escape = memchr(escape + 1, '%', len - (size_t)(escape + 1 - path));
	}
	return false;
}

static bool is_sane_path(const char *path, size_t len)
{
	const char *end = path + len;

	while (path < end) {
		size_t n;

		if (*path++ != '/')
			return false;
		n = strcspn(path, "/?");
		if (!n || is_dots(path, n))
			return false;
		path += n;
	}
	return true;
}

bool guard_uri(const char *uri)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-._~!$&'()*+,;=:@/?%";
	size_t len = strlen(uri);
	const char *escape;

	if (len > GUARD_URI_MAX || strspn(uri, plain) != len)
		return false;
	for (escape = strchr(uri, '%'); escape; escape = strchr(escape + 1, '%'))
		if (strspn(escape + 1, "0123456789abcdefABCDEF") < 2 || !strncmp(escape, "%00", 3))
			return false;
	len = strcspn(uri, "?");
	if (hides_plain(uri, len))
		return false;
	return is_sane_path(uri, len == 1 ? 0 : len) && uri[0] == '/';
}

bool guard_secret(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-_";
	size_t len = text ? strlen(text) : 0;

	return len && len <= SECRET_MAX && strspn(text, plain) == len;
}

/* --- logins --------------------------------------------------------------- */

static void source_of(const struct sockaddr *from, uid_t user, uint8_t *source)
{
	memset(source, 0, 16);
	if (user != GUARD_NOBODY) {
		source[0] = 2;
		memcpy(source + 1, &user, sizeof(user));
		return;
	}
	if (from->sa_family == AF_INET6)
		memcpy(source + 1, &((const struct sockaddr_in6 *)from)->sin6_addr, 8);
	else if (from->sa_family == AF_INET)
		memcpy(source + 1, &((const struct sockaddr_in *)from)->sin_addr, 4);
	source[0] = from->sa_family == AF_INET6;
}

unsigned int guard_login(struct guard_logins *logins, const struct sockaddr *from, uid_t user,
			 uint64_t now)
{
	uint8_t source[16];
	unsigned int i, at = 0;

	source_of(from, user, source);
	for (i = 0; i < GUARD_SOURCES_MAX; i++) {
		if (!memcmp(logins->sources[i].address, source, sizeof(source)) &&
		    logins->sources[i].until) {
			at = i;
			break;
		}
		if (logins->sources[i].until < logins->sources[at].until)
			at = i;
	}
	if (i == GUARD_SOURCES_MAX || logins->sources[at].until <= now) {
		memcpy(logins->sources[at].address, source, sizeof(source));
		logins->sources[at].until = now + MINUTE;
		logins->sources[at].count = 0;
	}
	if (logins->sources[at].count++ < LOGINS_A_MINUTE)
		return 0;
	return (unsigned int)(logins->sources[at].until - now);
}
