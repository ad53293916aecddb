// SPDX-License-Identifier: GPL-2.0-or-later
/* The kinds of objects and their fields. */
#include "kinds.h"
#include "lib/text.h"

#include <string.h>
#include <strings.h>

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct kind_field namespace_fields[] = {
	{ "ID", "its identifier, 24 hexadecimal digits", TYPE_ID, false },
	{ "name", "its path, such as /acme/aws-dev/vm", TYPE_PATH, true },
	{ "namespace", "the namespace above it", TYPE_NAMESPACE, false },
	{ "description", "what it is for", TYPE_TEXT, false },
	{ "defaultPUIncomingTrafficAction",
	  "what happens to incoming connections that no rule decides", TYPE_DEFAULT, false },
	{ "defaultPUOutgoingTrafficAction",
	  "what happens to outgoing connections that no rule decides", TYPE_DEFAULT, false },
	{ "incomingRejects", "whether who is rejected is told so", TYPE_REJECTS, false },
	{ "outgoingRejects", "whether a program that is rejected is told so", TYPE_REJECTS, false },
};

static const struct kind_field enforcer_fields[] = {
	{ "ID", "its identifier, made at installation and kept for ever", TYPE_ID, false },
	{ "name", "the host's name", TYPE_NAME, true },
	{ "namespace", "the namespace that it is in", TYPE_NAMESPACE, false },
	{ "description", "what it is for", TYPE_TEXT, false },
	{ "associatedTags", "tags of the host", TYPE_TAGS, false },
	{ "addresses", "the host's addresses, by which other hosts' rules know it", TYPE_ADDRESSES,
	  false },
};

static const struct kind_field network_fields[] = {
	{ "ID", "its identifier, 24 hexadecimal digits", TYPE_ID, false },
	{ "name", "its name, unique in its namespace", TYPE_NAME, true },
	{ "namespace", "the namespace that it is in", TYPE_NAMESPACE, false },
	{ "description", "what it is for", TYPE_TEXT, false },
	{ "entries", "addresses, CIDRs and domain names; ! before an address or CIDR excludes it",
	  TYPE_ENTRIES, true },
	{ "associatedTags", "tags of its own, beside externalnetwork:name=NAME", TYPE_TAGS, false },
	{ "propagate", "whether it applies in the namespaces below its own, too", TYPE_BOOL, false },
};

static const struct kind_field ruleset_fields[] = {
	{ "ID", "its identifier, 24 hexadecimal digits", TYPE_ID, false },
	{ "name", "its name, unique in its namespace", TYPE_NAME, true },
	{ "namespace", "the namespace that it is in", TYPE_NAMESPACE, false },
	{ "description", "what it is for", TYPE_TEXT, false },
	{ "subject", "the processing units that it applies to", TYPE_SELECTOR, true },
	{ "incomingRules", "rules for connections to the host", TYPE_RULES, false },
	{ "outgoingRules", "rules for connections from the host", TYPE_RULES, false },
	{ "disabled", "whether it is switched off", TYPE_BOOL, false },
	{ "propagate", "whether it applies in the namespaces below its own, too", TYPE_BOOL, false },
	{ "fallback", "whether it applies only where no other ruleset does", TYPE_BOOL, false },
};

static const struct kind_field processingunit_fields[] = {
	{ "ID", "the identifier of its enforcer", TYPE_ID, false },
	{ "name", "the host's name", TYPE_NAME, true },
	{ "namespace", "the namespace of its enforcer", TYPE_NAMESPACE, false },
	{ "enforcerID", "the identifier of its enforcer", TYPE_ID, false },
	{ "type", "Host", TYPE_TEXT, false },
	{ "associatedTags", "tags of the host", TYPE_TAGS, false },
	{ "normalizedTags", "all of its tags, those that selectors go by", TYPE_TAGS, false },
};

static const struct kind_field rule_fields[] = {
	{ "name", "its name", TYPE_TEXT, false },
	{ "action", "Allow or Reject", TYPE_ACTION, true },
	{ "object", "the peers, external networks or processing units", TYPE_SELECTOR, true },
	{ "protocolPorts", "the services, such as tcp/22", TYPE_SERVICES, true },
	{ "logsDisabled", "whether its flows are not recorded", TYPE_BOOL, false },
	{ "observationEnabled", "whether it decides nothing, and flows tell what it would have",
	  TYPE_BOOL, false },
};

/* What the other product writes into every object. */
#define FOREIGN_EVERYWHERE                                                                       \
	"annotations", "metadata", "createTime", "updateTime", "createIdempotencyKey",           \
		"updateIdempotencyKey", "migrationsLog", "protected", "type", "zone", "zHash",   \
		"archived", "hidden", "importHash", "importLabel", "normalizedTags", "parentID", \
		"parentType", "propagationHidden", "externalID"

static const char *const namespace_foreign[] = {
	FOREIGN_EVERYWHERE,
	"associatedTags",
	"associatedLocalCAID",
	"JWTCertificateType",
	"JWTCertificates",
	"SSHCA",
	"SSHCAEnabled",
	"cachedNamespaceID",
	"customZoning",
	"defaultEnforcerVersion",
	"localCA",
	"localCAEnabled",
	"networkAccessPolicyTags",
	"organizationalMetadata",
	"serviceCertificateValidity",
	"tagPrefixes",
	"accountID",
	"propagate",
	NULL,
};

