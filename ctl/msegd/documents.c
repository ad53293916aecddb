// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Documents of several objects: applying, importing, exporting and comparing them.
 *
 * A label belongs to its namespace. With an object the store keeps both, as
 * NAMESPACE, a line feed, and the label.
 */
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "lib/json.h"
#include "lib/text.h"
#include "model/export.h"
#include "model/findings.h"
#include "model/import.h"
#include "model/object.h"
#include "model/path.h"
#include "parameters.h"
#include "plan.h"
#include "preview.h"

/* A document on its way into a draft. */
struct bringing {
	struct service *service;
	struct request *request;
	const char *space;
	struct import *import;
	struct draft next;
	struct findings findings;
	struct diag diag;
	/* The canonical objects, for the answer. */
	struct json_object *objects;
};

/* --- reading -------------------------------------------------------------- */

static size_t read_values(const struct request *request, struct template_value *values,
			  char **copies)
{
	size_t n = 0;
	unsigned int i;

	for (i = 0; i < request->n_query; i++) {
		char *equals;

		if (strcmp(request->query[i].name, "set"))
			continue;
		copies[n] = strdup(request->query[i].value);
		equals = copies[n] ? strchr(copies[n], '=') : NULL;
		if (equals)
			*equals = '\0';
		values[n].key = copies[n] ? copies[n] : "";
		values[n].value = equals ? equals + 1 : "";
		n++;
	}
	return n;
}

static void read_document(struct bringing *bringing)
{
	struct template_value values[REQUEST_PARTS_MAX];
	char *copies[REQUEST_PARTS_MAX];
	struct import_options options = { .space = bringing->space, .values = values };
	size_t i;

	options.n_values = read_values(bringing->request, values, copies);
	bringing->import = import_read(bringing->request->body, bringing->request->len, &options,
				       &bringing->diag);
	for (i = 0; i < options.n_values; i++)
		free(copies[i]);
}

static bool refused(struct bringing *bringing, unsigned int status)
{
	if (!bringing->diag.errors)
		return false;
	reply_problem(bringing->request, status, json_object_get(bringing->findings.errors),
		      "the document cannot be taken as it is");
	return true;
}

static void finish(struct bringing *bringing)
{
	import_free(bringing->import);
	draft_clear(&bringing->next);
	findings_end(&bringing->findings);
	json_object_put(bringing->objects);
}

/* Read it, and begin with what there is; false where the request was refused. */
static bool begin(struct bringing *bringing, struct service *service, struct request *request)
{
	const char *file = request_get(request, "file");

	memset(bringing, 0, sizeof(*bringing));
	bringing->service = service;
	bringing->request = request;
	bringing->diag = findings_begin(&bringing->findings, file ? file : "request");
	bringing->objects = json_object_new_array();
	if (!parameter_namespace(request, &bringing->space))
		return false;
	read_document(bringing);
	if (refused(bringing, MHD_HTTP_BAD_REQUEST))
		return false;
	if (bringing->import && !draft_copy(&service->now, &bringing->next))
		return true;
	api_no_memory(request);
	return false;
}

/* --- putting objects in --------------------------------------------------- */

static void report(struct bringing *bringing, const struct import_object *object,
		   const char *message)
{
	char what[320];
	const struct finding finding = {
		.place = object->place,
		.is_error = true,
		.object = what,
		.field = "name",
		.value = object->name,
		.message = message,
	};

	snprintf(what, sizeof(what), "%s %.255s", object->kind->singular, object->name);
	diag_report(&bringing->diag, &finding);
}

/* The object that is there under the same name, or NULL. */
static const struct model_object *present(const struct bringing *bringing,
					  const struct import_object *object)
{
	return model_find(bringing->next.model, object->kind, object->space, object->name);
}

/* Its ID stays what it was. */
static struct json_object *identified(const struct bringing *bringing,
				      const struct import_object *object)
{
	const struct model_object *old = present(bringing, object);
	char id[STORE_ID_SIZE];

	store_new_id(id);
	return draft_canonical(object->kind, object->json, old ? old->id : id, object->space);
}

static void put(struct bringing *bringing, const struct import_object *object, const char *label)
{
	struct json_object *json;
	int err = -ENOMEM;

	if (object->kind->id == KIND_ENFORCER && !present(bringing, object)) {
		report(bringing, object, "an enforcer is made at installation, by its own host");
		return;
	}
	json = identified(bringing, object);
	if (json)
		err = draft_put(&bringing->next, object->kind, json);
	if (err) {
		report(bringing, object, err == -EEXIST ? "the name is there already" : "no memory");
	} else {
		if (label)
			draft_set_label(&bringing->next, object_text(json, "ID"), label);
		json_object_array_add(bringing->objects, json_object_get(json));
		model_find_id(bringing->next.model, object->kind, object_text(json, "ID"))->place =
			object->place;
	}
	json_object_put(json);
}

