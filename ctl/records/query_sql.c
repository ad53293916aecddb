// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A query as SQL. All that it can ask is in the tables edge (e) and attribution (a), which
 * are small; what people wrote is bound, never part of the text.
 */
#include <errno.h>
#include <mseg/core.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"

#define PORT_PROTOCOLS "e.protocol IN (6,17,33,132,136)"

struct builder {
	FILE *out;
	struct query_sql *sql;
	int err;
};

static struct query_sql_value *bind(struct builder *builder)
{
	static struct query_sql_value lost;
	struct query_sql *sql = builder->sql;
	struct query_sql_value *more = reallocarray(sql->values, sql->n + 1, sizeof(*more));

	if (!more) {
		builder->err = -ENOMEM;
		return &lost;
	}
	sql->values = more;
	memset(&more[sql->n], 0, sizeof(*more));
	return &more[sql->n++];
}

static void bind_number(struct builder *builder, int64_t number)
{
	bind(builder)->number = number;
}

/* LIKE's own signs lose their meaning; * gets that of %. */
static char *like_of(const char *text, bool anywhere)
{
	char *like = malloc(strlen(text) * 2 + 3), *to = like;

	if (!like)
		return NULL;
	if (anywhere)
		*to++ = '%';
	for (; *text; text++) {
		if (*text == '%' || *text == '_' || *text == '\\')
			*to++ = '\\';
		*to++ = *text == '*' && !anywhere ? '%' : *text;
	}
	if (anywhere)
		*to++ = '%';
	*to = '\0';
	return like;
}

static void add_like(struct builder *builder, const char *column, const char *text, bool anywhere)
{
	struct query_sql_value *value = bind(builder);

	fprintf(builder->out, "%s LIKE ? ESCAPE '\\'", column);
	value->owned = like_of(text, anywhere);
	value->text = value->owned;
	if (!value->owned)
		builder->err = -ENOMEM;
}

