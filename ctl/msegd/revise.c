// SPDX-License-Identifier: GPL-2.0-or-later
/* Making revisions. */
#include "revise.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/mseg.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/json.h"
#include "lib/text.h"
#include "model/kinds.h"
#include "model/object.h"
#include "model/path.h"
#include "parameters.h"
#include "plan.h"
#include "reconcile.h"

#define REASON_MAX 1024

/* Of an author's name, in what is said to others. */
#define USER_LEN 64

/* Seconds of a trial by who does not administer the host's namespace: nobody else may change anything then. */
#define EDITORS_TRIAL_MAX 3600

/* Changed objects that are looked at by themselves, not all with all. */
#define WARNED_ONE_BY_ONE 16

/* --- how ------------------------------------------------------------------ */

bool revise_read_how(struct request *request, struct revise_how *how)
{
	static const char *const words[] = { "rematch", "keep", "reset", NULL };
	unsigned long long seconds = 0;
	unsigned int existing = MSEG_EXISTING_REMATCH;

	memset(how, 0, sizeof(*how));
	how->reason = request_get(request, "reason");
	if (!how->reason)
		how->reason = "";
	if (!parameter_word(request, "existing", words, &existing) ||
	    !parameter_number(request, "confirmWithin", 1, MSEG_MAX_CONFIRM_WITHIN, &seconds) ||
	    !parameter_bool(request, "check", &how->check))
		return false;
	if (strlen(how->reason) > REASON_MAX) {
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "a reason has %u bytes at most",
			      REASON_MAX);
		return false;
	}
	if (!text_is_plain(how->reason, strlen(how->reason))) {
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL,
			      "a reason is UTF-8 without control characters, not %s",
			      text_show(how->reason, strlen(how->reason)).s);
		return false;
	}
	how->existing = (uint8_t)existing;
	how->confirm_within = (uint32_t)seconds;
	return true;
}

/* --- permission ----------------------------------------------------------- */

static bool has(const struct service *service, const struct request *request, unsigned int role,
		const char *namespace)
{
	return config_roles(service->config, request->caller, namespace) & role;
}

/* Which defaults and rulesets hold for a host: moving it can undo what is decided above. */
static bool chooses_policy(const struct store_change *change)
{
	static const char *const fields[] = { "name", "namespace", "associatedTags" };
	struct json_object *before, *after, *was, *is;
	bool differs = false;
	size_t i;

	if (!change->before || !change->after ||
	    strcmp(change->kind, kind_get(KIND_ENFORCER)->singular) != 0)
		return false;
	before = json_tokener_parse(change->before);
	after = json_tokener_parse(change->after);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		was = is = NULL;
		json_object_object_get_ex(before, fields[i], &was);
		json_object_object_get_ex(after, fields[i], &is);
		differs |= !json_object_equal(was, is);
	}
	json_object_put(before);
	json_object_put(after);
	return differs;
}

static bool may_change(const struct service *service, const struct request *request,
		       const struct store_change *change, const char *body)
{
	struct json_object *object = json_tokener_parse(body);
	const char *namespace = object_text(object, "namespace");
	char parent[PATH_LEN] = "/";
	unsigned int role = ROLE_ADMIN;
	bool may;

	if (!strcmp(change->kind, kind_get(KIND_NAMESPACE)->singular))
		path_parent(object_text(object, "name"), parent);
	else if (namespace && chooses_policy(change))
		path_parent(namespace, parent);
	else
		snprintf(parent, sizeof(parent), "%s", namespace ? namespace : "/");
	if (!strcmp(change->kind, kind_get(KIND_EXTERNALNETWORK)->singular) ||
	    !strcmp(change->kind, kind_get(KIND_RULESET)->singular))
		role = ROLE_EDIT;
	may = has(service, request, role, parent);
	json_object_put(object);
	return may;
}

/* Where it is, and where it comes to be. */
bool revise_may(struct service *service, struct request *request, const struct changes *changes)
{
	size_t i;

	for (i = 0; i < changes->n; i++) {
		const struct store_change *change = &changes->list[i];

		if ((!change->before || may_change(service, request, change, change->before)) &&
		    (!change->after || may_change(service, request, change, change->after)))
			continue;
		if (has(service, request, ROLE_READ, change->namespace))
			reply_problem(request, MHD_HTTP_FORBIDDEN, NULL,
				      "%s may not change the %s %s in %s", request->caller->user,
				      change->kind, change->name, change->namespace);
		else
			reply_problem(request, MHD_HTTP_FORBIDDEN, NULL,
				      "%s may not change all that this changes",
				      request->caller->user);
		return false;
	}
	return true;
}

