// SPDX-License-Identifier: GPL-2.0-or-later
/* Where flow records are exported to. */
#include "target.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "lib/text.h"

#define BIT(way) (1u << (way))

/* A type, and the ways that receivers of it know. */
static const struct {
	const char *name;
	unsigned int ways;
	const char *example;
} types[] = {
	[EXPORT_JSON] = { "json", BIT(EXPORT_FILE) | BIT(EXPORT_STREAM) | BIT(EXPORT_TCP),
			  "/var/log/mseg/flows.jsonl, unix:/run/collector.sock or tcp:192.0.2.1:5170" },
	[EXPORT_SYSLOG] = { "syslog", BIT(EXPORT_DATAGRAM) | BIT(EXPORT_TCP) | BIT(EXPORT_UDP),
			    "/dev/log, udp:192.0.2.1:514 or tcp:192.0.2.1:514" },
	[EXPORT_IPFIX] = { "ipfix", BIT(EXPORT_TCP) | BIT(EXPORT_UDP),
			   "udp:192.0.2.1:4739 or tcp:192.0.2.1:4739" },
};

const char *export_type_name(enum export_type type)
{
	return types[type].name;
}

enum export_type export_type_find(const char *name)
{
	enum export_type type;

	for (type = 0; type < N_EXPORT_TYPES; type++)
		if (!strcmp(types[type].name, name))
			break;
	return type;
}

/* --- addresses ------------------------------------------------------------ */

static bool take_port(const char *text, in_port_t *port)
{
	unsigned long number;

	if (!*text || strlen(text) > 5 || text[strspn(text, "0123456789")])
		return false;
	number = strtoul(text, NULL, 10);
	*port = htons((in_port_t)number);
	return number && number <= 65535;
}

static bool take_ipv6(const char *host, const char *port, struct sockaddr_storage *address,
		      socklen_t *length)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

	in6->sin6_family = AF_INET6;
	*length = sizeof(*in6);
	return inet_pton(AF_INET6, host, &in6->sin6_addr) == 1 && take_port(port, &in6->sin6_port);
}

static bool take_ipv4(const char *host, const char *port, struct sockaddr_storage *address,
		      socklen_t *length)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;

	in->sin_family = AF_INET;
	*length = sizeof(*in);
	return inet_pton(AF_INET, host, &in->sin_addr) == 1 && take_port(port, &in->sin_port);
}

bool export_address(const char *text, struct sockaddr_storage *address, socklen_t *length)
{
	bool is_ipv6 = *text == '[';
	const char *host = text + is_ipv6, *end = strrchr(host, is_ipv6 ? ']' : ':');
	char copy[INET6_ADDRSTRLEN];
	size_t len = end ? (size_t)(end - host) : 0;

	memset(address, 0, sizeof(*address));
	if (!len || len >= sizeof(copy) || (is_ipv6 && end[1] != ':'))
		return false;
	memcpy(copy, host, len);
	copy[len] = '\0';
	return is_ipv6 ? take_ipv6(copy, end + 2, address, length) :
			 take_ipv4(copy, end + 1, address, length);
}

/* --- targets -------------------------------------------------------------- */

static bool take_path(const char *text, struct export_target *target)
{
	const struct sockaddr_un *un = NULL;
	size_t most = target->way == EXPORT_FILE ? sizeof(target->path) : sizeof(un->sun_path);

	if (*text != '/' || strlen(text) >= most)
		return false;
	strcpy(target->path, text);
	return true;
}

static bool take_way(const char *text, struct export_target *target)
{
	if (*text == '/') {
		target->way = target->type == EXPORT_SYSLOG ? EXPORT_DATAGRAM : EXPORT_FILE;
		return take_path(text, target);
	}
	if (!strncmp(text, "unix:", 5)) {
		target->way = target->type == EXPORT_SYSLOG ? EXPORT_DATAGRAM : EXPORT_STREAM;
		return take_path(text + 5, target);
	}
	target->way = !strncmp(text, "tcp:", 4) ? EXPORT_TCP : EXPORT_UDP;
	return (target->way == EXPORT_TCP || !strncmp(text, "udp:", 4)) &&
	       export_address(text + 4, &target->address, &target->length);
}

bool export_target_parse(const char *text, struct export_target *target, char *why)
{
	memset(target->path, 0, sizeof(target->path));
	memset(&target->address, 0, sizeof(target->address));
	target->length = 0;
	snprintf(why, TEXT_WHY_LEN, "%s goes to %s, not to %s", types[target->type].name,
		 types[target->type].example, text_show(text, strlen(text)).s);
	if (strlen(text) >= sizeof(target->to) || !take_way(text, target))
		return false;
	strcpy(target->to, text);
	return types[target->type].ways & BIT(target->way);
}

bool export_target_same(const struct export_target *a, const struct export_target *b)
{
	return a->type == b->type && !strcmp(a->name, b->name) && !strcmp(a->to, b->to);
}
