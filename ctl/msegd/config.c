// SPDX-License-Identifier: GPL-2.0-or-later
/* mseg.conf. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "lib/doc.h"
#include "lib/fields.h"
#include "lib/json.h"
#include "lib/text.h"

/* What is more is a mistake. */
#define CONFIG_SIZE_MAX (1 << 20)

/* Who is not known here: nobody is told apart from whom other user namespaces hold. */
#define OVERFLOW_ID 65534

/* Where the console listens unless it is said otherwise. */
#define CONSOLE_URL "http://127.0.0.1:8543"

/* Lines of /etc/passwd that are looked at for a name. */
#define LOCAL_USERS_MAX 4096

/* What is kept of flow records unless the file says something else. */
#define RECORDS_DAYS 30
#define RECORDS_BYTES (4ULL << 30)

/* Likewise of the policy's past. */
#define HISTORY_REVISIONS 1000
#define HISTORY_DAYS 365
#define HISTORY_BYTES (512ULL << 20)
#define DAY 86400ULL

struct grant {
	char *namespace;
	/* Of a user that is given by name; else NULL. */
	char *user;
	unsigned int roles;
	bool is_group;
	id_t id;
};

struct config {
	struct grant *grants;
	unsigned int n;
	/* NULL where none is named. */
	char *console_user;
	char *console_url;
	struct writer_limits records;
	bool no_observed_names;
	struct store_limits history;
	struct export_target exports[EXPORTS_MAX];
	unsigned int n_exports;
	/* Length 0: nowhere. */
	struct sockaddr_storage metrics;
	socklen_t metrics_length;
	/* Of DNS; where none are named, the host's files say whom it asks. */
	struct resolver resolvers[MSEG_MAX_RESOLVERS];
	size_t n_resolvers;
	bool names_resolvers;
	struct oidc_config *oidc;
};

static const char *const role_names[] = { "read", "edit", "admin" };

/* --- the file ------------------------------------------------------------- */

static unsigned int take_role(const struct doc_value *value, struct diag *diag)
{
	unsigned int i;

	if (!field_is(value, DOC_STRING, "a role", diag))
		return 0;
	for (i = 0; i < 3; i++)
		if (!strcmp(value->text, role_names[i]))
			return 1u << i;
	diag_error(diag, value->place, "a role is read, edit or admin, not '%s'", value->text);
	return 0;
}

/* To change what one may not see makes no sense. */
static unsigned int take_roles(const struct doc_value *list, struct diag *diag)
{
	const struct doc_value *value;
	unsigned int roles = 0;

	for (value = list->first; value; value = value->next)
		roles |= take_role(value, diag);
	if (!list->first)
		diag_error(diag, list->place, "no role is given");
	return roles ? roles | ROLE_READ : 0;
}

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* A number stands for itself: nobody has to know whose it is. */
static bool take_id(const char *text, struct grant *grant)
{
	unsigned long id;

	if (!is_number(text))
		return false;
	errno = 0;
	id = strtoul(text, NULL, 10);
	grant->id = errno || id >= UINT32_MAX ? OVERFLOW_ID : (id_t)id;
	return true;
}

/* Somebody may have left; a host must start all the same. */
static bool find_user(const struct doc_value *value, struct grant *grant, struct diag *diag)
{
	const struct passwd *user;

	if (take_id(value->text, grant))
		return true;
	user = getpwnam(value->text);
	if (user)
		grant->id = user->pw_uid;
	else
		diag_warning(diag, value->place, "there is no user '%s': this counts for nobody",
			     value->text);
	return user;
}

static bool find_group(const struct doc_value *value, struct grant *grant, struct diag *diag)
{
	const struct group *group;

	grant->is_group = true;
	if (take_id(value->text, grant))
		return true;
	group = getgrnam(value->text);
	if (group)
		grant->id = group->gr_gid;
	else
		diag_warning(diag, value->place, "there is no group '%s': this counts for nobody",
			     value->text);
	return group;
}

static bool find_subject(const struct doc_value *object, const struct doc_value *user,
			 const struct doc_value *group, struct grant *grant, struct diag *diag)
{
	bool found;

	if (!user == !group) {
		diag_error(diag, object->place, "either 'user' or 'group' is needed");
		return false;
	}
	found = user ? find_user(user, grant, diag) : find_group(group, grant, diag);
	if (found && grant->id == OVERFLOW_ID) {
		diag_error(diag, (user ? user : group)->place,
			   "%s stands for everybody whom this host does not know: no role for it",
			   (user ? user : group)->text);
		return false;
	}
	return found;
}

