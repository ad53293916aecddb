// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /v1/staged. What is staged is a document as it was written, with the parameters that
 * say how it is read; whatever is asked about it is asked of POST /v1/apply.
 */
#include "staged.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api.h"
#include "file.h"
#include "lib/json.h"
#include "log.h"
#include "model/object.h"
#include "preview.h"

struct staged {
	char *file;
	/* As the file holds it, or NULL. */
	struct json_object *now;
};

/* Parameters that belong to the document. */
static const char *const kept[] = { "namespace", "set", "file" };

/* --- the file ------------------------------------------------------------- */

/* It is no policy in force: the service goes on without it. */
static int set_aside(const char *file)
{
	char *aside = NULL;
	int err = asprintf(&aside, "%s.damaged", file) < 0 ? -ENOMEM : 0;

	if (!err && rename(file, aside))
		err = -errno;
	if (!err)
		log_error("%s makes no sense: it is %s now, and nothing is staged", file, aside);
	free(aside);
	return err;
}

int staged_open(const char *directory, struct staged **result)
{
	struct staged *staged = calloc(1, sizeof(*staged));
	int err = -ENOMEM;

	*result = NULL;
	if (staged && asprintf(&staged->file, "%s/staged.json", directory) >= 0)
		err = file_read(staged->file, &staged->now);
	if (err == -EUCLEAN)
		err = set_aside(staged->file);
	else if (err == -ENOENT)
		err = 0;
	if (err) {
		log_error("%s/staged.json: %s", directory, strerror(-err));
		staged_close(staged);
		return err;
	}
	*result = staged;
	return 0;
}

void staged_close(struct staged *staged)
{
	if (!staged)
		return;
	json_object_put(staged->now);
	free(staged->file);
	free(staged);
}

static uint64_t version_of(const struct staged *staged)
{
	return staged->now ?
		       json_object_get_uint64(json_object_object_get(staged->now, "version")) :
		       0;
}

static void refuse_disk(struct request *request, int err)
{
	reply_problem(request, MHD_HTTP_INSUFFICIENT_STORAGE, NULL,
		      "it cannot be stored: %s; what is staged stays", strerror(-err));
}

static bool forget(struct staged *staged, struct request *request)
{
	if (remove(staged->file) && errno != ENOENT) {
		refuse_disk(request, -errno);
		return false;
	}
	json_object_put(staged->now);
	staged->now = NULL;
	return true;
}

/* --- who ------------------------------------------------------------------ */

static bool is_own(const struct staged *staged, const struct request *request)
{
	struct json_object *uid = json_object_object_get(staged->now, "uid");

	return staged->now && request->caller->uid == (uid_t)json_object_get_int64(uid);
}

/* What somebody staged may name what others do not see. */
static bool is_for(const struct service *service, struct request *request)
{
	const struct staged *staged = service->staged;

	if (!staged->now) {
		reply_problem(request, MHD_HTTP_NOT_FOUND, NULL, "nothing is staged");
		return false;
	}
	if (is_own(staged, request) || api_may_read(service, request, "/"))
		return true;
	reply_problem(request, MHD_HTTP_FORBIDDEN, NULL, "%s may not read what %s staged",
		      request->caller->user, object_text(staged->now, "user"));
	return false;
}

/* Nobody replaces or applies what he has not seen; his own he has. */
static bool matches(const struct staged *staged, struct request *request)
{
	char etag[32];

	snprintf(etag, sizeof(etag), "\"%" PRIu64 "\"", version_of(staged));
	if (request->if_match ? !strcmp(request->if_match, "*") || !strcmp(request->if_match, etag) :
				!staged->now || is_own(staged, request))
		return true;
	if (request->if_match)
		reply_problem(request, MHD_HTTP_PRECONDITION_FAILED, NULL,
			      "what is staged is another by now: read it again");
	else
		reply_problem(request, MHD_HTTP_CONFLICT, NULL,
			      "%s has staged something: read it, and name it with If-Match",
			      object_text(staged->now, "user"));
	return false;
}

/* --- asking about it ------------------------------------------------------ */

static bool add_parameter(struct request *request, const char *name, const char *value)
{
	struct request_parameter *added = &request->query[request->n_query];

	if (request->n_query == REQUEST_PARTS_MAX) {
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "there are too many parameters");
		return false;
	}
	added->name = strdup(name);
	added->value = strdup(value);
	request->n_query++;
	if (added->name && added->value)
		return true;
	api_no_memory(request);
	return false;
}

static bool is_kept(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (!strcmp(kept[i], name))
			return true;
	return false;
}

/* The request becomes one about the document that is staged. */
static bool bring_back(struct service *service, struct request *request)
{
	struct json_object *now = service->staged->now;
	struct json_object *parameters = json_object_object_get(now, "parameters");
	struct json_object *pair;
	size_t i, n = json_object_array_length(parameters);
	unsigned int k;

	for (k = 0; k < request->n_query; k++)
		if (is_kept(request->query[k].name)) {
			reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL,
				      "%s was said when it was staged", request->query[k].name);
			return false;
		}
	for (i = 0; i < n; i++) {
		pair = json_object_array_get_idx(parameters, i);
		if (!add_parameter(request,
				   json_object_get_string(json_object_array_get_idx(pair, 0)),
				   json_object_get_string(json_object_array_get_idx(pair, 1))))
			return false;
	}
	free(request->body);
	request->body = strdup(object_text(now, "document"));
	request->len = request->body ? strlen(request->body) : 0;
	if (!request->body)
		api_no_memory(request);
	return request->body;
}

static bool went_well(const struct request *request)
{
	return request->reply.status == MHD_HTTP_OK;
}

