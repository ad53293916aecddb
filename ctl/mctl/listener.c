// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc/net/tcp and tcp6 say which user made each socket that listens. Addresses in
 * them are 32-bit words as the processor reads them, ports are plain numbers.
 */
#include "listener.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_LISTEN 0x0a
#define ADDRESS_HEX 32

/* Where connections go: an address of either family, all zero for none. */
struct place {
	struct in6_addr ipv6;
	struct in_addr ipv4;
	unsigned int port;
};

static bool read_place(const char *url, struct place *place)
{
	char host[64], *end;
	size_t len;

	memset(place, 0, sizeof(*place));
	url += strlen("http://");
	len = *url == '[' ? strcspn(url, "]") + 1 : strcspn(url, ":/");
	if (len >= sizeof(host) || url[len] != ':')
		return false;
	memcpy(host, url, len);
	host[len] = '\0';
	place->port = (unsigned int)strtoul(url + len + 1, &end, 10);
	if (*host == '[') {
		host[len - 1] = '\0';
		return inet_pton(AF_INET6, host + 1, &place->ipv6) == 1;
	}
	if (!strcmp(host, "localhost")) {
		place->ipv6 = in6addr_loopback;
		strcpy(host, "127.0.0.1");
	}
	return inet_pton(AF_INET, host, &place->ipv4) == 1;
}

static bool read_words(const char *hex, uint32_t *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++, hex += 8)
		if (sscanf(hex, "%8x", &words[i]) != 1)
			return false;
	return true;
}

/* What is bound to no address takes connections to all. */
static bool is_at(const char *hex, const struct place *place)
{
	struct in6_addr ipv6;
	uint32_t ipv4;

	if (strlen(hex) == 8)
		return read_words(hex, &ipv4, 1) && place->ipv4.s_addr &&
		       (!ipv4 || ipv4 == place->ipv4.s_addr);
	if (!read_words(hex, (uint32_t *)&ipv6, 4))
		return false;
	return IN6_IS_ADDR_UNSPECIFIED(&ipv6) || IN6_ARE_ADDR_EQUAL(&ipv6, &place->ipv6);
}

static enum listener look_into(const char *path, const struct place *place, uid_t wanted,
			       uid_t *found)
{
	enum listener result = LISTENER_NONE;
	char line[512], address[ADDRESS_HEX + 1];
	unsigned int port, state, uid;
	FILE *file = fopen(path, "re");

	if (!file)
		return LISTENER_NONE;
	while (result != LISTENER_OTHER && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %u",
			   address, &port, &state, &uid) != 4 ||
		    state != STATE_LISTEN || port != place->port || !is_at(address, place))
			continue;
		*found = uid;
		result = !uid || uid == wanted ? LISTENER_WANTED : LISTENER_OTHER;
	}
	fclose(file);
	return result;
}

enum listener listener_find(const char *url, uid_t wanted, uid_t *found)
{
	enum listener ipv4, ipv6;
	struct place place;

	if (strncmp(url, "http://", strlen("http://")) || !read_place(url, &place))
		return LISTENER_NONE;
	ipv4 = look_into("/proc/net/tcp", &place, wanted, found);
	if (ipv4 == LISTENER_OTHER)
		return ipv4;
	ipv6 = look_into("/proc/net/tcp6", &place, wanted, found);
	return ipv6 > ipv4 ? ipv6 : ipv4;
}