static const char *take_namespace(const struct doc_value *value, struct diag *diag)
{
	size_t len;

	if (!value)
		return "/";
	len = strlen(value->text);
	if (value->text[0] != '/' || strstr(value->text, "//") ||
	    (len > 1 && value->text[len - 1] == '/'))
		diag_error(diag, value->place, "a namespace is written as /acme/vm, not '%s'",
			   value->text);
	return value->text;
}

static int add_grant(struct config *config, const struct grant *grant, const char *namespace,
		     const struct doc_value *user)
{
	struct grant *more = reallocarray(config->grants, config->n + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	config->grants = more;
	more[config->n] = *grant;
	more[config->n].namespace = strdup(namespace);
	more[config->n].user = user ? strdup(user->text) : NULL;
	config->n++;
	return more[config->n - 1].namespace && (!user || more[config->n - 1].user) ? 0 : -ENOMEM;
}

static void take_grant(const struct doc_value *value, struct config *config, struct diag *diag)
{
	enum { USER, GROUP, NAMESPACE, ROLES, FIELDS };
	static const struct field fields[] = {
		[USER] = { "user", DOC_STRING, false },
		[GROUP] = { "group", DOC_STRING, false },
		[NAMESPACE] = { "namespace", DOC_STRING, false },
		[ROLES] = { "roles", DOC_LIST, true },
	};
	const struct doc_value *values[FIELDS];
	struct grant grant = { .id = OVERFLOW_ID };
	const char *namespace;

	if (!fields_get(value, "an entry of 'roles'", fields, FIELDS, values, diag))
		return;
	namespace = take_namespace(values[NAMESPACE], diag);
	grant.roles = take_roles(values[ROLES], diag);
	if (find_subject(value, values[USER], values[GROUP], &grant, diag) &&
	    add_grant(config, &grant, namespace, values[USER]))
		diag_error(diag, value->place, "no memory");
}

static void take_url(const struct doc_value *value, struct config *config, struct diag *diag)
{
	const char *text = value->text;

	if ((strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0) ||
	    strpbrk(text, " #?") || text[value->len - 1] == '/')
		diag_error(diag, value->place,
			   "a URL is written as https://console.example.org:8543, without a path");
	config->console_url = strdup(text);
}

static void take_console(const struct doc_value *object, struct config *config, struct diag *diag)
{
	enum { USER, URL, FIELDS };
	static const struct field fields[] = {
		[USER] = { "user", DOC_STRING, false },
		[URL] = { "url", DOC_STRING, false },
	};
	const struct doc_value *values[FIELDS];

	if (!fields_get(object, "'console'", fields, FIELDS, values, diag))
		return;
	if (values[USER]) {
		if (!values[USER]->len || strpbrk(values[USER]->text, "/ "))
			diag_error(diag, values[USER]->place, "this is no user's name");
		config->console_user = strdup(values[USER]->text);
	}
	if (values[URL])
		take_url(values[URL], config, diag);
}

/* 4G, 500M or a number of bytes; at least that much of a file that is being written. */
static bool take_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	unsigned long long number;
	const char *unit = NULL;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (*end)
		unit = strchr(units, *end);
	if (errno || (*end && (!unit || end[1])) || number > UINT64_MAX >> 41)
		return false;
	*bytes = unit ? number << 10 * (unit - units + 1) : number;
	return true;
}

static void take_records(const struct doc_value *value, struct config *config, struct diag *diag)
{
	static const struct field fields[] = {
		{ "days", DOC_INTEGER, false },
		{ "size", DOC_STRING, false },
		{ "observed_names", DOC_BOOL, false },
	};
	const struct doc_value *values[3];
	char *end;

	if (!fields_get(value, "'records'", fields, 3, values, diag))
		return;
	if (values[2])
		config->no_observed_names = (values[2]->text[0] | 0x20) == 'f';
	if (values[0]) {
		config->records.days = (unsigned int)strtoul(values[0]->text, &end, 10);
		if (*end || !config->records.days || strlen(values[0]->text) > 5)
			diag_error(diag, values[0]->place, "days are counted from 1, not '%s'",
				   values[0]->text);
	}
	if (values[1] && !take_size(values[1]->text, &config->records.bytes))
		diag_error(diag, values[1]->place, "a size is written as 500M or 4G, not '%s'",
			   values[1]->text);
}

