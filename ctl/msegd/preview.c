// SPDX-License-Identifier: GPL-2.0-or-later
/* Recorded flows, judged by the classifier that the kernel judges by. */
#include "preview.h"

#include <microhttpd.h>
#include <string.h>
#include <time.h>

#include "api.h"
#include "model/kinds.h"
#include "model/object.h"
#include "question.h"

/* One part in so many of the loop's time. */
#define SHARE 10

static void fill_key(const struct reader_subject *subject, struct mseg_names *names,
		     struct mseg_key *key)
{
	memset(key, 0, sizeof(*key));
	memcpy(key->peer, subject->address, (size_t)subject->address_len);
	key->family = subject->address_len == 4 ? MSEG_FAMILY_IPV4 : MSEG_FAMILY_IPV6;
	key->protocol = (uint8_t)subject->protocol;
	key->service = (uint16_t)subject->port;
	key->direction = (uint8_t)subject->direction;
	if (*subject->name && !mseg_name_check(subject->name)) {
		names->n = 1;
		names->name[0] = subject->name;
		key->names = names;
	}
}

static void add_peer(const struct compiled *compiled, const struct mseg_verdict *verdict,
		     struct reader_opinion *opinion)
{
	const struct model_object *network;

	opinion->type = PEER_SOMEWHERE;
	if (verdict->network == MSEG_ID_NONE)
		return;
	network = compiled->networks[verdict->network];
	opinion->type = network->kind == kind_get(KIND_ENFORCER) ? PEER_UNIT : PEER_NETWORK;
	opinion->peer_id = network->id;
	opinion->peer_name = network->name;
}

static void judge(const struct reader_subject *subject, struct reader_opinion *opinion, void *arg)
{
	const struct compiled *compiled = arg;
	const struct resolved_rule *rule;
	struct mseg_verdict verdict;
	struct mseg_names names;
	struct mseg_key key;

	fill_key(subject, &names, &key);
	verdict = mseg_classify(compiled->policy, &key);
	opinion->reject = verdict.action == MSEG_ACTION_REJECT;
	opinion->by_default = verdict.reason == MSEG_REASON_DEFAULT;
	add_peer(compiled, &verdict, opinion);
	if (verdict.rule == MSEG_ID_NONE)
		return;
	rule = compiled->rules[verdict.rule].rule;
	opinion->ruleset = rule->ruleset->name;
	opinion->rule = object_text(rule->json, "name");
}

static uint64_t now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/*
 * The loop stands still meanwhile, for everybody: others than root have a part of its
 * time for that, together.
 */
static bool is_due(const struct service *service, struct request *request)
{
	uint64_t now = now_usec();

	if (!request->caller->uid || now >= service->previews_from)
		return true;
	reply_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, NULL,
		      "the last preview took long: ask again soon");
	request->reply.retry_after = (unsigned int)((service->previews_from - now) / 1000000 + 1);
	return false;
}

struct json_object *preview_make(struct service *service, struct request *request,
				 const struct plan *plan)
{
	struct json_object *result = NULL;
	struct question question;
	uint64_t began, ended;
	int err;

	if (!is_due(service, request) || !question_ask(service, request, &question))
		return NULL;
	began = now_usec();
	err = reader_preview(&question.range, judge, plan->compiled, &result);
	ended = now_usec();
	service->previews_from = ended + (ended - began) * (SHARE - 1);
	question_end(request, &question, err);
	return result;
}
