// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bringing kernel and store together.
 *
 * Generations do not tell which revision the kernel enforces: they begin anew with
 * every loading of the module. Its policy is read back and compared instead.
 */
#include "reconcile.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/mseg.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/json.h"
#include "log.h"
#include "plan.h"

/* The first revision is the fresh install's own. */
#define FIRST 1

static void __attribute__((format(printf, 2, 3)))
trouble(struct service *service, const char *format, ...)
{
	char before[sizeof(service->problem)];
	va_list args;

	memcpy(before, service->problem, sizeof(before));
	va_start(args, format);
	vsnprintf(service->problem, sizeof(service->problem), format, args);
	va_end(args);
	if (strcmp(before, service->problem))
		log_warning("%s", service->problem);
}

static void in_force(struct service *service, uint64_t revision, uint32_t generation, bool on_trial)
{
	service->enforced = revision;
	service->generation = generation;
	service->on_trial = on_trial;
	service->unsettled = false;
	service->problem[0] = '\0';
}

static int take_revision(const struct store_revision *revision, void *arg)
{
	*(enum store_state *)arg = revision->state;
	return 0;
}

static enum store_state newest_state(struct service *service)
{
	enum store_state state = STORE_FINAL;

	store_revisions(service->store, UINT64_MAX >> 1, 1, take_revision, &state);
	return state;
}

/* --- differences ---------------------------------------------------------- */

static int take_difference(const struct store_change *change, void *arg)
{
	return changes_add(arg, change);
}

int reconcile_difference(struct service *service, uint64_t from, uint64_t to,
			 struct changes *changes)
{
	return store_diff(service->store, from, to, take_difference, changes);
}

/* --- the end of a trial --------------------------------------------------- */

static void tell(struct service *service, const char *type, uint64_t revision)
{
	struct json_object *data = json_object_new_object();

	json_add_number(data, "revision", revision);
	json_add_number(data, "generation", service->generation);
	events_tell(service->events, type, data);
}

/*
 * The revision before the newest becomes the newest again, under a new number. What
 * can fail comes before the commit: what is stored must not count as not stored.
 */
static int store_reverted(struct service *service, const struct store_revision *author,
			  uint32_t generation)
{
	uint64_t newest = store_newest(service->store);
	struct store_revision revision = *author;
	struct changes changes = { NULL, 0 };
	struct draft former = { NULL, NULL };
	char action[64];
	int err = reconcile_difference(service, newest, newest - 1, &changes);

	snprintf(action, sizeof(action), "rollback to %" PRIu64, newest - 1);
	revision.action = action;
	revision.time = time(NULL);
	revision.state = STORE_FINAL;
	if (!err)
		err = draft_copy(&service->now, &former);
	if (!err)
		err = draft_apply(&former, &changes);
	if (!err)
		err = store_begin(service->store, &revision);
	if (!err) {
		err = store_set_state(service->store, newest, STORE_REVERTED);
		if (!err)
			err = changes_write(&changes, service->store);
		if (!err)
			err = store_commit(service->store, generation);
		else
			store_abort(service->store);
	}
	if (!err) {
		draft_clear(&service->now);
		service->now = former;
		former = (struct draft){ NULL, NULL };
	}
	draft_clear(&former);
	changes_clear(&changes);
	return err;
}

static int record_reverted(struct service *service, const struct store_revision *author,
			   uint32_t generation)
{
	uint64_t newest = store_newest(service->store);
	int err = store_reverted(service, author, generation);

	service->overdue = err;
	if (err) {
		trouble(service,
			"revision %" PRIu64 " was not confirmed, which cannot be stored: %s",
			newest, store_error(service->store));
		return err;
	}
	in_force(service, newest + 1, generation, false);
	tell(service, "rollback", newest + 1);
	return 0;
}

static int too_late(struct service *service, uint32_t generation)
{
	const struct store_revision kernel = {
		.uid = getuid(),
		.user = "msegd",
		.reason = "not confirmed in time",
	};

	return record_reverted(service, &kernel, generation);
}