static bool take_count(const struct doc_value *value, const char *what, uint64_t least,
		       uint64_t *count, struct diag *diag)
{
	char *end;
	unsigned long long number = strtoull(value->text, &end, 10);

	if (*end || strlen(value->text) > 9 || number < least) {
		diag_error(diag, value->place, "%s are counted from %llu, not '%s'", what,
			   (unsigned long long)least, value->text);
		return false;
	}
	*count = number;
	return true;
}

static void take_history(const struct doc_value *value, struct config *config, struct diag *diag)
{
	static const struct field fields[] = {
		{ "revisions", DOC_INTEGER, false },
		{ "days", DOC_INTEGER, false },
		{ "size", DOC_STRING, false },
	};
	const struct doc_value *values[3];
	uint64_t days;

	if (!fields_get(value, "'history'", fields, 3, values, diag))
		return;
	if (values[0])
		take_count(values[0], "revisions", 2, &config->history.revisions, diag);
	if (values[1] && take_count(values[1], "days", 1, &days, diag))
		config->history.seconds = days * DAY;
	if (values[2] && !take_size(values[2]->text, &config->history.bytes))
		diag_error(diag, values[2]->place, "a size is written as 500M or 4G, not '%s'",
			   values[2]->text);
}

static void take_resolver(const struct doc_value *value, struct config *config, struct diag *diag)
{
	struct resolver resolver;

	if (!field_is(value, DOC_STRING, "a resolver", diag))
		return;
	if (!resolver_parse(value->text, &resolver))
		diag_error(diag, value->place, "'%s' is not an IPv4 or IPv6 address", value->text);
	else if (resolver_is_loopback(&resolver))
		diag_error(diag, value->place,
			   "%s is this host itself: name the servers that its resolver asks",
			   value->text);
	else if (config->n_resolvers == MSEG_MAX_RESOLVERS)
		diag_error(diag, value->place, "%d resolvers are the most", MSEG_MAX_RESOLVERS);
	else
		config->resolvers[config->n_resolvers++] = resolver;
}

static void take_dns(const struct doc_value *object, struct config *config, struct diag *diag)
{
	static const struct field fields[] = { { "resolvers", DOC_LIST, false } };
	const struct doc_value *values[1], *value;

	if (!fields_get(object, "'dns'", fields, 1, values, diag) || !values[0])
		return;
	config->names_resolvers = true;
	for (value = values[0]->first; value; value = value->next)
		take_resolver(value, config, diag);
}

/* --- exports -------------------------------------------------------------- */

static bool is_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

	return *text && strlen(text) < EXPORT_NAME && !text[strspn(text, letters)];
}

static bool is_taken(const struct config *config, const char *name)
{
	unsigned int i;

	for (i = 0; i < config->n_exports; i++)
		if (!strcmp(config->exports[i].name, name))
			return true;
	return false;
}

static bool take_export_name(const struct doc_value *value, const struct config *config,
			     struct export_target *target, struct diag *diag)
{
	if (!is_name(value->text))
		diag_error(diag, value->place,
			   "a name has up to %d of a-z, 0-9, - and _: %s is none", EXPORT_NAME - 1,
			   text_show(value->text, value->len).s);
	else if (is_taken(config, value->text))
		diag_error(diag, value->place, "there is another export '%s'", value->text);
	else
		strcpy(target->name, value->text);
	return target->name[0];
}

static bool take_export_type(const struct doc_value *value, struct export_target *target,
			     struct diag *diag)
{
	target->type = export_type_find(value->text);
	if (target->type == N_EXPORT_TYPES)
		diag_error(diag, value->place, "a type is json, syslog or ipfix, not %s",
			   text_show(value->text, value->len).s);
	return target->type != N_EXPORT_TYPES;
}

static void take_export(const struct doc_value *object, struct config *config, struct diag *diag)
{
	enum { NAME, TYPE, TO, FIELDS };
	static const struct field fields[] = {
		[NAME] = { "name", DOC_STRING, true },
		[TYPE] = { "type", DOC_STRING, true },
		[TO] = { "to", DOC_STRING, true },
	};
	const struct doc_value *values[FIELDS];
	struct export_target *target = &config->exports[config->n_exports];
	char why[TEXT_WHY_LEN];

	if (config->n_exports == EXPORTS_MAX) {
		diag_error(diag, object->place, "%d exports are the most", EXPORTS_MAX);
		return;
	}
	if (!fields_get(object, "an entry of 'exports'", fields, FIELDS, values, diag) ||
	    !take_export_name(values[NAME], config, target, diag) ||
	    !take_export_type(values[TYPE], target, diag))
		return;
	if (export_target_parse(values[TO]->text, target, why))
		config->n_exports++;
	else
		diag_error(diag, values[TO]->place, "%s", why);
}

