// SPDX-License-Identifier: GPL-2.0-or-later
/* Entries of a network as text. */
#include "prefix.h"
#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static unsigned int family_bits(uint8_t family)
{
	return family == MSEG_FAMILY_IPV4 ? 32 : 128;
}

static bool is_digits(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return len > 0;
}

/* A name is told from a broken address by what no address holds. */
static bool looks_like_name(const char *s, size_t len)
{
	size_t i;

	if (memchr(s, ':', len) || memchr(s, '/', len))
		return false;
	for (i = 0; i < len; i++)
		if ((s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'z')
			return true;
	return s[0] == '*';
}

static int bad_address(const char *s, size_t len, char *why)
{
	if (looks_like_name(s, len))
		snprintf(why, TEXT_WHY_LEN, "%s is a name, not an address", text_show(s, len).s);
	else
		snprintf(why, TEXT_WHY_LEN,
			 "%s is not an IPv4 or IPv6 address or CIDR, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32",
			 text_show(s, len).s);
	return -EINVAL;
}

/* Packets never hold such addresses: an entry would match nothing. */
static bool is_mapped(const struct mseg_prefix *prefix)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	return prefix->family == MSEG_FAMILY_IPV6 && !memcmp(prefix->addr, mapped, sizeof(mapped));
}

static int mapped_address(const char *s, size_t len, char *why)
{
	snprintf(why, TEXT_WHY_LEN, "%s is an IPv4-mapped address: write the IPv4 address",
		 text_show(s, len).s);
	return -EINVAL;
}

static int parse_address(const char *s, size_t len, struct mseg_prefix *prefix, char *why)
{
	char copy[INET6_ADDRSTRLEN];

	if (!len || len >= sizeof(copy) || memchr(s, '\0', len))
		return bad_address(s, len, why);
	memcpy(copy, s, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, prefix->addr) == 1)
		prefix->family = MSEG_FAMILY_IPV4;
	else if (inet_pton(AF_INET6, copy, prefix->addr) == 1)
		prefix->family = MSEG_FAMILY_IPV6;
	else
		return bad_address(s, len, why);
	return is_mapped(prefix) ? mapped_address(s, len, why) : 0;
}

static int parse_length(const char *s, size_t len, struct mseg_prefix *prefix, char *why)
{
	unsigned int i, value = 0, bits = family_bits(prefix->family);

	if (!is_digits(s, len) || len > 3 || (len > 1 && s[0] == '0'))
		value = bits + 1;
	for (i = 0; i < len && value <= bits; i++)
		value = value * 10 + (unsigned int)(s[i] - '0');
	if (value > bits) {
		snprintf(why, TEXT_WHY_LEN, "%s is not a prefix length: IPv%d has 0 to %u",
			 text_show(s, len).s, prefix->family, bits);
		return -EINVAL;
	}
	prefix->len = (uint8_t)value;
	return 0;
}

/* Clear the bits behind the prefix; true where one was set. */
static bool clear_host_bits(struct mseg_prefix *prefix)
{
	unsigned int i, bytes = family_bits(prefix->family) / 8;
	bool cleared = false;

	for (i = prefix->len / 8; i < bytes; i++) {
		unsigned int kept = i == prefix->len / 8 ? prefix->len % 8 : 0;
		uint8_t mask = (uint8_t)(0xff00U >> kept);

		cleared |= prefix->addr[i] & (uint8_t)~mask;
		prefix->addr[i] &= mask;
	}
	return cleared;
}

int prefix_parse(const char *text, size_t len, struct mseg_prefix *prefix, bool *cleared, char *why)
{
	const char *slash;
	int err;

	memset(prefix, 0, sizeof(*prefix));
	*cleared = false;
	if (len && text[0] == '!') {
		prefix->exclude = 1;
		text++;
		len--;
	}
	slash = memchr(text, '/', len);
	err = parse_address(text, slash ? (size_t)(slash - text) : len, prefix, why);
	if (err)
		return err;
	prefix->len = (uint8_t)family_bits(prefix->family);
	if (slash)
		err = parse_length(slash + 1, (size_t)(text + len - slash - 1), prefix, why);
	if (err)
		return err;
	*cleared = clear_host_bits(prefix);
	return 0;
}

void address_format(const uint8_t *addr, uint8_t family, char *text)
{
	inet_ntop(family == MSEG_FAMILY_IPV4 ? AF_INET : AF_INET6, addr, text, PREFIX_TEXT_LEN);
}

void prefix_format(const struct mseg_prefix *prefix, char *text)
{
	size_t used;

	if (prefix->exclude)
		*text++ = '!';
	inet_ntop(prefix->family == MSEG_FAMILY_IPV4 ? AF_INET : AF_INET6, prefix->addr, text,
		  INET6_ADDRSTRLEN);
	used = strlen(text);
	if (prefix->len != family_bits(prefix->family))
		snprintf(text + used, sizeof("/128"), "/%u", prefix->len);
}
