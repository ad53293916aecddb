// SPDX-License-Identifier: GPL-2.0-or-later
/* Objects: /v1/{kind} and below. */
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "describe.h"
#include "lib/json.h"
#include "lib/text.h"
#include "model/findings.h"
#include "model/object.h"
#include "model/path.h"
#include "parameters.h"

/* A request about objects of one kind, or one of them. */
struct target {
	struct service *service;
	struct request *request;
	const struct kind *kind;
	const char *space;
	/* ID or name, "" for all. */
	char name[PATH_LEN];
	bool describe;
};

/* --- finding -------------------------------------------------------------- */

/* Where somebody must be able to read to see it. */
static const char *home_of(const struct model_object *object)
{
	return object->kind->id == KIND_NAMESPACE ? object->name : object->space;
}

static const struct kind *stored_kind(const struct kind *kind)
{
	return kind->id == KIND_PROCESSINGUNIT ? kind_get(KIND_ENFORCER) : kind;
}

static struct model_object *find(const struct target *target)
{
	const struct kind *kind = stored_kind(target->kind);
	const struct model *model = target->service->now.model;
	struct model_object *object = model_find_id(model, kind, target->name);
	char path[PATH_LEN];

	if (!object && kind->id != KIND_NAMESPACE)
		object = model_find(model, kind, target->space, target->name);
	else if (!object && !path_resolve(target->space, target->name, path))
		object = model_find(model, kind, NULL, path);
	if (object && !api_may_read(target->service, target->request, home_of(object)))
		object = NULL;
	if (!object)
		reply_problem(target->request, MHD_HTTP_NOT_FOUND, NULL, "there is no %s %s in %s",
			      target->kind->singular,
			      text_show(target->name, strlen(target->name)).s, target->space);
	return object;
}

/* --- reading -------------------------------------------------------------- */

static struct json_object *shown(const struct target *target, const struct model_object *object)
{
	if (target->kind->id == KIND_PROCESSINGUNIT)
		return model_processingunit(object);
	return json_object_get(object->json);
}

static void get(const struct target *target)
{
	const struct model_object *object = find(target);

	if (!object)
		return;
	if (target->describe) {
		describe(target->service, target->request, target->kind, object);
		return;
	}
	target->request->reply.revision = revise_of(target->service, object);
	reply_json(target->request, MHD_HTTP_OK, shown(target, object));
}

static struct json_object *list_objects(const struct target *target, bool recursive,
					const struct filter *filter)
{
	struct json_object *list = json_object_new_array(), *json;
	struct model_object **objects;
	size_t i, n;

	objects = model_list(target->service->now.model, stored_kind(target->kind), target->space,
			     recursive, &n);
	for (i = 0; objects && i < n; i++) {
		if (!api_may_read(target->service, target->request, home_of(objects[i])))
			continue;
		json = shown(target, objects[i]);
		if (!filter || filter_matches(filter, json))
			json_object_array_add(list, json);
		else
			json_object_put(json);
	}
	free(objects);
	return list;
}

/* A misspelt one is not empty. Whether it is there is nothing to who may not read it. */
static bool is_missing(const struct target *target)
{
	return api_may_read(target->service, target->request, target->space) &&
	       !model_find(target->service->now.model, kind_get(KIND_NAMESPACE), NULL,
			   target->space);
}

/* Those of the other product are in no object, but may be asked for. */
static bool knows_field(const void *kind, const char *name, size_t len)
{
	return kind_field_find(kind, name, len) >= 0 || kind_is_foreign(kind, name, len);
}

/* Misspelt, a field would choose nothing, or everything. */
static bool check_fields(const struct target *target, const struct filter *filter)
{
	const char *field = filter ? filter_stranger(filter, knows_field, target->kind) : NULL;
	const char *near;

	if (!field)
		return true;
	near = kind_field_nearest(target->kind, field, strlen(field));
	reply_problem(target->request, MHD_HTTP_BAD_REQUEST, NULL,
		      "filter: %s has no field %s%s%s%s", target->kind->noun,
		      text_show(field, strlen(field)).s, near ? ": did you mean " : "",
		      near ? near : "", near ? "?" : "");
	return false;
}

static void get_list(const struct target *target)
{
	struct filter *filter = NULL;
	bool recursive = false;

	if (is_missing(target)) {
		reply_problem(target->request, MHD_HTTP_NOT_FOUND, NULL, "there is no namespace %s",
			      target->space);
		return;
	}
	if (!parameter_bool(target->request, "recursive", &recursive) ||
	    !parameter_filter(target->request, &filter))
		return;
	if (check_fields(target, filter))
		reply_json(target->request, MHD_HTTP_OK, list_objects(target, recursive, filter));
	filter_free(filter);
}

