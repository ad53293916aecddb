/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nonces for logins by OpenID Connect, each good once and for ten minutes. One carries
 * its end and an authentication code, so that logins that are begun, however many, take
 * no memory: only those that were taken are remembered, until they are over.
 */
#ifndef OIDC_NONCE_H
#define OIDC_NONCE_H

#include <stdbool.h>
#include <stdint.h>

/** Seconds within which a login must be done. */
#define OIDC_NONCE_SECONDS 600

/** Bytes of a nonce as text, with the NUL. */
#define OIDC_NONCE_SIZE 81

struct oidc_nonces;

/** oidc_nonces_new() - begin, with a key of their own; NULL after an error */
struct oidc_nonces *oidc_nonces_new(void);

/** oidc_nonces_free() - forget all; may be NULL */
void oidc_nonces_free(struct oidc_nonces *nonces);

/**
 * oidc_nonce_make() - make one
 * @nonces: among which
 * @now: seconds
 * @nonce: the result, OIDC_NONCE_SIZE bytes
 *
 * Return: whether there is one.
 */
bool oidc_nonce_make(const struct oidc_nonces *nonces, uint64_t now, char *nonce);

/**
 * oidc_nonce_take() - take one, which is not good any more then
 * @nonces: among which
 * @now: seconds
 * @nonce: somebody's
 *
 * Return: whether it was made here, is not over, and was not taken.
 */
bool oidc_nonce_take(struct oidc_nonces *nonces, uint64_t now, const char *nonce);

#endif /* OIDC_NONCE_H */
