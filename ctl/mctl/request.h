/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of commands on objects, and the bodies that are made of them. */
#ifndef REQUEST_H
#define REQUEST_H

#include "objects.h"
#include "service.h"
#include "sources.h"

/** Values of --set, so many at most. */
#define SETS_MAX 64

/**
 * struct request - what the options of a command on objects say
 * @context: the command
 * @change: options of changes
 * @display: -c
 * @namespace: -n, or NULL
 * @filter: --filter, or NULL
 * @label: --label, or NULL
 * @sources: -f
 * @object: of -d and -k, or NULL
 * @pairs: there were -k
 * @sets: --set
 * @n_sets: how many
 * @recursive: -r
 * @delete: --delete
 * @status: why an option was not taken, where that is no usage error
 */
struct request {
	const struct context *context;
	struct service_change change;
	struct display display;
	const char *namespace;
	const char *filter;
	const char *label;
	struct sources sources;
	struct json_object *object;
	struct json_object *pairs;
	const char *sets[SETS_MAX];
	size_t n_sets;
	bool recursive;
	bool delete;
	int status;
};

/** enum option_request - the letterless ones of a request's options */
enum option_request {
	OPTION_FILTER = OPTION_OWN,
	OPTION_LABEL,
	OPTION_DELETE,
	/** from here on a command's own */
	OPTION_COMMAND,
};

#define NAMESPACE_OPTION                                  \
	{                                                 \
		"namespace", required_argument, NULL, 'n' \
	}
#define COLUMN_OPTION                                  \
	{                                              \
		"column", required_argument, NULL, 'c' \
	}
#define RECURSIVE_OPTION                            \
	{                                           \
		"recursive", no_argument, NULL, 'r' \
	}
#define FILTER_OPTION                                            \
	{                                                        \
		"filter", required_argument, NULL, OPTION_FILTER \
	}
#define LABEL_OPTION                                           \
	{                                                      \
		"label", required_argument, NULL, OPTION_LABEL \
	}
#define SET_OPTION                                  \
	{                                           \
		"set", required_argument, NULL, 's' \
	}
#define FILE_OPTION                                  \
	{                                            \
		"file", required_argument, NULL, 'f' \
	}
#define BODY_OPTIONS                                           \
	FILE_OPTION, { "data", required_argument, NULL, 'd' }, \
	{                                                      \
		"key", required_argument, NULL, 'k'            \
	}

/** request_new() - what no option says */
struct request request_new(const struct context *context);

/** request_take() - an option_taker of a struct request */
bool request_take(int option, const char *value, void *arg);

/** request_free() - free what options brought */
void request_free(struct request *request);

/**
 * request_read() - read the options of a command on objects
 * @request: gets them
 * @context: the command
 * @argc: its arguments
 * @argv: the same
 *
 * Return: the index of the first operand, or -1; then the command returns
 * request_exit().
 */
int request_read(struct request *request, struct context *context, int argc, char **argv);

/** request_exit() - how the program ends after request_read() returned -1 */
int request_exit(const struct request *request);

/**
 * request_body() - the body of what -f, -d or -k say
 * @request: the options
 * @kind: of the object
 * @api_request: its body and type are set, valid until @request is freed
 * @path: gets the file's name
 *
 * Return: MCTL_DONE, or how the program ends, having said that there is none.
 */
int request_body(struct request *request, const struct kind *kind, struct api_request *api_request,
		 struct api_path *path);

/** request_path() - begin a path with the options that all take */
struct api_path *request_path(const struct request *request, const char *collection,
			      const char *object);

#endif /* REQUEST_H */
