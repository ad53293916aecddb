// SPDX-License-Identifier: GPL-2.0-or-later
/* Cells that tables of flows and of connections share. */
#include "flow_rows.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A field as text; empty where it is absent or null. */
static const char *field(struct json_object *row, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(row, key, &value) || !value)
		return "";
	return json_object_get_string(value);
}

static void put_end(struct json_object *row, const char *address_key, const char *port_key,
		    char *text, size_t size)
{
	const char *address = field(row, address_key);
	const char *port = field(row, port_key);

	if (!port[0])
		snprintf(text, size, "%s", address);
	else if (strchr(address, ':'))
		snprintf(text, size, "[%s]:%s", address, port);
	else
		snprintf(text, size, "%s:%s", address, port);
}

void flow_row_source(struct json_object *row, char *text, size_t size)
{
	put_end(row, "sourceIP", "sourcePort", text, size);
}

void flow_row_destination(struct json_object *row, char *text, size_t size)
{
	const char *type = field(row, "icmpType");
	size_t used;

	put_end(row, "destinationIP", "destinationPort", text, size);
	used = strlen(text);
	if (type[0])
		snprintf(text + used, size - used, " %s/%s", type, field(row, "icmpCode"));
}

static bool is_true(struct json_object *row, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(row, key, &value) && json_object_get_boolean(value);
}

void flow_row_direction(struct json_object *row, char *text, size_t size)
{
	const char *mark = "";

	if (is_true(row, "forwarded"))
		mark = " (fwd)";
	else if (is_true(row, "raw"))
		mark = " (raw)";
	snprintf(text, size, "%s%s", field(row, "direction"), mark);
}

/* " [observed: Reject by NAME]", where there is such an opinion. */
static void append_opinion(struct json_object *row, const char *what, char *text, size_t size)
{
	size_t used = strlen(text);
	const char *action, *rule;
	char key[64];

	snprintf(key, sizeof(key), "%sAction", what);
	action = field(row, key);
	snprintf(key, sizeof(key), "%sRuleName", what);
	rule = field(row, key);
	if (action[0])
		snprintf(text + used, size - used, " [%s: %s%s%s]", what, action,
			 rule[0] ? " by " : "", rule);
}

static void put_rule(struct json_object *row, char *text, size_t size)
{
	const char *name = field(row, "ruleName");

	if (!strcmp(field(row, "reason"), "default"))
		snprintf(text, size, "(default)");
	else if (name[0])
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "#%s of generation %s", field(row, "ruleIndex"),
			 field(row, "generation"));
}

void flow_row_rule(struct json_object *row, char *text, size_t size)
{
	put_rule(row, text, size);
	append_opinion(row, "observed", text, size);
	append_opinion(row, "candidate", text, size);
}

void flow_row_packets(struct json_object *row, char *text, size_t size)
{
	snprintf(text, size, "%s/%s", field(row, "packetsIn"), field(row, "packetsOut"));
}

void flow_row_bytes(struct json_object *row, char *text, size_t size)
{
	snprintf(text, size, "%s/%s", field(row, "bytesIn"), field(row, "bytesOut"));
}
