/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services as text, a rule's services (POLICY.md): "any", "tcp/22",
 * "udp/5000:5999", "icmp/3/0,4", "gre", "47".
 */
#ifndef SERVICES_H
#define SERVICES_H

#include <mseg/core.h>

#include <stdbool.h>
#include <stddef.h>

/** Ranges of one item: every other one of 256 ICMP codes. */
#define SERVICE_RANGES_MAX 128

/** Bytes of an item as text, NUL included. */
#define SERVICE_TEXT_LEN 1152

/**
 * struct service_item - one item of a list of services
 * @ranges: sorted and disjoint, their item is 0
 * @n: how many, at least 1
 *
 * Equal items have equal ranges, however they were written.
 */
struct service_item {
	struct mseg_service ranges[SERVICE_RANGES_MAX];
	unsigned int n;
};

/**
 * service_parse() - read an item
 * @text: as POLICY.md's "Services" has it, case does not matter
 * @len: its bytes
 * @item: the result
 * @why: TEXT_WHY_LEN bytes, filled on error
 *
 * Return: 0 or -EINVAL.
 */
int service_parse(const char *text, size_t len, struct service_item *item, char *why);

/**
 * service_equal() - whether ranges are those of an item
 * @item: the item
 * @ranges: of any item number
 * @n: how many
 */
bool service_equal(const struct service_item *item, const struct mseg_service *ranges,
		   unsigned int n);

/**
 * service_is_single() - whether an item is what one connection has
 * @item: the item
 *
 * Return: false of ranges, and of less than a connection has, such as tcp without a port.
 */
bool service_is_single(const struct service_item *item);

/**
 * services_format() - write a rule's services
 * @services: as a rule holds them
 * @n: how many
 * @emit: called with each item's text, which service_parse() reads back as the
 *	same ranges
 * @arg: handed to @emit
 *
 * A range that no item can express (the kernel takes any) is written as the
 * items that cover it together.
 */
void services_format(const struct mseg_service *services, unsigned int n,
		     void (*emit)(const char *text, void *arg), void *arg);

#endif /* SERVICES_H */
