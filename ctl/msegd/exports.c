// SPDX-License-Identifier: GPL-2.0-or-later
/* The exports of mseg.conf. */
#include "exports.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "log.h"

struct exports {
	struct exporter *list[EXPORTS_MAX];
	unsigned int n;
};

struct exports *exports_new(void)
{
	return calloc(1, sizeof(struct exports));
}

void exports_free(struct exports *exports)
{
	if (!exports)
		return;
	exports_set(exports, NULL, 0);
	free(exports);
}

/* The one that goes there already, which is taken out. */
static struct exporter *take_same(struct exports *exports, const struct export_target *target)
{
	struct exporter_state state;
	struct exporter *found;
	unsigned int i;

	for (i = 0; i < exports->n; i++) {
		if (!exports->list[i])
			continue;
		exporter_state(exports->list[i], &state);
		if (!export_target_same(state.target, target))
			continue;
		found = exports->list[i];
		exports->list[i] = NULL;
		return found;
	}
	return NULL;
}

void exports_set(struct exports *exports, const struct export_target *targets, unsigned int n)
{
	struct exports next = { .n = n };
	unsigned int i;

	for (i = 0; i < n; i++)
		next.list[i] = take_same(exports, &targets[i]);
	for (i = 0; i < exports->n; i++)
		exporter_stop(exports->list[i]);
	for (i = 0; i < exports->n; i++)
		exporter_close(exports->list[i]);
	for (i = 0; i < n; i++) {
		int err = next.list[i] ? 0 : exporter_open(&targets[i], &next.list[i]);

		if (err)
			log_error("export %s: %s", targets[i].name, strerror(-err));
	}
	*exports = next;
}

void exports_put(struct exports *exports, const struct record *record)
{
	unsigned int i;

	for (i = 0; i < exports->n; i++)
		if (exports->list[i])
			exporter_put(exports->list[i], record);
}

void exports_each(struct exports *exports,
		  void (*each)(const struct exporter_state *state, void *arg), void *arg)
{
	struct exporter_state state;
	unsigned int i;

	for (i = 0; i < exports->n; i++) {
		if (!exports->list[i])
			continue;
		exporter_state(exports->list[i], &state);
		each(&state, arg);
	}
}

static void add(const struct exporter_state *state, void *arg)
{
	struct json_object *object = json_object_new_object();

	json_add_string(object, "name", state->target->name);
	json_add_string(object, "type", export_type_name(state->target->type));
	json_add_string(object, "to", state->target->to);
	json_add_bool(object, "connected", state->connected);
	json_add_number(object, "sent", state->sent);
	json_add_number(object, "lost", state->lost);
	json_add_number(object, "waiting", state->waiting);
	json_add_number(object, "failures", state->failures);
	json_add_string(object, "problem", state->problem[0] ? state->problem : NULL);
	json_object_array_add(arg, object);
}

struct json_object *exports_json(struct exports *exports)
{
	struct json_object *list = json_object_new_array();

	if (list)
		exports_each(exports, add, list);
	return list;
}
