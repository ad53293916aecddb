// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the rules of a namespace can choose as peers.
 *
 * Each tag knows who carries it. An AND walks through the shortest of its tags'
 * lists, so that choosing one network among thousands costs nothing.
 */
#include "view.h"
#include "object.h"
#include "path.h"
#include "selector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An object that can be chosen. */
struct member {
	const struct model_object *object;
	struct tags tags;
	/* The last question that it was an answer to. */
	unsigned int chosen;
};

/* Who carries a tag. */
struct carriers {
	struct member **members;
	const char *tag;
	size_t n;
	size_t room;
};

struct view {
	char *space;
	struct member *members;
	size_t n;
	/* Carriers by tag, and all of them. */
	struct lh_table *by_tag;
	struct carriers **carriers;
	size_t n_carriers;
	size_t carriers_room;
	unsigned int question;
	size_t *work;
};

static struct carriers *find(const struct view *view, const char *tag)
{
	void *found = NULL;

	lh_table_lookup_ex(view->by_tag, tag, &found);
	return found;
}

static struct carriers *add_carriers(struct view *view, const char *tag)
{
	struct carriers *carriers = calloc(1, sizeof(*carriers));
	size_t room = view->carriers_room ? 2 * view->carriers_room : 64;
	struct carriers **more = view->carriers;

	if (carriers && view->n_carriers == view->carriers_room) {
		more = realloc(view->carriers, room * sizeof(*more));
		if (more) {
			view->carriers = more;
			view->carriers_room = room;
		}
	}
	if (!carriers || !more || lh_table_insert(view->by_tag, tag, carriers)) {
		free(carriers);
		return NULL;
	}
	carriers->tag = tag;
	view->carriers[view->n_carriers++] = carriers;
	return carriers;
}

static int add_carrier(struct view *view, const char *tag, struct member *member)
{
	struct carriers *carriers = find(view, tag);
	struct member **more;
	size_t room;

	if (!carriers)
		carriers = add_carriers(view, tag);
	if (!carriers)
		return -ENOMEM;
	if (carriers->n == carriers->room) {
		room = carriers->room ? 2 * carriers->room : 1;
		more = realloc(carriers->members, room * sizeof(struct member *));
		if (!more)
			return -ENOMEM;
		carriers->members = more;
		carriers->room = room;
	}
	carriers->members[carriers->n++] = member;
	return 0;
}

static int add_member(struct view *view, const struct model_object *object)
{
	struct member *member = &view->members[view->n];
	size_t i;
	int err = tags_of(object, &member->tags);

	if (err)
		return err;
	member->object = object;
	view->n++;
	for (i = 0; i < member->tags.n && !err; i++)
		err = add_carrier(view, member->tags.items[i], member);
	return err;
}

/* A network applies in its own namespace, and below if it propagates. */
static bool applies(const struct model_object *network, const char *space)
{
	return !strcmp(network->space, space) ||
	       (object_flag(network->json, "propagate") && path_is_within(space, network->space));
}

static int compare(const void *a, const void *b)
{
	const struct model_object *x = *(const struct model_object *const *)a;
	const struct model_object *y = *(const struct model_object *const *)b;
	int order = (int)y->kind->id - (int)x->kind->id;

	if (!order)
		order = strcmp(x->space, y->space);
	return order ? order : strcmp(x->name, y->name);
}

static int add_members(struct view *view, const struct model *model)
{
	size_t i, n = 0, n_networks, n_hosts;
	struct model_object *const *networks =
		model_objects(model, kind_get(KIND_EXTERNALNETWORK), &n_networks);
	struct model_object *const *hosts = model_objects(model, kind_get(KIND_ENFORCER), &n_hosts);
	const struct model_object **objects =
		calloc(n_networks + n_hosts + 1, sizeof(struct model_object *));
	int err = 0;

	view->members = calloc(n_networks + n_hosts + 1, sizeof(*view->members));
	if (!view->members || !objects)
		err = -ENOMEM;
	for (i = 0; !err && i < n_networks; i++)
		if (applies(networks[i], view->space))
			objects[n++] = networks[i];
	for (i = 0; !err && i < n_hosts; i++)
		objects[n++] = hosts[i];
	if (n)
		qsort(objects, n, sizeof(*objects), compare);
	for (i = 0; i < n && !err; i++)
		err = add_member(view, objects[i]);
	free(objects);
	return err;
}

