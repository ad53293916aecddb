// SPDX-License-Identifier: GPL-2.0-or-later
/* ID tokens of OpenID Connect. */
#include "oidc_token.h"

#include <cjose/cjose.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Seconds by which the provider's clock may be wrong. */
#define LEEWAY 60

/* Since it was issued: a login takes no longer. */
#define AGE_MAX 600

#define KEYS_MAX 32
#define RSA_BITS_MIN 2048
#define DEPTH_MAX 16

/* --- claims --------------------------------------------------------------- */

/* A NUL within it does not end it. */
static bool is_text(struct json_object *value, const char *text)
{
	return json_object_is_type(value, json_type_string) &&
	       (size_t)json_object_get_string_len(value) == strlen(text) &&
	       !strcmp(json_object_get_string(value), text);
}

bool oidc_claim_is(struct json_object *claims, const char *name, const char *text)
{
	return is_text(json_object_object_get(claims, name), text);
}

bool oidc_claim_has(struct json_object *claims, const char *name, const char *text)
{
	struct json_object *value = json_object_object_get(claims, name);
	size_t i;

	if (!json_object_is_type(value, json_type_array))
		return is_text(value, text);
	for (i = 0; i < json_object_array_length(value); i++)
		if (is_text(json_object_array_get_idx(value, i), text))
			return true;
	return false;
}

static bool get_time(struct json_object *claims, const char *name, int64_t *time)
{
	struct json_object *value = json_object_object_get(claims, name);

	*time = json_object_get_int64(value);
	return (json_object_is_type(value, json_type_int) ||
		json_object_is_type(value, json_type_double)) &&
	       *time > 0 && *time < INT64_MAX / 2;
}

/* For whom it is; another one who has it as well must not have got it for himself. */
static bool is_for(struct json_object *claims, const char *client_id)
{
	struct json_object *audience = json_object_object_get(claims, "aud");
	bool several = json_object_is_type(audience, json_type_array) &&
		       json_object_array_length(audience) > 1;

	if (!oidc_claim_has(claims, "aud", client_id))
		return false;
	if (several || json_object_object_get(claims, "azp"))
		return oidc_claim_is(claims, "azp", client_id);
	return true;
}

static const char *check_times(struct json_object *claims, int64_t now)
{
	int64_t expires, issued, from;

	if (!get_time(claims, "exp", &expires) || !get_time(claims, "iat", &issued))
		return "the token does not say when it was issued, or ends";
	if (expires + LEEWAY <= now)
		return "the token is over";
	if (issued - LEEWAY > now)
		return "the token is of the future: do the clocks agree?";
	if (issued + AGE_MAX + LEEWAY <= now)
		return "the token is too old";
	if (json_object_object_get(claims, "nbf") &&
	    (!get_time(claims, "nbf", &from) || from - LEEWAY > now))
		return "the token is not good yet";
	return NULL;
}

static const char *check(struct json_object *claims, const struct oidc_wanted *wanted)
{
	if (!json_object_is_type(claims, json_type_object))
		return "the token says nothing";
	if (!oidc_claim_is(claims, "iss", wanted->issuer))
		return "the token is another issuer's";
	if (!is_for(claims, wanted->client_id))
		return "the token is for somebody else";
	if (!oidc_claim_is(claims, "nonce", wanted->nonce))
		return "the token is of another login";
	if (!json_object_get_string_len(json_object_object_get(claims, "sub")))
		return "the token says nothing of who it is";
	return check_times(claims, wanted->now);
}

/* --- signatures ----------------------------------------------------------- */

struct algorithm {
	const char *name;
	cjose_jwk_kty_t type;
};

/* Nothing else is: by "none" or HS256 anybody could sign who knows what is public. */
static const struct algorithm algorithms[] = {
	{ "RS256", CJOSE_JWK_KTY_RSA },
	{ "ES256", CJOSE_JWK_KTY_EC },
};

