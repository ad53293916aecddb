/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which tag was meant by one that nobody carries. */
#ifndef MODEL_NEAREST_H
#define MODEL_NEAREST_H

#include <stddef.h>

/**
 * nearest_tag() - the tag that was meant
 * @tag: that nobody carries
 * @tags: the candidates
 * @n: how many
 * @text: filled where one is near
 * @size: of @text
 *
 * A value that begins like the given one is nearer than a misspelt one; where no
 * candidate has the key, the key is what was misspelt.
 *
 * Return: @text, or NULL where none is near.
 */
const char *nearest_tag(const char *tag, const char *const *tags, size_t n, char *text, size_t size);

#endif /* MODEL_NEAREST_H */