int reconcile_end_trial(struct service *service, const struct store_revision *author)
{
	struct kernel_status status;
	int err = enforce_revert(service->enforce);

	if (err && err != -ESRCH)
		return err;
	err = enforce_status(service->enforce, &status);
	return err ? err : record_reverted(service, author, status.generation);
}

static void confirmed(struct service *service)
{
	service->on_trial = false;
	tell(service, "confirm", service->enforced);
}

/* The store first: what it says is confirmed, the next start will confirm. */
static int confirm(struct service *service)
{
	uint64_t newest = store_newest(service->store);
	int err = store_set_state(service->store, newest, STORE_CONFIRMED);

	if (err)
		return err;
	err = enforce_confirm(service->enforce, service->generation);
	if (!err)
		confirmed(service);
	else
		store_set_state(service->store, newest, STORE_TRIAL);
	return err;
}

/* What is wrong with a wish to confirm, or NULL. */
static bool meant(struct service *service, struct request *request)
{
	struct json_object *body = NULL, *number;
	int64_t generation = 0, revision = 0;

	if (request->len) {
		body = json_tokener_parse(request->body);
		if (!json_object_is_type(body, json_type_object)) {
			json_object_put(body);
			reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL,
				      "the body is no JSON object");
			return false;
		}
		if (json_object_object_get_ex(body, "generation", &number))
			generation = json_object_get_int64(number);
		if (json_object_object_get_ex(body, "revision", &number))
			revision = json_object_get_int64(number);
		json_object_put(body);
	}
	if (!service->on_trial)
		reply_problem(request, MHD_HTTP_CONFLICT, NULL,
			      "nothing awaits confirmation: it was confirmed, or its time is over");
	else if ((generation && generation != service->generation) ||
		 (revision && revision != (int64_t)service->enforced))
		reply_problem(request, MHD_HTTP_CONFLICT, NULL,
			      "revision %" PRIu64 ", generation %u, awaits confirmation",
			      service->enforced, service->generation);
	return !request->reply.status;
}

void reconcile_confirm(struct service *service, struct request *request)
{
	struct json_object *answer;
	int err;

	reconcile_follow(service);
	if (!meant(service, request))
		return;
	err = confirm(service);
	if (err == -ENOSPC || err == -EROFS || err == -EIO) {
		reply_problem(request, MHD_HTTP_INSUFFICIENT_STORAGE, NULL,
			      "that cannot be stored: %s", store_error(service->store));
		return;
	}
	if (err) {
		reply_problem(request, MHD_HTTP_CONFLICT, NULL, "the kernel refused: %s",
			      enforce_why(service->enforce, err));
		return;
	}
	answer = json_object_new_object();
	json_add_number(answer, "revision", service->enforced);
	json_add_number(answer, "generation", service->generation);
	reply_json(request, MHD_HTTP_OK, answer);
}

/* --- following ------------------------------------------------------------ */

static void gone(struct service *service, const char *why)
{
	service->enforced = 0;
	service->instance = 0;
	trouble(service, "%s", why);
}

static void follow_trial(struct service *service, const struct kernel_status *status)
{
	uint64_t newest = store_newest(service->store);

	if (status->confirm_left && status->generation == service->generation)
		return;
	if (status->generation != service->generation)
		too_late(service, status->generation);
	else if (!store_set_state(service->store, newest, STORE_CONFIRMED))
		confirmed(service);
}

void reconcile_follow(struct service *service)
{
	struct kernel_status status;

	if (enforce_status(service->enforce, &status)) {
		gone(service, "the module is not loaded: nothing is enforced");
	} else if (!status.attached) {
		gone(service,
		     "the module is detached from this network namespace: nothing is enforced");
	} else if (service->instance != enforce_instance(service->enforce)) {
		reconcile(service);
	} else if (service->overdue) {
		too_late(service, status.generation);
	} else if (service->on_trial) {
		follow_trial(service, &status);
	} else if (status.generation != service->generation) {
		service->enforced = 0;
		trouble(service,
			"generation %u came into force past msegd: the next change replaces it",
			status.generation);
	}
}

/* --- starting ------------------------------------------------------------- */

