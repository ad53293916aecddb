/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The services of a rule, as a document lists them. */
#ifndef SERVICE_LIST_H
#define SERVICE_LIST_H

#include "doc.h"
#include "services.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * struct service_list - services of a rule
 * @services: as struct mseg_rule has them
 * @n: how many
 */
struct service_list {
	struct mseg_service services[MSEG_MAX_RULE_SERVICES];
	uint32_t n;
};

/**
 * service_list_add() - add an item, without asking whether it is there
 * @list: to what
 * @item: the item
 *
 * Return: false where there is no room.
 */
bool service_list_add(struct service_list *list, const struct service_item *item);

/**
 * service_list_read() - read and check a rule's services
 * @value: a list
 * @list: what was right is added
 * @diag: told of all that is wrong
 *
 * Return: whether all was right.
 */
bool service_list_read(const struct doc_value *value, struct service_list *list, struct diag *diag);

#endif /* SERVICE_LIST_H */