/* --- writing -------------------------------------------------------------- */

/* The object that a body is, in its canonical form; NULL where it was refused. */
static struct json_object *read_body(const struct target *target, struct json_object *old,
				     struct revise_how *how)
{
	const char *file = request_get(target->request, "file");
	struct json_object *json = NULL;
	struct findings findings;
	struct diag diag = findings_begin(&findings, file ? file : "request");
	struct doc *doc = doc_read(target->request->body, target->request->len, &diag);

	if (doc && old)
		json = object_update(target->kind, old, doc_root(doc), &diag);
	else if (doc)
		json = object_read(target->kind, doc_root(doc), &diag);
	doc_free(doc);
	if (json) {
		how->warnings = json_object_get(findings.warnings);
	} else {
		reply_problem(target->request, MHD_HTTP_BAD_REQUEST,
			      json_object_get(findings.errors), "the %s cannot be taken as it is",
			      target->kind->singular);
	}
	findings_end(&findings);
	return json;
}

/*
 * The object in its place, with its ID; its own reference is taken over. Names and
 * namespaces are relative to the request's namespace. NULL where it was refused.
 */
static struct json_object *settled(const struct target *target, struct json_object *json,
				   const char *base, const char *id)
{
	bool is_space = target->kind->id == KIND_NAMESPACE;
	const char *given = json ? object_text(json, is_space ? "name" : "namespace") : NULL;
	char path[PATH_LEN], parent[PATH_LEN];
	struct json_object *whole = NULL;

	if (!json)
		return NULL;
	if (path_resolve(base, given ? given : base, path)) {
		reply_problem(target->request, MHD_HTTP_BAD_REQUEST, NULL,
			      "the namespace's path is too long");
	} else if (is_space) {
		path_parent(path, parent);
		json_add_string(json, "name", path);
		whole = draft_canonical(target->kind, json, id, parent);
	} else {
		whole = draft_canonical(target->kind, json, id, path);
	}
	json_object_put(json);
	return whole;
}

/* Asked first: whether a name is taken is told to nobody else. */
static bool may_put(const struct target *target, struct json_object *json)
{
	struct service *service = target->service;
	const char *id = object_text(json, "ID");
	const struct model_object *old = model_find_id(service->now.model, target->kind, id);
	struct store_change change = {
		.id = id,
		.kind = target->kind->singular,
		.namespace = object_text(json, "namespace"),
		.name = object_text(json, "name"),
		.before = old ? json_object_to_json_string(old->json) : NULL,
		.after = json_object_to_json_string(json),
	};
	const struct changes changes = { &change, 1 };

	return revise_may(service, target->request, &changes);
}

static void put_and_revise(const struct target *target, struct json_object *json,
			   struct revise_how *how, const char *verb, unsigned int status)
{
	struct draft next = { NULL, NULL };
	struct revise_answer answer = { status, "object", NULL };
	int err;

	if (!may_put(target, json)) {
		json_object_put(how->warnings);
		return;
	}
	answer.value = json_object_get(json);
	err = draft_copy(&target->service->now, &next);
	snprintf(how->action, sizeof(how->action), "%s %s %s in %s", verb, target->kind->singular,
		 object_text(json, "name"), object_text(json, "namespace"));
	if (!err)
		err = draft_put(&next, target->kind, json);
	if (!err) {
		revise(target->service, target->request, &next, how, &answer);
		return;
	}
	if (err == -EEXIST)
		reply_problem(target->request, MHD_HTTP_CONFLICT, NULL,
			      "there is a %s %s in %s already", target->kind->singular,
			      object_text(json, "name"), object_text(json, "namespace"));
	else
		api_no_memory(target->request);
	json_object_put(answer.value);
	json_object_put(how->warnings);
	draft_clear(&next);
}

static void create(const struct target *target)
{
	struct json_object *json;
	struct revise_how how;
	char id[STORE_ID_SIZE];

	if (!revise_read_how(target->request, &how))
		return;
	store_new_id(id);
	json = settled(target, read_body(target, NULL, &how), target->space, id);
	if (json)
		put_and_revise(target, json, &how, "create", MHD_HTTP_CREATED);
	json_object_put(json);
}

static void update(const struct target *target, bool replace)
{
	const struct model_object *object = find(target);
	struct json_object *json;
	struct revise_how how;

	if (!object || !api_matches(target->service, target->request, object) ||
	    !revise_read_how(target->request, &how))
		return;
	json = settled(target, read_body(target, replace ? NULL : object->json, &how),
		       object->space, object->id);
	if (json)
		put_and_revise(target, json, &how, replace ? "replace" : "update", MHD_HTTP_OK);
	json_object_put(json);
}

