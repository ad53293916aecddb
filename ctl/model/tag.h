/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tags, key=value, as text (POLICY.md, "Tags and selectors"). */
#ifndef MODEL_TAG_H
#define MODEL_TAG_H

#include <stddef.h>

/** Bytes of a tag. */
#define TAG_MAX_LEN 1024

/** Tags of a list, and ANDs of a selector. */
#define SELECTOR_MAX 128

/**
 * tag_check() - whether a text is a tag
 * @text: any text
 * @len: its bytes
 * @why: TEXT_WHY_LEN bytes, filled where it is not
 *
 * Return: 0 or -EINVAL.
 */
int tag_check(const char *text, size_t len, char *why);

/**
 * tag_check_own() - whether an object may be given a tag
 * @text: a tag
 * @why: as tag_check(); keys that begin with $ or @ are the product's own
 */
int tag_check_own(const char *text, char *why);

#endif /* MODEL_TAG_H */
