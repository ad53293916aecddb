// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether a query chooses a record that has just come. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "query.h"

/* With one * at a time to go back to, the work is bounded by the product of the lengths. */
bool query_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *from = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			from = text;
		} else if (tolower((unsigned char)*pattern) == tolower((unsigned char)*text)) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static bool holds(const struct mseg_prefix *prefix, uint8_t family, const uint8_t *address)
{
	unsigned int bytes = prefix->len / 8, bits = prefix->len % 8;

	if (prefix->family != family || memcmp(prefix->addr, address, bytes))
		return false;
	return !bits || !((prefix->addr[bytes] ^ address[bytes]) >> (8 - bits));
}

static bool is_service(const struct mseg_service *service, const struct mseg_flow_record *kernel)
{
	uint16_t port = record_port(kernel);

	if (service->protocol == MSEG_PROTOCOL_ANY && service->bare)
		return true;
	if (service->protocol == MSEG_PROTOCOL_ANY && !mseg_protocol_has_ports(kernel->protocol))
		return false;
	if (service->protocol != MSEG_PROTOCOL_ANY && service->protocol != kernel->protocol)
		return false;
	return service->bare || (port >= service->low && port <= service->high);
}

/* What people search for a word in. */
static bool is_in_names(const char *word, const struct record *record)
{
	static const enum attribution_text searched[] = { ATTRIBUTION_PEER_NAME, ATTRIBUTION_NAME,
							  ATTRIBUTION_OBSERVED_NAME,
							  ATTRIBUTION_RULE_NAME,
							  ATTRIBUTION_POLICY_NAME };
	char command[sizeof(record->kernel.command) + 1] = "";
	size_t i;

	memcpy(command, record->kernel.command, sizeof(record->kernel.command));
	for (i = 0; i < sizeof(searched) / sizeof(searched[0]); i++)
		if (strcasestr(record->attribution->texts[searched[i]], word))
			return true;
	return strcasestr(command, word) || (record->attribution->type == PEER_SOMEWHERE &&
					     strcasestr(record_type_name(PEER_SOMEWHERE), word));
}

static bool is_found(const struct query_value *value, const struct record *record)
{
	const struct mseg_flow_record *kernel = &record->kernel;

	if (value->is_prefix && (holds(&value->prefix, kernel->family, kernel->source) ||
				 holds(&value->prefix, kernel->family, kernel->destination)))
		return true;
	if (value->is_number && mseg_protocol_has_ports(kernel->protocol) &&
	    kernel->destination_port == value->number)
		return true;
	return is_in_names(value->text, record);
}

static bool is_peer(const struct query_value *value, const struct record *record)
{
	const struct attribution *names = record->attribution;

	if (value->is_prefix)
		return holds(&value->prefix, record->kernel.family, record_peer(&record->kernel));
	return query_glob(value->text, names->type == PEER_SOMEWHERE ?
					       record_type_name(PEER_SOMEWHERE) :
					       names->texts[ATTRIBUTION_PEER_NAME]);
}

static bool is_command(const struct query_value *value, const struct record *record)
{
	char command[sizeof(record->kernel.command) + 1] = "";

	memcpy(command, record->kernel.command, sizeof(record->kernel.command));
	return query_glob(value->text, command);
}

static bool is_name(const struct query_value *value, const struct record *record,
		    enum attribution_text which)
{
	return query_glob(value->text, record->attribution->texts[which]);
}

static bool value_matches(enum query_field field, const struct query_value *value,
			  const struct record *record)
{
	const struct mseg_flow_record *kernel = &record->kernel;

	switch (field) {
	case QUERY_TEXT:
		return is_found(value, record);
	case QUERY_PORT:
	case QUERY_SERVICE:
		return is_service(&value->service, kernel);
	case QUERY_PROTO:
		return kernel->protocol == value->number;
	case QUERY_VERDICT:
		return kernel->verdict == value->number;
	case QUERY_DIRECTION:
		return kernel->direction == value->number;
	case QUERY_REASON:
		return kernel->reason == value->number;
	case QUERY_PEER:
		return is_peer(value, record);
	case QUERY_NETWORK:
		return record->attribution->type == PEER_NETWORK &&
		       is_name(value, record, ATTRIBUTION_PEER_NAME);
	case QUERY_RULE:
		return is_name(value, record, ATTRIBUTION_RULE_NAME);
	case QUERY_RULESET:
		return is_name(value, record, ATTRIBUTION_POLICY_NAME);
	case QUERY_NAME:
		return is_name(value, record, ATTRIBUTION_NAME) ||
		       is_name(value, record, ATTRIBUTION_OBSERVED_NAME);
	case QUERY_ADDRESS:
		return holds(&value->prefix, kernel->family, kernel->source) ||
		       holds(&value->prefix, kernel->family, kernel->destination);
	case QUERY_USER:
		return kernel->uid == value->number;
	case QUERY_COMMAND:
		return is_command(value, record);
	case QUERY_TYPE:
		return record->attribution->type == value->number;
	case QUERY_EXISTING:
		return !(kernel->flags & MSEG_FLOW_FLAG_EXISTING) == !value->number;
	default:
		return false;
	}
}

static bool term_matches(const struct query_term *term, const struct record *record)
{
	unsigned int i;

	for (i = 0; i < term->n; i++)
		if (value_matches(term->field, &term->values[i], record))
			return !term->not ;
	return term->not ;
}

bool query_matches(const struct query *query, const struct record *record)
{
	unsigned int i;

	for (i = 0; i < query->n; i++)
		if (!term_matches(&query->terms[i], record))
			return false;
	return true;
}
