// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GET /v1/explain: what the newest revision says of a connection. The policy is
 * compiled from the objects and judged by the module's own classifier.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <mseg/core.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "lib/hints.h"
#include "lib/json.h"
#include "lib/learned.h"
#include "lib/services.h"
#include "lib/text.h"
#include "model/object.h"
#include "parameters.h"
#include "plan.h"

static bool refuse(struct request *request, const char *what, const char *value, const char *why)
{
	reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL, "%s %s: %s", what,
		      text_show(value, strlen(value)).s, why);
	return false;
}

/* --- the question --------------------------------------------------------- */

static bool read_service(struct request *request, const char *text, struct mseg_key *key)
{
	struct service_item item;
	char why[TEXT_WHY_LEN];

	if (service_parse(text, strlen(text), &item, why)) {
		hint_service(text, strlen(text), why);
		return refuse(request, "service", text, why);
	}
	if (!service_is_single(&item))
		return refuse(request, "service", text,
			      "it is not one service: write tcp/22, icmp/8/0 or gre, say");
	key->protocol = (uint8_t)item.ranges[0].protocol;
	key->service = item.ranges[0].bare ? 0 : item.ranges[0].low;
	return true;
}

static bool read_address(struct request *request, const char *text, struct mseg_key *key)
{
	if (inet_pton(AF_INET, text, key->peer) == 1)
		key->family = MSEG_FAMILY_IPV4;
	else if (inet_pton(AF_INET6, text, key->peer) == 1)
		key->family = MSEG_FAMILY_IPV6;
	else
		return refuse(request, "address", text, "it is not an IPv4 or IPv6 address");
	if (key->protocol == IPPROTO_ICMP && key->family == MSEG_FAMILY_IPV6)
		return refuse(request, "address", text, "icmp is IPv4's: write icmp6");
	if (key->protocol == IPPROTO_ICMPV6 && key->family == MSEG_FAMILY_IPV4)
		return refuse(request, "address", text, "icmp6 is IPv6's: write icmp");
	return true;
}

static bool read_key(struct request *request, struct mseg_key *key)
{
	static const char *const directions[] = { "in", "out", NULL };
	const char *service = request_get(request, "service");
	const char *address = request_get(request, "address");
	unsigned int direction = MSEG_DIRECTION_IN;

	memset(key, 0, sizeof(*key));
	if (!service || !address || !request_get(request, "direction")) {
		reply_problem(request, MHD_HTTP_BAD_REQUEST, NULL,
			      "direction, service and address are needed");
		return false;
	}
	if (!parameter_word(request, "direction", directions, &direction))
		return false;
	key->direction = (uint8_t)direction;
	return read_service(request, service, key) && read_address(request, address, key);
}

/* --- the answer ----------------------------------------------------------- */

/* What the module lets through without asking the policy (POLICY.md). */
static const char *note(const struct mseg_key *key)
{
	static const uint8_t loopback[16] = { [15] = 1 };
	unsigned int type = key->service / 256;

	if (key->family == MSEG_FAMILY_IPV4 ? key->peer[0] == 127 :
					      !memcmp(key->peer, loopback, sizeof(loopback)))
		return "traffic over the loopback device always passes";
	if (key->protocol == IPPROTO_IGMP ||
	    (key->protocol == IPPROTO_ICMPV6 &&
	     ((type >= 130 && type <= 136) || (type >= 141 && type <= 143) ||
	      (type >= 151 && type <= 153))))
		return "such messages always pass where they are valid on the link";
	return NULL;
}

static void add_rule(struct json_object *object, const struct plan *plan,
		     const struct mseg_verdict *verdict)
{
	bool by_rule = verdict->rule != MSEG_ID_NONE;
	const struct resolved_rule *rule = by_rule ? plan->compiled->rules[verdict->rule].rule :
						     NULL;

	json_add_string(object, "action", verdict->action == MSEG_ACTION_ALLOW ? "Allow" : "Reject");
	json_add_string(object, "reason", by_rule ? "rule" : "default");
	json_add_string(object, "namespace", rule ? rule->ruleset->space : NULL);
	json_add_string(object, "ruleset", rule ? rule->ruleset->name : NULL);
	json_add_string(object, "rule", rule ? object_text(rule->json, "name") : NULL);
	json_add(object, "ruleIndex", rule ? json_object_new_uint64(rule->index) : NULL);
	json_add_string(object, "network",
			by_rule ? plan->compiled->networks[verdict->network]->name : "Somewhere");
}

static struct json_object *observed(const struct plan *plan, const struct mseg_key *key)
{
	struct mseg_verdict verdict = mseg_observe(plan->compiled->policy, key);
	struct json_object *object;

	if (verdict.rule == MSEG_ID_NONE)
		return NULL;
	object = json_object_new_object();
	add_rule(object, plan, &verdict);
	return object;
}

/* By which names the address was learned. */
static struct json_object *list_names(const struct mseg_key *key)
{
	struct json_object *list = json_object_new_array();
	uint32_t i;

	for (i = 0; key->names && i < key->names->n; i++)
		json_object_array_add(list, json_object_new_string(key->names->name[i]));
	return list;
}

static void answer(const struct service *service, struct request *request, const struct plan *plan,
		   struct mseg_key *key)
{
	struct client *client = enforce_client(service->enforce);
	struct json_object *object = json_object_new_object();
	struct learned_names names;
	struct mseg_verdict verdict;

	if (client)
		learned_names(client, key, &names);
	verdict = mseg_classify(plan->compiled->policy, key);
	json_add_string(object, "direction", key->direction == MSEG_DIRECTION_IN ? "in" : "out");
	json_add_string(object, "service", request_get(request, "service"));
	json_add_string(object, "address", request_get(request, "address"));
	add_rule(object, plan, &verdict);
	json_add(object, "names", list_names(key));
	json_add(object, "observed", observed(plan, key));
	json_add_string(object, "note", note(key));
	json_add_number(object, "revision", store_newest(service->store));
	reply_json(request, MHD_HTTP_OK, object);
}

void explain_get(struct service *service, struct request *request)
{
	struct mseg_key key;
	struct plan plan;

	if (!api_may_read_host(service, request) || !read_key(request, &key))
		return;
	if (plan_make(service->now.model, NULL, &plan))
		api_no_memory(request);
	else
		answer(service, request, &plan, &key);
	plan_clear(&plan);
}