/* Something in a namespace, or below it; NULL where there is nothing. */
static const struct model_object *content_of(const struct target *target,
					     const struct model_object *space)
{
	const struct model_object *found = NULL;
	struct model_object **objects;
	unsigned int k;
	size_t i, n;

	for (k = 0; k < N_KINDS && !found; k++) {
		if (kind_get(k)->is_derived)
			continue;
		objects = model_list(target->service->now.model, kind_get(k), space->name, true, &n);
		for (i = 0; objects && i < n && !found; i++)
			if (objects[i] != space)
				found = objects[i];
		free(objects);
	}
	return found;
}

static bool may_go(const struct target *target, const struct model_object *object)
{
	const struct model_object *content;
	bool is_space;

	if (object->kind->id != KIND_NAMESPACE)
		return true;
	if (!strcmp(object->name, "/")) {
		reply_problem(target->request, MHD_HTTP_UNPROCESSABLE_CONTENT, NULL,
			      "the namespace / is always there");
		return false;
	}
	content = content_of(target, object);
	if (!content)
		return true;
	is_space = content->kind->id == KIND_NAMESPACE;
	reply_problem(target->request, MHD_HTTP_UNPROCESSABLE_CONTENT, NULL,
		      "the namespace %s is not empty: delete the %s %s%s%s first", object->name,
		      content->kind->singular, content->name, is_space ? "" : " in ",
		      is_space ? "" : content->space);
	return false;
}

static void delete_object(const struct target *target)
{
	const struct model_object *object = find(target);
	struct draft next = { NULL, NULL };
	struct revise_answer answer = { MHD_HTTP_OK, "object", NULL };
	struct revise_how how;

	if (!object || !api_matches(target->service, target->request, object) ||
	    !revise_read_how(target->request, &how))
		return;
	if (!may_go(target, object))
		return;
	if (draft_copy(&target->service->now, &next)) {
		api_no_memory(target->request);
		return;
	}
	snprintf(how.action, sizeof(how.action), "delete %s %s in %s", target->kind->singular,
		 object->name, object->space);
	answer.value = json_object_get(object->json);
	draft_remove(&next, model_find_id(next.model, target->kind, object->id));
	revise(target->service, target->request, &next, &how, &answer);
}

/* --- routing -------------------------------------------------------------- */

/* A namespace's path may stand in the URL with its slashes as they are. */
static void read_name(struct target *target)
{
	const struct request *request = target->request;
	unsigned int i, n = request->n_path;
	size_t len = 0;

	target->name[0] = '\0';
	if (n > 3 && !strcmp(request->path[n - 1], "describe")) {
		target->describe = true;
		n--;
	}
	for (i = 2; i < n; i++)
		len += (size_t)snprintf(target->name + len, len < PATH_LEN ? PATH_LEN - len : 0,
					"%s%s", i > 2 ? "/" : "", request->path[i]);
	if (len >= PATH_LEN)
		snprintf(target->name, PATH_LEN, "?");
}

static void refuse_method(const struct target *target)
{
	reply_problem(target->request, MHD_HTTP_METHOD_NOT_ALLOWED, NULL, "%s takes no %s here",
		      target->kind->plural, target->request->method);
}

/* The host has one enforcer, made at installation. */
static bool is_writable(const struct kind *kind, const char *method)
{
	bool is_update = !strcmp(method, "PUT") || !strcmp(method, "PATCH");

	return !kind->is_derived && (kind->id != KIND_ENFORCER || is_update);
}

static void handle_all(const struct target *target)
{
	const char *method = target->request->method;

	if (!strcmp(method, "GET"))
		get_list(target);
	else if (!strcmp(method, "POST") && is_writable(target->kind, method))
		create(target);
	else
		refuse_method(target);
}

static void handle_one(const struct target *target)
{
	const char *method = target->request->method;

	if (!strcmp(method, "GET"))
		get(target);
	else if (target->describe || !is_writable(target->kind, method))
		refuse_method(target);
	else if (!strcmp(method, "PUT") || !strcmp(method, "PATCH"))
		update(target, method[1] == 'U');
	else if (!strcmp(method, "DELETE"))
		delete_object(target);
	else
		refuse_method(target);
}

void objects_handle(struct service *service, struct request *request, const struct kind *kind)
{
	struct target target = { .service = service, .request = request, .kind = kind };

	if (!parameter_namespace(request, &target.space))
		return;
	read_name(&target);
	if (target.name[0])
		handle_one(&target);
	else if (request->n_path == 2)
		handle_all(&target);
	else
		reply_problem(request, MHD_HTTP_NOT_FOUND, NULL,
			      "no %s is without a name: all of them are /v1/%s", kind->singular,
			      kind->plural);
}
