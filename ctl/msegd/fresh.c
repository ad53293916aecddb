// SPDX-License-Identifier: GPL-2.0-or-later
/* What a store begins with. */
#include "fresh.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "changes.h"
#include "draft.h"
#include "lib/json.h"
#include "model/kinds.h"
#include "model/object.h"

/* An object of which only the name is given. */
static struct json_object *plain(const struct kind *kind, const char *name)
{
	struct json_object *object = json_object_new_object(), *whole;
	char id[STORE_ID_SIZE];
	size_t i;

	for (i = 0; i < kind->n_fields; i++) {
		struct json_object *value = object_default(kind->fields[i].type);

		if (value)
			json_add(object, kind->fields[i].name, value);
	}
	json_add_string(object, "name", name);
	store_new_id(id);
	whole = draft_canonical(kind, object, id, "/");
	json_object_put(object);
	return whole;
}

static int add(struct changes *changes, enum kind_id kind_id, const char *name)
{
	const struct kind *kind = kind_get(kind_id);
	struct json_object *object = plain(kind, name);
	const struct store_change change = {
		.id = object_text(object, "ID"),
		.kind = kind->singular,
		.namespace = "/",
		.name = name,
		.after = json_object_to_json_string_ext(object,
							JSON_C_TO_STRING_PLAIN |
								JSON_C_TO_STRING_NOSLASHESCAPE),
	};
	int err = changes_add(changes, &change);

	json_object_put(object);
	return err;
}

static int write_first(struct store *store, const struct changes *changes)
{
	struct store_revision revision = {
		.time = time(NULL),
		.uid = getuid(),
		.user = "msegd",
		.reason = "",
		.action = "installation",
		.state = STORE_FINAL,
	};
	int err = store_begin(store, &revision);

	if (err)
		return err;
	err = changes_write(changes, store);
	if (!err)
		return store_commit(store, 0);
	store_abort(store);
	return err;
}

int fresh_fill(struct store *store)
{
	struct changes changes = { NULL, 0 };
	char host[HOST_NAME_MAX + 1] = "";
	int err;

	gethostname(host, sizeof(host) - 1);
	err = add(&changes, KIND_NAMESPACE, "/");
	if (!err)
		err = add(&changes, KIND_ENFORCER, host[0] ? host : "localhost");
	if (!err)
		err = write_first(store, &changes);
	changes_clear(&changes);
	return err;
}