static const char *const enforcer_foreign[] = {
	FOREIGN_EVERYWHERE,
	"FQDN",
	"certificate",
	"certificateExpirationDate",
	"certificateRequest",
	"certificateSerialNumber",
	"certificateStatus",
	"collectInfo",
	"collectedInfo",
	"controller",
	"currentVersion",
	"enforcementStatus",
	"forwardedController",
	"lastCollectionTime",
	"lastMigrationTime",
	"lastPokeTime",
	"lastSyncTime",
	"lastValidHostServices",
	"localCA",
	"logLevel",
	"logLevelDuration",
	"machineID",
	"nextAvailableVersion",
	"operationalStatus",
	"publicToken",
	"startTime",
	"subtype",
	"trustedCerts",
	"unreachable",
	"updateAvailable",
	NULL,
};

static const char *const network_foreign[] = { FOREIGN_EVERYWHERE, "servicePorts", "ports",
					       "protocols", NULL };

static const char *const ruleset_foreign[] = { FOREIGN_EVERYWHERE, "associatedTags", "apiVersion",
					       NULL };

static const char *const rule_foreign[] = { "annotations", "metadata", "ID", NULL };

static const char *const no_foreign[] = { NULL };

#define FIELDS(array) .fields = (array), .n_fields = N_OF(array)

static const struct kind kinds[N_KINDS] = {
	[KIND_NAMESPACE] = { .id = KIND_NAMESPACE,
			     .singular = "namespace",
			     .plural = "namespaces",
			     .alias = "ns",
			     .label = "Namespace",
			     .noun = "a namespace",
			     FIELDS(namespace_fields),
			     .foreign = namespace_foreign,
			     .is_imported = true },
	[KIND_ENFORCER] = { .id = KIND_ENFORCER,
			    .singular = "enforcer",
			    .plural = "enforcers",
			    .alias = "enf",
			    .label = "Enforcer",
			    .noun = "an enforcer",
			    FIELDS(enforcer_fields),
			    .foreign = enforcer_foreign },
	[KIND_EXTERNALNETWORK] = { .id = KIND_EXTERNALNETWORK,
				   .singular = "externalnetwork",
				   .plural = "externalnetworks",
				   .alias = "extnet",
				   .alias_plural = "extnets",
				   .label = "ExternalNetwork",
				   .noun = "an external network",
				   FIELDS(network_fields),
				   .foreign = network_foreign,
				   .is_imported = true },
	[KIND_RULESET] = { .id = KIND_RULESET,
			   .singular = "networkrulesetpolicy",
			   .plural = "networkrulesetpolicies",
			   .alias = "netruleset",
			   .alias_plural = "netrulesets",
			   .label = "NetworkRulesetPolicy",
			   .noun = "a network ruleset",
			   FIELDS(ruleset_fields),
			   .foreign = ruleset_foreign,
			   .is_imported = true },
	[KIND_PROCESSINGUNIT] = { .id = KIND_PROCESSINGUNIT,
				  .singular = "processingunit",
				  .plural = "processingunits",
				  .alias = "pu",
				  .alias_plural = "pus",
				  .label = "ProcessingUnit",
				  .noun = "a processing unit",
				  FIELDS(processingunit_fields),
				  .foreign = no_foreign,
				  .is_derived = true },
};

static const struct kind rule = {
	.id = N_KINDS,
	.singular = "rule",
	.plural = "rules",
	.label = "Rule",
	.noun = "a rule",
	FIELDS(rule_fields),
	.foreign = rule_foreign,
};

const struct kind *kind_get(enum kind_id id)
{
	return &kinds[id];
}

const struct kind *kind_rule(void)
{
	return &rule;
}

static bool is_word(const char *word, const char *text, size_t len)
{
	return word && strlen(word) == len && !strncasecmp(word, text, len);
}

const struct kind *kind_find(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < N_KINDS; i++) {
		const struct kind *kind = &kinds[i];

		if (is_word(kind->singular, word, len) || is_word(kind->plural, word, len) ||
		    is_word(kind->alias, word, len) || is_word(kind->alias_plural, word, len))
			return kind;
	}
	return NULL;
}

/* Every word for every kind; of those that are as near the plural comes first. */
static const char *word_at(size_t index, const void *arg)
{
	const struct kind *kind = &kinds[index % N_KINDS];
	const char *const words[] = { kind->plural, kind->singular, kind->alias_plural,
				      kind->alias };
	const size_t n = sizeof(words) / sizeof(words[0]);

	(void)arg;
	if (index >= n * N_KINDS)
		return NULL;
	return words[index / N_KINDS] ? words[index / N_KINDS] : kind->plural;
}

const char *kind_nearest(const char *word, size_t len)
{
	return text_nearest(word, len, word_at, NULL);
}

int kind_field_find(const struct kind *kind, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < kind->n_fields; i++)
		if (strlen(kind->fields[i].name) == len && !memcmp(kind->fields[i].name, name, len))
			return (int)i;
	return -1;
}

static const char *field_at(size_t index, const void *arg)
{
	const struct kind *kind = arg;

	return index < kind->n_fields ? kind->fields[index].name : NULL;
}

const char *kind_field_nearest(const struct kind *kind, const char *name, size_t len)
{
	return text_nearest(name, len, field_at, kind);
}

bool kind_is_foreign(const struct kind *kind, const char *name, size_t len)
{
	const char *const *foreign;

	for (foreign = kind->foreign; *foreign; foreign++)
		if (strlen(*foreign) == len && !memcmp(*foreign, name, len))
			return true;
	return false;
}
