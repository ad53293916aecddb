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
#include "lib/services.h"
#include "lib/text.h"
#include "mctl.h"

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

/* One connection has one service: no range, and not less than it needs. */
static bool is_single(const struct service_item *item)
{
	const struct mseg_service *service = &item->ranges[0];

	if (item->n != 1 || service->protocol == MSEG_PROTOCOL_ANY)
		return false;
	if (service->bare)
		return !mseg_protocol_has_ports(service->protocol) &&
		       !mseg_protocol_is_icmp(service->protocol);
	return service->low == service->high;
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
	if (!is_single(&item)) {
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

/* The verdict as people read it; discovery mode's is no promise. */
static void describe_verdict(struct json_object *object, const struct mseg_verdict *verdict)
{
	if (verdict->rule == MSEG_ID_NONE && verdict->action == MSEG_ACTION_ALLOW)
		json_add_string(object, "verdict",
				"allow (by the default alone: rejected once the default rejects)");
}

static bool take(int option, const char *value, void *arg)
{
	(void)option; /* --candidate, the only one */
	(void)value;
	*(unsigned int *)arg |= KERNEL_CANDIDATE;
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
		 const struct mseg_key *key, const char *address)
{
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

static int run(struct context *context, int argc, char **argv)
{
	static const struct option own[] = {
		{ "candidate", no_argument, NULL, 'd' },
		{ 0 },
	};
	unsigned int parts = KERNEL_ENTRIES;
	int status, first = options_read(context, argc, argv, own, take, &parts);
	struct mseg_key key = { 0 };
	struct client *client;

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
	status = module_open(&client);
	if (status == MCTL_DONE)
		status = judge(context, client, parts, &key, argv[first + 2]);
	client_close(client);
	return status;
}

const struct command explain_command = {
	.name = "explain",
	.arguments = "[--candidate] DIRECTION PROTO/PORT ADDRESS",
	.summary = "Tell what the policy says of a connection, and why",
	.help = "DIRECTION is in or out, ADDRESS the peer's, PROTO/PORT the service that the\n"
		"connection's first packet asks for: tcp/22, icmp/8/0 (type and code), gre. The policy is the one in\n"
		"force, with --candidate the candidate.\n"
		"\n"
		"  mctl explain in tcp/22 10.0.0.5\n"
		"  mctl explain out icmp/8/0 192.0.2.1\n",
	.run = run,
};
