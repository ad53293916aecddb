/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a default that begins to reject would break, told before it does. */
#ifndef BREAKAGE_H
#define BREAKAGE_H

#include "service.h"

/**
 * breakage_tell() - tell which connections of this moment would be rejected
 * @api: a connection
 * @rejects: by direction, in and out: whether its default begins to reject
 *
 * On stderr, of those that the default alone allows and no rule of the newest revision.
 * What cannot be asked for is left out: it is advice, no promise. Return: how many kinds
 * of connections.
 */
unsigned int breakage_tell(struct api *api, const bool rejects[2]);

/**
 * breakage_of_update() - likewise of an update of a namespace, before it is made
 * @api: a connection
 * @update: the update
 */
void breakage_of_update(struct api *api, const struct api_request *update);

#endif /* BREAKAGE_H */
