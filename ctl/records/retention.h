/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of the days' files, and what becomes of damaged ones. */
#ifndef RECORDS_RETENTION_H
#define RECORDS_RETENTION_H

#include <stddef.h>
#include <stdint.h>

/**
 * retention_tidy() - delete the oldest days
 * @directory: of the files
 * @today: days since 1970; today's file always stays
 * @days: how many are kept; 0 for all
 * @bytes: of all files; 0 for any. Damaged ones count, and go before all others
 *
 * Return: the bytes of what is left.
 */
uint64_t retention_tidy(const char *directory, int64_t today, unsigned int days, uint64_t bytes);

/**
 * retention_set_aside() - give a damaged file another name
 * @directory: of the files
 * @day: its day
 * @text: what was done, for a person
 * @size: room of @text
 */
void retention_set_aside(const char *directory, int64_t day, char *text, size_t size);

#endif /* RECORDS_RETENTION_H */
