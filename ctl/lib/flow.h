/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flow record as JSON, with the names of POLICY.md ("Flow
 * records"), as far as the module alone knows them.
 */
#ifndef FLOW_H
#define FLOW_H

#include <json-c/json.h>
#include <linux/mseg.h>

#include "names.h"

/**
 * flow_json() - a flow record as JSON
 * @record: from the module
 * @names: of rules and networks
 *
 * Return: an object, or NULL without memory.
 */
struct json_object *flow_json(const struct mseg_flow_record *record, const struct names *names);

/**
 * flow_protocol() - a protocol's name, or its number
 * @protocol: IANA number
 * @text: at least 16 bytes
 *
 * Return: the name, or @text.
 */
const char *flow_protocol(unsigned int protocol, char *text);

/**
 * flow_time() - RFC 3339, in UTC with nanoseconds
 * @time: nanoseconds since 1970
 * @text: at least 40 bytes
 *
 * Return: @text.
 */
const char *flow_time(uint64_t time, char *text);

#endif /* FLOW_H */
