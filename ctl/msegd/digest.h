/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy's digest: what a change comes to, without keeping what was before it. */
#ifndef DIGEST_H
#define DIGEST_H

#include <mseg/core.h>
#include <stdbool.h>

/**
 * struct digest - tells a policy from every other one
 * @generation: the kernel's for it; 0 where none is known
 * @bytes: SHA-256 of all that the kernel knows of it
 */
struct digest {
	__u32 generation;
	unsigned char bytes[32];
};

/**
 * digest_make() - make a policy's digest
 * @policy: the policy
 * @generation: the kernel's
 * @digest: the result, its generation 0 where it cannot be made
 */
void digest_make(const struct mseg_policy *policy, __u32 generation, struct digest *digest);

/**
 * digest_is() - whether a digest is that of a policy
 * @digest: of what is in force
 * @policy: a policy
 * @generation: what is in force
 */
bool digest_is(const struct digest *digest, const struct mseg_policy *policy, __u32 generation);

#endif /* DIGEST_H */
