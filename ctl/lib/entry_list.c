// SPDX-License-Identifier: GPL-2.0-or-later
/* The entries of a network, as a document lists them. */
#include "entry_list.h"
#include "domain.h"
#include "entries.h"
#include "fields.h"
#include "hints.h"
#include "prefix.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>

static void bad_entry(const struct doc_value *value, char *why, struct diag *diag)
{
	if (diag_is_shown(diag) && hint_entry(value->text, value->len, why))
		doc_error(diag, value, "entry %s: %s", text_show(value->text, value->len).s, why);
	else
		doc_error(diag, value, "%s", why);
}

bool entry_read(const struct doc_value *value, struct mseg_prefix *prefix, struct diag *diag)
{
	char why[TEXT_WHY_LEN], text[PREFIX_TEXT_LEN];
	bool cleared;

	if (!field_is(value, DOC_STRING, "an entry", diag))
		return false;
	if (prefix_parse(value->text, value->len, prefix, &cleared, why)) {
		bad_entry(value, why, diag);
		return false;
	}
	if (cleared) {
		prefix_format(prefix, text);
		doc_warning(diag, value, "%s has bits set behind its prefix: taken as %s",
			    text_show(value->text, value->len).s, text);
	}
	return true;
}

bool entry_is_domain(const struct doc_value *value)
{
	size_t skip = value->kind == DOC_STRING && value->text[0] == '!';

	return value->kind == DOC_STRING && domain_is_meant(value->text + skip, value->len - skip);
}

bool entry_read_domain(const struct doc_value *value, char *name, struct diag *diag)
{
	char why[TEXT_WHY_LEN];

	if (value->text[0] == '!')
		doc_error(diag, value,
			  "%s excludes a name: only an address or a CIDR can be excluded",
			  text_show(value->text, value->len).s);
	else if (domain_parse(value->text, value->len, name, why))
		doc_error(diag, value, "%s is neither an address nor a domain name: %s",
			  text_show(value->text, value->len).s, why);
	else
		return true;
	return false;
}

static void report_fault(enum entry_fault fault, const struct mseg_prefix *entry,
			 const struct doc_value *value, struct diag *diag)
{
	char text[PREFIX_TEXT_LEN];

	prefix_format(entry, text);
	switch (fault) {
	case ENTRY_FINE:
		break;
	case ENTRY_REPEATED:
		doc_warning(diag, value, "%s is there already: taken once", text);
		break;
	case ENTRY_CONTRADICTED:
		doc_error(diag, value, "%s is in this network both with and without '!'",
			  text + entry->exclude);
		break;
	case ENTRY_OUTSIDE:
		doc_error(diag, value,
			  "%s excludes nothing: it must lie strictly inside another entry of its network",
			  text);
		break;
	}
}

int entries_sift(const struct mseg_prefix *entries, const struct doc_value *const *values,
		 uint32_t n, bool *keep, struct diag *diag)
{
	enum entry_fault *faults = calloc((size_t)n + 1, sizeof(*faults));
	uint32_t i;
	int err = faults ? entries_check(entries, n, faults) : -ENOMEM;

	for (i = 0; i < n && !err; i++) {
		keep[i] = faults[i] == ENTRY_FINE;
		if (!keep[i])
			report_fault(faults[i], &entries[i], values[i], diag);
	}
	free(faults);
	return err;
}
