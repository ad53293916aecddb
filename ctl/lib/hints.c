// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What somebody meant by a text that is refused. Each guess is tried on the
 * parser before it is proposed, so that no advice is refused in its turn.
 */
#include "hints.h"
#include "prefix.h"
#include "protocols.h"
#include "services.h"
#include "text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is longer is no misspelt service or entry. */
#define HINT_LEN 96

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* A copy without blanks; false where the text is too long or no text. */
static bool squeeze(const char *text, size_t len, char *copy)
{
	size_t i, used = 0;

	if (len >= HINT_LEN || !text_is_plain(text, len))
		return false;
	for (i = 0; i < len; i++)
		if (text[i] != ' ')
			copy[used++] = text[i];
	copy[used] = '\0';
	return used > 0;
}

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcasecmp(text, words[i]))
			return true;
	return false;
}

/* --- services ------------------------------------------------------------- */

static bool is_service(const char *text)
{
	struct service_item item;
	char ignored[TEXT_WHY_LEN];

	return !service_parse(text, strlen(text), &item, ignored);
}

static bool propose_service(const char *reason, const char *candidate, char *why)
{
	if (!is_service(candidate))
		return false;
	snprintf(why, TEXT_WHY_LEN, "%s: write %s", reason, candidate);
	return true;
}

/* The name with its port, once for each protocol that /etc/services has. */
static bool propose_port_of(const char *name, const char *protocol, char *why)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp", "dccp" };
	const struct servent *service;
	char written[TEXT_WHY_LEN / 2] = "";
	size_t i, used = 0;

	if (!strcasecmp(name, "dns"))
		name = "domain";
	for (i = 0; i < N_OF(protocols); i++) {
		if (protocol && strcasecmp(protocol, protocols[i]))
			continue;
		service = getservbyname(name, protocols[i]);
		if (service)
			used += (size_t)snprintf(written + used, sizeof(written) - used, "%s%s/%u",
						 used ? " and " : "", protocols[i],
						 ntohs((uint16_t)service->s_port));
	}
	if (used)
		snprintf(why, TEXT_WHY_LEN, "services are written by number: write %s", written);
	return used > 0;
}

/* "ssh", "tcp/ssh", "ssh/tcp", "https/443". */
static bool guess_named(const char *text, char *why)
{
	char before[HINT_LEN], *behind;

	if (!strcasecmp(text, "ping")) {
		snprintf(why, TEXT_WHY_LEN,
			 "services are written by number: write icmp/8/0, and icmp6/128/0 for IPv6");
		return true;
	}
	if (!strcasecmp(text, "dhcp")) {
		snprintf(why, TEXT_WHY_LEN,
			 "services are written by number: write udp/67 and udp/68");
		return true;
	}
	strcpy(before, text);
	behind = strchr(before, '/');
	if (!behind)
		return propose_port_of(before, NULL, why);
	*behind++ = '\0';
	if (protocol_number(before, strlen(before)) >= 0)
		return propose_port_of(behind, before, why);
	if (protocol_number(behind, strlen(behind)) >= 0)
		return propose_port_of(before, behind, why);
	return propose_port_of(before, NULL, why);
}

/* "all", a star, "tcp/any", "tcp/". */
static bool guess_all(const char *text, char *why)
{
	static const char *const words[] = { "all", "*", "any", "every", "" };
	const char *slash = strchr(text, '/');
	char before[HINT_LEN];

	if (!slash && is_one_of(text, words, N_OF(words)))
		return propose_service("every protocol is meant by 'any'", "any", why);
	if (!slash || !is_one_of(slash + 1, words, N_OF(words)))
		return false;
	snprintf(before, sizeof(before), "%.*s", (int)(slash - text), text);
	return propose_service("a protocol alone stands for all of it", before, why);
}

