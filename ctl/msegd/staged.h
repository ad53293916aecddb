/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A document that somebody has prepared and not applied: what it would change is looked
 * at, by others too, before it is put in force. There is one for the host.
 */
#ifndef STAGED_H
#define STAGED_H

#include "request.h"
#include "service.h"

/**
 * staged_open() - begin with what a state directory holds
 * @directory: it
 * @staged: the result
 *
 * Return: 0 or an error. A file that makes no sense is set aside.
 */
int staged_open(const char *directory, struct staged **staged);

/**
 * staged_close() - what is staged stays on the disk
 * @staged: may be NULL
 */
void staged_close(struct staged *staged);

/** staged_handle() - /v1/staged and /v1/staged/apply */
void staged_handle(struct service *service, struct request *request);

#endif /* STAGED_H */
