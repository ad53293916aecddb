// SPDX-License-Identifier: GPL-2.0-or-later
/* Nonces for logins by OpenID Connect: when it is over, 128 random bits, and their code. */
#include "oidc_nonce.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define KEY_BYTES 32
#define RANDOM_BYTES 16
#define CODE_BYTES 16

/* Hexadecimal digits of the end, and of what is random. */
#define END_DIGITS 16
#define PART (END_DIGITS + 2 * RANDOM_BYTES)

/* More than as many sessions as are made while one is good. */
#define TAKEN_MAX 1024

struct taken {
	char part[PART];
	uint64_t until;
};

struct oidc_nonces {
	unsigned char key[KEY_BYTES];
	struct taken taken[TAKEN_MAX];
};

struct oidc_nonces *oidc_nonces_new(void)
{
	struct oidc_nonces *nonces = calloc(1, sizeof(*nonces));

	if (nonces && getrandom(nonces->key, KEY_BYTES, 0) != KEY_BYTES) {
		free(nonces);
		return NULL;
	}
	return nonces;
}

void oidc_nonces_free(struct oidc_nonces *nonces)
{
	if (nonces)
		explicit_bzero(nonces->key, KEY_BYTES);
	free(nonces);
}

static void to_hex(const unsigned char *bytes, size_t n, char *text)
{
	size_t i;

	for (i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

/* Behind the first part of a nonce. */
static bool add_code(const struct oidc_nonces *nonces, char *nonce)
{
	unsigned char code[32];

	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, nonces->key, KEY_BYTES, nonce, PART, code) < 0)
		return false;
	to_hex(code, CODE_BYTES, nonce + PART);
	return true;
}

bool oidc_nonce_make(const struct oidc_nonces *nonces, uint64_t now, char *nonce)
{
	unsigned char random[RANDOM_BYTES];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return false;
	snprintf(nonce, OIDC_NONCE_SIZE, "%016" PRIx64, now + OIDC_NONCE_SECONDS);
	to_hex(random, sizeof(random), nonce + END_DIGITS);
	return add_code(nonces, nonce);
}

static bool is_own(const struct oidc_nonces *nonces, const char *nonce)
{
	char wanted[OIDC_NONCE_SIZE];

	if (strlen(nonce) != OIDC_NONCE_SIZE - 1)
		return false;
	memcpy(wanted, nonce, PART);
	return add_code(nonces, wanted) && !gnutls_memcmp(wanted, nonce, OIDC_NONCE_SIZE);
}

bool oidc_nonce_take(struct oidc_nonces *nonces, uint64_t now, const char *nonce)
{
	struct taken *room = NULL;
	uint64_t until = 0;
	unsigned int i;

	if (!is_own(nonces, nonce) || sscanf(nonce, "%16" SCNx64, &until) != 1 || until <= now)
		return false;
	for (i = 0; i < TAKEN_MAX; i++) {
		if (nonces->taken[i].until <= now)
			room = &nonces->taken[i];
		else if (!memcmp(nonces->taken[i].part, nonce, PART))
			return false;
	}
	if (!room)
		return false;
	memcpy(room->part, nonce, PART);
	room->until = until;
	return true;
}