static void put_all(struct bringing *bringing, const char *label)
{
	size_t i;

	for (i = 0; i < bringing->import->n; i++)
		put(bringing, &bringing->import->objects[i], label);
}

/* --- labels --------------------------------------------------------------- */

static char *full_label(const struct bringing *bringing)
{
	const char *label = request_get(bringing->request, "label");
	char *full = NULL;

	if (!label && bringing->import)
		label = bringing->import->label;
	if (!label || !*label)
		return NULL;
	return asprintf(&full, "%s\n%s", bringing->space, label) < 0 ? NULL : full;
}

/* Whether an import without a label would leave it just as it is, as an export does. */
static bool is_same(const struct model_object *old, const struct import_object *object)
{
	struct json_object *json =
		draft_canonical(object->kind, object->json, old->id, object->space);
	bool same = json && json_object_equal(json, old->json);

	json_object_put(json);
	return same;
}

/* NULL, or why an object that is there must not be overwritten. */
static const char *refusal_of(const struct model_object *old, const struct import_object *object,
			      const char *label, const char *its)
{
	if (!label && (!strcmp(old->name, "/") || is_same(old, object)))
		return NULL;
	if (its && (!label || strcmp(its, label) != 0))
		return "it is there already, from an import of another label";
	if (!its && label)
		return "it is there already, and came by no import";
	if (!its)
		return "it is there already, and is another: without a label nothing is overwritten ('mctl apply' does)";
	return NULL;
}

/*
 * What is there already must have come by the same label, or be the same. The topmost
 * namespace is always there. Of what the caller does not read nothing is told: he may
 * not change it, which is said in the end.
 */
static void check_labels(struct bringing *bringing, const char *label)
{
	size_t i;

	for (i = 0; i < bringing->import->n; i++) {
		const struct import_object *object = &bringing->import->objects[i];
		const struct model_object *old = present(bringing, object);
		const char *why;

		if (!old || !api_may_read(bringing->service, bringing->request, old->space))
			continue;
		why = refusal_of(old, object, label, draft_label(&bringing->next, old->id));
		if (why)
			report(bringing, object, why);
	}
}

static bool is_brought(const struct bringing *bringing, const struct model_object *object)
{
	size_t i;

	for (i = 0; i < bringing->import->n; i++)
		if (bringing->import->objects[i].kind == object->kind &&
		    !strcmp(bringing->import->objects[i].space, object->space) &&
		    !strcmp(bringing->import->objects[i].name, object->name))
			return true;
	return false;
}

/* Take out what a label brought and, unless all is to go, brings no more. */
static void remove_labelled(struct bringing *bringing, const char *label, bool all)
{
	struct model_object **objects;
	const char *its;
	size_t i, n;
	int k;

	for (k = N_KINDS - 1; k >= 0; k--) {
		objects = model_list(bringing->next.model, kind_get(k), "/", true, &n);
		for (i = n; objects && i > 0; i--) {
			its = draft_label(&bringing->next, objects[i - 1]->id);
			if (its && !strcmp(its, label) &&
			    (all || !is_brought(bringing, objects[i - 1])))
				draft_remove(&bringing->next, objects[i - 1]);
		}
		free(objects);
	}
}

/* --- the routes ----------------------------------------------------------- */

static void make(struct bringing *bringing, struct revise_how *how)
{
	struct revise_answer answer = { MHD_HTTP_OK, "objects", NULL };

	answer.value = json_object_get(bringing->objects);
	how->warnings = json_object_get(bringing->findings.warnings);
	revise(bringing->service, bringing->request, &bringing->next, how, &answer);
}

void documents_apply(struct service *service, struct request *request)
{
	struct bringing bringing;
	struct revise_how how;

	if (!revise_read_how(request, &how))
		return;
	if (begin(&bringing, service, request)) {
		put_all(&bringing, NULL);
		snprintf(how.action, sizeof(how.action), "apply to %s", bringing.space);
		if (!refused(&bringing, MHD_HTTP_CONFLICT))
			make(&bringing, &how);
	}
	finish(&bringing);
}

static void import(struct bringing *bringing, bool delete, struct revise_how *how)
{
	char *label = full_label(bringing);

	if (!label && delete) {
		reply_problem(bringing->request, MHD_HTTP_BAD_REQUEST, NULL,
			      "without a label nothing can be taken out");
		return;
	}
	if (!delete)
		check_labels(bringing, label);
	if (!refused(bringing, MHD_HTTP_CONFLICT)) {
		if (label)
			remove_labelled(bringing, label, delete);
		if (!delete)
			put_all(bringing, label);
		snprintf(how->action, sizeof(how->action), "%s %s in %s",
			 delete ? "delete import" : "import",
			 label ? label + strlen(bringing->space) + 1 : "without a label",
			 bringing->space);
		if (!refused(bringing, MHD_HTTP_CONFLICT))
			make(bringing, how);
	}
	free(label);
}

