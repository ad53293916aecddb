// SPDX-License-Identifier: GPL-2.0-or-later
/* Revisions: showing, comparing and restoring them. */
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api.h"
#include "lib/json.h"
#include "parameters.h"
#include "reconcile.h"

#define LIMIT 100
#define LIMIT_MAX 1000

static void refuse_store(struct service *service, struct request *request)
{
	reply_problem(request, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL, "the store cannot be read: %s",
		      store_error(service->store));
}

/* --- showing -------------------------------------------------------------- */

/* Reason and action name objects, perhaps some that the caller may not see. */
static struct json_object *revision_json(const struct store_revision *revision, bool whole)
{
	static const char *const states[] = { "final", "trial", "confirmed", "reverted" };
	struct json_object *object = json_object_new_object();
	time_t seconds = (time_t)revision->time;
	struct tm parts;
	char text[32];

	gmtime_r(&seconds, &parts);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	json_add_number(object, "revision", revision->number);
	json_add_string(object, "time", text);
	json_add_number(object, "uid", revision->uid);
	json_add_string(object, "user", revision->user);
	json_add_string(object, "reason", whole ? revision->reason : "");
	json_add_string(object, "action", whole ? revision->action : "");
	json_add_string(object, "state", revision->state < 4 ? states[revision->state] : "final");
	json_add(object, "generation",
		 revision->generation ? json_object_new_uint64(revision->generation) : NULL);
	json_add_number(object, "changed", revision->changed);
	return object;
}

/* What somebody may see of revisions, or of a difference. */
struct shown {
	const struct service *service;
	const struct request *request;
	struct json_object *list;
};

static int add_revision(const struct store_revision *revision, void *arg)
{
	const struct shown *shown = arg;
	bool whole = api_may_read(shown->service, shown->request, "/");

	return json_object_array_add(shown->list, revision_json(revision, whole)) ? -ENOMEM : 0;
}

static int add_change(const struct store_change *change, void *arg)
{
	const struct shown *shown = arg;
	struct json_object *seen = api_change(shown->service, shown->request, change);

	return seen && json_object_array_add(shown->list, seen) ? -ENOMEM : 0;
}

static struct json_object *difference(struct service *service, const struct request *request,
				      uint64_t from, uint64_t to)
{
	struct shown shown = { service, request, json_object_new_array() };

	if (!store_diff(service->store, from, to, add_change, &shown))
		return shown.list;
	json_object_put(shown.list);
	return NULL;
}

static void get_one(struct service *service, struct request *request, uint64_t number)
{
	struct shown shown = { service, request, json_object_new_array() };
	struct json_object *object, *changes;

	if (store_revisions(service->store, number + 1, 1, add_revision, &shown) ||
	    !json_object_array_length(shown.list)) {
		json_object_put(shown.list);
		refuse_store(service, request);
		return;
	}
	object = json_object_get(json_object_array_get_idx(shown.list, 0));
	json_object_put(shown.list);
	changes = difference(service, request, number - 1, number);
	json_add(object, "changes", changes ? changes : json_object_new_array());
	reply_json(request, MHD_HTTP_OK, object);
}

/* A revision's number in a path, 0 where there is none such. */
static uint64_t number_of(const struct service *service, const char *text)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	if (*text < '1' || *text > '9' || *end || number > store_newest(service->store) ||
	    number < store_oldest(service->store))
		return 0;
	return number;
}

void revisions_get(struct service *service, struct request *request)
{
	unsigned long long limit = LIMIT, before = store_newest(service->store) + 1;
	struct shown shown = { service, request, NULL };
	uint64_t number;

	if (request->n_path > 2) {
		number = request->n_path == 3 ? number_of(service, request->path[2]) : 0;
		if (number)
			get_one(service, request, number);
		else
			reply_problem(request, MHD_HTTP_NOT_FOUND, NULL, "there is no revision %s",
				      request->path[2]);
		return;
	}
	if (!parameter_number(request, "limit", 1, LIMIT_MAX, &limit) ||
	    !parameter_number(request, "before", 0, INT64_MAX, &before))
		return;
	shown.list = json_object_new_array();
	if (!store_revisions(service->store, before, (unsigned int)limit, add_revision, &shown)) {
		reply_json(request, MHD_HTTP_OK, shown.list);
		return;
	}
	json_object_put(shown.list);
	refuse_store(service, request);
}

