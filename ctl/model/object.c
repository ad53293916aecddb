// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Objects: from what somebody wrote to canonical JSON. Reading goes on behind an
 * error, so that all of them are reported at once.
 */
#include "object.h"
#include "path.h"
#include "shape.h"
#include "tag.h"
#include "lib/domain.h"
#include "lib/entry_list.h"
#include "lib/fields.h"
#include "lib/json.h"
#include "lib/prefix.h"
#include "lib/service_list.h"
#include "lib/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes of a name: what the kernel takes. */
#define NAME_MAX_BYTES MSEG_MAX_NAME_LEN
#define DESCRIPTION_MAX 4096

/* Rules of one list. */
#define RULES_MAX 65536

/* Where a message says that something is: "incomingRules[3].protocolPorts". */
#define FIELD_LEN 128

struct reading {
	const struct kind *kind;
	struct diag *diag;
	char field[FIELD_LEN];
	unsigned int before;
};

typedef struct json_object *(*read_fn)(struct reading *reading, const struct doc_value *value);

static struct json_object *read_members(struct reading *reading, const struct kind *kind,
					const struct doc_value *object, struct json_object *old);

const char *object_text(struct json_object *object, const char *field)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, field, &value);
	return value ? json_object_get_string(value) : NULL;
}

bool object_flag(struct json_object *object, const char *field)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(object, field, &value) && json_object_get_boolean(value);
}

struct json_object *object_list(struct json_object *object, const char *field, size_t *n)
{
	struct json_object *value = NULL;

	*n = 0;
	if (!json_object_object_get_ex(object, field, &value) ||
	    !json_object_is_type(value, json_type_array))
		return NULL;
	*n = json_object_array_length(value);
	return value;
}

struct json_object *object_default(enum kind_type type)
{
	switch (type) {
	case TYPE_TEXT:
		return json_object_new_string("");
	case TYPE_BOOL:
		return json_object_new_boolean(false);
	case TYPE_DEFAULT:
	case TYPE_REJECTS:
		return json_object_new_string("Inherit");
	case TYPE_TAGS:
	case TYPE_ADDRESSES:
	case TYPE_RULES:
		return json_object_new_array();
	default:
		return NULL;
	}
}

static struct json_object *text_object(const struct doc_value *value)
{
	return json_object_new_string_len(value->text, (int)value->len);
}

/* A description of a field for messages: 'name'. */
static bool is_kind(struct reading *reading, const struct doc_value *value, enum doc_kind kind)
{
	char what[FIELD_LEN];
	const char *last = strrchr(reading->field, '.');

	if (value->kind == kind)
		return true;
	snprintf(what, sizeof(what), "'%.100s'", last ? last + 1 : reading->field);
	return field_is(value, kind, what, reading->diag);
}

/* --- scalars -------------------------------------------------------------- */

static bool is_plain_text(struct reading *reading, const struct doc_value *value, size_t max)
{
	if (!is_kind(reading, value, DOC_STRING))
		return false;
	if (value->len > max) {
		doc_error(reading->diag, value, "the text has %u bytes: %zu are the most",
			  value->len, max);
		return false;
	}
	if (!text_is_plain(value->text, value->len) && max == NAME_MAX_BYTES) {
		doc_error(reading->diag, value, "%s holds a control character",
			  text_show(value->text, value->len).s);
		return false;
	}
	return true;
}

static struct json_object *read_id(struct reading *reading, const struct doc_value *value)
{
	if (!is_kind(reading, value, DOC_STRING))
		return NULL;
	if (value->len == 24 && strspn(value->text, "0123456789abcdef") == 24)
		return text_object(value);
	doc_error(reading->diag, value, "%s is no ID: that is 24 hexadecimal digits in lower case",
		  text_show(value->text, value->len).s);
	return NULL;
}

static struct json_object *read_name(struct reading *reading, const struct doc_value *value)
{
	if (!is_plain_text(reading, value, NAME_MAX_BYTES))
		return NULL;
	if (!value->len || value->text[0] == ' ' || value->text[value->len - 1] == ' ') {
		doc_error(reading->diag, value,
			  "a name cannot be empty, nor begin or end with a blank");
		return NULL;
	}
	if (reading->kind->id == KIND_EXTERNALNETWORK && !strcasecmp(value->text, "Somewhere")) {
		doc_error(reading->diag, value,
			  "a network cannot be called %s: flows call peers in no network so",
			  text_show(value->text, value->len).s);
		return NULL;
	}
	return text_object(value);
}

static struct json_object *read_path(struct reading *reading, const struct doc_value *value)
{
	char why[TEXT_WHY_LEN];

