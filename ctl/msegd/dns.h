/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names: which resolvers the module learns from, what it has learned, and what this
 * host looks up.
 */
#ifndef DNS_H
#define DNS_H

#include <json-c/json.h>
#include <stdint.h>

#include "service.h"

struct dns;
struct dns_log;

/**
 * dns_open() - begin to listen to lookups, as soon as the module is there
 * @service: the service; its dns is set
 * @state: directory of what is kept
 *
 * Return: 0 or an error.
 */
int dns_open(struct service *service, const char *state);

/**
 * dns_close() - end; what the module has learned is kept
 * @dns: may be NULL
 */
void dns_close(struct dns *dns);

/**
 * dns_look() - bring the module what it lacks: resolvers, and what was learned before
 * @service: the service
 *
 * To be called when the module came, a policy came into force, or the configuration
 * changed; and now and then.
 */
void dns_look(struct service *service);

/**
 * dns_name_of() - the name by which this host came to know an address
 * @dns: may be NULL
 * @address: network order, an IPv4 address in the first four bytes
 * @family: MSEG_FAMILY_IPV4 or MSEG_FAMILY_IPV6
 * @lookup: number of the DNS record; may be NULL
 *
 * Return: the name until the loop goes on, or NULL.
 */
const char *dns_name_of(const struct dns *dns, const uint8_t *address, uint8_t family,
			uint64_t *lookup);

/** dns_log_of() - where lookups are kept */
struct dns_log *dns_log_of(const struct dns *dns);

/**
 * dns_status() - what the status says of names
 * @service: the service
 *
 * Return: {"resolvers", "configured", "local", "encrypted", "lost"}, to be put.
 */
struct json_object *dns_status(const struct service *service);

#endif /* DNS_H */
