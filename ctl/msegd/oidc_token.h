/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ID tokens of OpenID Connect Core 1.0: a JSON Web Token (RFC 7519) that is signed by
 * RS256 or ES256 (RFC 7518), checked as section 3.1.3.7 there and RFC 8725 have it.
 */
#ifndef OIDC_TOKEN_H
#define OIDC_TOKEN_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/** Bytes of a token at most. */
#define OIDC_TOKEN_MAX 16384

/**
 * struct oidc_wanted - what a token must be
 * @issuer: from whom
 * @client_id: for whom
 * @nonce: for which login
 * @now: seconds of the time of day
 */
struct oidc_wanted {
	const char *issuer;
	const char *client_id;
	const char *nonce;
	int64_t now;
};

/**
 * oidc_token_read() - check a token
 * @token: somebody's
 * @keys: a set of them (RFC 7517)
 * @wanted: what it must be
 * @claims: what it says, json_object_put() it; NULL unless all is well
 *
 * Return: NULL, or what is wrong: a sentence without a full stop.
 */
const char *oidc_token_read(const char *token, struct json_object *keys,
			    const struct oidc_wanted *wanted, struct json_object **claims);

/**
 * oidc_claim_is() - whether a claim is some text
 * @claims: of a token
 * @name: of the claim
 * @text: the text
 */
bool oidc_claim_is(struct json_object *claims, const char *name, const char *text);

/**
 * oidc_claim_has() - whether a claim is some text, or a list that has it
 * @claims: of a token
 * @name: of the claim
 * @text: the text
 */
bool oidc_claim_has(struct json_object *claims, const char *name, const char *text);

#endif /* OIDC_TOKEN_H */
