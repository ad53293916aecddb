// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl dns cache: what the module has learned by name. */
#include "learned_rows.h"

#include <errno.h>
#include <stdio.h>

#include "lib/learned_json.h"
#include "service.h"

static void until_cell(struct json_object *row, char *text, size_t size)
{
	snprintf(text, size, "%.19sZ", service_field(row, "until"));
}

static void since_cell(struct json_object *row, char *text, size_t size)
{
	const char *since = service_field(row, "since");

	snprintf(text, size, "%.19s%s", since, *since ? "Z" : "");
}

static const struct output_column columns[] = {
	{ .title = "NAME", .key = "name" },	    { .title = "ADDRESS", .key = "address" },
	{ .title = "NETWORK", .key = "network" },   { .title = "SINCE", .cell = since_cell },
	{ .title = "UNTIL", .cell = until_cell },   { .title = "IN USE", .key = "inUse" },
	{ .title = "RESOLVER", .key = "resolver" },
};

static int print(const struct context *context, struct json_object *list)
{
	struct output_list *out = output_list_open(context->format, columns,
						   sizeof(columns) / sizeof(columns[0]),
						   "no address is known by name");
	int err = out ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < json_object_array_length(list) && !err; i++)
		err = output_list_add(out, json_object_get(json_object_array_get_idx(list, i)));
	if (output_list_close(out))
		err = -ENOMEM;
	return err ? module_error(NULL, "print what is learned", err) : MCTL_DONE;
}

static int read_module(struct json_object *list)
{
	struct names *names = NULL;
	struct client *client = NULL;
	int err, status = module_names(&names);

	if (status == MCTL_DONE)
		status = module_open(&client);
	if (status == MCTL_DONE) {
		err = learned_json(client, names, list);
		/* It changed meanwhile: so be it. */
		if (err && err != -EAGAIN)
			status = module_error(client, "read what is learned", err);
	}
	client_close(client);
	names_free(names);
	return status;
}

int learned_list(const struct context *context)
{
	struct json_object *list = NULL;
	struct api_path *path;
	int status;

	if (service_owns(context)) {
		path = api_path_new("dns");
		api_path_add(path, "cache");
		status = service_get(context, path, "read what is learned", &list);
	} else {
		list = json_object_new_array();
		status = read_module(list);
	}
	if (status == MCTL_DONE)
		status = print(context, list);
	json_object_put(list);
	return status;
}
