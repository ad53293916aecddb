/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules of a namespace can choose as peers: the external networks that
 * apply there, and all processing units, found by their tags.
 */
#ifndef MODEL_VIEW_H
#define MODEL_VIEW_H

#include "model.h"

/**
 * VIEW_WORK - how often members may be held against selectors for one policy, several
 *	times what the kernel takes (MSEG_MAX_PAIRS); beyond it a document of a few MB
 *	would keep everybody waiting for hours
 */
#define VIEW_WORK (1U << 22)

struct view;

/**
 * struct peers - objects that a selector chose
 * @objects: external networks, and enforcers that stand for their processing units
 * @n: how many
 */
struct peers {
	const struct model_object **objects;
	size_t n;
};

/**
 * view_new() - what can be chosen in a namespace
 * @model: the objects; outlives the view
 * @space: the namespace
 * @work: how often its members may be held against selectors, counted down; other
 *	views may share it; outlives the view
 *
 * Return: the view, or NULL without memory.
 */
struct view *view_new(const struct model *model, const char *space, size_t *work);

/**
 * view_free() - free a view
 * @view: may be NULL
 */
void view_free(struct view *view);

/**
 * view_space() - the namespace that a view is of
 * @view: the view
 */
const char *view_space(const struct view *view);

/**
 * view_select() - the peers that a rule's object chooses
 * @view: of the namespace where the rule is to apply
 * @selector: canonical
 * @top: the namespace of the rule: processing units outside of it are not chosen
 * @peers: the result, sorted by kind, namespace and name, each once; freed by the
 *	caller
 *
 * Return: 0, -E2BIG where no work is left, or -ENOMEM.
 */
int view_select(struct view *view, struct json_object *selector, const char *top,
		struct peers *peers);

/**
 * view_group_is_empty() - whether an AND chooses nothing
 * @view: as view_select()
 * @group: of a canonical selector
 * @top: as view_select()
 *
 * Return: whether it does; false where no work is left.
 */
bool view_group_is_empty(struct view *view, struct json_object *group, const char *top);

/**
 * view_has_tag() - whether anything that can be chosen carries a tag
 * @view: where
 * @tag: the tag
 */
bool view_has_tag(const struct view *view, const char *tag);

/**
 * view_tag() - the tags that anything in a view carries
 * @view: where
 * @index: from 0
 *
 * Return: a tag, NULL behind the last.
 */
const char *view_tag(const struct view *view, size_t index);

#endif /* MODEL_VIEW_H */
