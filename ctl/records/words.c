// SPDX-License-Identifier: GPL-2.0-or-later
/* Columns of an edge in words. */
#include "words.h"

#include <arpa/inet.h>
#include <mseg/core.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "lib/flow.h"
#include "lib/prefix.h"
#include "record.h"

void words_service(int protocol, int port, char *text)
{
	char number[16];
	const char *name = flow_protocol((unsigned int)protocol, number);

	if (mseg_protocol_is_icmp((uint8_t)protocol))
		snprintf(text, WORDS_MAX, "%s/%d/%d", protocol == IPPROTO_ICMP ? "icmp" : "icmp6",
			 port >> 8, port & 0xff);
	else if (mseg_protocol_has_ports((uint8_t)protocol))
		snprintf(text, WORDS_MAX, "%s/%d", name, port);
	else
		snprintf(text, WORDS_MAX, "%s", name);
}

/* Of what everybody calls so; /etc/services knows too many, and not the same everywhere. */
const char *words_name(int protocol, int port)
{
	static const struct {
		int port;
		const char *name;
	} names[] = {
		{ 22, "ssh" },		{ 25, "smtp" },		 { 53, "dns" },
		{ 67, "dhcp" },		{ 68, "dhcp" },		 { 80, "http" },
		{ 88, "kerberos" },	{ 123, "ntp" },		 { 161, "snmp" },
		{ 389, "ldap" },	{ 443, "https" },	 { 514, "syslog" },
		{ 546, "dhcpv6" },	{ 547, "dhcpv6" },	 { 587, "submission" },
		{ 636, "ldaps" },	{ 853, "dns over tls" }, { 993, "imaps" },
		{ 2049, "nfs" },	{ 3306, "mysql" },	 { 5353, "mdns" },
		{ 5432, "postgresql" }, { 6379, "redis" },	 { 27017, "mongodb" },
	};
	size_t i;

	if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6)
		return port >> 8 == (protocol == IPPROTO_ICMP ? 8 : 128) ? "ping" : NULL;
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return NULL;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].port == port)
			return names[i].name;
	return NULL;
}

void words_address(const void *address, int len, char *text)
{
	uint8_t bytes[16] = { 0 };

	if (address && len <= 16)
		memcpy(bytes, address, (size_t)len);
	address_format(bytes, len == 4 ? MSEG_FAMILY_IPV4 : MSEG_FAMILY_IPV6, text);
}

const char *words_direction(int direction)
{
	return direction == MSEG_DIRECTION_IN ? "Incoming" : "Outgoing";
}

const char *words_peer(int type, const char *name)
{
	return type == PEER_SOMEWHERE ? record_type_name(PEER_SOMEWHERE) : name;
}

const char *words_style(bool reject, bool by_default)
{
	static const char *const styles[] = { "allowed-rule", "allowed-default", "rejected-rule",
					      "rejected-default" };

	return styles[2 * reject + by_default];
}