/* Put the newest revision's policy in force; nobody waits for its confirmation. */
static int load(struct service *service, const struct plan *plan, uint32_t *generation)
{
	struct enforce_options options = { MSEG_EXISTING_REMATCH, RECONCILE_PATIENCE };
	int err = enforce_load(service->enforce, plan->compiled->policy, &options, generation);

	return err ? err : enforce_confirm(service->enforce, *generation);
}

/* The newest revision is in force, and not on trial. */
static void settled(struct service *service, const struct plan *plan, uint32_t generation)
{
	in_force(service, store_newest(service->store), generation, false);
	digest_make(plan->compiled->policy, generation, &service->digest);
}

static void load_newest(struct service *service, const struct plan *plan)
{
	uint32_t generation;
	int err = load(service, plan, &generation);

	service->unsettled = err;
	if (err)
		trouble(service, "the kernel does not take the newest revision: %s",
			enforce_why(service->enforce, err));
	else
		settled(service, plan, generation);
}

/* The store cannot be told that a trial is over; the kernel can. */
static void load_former(struct service *service)
{
	uint64_t newest = store_newest(service->store);
	struct changes changes = { NULL, 0 };
	struct draft former = { NULL, NULL };
	struct plan plan = { 0 };
	uint32_t generation;
	int err = draft_copy(&service->now, &former);

	if (!err)
		err = reconcile_difference(service, newest, newest - 1, &changes);
	if (!err)
		err = draft_apply(&former, &changes);
	if (!err)
		err = plan_make(former.model, NULL, &plan);
	if (!err)
		err = load(service, &plan, &generation);
	if (!err)
		service->enforced = newest - 1;
	plan_clear(&plan);
	draft_clear(&former);
	changes_clear(&changes);
}

/* A trial of the kernel's that was going on, of the newest revision or of none. */
static int settle_kernel_trial(struct service *service, struct kernel_status *status, int *same)
{
	int err;

	if (!status->confirm_left)
		return 0;
	if (*same && newest_state(service) == STORE_TRIAL)
		return 0;
	if (*same)
		return enforce_confirm(service->enforce, status->generation);
	err = enforce_revert(service->enforce);
	return err ? err : enforce_status(service->enforce, status);
}

/* The store's trial is over where the kernel's is. Whether there is more to do. */
static bool settle_store_trial(struct service *service, const struct kernel_status *status, int same)
{
	if (newest_state(service) != STORE_TRIAL)
		return true;
	if (same && status->confirm_left) {
		in_force(service, store_newest(service->store), status->generation, true);
		return false;
	}
	if (same)
		return store_set_state(service->store, store_newest(service->store),
				       STORE_CONFIRMED) == 0;
	if (too_late(service, status->generation))
		load_former(service);
	else
		reconcile(service);
	return false;
}

static void settle(struct service *service, const struct plan *plan, struct kernel_status *status,
		   int same)
{
	int err = settle_kernel_trial(service, status, &same);

	if (!err && !same)
		err = same = enforce_is(service->enforce, plan->compiled->policy);
	service->unsettled = err < 0;
	if (err < 0) {
		trouble(service, "the kernel's state cannot be settled: %s",
			enforce_why(service->enforce, err));
		return;
	}
	if (!settle_store_trial(service, status, same))
		return;
	if (same)
		settled(service, plan, status->generation);
	else if (store_newest(service->store) > FIRST)
		load_newest(service, plan);
	else
		trouble(service,
			"the kernel enforces a policy that is not msegd's: the first change replaces it");
}

void reconcile(struct service *service)
{
	struct kernel_status status;
	struct plan plan = { 0 };
	int same, err = enforce_status(service->enforce, &status);

	if (err || !status.attached)
		return reconcile_follow(service);
	service->instance = enforce_instance(service->enforce);
	service->generation = status.generation;
	service->digest.generation = 0;
	service->enforced = 0;
	service->on_trial = service->overdue = false;
	err = plan_make(service->now.model, NULL, &plan);
	same = err ? err : enforce_is(service->enforce, plan.compiled->policy);
	if (err)
		trouble(service, "the newest revision cannot be compiled");
	else if (same < 0)
		trouble(service, "the kernel's policy cannot be read: %s",
			enforce_why(service->enforce, same));
	else
		settle(service, &plan, &status, same);
	plan_clear(&plan);
}
