/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands on msegd's API: reaching it, asking it, and saying what it objects to. */
#ifndef SERVICE_H
#define SERVICE_H

#include "change.h"
#include "lib/api.h"
#include "mctl.h"

/**
 * struct service_change - the options of what changes the policy
 * @options: as mctl load has them
 * @existing: --existing as it was given, or NULL
 * @reason: --reason, or NULL
 * @check: --check was given
 * @yes: --yes was given
 */
struct service_change {
	struct txn_options options;
	const char *existing;
	const char *reason;
	bool check;
	bool yes;
};

/** The options, for a command's own; service_take() takes them. */
#define SERVICE_CHANGE_OPTIONS                                                        \
	{ "existing", required_argument, NULL, OPTION_EXISTING },                     \
		{ "confirm-within", required_argument, NULL, OPTION_CONFIRM_WITHIN }, \
		{ "reason", required_argument, NULL, OPTION_REASON },                 \
	{                                                                             \
		"yes", no_argument, NULL, OPTION_YES                                  \
	}

#define CHECK_OPTION                                     \
	{                                                \
		"check", no_argument, NULL, OPTION_CHECK \
	}

#define SERVICE_CHANGE_ARGUMENTS \
	"[--existing rematch|keep|reset] [--confirm-within TIME] [--reason TEXT] [--yes]"

#define SERVICE_TRIAL_HELP                                                                                 \
	"  --existing rematch|keep|reset   connections that exist are judged again at their\n"             \
	"                    next packet (rematch), left alone where they were allowed\n"                  \
	"                    (keep), or cut at once where they no longer are (reset)\n"                    \
	"  --confirm-within TIME   seconds, as 60 or 60s, or 5m, or 1h: the former policy comes back by\n" \
	"                    itself unless 'mctl confirm' is called in time\n"                             \
	"  --reason TEXT     kept with the revision, see 'mctl history'\n"

/** The same, of a command that asks nothing. */
#define SERVICE_CHANGE_HELP SERVICE_TRIAL_HELP YES_HELP

/** service_change() - what a change does when nothing is said */
struct service_change service_change(void);

/**
 * service_take() - take one of SERVICE_CHANGE_OPTIONS
 * @context: the command
 * @option: its val
 * @value: its argument, or NULL
 * @change: filled
 *
 * Return: false, having said why, where the value is wrong.
 */
bool service_take(const struct context *context, int option, const char *value,
		  struct service_change *change);

/**
 * service_query() - put a change's options into a path
 * @path: of the change
 * @change: its options
 */
void service_query(struct api_path *path, const struct service_change *change);

/**
 * service_owns() - whether msegd owns the policy of this network namespace
 * @context: the command
 *
 * Somebody who listens on the socket, from this network namespace, does.
 */
bool service_owns(const struct context *context);

/**
 * service_refuse() - refuse what would go past msegd
 * @context: the command
 * @instead: what to use
 *
 * Return: MCTL_CONFLICT, having said so, where msegd owns the policy; else MCTL_DONE.
 */
int service_refuse(const struct context *context, const char *instead);

/**
 * service_open() - begin to use msegd
 * @context: the command
 * @api: to be closed with api_close()
 *
 * Return: MCTL_DONE, or how the program ends.
 */
int service_open(const struct context *context, struct api **api);

/**
 * service_call() - ask msegd, and say why where it refuses
 * @context: the command
 * @api: the connection
 * @request: what; its path is freed by the caller
 * @what: what could not be done, as in "cannot ..."
 * @answer: to be freed with api_answer_free() whatever comes
 *
 * Return: MCTL_DONE, or how the program ends.
 */
int service_call(const struct context *context, struct api *api, const struct api_request *request,
		 const char *what, struct api_answer *answer);

/**
 * service_get() - ask for what a path has, over a connection of its own
 * @context: the command
 * @path: given up
 * @what: as service_call()
 * @body: the answer, to be put by the caller; NULL after an error
 *
 * Return: MCTL_DONE, or how the program ends.
 */
int service_get(const struct context *context, struct api_path *path, const char *what,
		struct json_object **body);

/**
 * service_error() - say what an answer that is no success means
 * @context: the command
 * @what: what could not be done
 * @err: of api_call(), or 0
 * @answer: of it
 *
 * Return: how the program ends.
 */
int service_error(const struct context *context, const char *what, int err,
		  const struct api_answer *answer);

/**
 * service_map - where the lines of a document that was put together come from
 * @place: gives a line's file, and the line there; may be NULL
 * @arg: its own
 */
struct service_map {
	const char *(*place)(int *line, void *arg);
	void *arg;
};

/** service_map_set() - how places in messages are to be shown from now on */
void service_map_set(const struct service_map *map);

/**
 * service_warn() - print the warnings that came with an answer
 * @warnings: a list, or NULL
 */
void service_warn(struct json_object *warnings);

/**
 * service_tell() - say on stderr what came of a change: warnings, the trial
 * @change: its options
 * @body: the answer
 */
void service_tell(const struct service_change *change, struct json_object *body);

/** service_field() - an object's field as text; "" where there is none */
const char *service_field(struct json_object *object, const char *key);

/** service_object() - an object's field, or NULL */
struct json_object *service_object(struct json_object *object, const char *key);

#endif /* SERVICE_H */
