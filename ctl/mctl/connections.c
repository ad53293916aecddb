// SPDX-License-Identifier: GPL-2.0-or-later
/* mctl connections: what the module remembers. */
#include <errno.h>
#include <stdio.h>

#include "lib/flow.h"
#include "lib/json.h"
#include "lib/kernel.h"
#include "lib/names.h"
#include "flow_rows.h"
#include "mctl.h"

static const struct output_column columns[] = {
	{ .title = "DIRECTION", .cell = flow_row_direction },
	{ .title = "PROTOCOL", .key = "protocol" },
	{ .title = "SOURCE", .cell = flow_row_source },
	{ .title = "DESTINATION", .cell = flow_row_destination },
	{ .title = "STATE", .key = "state" },
	{ .title = "ACTION", .key = "action" },
	{ .title = "PACKETS IN/OUT", .cell = flow_row_packets, .right = true },
	{ .title = "BYTES IN/OUT", .cell = flow_row_bytes, .right = true },
	{ .title = "TIMEOUT", .key = "timeout", .right = true },
	{ .title = "COMMAND", .key = "command" },
	{ .title = "RULE", .cell = flow_row_rule },
};

struct listing {
	struct output_list *list;
	const struct names *names;
};

static int add(const struct mseg_flow_record *record, uint32_t timeout, void *arg)
{
	struct listing *listing = arg;
	struct json_object *row = flow_json(record, listing->names);

	if (row)
		json_add_number(row, "timeout", timeout);
	return output_list_add(listing->list, row);
}

static int list(struct context *context, struct client *client, const struct names *names)
{
	struct listing listing = {
		.list = output_list_open(context->format, columns,
					 sizeof(columns) / sizeof(columns[0]),
					 "no connections are remembered"),
		.names = names,
	};
	int err = -ENOMEM;

	if (listing.list)
		err = kernel_connections(client, add, &listing);
	if (output_list_close(listing.list))
		err = -ENOMEM;
	if (err == -EAGAIN) {
		fputs("mctl: the connections changed while they were read\n", stderr);
		err = 0;
	}
	return err ? module_error(client, "read the connections", err) : MCTL_DONE;
}

static int run(struct context *context, int argc, char **argv)
{
	struct client *client = NULL;
	struct names *names = NULL;
	int status;

	if (!options_only(context, argc, argv))
		return options_exit();
	status = module_names(&names);
	if (status == MCTL_DONE)
		status = module_open(&client);
	if (status == MCTL_DONE)
		status = list(context, client, names);
	client_close(client);
	names_free(names);
	return status;
}

const struct command connections_command = {
	.name = "connections",
	.arguments = "",
	.summary = "List the connections that the module remembers",
	.help = "Rejected ones are among them, for as long as they answer for their like. The time-out\n"
		"is in seconds. RULE is as 'mctl help flows' has it.\n",
	.formats = FORMATS_LIST,
	.run = run,
};
