// SPDX-License-Identifier: GPL-2.0-or-later
/* mseg-console.conf. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/doc.h"
#include "lib/fields.h"

#define FILE_SIZE_MAX (1 << 20)

/* --- addresses ------------------------------------------------------------ */

static bool read_port(const char *text, in_port_t *port)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	*port = htons((in_port_t)number);
	return *text >= '0' && *text <= '9' && !*end && number <= 65535;
}

static bool read_address(const char *host, const char *port, struct config_address *result)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&result->address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&result->address;

	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		result->len = sizeof(*four);
		return read_port(port, &four->sin_port);
	}
	if (inet_pton(AF_INET6, host, &six->sin6_addr) != 1)
		return false;
	six->sin6_family = AF_INET6;
	result->len = sizeof(*six);
	return read_port(port, &six->sin6_port);
}

bool config_listen(struct config *config, const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
	char host[INET6_ADDRSTRLEN];

	if (bracketed) {
		text++;
		len -= 2;
	}
	if (!len || len >= sizeof(host) || config->n_listen == CONFIG_LIST_MAX ||
	    bracketed != !!memchr(text, ':', len))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (!read_address(host, colon + 1, &config->listen[config->n_listen]))
		return false;
	config->n_listen++;
	return true;
}

/* --- files ---------------------------------------------------------------- */

/* What is no path is one of systemd's credentials (LoadCredential=). */
static FILE *open_secret(const char *name)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char *path = NULL;
	FILE *in;

	if (strchr(name, '/') || !directory)
		return fopen(name, "re");
	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return NULL;
	in = fopen(path, "re");
	free(path);
	return in;
}

static char *read_stream(FILE *in)
{
	char *data = malloc(FILE_SIZE_MAX + 1);
	size_t len = data ? fread(data, 1, FILE_SIZE_MAX + 1, in) : 0;

	if (!data || ferror(in) || len > FILE_SIZE_MAX) {
		free(data);
		return NULL;
	}
	data[len] = '\0';
	return data;
}

static char *read_secret(const struct doc_value *value, struct diag *diag)
{
	FILE *in = open_secret(value->text);
	char *data = in ? read_stream(in) : NULL;

	if (!data)
		diag_error(diag, value->place, "%s: %s", value->text,
			   in ? "it is too long" : strerror(errno));
	if (in)
		fclose(in);
	return data;
}

/* --- the file ------------------------------------------------------------- */

static void take_listen(const struct doc_value *list, struct config *config, struct diag *diag)
{
	const struct doc_value *value;

	for (value = list->first; value; value = value->next)
		if (field_is(value, DOC_STRING, "an address", diag) &&
		    !config_listen(config, value->text))
			diag_error(diag, value->place,
				   "an address is written as 127.0.0.1:8543 or [::1]:8543, %u of them at most",
				   CONFIG_LIST_MAX);
}

static void take_hosts(const struct doc_value *list, struct config *config, struct diag *diag)
{
	const struct doc_value *value;

	for (value = list->first; value; value = value->next) {
		if (!field_is(value, DOC_STRING, "a name", diag))
			continue;
		if (!value->len || strpbrk(value->text, ":/* ") ||
		    config->n_hosts == CONFIG_LIST_MAX)
			diag_error(diag, value->place,
				   "a name is written as console.example.org, without a port, %u of them at most",
				   CONFIG_LIST_MAX);
		else
			config->hosts[config->n_hosts++] = strdup(value->text);
	}
}

static void take_tls(const struct doc_value *object, struct config *config, struct diag *diag)
{
	static const struct field fields[] = {
		{ "certificate", DOC_STRING, true },
		{ "key", DOC_STRING, true },
	};
	const struct doc_value *values[2];

	if (!fields_get(object, "'tls'", fields, 2, values, diag))
		return;
	config->certificate = read_secret(values[0], diag);
	config->key = read_secret(values[1], diag);
}

static void take_oidc(const struct doc_value *object, struct config *config, struct diag *diag)
{
	static const struct field fields[] = { { "client_secret", DOC_STRING, true } };
	const struct doc_value *values[1];

	if (!fields_get(object, "'oidc'", fields, 1, values, diag))
		return;
	config->client_secret = read_secret(values[0], diag);
	if (config->client_secret)
		config->client_secret[strcspn(config->client_secret, "\r\n")] = '\0';
}

static void take(const struct doc_value *root, struct config *config, struct diag *diag)
{
	enum { LISTEN, HOSTS, TLS, SOCKET, OIDC, FIELDS };
	static const struct field fields[] = {
		[LISTEN] = { "listen", DOC_LIST, false },
		[HOSTS] = { "hosts", DOC_LIST, false },
		[TLS] = { "tls", DOC_OBJECT, false },
		[SOCKET] = { "socket", DOC_STRING, false },
		[OIDC] = { "oidc", DOC_OBJECT, false },
	};
	const struct doc_value *values[FIELDS];

	if (root->kind == DOC_NULL ||
	    !fields_get(root, "the configuration", fields, FIELDS, values, diag))
		return;
	if (values[LISTEN])
		take_listen(values[LISTEN], config, diag);
	if (values[HOSTS])
		take_hosts(values[HOSTS], config, diag);
	if (values[TLS])
		take_tls(values[TLS], config, diag);
	if (values[SOCKET])
		config->socket = strdup(values[SOCKET]->text);
	if (values[OIDC])
		take_oidc(values[OIDC], config, diag);
}

static void take_file(FILE *in, struct config *config, struct diag *diag)
{
	char *data = read_stream(in);
	struct doc *doc;

	if (!data) {
		diag_error(diag, (struct place){ 0 }, "it cannot be read, or is too long");
	} else if (*data) {
		doc = doc_read(data, strlen(data), diag);
		if (doc)
			take(doc_root(doc), config, diag);
		doc_free(doc);
	}
	free(data);
}

bool config_read(struct config *config, const char *file, bool must_exist, FILE *messages)
{
	struct diag diag = { .out = messages, .file = file };
	FILE *in = fopen(file, "re");

	if (in) {
		take_file(in, config, &diag);
		fclose(in);
	} else if (must_exist || errno != ENOENT) {
		diag_error(&diag, (struct place){ 0 }, "%s", strerror(errno));
	}
	return !diag.errors;
}

void config_clear(struct config *config)
{
	unsigned int i;

	for (i = 0; i < config->n_hosts; i++)
		free(config->hosts[i]);
	if (config->key)
		explicit_bzero(config->key, strlen(config->key));
	if (config->client_secret)
		explicit_bzero(config->client_secret, strlen(config->client_secret));
	free(config->client_secret);
	free(config->certificate);
	free(config->key);
	free(config->socket);
	memset(config, 0, sizeof(*config));
}
