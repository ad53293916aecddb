// SPDX-License-Identifier: GPL-2.0-or-later
/* DNS records. */
#include "dns_lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/flow.h"
#include "lib/json.h"
#include "lib/text.h"

/* --- making --------------------------------------------------------------- */

static void write_address(const uint8_t *addr, uint8_t family, char *text)
{
	inet_ntop(family == MSEG_FAMILY_IPV4 ? AF_INET : AF_INET6, addr, text, INET6_ADDRSTRLEN);
}

static void join(char *text, const char *list, size_t size, size_t n)
{
	size_t i;

	*text = '\0';
	for (i = 0; i < n; i++)
		text += sprintf(text, "%s%s", i ? " " : "", list + i * size);
}

static void judge(const struct mseg_dns_record *record, const struct dns_message *message,
		  struct dns_lookup *lookup)
{
	lookup->reason = message->reason;
	lookup->action = message->outcome == DNS_FAILED ? LOOKUP_FAIL : LOOKUP_RESOLVE;
	if (record->event == MSEG_DNS_EVENT_REJECTED) {
		lookup->action = LOOKUP_REJECT;
		lookup->reason = "POLICY";
	} else if (record->event == MSEG_DNS_EVENT_NO_ANSWER) {
		lookup->action = LOOKUP_FAIL;
		lookup->reason = "TIMEOUT";
	} else if (record->flags & MSEG_DNS_FLAG_CUT && !strcmp(message->reason, "MALFORMED")) {
		/* Its end was not reported, which is nobody's mistake. */
		lookup->action = LOOKUP_RESOLVE;
		lookup->reason = "LONG";
	}
}

int dns_lookup_make(const struct mseg_dns_record *record, const uint8_t *data, size_t len,
		    struct dns_lookup_text *text, struct dns_lookup *lookup)
{
	struct dns_message *message = &text->message;
	int err = dns_message_read(data, len, message);

	if (err)
		return err;
	join(text->addresses, message->addresses[0], sizeof(message->addresses[0]),
	     message->n_addresses);
	join(text->aliases, message->aliases[0], sizeof(message->aliases[0]), message->n_aliases);
	write_address(record->client, record->family, text->client);
	write_address(record->server, record->family, text->server);
	snprintf(text->command, sizeof(text->command), "%.*s", (int)sizeof(record->command),
		 (const char *)record->command);
	text_clean(text->command);
	*lookup = (struct dns_lookup){
		.id = record->time / 1000,
		.value = 1,
		.ttl = message->ttl,
		.uid = record->uid,
		.learned = record->learned,
		.protocol = record->protocol,
		.name = message->name,
		.type = message->type,
		.addresses = text->addresses,
		.aliases = text->aliases,
		.client = text->client,
		.server = text->server,
		.command = text->command,
	};
	judge(record, message, lookup);
	return 0;
}

/* --- showing -------------------------------------------------------------- */

static struct json_object *split(const char *text)
{
	struct json_object *list = json_object_new_array();
	size_t len;

	for (; *text; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		json_object_array_add(list, json_object_new_string_len(text, (int)len));
	}
	return list;
}

struct json_object *dns_lookup_json(const struct dns_lookup *lookup,
				    const struct model_object *enforcer)
{
	static const char *const actions[] = { "Resolve", "Fail", "Reject" };
	struct json_object *object = json_object_new_object();
	char text[40];

	if (!object)
		return NULL;
	snprintf(text, sizeof(text), "%" PRIu64, lookup->id);
	json_add_string(object, "ID", text);
	json_add_string(object, "timestamp", flow_time(lookup->id * 1000, text));
	json_add_string(object, "action", actions[lookup->action]);
	json_add_string(object, "reason", lookup->reason);
	json_add_string(object, "resolvedName", lookup->name);
	json_add_string(object, "queryType", lookup->type);
	json_add(object, "resolvedIPs", split(lookup->addresses));
	json_add(object, "resolvedCNAMEs", split(lookup->aliases));
	json_add_number(object, "ttl", lookup->ttl);
	json_add_string(object, "protocol", flow_protocol(lookup->protocol, text));
	json_add_string(object, "sourceIP", lookup->client);
	json_add_string(object, "serverIP", lookup->server);
	json_add_string(object, "processingUnitID", enforcer ? enforcer->id : NULL);
	json_add_string(object, "enforcerID", enforcer ? enforcer->id : NULL);
	json_add_string(object, "namespace", enforcer ? enforcer->space : NULL);
	json_add_number(object, "value", lookup->value);
	json_add_number(object, "learned", lookup->learned);
	if (lookup->uid != MSEG_ID_NONE)
		json_add_number(object, "uid", lookup->uid);
	if (lookup->command[0])
		json_add_string(object, "command", lookup->command);
	return object;
}
