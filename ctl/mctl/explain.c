// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mctl explain: what the policy in force says of a connection. The policy is
 * read back from the module and judged by the module's own classifier.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <mseg/core.h>
#include <string.h>
#include <strings.h>

#include "lib/flow.h"
#include "lib/hints.h"
#include "lib/json.h"
#include "lib/kernel.h"
#include "lib/learned.h"
#include "lib/services.h"
#include "lib/text.h"
#include "mctl.h"
#include "service.h"

static bool read_direction(const struct context *context, const char *text, struct mseg_key *key)
{
	if (!strcasecmp(text, "in")) {
		key->direction = MSEG_DIRECTION_IN;
	} else if (!strcasecmp(text, "out")) {
		key->direction = MSEG_DIRECTION_OUT;
	} else {
		usage_error(context, "a direction is in or out, not %s: it comes first",
			    text_show(text, strlen(text)).s);
		return false;
	}
	return true;
}

static bool read_service(const struct context *context, const char *text, struct mseg_key *key)
{
	struct service_item item;
	char why[TEXT_WHY_LEN];

	if (service_parse(text, strlen(text), &item, why)) {
		hint_service(text, strlen(text), why);
		usage_error(context, "service %s: %s", text_show(text, strlen(text)).s, why);
		return false;
	}
	if (!service_is_single(&item)) {
		usage_error(context, "%s is not one service: write tcp/22, icmp/8/0 or gre, say",
			    text_show(text, strlen(text)).s);
		return false;
	}
	key->protocol = (uint8_t)item.ranges[0].protocol;
	key->service = item.ranges[0].bare ? 0 : item.ranges[0].low;
	return true;
}

static bool read_address(const struct context *context, const char *text, struct mseg_key *key)
{
	if (inet_pton(AF_INET, text, key->peer) == 1) {
		key->family = MSEG_FAMILY_IPV4;
	} else if (inet_pton(AF_INET6, text, key->peer) == 1) {
		key->family = MSEG_FAMILY_IPV6;
	} else {
		usage_error(context,
			    "%s is not an IPv4 or IPv6 address: one peer is meant, by number",
			    text_show(text, strlen(text)).s);
		return false;
	}
	if (key->protocol == IPPROTO_ICMP && key->family == MSEG_FAMILY_IPV6) {
		usage_error(context, "icmp is IPv4's: write icmp6 for %s", text);
		return false;
	}
	if (key->protocol == IPPROTO_ICMPV6 && key->family == MSEG_FAMILY_IPV4) {
		usage_error(context, "icmp6 is IPv6's: write icmp for %s", text);
		return false;
	}
	return true;
}

/* What the module lets through without asking the policy (POLICY.md). */
static bool is_link_message(const struct mseg_key *key)
{
	unsigned int type = key->service / 256;

	if (key->protocol == IPPROTO_IGMP)
		return true;
	if (key->protocol != IPPROTO_ICMPV6)
		return false;
	return (type >= 130 && type <= 136) || (type >= 141 && type <= 143) ||
	       (type >= 151 && type <= 153);
}

static bool is_loopback(const struct mseg_key *key)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (key->family == MSEG_FAMILY_IPV4)
		return key->peer[0] == 127;
	return !memcmp(key->peer, loopback, sizeof(loopback));
}

static const char *note(const struct mseg_key *key)
{
	if (is_loopback(key))
		return "traffic over the loopback device always passes";
	if (is_link_message(key))
		return "such messages always pass where they are valid on the link";
	return NULL;
}

static void add_key(struct json_object *object, const struct mseg_key *key, const char *address)
{
	char text[16];

	json_add_string(object, "direction", key->direction == MSEG_DIRECTION_IN ? "in" : "out");
	json_add_string(object, "protocol", flow_protocol(key->protocol, text));
	if (mseg_protocol_has_ports(key->protocol))
		json_add_number(object, "port", key->service);
	if (mseg_protocol_is_icmp(key->protocol)) {
		json_add_number(object, "icmpType", key->service / 256);
		json_add_number(object, "icmpCode", key->service % 256);
	}
	json_add_string(object, "address", address);
}

static void add_verdict(struct json_object *object, const struct mseg_policy *policy,
			const struct mseg_verdict *verdict)
{
	bool by_rule = verdict->rule != MSEG_ID_NONE;
	const struct mseg_rule *rule = by_rule ? &policy->rules[verdict->rule] : NULL;

	json_add_string(object, "verdict",
			verdict->action == MSEG_ACTION_ALLOW ? "allow" : "reject");
	json_add_string(object, "reason", by_rule ? "rule" : "default");
	json_add_string(object, "rule", rule ? rule->name : NULL);
	json_add(object, "ruleIndex", rule ? json_object_new_uint64(verdict->rule) : NULL);
	json_add(object, "cookie", rule ? json_object_new_uint64(rule->cookie) : NULL);
	json_add_string(object, "network", rule ? policy->networks[verdict->network].name : NULL);
}

#define BY_DEFAULT "allow (by the default alone: rejected once the default rejects)"

/* The verdict as people read it; discovery mode's is no promise. */
static void describe_verdict(struct json_object *object, const struct mseg_verdict *verdict)
{
	if (verdict->rule == MSEG_ID_NONE && verdict->action == MSEG_ACTION_ALLOW)
		json_add_string(object, "verdict", BY_DEFAULT);
}

struct explain {
	unsigned int parts;
	/* Of the module, past msegd. */
	bool kernel;
};

static bool take(int option, const char *value, void *arg)
{
	struct explain *explain = arg;

	(void)value;
	if (option == 'd')
		explain->parts |= KERNEL_CANDIDATE;
	explain->kernel = true;
	return true;
}

