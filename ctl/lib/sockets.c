// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses in /proc/net/tcp and tcp6 are 32-bit words as the processor reads them, ports
 * are plain numbers. A process that sees nothing but its own of /proc still has these.
 */
#include "sockets.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define STATE_LISTEN 0x0a
#define ADDRESS_HEX 32

static bool read_words(const char *hex, uint32_t *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++, hex += 8)
		if (sscanf(hex, "%8x", &words[i]) != 1)
			return false;
	return true;
}

static bool read_name(const char *hex, int family, struct socket_name *name)
{
	return family == AF_INET ? read_words(hex, &name->ipv4.s_addr, 1) :
				   read_words(hex, (uint32_t *)&name->ipv6, 4);
}

static bool read_entry(const char *line, struct socket_entry *entry)
{
	char own[ADDRESS_HEX + 1], peer[ADDRESS_HEX + 1];
	unsigned int state, uid;

	if (sscanf(line, "%*u: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %*x:%*x %*x:%*x %*x %u", own,
		   &entry->own.port, peer, &entry->peer.port, &state, &uid) != 6)
		return false;
	entry->listens = state == STATE_LISTEN;
	entry->uid = uid;
	return read_name(own, entry->family, &entry->own) &&
	       read_name(peer, entry->family, &entry->peer);
}

void sockets_each(int family, bool (*each)(const struct socket_entry *entry, void *arg), void *arg)
{
	struct socket_entry entry = { .family = family };
	char line[512];
	FILE *file = fopen(family == AF_INET ? "/proc/self/net/tcp" : "/proc/self/net/tcp6", "re");

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (read_entry(line, &entry) && !each(&entry, arg))
			break;
	fclose(file);
}

struct search {
	const struct sockaddr *own;
	const struct sockaddr *peer;
	uid_t uid;
	bool found;
};

static bool is_name(const struct socket_name *name, const struct sockaddr *address)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;

	if (address->sa_family == AF_INET)
		return name->ipv4.s_addr == four->sin_addr.s_addr &&
		       name->port == ntohs(four->sin_port);
	return IN6_ARE_ADDR_EQUAL(&name->ipv6, &six->sin6_addr) &&
	       name->port == ntohs(six->sin6_port);
}

static bool look_at(const struct socket_entry *entry, void *arg)
{
	struct search *search = arg;

	search->found = is_name(&entry->own, search->own) && is_name(&entry->peer, search->peer);
	search->uid = entry->uid;
	return !search->found;
}

/* A list of sockets that changes while it is read may miss one that stays. */
#define LOOKS 3

bool sockets_owner(const struct sockaddr *own, const struct sockaddr *peer, uid_t *uid)
{
	struct search search = { .own = own, .peer = peer };
	int i;

	for (i = 0; i < LOOKS && !search.found; i++)
		sockets_each(own->sa_family, look_at, &search);
	*uid = search.uid;
	return search.found;
}
