/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as people write them. */
#ifndef TIMES_H
#define TIMES_H

#include <stdbool.h>
#include <stdint.h>

/**
 * time_seconds() - a span as 90, 30s, 5m, 2h, 7d or 2w
 * @text: the span
 *
 * Return: seconds, 0 where it is none.
 */
unsigned long long time_seconds(const char *text);

/**
 * time_parse() - a time: RFC 3339, or its beginning in UTC as 2026-11-22 or
 *	2026-11-22T18:00, or a span, which is so long ago
 * @text: the time
 * @time: microseconds since 1970
 *
 * Return: whether it is one.
 */
bool time_parse(const char *text, int64_t *time);

/** time_now() - microseconds since 1970 */
int64_t time_now(void);

#endif /* TIMES_H */