/* "tcp/22-25", with a hyphen or two dots for the colon. */
static bool guess_range(const char *text, char *why)
{
	char candidate[HINT_LEN], *slash, *dash;

	strcpy(candidate, text);
	slash = strchr(candidate, '/');
	dash = slash ? strpbrk(slash, "-.") : NULL;
	if (!dash)
		return false;
	*dash = ':';
	memmove(dash + 1, dash + 1 + strspn(dash + 1, "-."),
		strlen(dash + 1 + strspn(dash + 1, "-.")) + 1);
	return propose_service("a range has a colon", candidate, why);
}

/* "tcp/:1024", "tcp/1024:". */
static bool guess_open(const char *text, char *why)
{
	const char *slash = strchr(text, '/');
	char candidate[2 * HINT_LEN];

	if (!slash)
		return false;
	if (slash[1] == ':')
		snprintf(candidate, sizeof(candidate), "%.*s/0%s", (int)(slash - text), text,
			 slash + 1);
	else if (text[strlen(text) - 1] == ':')
		snprintf(candidate, sizeof(candidate), "%s65535", text);
	else
		return false;
	return propose_service("a range has both its ends", candidate, why);
}

/* "256", "-1". */
static bool guess_number(const char *text, char *why)
{
	const char *digits = text + (text[0] == '-');
	char candidate[2 * HINT_LEN];

	if (!*digits || digits[strspn(digits, "0123456789")])
		return false;
	snprintf(candidate, sizeof(candidate), "tcp/%s", text);
	if (propose_service("no protocol has that number, for the port", candidate, why))
		return true;
	snprintf(why, TEXT_WHY_LEN, "no protocol has that number: they go from 0 to 255");
	return true;
}

/* "udp4", "tcp6/22". */
static bool guess_family(const char *text, char *why)
{
	size_t name = strcspn(text, "/");
	char candidate[HINT_LEN];

	if (name < 2 || !strchr("46", text[name - 1]) || protocol_number(text, name - 1) < 0)
		return false;
	snprintf(candidate, sizeof(candidate), "%.*s%s", (int)name - 1, text, text + name);
	return propose_service("the networks tell IPv4 from IPv6", candidate, why);
}

/* "22/tcp", "22-25/tcp". */
static bool guess_turned(const char *text, char *why)
{
	const char *slash = strchr(text, '/');
	char candidate[2 * HINT_LEN], *dash;

	if (!slash)
		return false;
	snprintf(candidate, sizeof(candidate), "%s/%.*s", slash + 1, (int)(slash - text), text);
	dash = strchr(strchr(candidate, '/'), '-');
	if (dash)
		*dash = ':';
	return propose_service("the protocol comes first", candidate, why);
}

/* "tcp:22", "tcp22", "tcp-22", "port:22", ":22". */
static bool guess_joined(const char *text, char *why)
{
	size_t name = strcspn(text, "0123456789:-_=/"), gap = strspn(text + name, ":-_=/");
	char candidate[2 * HINT_LEN];

	if (!name || (name == 4 && !strncasecmp(text, "port", 4)))
		snprintf(candidate, sizeof(candidate), "tcp/%s", text + name + gap);
	else
		snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)name, text,
			 text + name + gap);
	return propose_service("protocol and port are joined by a slash", candidate, why);
}

/* "tcp/022". */
static bool guess_zeros(const char *text, char *why)
{
	const char *slash = strchr(text, '/');
	char candidate[2 * HINT_LEN];

	if (!slash)
		return false;
	snprintf(candidate, sizeof(candidate), "%.*s%s", (int)(slash + 1 - text), text,
		 slash + 1 + strspn(slash + 1, "0"));
	return propose_service("a number has no leading zeros", candidate, why);
}

bool hint_service(const char *text, size_t len, char *why)
{
	static bool (*const guesses[])(const char *text, char *why) = {
		guess_all,   guess_named,  guess_number, guess_family, guess_open,
		guess_range, guess_turned, guess_joined, guess_zeros,
	};
	char copy[HINT_LEN];
	size_t i;

	if (!squeeze(text, len, copy))
		return false;
	if (strlen(copy) < len && propose_service("a service has no blanks", copy, why))
		return true;
	for (i = 0; i < N_OF(guesses); i++)
		if (guesses[i](copy, why))
			return true;
	return false;
}

