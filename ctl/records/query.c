// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading queries. */
#include "query.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/prefix.h"
#include "lib/protocols.h"
#include "lib/services.h"

/* Users of the host's own file that are looked at for a name. */
#define LOCAL_USERS_MAX 4096

struct parser {
	const char *text;
	const char *at;
	enum query_kind kind;
	struct query *query;
	struct query_error *error;
	unsigned int values;
};

static int refuse(struct parser *parser, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct parser *parser, const char *at, const char *format, ...)
{
	const char *s;
	va_list args;

	parser->error->column = 1;
	for (s = parser->text; s < at; s++)
		parser->error->column += (*s & 0xc0) != 0x80;
	va_start(args, format);
	vsnprintf(parser->error->why, sizeof(parser->error->why), format, args);
	va_end(args);
	return -EINVAL;
}

/* --- fields --------------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned int kinds;
} fields[] = {
	[QUERY_TEXT] = { "", 0 },
	[QUERY_PORT] = { "port", QUERY_FLOWS },
	[QUERY_PROTO] = { "proto", QUERY_FLOWS },
	[QUERY_SERVICE] = { "service", QUERY_FLOWS },
	[QUERY_VERDICT] = { "verdict", QUERY_FLOWS },
	[QUERY_DIRECTION] = { "direction", QUERY_FLOWS },
	[QUERY_PEER] = { "peer", QUERY_FLOWS },
	[QUERY_NETWORK] = { "network", QUERY_FLOWS },
	[QUERY_RULE] = { "rule", QUERY_FLOWS },
	[QUERY_RULESET] = { "ruleset", QUERY_FLOWS },
	[QUERY_ADDRESS] = { "address", QUERY_FLOWS | QUERY_DNS },
	[QUERY_NAME] = { "name", QUERY_FLOWS | QUERY_DNS },
	[QUERY_USER] = { "user", QUERY_FLOWS },
	[QUERY_COMMAND] = { "command", QUERY_FLOWS },
	[QUERY_TYPE] = { "type", QUERY_FLOWS | QUERY_DNS },
	[QUERY_REASON] = { "reason", QUERY_FLOWS },
	[QUERY_EXISTING] = { "existing", QUERY_FLOWS },
	[QUERY_ACTION] = { "action", QUERY_DNS },
	[QUERY_SERVER] = { "server", QUERY_DNS },
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

const char *query_field_name(enum query_field field)
{
	return field == QUERY_TEXT ? NULL : fields[field].name;
}

static const char *field_at(size_t index, const void *arg)
{
	const enum query_kind *kind = arg;
	size_t i;

	for (i = QUERY_PORT; i < N_FIELDS; i++)
		if (fields[i].kinds & *kind && !index--)
			return fields[i].name;
	return NULL;
}

static int find_field(struct parser *parser, const char *name, size_t len, enum query_field *field)
{
	const char *nearest;
	size_t i;

	for (i = QUERY_PORT; i < N_FIELDS; i++) {
		if (fields[i].kinds & parser->kind && strlen(fields[i].name) == len &&
		    !strncasecmp(fields[i].name, name, len)) {
			*field = (enum query_field)i;
			return 0;
		}
	}
	nearest = text_nearest(name, len, field_at, &parser->kind);
	return refuse(parser, name, "there is no field %s%s%s", text_show(name, len).s,
		      nearest ? ": did you mean " : "", nearest ? nearest : "");
}

/* --- values --------------------------------------------------------------- */

struct word {
	const char *text;
	uint32_t number;
};

static bool one_of(const char *text, const struct word *words, struct query_value *value)
{
	for (; words->text; words++) {
		if (!strcasecmp(text, words->text)) {
			value->number = words->number;
			value->is_number = true;
			return true;
		}
	}
	return false;
}

static bool read_number(const char **text, unsigned int max, unsigned int *number)
{
	const char *s = *text;

	*number = 0;
	while (isdigit((unsigned char)*s) && *number <= max)
		*number = *number * 10 + (unsigned int)(*s++ - '0');
	if (s == *text || *number > max)
		return false;
	*text = s;
	return true;
}

/* 22, 20-30 or 20:30. */
static bool read_ports(const char *text, struct query_value *value)
{
	unsigned int low, high;

	if (!read_number(&text, UINT16_MAX, &low))
		return false;
	high = low;
	if (*text == '-' || *text == ':') {
		text++;
		if (!read_number(&text, UINT16_MAX, &high) || high < low)
			return false;
	}
	value->service = (struct mseg_service){ .protocol = MSEG_PROTOCOL_ANY,
						.low = (uint16_t)low,
						.high = (uint16_t)high };
	return !*text;
}

static bool read_protocol(const char *text, struct query_value *value)
{
	int number = protocol_number(text, strlen(text));
	unsigned int given;

	if (number < 0 && read_number(&text, UINT8_MAX, &given) && !*text)
		number = (int)given;
	value->number = (uint32_t)number;
	return number >= 0;
}

