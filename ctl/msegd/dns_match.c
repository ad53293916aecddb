// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether a query chooses a lookup. */
#include "dns_match.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/resolvers.h"

static bool holds(const struct mseg_prefix *prefix, const char *text)
{
	unsigned int bytes = prefix->len / 8, bits = prefix->len % 8;
	struct resolver address;

	if (!resolver_parse(text, &address) || address.family != prefix->family ||
	    memcmp(prefix->addr, address.addr, bytes) != 0)
		return false;
	return !bits || !((prefix->addr[bytes] ^ address.addr[bytes]) >> (8 - bits));
}

/* Whether any word of a list is what a value says. */
static bool any(const char *list, const struct query_value *value,
		bool (*is)(const char *word, const struct query_value *value))
{
	char word[DNS_NAME_LEN];
	size_t len;

	for (; *list; list += len + (list[len] == ' ')) {
		len = strcspn(list, " ");
		if (len >= sizeof(word))
			continue;
		memcpy(word, list, len);
		word[len] = '\0';
		if (is(word, value))
			return true;
	}
	return false;
}

static bool is_named(const char *word, const struct query_value *value)
{
	return query_glob(value->text, word);
}

static bool is_held(const char *word, const struct query_value *value)
{
	return value->is_prefix && holds(&value->prefix, word);
}

static bool is_address(const struct query_value *value, const struct dns_lookup *lookup)
{
	return any(lookup->addresses, value, is_held);
}

/* What people search for a word in. */
static bool is_found(const struct query_value *value, const struct dns_lookup *lookup)
{
	return strcasestr(lookup->name, value->text) || strcasestr(lookup->aliases, value->text) ||
	       strcasestr(lookup->reason, value->text) ||
	       strcasestr(lookup->command, value->text) || !strcasecmp(lookup->type, value->text) ||
	       is_address(value, lookup) || is_held(lookup->server, value);
}

static bool value_matches(enum query_field field, const struct query_value *value,
			  const struct dns_lookup *lookup)
{
	switch (field) {
	case QUERY_TEXT:
		return is_found(value, lookup);
	case QUERY_NAME:
		return query_glob(value->text, lookup->name) ||
		       any(lookup->aliases, value, is_named);
	case QUERY_TYPE:
		return !strcasecmp(value->text, lookup->type);
	case QUERY_ACTION:
		return value->number == lookup->action;
	case QUERY_SERVER:
		return is_held(lookup->server, value);
	case QUERY_ADDRESS:
		return is_address(value, lookup);
	default:
		return false;
	}
}

static bool term_matches(const struct query_term *term, const struct dns_lookup *lookup)
{
	unsigned int i;

	for (i = 0; i < term->n; i++)
		if (value_matches(term->field, &term->values[i], lookup))
			return !term->not ;
	return term->not ;
}

bool dns_match(const struct query *query, const struct dns_lookup *lookup)
{
	unsigned int i;

	for (i = 0; i < query->n; i++)
		if (!term_matches(&query->terms[i], lookup))
			return false;
	return true;
}
