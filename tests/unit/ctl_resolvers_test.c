// SPDX-License-Identifier: GPL-2.0-or-later
/* The DNS servers that files name. */
#include "ctl_cmocka.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/resolvers.h"

struct file {
	const char *path;
	const char *text;
};

struct vector {
	const char *what;
	struct file files[4];
	const char *found;
	const char *encrypted;
};

#define STUB                                                                 \
	{                                                                    \
		"/etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0\n" \
	}

static const struct vector vectors[] = {
	{ "no file", { { NULL, NULL } }, "", "" },
	{ "upstreams",
	  { { "/etc/resolv.conf",
	      "# nameserver 192.0.2.1\nnameserver 192.0.2.2\n nameserver\t2001:db8::53 # second\n"
	      "nameserver fe80::1%eth0\nnameserver 192.0.2.2\nsearch example.com\nnameserver x\n" },
	    { "/etc/dnsmasq.conf", "server=192.0.2.9\n" } },
	  "192.0.2.2 2001:db8::53 fe80::1 ",
	  "" },
	{ "behind systemd-resolved",
	  { STUB, { "/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.3\nnameserver ::1\n" } },
	  "192.0.2.3 ",
	  "" },
	{ "systemd-resolved with TLS",
	  { STUB,
	    { "/run/systemd/resolve/resolv.conf", "nameserver 192.0.2.3\n" },
	    { "/etc/systemd/resolved.conf.d/tls.conf", "[Resolve]\nDNSOverTLS = opportunistic\n" },
	    { "/etc/systemd/resolved.conf", "[Resolve]\n#DNSOverTLS=yes\nDNSOverTLS=no\n" } },
	  "192.0.2.3 ",
	  "/etc/systemd/resolved.conf.d/tls.conf " },
	{ "unbound",
	  { { "/etc/resolv.conf", "nameserver ::1\n" },
	    { "/etc/unbound/unbound.conf.d/up.conf",
	      "forward-zone:\n\tname: \".\"\n\tforward-addr: 192.0.2.4\n\tforward-addr: 2001:db8::4@53\n"
	      "\tforward-addr: 192.0.2.5@853#dns.example\n\tforward-tls-upstream: yes\n"
	      "\t# forward-addr: 192.0.2.6\n" } },
	  "192.0.2.4 2001:db8::4 ",
	  "/etc/unbound/unbound.conf.d/up.conf " },
	{ "dnsmasq and BIND",
	  { { "/etc/resolv.conf", "nameserver 127.0.0.1\n" },
	    { "/etc/dnsmasq.d/up", "server=192.0.2.7@eth0\nserver=/corp.example/192.0.2.8\n"
				   "server=192.0.2.9#5353\n#server=192.0.2.1\nlocal-ttl=1\n" },
	    { "/etc/bind/named.conf.options",
	      "listen-on { 192.0.2.77; };\n forwarders { 192.0.2.10;\n\t2001:db8::a; };\n// 192.0.2.99;\n" } },
	  "192.0.2.7 192.0.2.8 192.0.2.10 2001:db8::a ",
	  "" },
	{ "stubby",
	  { { "/etc/resolv.conf", "nameserver 127.0.0.1\n" },
	    { "/etc/stubby/stubby.yml", "dns_transport_list:\n  - GETDNS_TRANSPORT_TLS\n" } },
	  "",
	  "/etc/stubby/stubby.yml " },
};

static void make_file(const char *root, const struct file *file)
{
	char path[256], *slash;
	FILE *out;

	snprintf(path, sizeof(path), "%s%s", root, file->path);
	for (slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(file->text, out);
	fclose(out);
}

static void check(const struct vector *vector, const char *root)
{
	struct resolvers found;
	char all[2048] = "", text[INET6_ADDRSTRLEN];
	size_t i;

	print_message("%s\n", vector->what);
	for (i = 0; i < 4 && vector->files[i].path; i++)
		make_file(root, &vector->files[i]);
	resolvers_find(root, &found);
	for (i = 0; i < found.n; i++) {
		inet_ntop(found.list[i].family == MSEG_FAMILY_IPV4 ? AF_INET : AF_INET6,
			  found.list[i].addr, text, sizeof(text));
		strcat(strcat(all, text), " ");
	}
	assert_string_equal(all, vector->found);
	all[0] = '\0';
	for (i = 0; i < found.n_encrypted; i++)
		strcat(strcat(all, found.encrypted[i]), " ");
	assert_string_equal(all, vector->encrypted);
}

static void test_files(void **state)
{
	char command[64];
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(vectors); i++) {
		char root[] = "/tmp/mseg-resolvers-XXXXXX";

		assert_non_null(mkdtemp(root));
		check(&vectors[i], root);
		snprintf(command, sizeof(command), "rm -r %s", root);
		assert_int_equal(system(command), 0);
	}
}

/* There may be more than the kernel takes. */
static void test_many(void **state)
{
	char root[] = "/tmp/mseg-resolvers-XXXXXX", text[1024] = "", command[64];
	const struct file file = { "/etc/resolv.conf", text };
	struct resolvers found;
	unsigned int i;

	(void)state;
	for (i = 1; i <= MSEG_MAX_RESOLVERS + 1; i++)
		sprintf(text + strlen(text), "nameserver 192.0.2.%u\n", i);
	assert_non_null(mkdtemp(root));
	make_file(root, &file);
	resolvers_find(root, &found);
	assert_int_equal(found.n, MSEG_MAX_RESOLVERS);
	assert_true(found.more);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
