// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands on msegd's API: reaching it, asking it, and saying what it objects to. */
#include "service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/text.h"
#include "pager.h"

/* --- fields --------------------------------------------------------------- */

struct json_object *service_object(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, key, &value);
	return value;
}

const char *service_field(struct json_object *object, const char *key)
{
	struct json_object *value = service_object(object, key);

	return value ? json_object_get_string(value) : "";
}

/* --- options -------------------------------------------------------------- */

struct service_change service_change(void)
{
	return (struct service_change){ .options = change_options() };
}

bool service_take(const struct context *context, int option, const char *value,
		  struct service_change *change)
{
	switch (option) {
	case OPTION_EXISTING:
		change->existing = value;
		return change_take(context, 'e', value, &change->options);
	case OPTION_CONFIRM_WITHIN:
		return change_take(context, 'w', value, &change->options);
	case OPTION_REASON:
		change->reason = value;
		break;
	case OPTION_YES:
		change->yes = true;
		break;
	case OPTION_CHECK:
		change->check = true;
		break;
	}
	return true;
}

void service_query(struct api_path *path, const struct service_change *change)
{
	static const char *const words[] = { "rematch", "keep", "reset" };
	char seconds[16];

	snprintf(seconds, sizeof(seconds), "%" PRIu32, change->options.confirm_within);
	api_path_query(path, "existing", change->existing ? words[change->options.existing] : NULL);
	api_path_query(path, "confirmWithin", change->options.confirm_within ? seconds : NULL);
	api_path_query(path, "reason", change->reason);
	api_path_query(path, "check", change->check ? "true" : NULL);
}

/* --- ownership ------------------------------------------------------------ */

static bool same_namespace(pid_t pid)
{
	struct stat own, other;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	if (stat("/proc/self/ns/net", &own) || stat(path, &other))
		return true;
	return own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

bool service_owns(const struct context *context)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);
	bool owns = false;
	int fd;

	if (strlen(context->socket) >= sizeof(address.sun_path))
		return false;
	strcpy(address.sun_path, context->socket);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		owns = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) ||
		       same_namespace(peer.pid);
	close(fd);
	return owns;
}

int service_refuse(const struct context *context, const char *instead)
{
	if (!service_owns(context))
		return MCTL_DONE;
	fprintf(stderr, "mctl: the policy is msegd's, which listens on %s: use %s instead\n",
		context->socket, instead);
	return MCTL_CONFLICT;
}

/* --- messages ------------------------------------------------------------- */

static struct service_map map;

void service_map_set(const struct service_map *new_map)
{
	map = *new_map;
}

static void print_clean(const char *text)
{
	char clean[4096];

	snprintf(clean, sizeof(clean), "%s", text);
	text_clean(clean);
	fputs(clean, stderr);
}

/* "FILE:LINE:COLUMN", or who says so. */
static void print_place(struct json_object *notice)
{
	int line = json_object_get_int(service_object(notice, "line"));
	int column = json_object_get_int(service_object(notice, "column"));
	const char *file = service_field(notice, "file");

	if (line && map.place)
		file = map.place(&line, map.arg);
	if (!line && !file[0]) {
		fputs("mctl", stderr);
		return;
	}
	print_clean(file);
	if (line)
		fprintf(stderr, ":%d:%d", line, column);
}

static void print_notice(struct json_object *notice, const char *kind)
{
	const char *object = service_field(notice, "object");
	const char *hint = service_field(notice, "hint");

	print_place(notice);
	fprintf(stderr, ": %s: ", kind);
	if (object[0]) {
		print_clean(object);
		fputs(": ", stderr);
	}
	print_clean(service_field(notice, "message"));
	if (hint[0]) {
		fputs(": ", stderr);
		print_clean(hint);
	}
	fputc('\n', stderr);
}

static size_t print_notices(struct json_object *notices, const char *kind)
{
	size_t i, n;

	if (!json_object_is_type(notices, json_type_array))
		return 0;
	n = json_object_array_length(notices);
	for (i = 0; i < n && i < DIAG_SHOWN_MAX; i++)
		print_notice(json_object_array_get_idx(notices, i), kind);
	if (i < n)
		fprintf(stderr, "mctl: %zu further %ss are not shown\n", n - i, kind);
	return n;
}

void service_warn(struct json_object *warnings)
{
	print_notices(warnings, "warning");
}

void service_tell(const struct service_change *change, struct json_object *body)
{
	service_warn(service_object(body, "warnings"));
	if (!change->check)
		change_tell_trial(&change->options);
}

static int exit_of(long status)
{
	switch (status) {
	case 403:
		return MCTL_NOT_PERMITTED;
	case 409:
	case 412:
		return MCTL_CONFLICT;
	case 503:
		return MCTL_NO_MODULE;
	default:
		return status >= 200 && status < 300 ? MCTL_DONE : MCTL_FAILED;
	}
}

static int unreachable(const struct context *context, const char *what, int err)
{
	switch (err) {
	case -ENOENT:
	case -ECONNREFUSED:
		fprintf(stderr,
			"mctl: msegd does not run: nobody listens on %s ('systemctl start msegd'; --socket names another)\n",
			context->socket);
		return MCTL_NO_MODULE;
	case -EACCES:
	case -EPERM:
		fprintf(stderr, "mctl: cannot %s: %s is not for this user\n", what, context->socket);
		return MCTL_NOT_PERMITTED;
	case -ECONNRESET:
		fprintf(stderr, "mctl: cannot %s: msegd ended the connection\n", what);
		return MCTL_FAILED;
	case -EPROTO:
		fprintf(stderr, "mctl: cannot %s: what listens on %s is not msegd\n", what,
			context->socket);
		return MCTL_FAILED;
	default:
		fprintf(stderr, "mctl: cannot %s: %s\n", what, strerror(-err));
		return MCTL_FAILED;
	}
}

int service_error(const struct context *context, const char *what, int err,
		  const struct api_answer *answer)
{
	const char *detail;

	if (err)
		return unreachable(context, what, err);
	print_notices(service_object(answer->body, "errors"), "error");
	detail = service_field(answer->body, "detail");
	if (!detail[0])
		detail = service_field(answer->body, "title");
	fprintf(stderr, "mctl: cannot %s: ", what);
	if (detail[0])
		print_clean(detail);
	else
		fprintf(stderr, "msegd answered with status %ld", answer->status);
	fputc('\n', stderr);
	return exit_of(answer->status) ? exit_of(answer->status) : MCTL_FAILED;
}

/* --- calls ---------------------------------------------------------------- */

int service_open(const struct context *context, struct api **api)
{
	int err = api_open(api, context->socket);

	if (err)
		return unreachable(context, "reach msegd", err);
	api_on_wait(*api, progress);
	return MCTL_DONE;
}

int service_call(const struct context *context, struct api *api, const struct api_request *request,
		 const char *what, struct api_answer *answer)
{
	int err = api_call(api, request, answer);

	if (!err && exit_of(answer->status) == MCTL_DONE && answer->body)
		return MCTL_DONE;
	return service_error(context, what, err, answer);
}

int service_get(const struct context *context, struct api_path *path, const char *what,
		struct json_object **body)
{
	const struct api_request request = { .method = "GET", .path = api_path_text(path) };
	struct api_answer answer = { 0 };
	struct api *api;
	int status = service_open(context, &api);

	*body = NULL;
	if (status == MCTL_DONE) {
		status = service_call(context, api, &request, what, &answer);
		if (status == MCTL_DONE)
			*body = json_object_get(answer.body);
		api_answer_free(&answer);
		api_close(api);
	}
	api_path_free(path);
	return status;
}