	if (!is_kind(reading, value, DOC_STRING))
		return NULL;
	if (!path_check(value->text, value->len, why))
		return text_object(value);
	doc_error(reading->diag, value, "%s", why);
	return NULL;
}

static struct json_object *read_text(struct reading *reading, const struct doc_value *value)
{
	bool is_name = strstr(reading->field, "name") != NULL;

	return is_plain_text(reading, value, is_name ? NAME_MAX_BYTES : DESCRIPTION_MAX) ?
		       text_object(value) :
		       NULL;
}

static struct json_object *read_bool(struct reading *reading, const struct doc_value *value)
{
	return is_kind(reading, value, DOC_BOOL) ?
		       json_object_new_boolean((value->text[0] | 0x20) == 't') :
		       NULL;
}

/* What other programs call the actions. */
static const char *action_meant(const char *text)
{
	static const char *const words[][2] = {
		{ "Accept", "Allow" },	{ "Permit", "Allow" }, { "Pass", "Allow" },
		{ "Deny", "Reject" },	{ "Drop", "Reject" },  { "Block", "Reject" },
		{ "Refuse", "Reject" },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(text, words[i][0]))
			return words[i][1];
	return NULL;
}

static struct json_object *read_word(struct reading *reading, const struct doc_value *value,
				     const char *const *words, const char *all)
{
	const char *meant;

	if (!is_kind(reading, value, DOC_STRING))
		return NULL;
	for (; *words; words++)
		if (!strcasecmp(value->text, *words))
			return json_object_new_string(*words);
	meant = action_meant(value->text);
	doc_error(reading->diag, value, "%s is no action: write %s",
		  text_show(value->text, value->len).s, meant ? meant : all);
	return NULL;
}

static struct json_object *read_action(struct reading *reading, const struct doc_value *value)
{
	static const char *const words[] = { "Allow", "Reject", NULL };

	return read_word(reading, value, words, "Allow or Reject");
}

static struct json_object *read_default(struct reading *reading, const struct doc_value *value)
{
	static const char *const words[] = { "Allow", "Reject", "Inherit", NULL };

	return read_word(reading, value, words, "Allow, Reject or Inherit");
}

static struct json_object *read_rejects(struct reading *reading, const struct doc_value *value)
{
	static const char *const words[] = { "Answered", "Silent", "Inherit", NULL };
	const char *const *word;

	if (!is_kind(reading, value, DOC_STRING))
		return NULL;
	for (word = words; *word; word++)
		if (!strcasecmp(value->text, *word))
			return json_object_new_string(*word);
	doc_error(reading->diag, value, "%s is no way to reject: write Answered, Silent or Inherit",
		  text_show(value->text, value->len).s);
	return NULL;
}

/* --- tags ----------------------------------------------------------------- */

static bool list_holds(struct json_object *list, const char *text)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++)
		if (!strcmp(json_object_get_string(json_object_array_get_idx(list, i)), text))
			return true;
	return false;
}

static bool is_tag(struct reading *reading, const struct doc_value *value)
{
	char why[TEXT_WHY_LEN];

	if (!field_is(value, DOC_STRING, "a tag", reading->diag))
		return false;
	if (!tag_check(value->text, value->len, why))
		return true;
	doc_error(reading->diag, value, "%s", why);
	return false;
}

static bool is_too_long(struct reading *reading, const struct doc_value *value, size_t n)
{
	if (n < SELECTOR_MAX)
		return false;
	if (n == SELECTOR_MAX)
		doc_error(reading->diag, value, "a list of tags has %d at most", SELECTOR_MAX);
	return true;
}

static struct json_object *read_tags(struct reading *reading, const struct doc_value *value)
{
	struct json_object *tags;
	const struct doc_value *tag;
	char why[TEXT_WHY_LEN];

	if (!is_kind(reading, value, DOC_LIST))
		return NULL;
	tags = json_object_new_array();
	for (tag = value->first; tag; tag = tag->next) {
		if (is_too_long(reading, tag, json_object_array_length(tags)))
			break;
		if (!is_tag(reading, tag) || list_holds(tags, tag->text))
			continue;
		if (tag_check_own(tag->text, why))
			doc_error(reading->diag, tag, "%s", why);
		else
			json_object_array_add(tags, text_object(tag));
	}
	return tags;
}

/* One AND of a selector; NULL after an error. */
static struct json_object *read_group(struct reading *reading, const struct doc_value *group)
{
	struct json_object *tags = json_object_new_array();
	const struct doc_value *tag;