bool revise_administers(const struct service *service, const struct request *request)
{
	const struct model_object *enforcer = plan_enforcer(service->now.model);

	return has(service, request, ROLE_ADMIN, enforcer ? enforcer->space : "/");
}

bool revise_may_go(struct service *service, struct request *request, uint64_t from, uint64_t to)
{
	struct changes changes = { NULL, 0 };
	int err = reconcile_difference(service, from, to, &changes);
	bool may = !err && revise_may(service, request, &changes);

	if (err)
		reply_problem(request, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL,
			      "the store cannot be read: %s", store_error(service->store));
	changes_clear(&changes);
	return may;
}

/* --- answers -------------------------------------------------------------- */

/* A revision on its way. */
struct revising {
	struct service *service;
	struct request *request;
	struct draft *next;
	struct revise_how *how;
	struct changes changes;
	struct plan plan;
};

static int take_revision(const struct store_object *object, void *arg)
{
	*(uint64_t *)arg = object->revision;
	return 0;
}

uint64_t revise_of(const struct service *service, const struct model_object *object)
{
	uint64_t revision = 0;

	store_find(service->store, object->kind->singular, NULL, object->id, take_revision,
		   &revision);
	return revision;
}

/* An object that stays as it was keeps its ETag. */
static uint64_t etag_of(const struct revising *revising, const struct revise_answer *answer)
{
	const struct service *service = revising->service;
	const char *id = answer->key ? object_text(answer->value, "ID") : NULL;
	const struct model_object *object = NULL;
	unsigned int i;

	if (!revising->changes.n && id)
		for (i = 0; i < N_KINDS && !object; i++)
			object = model_find_id(service->now.model, kind_get(i), id);
	return object ? revise_of(service, object) : store_newest(service->store);
}

static struct json_object *joined(struct json_object *first, struct json_object *second)
{
	size_t i, n = second ? json_object_array_length(second) : 0;

	if (!first)
		first = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(first, json_object_get(json_object_array_get_idx(second, i)));
	return first;
}

static struct json_object *number_or_null(uint64_t number)
{
	return number ? json_object_new_uint64(number) : NULL;
}

static struct json_object *list_changes(const struct changes *changes)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < changes->n; i++)
		json_object_array_add(list, changes_json(&changes->list[i], false));
	return list;
}

static void answer_with(struct revising *revising, const struct revise_answer *answer)
{
	const struct service *service = revising->service;
	struct json_object *object = json_object_new_object();
	struct revise_how *how = revising->how;
	uint64_t revision = store_newest(service->store);

	if (answer->key)
		json_add(object, answer->key, json_object_get(answer->value));
	json_add(object, "changes", list_changes(&revising->changes));
	json_add_number(object, "revision", revision);
	json_add(object, "generation", number_or_null(service->enforced ? service->generation : 0));
	json_add(object, "confirmWithin", number_or_null(how->confirm_within));
	json_add_bool(object, "check", how->check);
	json_add(object, "warnings", joined(how->warnings, revising->plan.findings.warnings));
	how->warnings = NULL;
	if (!how->check) {
		revising->request->reply.revision = etag_of(revising, answer);
		revising->request->reply.is_of_change = true;
	}
	reply_json(revising->request, answer->status, object);
}

static void refuse_store(struct service *service, struct request *request, int err)
{
	unsigned int status = MHD_HTTP_INTERNAL_SERVER_ERROR;

	if (err == -ENOSPC || err == -EROFS || err == -EIO)
		status = MHD_HTTP_INSUFFICIENT_STORAGE;
	else if (err == -EEXIST)
		status = MHD_HTTP_CONFLICT;
	reply_problem(request, status, NULL, "it cannot be stored: %s; the policy in force stays",
		      store_error(service->store));
}

static void refuse_kernel(struct service *service, struct request *request, int err)
{
	unsigned int status = MHD_HTTP_UNPROCESSABLE_CONTENT;

	if (err == -ENOENT || err == -ENODEV)
		status = MHD_HTTP_SERVICE_UNAVAILABLE;
	else if (err == -EBUSY || err == -EPERM || err == -ESTALE)
		status = MHD_HTTP_CONFLICT;
	else if (err == -ENOMEM)
		status = MHD_HTTP_SERVICE_UNAVAILABLE;
	reply_problem(request, status, NULL,
		      "the kernel does not take it: %s; the policy in force stays",
		      enforce_why(service->enforce, err));
}

/* --- the revision --------------------------------------------------------- */

