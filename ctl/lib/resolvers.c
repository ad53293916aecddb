// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The DNS servers that this host asks.
 *
 * Each program's files are read line by line with as little of their grammar as names
 * the servers: a word that is an address, behind the word that says so.
 */
#include "resolvers.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Lines of a file that are read. */
#define LINES_MAX 10000

/* --- addresses ------------------------------------------------------------ */

bool resolver_parse(const char *text, struct resolver *resolver)
{
	memset(resolver, 0, sizeof(*resolver));
	resolver->family = strchr(text, ':') ? MSEG_FAMILY_IPV6 : MSEG_FAMILY_IPV4;
	return inet_pton(resolver->family == MSEG_FAMILY_IPV6 ? AF_INET6 : AF_INET, text,
			 resolver->addr) == 1;
}

bool resolver_is_loopback(const struct resolver *resolver)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (resolver->family == MSEG_FAMILY_IPV4)
		return resolver->addr[0] == 127;
	return !memcmp(resolver->addr, loopback, sizeof(loopback));
}

bool resolver_is_same(const struct resolver *a, const struct resolver *b)
{
	return a->family == b->family && !memcmp(a->addr, b->addr, sizeof(a->addr));
}

static void add(struct resolvers *resolvers, const struct resolver *resolver)
{
	size_t i;

	for (i = 0; i < resolvers->n; i++)
		if (resolver_is_same(&resolvers->list[i], resolver))
			return;
	if (resolvers->n < MSEG_MAX_RESOLVERS)
		resolvers->list[resolvers->n++] = *resolver;
	else
		resolvers->more = true;
}

/*
 * Take a server: an address, and perhaps %interface, @port or #port. What else stands
 * there is a host's name or a domain's, and no server for all.
 */
static void take(struct resolvers *resolvers, char *text)
{
	struct resolver resolver;
	const char *port = NULL;
	char *mark = strpbrk(text, "%@#");

	if (mark) {
		/* unbound writes ADDRESS@PORT#NAME, dnsmasq ADDRESS#PORT@INTERFACE */
		if (isdigit((unsigned char)mark[1]))
			port = mark + 1;
		*mark = '\0';
	}
	if (port && strtoul(port, NULL, 10) != 53)
		return;
	if (!resolver_parse(text, &resolver))
		return;
	if (resolver_is_loopback(&resolver))
		resolvers->local = true;
	else
		add(resolvers, &resolver);
}

/* --- files ---------------------------------------------------------------- */

static void note_encrypted(struct resolvers *resolvers, const char *file)
{
	size_t i;

	for (i = 0; i < resolvers->n_encrypted; i++)
		if (!strcmp(resolvers->encrypted[i], file))
			return;
	if (resolvers->n_encrypted < RESOLVERS_ENCRYPTED_MAX)
		snprintf(resolvers->encrypted[resolvers->n_encrypted++],
			 sizeof(resolvers->encrypted[0]), "%s", file);
}

/* Reads a line of which neither ends is blank. */
typedef void line_reader(struct resolvers *resolvers, char *line, const char *file);

static char *trim(char *line)
{
	size_t len;

	line += strspn(line, " \t\r\n");
	len = strlen(line);
	while (len && strchr(" \t\r\n", line[len - 1]))
		line[--len] = '\0';
	return line;
}

static void read_file(struct resolvers *resolvers, const char *root, const char *file,
		      line_reader *reader)
{
	FILE *in = fopen(file, "re");
	char *line = NULL;
	size_t size = 0;
	int n;

	for (n = 0; in && n < LINES_MAX && getline(&line, &size, in) >= 0; n++)
		reader(resolvers, trim(line), file + strlen(root));
	free(line);
	if (in)
		fclose(in);
}

static void read_files(struct resolvers *resolvers, const char *root, const char *pattern,
		       line_reader *reader)
{
	char path[PATH_MAX];
	glob_t found;
	size_t i;

	snprintf(path, sizeof(path), "%s%s", root, pattern);
	if (!glob(path, 0, NULL, &found))
		for (i = 0; i < found.gl_pathc; i++)
			read_file(resolvers, root, found.gl_pathv[i], reader);
	globfree(&found);
}

/* What stands behind a word, or NULL where the line begins with another one. */
static char *behind(char *line, const char *word, const char *separators)
{
	size_t len = strlen(word);

	if (strncasecmp(line, word, len) || !line[len] || !strchr(separators, line[len]))
		return NULL;
	line += len;
	return line + strspn(line, separators);
}

static bool is_yes(const char *value)
{
	static const char *const words[] = { "yes", "true", "on", "1", "opportunistic" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(value, words[i]))
			return true;
	return false;
}

