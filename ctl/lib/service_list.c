// SPDX-License-Identifier: GPL-2.0-or-later
/* The services of a rule, as a document lists them. */
#include "service_list.h"
#include "fields.h"
#include "hints.h"
#include "protocols.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

/* Whether the rule has an item already; items are numbered as they come. */
static bool has_item(const struct service_list *list, const struct service_item *item)
{
	const struct mseg_service *s = list->services;
	uint32_t first, i, n = list->n;

	for (first = 0; first < n; first = i) {
		for (i = first; i < n && s[i].item == s[first].item; i++)
			;
		if (service_equal(item, &s[first], i - first))
			return true;
	}
	return false;
}

static bool has_any(const struct service_list *list)
{
	return list->n && list->services[0].protocol == MSEG_PROTOCOL_ANY;
}

bool service_list_add(struct service_list *list, const struct service_item *item)
{
	uint32_t i, n = list->n;
	uint16_t number = n ? (uint16_t)(list->services[n - 1].item + 1) : 0;

	if (item->n > MSEG_MAX_RULE_SERVICES - n)
		return false;
	for (i = 0; i < item->n; i++) {
		list->services[n + i] = item->ranges[i];
		list->services[n + i].item = number;
	}
	list->n += item->n;
	return true;
}

static int too_many(const struct doc_value *value, struct diag *diag)
{
	return doc_error(diag, value, "a rule has %d ranges of services at most",
			 MSEG_MAX_RULE_SERVICES);
}

static int bad_service(const struct doc_value *value, char *why, struct diag *diag)
{
	if (diag_is_shown(diag))
		hint_service(value->text, value->len, why);
	return doc_error(diag, value, "service %s: %s", text_show(value->text, value->len).s, why);
}

static int read_service(const struct doc_value *value, struct service_list *list, struct diag *diag)
{
	struct service_item item;
	char why[TEXT_WHY_LEN];

	if (value->kind == DOC_INTEGER)
		return doc_error(diag, value,
				 "service %.100s: write tcp/%.100s for a port; the number of a protocol stands in quotation marks",
				 value->text, value->text);
	if (!field_is(value, DOC_STRING, "a service", diag))
		return -1;
	if (service_parse(value->text, value->len, &item, why))
		return bad_service(value, why, diag);
	if (has_item(list, &item))
		return doc_error(diag, value, "service %s is in this rule twice",
				 text_show(value->text, value->len).s);
	if (list->n && (has_any(list) || item.ranges[0].protocol == MSEG_PROTOCOL_ANY))
		return doc_error(diag, value, "service %s: 'any' stands alone",
				 text_show(value->text, value->len).s);
	if (hint_port(value->text, value->len, why))
		doc_warning(diag, value, "service %s: %s", text_show(value->text, value->len).s,
			    why);
	return service_list_add(list, &item) ? 0 : too_many(value, diag);
}

/* Whether a list was cut at the commas of "icmp/3/0,1,4:6", behind its first code. */
static bool is_code_of(const struct doc_value *item, const struct doc_value *behind)
{
	const char *slash = item->kind == DOC_STRING ? strchr(item->text, '/') : NULL;
	int protocol = slash ? protocol_number(item->text, (size_t)(slash - item->text)) : -1;

	if (!behind || protocol < 0 || !mseg_protocol_is_icmp((unsigned int)protocol) ||
	    !strchr(slash + 1, '/') || slash[strspn(slash, "0123456789/:")])
		return false;
	return behind->kind == DOC_INTEGER ||
	       (behind->kind == DOC_STRING && strchr(behind->text, ':') &&
		!behind->text[strspn(behind->text, "0123456789:")]);
}

/* Report an item that was cut, with all of it; what stands behind it. */
static const struct doc_value *report_cut(const struct doc_value *item, struct diag *diag)
{
	char whole[TEXT_WHY_LEN / 2];
	const struct doc_value *code;
	int used = snprintf(whole, sizeof(whole), "%s", item->text);

	for (code = item->next; is_code_of(item, code); code = code->next)
		if (used >= 0 && used < (int)sizeof(whole))
			used += snprintf(whole + used, sizeof(whole) - (size_t)used, ",%s",
					 code->text);
	doc_error(diag, item, "a service with commas stands in quotation marks: \"%s\"", whole);
	return code;
}

bool service_list_read(const struct doc_value *value, struct service_list *list, struct diag *diag)
{
	const struct doc_value *item = value->first;
	bool good = true;

	if (!item) {
		doc_error(diag, value, "a rule needs a service at least, such as \"any\"");
		return false;
	}
	while (item) {
		if (list->n == MSEG_MAX_RULE_SERVICES) {
			too_many(item, diag);
			return false;
		}
		if (is_code_of(item, item->next)) {
			item = report_cut(item, diag);
			good = false;
			continue;
		}
		if (read_service(item, list, diag))
			good = false;
		item = item->next;
	}
	return good;
}
