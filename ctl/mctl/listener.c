// SPDX-License-Identifier: GPL-2.0-or-later
/* Of the sockets of this host that listen, it is known which user made each. */
#include "listener.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sockets.h"

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

struct search {
	const struct place *place;
	uid_t wanted;
	uid_t *found;
	enum listener result;
};

/* What is bound to no address takes connections to all. */
static bool is_at(const struct socket_entry *entry, const struct place *place)
{
	if (entry->family == AF_INET)
		return place->ipv4.s_addr &&
		       (!entry->own.ipv4.s_addr || entry->own.ipv4.s_addr == place->ipv4.s_addr);
	return IN6_IS_ADDR_UNSPECIFIED(&entry->own.ipv6) ||
	       IN6_ARE_ADDR_EQUAL(&entry->own.ipv6, &place->ipv6);
}

static bool look_at(const struct socket_entry *entry, void *arg)
{
	struct search *search = arg;

	if (!entry->listens || entry->own.port != search->place->port ||
	    !is_at(entry, search->place))
		return true;
	*search->found = entry->uid;
	search->result = !entry->uid || entry->uid == search->wanted ? LISTENER_WANTED :
								       LISTENER_OTHER;
	return search->result != LISTENER_OTHER;
}

enum listener listener_find(const char *url, uid_t wanted, uid_t *found)
{
	struct place place;
	struct search search = { &place, wanted, found, LISTENER_NONE };

	if (strncmp(url, "http://", strlen("http://")) || !read_place(url, &place))
		return LISTENER_NONE;
	sockets_each(AF_INET, look_at, &search);
	if (search.result != LISTENER_OTHER)
		sockets_each(AF_INET6, look_at, &search);
	return search.result;
}