/* What would decide if the rules under observation did. */
static void add_observed(struct json_object *object, const struct mseg_policy *policy,
			 const struct mseg_key *key)
{
	struct mseg_verdict verdict = mseg_observe(policy, key);

	if (verdict.rule == MSEG_ID_NONE)
		return;
	json_add_string(object, "observedVerdict",
			verdict.action == MSEG_ACTION_ALLOW ? "allow" : "reject");
	json_add_string(object, "observedRule", policy->rules[verdict.rule].name);
}

static int judge(struct context *context, struct client *client, unsigned int parts,
		 struct mseg_key *key, const char *address)
{
	struct learned_names names;
	struct mseg_refusal refusal;
	struct mseg_verdict verdict;
	struct kernel_policy read;
	struct json_object *object;
	int err = kernel_policy(client, parts, &read);

	if (!err)
		err = mseg_policy_compile(read.policy, &refusal);
	if (err) {
		kernel_policy_free(&read);
		return module_error(client, "read the policy", err);
	}
	/* A module without names has learned none. */
	learned_names(client, key, &names);
	verdict = mseg_classify(read.policy, key);
	object = json_object_new_object();
	add_key(object, key, address);
	add_verdict(object, read.policy, &verdict);
	if (context->format == OUTPUT_TABLE)
		describe_verdict(object, &verdict);
	add_observed(object, read.policy, key);
	json_add_number(object, "generation", read.generation);
	if (note(key))
		json_add_string(object, "note", note(key));
	output_object(context->format, object);
	kernel_policy_free(&read);
	return MCTL_DONE;
}

static int judge_module(struct context *context, unsigned int parts, struct mseg_key *key,
			const char *address)
{
	struct client *client;
	int status = module_open(&client);

	if (status == MCTL_DONE)
		status = judge(context, client, parts, key, address);
	client_close(client);
	return status;
}

/* --- msegd ---------------------------------------------------------------- */

static void copy(struct json_object *into, struct json_object *from, const char *key)
{
	json_add(into, key, json_object_get(service_object(from, key)));
}

static void add_action(struct json_object *into, const char *key, const char *action)
{
	json_add_string(into, key, strcmp(action, "Allow") ? "reject" : "allow");
}

/* The rulesets' words for what the module says in its own. */
static struct json_object *translate(struct json_object *answer, const struct mseg_key *key,
				     const char *address)
{
	static const char *const same[] = { "reason",	 "namespace", "ruleset", "rule",
					    "ruleIndex", "network",   "revision" };
	struct json_object *observed = service_object(answer, "observed");
	struct json_object *object = json_object_new_object();
	size_t i;

	add_key(object, key, address);
	add_action(object, "verdict", service_field(answer, "action"));
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		copy(object, answer, same[i]);
	if (observed) {
		add_action(object, "observedVerdict", service_field(observed, "action"));
		copy(object, observed, "ruleset");
		json_add(object, "observedRule", json_object_get(service_object(observed, "rule")));
	}
	if (service_field(answer, "note")[0])
		copy(object, answer, "note");
	return object;
}

static int judge_service(struct context *context, char **argv, const struct mseg_key *key)
{
	struct api_path *path = api_path_new("explain");
	struct json_object *answer, *object;
	int status;

	api_path_query(path, "direction", key->direction == MSEG_DIRECTION_IN ? "in" : "out");
	api_path_query(path, "service", argv[1]);
	api_path_query(path, "address", argv[2]);
	status = service_get(context, path, "explain it", &answer);
	if (status != MCTL_DONE)
		return status;
	object = translate(answer, key, argv[2]);
	if (context->format == OUTPUT_TABLE && !strcmp(service_field(answer, "reason"), "default") &&
	    !strcmp(service_field(answer, "action"), "Allow"))
		json_add_string(object, "verdict", BY_DEFAULT);
	output_object(context->format, object);
	json_object_put(answer);
	return MCTL_DONE;
}

static const struct option own_options[] = {
	{ "candidate", no_argument, NULL, 'd' },
	{ "kernel", no_argument, NULL, OPTION_OWN },
	{ 0 },
};

static int run(struct context *context, int argc, char **argv)
{
	struct explain explain = { KERNEL_ENTRIES, false };
	int first = options_read(context, argc, argv, take, &explain);
	struct mseg_key key = { 0 };

	if (first < 0)
		return options_exit();
	if (argc - first != 3)
		return usage_error(context, argc - first < 3 ?
						    "DIRECTION PROTO/PORT ADDRESS are needed" :
						    "DIRECTION PROTO/PORT ADDRESS are all it takes");
	if (!read_direction(context, argv[first], &key) ||
	    !read_service(context, argv[first + 1], &key) ||
	    !read_address(context, argv[first + 2], &key))
		return MCTL_USAGE;
	if (!explain.kernel && service_owns(context))
		return judge_service(context, argv + first, &key);
	return judge_module(context, explain.parts, &key, argv[first + 2]);
}

const struct command explain_command = {
	.name = "explain",
	.arguments = "[--candidate] [--kernel] DIRECTION PROTO/PORT ADDRESS",
	.summary = "Tell what the policy says of a connection, and why",
	.help = "DIRECTION is in or out, ADDRESS the peer's, PROTO/PORT the service that the\n"
		"connection's first packet asks for: tcp/22, icmp/8/0 (type and code), gre. Where msegd\n"
		"owns the policy, its newest revision answers, with rulesets by name; otherwise, and with\n"
		"--kernel, the policy that the module has in force; with --candidate its candidate.\n"
		"\n"
		"  mctl explain in tcp/22 10.0.0.5\n"
		"  mctl explain out icmp/8/0 192.0.2.1\n",
	.options = own_options,
	.run = run,
};
