// SPDX-License-Identifier: GPL-2.0-or-later
/* Taking an object of a document apart by a table of its fields. */
#include "fields.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

struct table {
	const struct field *fields;
	unsigned int n;
};

static const char *field_name(size_t index, const void *arg)
{
	const struct table *table = arg;

	return index < table->n ? table->fields[index].name : NULL;
}

static int find(const struct table *table, const struct doc_value *value)
{
	unsigned int i;

	for (i = 0; i < table->n; i++)
		if (strlen(table->fields[i].name) == value->key_len &&
		    !memcmp(table->fields[i].name, value->key, value->key_len))
			return (int)i;
	return -1;
}

/* "a, b and c". */
static const char *list_fields(const struct table *table, char *list, size_t size)
{
	size_t used = 0;
	unsigned int i;

	list[0] = '\0';
	for (i = 0; i < table->n && used < size; i++)
		used += (size_t)snprintf(list + used, size - used, "%s%s",
					 !i		  ? "" :
					 i + 1 < table->n ? ", " :
							    " and ",
					 table->fields[i].name);
	return list;
}

static void unknown(const struct doc_value *value, const char *what, const struct table *table,
		    struct diag *diag)
{
	const char *nearest = text_nearest(value->key, value->key_len, field_name, table);
	struct text_shown shown = text_show(value->key, value->key_len);
	char list[512];

	if (nearest)
		diag_error(diag, value->key_place, "unknown field %s in %s, did you mean '%s'?",
			   shown.s, what, nearest);
	else
		diag_error(diag, value->key_place, "unknown field %s in %s, which takes %s",
			   shown.s, what, list_fields(table, list, sizeof(list)));
}

bool field_is(const struct doc_value *value, enum doc_kind kind, const char *what, struct diag *diag)
{
	if (value->kind == kind)
		return true;
	if (!value->text || value->kind == DOC_NULL)
		diag_error(diag, value->place, "%s must be %s, not %s", what, doc_kind_name(kind),
			   doc_kind_name(value->kind));
	else if (kind == DOC_STRING)
		diag_error(diag, value->place, "%s must be %s: put %s in quotation marks", what,
			   doc_kind_name(kind), text_show(value->text, value->len).s);
	else if (kind == DOC_LIST)
		diag_error(diag, value->place, "%s must be %s: put %s in square brackets", what,
			   doc_kind_name(kind), text_show(value->text, value->len).s);
	else
		diag_error(diag, value->place, "%s must be %s, not %s", what, doc_kind_name(kind),
			   text_show(value->text, value->len).s);
	return false;
}

static bool is_named(const struct doc_value *value, const struct field *field, struct diag *diag)
{
	char what[64];

	snprintf(what, sizeof(what), "'%s'", field->name);
	return field_is(value, field->kind, what, diag);
}

/* Note one field of the object; false where it is not acceptable. */
static bool take(const struct doc_value *value, const char *what, const struct table *table,
		 const struct doc_value **values, bool *seen, struct diag *diag)
{
	int i = find(table, value);

	if (i < 0) {
		unknown(value, what, table, diag);
		return false;
	}
	if (seen[i]) {
		diag_error(diag, value->key_place, "'%s' is there twice", table->fields[i].name);
		return false;
	}
	seen[i] = true;
	if (!is_named(value, &table->fields[i], diag))
		return false;
	values[i] = value;
	return true;
}

bool fields_get(const struct doc_value *object, const char *what, const struct field *fields,
		unsigned int n, const struct doc_value **values, struct diag *diag)
{
	const struct table table = { fields, n };
	const struct doc_value *value;
	bool seen[FIELDS_MAX] = { false };
	bool good = true;
	unsigned int i;

	memset(values, 0, n * sizeof(*values));
	if (!field_is(object, DOC_OBJECT, what, diag))
		return false;
	for (value = object->first; value; value = value->next)
		good &= take(value, what, &table, values, seen, diag);
	for (i = 0; i < n; i++) {
		if (!fields[i].required || seen[i])
			continue;
		diag_error(diag, object->place, "%s needs '%s'", what, fields[i].name);
		good = false;
	}
	return good;
}