	if (!group->first)
		doc_error(reading->diag, group,
			  "an empty list of tags would match everything: name a tag");
	for (tag = group->first; tag; tag = tag->next) {
		if (is_too_long(reading, tag, json_object_array_length(tags)))
			break;
		if (!is_tag(reading, tag))
			continue;
		if (list_holds(tags, tag->text))
			doc_error(reading->diag, tag, "%s is there twice",
				  text_show(tag->text, tag->len).s);
		else
			json_object_array_add(tags, text_object(tag));
	}
	return tags;
}

/* A selector that lacks its lists, with what was meant. */
static void refuse_flat(struct reading *reading, const struct doc_value *value)
{
	struct text_shown shown = text_show(value->text, value->len);

	doc_error(reading->diag, value,
		  "%s stands for itself: a selector is a list of lists, write [[%s]]", shown.s,
		  shown.s);
}

static struct json_object *read_selector(struct reading *reading, const struct doc_value *value)
{
	struct json_object *groups;
	const struct doc_value *group;

	if (value->kind == DOC_STRING) {
		refuse_flat(reading, value);
		return NULL;
	}
	if (!is_kind(reading, value, DOC_LIST))
		return NULL;
	if (!value->first)
		doc_error(reading->diag, value, "an empty selector matches nothing: name a tag");
	groups = json_object_new_array();
	for (group = value->first; group; group = group->next) {
		if (is_too_long(reading, group, json_object_array_length(groups)))
			break;
		if (group->kind == DOC_STRING)
			refuse_flat(reading, group);
		else if (field_is(group, DOC_LIST, "a selector's part", reading->diag))
			json_object_array_add(groups, read_group(reading, group));
	}
	return groups;
}

/* --- entries -------------------------------------------------------------- */

/* Entries while they are read: what is no address is a name. */
struct entries {
	struct mseg_prefix *prefixes;
	const struct doc_value **values;
	bool *keep;
	struct json_object *names;
	uint32_t n;
};

static void free_entries(struct entries *entries)
{
	json_object_put(entries->names);
	free(entries->prefixes);
	free(entries->values);
	free(entries->keep);
}

static bool alloc_entries(struct entries *entries, const struct doc_value *list)
{
	const struct doc_value *value;
	size_t n = 1;

	for (value = list->first; value; value = value->next)
		n++;
	entries->prefixes = calloc(n, sizeof(*entries->prefixes));
	entries->values = calloc(n, sizeof(*entries->values));
	entries->keep = calloc(n, sizeof(*entries->keep));
	entries->names = json_object_new_object();
	return entries->prefixes && entries->values && entries->keep && entries->names;
}

static void read_domain(struct reading *reading, const struct doc_value *value,
			struct entries *entries)
{
	char name[DOMAIN_LEN];

	if (!entry_read_domain(value, name, reading->diag))
		return;
	if (json_object_object_get_ex(entries->names, name, NULL))
		doc_warning(reading->diag, value, "%s is there already: taken once", name);
	else
		json_object_object_add(entries->names, name, NULL);
}

static void read_entry(struct reading *reading, const struct doc_value *value,
		       struct entries *entries)
{
	if (entry_is_domain(value))
		read_domain(reading, value, entries);
	else if (entry_read(value, &entries->prefixes[entries->n], reading->diag))
		entries->values[entries->n++] = value;
}

/* The addresses in their order, then the names. */
static struct json_object *write_entries(const struct entries *entries)
{
	struct json_object *list = json_object_new_array();
	struct json_object_iterator at = json_object_iter_begin(entries->names);
	struct json_object_iterator end = json_object_iter_end(entries->names);
	char text[PREFIX_TEXT_LEN];
	uint32_t i;

	for (i = 0; i < entries->n; i++) {
		if (!entries->keep[i])
			continue;
		prefix_format(&entries->prefixes[i], text);
		json_object_array_add(list, json_object_new_string(text));
	}
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		json_object_array_add(list, json_object_new_string(json_object_iter_peek_name(&at)));
	return list;
}

static struct json_object *read_entries(struct reading *reading, const struct doc_value *value)
{
	struct json_object *list = NULL;
	const struct doc_value *entry;
	struct entries entries = { 0 };

	if (!is_kind(reading, value, DOC_LIST))
		return NULL;
	if (!value->first)
		doc_warning(reading->diag, value, "a network without entries holds nobody");
	if (alloc_entries(&entries, value)) {
		for (entry = value->first; entry; entry = entry->next)
			read_entry(reading, entry, &entries);
		if (!entries_sift(entries.prefixes, entries.values, entries.n, entries.keep,
				  reading->diag))
			list = write_entries(&entries);
	}
	if (!list)
		diag_error(reading->diag, value->place, "out of memory");
	free_entries(&entries);
	return list;
}

