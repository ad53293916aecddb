// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What careless people write, and what they are told. Ports by name need
 * /etc/services.
 */
#include "ctl_cmocka.h"

#include <netdb.h>
#include <string.h>

#include "lib/hints.h"
#include "lib/prefix.h"
#include "lib/services.h"
#include "lib/text.h"

struct hint {
	const char *text;
	const char *why; /* NULL where nothing better is known */
};

static const struct hint services[] = {
	{ "tcp/22-25", "a range has a colon: write tcp/22:25" },
	{ "tcp/22..25", "a range has a colon: write tcp/22:25" },
	{ "22/tcp", "the protocol comes first: write tcp/22" },
	{ "22-25/TCP", "the protocol comes first: write TCP/22:25" },
	{ "tcp:22", "protocol and port are joined by a slash: write tcp/22" },
	{ "udp53", "protocol and port are joined by a slash: write udp/53" },
	{ "tcp-22", "protocol and port are joined by a slash: write tcp/22" },
	{ "port 22", "protocol and port are joined by a slash: write tcp/22" },
	{ ":22", "protocol and port are joined by a slash: write tcp/22" },
	{ "tcp / 22", "a service has no blanks: write tcp/22" },
	{ "tcp/022", "a number has no leading zeros: write tcp/22" },
	{ "all", "every protocol is meant by 'any': write any" },
	{ "*", "every protocol is meant by 'any': write any" },
	{ "tcp/any", "a protocol alone stands for all of it: write tcp" },
	{ "tcp/", "a protocol alone stands for all of it: write tcp" },
	{ "ping", "services are written by number: write icmp/8/0, and icmp6/128/0 for IPv6" },
	{ "tcp/:1024", "a range has both its ends: write tcp/0:1024" },
	{ "udp/1024:", "a range has both its ends: write udp/1024:65535" },
	{ "udp4", "the networks tell IPv4 from IPv6: write udp" },
	{ "tcp6/22", "the networks tell IPv4 from IPv6: write tcp/22" },
	{ "256", "no protocol has that number, for the port: write tcp/256" },
	{ "-1", "no protocol has that number: they go from 0 to 255" },
	{ "65536", "no protocol has that number: they go from 0 to 255" },
	{ "dhcp", "services are written by number: write udp/67 and udp/68" },
	{ "tcp/65536", NULL },
	{ "tcp/25-22", NULL },
	{ "tcp/22,80", NULL },
	{ "frobnicate", NULL },
	{ "/", NULL },
	{ "", NULL },
	{ " ", NULL },
	{ "\x1b[2J", NULL },
};

static const struct hint named[] = {
	{ "ssh", "services are written by number: write tcp/22" },
	{ "SSH/tcp", NULL },
	{ "ssh/tcp", "services are written by number: write tcp/22" },
	{ "tcp/ssh", "services are written by number: write tcp/22" },
	{ "https/443", "services are written by number: write tcp/443 and udp/443" },
	{ "dns", "services are written by number: write tcp/53 and udp/53" },
	{ "udp/dns", "services are written by number: write udp/53" },
	{ "ntp", "services are written by number: write udp/123" },
	{ "gre/ssh", NULL },
};