/* Whether /etc/services has a port. A large policy may ask of the same ones for ever. */
static bool is_known_port(uint8_t port)
{
	static enum { UNASKED, KNOWN, UNKNOWN } answers[UINT8_MAX + 1];

	if (answers[port] == UNASKED)
		answers[port] = getservbyport(htons(port), "tcp") ||
						getservbyport(htons(port), "udp") ?
					KNOWN :
					UNKNOWN;
	return answers[port] == KNOWN;
}

bool hint_port(const char *text, size_t len, char *why)
{
	char copy[HINT_LEN];
	const char *name;
	uint8_t number;

	if (!squeeze(text, len, copy))
		return false;
	if (!strcasecmp(copy, "rdp")) {
		snprintf(why, TEXT_WHY_LEN,
			 "that is the IP protocol 27: for Remote Desktop write tcp/3389");
		return true;
	}
	if (copy[strspn(copy, "0123456789")])
		return false;
	number = (uint8_t)atoi(copy);
	name = protocol_name(number);
	if (!name || !is_known_port(number))
		return false;
	snprintf(why, TEXT_WHY_LEN, "that is the protocol %s: for the port write tcp/%d or udp/%d",
		 name, number, number);
	return true;
}

/* --- entries of networks -------------------------------------------------- */

static bool propose_entry(const char *reason, const char *candidate, char *why)
{
	char ignored[TEXT_WHY_LEN];
	struct mseg_prefix prefix;
	bool cleared;

	if (prefix_parse(candidate, strlen(candidate), &prefix, &cleared, ignored))
		return false;
	snprintf(why, TEXT_WHY_LEN, "%s: write %s", reason, candidate);
	return true;
}

bool hint_is_everybody(const char *text, size_t len)
{
	static const char *const words[] = {
		"any",	 "all",	     "*", "0/0",     "everybody", "everyone",
		"world", "internet", "0", "default", "anywhere",  "0.0.0.0/0.0.0.0"
	};
	char copy[HINT_LEN];

	return squeeze(text, len, copy) && is_one_of(copy, words, N_OF(words));
}

static bool guess_everybody(const char *text, char *why)
{
	if (!hint_is_everybody(text, strlen(text)))
		return false;
	snprintf(why, TEXT_WHY_LEN,
		 "everybody is two entries: write 0.0.0.0/0 for IPv4 and ::/0 for IPv6");
	return true;
}

/* "10.0.0/8", "10/8", "10.0.0", "192.168.1.*". */
static bool guess_short(const char *text, char *why)
{
	static const char *const rests[] = { "", ".0.0.0", ".0.0", ".0" };
	size_t numbers = strspn(text, "0123456789."), i;
	char candidate[2 * HINT_LEN];
	unsigned int parts = 1;

	while (numbers && text[numbers - 1] == '.')
		numbers--;
	for (i = 0; i < numbers; i++)
		parts += text[i] == '.';
	i = numbers + strspn(text + numbers, ".*");
	if (!numbers || parts > 3 || (text[i] && text[i] != '/'))
		return false;
	snprintf(candidate, sizeof(candidate), "%.*s%s%s", (int)numbers, text, rests[parts],
		 text + i);
	if (!text[i])
		snprintf(candidate + strlen(candidate), 4, "/%u", 8 * parts);
	return propose_entry("an IPv4 address has four numbers", candidate, why);
}

/* "10.0.0.0/255.0.0.0". */
static bool guess_mask(const char *text, char *why)
{
	const char *slash = strchr(text, '/');
	char candidate[2 * HINT_LEN];
	struct in_addr mask;
	uint32_t bits;
	int len = 0;

	if (!slash || inet_pton(AF_INET, slash + 1, &mask) != 1)
		return false;
	for (bits = ntohl(mask.s_addr); bits & 0x80000000U; bits <<= 1)
		len++;
	if (bits)
		return false;
	snprintf(candidate, sizeof(candidate), "%.*s/%d", (int)(slash - text), text, len);
	return propose_entry("a mask is written as a length", candidate, why);
}