void revisions_diff(struct service *service, struct request *request)
{
	unsigned long long newest = store_newest(service->store), to = newest;
	unsigned long long from = service->enforced ? service->enforced : newest;
	struct json_object *object, *changes;

	/* What the oldest began with is known from its own changes. */
	unsigned long long oldest = store_oldest(service->store) - 1;

	if (!parameter_number(request, "from", oldest, newest, &from) ||
	    !parameter_number(request, "to", oldest, newest, &to))
		return;
	changes = difference(service, request, from, to);
	if (!changes) {
		refuse_store(service, request);
		return;
	}
	object = json_object_new_object();
	json_add_number(object, "from", from);
	json_add_number(object, "to", to);
	json_add(object, "changes", changes);
	reply_json(request, MHD_HTTP_OK, object);
}

/* --- restoring ------------------------------------------------------------ */

/* Going back from a trial is the kernel's own affair, and is one revision already. */
static bool end_trial(struct service *service, struct request *request, const struct revise_how *how)
{
	const struct store_revision author = {
		.uid = request->caller->uid,
		.user = request->caller->user,
		.reason = how->reason,
	};
	int err = reconcile_end_trial(service, &author);

	if (err)
		reply_problem(request,
			      service->overdue ? MHD_HTTP_INSUFFICIENT_STORAGE : MHD_HTTP_CONFLICT,
			      NULL, "%s",
			      service->overdue ? service->problem :
						 enforce_why(service->enforce, err));
	return !err;
}

/*
 * All of it is asked before the first step: a refusal must leave the trial as it is. Who
 * administers the host ends anybody's: it would come to an end by itself.
 */
static bool may_end_trial(struct service *service, struct request *request, uint64_t to)
{
	uint64_t newest = store_newest(service->store);

	if (to == newest - 1 && revise_administers(service, request))
		return true;
	return api_may_change_host(service, request) &&
	       revise_may_go(service, request, newest, newest - 1) &&
	       revise_may_go(service, request, newest, to);
}

static void rollback_to(struct service *service, struct request *request, uint64_t to,
			struct revise_how *how)
{
	const struct revise_answer answer = { MHD_HTTP_OK, NULL, NULL };
	struct draft next = { NULL, NULL };
	struct changes changes = { NULL, 0 };
	int err = reconcile_difference(service, store_newest(service->store), to, &changes);

	if (!err)
		err = draft_copy(&service->now, &next);
	if (!err)
		err = draft_apply(&next, &changes);
	changes_clear(&changes);
	snprintf(how->action, sizeof(how->action), "rollback to %" PRIu64, to);
	if (!err) {
		revise(service, request, &next, how, &answer);
		return;
	}
	draft_clear(&next);
	reply_problem(request, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL,
		      "revision %" PRIu64 " cannot be restored: %s", to, strerror(-err));
}

void revisions_rollback(struct service *service, struct request *request)
{
	unsigned long long newest, to = 0;
	struct revise_how how;

	reconcile_follow(service);
	newest = store_newest(service->store);
	if (!revise_read_how(request, &how) ||
	    !parameter_number(request, "to", store_oldest(service->store), newest, &to))
		return;
	if (!to)
		to = newest > 1 ? newest - 1 : newest;
	if (service->on_trial && !how.check &&
	    (!may_end_trial(service, request, to) || !end_trial(service, request, &how)))
		return;
	rollback_to(service, request, to, &how);
}