static const struct algorithm *find_algorithm(cjose_header_t *header)
{
	const char *name = cjose_header_get(header, "alg", NULL);
	size_t i;

	for (i = 0; name && i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (!strcmp(name, algorithms[i].name))
			return &algorithms[i];
	return NULL;
}

/* Whether a field of a key is as wanted, or is not said. */
static bool suits(struct json_object *key, const char *name, const char *text)
{
	return !json_object_object_get(key, name) || oidc_claim_is(key, name, text);
}

static bool is_strong(const cjose_jwk_t *key, const struct algorithm *algorithm)
{
	if (cjose_jwk_get_kty(key, NULL) != algorithm->type)
		return false;
	if (algorithm->type == CJOSE_JWK_KTY_RSA)
		return cjose_jwk_get_keysize(key, NULL) >= RSA_BITS_MIN;
	return cjose_jwk_EC_get_curve(key, NULL) == CJOSE_JWK_EC_P_256;
}

static bool verify_by(cjose_jws_t *jws, struct json_object *object,
		      const struct algorithm *algorithm)
{
	const char *text = json_object_to_json_string(object);
	cjose_jwk_t *key = cjose_jwk_import(text, strlen(text), NULL);
	bool verified = key && is_strong(key, algorithm) && cjose_jws_verify(jws, key, NULL);

	cjose_jwk_release(key);
	return verified;
}

static bool verify(cjose_jws_t *jws, struct json_object *keys, const struct algorithm *algorithm)
{
	const char *id = cjose_header_get(cjose_jws_get_protected(jws), "kid", NULL);
	struct json_object *list = json_object_object_get(keys, "keys"), *key;
	size_t i,
		n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	for (i = 0; i < n && i < KEYS_MAX; i++) {
		key = json_object_array_get_idx(list, i);
		if (json_object_is_type(key, json_type_object) && suits(key, "use", "sig") &&
		    suits(key, "alg", algorithm->name) && (!id || suits(key, "kid", id)) &&
		    verify_by(jws, key, algorithm))
			return true;
	}
	return false;
}

/* --- the token ------------------------------------------------------------ */

static bool is_critical(cjose_header_t *header)
{
	char *critical = cjose_header_get_raw(header, "crit", NULL);

	cjose_get_dealloc()(critical);
	return critical;
}

static bool is_jwt(cjose_header_t *header)
{
	const char *type = cjose_header_get(header, "typ", NULL);

	return !type || !strcasecmp(type, "JWT");
}

static struct json_object *parse(cjose_jws_t *jws)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *claims = NULL;
	uint8_t *text;
	size_t len;

	/* The text stays the token's. */
	if (tokener && cjose_jws_get_plaintext(jws, &text, &len, NULL) && len <= OIDC_TOKEN_MAX)
		claims = json_tokener_parse_ex(tokener, (const char *)text, (int)len);
	if (tokener)
		json_tokener_free(tokener);
	return claims;
}

static const char *read_signed(cjose_jws_t *jws, struct json_object *keys,
			       const struct oidc_wanted *wanted, struct json_object **claims)
{
	cjose_header_t *header = cjose_jws_get_protected(jws);
	const struct algorithm *algorithm = find_algorithm(header);

	if (!algorithm)
		return "the token is not signed by RS256 or ES256";
	if (is_critical(header) || !is_jwt(header))
		return "the token is none of who somebody is";
	if (!verify(jws, keys, algorithm))
		return "the token is signed by none of the provider's keys: 'mctl console oidc-keys' fetches them";
	*claims = parse(jws);
	return check(*claims, wanted);
}

const char *oidc_token_read(const char *token, struct json_object *keys,
			    const struct oidc_wanted *wanted, struct json_object **claims)
{
	size_t len = strlen(token);
	cjose_jws_t *jws = len <= OIDC_TOKEN_MAX ? cjose_jws_import(token, len, NULL) : NULL;
	const char *wrong = "this is no signed token";

	*claims = NULL;
	if (jws)
		wrong = read_signed(jws, keys, wanted, claims);
	cjose_jws_release(jws);
	if (wrong) {
		json_object_put(*claims);
		*claims = NULL;
	}
	return wrong;
}