/* "[2001:db8::1]", "[2001:db8::1]:22", "10.0.0.1:22". */
static bool guess_port(const char *text, char *why)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : strchr(text, ':');
	char candidate[HINT_LEN];

	if (!end)
		return false;
	text += text[0] == '[';
	snprintf(candidate, sizeof(candidate), "%.*s", (int)(end - text), text);
	return propose_entry("an entry has neither brackets nor a port", candidate, why);
}

/* "fe80::1%eth0". */
static bool guess_zone(const char *text, char *why)
{
	const char *percent = strchr(text, '%');
	char candidate[HINT_LEN];

	if (!percent)
		return false;
	snprintf(candidate, sizeof(candidate), "%.*s", (int)(percent - text), text);
	return propose_entry("an entry has no interface", candidate, why);
}

/* "10.0.0.1-10.0.0.9", "10.0.0.1,10.0.0.2". */
static bool guess_several(const char *text, char *why)
{
	const char *sign = strpbrk(text, "-,;");
	char ignored[TEXT_WHY_LEN];
	struct mseg_prefix prefix;
	bool cleared;

	if (!sign || prefix_parse(text, (size_t)(sign - text), &prefix, &cleared, ignored))
		return false;
	if (*sign == '-')
		snprintf(why, TEXT_WHY_LEN,
			 "an entry is no range: write the CIDRs that cover it, an entry each");
	else
		snprintf(why, TEXT_WHY_LEN, "that is more than one: write an entry for each");
	return true;
}

/* Turn the proposal of an entry into that of an exclusion. */
static void exclude_proposal(char *why)
{
	char *entry = strstr(why, ": write "), ignored[TEXT_WHY_LEN];
	struct mseg_prefix prefix;
	bool cleared;

	if (!entry)
		return;
	entry += strlen(": write ");
	if (strlen(why) + 2 > TEXT_WHY_LEN ||
	    prefix_parse(entry, strlen(entry), &prefix, &cleared, ignored))
		return;
	memmove(entry + 1, entry, strlen(entry) + 1);
	*entry = '!';
}

static bool guess_entry(const char *text, size_t len, char *why)
{
	static bool (*const guesses[])(const char *text, char *why) = {
		guess_everybody, guess_short, guess_mask, guess_port, guess_zone, guess_several,
	};
	char copy[HINT_LEN];
	size_t i;

	if (!squeeze(text, len, copy))
		return false;
	if (strlen(copy) < len && propose_entry("an entry has no blanks", copy, why))
		return true;
	for (i = 0; i < N_OF(guesses); i++)
		if (guesses[i](copy, why))
			return true;
	return false;
}

bool hint_entry(const char *text, size_t len, char *why)
{
	bool excludes = len && text[0] == '!';

	if (!guess_entry(text + excludes, len - excludes, why))
		return false;
	if (excludes)
		exclude_proposal(why);
	return true;
}

/* --- words ---------------------------------------------------------------- */

const char *hint_word(const char *text, const char *first, const char *second)
{
	static const struct {
		const char *said;
		const char *meant;
	} words[] = {
		{ "accept", "allow" },	{ "permit", "allow" }, { "pass", "allow" },
		{ "deny", "reject" },	{ "drop", "reject" },  { "block", "reject" },
		{ "refuse", "reject" }, { "incoming", "in" },  { "ingress", "in" },
		{ "inbound", "in" },	{ "input", "in" },     { "outgoing", "out" },
		{ "egress", "out" },	{ "outbound", "out" }, { "output", "out" },
	};
	const char *meant = NULL;
	size_t i;

	for (i = 0; i < N_OF(words); i++)
		if (!strcasecmp(text, words[i].said))
			meant = words[i].meant;
	if (meant && !strcmp(meant, first))
		return first;
	return meant && !strcmp(meant, second) ? second : NULL;
}