/* One range, so that a value stays one condition. */
static bool read_service(const char *text, struct query_value *value)
{
	struct service_item item;
	char why[TEXT_WHY_LEN];

	if (service_parse(text, strlen(text), &item, why) || item.n != 1)
		return false;
	value->service = item.ranges[0];
	return true;
}

static bool read_prefix(const char *text, struct query_value *value)
{
	char why[TEXT_WHY_LEN];
	bool cleared;

	if (*text == '!' || prefix_parse(text, strlen(text), &value->prefix, &cleared, why))
		return false;
	value->is_prefix = true;
	return true;
}

/* "10." and "192.168": what somebody writes who begins to write an address. */
static bool read_beginning(const char *text, struct query_value *value)
{
	unsigned int octets = 0, octet;
	bool dot = false;

	while (*text && octets < 4) {
		if (!read_number(&text, UINT8_MAX, &octet))
			return false;
		value->prefix.addr[octets++] = (uint8_t)octet;
		dot |= *text == '.';
		if (*text && *text++ != '.')
			return false;
	}
	if (*text || !dot)
		return false;
	value->prefix.family = MSEG_FAMILY_IPV4;
	value->prefix.len = (uint8_t)(octets * 8);
	value->is_prefix = true;
	return true;
}

/* The host's own file alone: whatever else knows users may not answer for a long time. */
static bool read_user(const char *text, struct query_value *value)
{
	struct passwd entry, *found;
	char buffer[1024];
	const char *end = text;
	bool known = false;
	unsigned int n;
	FILE *in;

	if (read_number(&end, INT32_MAX, &value->number) && !*end)
		return true;
	in = fopen("/etc/passwd", "re");
	for (n = 0; in && !known && n < LOCAL_USERS_MAX; n++) {
		if (fgetpwent_r(in, &entry, buffer, sizeof(buffer), &found))
			break;
		known = !strcmp(entry.pw_name, text);
		value->number = entry.pw_uid;
	}
	if (in)
		fclose(in);
	return known;
}

static bool read_text(const char *text, struct query_value *value)
{
	const char *end = text;
	unsigned int number;

	if (!read_prefix(text, value)) {
		memset(&value->prefix, 0, sizeof(value->prefix));
		read_beginning(text, value);
	}
	value->is_number = read_number(&end, UINT16_MAX, &number) && !*end;
	value->number = number;
	return true;
}

static const struct word verdicts[] = {
	{ "accept", MSEG_ACTION_ALLOW },
	{ "allow", MSEG_ACTION_ALLOW },
	{ "accepted", MSEG_ACTION_ALLOW },
	{ "allowed", MSEG_ACTION_ALLOW },
	{ "reject", MSEG_ACTION_REJECT },
	{ "rejected", MSEG_ACTION_REJECT },
	{ 0 },
};
static const struct word directions[] = {
	{ "in", MSEG_DIRECTION_IN },
	{ "incoming", MSEG_DIRECTION_IN },
	{ "out", MSEG_DIRECTION_OUT },
	{ "outgoing", MSEG_DIRECTION_OUT },
	{ 0 },
};
static const struct word reasons[] = { { "rule", MSEG_REASON_RULE },
				       { "default", MSEG_REASON_DEFAULT },
				       { 0 } };
static const struct word types[] = { { "Somewhere", PEER_SOMEWHERE },
				     { "ExternalNetwork", PEER_NETWORK },
				     { "ProcessingUnit", PEER_UNIT },
				     { 0 } };
static const struct word truths[] = {
	{ "true", 1 }, { "yes", 1 }, { "false", 0 }, { "no", 0 }, { 0 }
};
static const struct word actions[] = { { "resolve", 0 }, { "fail", 1 }, { "reject", 2 }, { 0 } };

static bool is_asked(enum query_field field, struct query_value *value, enum query_kind kind)
{
	const char *text = value->text;

	switch (field) {
	case QUERY_PORT:
		return read_ports(text, value);
	case QUERY_PROTO:
		return read_protocol(text, value);
	case QUERY_SERVICE:
		return read_service(text, value);
	case QUERY_VERDICT:
		return one_of(text, verdicts, value);
	case QUERY_DIRECTION:
		return one_of(text, directions, value);
	case QUERY_REASON:
		return one_of(text, reasons, value);
	case QUERY_TYPE:
		return kind == QUERY_DNS || one_of(text, types, value);
	case QUERY_EXISTING:
		return one_of(text, truths, value);
	case QUERY_ACTION:
		return one_of(text, actions, value);
	case QUERY_ADDRESS:
	case QUERY_SERVER:
		return read_prefix(text, value);
	case QUERY_PEER:
		read_prefix(text, value);
		return true;
	case QUERY_USER:
		return read_user(text, value);
	case QUERY_TEXT:
		return read_text(text, value);
	default:
		return true;
	}
}