struct view *view_new(const struct model *model, const char *space, size_t *work)
{
	struct view *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	view->work = work;
	view->space = strdup(space);
	view->by_tag = lh_kchar_table_new(256, NULL);
	if (view->space && view->by_tag && !add_members(view, model))
		return view;
	view_free(view);
	return NULL;
}

void view_free(struct view *view)
{
	size_t i;

	if (!view)
		return;
	for (i = 0; i < view->n_carriers; i++) {
		free(view->carriers[i]->members);
		free(view->carriers[i]);
	}
	for (i = 0; i < view->n; i++)
		tags_free(&view->members[i].tags);
	if (view->by_tag)
		lh_table_free(view->by_tag);
	free(view->carriers);
	free(view->members);
	free(view->space);
	free(view);
}

const char *view_space(const struct view *view)
{
	return view->space;
}

/* The shortest list among those of a group's tags; NULL where a tag has none. */
static const struct carriers *shortest(const struct view *view, struct json_object *group)
{
	const struct carriers *best = NULL;
	size_t i, n = json_object_array_length(group);

	for (i = 0; i < n; i++) {
		const char *tag = json_object_get_string(json_object_array_get_idx(group, i));
		const struct carriers *carriers = find(view, tag);

		if (!carriers)
			return NULL;
		if (!best || carriers->n < best->n)
			best = carriers;
	}
	return best;
}

static bool may_look(const struct view *view)
{
	if (!*view->work)
		return false;
	--*view->work;
	return true;
}

static bool is_chosen(const struct member *member, struct json_object *group, const char *top)
{
	if (member->object->kind->id == KIND_ENFORCER && !path_is_within(member->object->space, top))
		return false;
	return selector_group_matches(group, &member->tags);
}

static int append(struct peers *peers, size_t *room, const struct model_object *object)
{
	const struct model_object **more;

	if (peers->n == *room) {
		*room = *room ? 2 * *room : 4;
		more = realloc(peers->objects, *room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		peers->objects = more;
	}
	peers->objects[peers->n++] = object;
	return 0;
}

/* Those of one AND come sorted. */
static void sort(struct peers *peers)
{
	size_t i;

	for (i = 1; i < peers->n; i++)
		if (compare(&peers->objects[i - 1], &peers->objects[i]) > 0)
			break;
	if (i < peers->n)
		qsort(peers->objects, peers->n, sizeof(*peers->objects), compare);
}

int view_select(struct view *view, struct json_object *selector, const char *top,
		struct peers *peers)
{
	size_t i, j, n = json_object_array_length(selector), room = 0;
	int err = 0;

	*peers = (struct peers){ 0 };
	view->question++;
	for (i = 0; i < n && !err; i++) {
		struct json_object *group = json_object_array_get_idx(selector, i);
		const struct carriers *carriers = shortest(view, group);

		for (j = 0; carriers && j < carriers->n && !err; j++) {
			struct member *member = carriers->members[j];

			if (!may_look(view)) {
				err = -E2BIG;
				break;
			}
			if (member->chosen == view->question || !is_chosen(member, group, top))
				continue;
			member->chosen = view->question;
			err = append(peers, &room, member->object);
		}
	}
	sort(peers);
	return err;
}

bool view_group_is_empty(struct view *view, struct json_object *group, const char *top)
{
	const struct carriers *carriers = shortest(view, group);
	size_t i;

	for (i = 0; carriers && i < carriers->n; i++)
		if (!may_look(view) || is_chosen(carriers->members[i], group, top))
			return false;
	return true;
}

bool view_has_tag(const struct view *view, const char *tag)
{
	return find(view, tag) != NULL;
}

const char *view_tag(const struct view *view, size_t index)
{
	return index < view->n_carriers ? view->carriers[index]->tag : NULL;
}
