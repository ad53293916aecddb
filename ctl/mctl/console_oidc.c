// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mctl console oidc-keys: msegd, which has no network, believes the keys of a file. This
 * fetches them from the provider, and replaces the file once they are there as a whole.
 */
#include "console_oidc.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service.h"

#define DISCOVERY "/.well-known/openid-configuration"

/* Of what is fetched, and for how long that may take. */
#define SIZE_MAX_FETCHED (256 << 10)
#define SECONDS 30L

struct page {
	char *text;
	size_t len;
};

/* --- fetching ------------------------------------------------------------- */

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
	struct page *page = arg;

	if (size * n > SIZE_MAX_FETCHED - page->len)
		return 0;
	memcpy(page->text + page->len, data, size * n);
	page->len += size * n;
	return size * n;
}

static CURLcode get(const char *url, const char *ca, struct page *page)
{
	CURL *curl = curl_easy_init();
	CURLcode code;

	if (!curl)
		return CURLE_OUT_OF_MEMORY;
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, SECONDS);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, page);
	if (*ca)
		curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
	code = curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	return code;
}

/* An object of JSON, or NULL, having said why. */
static struct json_object *fetch(const char *url, const char *ca)
{
	struct page page = { .text = malloc(SIZE_MAX_FETCHED) };
	CURLcode code = page.text ? get(url, ca, &page) : CURLE_OUT_OF_MEMORY;
	struct json_tokener *tokener = json_tokener_new_ex(16);
	struct json_object *object = NULL;

	if (code == CURLE_OK && tokener && page.len)
		object = json_tokener_parse_ex(tokener, page.text, (int)page.len);
	if (tokener)
		json_tokener_free(tokener);
	free(page.text);
	if (code != CURLE_OK)
		fprintf(stderr, "mctl: %s: %s\n", url,
			code == CURLE_WRITE_ERROR ? "this is too long" : curl_easy_strerror(code));
	else if (!json_object_is_type(object, json_type_object))
		fprintf(stderr, "mctl: %s: this is no object of JSON\n", url);
	if (json_object_is_type(object, json_type_object))
		return object;
	json_object_put(object);
	return NULL;
}

/* --- keys ----------------------------------------------------------------- */

static bool is_key(struct json_object *key)
{
	const char *type = service_field(key, "kty");

	return !strcmp(type, "RSA") || !strcmp(type, "EC");
}

/* Those that sign; what is secret is none of them, and is not kept. */
static struct json_object *public_keys(struct json_object *set)
{
	struct json_object *keys = service_object(set, "keys"), *list = json_object_new_array();
	struct json_object *result = json_object_new_object();
	size_t i,
		n = json_object_is_type(keys, json_type_array) ? json_object_array_length(keys) : 0;

	for (i = 0; i < n; i++) {
		struct json_object *key = json_object_array_get_idx(keys, i);

		if (json_object_is_type(key, json_type_object) && is_key(key))
			json_object_array_add(list, json_object_get(key));
	}
	json_object_object_add(result, "keys", list);
	return result;
}

static struct json_object *fetch_keys(struct json_object *settings)
{
	const char *issuer = service_field(settings, "issuer"), *ca = service_field(settings, "ca");
	size_t len = strlen(issuer);
	struct json_object *metadata, *set = NULL, *keys;
	char *url = NULL;

	if (len && issuer[len - 1] == '/')
		len--;
	if (asprintf(&url, "%.*s" DISCOVERY, (int)len, issuer) < 0)
		return NULL;
	metadata = fetch(url, ca);
	if (metadata && strcmp(service_field(metadata, "issuer"), issuer) != 0)
		fprintf(stderr, "mctl: %s: this is another issuer's than %s\n", url, issuer);
	else if (metadata)
		set = fetch(service_field(metadata, "jwks_uri"), ca);
	json_object_put(metadata);
	free(url);
	if (!set)
		return NULL;
	keys = public_keys(set);
	json_object_put(set);
	return keys;
}

/* --- the file ------------------------------------------------------------- */

static int write_new(const char *path, struct json_object *keys)
{
	FILE *out = fopen(path, "we");
	bool written;
	int err;

	if (!out)
		return -errno;
	written = !fchmod(fileno(out), 0644) &&
		  fputs(json_object_to_json_string_ext(keys, JSON_C_TO_STRING_PRETTY), out) >= 0 &&
		  putc('\n', out) != EOF && !fflush(out) && !fsync(fileno(out));
	err = written ? 0 : -errno;
	return fclose(out) && !err ? -errno : err;
}

static int replace(const char *path, struct json_object *keys)
{
	char *new = NULL;
	int err;

	if (asprintf(&new, "%s.new", path) < 0)
		return -ENOMEM;
	err = write_new(new, keys);
	if (!err && rename(new, path))
		err = -errno;
	if (err)
		unlink(new);
	free(new);
	return err;
}

static int store(const char *path, struct json_object *keys)
{
	size_t n = json_object_array_length(service_object(keys, "keys"));
	int err;

	if (!n) {
		fputs("mctl: the provider has no keys that sign by RS256 or ES256\n", stderr);
		return MCTL_FAILED;
	}
	err = replace(path, keys);
	if (err)
		fprintf(stderr, "mctl: %s: %s\n", path, strerror(-err));
	else
		printf("%s: %zu keys\n", path, n);
	return err ? MCTL_FAILED : MCTL_DONE;
}

/* --- the command ---------------------------------------------------------- */

static int run(struct context *context, int argc, char **argv)
{
	struct json_object *settings = NULL, *keys;
	int status;

	if (!options_only(context, argc, argv))
		return options_exit();
	status = service_get(context, api_path_new("oidc"), "ask for the provider", &settings);
	if (status != MCTL_DONE)
		return status;
	keys = fetch_keys(settings);
	status = keys ? store(service_field(settings, "keys"), keys) : MCTL_FAILED;
	json_object_put(keys);
	json_object_put(settings);
	return status;
}

const struct command oidc_keys_command = {
	.name = "oidc-keys",
	.arguments = "",
	.summary = "Fetch the keys by which the provider of OpenID Connect signs",
	.help = "The file 'keys' of 'oidc' in mseg.conf is replaced once they are there. The timer\n"
		"mseg-oidc-keys.timer does it each hour.\n",
	.run = run,
};