static bool is_loopback(const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;

	return address->ss_family == AF_INET ? ntohl(in->sin_addr.s_addr) >> 24 == 127 :
					       IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/* Who asks there is not asked who he is: nobody from outside is let in. */
static void take_metrics(const struct doc_value *object, struct config *config, struct diag *diag)
{
	static const struct field fields[] = { { "listen", DOC_STRING, true } };
	const struct doc_value *values[1];

	if (!fields_get(object, "'metrics'", fields, 1, values, diag))
		return;
	if (!export_address(values[0]->text, &config->metrics, &config->metrics_length) ||
	    !is_loopback(&config->metrics))
		diag_error(diag, values[0]->place,
			   "metrics are served at an address of loopback, as 127.0.0.1:9469, not at %s",
			   text_show(values[0]->text, values[0]->len).s);
}

const struct export_target *config_exports(const struct config *config, unsigned int *n)
{
	*n = config->n_exports;
	return config->exports;
}

const struct sockaddr_storage *config_metrics(const struct config *config, socklen_t *length)
{
	*length = config->metrics_length;
	return *length ? &config->metrics : NULL;
}

static void take_document(const struct doc_value *root, struct config *config, struct diag *diag)
{
	static const struct field fields[] = {
		{ "roles", DOC_LIST, false },	  { "console", DOC_OBJECT, false },
		{ "records", DOC_OBJECT, false }, { "dns", DOC_OBJECT, false },
		{ "exports", DOC_LIST, false },	  { "metrics", DOC_OBJECT, false },
		{ "oidc", DOC_OBJECT, false },	  { "history", DOC_OBJECT, false },
	};
	const struct doc_value *values[8], *value;

	if (root->kind == DOC_NULL ||
	    !fields_get(root, "the configuration", fields, 8, values, diag))
		return;
	if (values[1])
		take_console(values[1], config, diag);
	if (values[2])
		take_records(values[2], config, diag);
	if (values[3])
		take_dns(values[3], config, diag);
	for (value = values[4] ? values[4]->first : NULL; value; value = value->next)
		take_export(value, config, diag);
	if (values[5])
		take_metrics(values[5], config, diag);
	if (values[6])
		config->oidc = oidc_config_take(values[6], diag);
	if (values[7])
		take_history(values[7], config, diag);
	for (value = values[0] ? values[0]->first : NULL; value; value = value->next)
		take_grant(value, config, diag);
}

static void read_stream(FILE *in, struct config *config, struct diag *diag)
{
	char *data = malloc(CONFIG_SIZE_MAX);
	size_t len = data ? fread(data, 1, CONFIG_SIZE_MAX, in) : 0;
	struct doc *doc;

	if (!data || ferror(in) || !feof(in)) {
		diag_error(diag, (struct place){ 0 }, "it cannot be read, or is too long");
	} else if (len) {
		doc = doc_read(data, len, diag);
		if (doc)
			take_document(doc_root(doc), config, diag);
		doc_free(doc);
	}
	free(data);
}

struct config *config_read(const char *file, bool must_exist, FILE *messages)
{
	struct config *config = calloc(1, sizeof(*config));
	struct diag diag = { .out = messages, .file = file };
	FILE *in = config ? fopen(file, "re") : NULL;

	if (config) {
		config->records = (struct writer_limits){ RECORDS_DAYS, RECORDS_BYTES };
		config->history = (struct store_limits){ HISTORY_REVISIONS, HISTORY_DAYS * DAY,
							 HISTORY_BYTES };
	}
	if (in) {
		read_stream(in, config, &diag);
		fclose(in);
	} else if (config && (must_exist || errno != ENOENT)) {
		diag_error(&diag, (struct place){ 0 }, "%s", strerror(errno));
	}
	if (diag.errors) {
		config_free(config);
		config = NULL;
	}
	return config;
}

void config_free(struct config *config)
{
	unsigned int i;

	if (!config)
		return;
	for (i = 0; i < config->n; i++) {
		free(config->grants[i].namespace);
		free(config->grants[i].user);
	}
	free(config->grants);
	free(config->console_user);
	free(config->console_url);
	oidc_config_free(config->oidc);
	free(config);
}

const struct oidc_config *config_oidc(const struct config *config)
{
	return config->oidc;
}

bool config_observes_names(const struct config *config)
{
	return !config->no_observed_names;
}

struct writer_limits config_records(const struct config *config)
{
	return config->records;
}

struct store_limits config_history(const struct config *config)
{
	return config->history;
}

/* --- roles ---------------------------------------------------------------- */

bool namespace_holds(const char *above, const char *namespace)
{
	size_t len = strlen(above);

	if (len == 1)
		return true;
	return !strncmp(above, namespace, len) && (!namespace[len] || namespace[len] == '/');
}

static bool is_for(const struct grant *grant, const struct caller *caller)
{
	return grant->is_group ? caller_in_group(caller, (gid_t)grant->id) :
				 caller->uid == (uid_t)grant->id;
}

unsigned int config_roles(const struct config *config, const struct caller *caller,
			  const char *namespace)
{
	unsigned int i, roles = 0;

	if (caller->uid == 0)
		return ROLE_READ | ROLE_EDIT | ROLE_ADMIN;
	for (i = 0; i < config->n; i++)
		if (is_for(&config->grants[i], caller) &&
		    (!namespace || namespace_holds(config->grants[i].namespace, namespace)))
			roles |= config->grants[i].roles;
	return roles;
}

/* --- names ---------------------------------------------------------------- */

/* The host's own file alone: whatever else knows users may not answer for a long time. */
static void read_local_name(struct caller *caller)
{
	FILE *in = fopen("/etc/passwd", "re");
	struct passwd entry, *found;
	char buffer[1024];
	unsigned int n;

	for (n = 0; in && n < LOCAL_USERS_MAX; n++) {
		if (fgetpwent_r(in, &entry, buffer, sizeof(buffer), &found))
			break;
		if (entry.pw_uid == caller->uid) {
			snprintf(caller->user, sizeof(caller->user), "%s", entry.pw_name);
			break;
		}
	}
	if (in)
		fclose(in);
}

void config_name_caller(const struct config *config, struct caller *caller)
{
	const struct grant *grant;

	if (caller->uid == 0) {
		snprintf(caller->user, sizeof(caller->user), "root");
		return;
	}
	for (grant = config->grants; grant < config->grants + config->n; grant++)
		if (!grant->is_group && grant->id == caller->uid && !is_number(grant->user)) {
			snprintf(caller->user, sizeof(caller->user), "%s", grant->user);
			return;
		}
	read_local_name(caller);
}

static void add_roles(struct json_object *list, const char *namespace, unsigned int roles)
{
	struct json_object *entry = json_object_new_object(), *names = json_object_new_array();
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (roles & 1u << i)
			json_object_array_add(names, json_object_new_string(role_names[i]));
	json_add_string(entry, "namespace", namespace);
	json_add(entry, "roles", names);
	json_object_array_add(list, entry);
}

struct json_object *config_grants(const struct config *config, const struct caller *caller)
{
	struct json_object *list = json_object_new_array();
	unsigned int i;

	if (caller->uid == 0)
		add_roles(list, "/", ROLE_READ | ROLE_EDIT | ROLE_ADMIN);
	for (i = 0; caller->uid && i < config->n; i++)
		if (is_for(&config->grants[i], caller))
			add_roles(list, config->grants[i].namespace, config->grants[i].roles);
	return list;
}

/* --- resolvers ------------------------------------------------------------ */

const struct resolver *config_resolvers(const struct config *config, size_t *n)
{
	*n = config->n_resolvers;
	return config->names_resolvers ? config->resolvers : NULL;
}

/* --- the console ---------------------------------------------------------- */

/* Asked each time: a DynamicUser's number is known only while it runs. */
static bool console_uid(const struct config *config, uid_t *uid)
{
	if (config->console_user)
		return account_of_service(config->console_user, uid) && *uid != OVERFLOW_ID;
	*uid = geteuid();
	return true;
}

bool config_is_console(const struct config *config, uid_t uid)
{
	uid_t console;

	return console_uid(config, &console) && console == uid;
}

struct json_object *config_console(const struct config *config)
{
	struct json_object *object = json_object_new_object();
	uid_t uid;

	json_add_string(object, "user", config->console_user);
	if (console_uid(config, &uid))
		json_add_number(object, "uid", uid);
	else
		json_add(object, "uid", NULL);
	json_add_string(object, "url", config->console_url ? config->console_url : CONSOLE_URL);
	return object;
}