static void bind_address(struct builder *builder, const struct mseg_prefix *prefix, uint8_t fill)
{
	unsigned int size = prefix->family == MSEG_FAMILY_IPV4 ? 4 : 16, i;
	struct query_sql_value *value = bind(builder);

	value->len = size;
	memcpy(value->blob, prefix->addr, size);
	for (i = prefix->len; fill && i < size * 8; i++)
		value->blob[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

/* Addresses are blobs of 4 or 16 bytes, which sort as numbers do. */
static void add_prefix(struct builder *builder, const char *column, const struct mseg_prefix *prefix)
{
	fprintf(builder->out, "(length(%s)=%d AND %s BETWEEN ? AND ?)", column,
		prefix->family == MSEG_FAMILY_IPV4 ? 4 : 16, column);
	bind_address(builder, prefix, 0);
	bind_address(builder, prefix, 1);
}

static void add_service(struct builder *builder, const struct mseg_service *service)
{
	if (service->protocol == MSEG_PROTOCOL_ANY) {
		fputs(service->bare ? "1" : PORT_PROTOCOLS, builder->out);
	} else {
		fputs("e.protocol=?", builder->out);
		bind_number(builder, service->protocol);
	}
	if (service->bare)
		return;
	fputs(" AND e.port BETWEEN ? AND ?", builder->out);
	bind_number(builder, service->low);
	bind_number(builder, service->high);
}

static void add_text(struct builder *builder, const struct query_value *value)
{
	static const char *const columns[] = { "a.peer_name", "a.name",	       "a.observed_name",
					       "a.rule_name", "a.policy_name", "e.command" };
	size_t i;

	for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		add_like(builder, columns[i], value->text, true);
		fputs(" OR ", builder->out);
	}
	fputs("(a.type=0 AND ", builder->out);
	add_like(builder, "'Somewhere'", value->text, true);
	fputs(")", builder->out);
	if (value->is_prefix) {
		fputs(" OR ", builder->out);
		add_prefix(builder, "e.peer", &value->prefix);
		fputs(" OR ", builder->out);
		add_prefix(builder, "e.host", &value->prefix);
	}
	if (value->is_number) {
		fputs(" OR (" PORT_PROTOCOLS " AND e.port=?)", builder->out);
		bind_number(builder, value->number);
	}
}

static void add_peer(struct builder *builder, const struct query_value *value)
{
	if (value->is_prefix) {
		add_prefix(builder, "e.peer", &value->prefix);
		return;
	}
	add_like(builder, "CASE a.type WHEN 0 THEN 'Somewhere' ELSE a.peer_name END", value->text,
		 false);
}

static void add_address(struct builder *builder, const struct query_value *value)
{
	add_prefix(builder, "e.peer", &value->prefix);
	fputs(" OR ", builder->out);
	add_prefix(builder, "e.host", &value->prefix);
}

static void add_number(struct builder *builder, const char *column, uint32_t number)
{
	fprintf(builder->out, "%s=?", column);
	bind_number(builder, number);
}

static void add_value(struct builder *builder, enum query_field field,
		      const struct query_value *value)
{
	switch (field) {
	case QUERY_TEXT:
		return add_text(builder, value);
	case QUERY_PORT:
	case QUERY_SERVICE:
		return add_service(builder, &value->service);
	case QUERY_PROTO:
		return add_number(builder, "e.protocol", value->number);
	case QUERY_VERDICT:
		return add_number(builder, "e.verdict", value->number);
	case QUERY_DIRECTION:
		return add_number(builder, "e.direction", value->number);
	case QUERY_REASON:
		return add_number(builder, "e.reason", value->number);
	case QUERY_PEER:
		return add_peer(builder, value);
	case QUERY_NETWORK:
		fputs("a.type=1 AND ", builder->out);
		return add_like(builder, "a.peer_name", value->text, false);
	case QUERY_RULE:
		return add_like(builder, "a.rule_name", value->text, false);
	case QUERY_RULESET:
		return add_like(builder, "a.policy_name", value->text, false);
	case QUERY_NAME:
		add_like(builder, "a.name", value->text, false);
		fputs(" OR ", builder->out);
		return add_like(builder, "a.observed_name", value->text, false);
	case QUERY_ADDRESS:
		return add_address(builder, value);
	case QUERY_USER:
		return add_number(builder, "e.uid", value->number);
	case QUERY_COMMAND:
		return add_like(builder, "e.command", value->text, false);
	case QUERY_TYPE:
		return add_number(builder, "a.type", value->number);
	case QUERY_EXISTING:
		return add_number(builder, "((e.flags & 1) != 0)", value->number);
	default:
		fputs("0", builder->out);
	}
}

static void add_term(struct builder *builder, const struct query_term *term)
{
	unsigned int i;

	fputs(term->not ? " AND NOT (" : " AND (", builder->out);
	for (i = 0; i < term->n; i++) {
		fputs(i ? " OR (" : "(", builder->out);
		add_value(builder, term->field, &term->values[i]);
		fputs(")", builder->out);
	}
	fputs(")", builder->out);
}

int query_sql(const struct query *query, struct query_sql *sql)
{
	struct builder builder = { .sql = sql };
	size_t size;
	unsigned int i;

	memset(sql, 0, sizeof(*sql));
	builder.out = open_memstream(&sql->text, &size);
	if (!builder.out)
		return -ENOMEM;
	fputs("1", builder.out);
	for (i = 0; query && i < query->n; i++)
		add_term(&builder, &query->terms[i]);
	if (fclose(builder.out))
		return -ENOMEM;
	return builder.err;
}

void query_sql_clear(struct query_sql *sql)
{
	unsigned int i;

	for (i = 0; i < sql->n; i++)
		free(sql->values[i].owned);
	free(sql->values);
	free(sql->text);
	memset(sql, 0, sizeof(*sql));
}