static struct json_object *read_addresses(struct reading *reading, const struct doc_value *value)
{
	struct json_object *list;
	const struct doc_value *address;
	char text[PREFIX_TEXT_LEN];
	struct mseg_prefix prefix;

	if (!is_kind(reading, value, DOC_LIST))
		return NULL;
	list = json_object_new_array();
	for (address = value->first; address; address = address->next) {
		if (!entry_read(address, &prefix, reading->diag))
			continue;
		prefix_format(&prefix, text);
		if (prefix.exclude || strchr(text, '/'))
			doc_error(reading->diag, address, "%s is no single address", text);
		else
			json_object_array_add(list, json_object_new_string(text));
	}
	return list;
}

/* --- rules ---------------------------------------------------------------- */

static void add_service(const char *text, void *arg)
{
	json_object_array_add(arg, json_object_new_string(text));
}

static struct json_object *read_services(struct reading *reading, const struct doc_value *value)
{
	struct service_list *services;
	struct json_object *list = NULL;

	if (!is_kind(reading, value, DOC_LIST))
		return NULL;
	services = calloc(1, sizeof(*services));
	if (!services) {
		diag_error(reading->diag, value->place, "out of memory");
		return NULL;
	}
	if (service_list_read(value, services, reading->diag)) {
		list = json_object_new_array();
		services_format(services->services, services->n, add_service, list);
	}
	free(services);
	return list;
}

static struct json_object *read_rules(struct reading *reading, const struct doc_value *value)
{
	size_t used = strlen(reading->field), n = 0;
	struct json_object *rules, *rule;
	const struct doc_value *item;

	if (!is_kind(reading, value, DOC_LIST))
		return NULL;
	rules = json_object_new_array();
	for (item = value->first; item; item = item->next) {
		if (n == RULES_MAX) {
			doc_error(reading->diag, item, "a list of rules has %d at most", RULES_MAX);
			break;
		}
		snprintf(reading->field + used, FIELD_LEN - used, "[%zu]", n++);
		rule = read_members(reading, kind_rule(), item, NULL);
		if (rule)
			json_object_array_add(rules, rule);
	}
	reading->field[used] = '\0';
	return rules;
}

/* --- objects -------------------------------------------------------------- */

static struct json_object *read_value(struct reading *reading, enum kind_type type,
				      const struct doc_value *value)
{
	static const read_fn readers[] = {
		[TYPE_ID] = read_id,
		[TYPE_NAME] = read_name,
		[TYPE_PATH] = read_path,
		[TYPE_NAMESPACE] = read_path,
		[TYPE_TEXT] = read_text,
		[TYPE_BOOL] = read_bool,
		[TYPE_DEFAULT] = read_default,
		[TYPE_REJECTS] = read_rejects,
		[TYPE_ACTION] = read_action,
		[TYPE_TAGS] = read_tags,
		[TYPE_SELECTOR] = read_selector,
		[TYPE_ENTRIES] = read_entries,
		[TYPE_ADDRESSES] = read_addresses,
		[TYPE_SERVICES] = read_services,
		[TYPE_RULES] = read_rules,
	};

	return readers[type](reading, value);
}

/* The value of one field: given, kept, or its default. */
static struct json_object *member(struct reading *reading, const struct kind *kind, size_t i,
				  const struct doc_value *object, const struct doc_value *given,
				  struct json_object *old)
{
	const struct kind_field *field = &kind->fields[i];
	struct json_object *kept = NULL;
	size_t used = strlen(reading->field);
	struct json_object *value;

	if (!given && old && json_object_object_get_ex(old, field->name, &kept))
		return json_object_get(kept);
	if (!given || given->kind == DOC_NULL) {
		if (field->required)
			shape_lacks(kind, object, field, reading->diag);
		return object_default(field->type);
	}
	snprintf(reading->field + used, FIELD_LEN - used, "%s%s", used ? "." : "", field->name);
	value = read_value(reading, field->type, given);
	reading->field[used] = '\0';
	return value;
}

static struct json_object *read_members(struct reading *reading, const struct kind *kind,
					const struct doc_value *object, struct json_object *old)
{
	const struct doc_value *given[SHAPE_MAX];
	struct json_object *result, *value;
	size_t i;

	if (!shape_sort(kind, object, given, reading->diag))
		return NULL;
	result = json_object_new_object();
	for (i = 0; i < kind->n_fields; i++) {
		value = member(reading, kind, i, object, given[i], old);
		if (value)
			json_object_object_add_ex(result, kind->fields[i].name, value,
						  JSON_C_OBJECT_ADD_KEY_IS_NEW |
							  JSON_C_OBJECT_KEY_IS_CONSTANT);
	}
	return result;
}