/* --- programs ------------------------------------------------------------- */

static void read_resolv_conf(struct resolvers *resolvers, char *line, const char *file)
{
	char *value = behind(line, "nameserver", " \t");

	(void)file;
	if (!value)
		return;
	value[strcspn(value, " \t#;")] = '\0';
	take(resolvers, value);
}

static void read_resolved(struct resolvers *resolvers, char *line, const char *file)
{
	const char *value = behind(line, "DNSOverTLS", " \t=");

	if (value && is_yes(value))
		note_encrypted(resolvers, file);
}

static void read_unbound(struct resolvers *resolvers, char *line, const char *file)
{
	static const char *const tls[] = { "forward-tls-upstream", "forward-ssl-upstream",
					   "tls-upstream", "ssl-upstream" };
	char *value = behind(line, "forward-addr", ": \t");
	size_t i;

	if (value) {
		value[strcspn(value, " \t\"")] = '\0';
		take(resolvers, value);
	}
	for (i = 0; i < sizeof(tls) / sizeof(tls[0]); i++) {
		value = behind(line, tls[i], ": \t");
		if (value && is_yes(value))
			note_encrypted(resolvers, file);
	}
}

/* server=ADDRESS, or server=/DOMAIN/ADDRESS for a part of all names. */
static void read_dnsmasq(struct resolvers *resolvers, char *line, const char *file)
{
	char *value = behind(line, "server", " \t=");

	(void)file;
	if (!value)
		return;
	if (strrchr(value, '/'))
		value = strrchr(value, '/') + 1;
	value[strcspn(value, " \t")] = '\0';
	take(resolvers, value);
}

/* forwarders { ADDRESS; ADDRESS; }, over lines or in one. */
static void read_bind(struct resolvers *resolvers, char *line, const char *file)
{
	struct resolver resolver;
	char *rest = NULL, *word;

	(void)file;
	if (!strncmp(line, "//", 2) || line[0] == '#' || strstr(line, "listen-on"))
		return;
	for (word = strtok_r(line, " \t{};", &rest); word; word = strtok_r(NULL, " \t{};", &rest))
		if (resolver_parse(word, &resolver) && !resolver_is_loopback(&resolver))
			add(resolvers, &resolver);
}

/* Programs that do nothing else. */
static void read_encrypting(struct resolvers *resolvers, char *line, const char *file)
{
	line[strcspn(line, "#")] = '\0';
	if (*line)
		note_encrypted(resolvers, file);
}

static void read_stubby(struct resolvers *resolvers, char *line, const char *file)
{
	if (*line != '#' && strstr(line, "GETDNS_TRANSPORT_TLS"))
		note_encrypted(resolvers, file);
}

struct source {
	const char *pattern;
	line_reader *reader;
	/* Of a resolver on this host, that counts when resolv.conf names it. */
	bool is_local;
};

static const struct source sources[] = {
	{ "/etc/resolv.conf", read_resolv_conf, false },
	{ "/run/systemd/resolve/resolv.conf", read_resolv_conf, true },
	{ "/run/NetworkManager/no-stub-resolv.conf", read_resolv_conf, true },
	{ "/run/dnsmasq/resolv.conf", read_resolv_conf, true },
	{ "/etc/unbound/unbound.conf", read_unbound, true },
	{ "/etc/unbound/unbound.conf.d/*.conf", read_unbound, true },
	{ "/etc/dnsmasq.conf", read_dnsmasq, true },
	{ "/etc/dnsmasq.d/*", read_dnsmasq, true },
	{ "/etc/bind/named.conf.options", read_bind, true },
	{ "/etc/systemd/resolved.conf", read_resolved, true },
	{ "/etc/systemd/resolved.conf.d/*.conf", read_resolved, true },
	{ "/run/systemd/resolved.conf.d/*.conf", read_resolved, true },
	{ "/etc/stubby/stubby.yml", read_stubby, true },
	{ "/etc/dnscrypt-proxy/dnscrypt-proxy.toml", read_encrypting, true },
};

static const char *const places[] = {
	"/etc",		"/run/systemd/resolve",	       "/run/NetworkManager", "/run/dnsmasq",
	"/etc/unbound", "/etc/unbound/unbound.conf.d", "/etc/dnsmasq.d",      "/etc/bind",
	NULL,
};

const char *const *resolvers_places(void)
{
	return places;
}

void resolvers_find(const char *root, struct resolvers *resolvers)
{
	size_t i;

	memset(resolvers, 0, sizeof(*resolvers));
	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (!sources[i].is_local || resolvers->local)
			read_files(resolvers, root, sources[i].pattern, sources[i].reader);
}