/* What a field takes, for who wrote something else. */
static const char *wanted(enum query_field field)
{
	switch (field) {
	case QUERY_PORT:
		return "a port as 443 or a range as 8000-8099";
	case QUERY_PROTO:
		return "a protocol as tcp, or its number";
	case QUERY_SERVICE:
		return "a service as tcp/22, udp/67:68 or icmp/8/0";
	case QUERY_VERDICT:
		return "accept or reject";
	case QUERY_DIRECTION:
		return "in or out";
	case QUERY_REASON:
		return "rule or default";
	case QUERY_TYPE:
		return "Somewhere, ExternalNetwork or ProcessingUnit";
	case QUERY_EXISTING:
		return "true or false";
	case QUERY_ACTION:
		return "resolve, fail or reject";
	case QUERY_USER:
		return "a user of this host, or a number";
	default:
		return "an address or a CIDR";
	}
}

/* --- the grammar ---------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_value(char c)
{
	return !c || c == ',' || is_blank(c);
}

static int take_quoted(struct parser *parser, char *to)
{
	const char *begin = parser->at++;

	while (*parser->at != '"') {
		if (*parser->at == '\\' && (parser->at[1] == '"' || parser->at[1] == '\\'))
			parser->at++;
		if (!*parser->at)
			return refuse(parser, begin, "the quote is not closed");
		*to++ = *parser->at++;
	}
	parser->at++;
	*to = '\0';
	if (!ends_value(*parser->at))
		return refuse(parser, parser->at, "a space or a comma is needed behind a quote");
	return 0;
}

static int take_bare(struct parser *parser, char *to)
{
	const char *begin = parser->at;

	while (!ends_value(*parser->at) && *parser->at != '"')
		*to++ = *parser->at++;
	*to = '\0';
	if (*parser->at == '"')
		return refuse(parser, parser->at, "a quote begins in the middle of a word");
	return parser->at == begin ? refuse(parser, begin, "a value is missing here") : 0;
}

static int take_value(struct parser *parser, struct query_term *term)
{
	struct query_value *more = reallocarray(term->values, term->n + 1, sizeof(*more)), *value;
	const char *begin = parser->at;
	int err;

	if (!more)
		return -ENOMEM;
	term->values = more;
	value = &more[term->n];
	memset(value, 0, sizeof(*value));
	value->text = malloc(strlen(parser->at) + 1);
	if (!value->text)
		return -ENOMEM;
	term->n++;
	if (++parser->values > QUERY_MAX_VALUES)
		return refuse(parser, begin, "more than %u values", QUERY_MAX_VALUES);
	err = *parser->at == '"' ? take_quoted(parser, value->text) :
				   take_bare(parser, value->text);
	if (err || is_asked(term->field, value, parser->kind))
		return err;
	return refuse(parser, begin, "%s takes %s, not %s", fields[term->field].name,
		      wanted(term->field), text_show(value->text, strlen(value->text)).s);
}

/* An address has colons, too. */
static bool is_address(const char *text)
{
	char copy[PREFIX_TEXT_LEN];
	struct query_value value;
	size_t len = strcspn(text, ", \t\r\n");

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return read_prefix(copy, &value);
}

static int take_field(struct parser *parser, struct query_term *term)
{
	size_t len = 0;
	int err;

	term->field = QUERY_TEXT;
	while (isalpha((unsigned char)parser->at[len]))
		len++;
	if (!len || parser->at[len] != ':' || is_address(parser->at))
		return 0;
	err = find_field(parser, parser->at, len, &term->field);
	parser->at += len + 1;
	return err;
}

static int take_word(struct parser *parser)
{
	struct query *query = parser->query;
	struct query_term *more = reallocarray(query->terms, query->n + 1, sizeof(*more)), *term;
	const char *begin = parser->at;
	int err;

	if (!more)
		return -ENOMEM;
	query->terms = more;
	term = &more[query->n++];
	memset(term, 0, sizeof(*term));
	term->not = *parser->at == '-';
	parser->at += term->not ;
	if (term->not &&ends_value(*parser->at))
		return refuse(parser, begin, "nothing follows the -");
	err = take_field(parser, term);
	while (!err) {
		err = take_value(parser, term);
		if (err || *parser->at != ',')
			break;
		parser->at++;
	}
	return err;
}

static int parse(struct parser *parser)
{
	int err = 0;

	if (strlen(parser->text) > QUERY_MAX_LEN)
		return refuse(parser, parser->text + QUERY_MAX_LEN, "a query has %u bytes at most",
			      QUERY_MAX_LEN);
	while (!err) {
		while (is_blank(*parser->at))
			parser->at++;
		if (!*parser->at)
			break;
		err = take_word(parser);
	}
	return err;
}

int query_parse(const char *text, enum query_kind kind, struct query **query,
		struct query_error *error)
{
	struct parser parser = { .text = text, .at = text, .kind = kind, .error = error };
	int err;

	*query = NULL;
	parser.query = calloc(1, sizeof(*parser.query));
	if (!parser.query)
		return -ENOMEM;
	err = parse(&parser);
	if (err)
		query_free(parser.query);
	else
		*query = parser.query;
	return err;
}

void query_free(struct query *query)
{
	unsigned int i, k;

	if (!query)
		return;
	for (i = 0; i < query->n; i++) {
		for (k = 0; k < query->terms[i].n; k++)
			free(query->terms[i].values[k].text);
		free(query->terms[i].values);
	}
	free(query->terms);
	free(query);
}
