/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the status that several commands show. */
#ifndef STATUS_H
#define STATUS_H

#include <json-c/json.h>

#include "lib/kernel.h"

/**
 * status_mode() - the mode in one word
 * @status: read
 *
 * Return: detached, discovery, mixed or enforcing.
 */
const char *status_mode(const struct kernel_status *status);

/**
 * status_defaults() - both defaults
 * @status: read
 *
 * Return: an object with in and out, null where nothing is policed.
 */
struct json_object *status_defaults(const struct kernel_status *status);

#endif /* STATUS_H */