/* --- the routes ----------------------------------------------------------- */

static void add_all(struct json_object *to, struct json_object *from)
{
	struct lh_entry *entry;

	for (entry = lh_table_head(json_object_get_object(from)); entry;
	     entry = lh_entry_next(entry))
		json_add(to, lh_entry_k(entry), json_object_get(lh_entry_v(entry)));
}

/* What a program wrote is given as it was meant, what a person wrote as it was written. */
static struct json_object *document_of(const struct staged *staged)
{
	struct json_object *text = json_object_object_get(staged->now, "document");
	struct json_object *json = json_tokener_parse(json_object_get_string(text));

	if (json_object_is_type(json, json_type_object))
		return json;
	json_object_put(json);
	return json_object_get(text);
}

/* Others' changes may have made it senseless since: it says why. */
static struct json_object *checked(struct service *service, struct request *request)
{
	struct json_object *answer, *problem;

	documents_apply(service, request);
	answer = json_tokener_parse(request->reply.text);
	if (went_well(request))
		return answer;
	problem = answer;
	answer = json_object_new_object();
	json_add(answer, "problem", problem);
	return answer;
}

/* NULL where it cannot be told. */
static struct json_object *preview(struct service *service, struct request *request)
{
	struct json_object *preview;
	struct draft next;
	struct plan plan;

	if (!documents_plan(service, request, &next, &plan))
		return NULL;
	preview = preview_make(service, request, &plan);
	plan_clear(&plan);
	draft_clear(&next);
	/* What is staged is told without it, now. */
	request->reply.retry_after = 0;
	return preview;
}

static void get(struct service *service, struct request *request)
{
	struct json_object *answer;

	if (!is_for(service, request) || !bring_back(service, request) ||
	    !add_parameter(request, "check", "true"))
		return;
	answer = checked(service, request);
	if (went_well(request))
		json_add(answer, "preview", preview(service, request));
	add_all(answer, service->staged->now);
	json_add(answer, "document", document_of(service->staged));
	reply_json(request, MHD_HTTP_OK, answer);
	request->reply.revision = version_of(service->staged);
}

static struct json_object *parameters_of(const struct request *request)
{
	struct json_object *list = json_object_new_array(), *pair;
	unsigned int i;

	for (i = 0; i < request->n_query; i++) {
		if (!is_kept(request->query[i].name))
			continue;
		pair = json_object_new_array();
		json_object_array_add(pair, json_object_new_string(request->query[i].name));
		json_object_array_add(pair, json_object_new_string(request->query[i].value));
		json_object_array_add(list, pair);
	}
	return list;
}

static struct json_object *describe(const struct request *request, const char *document)
{
	struct json_object *staged = json_object_new_object();
	struct timespec now;
	struct tm tm;
	char date[32];

	clock_gettime(CLOCK_REALTIME, &now);
	strftime(date, sizeof(date), "%FT%TZ", gmtime_r(&now.tv_sec, &tm));
	json_add_number(staged, "version",
			(uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	json_add_string(staged, "time", date);
	json_add_number(staged, "uid", request->caller->uid);
	json_add_string(staged, "user", request->caller->user);
	json_add(staged, "parameters", parameters_of(request));
	json_add_string(staged, "document", document);
	return staged;
}

/* Who may not apply it may not stage it, either. */
static void put(struct service *service, struct request *request)
{
	struct staged *staged = service->staged;
	struct json_object *next;
	int err;

	if (!matches(staged, request) || !add_parameter(request, "check", "true"))
		return;
	request->if_match = NULL;
	if (strlen(request->body) != request->len) {
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "a document has no NUL");
		return;
	}
	next = describe(request, request->body);
	documents_apply(service, request);
	err = went_well(request) ? file_write(staged->file, next) : -EINVAL;
	if (err) {
		json_object_put(next);
		if (went_well(request))
			refuse_disk(request, err);
		return;
	}
	json_object_put(staged->now);
	staged->now = next;
	request->reply.revision = version_of(staged);
}

static void delete (struct service *service, struct request *request)
{
	if (!is_for(service, request) || !matches(service->staged, request) ||
	    !forget(service->staged, request))
		return;
	reply_json(request, MHD_HTTP_OK, json_object_new_object());
}

/* What is in force is staged no more; that it stays on the disk would only repeat it. */
static void apply(struct service *service, struct request *request)
{
	struct request ignored = { .caller = request->caller };

	if (!is_for(service, request) || !matches(service->staged, request) ||
	    !bring_back(service, request))
		return;
	request->if_match = NULL;
	documents_apply(service, request);
	if (went_well(request) && request->reply.is_of_change)
		forget(service->staged, &ignored);
	request_clear(&ignored);
}

void staged_handle(struct service *service, struct request *request)
{
	bool is_apply = request->n_path == 3 && !strcmp(request->path[2], "apply");

	if (request->n_path > 2 && !is_apply)
		reply_problem(request, MHD_HTTP_NOT_FOUND, NULL, "there is only staged/apply");
	else if (is_apply && !strcmp(request->method, MHD_HTTP_METHOD_POST))
		apply(service, request);
	else if (!is_apply && !strcmp(request->method, MHD_HTTP_METHOD_GET))
		get(service, request);
	else if (!is_apply && !strcmp(request->method, MHD_HTTP_METHOD_PUT))
		put(service, request);
	else if (!is_apply && !strcmp(request->method, MHD_HTTP_METHOD_DELETE))
		delete (service, request);
	else
		reply_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, NULL,
			      "/v1/staged%s takes no %s", is_apply ? "/apply" : "", request->method);
}