static int write_revision(const struct revising *revising)
{
	struct store_revision revision = {
		.time = time(NULL),
		.uid = revising->request->caller->uid,
		.user = revising->request->caller->user,
		.reason = revising->how->reason,
		.action = revising->how->action,
		.state = revising->how->confirm_within ? STORE_TRIAL : STORE_FINAL,
	};
	struct store *store = revising->service->store;
	int err = store_begin(store, &revision);

	if (err)
		return err;
	err = changes_write(&revising->changes, store);
	if (err)
		store_abort(store);
	return err;
}

/* Reason and action name objects, perhaps some that who listens may not see. */
static struct json_object *event_of(const struct revising *revising, bool whole)
{
	const struct service *service = revising->service;
	struct json_object *data = json_object_new_object();

	json_add_number(data, "revision", service->enforced);
	json_add_number(data, "generation", service->generation);
	json_add_number(data, "uid", revising->request->caller->uid);
	json_add_string(data, "user", revising->request->caller->user);
	json_add_string(data, "reason", whole ? revising->how->reason : "");
	json_add_string(data, "action", whole ? revising->how->action : "");
	json_add_number(data, "changed", revising->changes.n);
	json_add_bool(data, "trial", revising->how->confirm_within);
	return data;
}

static void tell(const struct revising *revising)
{
	const struct service *service = revising->service;
	struct json_object *data = json_object_new_object();

	events_tell_revision(service->events, event_of(revising, true), event_of(revising, false));
	json_add_number(data, "generation", service->generation);
	events_tell(service->events, "apply", data);
}

/* What nobody's connections would notice is left to the store: rules keep their counters. */
static bool changes_nothing(const struct revising *revising)
{
	const struct revise_how *how = revising->how;
	struct service *service = revising->service;

	return service->enforced && !how->confirm_within && how->existing != MSEG_EXISTING_RESET &&
	       digest_is(&service->digest, revising->plan.compiled->policy, service->generation);
}

/* Those that a policy let be are not judged before the next one. */
static void remember(const struct revising *revising)
{
	struct service *service = revising->service;

	service->digest.generation = 0;
	if (revising->how->existing != MSEG_EXISTING_KEEP)
		digest_make(revising->plan.compiled->policy, service->generation, &service->digest);
}

/* Step 4: without it the kernel would go back by itself. */
static void conclude(const struct revising *revising, uint32_t generation)
{
	struct service *service = revising->service;
	bool is_new = generation != service->generation;

	draft_clear(&service->now);
	service->now = *revising->next;
	plan_forget_places(service->now.model);
	*revising->next = (struct draft){ NULL, NULL };
	service->enforced = store_newest(service->store);
	service->generation = generation;
	service->on_trial = revising->how->confirm_within;
	service->unsettled = false;
	service->problem[0] = '\0';
	if (!is_new)
		return;
	remember(revising);
	if (!service->on_trial && enforce_confirm(service->enforce, generation))
		reconcile(service);
}

static int enforce(const struct revising *revising, uint32_t *generation)
{
	const struct revise_how *how = revising->how;
	struct service *service = revising->service;
	struct enforce_options options = {
		.existing = how->existing,
		.confirm_within = how->confirm_within ? how->confirm_within : RECONCILE_PATIENCE,
	};

	*generation = service->generation;
	if (changes_nothing(revising))
		return 0;
	return enforce_load(service->enforce, revising->plan.compiled->policy, &options, generation);
}

static bool enforce_and_store(const struct revising *revising)
{
	struct service *service = revising->service;
	uint32_t generation, former = service->generation;
	int err = write_revision(revising);

	if (err) {
		refuse_store(service, revising->request, err);
		return false;
	}
	err = enforce(revising, &generation);
	if (err) {
		store_abort(service->store);
		refuse_kernel(service, revising->request, err);
		return false;
	}
	err = store_commit(service->store, generation);
	if (err) {
		refuse_store(service, revising->request, err);
		if (generation != former) {
			enforce_revert(service->enforce);
			reconcile(service);
		}
		return false;
	}
	conclude(revising, generation);
	tell(revising);
	return true;
}

static int take_user(const struct store_revision *revision, void *arg)
{
	snprintf(arg, USER_LEN, "%s", revision->user);
	return 0;
}

/* Who holds it, until when, and what ends it. */
static void refuse_for_trial(struct service *service, struct request *request, uint32_t left)
{
	time_t until = time(NULL) + left;
	char user[USER_LEN] = "", date[32];
	struct tm tm;

	store_revisions(service->store, service->enforced + 1, 1, take_user, user);
	strftime(date, sizeof(date), "%FT%TZ", gmtime_r(&until, &tm));
	reply_problem(request, MHD_HTTP_CONFLICT, NULL,
		      "revision %" PRIu64 " of %s awaits confirmation until %s, in %u s: "
		      "'mctl confirm' keeps it, 'mctl rollback' goes back from it at once",
		      service->enforced, user, date, left);
}