/* The label alone tells what is to go. */
static bool begin_delete(struct bringing *bringing, struct service *service, struct request *request)
{
	if (request->len)
		return begin(bringing, service, request);
	memset(bringing, 0, sizeof(*bringing));
	bringing->service = service;
	bringing->request = request;
	bringing->diag = findings_begin(&bringing->findings, "request");
	bringing->objects = json_object_new_array();
	if (!parameter_namespace(request, &bringing->space))
		return false;
	if (!draft_copy(&service->now, &bringing->next))
		return true;
	api_no_memory(request);
	return false;
}

void documents_import(struct service *service, struct request *request)
{
	struct bringing bringing;
	struct revise_how how;
	bool delete = false;

	if (!revise_read_how(request, &how) || !parameter_bool(request, "delete", &delete))
		return;
	if (delete ? begin_delete(&bringing, service, request) : begin(&bringing, service, request))
		import(&bringing, delete, &how);
	finish(&bringing);
}

/* --- export --------------------------------------------------------------- */

struct exporting {
	const struct service *service;
	const struct request *request;
	const char *label;
};

static bool is_wanted(const struct model_object *object, void *arg)
{
	const struct exporting *exporting = arg;
	const char *its = draft_label(&exporting->service->now, object->id);
	bool is_space = object->kind->id == KIND_NAMESPACE;

	if (exporting->label && (!its || strcmp(its, exporting->label)))
		return false;
	return api_may_read(exporting->service, exporting->request,
			    is_space ? object->name : object->space);
}

void documents_export(struct service *service, struct request *request)
{
	const char *label = request_get(request, "label");
	struct exporting exporting = { service, request, NULL };
	struct export_options options = { NULL, label, is_wanted, &exporting };
	struct json_object *document = NULL;
	char *full = NULL;

	if (!parameter_namespace(request, &options.space))
		return;
	if (!label || asprintf(&full, "%s\n%s", options.space, label) >= 0) {
		exporting.label = full;
		document = export_document(service->now.model, &options);
	}
	if (document)
		reply_json(request, MHD_HTTP_OK, document);
	else
		api_no_memory(request);
	free(full);
}

/* --- difference ----------------------------------------------------------- */

static struct json_object *list_changes(const struct bringing *bringing,
					const struct changes *changes)
{
	struct json_object *list = json_object_new_array(), *seen;
	size_t i;

	for (i = 0; i < changes->n; i++) {
		seen = api_change(bringing->service, bringing->request, &changes->list[i]);
		if (seen)
			json_object_array_add(list, seen);
	}
	return list;
}

static void compare(struct bringing *bringing)
{
	struct json_object *object = json_object_new_object();
	struct changes changes = { NULL, 0 };

	draft_changes(&bringing->service->now, &bringing->next, &changes);
	json_add_number(object, "from", store_newest(bringing->service->store));
	json_add(object, "to", NULL);
	json_add(object, "changes", list_changes(bringing, &changes));
	json_add(object, "warnings", json_object_get(bringing->findings.warnings));
	reply_json(bringing->request, MHD_HTTP_OK, object);
	changes_clear(&changes);
}

void documents_diff(struct service *service, struct request *request)
{
	struct bringing bringing;

	if (begin(&bringing, service, request)) {
		put_all(&bringing, NULL);
		if (!refused(&bringing, MHD_HTTP_CONFLICT))
			compare(&bringing);
	}
	finish(&bringing);
}

/* --- preview -------------------------------------------------------------- */

bool documents_plan(struct service *service, struct request *request, struct draft *next,
		    struct plan *plan)
{
	struct bringing bringing;
	bool done = false;
	int err;

	if (begin(&bringing, service, request)) {
		put_all(&bringing, NULL);
		if (!refused(&bringing, MHD_HTTP_CONFLICT)) {
			*next = bringing.next;
			bringing.next = (struct draft){ NULL, NULL };
			done = true;
		}
	}
	finish(&bringing);
	if (!done)
		return false;
	err = plan_make(next->model, request_get(request, "file"), plan);
	if (!err)
		return true;
	if (err == -EINVAL)
		reply_problem(request, MHD_HTTP_UNPROCESSABLE_CONTENT,
			      json_object_get(plan->findings.errors),
			      "the objects do not fit together");
	else
		api_no_memory(request);
	plan_clear(plan);
	draft_clear(next);
	return false;
}

void documents_preview(struct service *service, struct request *request)
{
	struct json_object *preview;
	struct draft next;
	struct plan plan;

	if (!documents_plan(service, request, &next, &plan))
		return;
	preview = preview_make(service, request, &plan);
	if (preview)
		reply_json(request, MHD_HTTP_OK, preview);
	plan_clear(&plan);
	draft_clear(&next);
}
