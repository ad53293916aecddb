// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: bytes are a DNS message as the kernel hands it over. What comes out
 * of it is harmless text within its bounds.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "msegd/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name)
{
	static const char harmless[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.\\";

	if (!*name || name[strspn(name, harmless)] || strlen(name) >= DNS_NAME_LEN)
		abort();
}

static void check_address(const char *address)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, address, bytes) != 1 && inet_pton(AF_INET6, address, bytes) != 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dns_message message;
	size_t i;

	if (dns_message_read(data, size, &message))
		return 0;
	check_name(message.name);
	for (i = 0; i < message.n_aliases; i++)
		check_name(message.aliases[i]);
	for (i = 0; i < message.n_addresses; i++)
		check_address(message.addresses[i]);
	if (!memchr(message.reason, '\0', sizeof(message.reason)))
		abort();
	return 0;
}
