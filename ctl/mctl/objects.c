// SPDX-License-Identifier: GPL-2.0-or-later
/* Identities, and how their objects are shown. */
#include "objects.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "lib/text.h"
#include "pager.h"
#include "service.h"

/* --- cells ---------------------------------------------------------------- */

static void append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);

	snprintf(text + used, size - used, "%s", more);
}

/* [["a=1", "b=2"], ["c=3"]] as "a=1 and b=2, or c=3". */
static void put_selector(struct json_object *selector, char *text, size_t size)
{
	size_t i, k, n = selector ? json_object_array_length(selector) : 0;

	text[0] = '\0';
	for (i = 0; i < n; i++) {
		struct json_object *group = json_object_array_get_idx(selector, i);

		if (i)
			append(text, size, ", or ");
		for (k = 0; k < json_object_array_length(group); k++) {
			if (k)
				append(text, size, " and ");
			append(text, size,
			       json_object_get_string(json_object_array_get_idx(group, k)));
		}
	}
	if (!n)
		append(text, size, "-");
}

static void subject_cell(struct json_object *row, char *text, size_t size)
{
	put_selector(service_object(row, "subject"), text, size);
}

/* "2 in, 1 out" */
static void rules_cell(struct json_object *row, char *text, size_t size)
{
	struct json_object *in = service_object(row, "incomingRules");
	struct json_object *out = service_object(row, "outgoingRules");

	snprintf(text, size, "%zu in, %zu out", in ? json_object_array_length(in) : 0,
		 out ? json_object_array_length(out) : 0);
}

/* What is set of disabled, propagate and fallback. */
static void flags_cell(struct json_object *row, char *text, size_t size)
{
	static const char *const flags[] = { "disabled", "propagate", "fallback" };
	size_t i;

	text[0] = '\0';
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!json_object_get_boolean(service_object(row, flags[i])))
			continue;
		append(text, size, text[0] ? ", " : "");
		append(text, size, flags[i]);
	}
	if (!text[0])
		append(text, size, "-");
}

static const struct output_column namespace_columns[] = {
	{ .title = "NAME", .key = "name" },
	{ .title = "INCOMING", .key = "defaultPUIncomingTrafficAction" },
	{ .title = "OUTGOING", .key = "defaultPUOutgoingTrafficAction" },
	{ .title = "DESCRIPTION", .key = "description", .wide = true },
	{ .title = "ID", .key = "ID", .wide = true },
};

static const struct output_column enforcer_columns[] = {
	{ .title = "NAMESPACE", .key = "namespace" },
	{ .title = "NAME", .key = "name" },
	{ .title = "ID", .key = "ID" },
	{ .title = "TAGS", .key = "associatedTags", .wide = true },
};

static const struct output_column network_columns[] = {
	{ .title = "NAMESPACE", .key = "namespace" },
	{ .title = "NAME", .key = "name" },
	{ .title = "ENTRIES", .key = "entries" },
	{ .title = "FLAGS", .cell = flags_cell },
	{ .title = "TAGS", .key = "associatedTags", .wide = true },
	{ .title = "DESCRIPTION", .key = "description", .wide = true },
	{ .title = "ID", .key = "ID", .wide = true },
};

static const struct output_column ruleset_columns[] = {
	{ .title = "NAMESPACE", .key = "namespace" },
	{ .title = "NAME", .key = "name" },
	{ .title = "APPLIES TO", .cell = subject_cell },
	{ .title = "RULES", .cell = rules_cell },
	{ .title = "FLAGS", .cell = flags_cell },
	{ .title = "DESCRIPTION", .key = "description", .wide = true },
	{ .title = "ID", .key = "ID", .wide = true },
};

static const struct output_column unit_columns[] = {
	{ .title = "NAMESPACE", .key = "namespace" },
	{ .title = "NAME", .key = "name" },
	{ .title = "ID", .key = "ID" },
	{ .title = "TAGS", .key = "normalizedTags" },
};

/* --- identities ----------------------------------------------------------- */

#define COLUMNS(table)                                      \
	{                                                   \
		(table), sizeof(table) / sizeof((table)[0]) \
	}

struct columns identity_columns(const struct kind *kind)
{
	static const struct columns columns[N_KINDS] = {
		[KIND_NAMESPACE] = COLUMNS(namespace_columns),
		[KIND_ENFORCER] = COLUMNS(enforcer_columns),
		[KIND_EXTERNALNETWORK] = COLUMNS(network_columns),
		[KIND_RULESET] = COLUMNS(ruleset_columns),
		[KIND_PROCESSINGUNIT] = COLUMNS(unit_columns),
	};

	return columns[kind->id];
}

const struct kind *identity_find(const struct context *context, const char *word)
{
	const struct kind *kind = kind_find(word, strlen(word));
	const char *nearest;

	if (kind)
		return kind;
	nearest = kind_nearest(word, strlen(word));
	if (nearest)
		usage_error(context, "unknown identity %s, did you mean '%s'?",
			    text_show(word, strlen(word)).s, nearest);
	else
		usage_error(context,
			    "unknown identity %s: there are namespaces, enforcers, externalnetworks, networkrulesetpolicies (netrulesets) and processingunits",
			    text_show(word, strlen(word)).s);
	return NULL;
}

/* --- views ---------------------------------------------------------------- */

bool display_take(const struct context *context, char *value, struct display *display)
{
	char *name, *rest = NULL;

	for (name = strtok_r(value, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		if (display->n_names == COLUMNS_MAX) {
			usage_error(context, "-c takes %d columns at most", COLUMNS_MAX);
			return false;
		}
		display->columns[display->n_names] =
			(struct output_column){ .title = name, .key = name };
		display->names[display->n_names++] = name;
	}
	return true;
}

/* Of what -c names, which nothing else is printed of. */
static struct json_object *selected(const struct display *display, struct json_object *object)
{
	struct json_object *copy;
	size_t i;

	if (!display->n_names)
		return json_object_get(object);
	copy = json_object_new_object();
	for (i = 0; copy && i < display->n_names; i++)
		json_add(copy, display->names[i],
			 json_object_get(service_object(object, display->names[i])));
	return copy;
}

int display_list(const struct context *context, struct display *display, struct columns columns,
		 struct json_object *objects, const char *none)
{
	struct output_list *list;
	int err = -ENOMEM;
	size_t i;

	if (display->n_names)
		columns = (struct columns){ display->columns, display->n_names };
	pager_begin();
	list = output_list_open(context->format, columns.columns, columns.n, none);
	if (list)
		err = 0;
	for (i = 0; !err && i < json_object_array_length(objects); i++)
		err = output_list_add(list,
				      selected(display, json_object_array_get_idx(objects, i)));
	if (output_list_close(list))
		err = -ENOMEM;
	return err ? module_error(NULL, "print the list", err) : MCTL_DONE;
}

int display_object(const struct context *context, struct display *display, const struct kind *kind,
		   struct json_object *object)
{
	struct json_object *list;
	int status;

	if (context->format != OUTPUT_TABLE && context->format != OUTPUT_WIDE) {
		output_object(context->format, selected(display, object));
		return MCTL_DONE;
	}
	list = json_object_new_array();
	json_object_array_add(list, json_object_get(object));
	status = display_list(context, display, identity_columns(kind), list, "");
	json_object_put(list);
	return status;
}
