// SPDX-License-Identifier: GPL-2.0-or-later
/* The parameter "filter" of lists. */
#include "filtered.h"

#include <microhttpd.h>

bool filtered_read(struct request *request, struct filter **filter)
{
	*filter = NULL;
	if (!request_get(request, "filter"))
		return true;
	reply_problem(request, MHD_HTTP_NOT_IMPLEMENTED, NULL, "filters are not understood yet");
	return false;
}

bool filtered(const struct filter *filter, struct json_object *object)
{
	(void)filter;
	(void)object;
	return true;
}

void filtered_free(struct filter *filter)
{
	(void)filter;
}