/* What the object calls itself, for messages: "externalnetwork ssh". */
static void describe(const struct kind *kind, const struct doc_value *object,
		     struct json_object *old, char *text, size_t size)
{
	const struct doc_value *value = object->kind == DOC_OBJECT ? object->first : NULL;
	const char *name = old ? object_text(old, "name") : NULL;

	for (; value; value = value->next)
		if (value->kind == DOC_STRING && !strcmp(value->key, "name"))
			name = value->text;
	snprintf(text, size, "%s%s%.255s", kind->singular, name ? " " : "", name ? name : "");
	text_clean(text);
}

static struct json_object *read_object(const struct kind *kind, const struct doc_value *value,
				       struct json_object *old, struct diag *diag)
{
	struct reading reading = { .kind = kind, .diag = diag, .before = diag->errors };
	const char *outer_object = diag->object, *outer_field = diag->field;
	struct json_object *object;
	char what[320];

	describe(kind, value, old, what, sizeof(what));
	diag->object = what;
	diag->field = reading.field;
	object = read_members(&reading, kind, value, old);
	diag->object = outer_object;
	diag->field = outer_field;
	if (diag->errors == reading.before)
		return object;
	json_object_put(object);
	return NULL;
}

struct json_object *object_read(const struct kind *kind, const struct doc_value *value,
				struct diag *diag)
{
	return read_object(kind, value, NULL, diag);
}

struct json_object *object_update(const struct kind *kind, struct json_object *old,
				  const struct doc_value *patch, struct diag *diag)
{
	return read_object(kind, patch, old, diag);
}

/* --- namespaces ----------------------------------------------------------- */

static void misplaced(const struct kind *kind, struct json_object *object, const char *field,
		      struct place place, struct diag *diag, const char *message)
{
	const char *name = object_text(object, "name");
	char what[320];
	const struct finding finding = {
		.place = place,
		.is_error = true,
		.object = what,
		.field = field,
		.value = object_text(object, field),
		.message = message,
	};

	snprintf(what, sizeof(what), "%s %.255s", kind->singular, name ? name : "");
	diag_report(diag, &finding);
}

/* A copy with its namespace, in the order of the fields. */
static struct json_object *with_namespace(const struct kind *kind, struct json_object *object,
					  const char *space, const char *name)
{
	struct json_object *copy = json_object_new_object(), *value;
	size_t i;

	for (i = 0; i < kind->n_fields; i++) {
		const struct kind_field *field = &kind->fields[i];

		if (field->type == TYPE_NAMESPACE)
			value = json_object_new_string(space);
		else if (field->type == TYPE_PATH)
			value = json_object_new_string(name);
		else if (json_object_object_get_ex(object, field->name, &value))
			json_object_get(value);
		else
			continue;
		json_object_object_add_ex(copy, field->name, value,
					  JSON_C_OBJECT_ADD_KEY_IS_NEW |
						  JSON_C_OBJECT_KEY_IS_CONSTANT);
	}
	return copy;
}

/* The absolute namespace, and name of a namespace; what is wrong with them or NULL. */
static const char *find_place(const struct kind *kind, struct json_object *object, const char *base,
			      char *space, char *name, const char **field)
{
	const char *given = object_text(object, "namespace"), *called = object_text(object, "name");

	*field = "namespace";
	if (path_resolve(base, given ? given : base, space))
		return "the namespace's path is too long";
	if (!path_is_within(space, base))
		return "the object's namespace is neither that of the request nor below it";
	if (kind->id != KIND_NAMESPACE)
		return NULL;
	*field = "name";
	if (path_resolve(space, called, name))
		return "the namespace's path is too long";
	if (!path_is_within(name, space))
		return "a namespace's path begins with that of the namespace above it";
	if (!strcmp(name, space) && strcmp(name, "/") != 0)
		return "a namespace is an object of the namespace above it, not of itself";
	path_parent(name, space);
	return NULL;
}

struct json_object *object_settle(const struct kind *kind, struct json_object *object,
				  const char *base, struct place place, struct diag *diag)
{
	char space[PATH_LEN], name[PATH_LEN];
	const char *field, *wrong = find_place(kind, object, base, space, name, &field);
	struct json_object *settled = NULL;

	if (wrong)
		misplaced(kind, object, field, place, diag, wrong);
	else
		settled = with_namespace(kind, object, space, name);
	json_object_put(object);
	return settled;
}
