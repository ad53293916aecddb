/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a record's numbers mean under the policy that gave its verdict: whose rule, and
 * which peer. It is found out when the record comes, since afterwards nobody knows.
 */
#ifndef ATTRIBUTE_H
#define ATTRIBUTE_H

#include "lib/names.h"
#include "records/record.h"
#include "service.h"

struct attributor;

/**
 * attributor_new() - begin
 * @service: whose objects are looked at
 *
 * Return: NULL without memory.
 */
struct attributor *attributor_new(const struct service *service);

/**
 * attributor_free() - end
 * @attributor: may be NULL
 */
void attributor_free(struct attributor *attributor);

/**
 * attribute() - what a record's numbers mean
 * @attributor: which
 * @names: the module's own, for what no object tells
 * @observed: whom the connection says that it is for, or NULL
 * @record: the record, whose attribution, valid until the next call, and lookup are set
 *
 * Return: false without memory.
 */
bool attribute(struct attributor *attributor, struct names *names, const char *observed,
	       struct record *record);

#endif /* ATTRIBUTE_H */
