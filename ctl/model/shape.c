// SPDX-License-Identifier: GPL-2.0-or-later
/* Taking an object of a document apart by the table of its kind. */
#include "shape.h"
#include "lib/fields.h"
#include "lib/text.h"

#include <stdio.h>
#include <string.h>

/* A longer name of a field is not told as one. */
#define KEY_MAX 128

static void refuse_unknown(struct diag *diag, const struct kind *kind, const struct doc_value *value)
{
	const char *nearest = kind_field_nearest(kind, value->key, value->key_len);
	struct text_shown shown = text_show(value->key, value->key_len);
	struct finding finding = { .place = value->key_place, .is_error = true };
	char message[TEXT_WHY_LEN], hint[TEXT_WHY_LEN];

	snprintf(message, sizeof(message), "unknown field %s in %s", shown.s, kind->noun);
	snprintf(hint, sizeof(hint), "did you mean '%s'?", nearest ? nearest : "");
	finding.field = value->key_len < KEY_MAX ? value->key : NULL;
	finding.message = message;
	finding.hint = nearest ? hint : NULL;
	diag_report(diag, &finding);
}

static void report_foreign(struct diag *diag, const struct doc_value *value)
{
	char message[TEXT_WHY_LEN];
	struct finding finding = { .place = value->key_place, .field = value->key };

	snprintf(message, sizeof(message), "'%s' means nothing here and is left out", value->key);
	finding.message = message;
	diag_report(diag, &finding);
}

void shape_lacks(const struct kind *kind, const struct doc_value *object,
		 const struct kind_field *field, struct diag *diag)
{
	struct finding finding = { .place = object->place, .is_error = true, .field = field->name };
	char message[TEXT_WHY_LEN], hint[TEXT_WHY_LEN];

	snprintf(message, sizeof(message), "%s needs '%s'", kind->noun, field->name);
	snprintf(hint, sizeof(hint), "%s", field->doc);
	finding.message = message;
	finding.hint = hint;
	diag_report(diag, &finding);
}

bool shape_sort(const struct kind *kind, const struct doc_value *object,
		const struct doc_value **values, struct diag *diag)
{
	const struct doc_value *value;
	int i;

	memset(values, 0, kind->n_fields * sizeof(*values));
	if (!field_is(object, DOC_OBJECT, kind->noun, diag))
		return false;
	for (value = object->first; value; value = value->next) {
		i = kind_field_find(kind, value->key, value->key_len);
		if (i >= 0 && values[i])
			diag_error(diag, value->key_place, "'%s' is there twice",
				   kind->fields[i].name);
		else if (i >= 0)
			values[i] = value;
		else if (kind_is_foreign(kind, value->key, value->key_len))
			report_foreign(diag, value);
		else
			refuse_unknown(diag, kind, value);
	}
	return true;
}

bool shape_take(const struct kind *kind, const struct doc_value *object,
		const struct doc_value **values, struct diag *diag)
{
	size_t i;

	if (!shape_sort(kind, object, values, diag))
		return false;
	for (i = 0; i < kind->n_fields; i++) {
		if (values[i] && values[i]->kind == DOC_NULL)
			values[i] = NULL;
		if (kind->fields[i].required && !values[i])
			shape_lacks(kind, object, &kind->fields[i], diag);
	}
	return true;
}