static const struct hint entries[] = {
	{ "any", "everybody is two entries: write 0.0.0.0/0 for IPv4 and ::/0 for IPv6" },
	{ "0/0", "everybody is two entries: write 0.0.0.0/0 for IPv4 and ::/0 for IPv6" },
	{ "10.0.0/8", "an IPv4 address has four numbers: write 10.0.0.0/8" },
	{ "10/8", "an IPv4 address has four numbers: write 10.0.0.0/8" },
	{ "10.0.0", "an IPv4 address has four numbers: write 10.0.0.0/24" },
	{ "192.168.*", "an IPv4 address has four numbers: write 192.168.0.0/16" },
	{ "192.168.1.*", "an IPv4 address has four numbers: write 192.168.1.0/24" },
	{ "10.0.0.0/255.0.0.0", "a mask is written as a length: write 10.0.0.0/8" },
	{ "10.0.0.1/255.255.255.255", "a mask is written as a length: write 10.0.0.1/32" },
	{ "10.0.0.1:22", "an entry has neither brackets nor a port: write 10.0.0.1" },
	{ "[2001:db8::1]:22", "an entry has neither brackets nor a port: write 2001:db8::1" },
	{ "fe80::1%eth0", "an entry has no interface: write fe80::1" },
	{ "10.0.0.0 / 8", "an entry has no blanks: write 10.0.0.0/8" },
	{ "10.0.0.1-10.0.0.9",
	  "an entry is no range: write the CIDRs that cover it, an entry each" },
	{ "10.0.0.1, 10.0.0.2", "that is more than one: write an entry for each" },
	{ "! 10.1.0.0/16", "an entry has no blanks: write !10.1.0.0/16" },
	{ "!10.1/16", "an IPv4 address has four numbers: write !10.1.0.0/16" },
	{ "!any", "everybody is two entries: write 0.0.0.0/0 for IPv4 and ::/0 for IPv6" },
	{ "!", NULL },
	{ "10.0.0.0/255.0.255.0", NULL },
	{ "10.0.0.0/33", NULL },
	{ "10.0.0.256", NULL },
	{ "300/8", NULL },
	{ "1.2.3.4.5/8", NULL },
	{ "example.com", NULL },
	{ "[", NULL },
	{ "", NULL },
};

/* What is asked must say what the table does, or leave the old text alone. */
static void check(const struct hint *hint, bool (*ask)(const char *text, size_t len, char *why))
{
	char why[TEXT_WHY_LEN] = "as before";
	bool better = ask(hint->text, strlen(hint->text), why);

	if (better != !!hint->why || strcmp(why, hint->why ? hint->why : "as before"))
		fail_msg("'%s' gave: %s", hint->text, why);
}

static void test_services(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(services); i++)
		check(&services[i], hint_service);
}

static void test_named_services(void **state)
{
	size_t i;

	(void)state;
	if (!getservbyname("ssh", "tcp"))
		skip();
	for (i = 0; i < N_OF(named); i++)
		check(&named[i], hint_service);
}

static void test_ports(void **state)
{
	static const struct hint ports[] = {
		{ "22", "that is the protocol xns-idp: for the port write tcp/22 or udp/22" },
		{ "80", "that is the protocol iso-ip: for the port write tcp/80 or udp/80" },
		{ "rdp", "that is the IP protocol 27: for Remote Desktop write tcp/3389" },
		{ "6", NULL },
		{ "47", NULL },
		{ "255", NULL },
		{ "tcp/22", NULL },
		{ "gre", NULL },
	};
	size_t i;

	(void)state;
	if (!getservbyport(htons(22), "tcp"))
		skip();
	for (i = 0; i < N_OF(ports); i++)
		check(&ports[i], hint_port);
}

static void test_entries(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(entries); i++)
		check(&entries[i], hint_entry);
}

static void test_everybody(void **state)
{
	(void)state;
	assert_true(hint_is_everybody("Any", 3));
	assert_true(hint_is_everybody("*", 1));
	assert_false(hint_is_everybody("anyone-else", 11));
	assert_false(hint_is_everybody("any", 2));
	assert_false(hint_is_everybody("", 0));
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(hint_word("DROP", "allow", "reject"), "reject");
	assert_string_equal(hint_word("accept", "allow", "reject"), "allow");
	assert_string_equal(hint_word("ingress", "in", "out"), "in");
	assert_string_equal(hint_word("outbound", "in", "out"), "out");
	assert_null(hint_word("ingress", "allow", "reject"));
	assert_null(hint_word("maybe", "allow", "reject"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_services),  cmocka_unit_test(test_named_services),
		cmocka_unit_test(test_ports),	  cmocka_unit_test(test_entries),
		cmocka_unit_test(test_everybody), cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