/* Whether the kernel can be changed now. */
static bool is_ready(struct service *service, struct request *request)
{
	struct kernel_status status;
	int err;

	reconcile_follow(service);
	err = enforce_status(service->enforce, &status);
	if (err)
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "%s",
			      enforce_why(service->enforce, err));
	else if (!status.attached)
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
			      "the module is detached from this network namespace");
	else if (status.locked)
		reply_problem(request, MHD_HTTP_CONFLICT, NULL,
			      "the policy is locked until the machine starts anew");
	else if (service->overdue)
		reply_problem(request, MHD_HTTP_INSUFFICIENT_STORAGE, NULL, "%s", service->problem);
	else if (service->on_trial)
		refuse_for_trial(service, request, status.confirm_left);
	else if (status.confirm_left)
		reply_problem(request, MHD_HTTP_CONFLICT, NULL,
			      "a policy that is not msegd's awaits confirmation");
	return !request->reply.status;
}

/* What goes may be missed by others; else those are looked at that change. */
static bool concerns_all(const struct changes *changes)
{
	size_t i;

	for (i = 0; i < changes->n; i++)
		if (!changes->list[i].after ||
		    !strcmp(changes->list[i].kind, kind_get(KIND_NAMESPACE)->singular))
			return true;
	return changes->n > WARNED_ONE_BY_ONE;
}

static void warn_one_by_one(struct revising *revising)
{
	const struct model *model = revising->next->model;
	const struct changes *changes = &revising->changes;
	const struct model_object *object;
	size_t i;

	for (i = 0; i < changes->n && i < WARNED_ONE_BY_ONE; i++) {
		const struct store_change *change = &changes->list[i];
		const struct kind *kind = kind_find(change->kind, strlen(change->kind));

		object = model_find_id(model, kind, change->id);
		if (object)
			plan_warn(model, &revising->plan, object);
	}
}

/* Who does not read all is told of the changed objects alone, and of no others' names. */
static void warn(struct revising *revising)
{
	bool reads_all = has(revising->service, revising->request, ROLE_READ, "/");

	if (reads_all && concerns_all(&revising->changes))
		plan_warn(revising->next->model, &revising->plan, NULL);
	else
		warn_one_by_one(revising);
	if (!reads_all)
		findings_forget_hints(&revising->plan.findings);
	else if (revising->changes.n)
		plan_warn_host(&revising->plan);
}

static bool plan(struct revising *revising)
{
	struct request *request = revising->request;
	int err = plan_make(revising->next->model, request_get(request, "file"), &revising->plan);

	if (err == -EINVAL)
		reply_problem(request, MHD_HTTP_UNPROCESSABLE_CONTENT,
			      json_object_get(revising->plan.findings.errors),
			      "the objects do not fit together");
	else if (err)
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "%s", strerror(-err));
	else
		warn(revising);
	return !err;
}

/* While a trial goes on nobody else can change anything. */
static bool may_try(const struct service *service, struct request *request, uint32_t seconds)
{
	if (seconds <= EDITORS_TRIAL_MAX || revise_administers(service, request))
		return true;
	reply_problem(request, MHD_HTTP_FORBIDDEN, NULL,
		      "a trial of more than %d s needs the role admin in the host's namespace",
		      EDITORS_TRIAL_MAX);
	return false;
}

static bool make(struct revising *revising)
{
	struct service *service = revising->service;
	struct request *request = revising->request;

	if (!may_try(service, request, revising->how->confirm_within))
		return false;

	if (draft_changes(&service->now, revising->next, &revising->changes)) {
		reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, "no memory");
		return false;
	}
	if (!revise_may(service, request, &revising->changes) || !plan(revising))
		return false;
	if (revising->how->check || !revising->changes.n)
		return true;
	return is_ready(service, request) && enforce_and_store(revising);
}

void revise(struct service *service, struct request *request, struct draft *next,
	    struct revise_how *how, const struct revise_answer *answer)
{
	struct revising revising = {
		.service = service,
		.request = request,
		.next = next,
		.how = how,
	};

	if (make(&revising))
		answer_with(&revising, answer);
	json_object_put(answer->value);
	json_object_put(how->warnings);
	how->warnings = NULL;
	plan_clear(&revising.plan);
	changes_clear(&revising.changes);
	draft_clear(next);
}
